"""Do we learn as well as PyTorch? The same recipe, images and start, here and there, over several seeds: validation
accuracy of the last epoch, mean and standard deviation, and whether the difference of the means is within noise. Runs
that were finished are kept in OUT and not repeated.

usage: learn.py BUILD [JOB...] [--data FOLDER] [--out FOLDER] [--seeds 0,1,2]

JOBs: demo (the course's AlexNet on the demo's glyphs: ./run demo makes them), gender (the course's small network on
FOLDER/faces), cifar (a network with batch normalisation on FOLDER/cifar10), and, only when they are named, cifar-10 and
fashion-mnist: our recipes for these sets, on FOLDER/cifar10 and on the files of Debian's dataset-fashion-mnist. FOLDER
is data/.
"""
import argparse
import csv
import json
import math
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
PYTHON = '/usr/bin/python3'
JOBS = {  # recipe, precision, and what its data is called in FOLDER: {key: path}
    'demo': ('recipes/demo.yaml', 'bf16',
             {'data.train': 'demo/train', 'data.validation': 'demo/validation', 'data.test': ''}),
    'gender': ('recipes/gender-course.yaml', 'f32',
               {'data.csv': 'faces/FaceScore.csv', 'data.root': 'faces/images'}),
    'cifar': ('bench/learn/cifar.yaml', 'f32', {'data.train': 'cifar10/train', 'data.validation': 'cifar10/test'}),
    'cifar-10': ('recipes/cifar-10.yaml', 'bf16', {'data.train': 'cifar10/train', 'data.test': ''}),
    'fashion-mnist': ('recipes/fashion-mnist.yaml', 'bf16', {}),
}
USUAL = ('demo', 'gender', 'cifar')


def train_here(build, job, seed, run, data):
    recipe, precision, paths = JOBS[job]
    command = [build + '/alexnet', 'train', os.path.join(ROOT, recipe), '--out', run, '--overwrite',
               '--train.seed', str(seed), '--train.epsilon-form', 'pytorch', '--train.precision', precision]
    for key, path in paths.items():
        command += ['--' + key, os.path.join(data, path) if path else '']
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(run, 'metrics.csv'), encoding='utf-8', newline='') as file:
        return [float(row['val_accuracy']) for row in csv.DictReader(file)]


def train_there(seed, run):
    out = subprocess.run([PYTHON, os.path.join(HERE, 'peers', 'torch_learn.py'), run, str(seed)], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    return [float(line.split()[3]) for line in out.splitlines()]


def images_of(run):
    """How many validation images there are: what one accuracy can tell."""
    with open(os.path.join(run, 'split.csv'), encoding='utf-8', newline='') as file:
        splits = [row['split'] for row in csv.DictReader(file)]
    return splits.count('validation') or splits.count('test')


def wilson(share, count):
    """The 95 % interval of a share (Wilson 1927)."""
    z2 = 1.959964 ** 2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = 1.959964 / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count * count))
    return middle - half, middle + half


def describe(name, results, count):
    last = [r[-1] for r in results]
    mean = statistics.mean(last)
    print('  %-8s %s   mean %.4f, deviation %.4f   95 %% interval of one accuracy %.4f..%.4f' %
          ((name, ' '.join('%.4f' % a for a in last), mean, statistics.stdev(last) if len(last) > 1 else 0) +
           wilson(mean, count)))
    return last


def compare(job, here, there, count):
    print('%s: accuracy on %d validation images after the last epoch, seed by seed' % (job, count))
    a, b = describe('alexnet', here, count), describe('PyTorch', there, count)
    if len(a) < 2:
        return
    # Of the means: what seeds and images scatter.
    share = statistics.mean(a + b)
    noise = 1.96 * math.sqrt((statistics.variance(a) + statistics.variance(b)) / len(a) +
                             2 * share * (1 - share) / count / len(a))
    difference = statistics.mean(a) - statistics.mean(b)
    print('  difference %+.4f, noise +-%.4f: %s' %
          (difference, noise, 'within it' if abs(difference) <= noise else 'beyond it'), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('build')
    parser.add_argument('jobs', nargs='*', default=[])
    parser.add_argument('--data', default=os.path.join(ROOT, 'data'))
    parser.add_argument('--out', default=os.path.join(ROOT, 'runs', 'learn'))
    parser.add_argument('--seeds', default='0,1,2')
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    kept = os.path.join(args.out, 'results.json')
    results = {}
    if os.path.exists(kept):
        with open(kept, encoding='utf-8') as file:
            results = json.load(file)
    for job in args.jobs or USUAL:
        here, there = [], []
        for seed in map(int, args.seeds.split(',')):
            run = os.path.join(args.out, '%s-%d' % (job, seed))
            for side, sides, learn in (
                    ('alexnet', here, lambda: train_here(os.path.abspath(args.build), job, seed, run, args.data)),
                    ('PyTorch', there, lambda: train_there(seed, run))):
                key = '%s %d %s' % (job, seed, side)
                if key not in results:
                    results[key] = learn()
                    with open(kept + '.new', 'w', encoding='utf-8') as file:
                        json.dump(results, file, indent=1)
                    os.replace(kept + '.new', kept)
                    print('%s: %s' % (key, ' '.join('%.4f' % a for a in results[key])), file=sys.stderr, flush=True)
                sides.append(results[key])
        compare(job, here, there, images_of(os.path.join(args.out, '%s-%s' % (job, args.seeds.split(',')[0]))))


main()
