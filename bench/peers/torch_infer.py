"""Forward passes in PyTorch, without gradients, traced and frozen.

usage: torch_infer.py NETWORK.yaml MODEL.safetensors IMAGES f32|bf16 [channels_last]
IMAGES holds raw floats, (N, C, H, W).
"""
import sys
import warnings

import numpy as np
import torch
import yaml

from torch_network import Network
from turns import serve, threads


def main():
    path, weights, images, precision = sys.argv[1:5]
    torch.set_num_threads(threads())
    with open(path, encoding='utf-8') as file:
        model = Network(yaml.safe_load(file)).weights(weights).eval()
    x = torch.from_numpy(np.fromfile(images, np.float32).reshape(-1, *model.input))
    if 'channels_last' in sys.argv:
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    if precision == 'bf16':  # weights too: quicker than autocast, which converts them in every pass
        model, x = model.bfloat16(), x.bfloat16()
    warnings.filterwarnings('ignore')
    with torch.no_grad():
        # PyTorch 2.6 does not come back from the second run of a frozen f32 network in channels_last.
        if precision == 'bf16' or 'channels_last' not in sys.argv:
            model = torch.jit.freeze(torch.jit.trace(model, x, check_trace=False))
        for _ in range(3):  # the tracing executor settles in its first runs
            out = model(x)
        serve(lambda: model(x), threads=torch.get_num_threads(), first=torch.softmax(out.float(), 1)[0, 0].item())


main()
