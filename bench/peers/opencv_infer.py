"""Forward passes in OpenCV's dnn module.

usage: opencv_infer.py MODEL.onnx IMAGES CHANNELS HEIGHT WIDTH
"""
import sys

import cv2
import numpy as np

from turns import serve, threads


def main():
    model, images, *shape = sys.argv[1:6]
    cv2.setNumThreads(threads())
    x = np.fromfile(images, np.float32).reshape(-1, *map(int, shape))
    net = cv2.dnn.readNetFromONNX(model)

    def step():
        net.setInput(x)
        return net.forward()

    serve(step, threads=cv2.getNumThreads(), first=float(step()[0, 0]))


main()
