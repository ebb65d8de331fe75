"""The other side of `./run bench learn`: trains the network of a run folder in PyTorch, on the same images, with the
same recipe, from the same kind of start, and prints a line an epoch: epoch, loss, val_loss, val_accuracy.

usage: torch_learn.py RUN SEED      (RUN holds model.yaml, recipe.yaml and split.csv)

Resizing is Pillow's, which the program's equals byte for byte. Of augmentations flip, translate and erase are known,
drawn a batch at a time and by whole pixels. Needs Debian's python3-torch python3-pil python3-yaml.
"""
import csv
import gzip
import math
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
import yaml
from PIL import Image, ImageOps

from torch_network import Network

FILTERS = {'nearest': Image.NEAREST, 'bilinear': Image.BILINEAR, 'bicubic': Image.BICUBIC, 'lanczos': Image.LANCZOS}


# ---- Data ----------------------------------------------------------------------------------------------------------

def read_idx(path, known={}):
    """(N, height, width) bytes"""
    if path not in known:
        with gzip.open(path) as file:
            _, count, height, width = np.frombuffer(file.read(16), '>u4')
            known[path] = np.frombuffer(file.read(), np.uint8).reshape(count, height, width)
    return known[path]


def read_image(path):
    """A file, or the image of that number in an IDX file: FILE.gz#NUMBER"""
    file, mark, number = path.rpartition('.gz#')
    if mark:
        return Image.fromarray(read_idx(file + '.gz')[int(number)]).convert('RGB')
    with Image.open(path) as image:
        return ImageOps.exif_transpose(image).convert('RGB')


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
            image = read_image(os.path.join(run, row['path']))
            images[i] = image.resize((width, height), FILTERS[data['filter']])
        splits[split] = images, np.array([classes.index(r['label']) for r in chosen])
    return splits


class Scale:
    """Bytes as numbers: rescale, mean, std."""

    def __init__(self, data):
        def channels(value, default):
            return torch.tensor([float(v) for v in value] or [default]).reshape(1, -1, 1, 1)
        self.rescale = float(data['rescale'])
        self.mean, self.std = channels(data['mean'], 0), channels(data['std'], 1)

    def __call__(self, bytes_):
        x = torch.from_numpy(bytes_).permute(0, 3, 1, 2).float() * self.rescale
        return ((x - self.mean) / self.std).contiguous(memory_format=torch.channels_last)


def batch(images, labels, index, scale, augment=(), rng=None):
    chosen = images[index]
    for change in augment:
        chosen = change(chosen, rng)
    return scale(np.ascontiguousarray(chosen)), torch.from_numpy(labels[index])


# ---- Augmentation: (N, H, W, 3) bytes to the same, options as the recipe has them ------------------------------------

def span(value):
    """[low, high], or s for -s to s"""
    return (float(value[0]), float(value[1])) if isinstance(value, list) and len(value) == 2 else \
        (-float(np.ravel(value)[0]), float(np.ravel(value)[0]))


def flip(options):
    def change(images, rng):
        mirror = rng.random(len(images)) < float(options.get('probability', 0.5))
        return np.where(mirror[:, None, None, None], images[:, :, ::-1], images)
    return change


def translate(options):
    low, high = span(options['horizontal'])

    def change(images, rng):
        count, height, width, _ = images.shape
        down, right = (np.rint(rng.uniform(low, high, count) * side).astype(int) for side in (height, width))
        rows = np.clip(np.arange(height)[None] - down[:, None], 0, height - 1)
        columns = np.clip(np.arange(width)[None] - right[:, None], 0, width - 1)
        return images[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return change


def erase(options):
    (low, high), (flat, wide) = ([float(v) for v in options[key]] for key in ('scale', 'ratio'))

    def change(images, rng):
        images = images.copy()
        height, width = images.shape[1:3]
        for i in np.nonzero(rng.random(len(images)) < float(options['probability']))[0]:
            area, aspect = rng.uniform(low, high) * height * width, math.exp(rng.uniform(math.log(flat), math.log(wide)))
            tall, broad = round(math.sqrt(area / aspect)), round(math.sqrt(area * aspect))
            if tall > height or broad > width:
                continue
            top, left = rng.integers(0, height - tall + 1), rng.integers(0, width - broad + 1)
            images[i, top:top + tall, left:left + broad] = np.rint(images[i].mean((0, 1)))
        return images
    return change


AUGMENTATIONS = {'flip': flip, 'translate': translate, 'erase': erase}


def make_augment(rows):
    pairs = [(row, {}) if isinstance(row, str) else next(iter(row.items())) for row in rows]
    return [AUGMENTATIONS[name](options) for name, options in pairs]


# ---- Training ------------------------------------------------------------------------------------------------------

def make_optimizer(network, train):
    if train['optimizer'] == 'adam':
        return torch.optim.Adam(network.parameters(), train['learning_rate'], (train['beta_1'], train['beta_2']),
                                train['epsilon'], train['weight_decay'])
    spared = train['decay_multipliers']
    assert spared in ({}, {'*.gamma': 0, '*.beta': 0}), 'decay_multipliers are not known here but for normalization'
    norms = {id(p) for m in network.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)
             for p in m.parameters()} if spared else set()
    groups = [{'params': [p for p in network.parameters() if (id(p) in norms) == bare],
               'weight_decay': 0 if bare else train['weight_decay']} for bare in (False, True)]
    return torch.optim.SGD([g for g in groups if g['params']], train['learning_rate'], train['momentum'],
                           nesterov=train['nesterov'])


def make_schedule(optimizer, train, steps):
    if train['schedule'] == 'one_cycle':
        return torch.optim.lr_scheduler.OneCycleLR(optimizer, train['learning_rate'], steps, cycle_momentum=False)
    assert train['schedule'] == 'constant', 'a schedule that is not known here'
    return None


def main():
    run, seed = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(2)
    torch.manual_seed(seed)
    with open(os.path.join(run, 'model.yaml'), encoding='utf-8') as file:
        model = yaml.safe_load(file)
    with open(os.path.join(run, 'recipe.yaml'), encoding='utf-8') as file:
        recipe = yaml.safe_load(file)
    train = {k: float(v) if isinstance(v, str) and v[:1].isdigit() else v for k, v in recipe['train'].items()}
    assert not train['ema'], 'averages of weights are not known here'
    augment, splits = make_augment(recipe['augment']), load(run, recipe['data'], model)
    scale, size = Scale(recipe['data']), train['batch_size']
    network = Network(model).to(memory_format=torch.channels_last)
    optimizer = make_optimizer(network, train)
    bf16 = train['precision'] == 'bf16'
    images, labels = splits['train']
    schedule = make_schedule(optimizer, train, train['epochs'] * -(-len(labels) // size))
    shuffle = np.random.default_rng(seed)
    for epoch in range(train['epochs']):
        order, total = shuffle.permutation(len(labels)), 0.0
        network.train()
        for first in range(0, len(labels), size):
            x, y = batch(images, labels, order[first:first + size], scale, augment, shuffle)
            with torch.autocast('cpu', torch.bfloat16, enabled=bf16):
                out = network(x)
            loss = F.cross_entropy(out.float(), y, label_smoothing=train['label_smoothing'])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            if schedule:
                schedule.step()
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
