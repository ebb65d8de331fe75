"""Pictures with the detail of photographs: noise of all scales, summed.

usage: pictures.py FILE SIDE                          one JPEG
       pictures.py FOLDER SIDE COUNT [WIDTH HEIGHT]   COUNT JPEGs in each of two classes
"""
import os
import sys

import numpy as np
from PIL import Image


def picture(random, width, height):
    total = np.zeros((height, width, 3), np.float32)
    for scale in (2, 4, 8, 16, 32, 64):
        small = random.integers(0, 256, (max(2, height // scale), max(2, width // scale), 3), np.uint8)
        total += np.asarray(Image.fromarray(small).resize((width, height), Image.BICUBIC), np.float32) * scale
    return Image.fromarray((total / 126).clip(0, 255).astype(np.uint8))


def main():
    out, side, *more = sys.argv[1:]
    random = np.random.default_rng(0)
    if not more:
        picture(random, int(side), int(side)).save(out, quality=90)
        return
    count, width, height = int(more[0]), *map(int, more[1:3] or (side, side))
    for label in ('a', 'b'):
        os.makedirs(os.path.join(out, label), exist_ok=True)
        for i in range(count):
            picture(random, width, height).save(os.path.join(out, label, '%04d.jpg' % i), quality=90)


main()
