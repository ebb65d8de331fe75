"""The other side of `./run bench learn`: trains the network of a run folder in PyTorch, on the same images, with the
same recipe, from the same kind of start, and prints a line an epoch: epoch, loss, val_loss, val_accuracy.

usage: torch_learn.py RUN SEED      (RUN holds model.yaml, recipe.yaml and split.csv)

Resizing is Pillow's, which the program's equals byte for byte. Needs Debian's python3-torch python3-pil python3-yaml.
"""
import csv
import math
import os
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import yaml
from PIL import Image, ImageOps

FILTERS = {'nearest': Image.NEAREST, 'bilinear': Image.BILINEAR, 'bicubic': Image.BICUBIC, 'lanczos': Image.LANCZOS}


# ---- Layers, with Keras' defaults ----------------------------------------------------------------------------------

def glorot_uniform(weight):
    nn.init.xavier_uniform_(weight)


def he_normal(weight):
    """As Keras: a normal cut at two deviations, widened so that its deviation is sqrt(2 / fan_in)."""
    deviation = math.sqrt(2 / math.prod(weight.shape[1:])) / 0.87962566103423978
    nn.init.trunc_normal_(weight, 0, deviation, -2 * deviation, 2 * deviation)


INITIALIZERS = {'glorot_uniform': glorot_uniform, 'he_normal': he_normal}


def weighted(module, options):
    INITIALIZERS[options.get('kernel_initializer', 'glorot_uniform')](module.weight.data)
    if module.bias is not None:
        nn.init.zeros_(module.bias.data)
    return [module] + activation(options.get('activation', 'linear'))


def activation(name):
    """A last softmax is left to the loss."""
    return {'relu': [nn.ReLU()], 'tanh': [nn.Tanh()], 'linear': [], 'softmax': []}[name]


def padding(options, size, side):
    """Of a window in steps of 1, or one that Keras' `same` pads alike on both sides."""
    if options.get('padding', 'valid') == 'valid':
        return 0
    stride = options.get('strides', 1)
    total = max((-(-side // stride) - 1) * stride + size - side, 0)
    assert total % 2 == 0, 'padding is not the same on both sides'
    return total // 2


def build(model):
    """The layers in a row, as nn.Sequential."""
    height, _, channels = model['input']
    side, layers = height, []
    for row in model['layers']:
        name, options = (row, {}) if isinstance(row, str) else next(iter(row.items()))
        options = dict(options or {})
        assert 'from' not in options, 'a network with branches is not known here'
        if name == 'conv2d':
            size, stride = options['kernel_size'], options.get('strides', 1)
            pad = padding(options, size, side)
            layers += weighted(nn.Conv2d(channels, options['filters'], size, stride, pad,
                                         bias=options.get('use_bias', True)), options)
            channels, side = options['filters'], (side + 2 * pad - size) // stride + 1
        elif name == 'max_pooling2d':
            size = options.get('pool_size', 2)
            layers.append(nn.MaxPool2d(size, options.get('strides', size)))
            side = (side - size) // options.get('strides', size) + 1
        elif name == 'batch_normalization':
            layers.append(nn.BatchNorm2d(channels, options.get('epsilon', 1e-3), 1 - options.get('momentum', 0.99)))
        elif name == 'activation':
            layers += activation(options['activation'])
        elif name == 'global_average_pooling2d':
            layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
            side = 1
        elif name == 'flatten':
            layers.append(nn.Flatten())
            channels *= side * side
        elif name == 'dropout':
            layers.append(nn.Dropout(options['rate']))
        elif name == 'dense':
            units = model['classes'] if options['units'] == 'classes' else options['units']
            layers += weighted(nn.Linear(channels, units, bias=options.get('use_bias', True)), options)
            channels = units
        else:
            sys.exit('%s: a layer that is not known here' % name)
    return nn.Sequential(*layers)


# ---- Data ----------------------------------------------------------------------------------------------------------

def load(run, data, model):
    """{split: (images (N, H, W, 3) bytes, labels)}"""
    assert data['resize'] == 'stretch' and data['image_size'] == 'input'
    height, width, _ = model['input']
    rows = list(csv.DictReader(open(os.path.join(run, 'split.csv'), encoding='utf-8', newline='')))
    classes = sorted({r['label'] for r in rows}, key=lambda c: c.encode())
    validates = 'validation' if any(r['split'] == 'validation' for r in rows) else 'test'
    splits = {}
    for split, called in (('train', 'train'), ('validation', validates)):
        chosen = [r for r in rows if r['split'] == called]
        images = np.empty((len(chosen), height, width, 3), np.uint8)
        for i, row in enumerate(chosen):
            with Image.open(os.path.join(run, row['path'])) as image:
                image = ImageOps.exif_transpose(image).convert('RGB')
                images[i] = image.resize((width, height), FILTERS[data['filter']])
        splits[split] = images, np.array([classes.index(r['label']) for r in chosen])
    return splits


def batch(images, labels, index, scale):
    x = torch.from_numpy(images[index]).permute(0, 3, 1, 2).float() * scale
    return x.contiguous(memory_format=torch.channels_last), torch.from_numpy(labels[index])


# ---- Training ------------------------------------------------------------------------------------------------------

def make_optimizer(network, train):
    if train['optimizer'] == 'adam':
        return torch.optim.Adam(network.parameters(), train['learning_rate'], (train['beta_1'], train['beta_2']),
                                train['epsilon'], train['weight_decay'])
    return torch.optim.SGD(network.parameters(), train['learning_rate'], train['momentum'],
                           weight_decay=train['weight_decay'], nesterov=train['nesterov'])


def main():
    run, seed = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(2)
    torch.manual_seed(seed)
    with open(os.path.join(run, 'model.yaml'), encoding='utf-8') as file:
        model = yaml.safe_load(file)
    with open(os.path.join(run, 'recipe.yaml'), encoding='utf-8') as file:
        recipe = yaml.safe_load(file)
    train = {k: float(v) if isinstance(v, str) and v[:1].isdigit() else v for k, v in recipe['train'].items()}
    assert not recipe['augment'], 'augmentations are not known here'
    splits = load(run, recipe['data'], model)
    scale, size = float(recipe['data']['rescale']), train['batch_size']
    network = build(model).to(memory_format=torch.channels_last)
    optimizer = make_optimizer(network, train)
    bf16 = train['precision'] == 'bf16'
    images, labels = splits['train']
    shuffle = np.random.default_rng(seed)
    for epoch in range(train['epochs']):
        order, total = shuffle.permutation(len(labels)), 0.0
        network.train()
        for first in range(0, len(labels), size):
            x, y = batch(images, labels, order[first:first + size], scale)
            with torch.autocast('cpu', torch.bfloat16, enabled=bf16):
                out = network(x)
            loss = F.cross_entropy(out.float(), y)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        network.eval()
        val_loss = hits = 0
        val_images, val_labels = splits['validation']
        with torch.no_grad():
            for first in range(0, len(val_labels), 200):
                x, y = batch(val_images, val_labels, np.arange(first, min(first + 200, len(val_labels))), scale)
                out = network(x)
                val_loss += F.cross_entropy(out, y, reduction='sum').item()
                hits += (out.argmax(1) == y).sum().item()
        print('%d %.4f %.4f %.5f' % (epoch + 1, total / len(labels), val_loss / len(val_labels),
                                     hits / len(val_labels)), flush=True)


main()
