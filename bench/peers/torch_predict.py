"""What Python with PyTorch does to say what one image shows, from start to end: the peer of `alexnet predict`.

usage: torch_predict.py MODEL.pt IMAGE HEIGHT WIDTH
"""
import sys

import numpy as np
import torch
from PIL import Image

from turns import threads


def main():
    model, image, height, width = sys.argv[1:5]
    torch.set_num_threads(threads())
    model = torch.jit.load(model)
    pixels = np.asarray(Image.open(image).convert('RGB').resize((int(width), int(height)), Image.BILINEAR))
    with torch.no_grad():
        x = torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32) / 255)
        print(*('%.6f' % p for p in model(x[None])[0]))


main()
