"""Each call that changes a file goes wrong once, in each way that it may: the program ends with a code of its manual and
a message that names the file, and the run goes on to the same bytes as one where nothing went wrong."""
import os
import re
import shutil

import log

# What may happen to whom, and whether it stays so.
EVERY = {"open", "empty", "folder", "write", "fsync", "truncate", "close", "rename", "link", "unlink", "mkdir"}
MAKES = {"open", "empty", "write", "fsync", "truncate", "rename", "link", "mkdir"}
KINDS = [("ENOSPC", True, MAKES), ("EDQUOT", False, MAKES), ("EIO", False, EVERY), ("EROFS", True, MAKES | {"unlink"}),
         ("EINTR", False, {"open", "write", "fsync", "close"}), ("SHORT", False, {"write"}), ("KILL", False, EVERY)]

# Who does not mind: a file is complete before it is closed, a folder may be one that cannot be synced, what is removed
# is no loss, and where a second name cannot be given the first is moved.
SILENT = {"close", "folder", "unlink", "link"}


def names_of(call):
    """A message may name the file, or the folder that it was to go to."""
    path = re.sub(r"\.tmp-\d+$", "", call.other or call.path)
    return {os.path.basename(path), os.path.basename(os.path.dirname(path))}


def faults(folder, number, kind, stay, record=None):
    settings = {"FAULTS_UNDER": folder, "FAULTS_AT": str(number), "FAULTS_KIND": kind, "FAULTS_STAY": "01"[stay]}
    if record:
        settings["FAULTS_LOG"] = record
    return settings


def is_wrong(result, call, kind):
    """What is wrong with how the program ended."""
    if kind == "KILL":
        return None if result.returncode == -9 else "exit code %d, not killed" % result.returncode
    if result.returncode not in (0, 1):
        return "exit code %d: %s" % (result.returncode, result.stderr)
    if result.returncode == 1 and "alexnet: error: " not in result.stderr:
        return "no message: " + result.stderr
    harmless = kind in ("SHORT", "EINTR") or call.what in SILENT
    if (result.returncode or not harmless) and not any(name in result.stderr for name in names_of(call)):
        return "exit code %d, and no word of %s: %s" % (result.returncode, call.path, result.stderr)
    return None


# ---- A training ----

def more(folder):
    return "--report", "--tensorboard", os.path.join(folder, "board")


def training(tiny, number, call, kind, stay):
    def case(folder):
        run = os.path.join(folder, "run")
        result = tiny.train(run, *more(folder), faults=faults(folder, number, kind, stay))
        wrong = is_wrong(result, call, kind)
        if not wrong and result.returncode == 0 and tiny.weights(run) != tiny.end:
            wrong = "exit code 0 and other bytes"
        if not wrong:
            wrong = tiny.finish(run, *more(folder))
        return wrong

    return case


# ---- What is written from a run ----

def writers(tiny):
    """Commands that write files, of a run: name, words, what they write."""
    images = os.path.join(tiny.data, "validation")
    return [
        ("export", ("export", "run", "--output", "out.safetensors", "--overwrite"), ["out.safetensors"]),
        ("features", ("features", "run", images, "--output", "out.npy", "--overwrite"), ["out.npy", "out.csv"]),
        ("plot", ("plot", "run", "curves", "--output", "out.png"), ["out.png"]),
        ("report", ("report", "run", "--no-check", "--output", "out.html"), ["out.html"]),
    ]


def contents(folder, names):
    found = {}
    for name in names:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            with open(path, "rb") as file:
                found[name] = file.read().replace(folder.encode(), b"FOLDER")  # a report names its run
    return found


def run_in(tiny, folder, words, settings=None):
    here = [os.path.join(folder, word) if word.startswith(("run", "out.")) else word for word in words]
    return tiny.run(*here, faults=settings)


def writing(tiny, words, names, new, number, call, kind, stay):
    def case(folder):
        shutil.copytree(tiny.reference, os.path.join(folder, "run"))
        old = {}
        for name in names:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(b"old")
            old[name] = b"old"
        result = run_in(tiny, folder, words, faults(folder, number, kind, stay))
        wrong = is_wrong(result, call, kind)
        now = contents(folder, names)
        for name in names:
            if not wrong and now.get(name) not in (old[name], new[name]):
                wrong = "%s is neither the old file nor the new one" % name
        if not wrong and result.returncode == 0 and now != new:
            wrong = "exit code 0 and not the new files"
        left = [n for n in os.listdir(folder) + os.listdir(os.path.join(folder, "run")) if ".tmp-" in n]
        if not wrong and left and kind not in ("KILL", "EROFS", "EIO"):
            wrong = "leaves " + ", ".join(left)
        return wrong

    return case


# ---- All of it ----

def sample(cases, every):
    return [case for i, case in enumerate(cases) if i % every == 0]


def all_cases(name, calls, make, every):
    """For each call and each kind that it may meet."""
    cases = [("%s %s%s %d" % (name, kind, " for good" if stay else "", number), make(number, call, kind, stay))
             for kind, stay, whom in KINDS for number, call in enumerate(calls, 1) if call.what in whom]
    return sample(cases, every)


def calls_of(tiny, folder, run):
    """What happens when nothing goes wrong."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    record = folder + ".log"
    result = run(faults(folder, 0, "EIO", False, record))
    if result.returncode:
        raise RuntimeError(result.stderr)
    calls = log.read(record)
    if not calls:
        raise RuntimeError("nothing was recorded: is %s a library for this program?" % tiny.shim)
    return calls


def check(tiny, cases, every):
    folder = os.path.join(tiny.work, "recorded")
    calls = calls_of(tiny, folder, lambda f: tiny.train(os.path.join(folder, "run"), *more(folder), faults=f))
    todo = all_cases("train", calls, lambda *of: training(tiny, *of), every)
    counted = {"train": len(calls)}
    for name, words, names in writers(tiny):
        def record(settings, words=words):
            shutil.copytree(tiny.reference, os.path.join(folder, "run"))
            return run_in(tiny, folder, words, settings)

        calls = calls_of(tiny, folder, record)
        new = contents(folder, names)
        counted[name] = len(calls)
        todo += all_cases(name, calls, lambda number, call, kind, stay, words=words, names=names, new=new:
                          writing(tiny, words, names, new, number, call, kind, stay), every)
    print("calls: " + ", ".join("%s %d" % item for item in counted.items()))
    cases.run(todo)
