"""What the drivers share: cases by name, those that are done, and how they went."""
import concurrent.futures
import hashlib
import os
import shutil
import sys
import threading


class Cases:
    """Runs functions that give what is wrong, or None.  Names of those that went well are kept in a file, so that an
    interrupted run goes on; another program begins anew."""

    def __init__(self, title, work, state, program, workers):
        self.title, self.work, self.workers = title, work, workers
        self.failed, self.tried, self.skipped = [], 0, 0
        self.mutex = threading.Lock()
        self.done, self.file = set(), None
        if state:
            with open(program, "rb") as file:
                mark = "# " + hashlib.sha256(file.read()).hexdigest()
            if os.path.exists(state):
                with open(state) as file:
                    lines = file.read().splitlines()
                self.done = set(lines[1:]) if lines and lines[0] == mark else set()
            self.file = open(state, "a" if self.done else "w")
            if not self.done:
                print(mark, file=self.file, flush=True)

    def one(self, name, function):
        folder = os.path.join(self.work, "".join(c if c.isalnum() else "-" for c in name))
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        try:
            wrong = function(folder)
        except Exception as error:  # a hang, a file that is missing
            wrong = "%s: %s" % (type(error).__name__, error)
        with self.mutex:
            self.tried += 1
            if wrong:
                self.failed.append(name)
                print("FAILED: %s: %s" % (name, wrong.strip()[-600:]), flush=True)
            elif self.file:
                print(name, file=self.file, flush=True)
            if sys.stderr.isatty() and self.tried % 10 == 0:
                print("\r%s: %d" % (self.title, self.tried), end="", file=sys.stderr, flush=True)
        if not wrong:
            shutil.rmtree(folder, ignore_errors=True)

    def run(self, cases):
        """cases: (name, function of a folder of its own)."""
        left = [(name, function) for name, function in cases if name not in self.done]
        self.skipped += len(cases) - len(left)
        with concurrent.futures.ThreadPoolExecutor(self.workers) as pool:
            list(pool.map(lambda case: self.one(*case), left))

    def report(self):
        """The figures; whether all went well."""
        print("%s: %d tried now, %d before, %d failed" % (self.title, self.tried, self.skipped, len(self.failed)))
        return not self.failed
