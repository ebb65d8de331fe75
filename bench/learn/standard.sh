#!/bin/bash
# Fashion-MNIST and CIFAR-10 as recipes/fashion-mnist.yaml and recipes/cifar-10.yaml train them: looks on the way, then
# the test.  docs/benchmarks.md tells the results, and `./run bench learn` has the same recipes in PyTorch.
#
# usage: [OUT=runs/standard] bench/learn/standard.sh
. "$(dirname "$0")/steps.sh"
cifar=$root/recipes/cifar-10.yaml
