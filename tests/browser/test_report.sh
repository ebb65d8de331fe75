#!/usr/bin/env bash
# test_report.sh BUILD: reports of two small runs, opened in headless Chromium; called by ./run test-report.
#
# Two classes of glyphs, whose names are long, Chinese and full of signs that HTML reads; ten classes of Fashion-MNIST,
# whose validation part has 1,500 images.  Leaves pages and screenshots in BUILD/report, to be looked at.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "$1")
alexnet=$build/alexnet
work=$build/report
rm -rf "$work"
mkdir -p "$work"
cd "$work"

cat >small.yaml <<'YAML'
name: small
input: [28, 28, 3]
layers:
  - conv2d: {filters: 16, kernel_size: 5, padding: same, activation: relu}
  - max_pooling2d: {pool_size: 2}
  - conv2d: {filters: 32, kernel_size: 3, padding: same, activation: relu}
  - max_pooling2d: {pool_size: 2}
  - flatten
  - dense: {units: 64, activation: relu}
  - dense: {units: classes, activation: softmax}
YAML
"$build/glyphs" glyphs --train 150 --validation 60 --test-count 1 --size 56 --overwrite >/dev/null
for part in train validation; do
    mv glyphs/$part/kaishu "glyphs/$part/楷体（手写风格，名字特别长的一个类别）"
    mv glyphs/$part/songti "glyphs/$part/a long name with <b>&\"signs\" that fits nowhere"
done
"$alexnet" train --model small.yaml --data.train glyphs/train --data.validation glyphs/validation --epochs 3 \
    --augment '[rotate: 5]' --out two --report
cp two/report.html training.html
"$alexnet" report two -o two.html
"$alexnet" report two -o two-zh.html --lang zh

"$alexnet" train --model small.yaml --data.train /usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz \
    --data.classes '[T-shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot]' \
    --data.split.validation 0.15 --epochs 2 --out ten
before=$(date +%s)
"$alexnet" report ten -o ten.html
echo "ten.html: $(stat -c %s ten.html) bytes, $(($(date +%s) - before)) s with evaluation, 1,500 images"
"$alexnet" report ten -o ten-zh.html --lang zh

# What cannot be shown is said, and the page is as sound as before.
mv glyphs gone
"$alexnet" report two -o moved.html
grep -q 'class="missing"' moved.html
for page in *.html; do
    [ "$(stat -c %s "$page")" -le 5000000 ] || { echo "$page is larger than 5 MB"; exit 1; }
done
exec /usr/bin/env python3 "$OLDPWD/tests/browser/check_report.py" ./*.html --screenshots screenshots
