"""Reads all JPEGs of a folder, resizes, cuts the centre and makes normalised floats of them, with one process a core,
which keeps nothing: what a PyTorch DataLoader's workers do, without the cost of handing batches over.

usage: loader.py pillow|opencv|torchvision FOLDER RESIZE SIDE
"""
import glob
import multiprocessing
import os
import sys

import numpy as np

from turns import serve, threads

KIND, FOLDER = sys.argv[1:3]
RESIZE, SIDE = map(int, sys.argv[3:5])
FIRST = (RESIZE - SIDE) // 2


def floats(pixels):
    """(H, W, 3) bytes to (3, SIDE, SIDE) floats."""
    cut = pixels[FIRST:FIRST + SIDE, FIRST:FIRST + SIDE]
    return np.ascontiguousarray(cut.transpose(2, 0, 1), np.float32) * np.float32(1 / 255)


def pillow():
    from PIL import Image
    return lambda path: floats(np.asarray(
        Image.open(path).convert('RGB').resize((RESIZE, RESIZE), Image.BILINEAR))), Image.__version__


def opencv():
    import cv2
    cv2.setNumThreads(1)
    return lambda path: floats(cv2.cvtColor(cv2.resize(
        cv2.imread(path, cv2.IMREAD_COLOR), (RESIZE, RESIZE), interpolation=cv2.INTER_LINEAR),
        cv2.COLOR_BGR2RGB)), cv2.__version__


def torchvision():
    import torch
    import torchvision as tv
    torch.set_num_threads(1)
    functional = tv.transforms.functional

    def load(path):
        pixels = tv.io.read_image(path, tv.io.ImageReadMode.RGB)
        pixels = functional.resize(pixels, [RESIZE, RESIZE], antialias=True)
        return functional.center_crop(pixels, [SIDE, SIDE]).float().mul_(1 / 255)
    return load, tv.__version__


def work(path):
    return float(LOAD(path)[0, 0, 0])


LOAD, VERSION = {'pillow': pillow, 'opencv': opencv, 'torchvision': torchvision}[KIND]()


def main():
    paths = sorted(glob.glob(os.path.join(FOLDER, '*', '*.jpg')))
    work(paths[0])
    with multiprocessing.get_context('fork').Pool(threads()) as pool:
        serve(lambda: pool.map(work, paths, 8), threads=threads(), version=VERSION)


main()
