#!/bin/bash
# From the course's network to our own, for telling men from women in photographs: what each step gains, what did not
# help, and then the test.  docs/gender.md tells the results.  Photographs: data/gender, as recipes/gender-own.yaml says.
#
# usage: [OUT=runs/gender] bench/learn/gender.sh
. "$(dirname "$0")/steps.sh"

# Some keys more (a later value of a key replaces an earlier one), then a look.
keys=()
also() # NAME [--key value]...
{
    keys+=("${@:2}")
    step "$1" "$root/recipes/gender-course.yaml" "${keys[@]}"
}
# The same keys with some changed for this look alone.
but() # NAME [--key value]...
{
    step "$1" "$root/recipes/gender-course.yaml" "${keys[@]}" "${@:2}"
}

jitter='color_jitter: {brightness: 0.3, contrast: 0.3, saturation: 0.3, hue: 0.03}'
geometry='random_crop, flip, rotate: 10, scale: [0.9, 1.15]'

# ---- Step by step, 25 epochs each ----
also course --data.split.validation 0.2
also longer --epochs 25
also waves --optimizer adamw --learning-rate 0.003 --weight-decay 0.05 --batch-size 64 --schedule one_cycle \
    --monitor val_accuracy
also centred --data.mean train --data.std train
also deep --model starter --precision auto
also flip --augment '[flip]'
also crop --data.image-size '[144, 144]' --augment '[random_crop, flip]'
also turn --augment "[$geometry]"
also colour --augment "[$geometry, $jitter]"
also erase --augment "[$geometry, $jitter, erase: {probability: 0.5}]"
also residual --model gender-own
also smooth --label-smoothing 0.1
also average --ema 0.99

# ---- Other ways, each from there ----
but mixup --augment "[$geometry, $jitter, erase: {probability: 0.5}, mixup: 0.2]"
but grey --augment "[$geometry, $jitter, erase: {probability: 0.5}, grayscale: {probability: 0.2}]"
but sgd --optimizer sgd --learning-rate 0.1 --momentum 0.9 --nesterov --weight-decay 0.0005
but small-batches --batch-size 32
but vgg --model vgg-small --data.image-size '[72, 72]'
but coarse --model residual-small --data.image-size '[72, 72]'

# ---- The test, three seeds ----
finalist course-test 0,1,2 "$root/recipes/gender-course.yaml" --data.split.validation 0.2
finalist alexnet-test 0,1,2 "$root/recipes/gender-alexnet.yaml"
finalist own-test 0,1,2 "$root/recipes/gender-own.yaml"
