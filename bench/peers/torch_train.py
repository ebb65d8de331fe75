"""The other side of `./run bench train`: the course's AlexNet in PyTorch, one step a line.

usage: torch_train.py BATCH f32|f32-cl|bf16-cl      (cl: channels_last)
"""
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def network():
    return nn.Sequential(
        nn.Conv2d(3, 96, 11, 4), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(inplace=True),
        nn.Conv2d(384, 384, 3, padding=1), nn.ReLU(inplace=True),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
        nn.Flatten(), nn.Linear(9216, 4096), nn.ReLU(inplace=True), nn.Dropout(0.5),
        nn.Linear(4096, 4096), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(4096, 2))


def main():
    batch, mode = int(sys.argv[1]), sys.argv[2]
    torch.set_num_threads(2)  # Debian's build starts with one
    torch.manual_seed(0)
    model = network()
    x, y = torch.rand(batch, 3, 227, 227), torch.arange(batch) % 2
    if mode.endswith('-cl'):
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), 1e-4)
    print('ready', flush=True)
    for line in sys.stdin:
        if line.startswith('q'):
            break
        begin = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        if mode.startswith('bf16'):
            with torch.cpu.amp.autocast(dtype=torch.bfloat16):
                out = model(x)
            loss = F.cross_entropy(out.float(), y)
        else:
            loss = F.cross_entropy(model(x), y)
        loss.backward()
        middle = time.perf_counter()
        optimizer.step()
        end = time.perf_counter()
        print('%.3f %.3f' % ((end - begin) * 1e3, (end - middle) * 1e3), flush=True)
    print('peak %.0f MiB' % (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), flush=True)


main()
