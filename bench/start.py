#!/usr/bin/env python3
"""How long the program takes to start: whole processes, interleaved with a peer's.

usage: start.py BUILD [--rounds N]
The peer is Python importing PyTorch, which is what model.summary() waits for there.
"""
import argparse
import statistics
import subprocess
import sys
import time


def seconds(command):
    begin = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('build')
    parser.add_argument('--rounds', type=int, default=11)
    options = parser.parse_args()
    alexnet = f'{options.build}/alexnet'
    rows = {
        'alexnet --help': [alexnet, '--help'],
        'alexnet summary alexnet': [alexnet, 'summary', 'alexnet'],
        'alexnet explain alexnet': [alexnet, 'explain', 'alexnet'],
        'alexnet explain alexnet --lang zh': [alexnet, 'explain', 'alexnet', '--lang', 'zh'],
        'python3 -c "import torch"': [sys.executable, '-c', 'import torch'],
    }
    times = {name: [] for name in rows}
    for _ in range(options.rounds):
        for name, command in rows.items():
            times[name].append(seconds(command))
    peer = statistics.median(times['python3 -c "import torch"'])
    for name, values in times.items():
        middle = statistics.median(values)
        print(f'{name:36}{middle * 1e3:9.1f} ms  {peer / middle:6.1f} times as fast as the peer')


if __name__ == '__main__':
    main()
