"""The protocol of a side (bench/sides.py), for peers in Python."""
import json
import os
import sys
import time


def threads():
    """Taken from the environment, as OpenMP does."""
    return int(os.environ['OMP_NUM_THREADS'])


def serve(step, **about):
    """Says what it is, then does as many steps as each line asks for and prints the milliseconds of each. step() may
    return the moment at which its optimizer began; then there is a second figure, the milliseconds since."""
    print(json.dumps(about), flush=True)
    for line in sys.stdin:
        for _ in range(int(line)):
            begin = time.perf_counter()
            middle = step()
            end = time.perf_counter()
            figures = [end - begin] + ([end - middle] if isinstance(middle, float) else [])
            print(*('%.4f' % (1e3 * seconds) for seconds in figures))
        sys.stdout.flush()
