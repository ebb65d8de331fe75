#!/usr/bin/env python3
"""A network in PyTorch with torchvision's names, its weights taken by --weights, and what both say of an image.

    python3 tests/parity/weights.py build/alexnet

The networks are torchvision's AlexNet and its VGG-11 with batch normalisation made narrow, written out here, with random
weights.  Their files are written twice: in the order of the state_dict, and sorted by name as safetensors' own writer
does it.  A run with learning rate 0 ends with what it began with.  Demands: probabilities within 1e-5 of PyTorch's, and
the same from both files; the head of another number of classes starts afresh.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image
from torch import nn

CLASSES, TOLERANCE = 4, 1e-5
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Net(nn.Module):
    def __init__(self, features, classifier):
        super().__init__()
        self.features, self.classifier = nn.Sequential(*features), nn.Sequential(*classifier)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def alexnet(classes):
    relu, pool = nn.ReLU, lambda: nn.MaxPool2d(3, 2)
    return Net([nn.Conv2d(3, 64, 11, 4, 2), relu(), pool(), nn.Conv2d(64, 192, 5, padding=2), relu(), pool(),
                nn.Conv2d(192, 384, 3, padding=1), relu(), nn.Conv2d(384, 256, 3, padding=1), relu(),
                nn.Conv2d(256, 256, 3, padding=1), relu(), pool()],
               [nn.Dropout(), nn.Linear(9216, 4096), relu(), nn.Dropout(), nn.Linear(4096, 4096), relu(),
                nn.Linear(4096, classes)])


VGG = (8, 'M', 8, 'M', 16, 16, 'M', 16, 16, 'M', 16, 16, 'M')


def vgg(classes):
    features, channels = [], 3
    for width in VGG:
        if width == 'M':
            features.append(nn.MaxPool2d(2, 2))
            continue
        features += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
        channels = width
    return Net(features, [nn.Linear(channels * 4, 32), nn.ReLU(), nn.Dropout(), nn.Linear(32, classes)])


def vgg_yaml():
    lines = ['name: narrow', 'classes: 4', 'input: [64, 64, 3]', 'layers:']
    for width in VGG:
        lines += ['  - max_pooling2d'] if width == 'M' else [
            f'  - conv2d: {{filters: {width}, kernel_size: 3, padding: 1}}', '  - batch_normalization: {epsilon: 1e-5}',
            '  - activation: {activation: relu}']
    return '\n'.join(lines + ['  - flatten', '  - dense: {units: 32, activation: relu}', '  - dropout: {rate: 0.5}',
                              '  - dense: {units: classes, activation: softmax}', ''])


def write_safetensors(path, tensors):
    """tensors: pairs of a name and an array; f32 and int64."""
    header, offset = {}, 0
    for name, a in tensors:
        header[name] = {'dtype': 'I64' if a.dtype == np.int64 else 'F32', 'shape': list(a.shape),
                        'data_offsets': [offset, offset + a.nbytes]}
        offset += a.nbytes
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text)
        for _, a in tensors:
            f.write(a.tobytes())


def draw_images(folder, side):
    rng = np.random.default_rng(1)
    for c in range(CLASSES):
        os.makedirs(f'{folder}/{c}')
        for i in range(2):
            Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8)).save(f'{folder}/{c}/{i}.png')


def start_from(program, folder, model, weights, out):
    """The probabilities of an image after a run that changes nothing, and what the run said."""
    run = os.path.join(folder, out)
    said = subprocess.run(
        [program, 'train', '--data.train', f'{folder}/data', '--data.validation', f'{folder}/data', '--model', model,
         '--weights', weights, '--freeze', 'batch_*' if 'narrow' in model else 'conv2d_1', '--learning-rate', '0',
         '--epochs', '1', '--batch-size', '8', '--precision', 'f32', '--mean', ','.join(map(str, MEAN)), '--std',
         ','.join(map(str, STD)), '--out', run], check=True, capture_output=True, text=True)
    answer = subprocess.run([program, 'predict', run, f'{folder}/data/1/0.png', '--top', str(CLASSES), '--csv'],
                            check=True, capture_output=True, text=True).stdout
    found = dict(line.split(',')[2:4] for line in answer.splitlines()[1:])
    return np.array([float(found[str(c)]) for c in range(CLASSES)]), said.stdout + said.stderr


def check(program, name, make, model, side, sharpen):
    torch.manual_seed(1)
    net = make(CLASSES).eval()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.weight.data, module.running_var):
                values.uniform_(0.5, 1.5)
            module.running_mean.normal_()
    net.classifier[-1].weight.data *= sharpen  # answers that differ from each other
    state = [(key, value.numpy()) for key, value in net.state_dict().items()]
    good = True
    with tempfile.TemporaryDirectory() as folder:
        draw_images(f'{folder}/data', side)
        if not model:
            model = f'{folder}/narrow.yaml'
            with open(model, 'w') as f:
                f.write(vgg_yaml())
        pixels = np.asarray(Image.open(f'{folder}/data/1/0.png'), np.float32) / 255
        x = torch.tensor(((pixels - MEAN) / STD).astype(np.float32).transpose(2, 0, 1)[None])
        with torch.no_grad():
            reference = torch.softmax(net(x), 1)[0].numpy()
        files = {'state_dict': state, 'sorted': sorted(state)}
        for order, tensors in files.items():
            write_safetensors(f'{folder}/{order}.safetensors', tensors)
            mine, _ = start_from(program, folder, model, f'{folder}/{order}.safetensors', order)
            off = float(np.abs(mine - reference).max())
            good &= off <= TOLERANCE
            print(f'{name}, {order}: {np.array2string(mine, precision=6)}, {off:.1e} off PyTorch')
        other = [(key, value.numpy()) for key, value in make(7).state_dict().items()]
        write_safetensors(f'{folder}/other.safetensors', other)
        _, said = start_from(program, folder, model, f'{folder}/other.safetensors', 'other')
        good &= 'it starts afresh' in said
    return good


def main():
    program = os.path.abspath(sys.argv[1])
    good = check(program, "VGG's way, narrow", vgg, None, 64, 3)
    good &= check(program, 'AlexNet', alexnet, 'alexnet-torchvision', 224, 100)
    sys.exit(0 if good else 'weights from PyTorch give other answers')


if __name__ == '__main__':
    main()
