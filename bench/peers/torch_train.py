"""Training steps of one of our networks in PyTorch: forward, backward and Adam on random images.

usage: torch_train.py NETWORK.yaml BATCH f32|bf16 [channels_last] [fused]
"""
import sys
import time

import torch
import torch.nn.functional as F
import yaml

from torch_network import Network
from turns import serve, threads


def main():
    path, batch, precision = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(threads())  # Debian's build starts with one
    torch.manual_seed(0)
    with open(path, encoding='utf-8') as file:
        network = yaml.safe_load(file)
    model = Network(network)
    x, y = torch.rand(batch, *model.input), torch.arange(batch) % network['classes']
    if 'channels_last' in sys.argv:
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), 1e-4, **({'fused': True} if 'fused' in sys.argv else {}))

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast('cpu', torch.bfloat16, enabled=precision == 'bf16'):
            out = model(x)
        F.cross_entropy(out.float(), y).backward()
        middle = time.perf_counter()
        optimizer.step()
        return middle

    serve(step, threads=torch.get_num_threads(), parameters=model.size())


main()
