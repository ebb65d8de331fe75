#!/usr/bin/env python3
"""faults.py [OPTIONS] ALEXNET SHIM [PART...]: what files go through, and what a run makes of it.

Parts: write (each call fails in turn), power (each moment at which the power may fail), kill (kill -9, SIGINT, SIGTERM
at random), disk (full and read-only file systems, two processes and one run).  All without a name.
"""
import argparse
import os
import shutil
import sys
import tempfile

import cases
import disks
import kills
import power_loss
import tiny
import write_faults

# What does it, the steps between two checkpoints, and of how many cases the short form takes one.
PARTS = {"write": (write_faults.check, 4, 97), "power": (power_loss.check, 1, 97), "kill": (kills.check, 1, 40),
         "disk": (disks.check, 1, 5)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("shim")
    parser.add_argument("parts", nargs="*", metavar="part", help="of: " + ", ".join(PARTS))
    parser.add_argument("--short", action="store_true", help="a sample, in seconds")
    parser.add_argument("--state", help="a folder that keeps what is done, to go on after an interruption")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    for part in options.parts:
        if part not in PARTS:
            parser.error("there is no part %s" % part)
    if options.state:
        os.makedirs(options.state, exist_ok=True)
    # Where syncing takes no time: what reaches a real disk is no question here.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    work = tempfile.mkdtemp(prefix="alexnet-faults.", dir=os.environ.get("TMPDIR") or memory)
    good = True
    try:
        for part in options.parts or PARTS:
            check, steps, every = PARTS[part]
            small = tiny.Tiny(options.program, options.shim, os.path.join(work, part), steps)
            state = options.state and os.path.join(options.state, part)
            run = cases.Cases(part, os.path.join(small.work, "cases"), state, options.program, options.workers)
            check(small, run, every if options.short else 1)
            good = run.report() and good
    finally:
        if good:
            shutil.rmtree(work, ignore_errors=True)
        else:
            print("what failed is in " + work)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
