"""Training: forward, backward and Adam on images that are in memory."""
import functools
import json
import os
import statistics
import subprocess

import plans
from comparison import Comparison, Failed
from sides import take_turns

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@functools.lru_cache(None)
def explained(build, network, *options):
    """What `alexnet explain` derives of a network."""
    done = subprocess.run([os.path.join(build, 'alexnet'), 'explain', network, '--format', 'json', *options],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise Failed(done.stderr.strip())
    return json.loads(done.stdout)


def operations(build, network):
    """Of a training step and image: forward, backward to the inputs and to the weights; the first layer's inputs are
    the image, which needs no gradient."""
    said = explained(build, network)
    total, first = said['total']['multiply_adds'], said['layers'][0]['multiply_adds']
    return 2 * (3 * total - first)


def check(results, parameters):
    """Both sides must train the same network."""
    for result in results:
        if result.about.get('parameters', parameters) != parameters:
            raise Failed('%s has %d parameters, alexnet %d' % (result.name, result.about['parameters'], parameters))


def of_peak(comparison, work):
    """Shares of the machine's measured peak; of the limit, which adds the optimizer that is bound by memory."""
    ours, peak = comparison.ours(), comparison.yardstick()
    if not peak or not ours.samples:
        return
    least = work / (peak.about['work'] / peak.median)  # ms
    comparison.notes['of peak'] = least / ours.median
    if ours.parts:
        comparison.notes['of limit'] = (least + statistics.median(ours.parts)) / ours.median


def plans_of(settings, network, batch, precision, threads=0, fused=True):
    path = os.path.join(ROOT, network)
    return [plans.ours(settings, 'bench_train', path, batch, precision, threads=threads),
            *plans.torch('torch_train.py', [path, batch], precision, fused, threads)]


def train(settings, budget, network, batch, precision, threads=0):
    path = os.path.join(ROOT, network)
    sides = plans_of(settings, network, batch, precision, threads) + [plans.peak(settings, precision, threads)]
    comparison = Comparison(take_turns(sides, settings, budget), 'images/s', 1e3 * batch)
    check(comparison.results, explained(settings.build, path)['total']['parameters'])
    of_peak(comparison, operations(settings.build, path) * batch)
    return comparison


def optimizer(settings, budget, network):
    """Adam alone, beside steps of one image."""
    results = take_turns(plans_of(settings, network, 1, 'f32'), settings, budget)
    for result in results:
        result.samples = result.parts
    return Comparison(results, 'ms')


def memory(settings, budget, network, batch, precision):
    """The largest resident set of both processes."""
    results = take_turns(plans_of(settings, network, batch, precision, fused=False), settings, 0, fewest=1)
    for result in results:
        result.samples = [result.peak_mib] if result.samples else []
    return Comparison(results, 'MiB')


def peak(settings, budget, what):
    """What the machine can do."""
    results = take_turns([plans.peak(settings, what)], settings, budget)
    results[0].ours, results[0].name = True, 'measured'
    work = results[0].about.get('work', 0)
    return Comparison(results, 'GB/s' if what in ('read', 'triad') else 'GFLOP/s', work / 1e6)
