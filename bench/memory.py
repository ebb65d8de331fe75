#!/usr/bin/env python3
"""The memory that explain says training takes, against the peak of a real training process.

usage: memory.py BUILD [--network NAME] [--batch-size N] [--precision f32|bf16]
Trains one epoch on random images.  The peak holds the program and its libraries too, and the decoded images: both are
printed, so that what is left is what explain speaks of.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
from PIL import Image

PER_CLASS, SIDE = 96, 227


def write_images(folder):
    random = numpy.random.default_rng(0)
    for split in ('train', 'validation'):
        for name in ('a', 'b'):
            place = folder / split / name
            place.mkdir(parents=True)
            for i in range(PER_CLASS):
                pixels = random.integers(0, 256, (SIDE, SIDE, 3), numpy.uint8)
                Image.fromarray(pixels).save(place / f'{i}.png', compress_level=0)


# In a small process of its own: a child's peak begins with its parent's size, and this one has NumPy.
WATCH = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
print(usage.ru_maxrss)
sys.exit(status != 0)
"""


def peak_of(command):
    """MiB of the largest resident set that the process had."""
    watch = subprocess.run([sys.executable, '-S', '-c', WATCH, *command], capture_output=True, check=True)
    return int(watch.stdout) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('build')
    parser.add_argument('--network', default='alexnet')
    parser.add_argument('--batch-size', default='64')
    parser.add_argument('--precision', default='f32')
    options = parser.parse_args()
    alexnet = f'{options.build}/alexnet'
    how = ['--batch-size', options.batch_size, '--precision', options.precision]
    said = json.loads(subprocess.run([alexnet, 'explain', options.network, '--format', 'json', *how],
                                     capture_output=True, check=True).stdout)
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder)
        write_images(data)
        base = peak_of([alexnet, 'explain', options.network, *how])
        peak = peak_of([alexnet, 'train', '--model', options.network, '--data.train', str(data / 'train'),
                        '--data.validation', str(data / 'validation'), '--out', str(data / 'run'), '--epochs', '1',
                        *how])
    height, width, channels = said['input']
    pixels = 4 * PER_CLASS * height * width * channels / 2**20
    total = said['total']['bytes']['total'] / 2**20
    print(f'explain says            {total:9.1f} MiB')
    print(f'peak of the process     {peak:9.1f} MiB')
    print(f'  the program alone     {base:9.1f} MiB (alexnet explain)')
    print(f'  decoded images        {pixels:9.1f} MiB')
    print(f'  left for training     {peak - base - pixels:9.1f} MiB, {(peak - base - pixels) / total - 1:+.1%} of what was said')


if __name__ == '__main__':
    main()
