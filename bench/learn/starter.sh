#!/bin/bash
# What `alexnet train FOLDER` reaches, with no more said, on four sets: faces, the demo's glyphs, Fashion-MNIST, CIFAR-10.
# docs/standard-sets.md tells the results.  Needs data/gender, data/demo (./run demo), data/cifar10, and Debian's
# dataset-fashion-mnist.
#
# usage: [OUT=runs/starter] bench/learn/starter.sh
. "$(dirname "$0")/steps.sh"

finalist faces 0 "$root/recipes/starter.yaml" --data.csv "$root/data/gender/FaceScore.csv" \
    --data.root "$root/data/gender/images" --data.path Filename --data.classes '[male, female]' \
    --data.label.column Filename --data.label.match '^([fm])' --data.label.names '{f: female, m: male}' \
    --data.split.test 0.3 --data.split.random-state 1 --data.split.validation 0.2
finalist demo 0 "$root/recipes/starter.yaml" --data.train "$root/data/demo/train" \
    --data.validation "$root/data/demo/validation" --data.test "$root/data/demo/test"
finalist fashion-mnist 0 "$root/recipes/starter.yaml" \
    --data.train /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz \
    --data.test /usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz --data.split.validation 0.1
finalist cifar-10 0 "$root/recipes/starter.yaml" --data.train "$root/data/cifar10/train" \
    --data.test "$root/data/cifar10/test" --data.split.validation 0.1
