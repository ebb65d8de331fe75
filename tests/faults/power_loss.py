"""The power fails after each call of a recorded run: whatever of its files the system may have left, the run goes on.

What a disk has for sure is what was synced: a file's bytes by fsync of the file, its name by fsync of its folder.  All
else may be there or not.  So after each call there are several folders: bytes that were not synced lost, zeros, torn or
there, and of the changes to a folder's names since its last fsync any may be missing."""
import hashlib
import itertools
import os
import re

import log
from write_faults import calls_of, more

TEMPORARY = r"\.tmp-\d+$"
DATA = ("lost", "zeros", "torn", "kept")
MOST_TOGETHER = 4  # of so many changes of names each subset is tried; of more those that miss or have one, too


class Inode:
    def __init__(self, content=b""):
        self.synced = self.content = self.torn = content

    def write(self, offset, data):
        self.torn = self.content
        self.content = self.content[:offset].ljust(offset, b"\0") + data + self.content[offset + len(data):]

    def truncate(self, size):
        self.torn = self.content
        self.content = self.content[:size].ljust(size, b"\0")

    def sync(self):
        self.synced = self.torn = self.content

    def after(self, data):
        """What is on the disk."""
        if data == "zeros":
            return self.synced[:len(self.content)].ljust(len(self.content), b"\0")
        return {"lost": self.synced, "torn": self.torn, "kept": self.content}[data]


class Disk:
    """Names are whole paths.  A change is (path, inode or None); a folder's inode is FOLDER."""

    FOLDER = "folder"

    def __init__(self, top):
        self.names = {top: self.FOLDER}  # as the program sees them
        self.durable = {top: self.FOLDER}
        self.pending = []   # groups of changes that are one call
        self.whole = {}     # path: what was ever complete under it, the newest last
        self.promised = {}  # path: the place in that list of what the program takes for written

    def change(self, *changes):
        for path, inode in changes:
            if inode is None:
                self.names.pop(path, None)
            else:
                self.names[path] = inode
        self.pending.append(changes)

    def call(self, c):
        if c.what in ("open", "empty"):
            # It goes on to the next file, so that the ones before are done with.
            self.promised = {path: len(contents) - 1 for path, contents in self.whole.items()}
            if c.path not in self.names:
                self.change((c.path, Inode()))
            elif c.what == "empty":
                self.names[c.path].truncate(0)
        elif c.what == "write":
            self.names[c.path].write(c.offset, c.data)
        elif c.what == "truncate":
            self.names[c.path].truncate(c.offset)
        elif c.what == "mkdir":
            self.change((c.path, self.FOLDER))
        elif c.what == "rename":
            inode = self.names[c.path]
            self.whole.setdefault(c.other, []).append(inode.content)
            self.change((c.other, inode), (c.path, None))
        elif c.what == "link":
            self.change((c.other, self.names[c.path]))
        elif c.what == "unlink":
            self.change((c.path, None))
        elif c.what == "fsync" and self.names[c.path] is self.FOLDER:
            now = [group for group in self.pending if os.path.dirname(group[0][0]) == c.path]
            self.pending = [group for group in self.pending if group not in now]
            self.durable = applied(self.durable, now)
        elif c.what == "fsync":
            self.names[c.path].sync()

    def left(self):
        """Each set of names that may be left."""
        count = len(self.pending)
        if count <= MOST_TOGETHER:
            kept = [set(s) for n in range(count + 1) for s in itertools.combinations(range(count), n)]
        else:
            every = set(range(count))
            kept = [set(range(n)) for n in range(count + 1)] + [every - {i} for i in every] + [{i} for i in every]
        for chosen in kept:
            yield applied(self.durable, [g for i, g in enumerate(self.pending) if i in chosen])


def applied(names, groups):
    names = dict(names)
    for group in groups:
        for path, inode in group:
            if inode is None:
                names.pop(path, None)
            else:
                names[path] = inode
    return names


def content_of(names, top, data):
    """{relative path: bytes, or None for a folder} of what can be reached from the top.  Nobody reads a temporary."""
    found = {}
    for path in sorted(names):
        if path == top:
            continue
        parent = os.path.dirname(path)
        if parent == top or found.get(os.path.relpath(parent, top), b"") is None:
            inode = names[path]
            half = re.search(TEMPORARY, path)
            found[os.path.relpath(path, top)] = None if inode is Disk.FOLDER else b"half" if half else inode.after(data)
    return found


def broken(disk, top, folder):
    """What was written whole and is not, or was written and is lost; None: all is well.  `previous` is a second name of
    what was last."""
    path_of = {name: os.path.join(top, name) for name in folder}
    path_of["run/previous.safetensors"] = os.path.join(top, "run/last.safetensors")
    for name, content in folder.items():
        log_or_half = re.search(TEMPORARY, name) or name.startswith("board/")
        if content is not None and not log_or_half and content not in disk.whole.get(path_of[name], ()):
            return "%s is torn" % name
    for path, place in disk.promised.items():
        name = os.path.relpath(path, top)
        if folder.get(name) not in disk.whole[path][place:]:
            return "%s was written, and is lost" % name
    return None


def changes_nothing(call):
    """Whether a power cut leaves the same behind as before the call: what a temporary holds is nobody's business."""
    half = re.search(TEMPORARY, call.path)
    return call.what[0] == "!" or call.what in ("close", "folder") or half and call.what in ("write", "truncate")


def states(top, calls):
    """Each folder that may be left, once: the number of the call, the folder, and what is broken in it."""
    disk, seen = Disk(top), set()
    for number, call in enumerate(calls, 1):
        disk.call(call)
        if changes_nothing(call):
            continue
        for names in disk.left():
            for data in DATA:
                folder = content_of(names, top, data)
                wrong = broken(disk, top, folder)
                key = hashlib.sha256(repr((wrong, sorted(folder.items()))).encode()).digest()
                if key not in seen:
                    seen.add(key)
                    yield number, data, folder, wrong


def after(tiny, content, wrong):
    def case(folder):
        if wrong:
            return wrong
        for name, data in content.items():
            path = os.path.join(folder, name)
            if data is None:
                os.makedirs(path, exist_ok=True)
            else:
                with open(path, "wb") as file:
                    file.write(data)
        run = os.path.join(folder, "run")
        if "run/best.safetensors" in content:
            result = tiny.run("evaluate", run, "--data", os.path.join(tiny.data, "validation"))
            if result.returncode:
                return "cannot be evaluated: " + result.stderr
        return tiny.finish(run, *more(folder))

    return case


def check(tiny, cases, every):
    top = os.path.join(tiny.work, "recorded")
    calls = calls_of(tiny, top, lambda f: tiny.train(os.path.join(top, "run"), *more(top), faults=f))
    todo = [("%d %s %d%s" % (number, data, i, ": broken" if wrong else ""), after(tiny, content, wrong))
            for i, (number, data, content, wrong) in enumerate(states(top, calls))]
    print("%d calls, %d folders that may be left" % (len(calls), len(todo)))
    cases.run([case for i, case in enumerate(todo) if i % every == 0 or case[0].endswith("broken")])
