"""What a busy neighbour costs: a process that spins on one of the cores, in every other turn."""
import os
import signal
import subprocess
import time

import plans
from comparison import AtMost, Comparison
from sides import PAUSE, Side, enough
from train import plans_of

SPIN = 'import os; os.sched_setaffinity(0, {%d})\nwhile True: pass'


def share(threads):
    """Of the throughput: half of one core."""
    return 0.5 / threads


def neighbour(settings, budget, network, batch, precision):
    """Samples are slowdowns: a step beside the neighbour over the step before it without."""
    sides = [Side(plan, settings.threads) for plan in plans_of(settings, network, batch, precision)]
    core = max(os.sched_getaffinity(0))
    spinner = subprocess.Popen([plans.PYTHON, '-c', SPIN % core])
    begin, kept = time.monotonic(), -1  # the first round warms up
    try:
        while not enough(kept, settings, 4, begin, budget):
            for busy in (False, True):
                spinner.send_signal(signal.SIGCONT if busy else signal.SIGSTOP)
                for side in sides:
                    side.turn(keep=kept >= 0)
                    time.sleep(PAUSE)
            kept += 1
    finally:
        spinner.send_signal(signal.SIGKILL)
        spinner.wait()
        results = [side.finish() for side in sides]
    for result in results:
        result.about['milliseconds'] = result.samples
        result.samples = [beside / alone for alone, beside in zip(result.samples[::2], result.samples[1::2])]
    return Comparison(results, 'x as long')


# No more than its share of two cores and 15 % of the throughput.
TARGET = AtMost(1 / (1 - share(2) - 0.15), 'x as long')
