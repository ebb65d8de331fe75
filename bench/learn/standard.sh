#!/bin/bash
# Fashion-MNIST and CIFAR-10 as recipes/fashion-mnist.yaml and recipes/cifar-10.yaml train them: looks on the way, five
# epochs each, then the test.  docs/standard-sets.md tells the results; `./run bench learn cifar-10 fashion-mnist`
# trains the same recipes in PyTorch.  Needs data/cifar10 and Debian's dataset-fashion-mnist.
#
# usage: [OUT=runs/standard] bench/learn/standard.sh
. "$(dirname "$0")/steps.sh"
cifar=$root/recipes/cifar-10.yaml fashion=$root/recipes/fashion-mnist.yaml

few=(--epochs 5 --augment '[flip, translate: 0.125]')
step cifar-0.05 "$cifar" "${few[@]}" --learning-rate 0.05
step cifar-0.2 "$cifar" "${few[@]}"
step cifar-adamw "$cifar" "${few[@]}" --optimizer adamw --learning-rate 0.003 --weight-decay 0.05
step cifar-square "$cifar" --epochs 16 --augment '[flip, translate: 0.125, erase: {scale: [0.06, 0.06], ratio: [1, 1], probability: 1}]'

finalist cifar-10 0,1,2 "$cifar"
finalist fashion-mnist 0,1,2 "$fashion"
