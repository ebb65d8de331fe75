"""Sides of a comparison: processes that wait between their steps, so that they can take turns in one run and a busy
neighbour slows all of them alike.

The protocol: a side prints a line of JSON about itself when it is ready. Then it reads lines from standard input: each
has a number of steps; for each step it prints a line with its milliseconds, and perhaps the milliseconds of a part of
it. It ends when standard input does.
"""
import dataclasses
import json
import os
import re
import signal
import statistics
import subprocess
import tempfile
import threading
import time

# What others set for their own runs must not decide ours (OPENBLAS_CORETYPE halves the speed of OpenBLAS).
FOREIGN = ('OPENBLAS_', 'OMP_', 'GOMP_', 'KMP_', 'MKL_', 'DNNL_', 'ONEDNN_', 'MALLOC_')
# Threads of the side before may spin for some milliseconds after its step.
PAUSE = 0.005
# Seconds, and steps: a turn is long enough for caches and threads to be what they are in a row of steps, of which the
# median counts. Steps that are longer than a turn are taken one by one.
TURN, FEWEST = 0.15, 5
# Seconds of a round that warms up as well as two.
LONG = 10
# Seconds that a line may take; then the side has failed.
LIMIT = 120


def environment(threads, extra=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
    env.update(extra or {}, OMP_NUM_THREADS=str(threads))
    return env


@dataclasses.dataclass
class Plan:
    """A side before it runs. missing: why it cannot."""
    name: str
    command: list
    env: dict = dataclasses.field(default_factory=dict)
    ours: bool = False
    yardstick: bool = False  # the machine's peak: not a peer
    missing: str = ''
    threads: int = 0         # 0: as all


@dataclasses.dataclass
class Result:
    """What a side gave. samples: milliseconds of each turn's step; parts: of the part that it tells of."""
    name: str
    ours: bool
    yardstick: bool
    about: dict = dataclasses.field(default_factory=dict)
    samples: list = dataclasses.field(default_factory=list)
    parts: list = dataclasses.field(default_factory=list)
    peak_mib: float = 0
    skipped: str = ''

    @property
    def median(self):
        return statistics.median(self.samples)


def spread(samples):
    """The quartiles; with few samples the smallest and largest."""
    if len(samples) < 4:
        return min(samples), max(samples)
    low, _, high = statistics.quantiles(samples, n=4, method='inclusive')
    return low, high


class Side:
    def __init__(self, plan, threads):
        self.result = Result(plan.name, plan.ours, plan.yardstick, skipped=plan.missing)
        self.child, self.steps = None, 1
        if plan.missing:
            return
        self.errors = tempfile.TemporaryFile('w+')
        try:
            self.child = subprocess.Popen(plan.command, env=environment(plan.threads or threads, plan.env),
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        except OSError as error:
            self.result.skipped = str(error)
            return
        line = self.read()
        if line:
            self.result.about = json.loads(line)

    def read(self):
        timer = threading.Timer(LIMIT, self.child.kill)
        timer.start()
        line = self.child.stdout.readline()
        timer.cancel()
        if not line:
            self.fail()
        return line

    def fail(self):
        self.child.wait()
        self.errors.seek(0)
        self.result.skipped = why(self.errors.read(), self.child.returncode)
        self.child = None

    def turn(self, keep=True):
        """One turn; its median step is the sample."""
        if not self.child:
            return
        try:
            self.child.stdin.write('%d\n' % self.steps)
            self.child.stdin.flush()
        except OSError:
            return self.fail()
        rows = []
        for _ in range(self.steps):
            line = self.read()
            if not line:
                return
            rows.append([float(word) for word in line.split()])
        figures = [statistics.median(column) for column in zip(*rows)]
        if keep:
            self.result.samples.append(figures[0])
            self.result.parts += figures[1:2]
        else:
            least = min(row[0] for row in rows) / 1e3
            self.steps = 1 if least > TURN else max(FEWEST, min(1000, int(TURN / least)))

    def finish(self):
        if self.child:
            self.result.peak_mib = peak_mib(self.child.pid)
            self.child.communicate()
            self.child = None
        return self.result


def why(errors, code):
    """From what a program said last that has words in it."""
    if code == -signal.SIGKILL:
        return 'failed: killed (no answer in %d s, or no memory)' % LIMIT
    said = [line.strip() for line in errors.splitlines() if re.search('[a-z]{3}', line)]
    return 'failed: %s' % (said[-1][:120] if said else 'exit code %d' % code)


def peak_mib(pid):
    """The largest resident set that a process had; counted since its exec, so without what its parent had."""
    with open('/proc/%d/status' % pid, encoding='ascii') as file:
        return int(re.search(r'VmHWM:\s*(\d+) kB', file.read()).group(1)) / 1024


def enough(kept, settings, fewest, begin, budget):
    if settings.rounds:
        return kept >= settings.rounds
    return kept >= fewest and time.monotonic() - begin > budget


def take_turns(plans, settings, budget, fewest=5):
    """All sides, turn by turn, for `budget` seconds and at least `fewest` rounds, or the rounds that were asked for.
    Two rounds warm up, or one that is long, and are not kept."""
    sides = [Side(plan, settings.threads) for plan in plans]
    try:
        begin, kept, warming = time.monotonic(), 0, 2
        while not enough(kept, settings, fewest, begin, budget):
            for side in sides:
                side.turn(keep=not warming)
                time.sleep(PAUSE)
            kept += not warming
            if warming:
                warming = 0 if time.monotonic() - begin > LONG else warming - 1
    finally:
        results = [side.finish() for side in sides]
    return results


def whole_processes(plans, settings, budget):
    """Sides that are a process from start to end, in turn; a sample is the time that it took."""
    results = [Result(plan.name, plan.ours, plan.yardstick, skipped=plan.missing) for plan in plans]
    begin, kept = time.monotonic(), -1  # the first round fills the page cache
    while not enough(kept, settings, 5, begin, budget):
        for plan, result in zip(plans, results):
            if result.skipped:
                continue
            start = time.perf_counter()
            done = subprocess.run(plan.command, env=environment(plan.threads or settings.threads, plan.env),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            milliseconds = 1e3 * (time.perf_counter() - start)
            if done.returncode:
                result.skipped = why(done.stderr, done.returncode)
            elif kept >= 0:
                result.samples.append(milliseconds)
                result.about['output'] = done.stdout[:200]
        kept += 1
    return results
