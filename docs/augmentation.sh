#!/usr/bin/env bash
# augmentation.sh ALEXNET GLYPHS: draws docs/augmentation/*.png anew, the pictures of docs/augmentation.md.
# Needs the fonts that glyphs takes by default (docs/dependencies.md) and Pillow, which colours one character and makes
# the pictures small.
set -euo pipefail
alexnet=$(realpath "$1")
glyphs=$(realpath "$2")
out=$(cd "$(dirname "$0")" && pwd)/augmentation
work=$(mktemp -d "${TMPDIR:-/tmp}/augmentation.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
cd "$work"

"$glyphs" glyphs --size 120 --train 8 --validation 1 --test-count 1 >/dev/null
mkdir -p data/楷 data/宋 colour/印 colour/墨
cp "$(find glyphs/train/kaishu -name '*.png' | sort | sed -n 3p)" data/楷/1.png
cp "$(find glyphs/train/songti -name '*.png' | sort | sed -n 1p)" data/宋/1.png
# Red ink on yellow paper, for what changes colours.
/usr/bin/python3 - <<'END'
from PIL import Image
glyph = Image.open('data/楷/1.png').convert('L')
paper = Image.new('RGB', glyph.size, (238, 215, 150))
paper.paste((190, 40, 35), mask=glyph.point(lambda v: 255 - v))
for place in ('colour/印/1.png', 'colour/墨/1.png'):
    paper.save(place)
END
cat >net.yaml <<'END'
name: picture
input: [96, 96, 3]
classes: 2
layers:
  - flatten:
  - dense: {units: classes, activation: softmax}
END
for data in data colour; do
    for size in 96 120; do
        printf 'model: net.yaml\ndata: {train: %s, image_size: %d}\ntrain: {seed: 1}\n' $data $size >$data-$size.yaml
    done
done

# draw RECIPE NAME LIST CLASS [COUNT]
draw() {
    "$alexnet" show "$1.yaml" --augment "$3" --count "${5:-6}" --columns 6 -o "$out/$2.png" "${1%-*}/$4/1.png" 2>/dev/null
}
draw data-120 random_crop '[random_crop]' 楷
draw data-96 random_resized_crop '[random_resized_crop: {scale: [0.3, 1]}]' 楷
draw data-96 flip '[flip]' 楷
draw data-96 rotate '[rotate: 25]' 楷
draw data-96 translate '[translate: 0.2]' 楷
draw data-96 scale '[scale: [0.6, 1.4]]' 楷
draw data-96 shear '[shear: 25]' 楷
draw data-96 elastic '[elastic: {alpha: 60, sigma: 6}]' 宋
draw data-96 stroke_width '[stroke_width: [-1, 2]]' 宋
draw colour-96 color_jitter '[color_jitter: {brightness: 0.4, contrast: 0.4, saturation: 0.6, hue: 0.2}]' 印
draw colour-96 grayscale '[grayscale: 0.5]' 印
draw colour-96 pca_lighting '[pca_lighting: 0.5]' 印
draw data-96 gaussian_blur '[gaussian_blur: [0.1, 3]]' 宋
draw colour-96 noise '[noise: [0, 0.15]]' 印 4 # noise makes large files
draw colour-96 erase '[erase: {probability: 1}]' 印
draw data-96 mixup '[mixup: 1]' 宋
draw data-96 cutmix '[cutmix]' 宋
draw data-96 together '[rotate: 8, shear: 8, scale: [0.8, 1], elastic: {alpha: 30, sigma: 6}, stroke_width: 0.7]' 宋
/usr/bin/python3 - "$out"/*.png <<'END'
import sys
from PIL import Image
for path in sys.argv[1:]:
    picture = Image.open(path).convert('RGB')
    picture = picture.resize((picture.width * 2 // 5, picture.height * 2 // 5), Image.Resampling.LANCZOS)
    picture.quantize(32, dither=Image.Dither.NONE).save(path, optimize=True)
END
