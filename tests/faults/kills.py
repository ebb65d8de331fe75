"""kill -9, SIGTERM and SIGINT at random moments of a run of ten steps, then a resume, which is killed again, until one
ends: every run loads, and ends in the same bytes."""
import collections
import json
import os
import random
import signal
import struct
import subprocess
import time

COUNT, MOST_KILLS = 200, 6
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)  # as often as each stands here


def place(run):
    """Where the checkpoint of a run stands."""
    path = os.path.join(run, "last.safetensors")
    if not os.path.exists(path):
        return "before the first checkpoint"
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    state = json.loads(header["__metadata__"]["run"])
    if state["val_step"]:
        return "in validation"
    if state["step"]:
        return "in an epoch"
    return "after %d epochs" % state["epoch"]


def kill_once(tiny, words, moment, number):
    """Starts a command, kills it at that moment; its exit code."""
    process = subprocess.Popen(tiny.command(*words), env=tiny.environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(moment)
    process.send_signal(number)
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def killed(tiny, index, longest, places):
    draw = random.Random(index)

    def case(folder):
        run = os.path.join(folder, "run")
        for kill in range(draw.randint(1, MOST_KILLS)):
            saved = os.path.exists(os.path.join(run, "last.safetensors"))
            words = ("train", "--resume", run, "--no-autotune") if saved else tiny.first(run, "--overwrite")
            number = draw.choice(SIGNALS)
            code, said = kill_once(tiny, words, draw.uniform(0, longest), number)
            if code == 0 or "the run is complete" in said:
                break
            # Before it has its handlers a signal ends the program.
            if code not in (-number, 130):
                return "exit code %d: %s" % (code, said)
            if saved and not os.path.exists(os.path.join(run, "last.safetensors")):
                return "the checkpoint is gone"
            places[place(run)] += 1
        return tiny.finish(run)

    return case


def check(tiny, cases, every):
    start = time.monotonic()
    tiny.train(os.path.join(tiny.work, "timed"))
    longest = 1.2 * (time.monotonic() - start)
    places = collections.Counter()
    cases.run([("kill %d" % i, killed(tiny, i, longest, places)) for i in range(0, COUNT, every)])
    print("killed " + ", ".join("%s %d times" % item for item in sorted(places.items())))
