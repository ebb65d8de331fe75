#!/usr/bin/env python3
"""One training step of the course's AlexNet (227x227, batch 4, fixed dropout masks) against PyTorch, every entry of
every gradient.

    python3 tests/parity/full_step.py build/full_step

The argument is the program made of tests/parity/full_step.c.  Demands: f32 with exact convolutions: the loss within
1e-5, every gradient within 1e-4 (relative, L2) of PyTorch's f32; above that, up to 1e-2, only where PyTorch's float64
run has a ReLU or a maximum so close that rounding may turn it, which is then shown.  bf16: the cosine of the whole
gradient at least 0.99, and that of each tensor at most 0.005 below what PyTorch's own bf16 (autocast) reaches: 8 bits
turn so many ReLUs of a network with random weights that the first layers stay near 0.97 in either.
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'fixtures'))

import numpy as np
import torch

from make_full_step import full_case
from reference import NEAR, Network, distance

LOSS, GRADIENT, FLIPPED, COSINE, BELOW_TORCH = 1e-5, 1e-4, 1e-2, 0.99, 0.005


def ours(program, case_file, way, names):
    """Losses and gradients of our step, or None where the processor cannot compute in that precision."""
    with tempfile.TemporaryDirectory() as folder:
        code = subprocess.run([program, case_file, folder, way]).returncode
        if code:
            if way == 'bf16':
                return None
            sys.exit(f'{program} {way} ended with {code}')
        read = lambda name: np.fromfile(os.path.join(folder, name), np.float32)
        return {'loss': float(read('losses').astype(np.float64).mean()), 'gradients': {n: read(n) for n in names}}


def cosine(a, b):
    a, b = a.reshape(-1).astype(np.float64), b.reshape(-1).astype(np.float64)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def compare_loss(way, mine, reference, allowed):
    off = abs(mine['loss'] - reference['loss']) / reference['loss']
    print(f'\n{way}: loss {mine["loss"]:.8f}, PyTorch {reference["loss"]:.8f}, {off:.1e} off')
    return off <= allowed


def worst_place(a, b):
    """Where most of a difference lies: the filter, and its share."""
    squares = ((a.astype(np.float64) - b)**2).reshape(b.shape[0], -1).sum(1)
    return f'filter {squares.argmax()} has {100 * squares.max() / max(squares.sum(), 1e-300):.0f} % of it'


def compare_f32(mine, f32, f64):
    good = compare_loss('f32 --exact', mine, f32, LOSS)
    near = f64['net'].watched
    place = {layer.name: layer.index for layer in f64['net'].layers}
    # What turns in a layer moves the gradients of that layer and of those before it.
    last_near = max([place[layer] for layer, *_ in near], default=-1)
    print(f'{"gradient":18s} {"|g|":>9s} {"ours-f32":>9s} {"ours-f64":>9s} {"f32-f64":>9s}   (PyTorch, relative L2)')
    for name, b in f64['gradients'].items():
        g, a = mine['gradients'][name].reshape(b.shape), f32['gradients'][name]
        off = distance(g, a)
        row = f'{name:18s} {np.linalg.norm(b):9.4g} {off:9.1e} {distance(g, b):9.1e} {distance(a, b):9.1e}'
        if not off <= GRADIENT:
            row += '   turned: ' + worst_place(g, a)
            good &= off <= FLIPPED and place[name.split('.')[0]] <= last_near
        print(row)
    print(f'ReLUs and maxima decided by less than {NEAR:g} of the values around them: {len(near)}')
    for layer, what, where, margin in near[:20]:
        print(f'  {layer}: {what} at {where} by {margin:.1e}')
    return good


def torch_bf16(case):
    net = Network(case.text, case.seed, torch.float32)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        logits = net.logits(net.images(case.batch), True, case.key)
    net.losses(logits.float(), case.labels(net.classes), case.smoothing, case.class_weights).mean().backward()
    return {name: p.grad.numpy() for name, p in net.params.items()}


def whole_cosine(a, b):
    join = lambda gradients: np.concatenate([gradients[n].reshape(-1) for n in b])
    return cosine(join(a), join(b))


def compare_bf16(case, mine, f64):
    if not mine:
        print('\nbf16: this processor cannot')
        return True
    compare_loss('bf16', mine, f64, 1.0)
    theirs, reference = torch_bf16(case), f64['gradients']
    print(f'{"cosine with float64":30s} {"ours":>9s} {"PyTorch bf16":>13s}')
    good = True
    for name, b in reference.items():
        a, t = cosine(mine['gradients'][name], b), cosine(theirs[name], b)
        good &= a >= min(t, COSINE) - BELOW_TORCH
        print(f'{name:30s} {a:9.5f} {t:13.5f}')
    whole = whole_cosine(mine['gradients'], reference)
    print(f'{"the whole gradient":30s} {whole:9.5f} {whole_cosine(theirs, reference):13.5f}')
    return good and whole >= COSINE


def compare_fast(mine, f64):
    compare_loss('f32', mine, f64, 1.0)
    for name, b in f64['gradients'].items():
        print(f'{name:18s} {distance(mine["gradients"][name], b.reshape(-1)):9.1e} from float64')


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = os.path.abspath(sys.argv[1])
    torch.set_num_threads(os.cpu_count() or 1)
    case = full_case()
    print(f'PyTorch {torch.__version__}, batch {case.batch}, seed {case.seed}')
    f64 = case.run(torch.float64, watch=True)
    f32 = case.run(torch.float32)
    with tempfile.NamedTemporaryFile('w', suffix='.txt', encoding='utf-8') as file:
        file.write('\n'.join([*case.head(f64), 'end', '']))
        file.flush()
        names = list(f64['gradients'])
        good = compare_f32(ours(program, file.name, 'f32-exact', names), f32, f64)
        compare_fast(ours(program, file.name, 'f32', names), f64)
        good &= compare_bf16(case, ours(program, file.name, 'bf16', names), f64)
    print('\nparity holds' if good else '\nPARITY FAILS')
    sys.exit(not good)


if __name__ == '__main__':
    main()
