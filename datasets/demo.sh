#!/usr/bin/env bash
# The main job, from fonts to a tested classifier: called by ./run demo.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
alexnet=$build/alexnet
run=runs/demo
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n== %s\n' "$*"; }
shopt -s nullglob

say "1. Two writing styles, drawn from Debian's fonts: data/demo"
"$build/glyphs" data/demo --overwrite

say "2. What the images look like, and the network"
"$alexnet" show recipes/demo.yaml -o data/demo/samples.png
"$alexnet" summary alexnet --classes 2

say "3. Training AlexNet (recipes/demo.yaml), validated on other characters of the same fonts after each epoch"
"$alexnet" train recipes/demo.yaml --out "$run" --overwrite

say "4. The test that counts: fonts that were never seen in training"
"$alexnet" evaluate "$run" --data data/demo/test

say "Some of them, one by one"
some=()
for class in data/demo/test/*/; do
    files=("$class"*.png)
    some+=("${files[@]:0:3}")
done
"$alexnet" predict "$run" "${some[@]}"

say "Look at"
cat <<END
  data/demo/samples.png       what the network was shown
  $run/metrics.csv       loss and accuracy by epoch
  $run/recipe.yaml       the recipe, complete: change it and run \`$alexnet train $run/recipe.yaml\`
  $run/best.safetensors  the trained model: \`$alexnet predict $run IMAGE\`, or alx_model_open in C
END
