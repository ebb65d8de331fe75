"""Disks that are full or read-only, and two processes that want one run."""
import contextlib
import os
import signal
import subprocess
import time

SKIPPED = "SKIPPED: %s: mounting a tmpfs is not permitted here"
LONG = "60"  # epochs, for what happens meanwhile


@contextlib.contextmanager
def small_disk(folder, size):
    """A file system of that size; None where it is not permitted."""
    disk = os.path.join(folder, "disk")
    os.makedirs(disk)
    result = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", disk], capture_output=True)
    if result.returncode:
        yield None
        return
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def fill(disk):
    """Takes all that is left."""
    path = os.path.join(disk, "filler")
    with open(path, "wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * 4096)
    return path


def wait_for(path):
    for _ in range(6000):
        if os.path.exists(path):
            return
        time.sleep(0.001)
    raise RuntimeError("%s does not come" % path)


def begin(tiny, run, *more):
    return subprocess.Popen(tiny.command(*tiny.first(run, "--epochs", LONG, *more)), env=tiny.environment(),
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def lacks(result, code, words):
    if result.returncode == code and words in result.stderr:
        return None
    return "exit code %d, not %d with \"%s\": %s" % (result.returncode, code, words, result.stderr)


def too_small(tiny):
    """Refused before the run: one file system is too small for it."""
    def case(folder):
        with small_disk(folder, "512k") as disk:
            if not disk:
                return print(SKIPPED % "a disk that is too small")
            run = os.path.join(disk, "run")
            wrong = lacks(tiny.train(run), 1, "MiB are free; make room or choose a folder on another disk")
            return wrong or ("a folder is left" if os.path.exists(run) else None)

    return case


def fills_up(tiny, seconds):
    """Another takes the room while the run goes on; when it is back, so does the run."""
    def case(folder):
        whole = os.path.join(folder, "whole")
        tiny.train(whole, "--epochs", LONG)
        with small_disk(folder, "2m") as disk:
            if not disk:
                return print(SKIPPED % "a disk that fills up")
            run = os.path.join(disk, "run")
            process = begin(tiny, run)
            wait_for(os.path.join(run, "last.safetensors"))
            time.sleep(seconds)
            filler = fill(disk)
            _, said = process.communicate(timeout=120)
            if process.returncode != 1 or "No space left on device" not in said or run not in said:
                return "exit code %d: %s" % (process.returncode, said)
            wrong = lacks(tiny.resume(run), 1, "MiB are free")
            os.remove(filler)
            result = tiny.resume(run)
            if not wrong and result.returncode:
                wrong = "does not go on: " + result.stderr
            return wrong or (None if tiny.weights(run) == tiny.weights(whole) else "ends in other bytes")

    return case


def read_only(tiny):
    """Nothing can be written; what is there can be used."""
    def case(folder):
        with small_disk(folder, "4m") as disk:
            if not disk:
                return print(SKIPPED % "a read-only disk")
            run, other = os.path.join(disk, "run"), os.path.join(disk, "other")
            process = begin(tiny, run)
            wait_for(os.path.join(run, "best.safetensors"))
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=120)
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            wrong = lacks(tiny.resume(run), 1, "Read-only file system")
            wrong = wrong or lacks(tiny.train(other), 1, "Read-only file system")
            result = tiny.run("evaluate", run, "--data", os.path.join(tiny.data, "validation"))
            wrong = wrong or ("cannot be evaluated: " + result.stderr if result.returncode else None)
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
            result = tiny.resume(run)
            return wrong or ("does not go on: " + result.stderr if result.returncode else None)

    return case


def two_writers(tiny):
    """The second is refused while the first lives, and not a moment longer."""
    def case(folder):
        run, words = os.path.join(folder, "run"), "another process is writing this run"
        process = begin(tiny, run)
        try:
            wait_for(os.path.join(run, "last.safetensors"))
            process.send_signal(signal.SIGSTOP)
            wrong = lacks(tiny.resume(run), 1, words) or lacks(tiny.train(run, "--overwrite"), 1, words)
        finally:
            process.kill()
            process.communicate()
        result = tiny.resume(run)
        return wrong or ("the lock outlives its process: " + result.stderr if result.returncode else None)

    return case


def check(tiny, cases, every):
    cases.run([("a disk that is too small", too_small(tiny)), ("a read-only disk", read_only(tiny)),
               ("two writers", two_writers(tiny))] +
              [("a disk that fills up, %d" % i, fills_up(tiny, 0.01 * i)) for i in range(0, 10, every)])
