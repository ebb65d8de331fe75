"""The other side of `./run bench learn`: trains the network of a run folder in PyTorch, on the same images, with the
same recipe, from the same kind of start, and prints a line an epoch: epoch, loss, val_loss, val_accuracy.

usage: torch_learn.py RUN SEED      (RUN holds model.yaml, recipe.yaml and split.csv)

Resizing is Pillow's, which the program's equals byte for byte. Needs Debian's python3-torch python3-pil python3-yaml.
"""
import csv
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
    network = Network(model).to(memory_format=torch.channels_last)
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
