"""What is measured: a row a line. `./run bench` takes those of the first list, within twenty minutes on two cores;
`./run bench --all` all of them; `./run bench NAME...` groups or single rows."""
import collections

import infer
import loader
import memory
import neighbour
import start
import train
from comparison import AtMost, Beats, Takes

# seconds: of turns, besides starting the sides; a slow machine may take longer for the least number of rounds.
# target: what it must show (comparison.py); or {major version of PyTorch: target}; None: there is none.
Row = collections.namedtuple('Row', 'name group seconds measure arguments target more', defaults=(None, False))

ALEXNET, GENDER, STARTER, RESNET = ('models/alexnet.yaml', 'models/gender-course.yaml', 'models/starter.yaml',
                                    'bench/networks/resnet-18.yaml')


def job(network, batch, precision):
    return {'network': network, 'batch': batch, 'precision': precision}


def training(name, seconds, network, batch, precision, target=Beats(1), more=False):
    return Row('%s-%d-%s' % (name, batch, precision), 'train', seconds, train.train, job(network, batch, precision),
               target, more)


def inference(name, network, batch, precision, target=None, more=False):
    return Row('%s-%d-%s' % (name, batch, precision), 'infer', 10, infer.infer, job(network, batch, precision), target,
               more)


ROWS = [
    *[Row(what, 'peak', 2, train.peak, {'what': what}) for what in ('f32', 'bf16', 'read', 'triad')],
    training('alexnet', 30, ALEXNET, 32, 'f32', Beats(1.9)),
    training('alexnet', 30, ALEXNET, 32, 'bf16', Beats(1.25)),
    training('alexnet', 90, ALEXNET, 200, 'f32', {1: Beats(1.7), 2: Beats(1.5)}),
    training('alexnet', 60, ALEXNET, 200, 'bf16', {1: Beats(1.2), 2: Beats(1.15)}),
    training('gender', 5, GENDER, 20, 'f32', Beats(3)),
    training('gender', 5, GENDER, 16, 'f32', Beats(3)),  # the course's steps: about 16 photographs each
    training('starter', 20, STARTER, 32, 'f32'),
    training('starter', 20, STARTER, 32, 'bf16'),
    training('resnet-18', 60, RESNET, 32, 'f32'),
    training('resnet-18', 40, RESNET, 32, 'bf16'),
    training('residual-small', 10, 'models/residual-small.yaml', 32, 'f32', more=True),
    training('inception-small', 10, 'models/inception-small.yaml', 32, 'f32', more=True),
    training('vgg-small', 10, 'models/vgg-small.yaml', 32, 'f32', more=True),
    training('alexnet-2012', 60, 'models/alexnet-2012.yaml', 32, 'f32', more=True),
    training('alexnet-torchvision', 30, 'models/alexnet-torchvision.yaml', 32, 'f32', more=True),
    inference('alexnet', ALEXNET, 1, 'f32', Takes(0.9, 'ONNX Runtime')),
    inference('alexnet', ALEXNET, 1, 'bf16', Takes(0.5, 'ONNX Runtime')),
    inference('alexnet', ALEXNET, 32, 'f32', Takes(0.6, 'ONNX Runtime')),
    inference('alexnet', ALEXNET, 32, 'bf16'),
    inference('starter', STARTER, 1, 'f32', more=True),
    inference('starter', STARTER, 32, 'f32', more=True),
    inference('resnet-18', RESNET, 1, 'f32', more=True),
    inference('resnet-18', RESNET, 32, 'f32', more=True),
    Row('500x375-256-227', 'loader', 15, loader.loader, {'width': 500, 'height': 375, 'resize': 256, 'side': 227}),
    Row('256x256-100', 'loader', 10, loader.loader, {'width': 256, 'height': 256, 'resize': 100, 'side': 100}),
    Row('32x32-32', 'loader', 5, loader.loader, {'width': 32, 'height': 32, 'resize': 32, 'side': 32}),
    Row('predict', 'start', 15, infer.predict, {'network': ALEXNET}, AtMost(150, 'ms')),
    Row('help', 'start', 5, start.start, {'arguments': ['--help']}),
    Row('explain', 'start', 5, start.start, {'arguments': ['explain', 'alexnet']}),
    Row('alexnet-200-f32', 'memory', 0, train.memory, job(ALEXNET, 200, 'f32'), Takes(0.6, 'PyTorch')),
    Row('alexnet-200-bf16', 'memory', 0, train.memory, job(ALEXNET, 200, 'bf16'), Takes(0.6, 'PyTorch')),
    Row('explain-64-f32', 'memory', 0, memory.explain, job(ALEXNET, 64, 'f32'), None, True),
    Row('explain-starter-64-f32', 'memory', 0, memory.explain, job(STARTER, 64, 'f32'), None, True),
    Row('with-packages', 'size', 0, start.size, {'packaged': True}),
    Row('program-and-libraries', 'size', 0, start.size, {'packaged': False}),
    Row('alexnet-32-f32-1', 'threads', 30, train.train, {**job(ALEXNET, 32, 'f32'), 'threads': 1}, Beats(1)),
    Row('alexnet-32-bf16-1', 'threads', 20, train.train, {**job(ALEXNET, 32, 'bf16'), 'threads': 1}, Beats(1)),
    Row('alexnet-32-f32', 'neighbour', 40, neighbour.neighbour, job(ALEXNET, 32, 'f32'), neighbour.TARGET),
    Row('alexnet-32-bf16', 'neighbour', 30, neighbour.neighbour, job(ALEXNET, 32, 'bf16'), neighbour.TARGET, True),
    Row('adam-58M', 'optimizer', 10, train.optimizer, {'network': ALEXNET}),
]
GROUPS = {
    'peak': 'What the machine can do',
    'train': 'Training: forward, backward and Adam',
    'threads': 'Training with one thread',
    'neighbour': 'A busy neighbour on one of the cores: how many times as long a step takes',
    'optimizer': 'Adam alone, 58 million weights',
    'memory': 'Largest resident memory in training',
    'infer': 'Inference: from floats to probabilities',
    'loader': 'Loading: decode, resize, cut and convert JPEG files',
    'start': 'Whole processes, from start to end, page cache warm',
    'size': 'On disk',
}


def select(names, everything):
    """The rows of `group`, `group/row` or `row`; all, or those of a short run, where none are named."""
    if not names:
        return [row for row in ROWS if everything or not row.more], []
    chosen, unknown = [], []
    for name in names:
        found = [row for row in ROWS if name in (row.group, row.name, row.group + '/' + row.name)]
        chosen += [row for row in found if row not in chosen and
                   (everything or not row.more or name != row.group)]
        unknown += [] if found else [name]
    return chosen, unknown
