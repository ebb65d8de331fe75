# train, evaluate, predict, show: a network that learns stripes in seconds.

cat >tiny.yaml <<'YAML'
name: tiny
classes: 2
input: [24, 24, 3]
layers:
  - conv2d: {filters: 8, kernel_size: 5, strides: 2, activation: relu}
  - max_pooling2d: {pool_size: 2, strides: 2}
  - flatten:
  - dense: {units: classes, activation: softmax}
YAML
"$helpers/make_images" photos 1 40 32 横 竖 || exit 1
"$helpers/make_images" test 2 25 32 横 竖 || exit 1
"$helpers/make_images" other 3 4 32 横 stripes || exit 1

refused 1 "no-such" train no-such/
mkdir empty
refused 3 "empty" train empty
run 0 train --model tiny.yaml --data.train photos --epochs 4 --batch-size 8 --learning-rate 0.01 --out runs/a --threads 2
out_has "runs/a"
for file in recipe.yaml model.yaml metrics.csv best.safetensors last.safetensors; do
    if [ -s runs/a/$file ]; then pass; else fail "runs/a/$file is missing"; fi
done
if grep -q $'\033' "$work/err"; then fail "escape codes without a terminal"; else pass; fi
refused 2 "runs/a" train --model tiny.yaml --data.train photos --epochs 1 --out runs/a
run 0 train runs/a/recipe.yaml --epochs 1 --out runs/b --skip-bad 50%
err_has "runs/b: 1 epoch of "
run 0 train runs/a/recipe.yaml --epochs 1 --out runs/b --overwrite
run 0 train runs/a/recipe.yaml --train.epochs=1 --exact
out_has "runs/1"
refused 2 "epochs" train photos --epochs 0

# A folder alone begins with the starter's recipe, with a network it does not.
run 0 train photos --epochs 1 --out runs/starter --threads 2
err_has "model auto: starter-32, by the images' longer sides of usually "
for line in "  schedule: one_cycle" "  optimizer: adamw" "augment: [translate, "; do
    if grep -qF -- "$line" runs/starter/recipe.yaml; then pass; else fail "runs/starter/recipe.yaml lacks $line"; fi
done
run 0 train photos --model tiny.yaml --epochs auto --out runs/auto
err_has "epochs auto: 60, by "
for line in "  schedule: constant" "  epochs: 60 "; do
    if grep -qF -- "$line" runs/auto/recipe.yaml; then pass; else fail "runs/auto/recipe.yaml lacks $line"; fi
done
refused 2 "warmup_epochs 61 is more than the run's 60 epochs" \
    train photos --model tiny.yaml --epochs auto --warmup-epochs 61 --out runs/warm
refused 2 "--resume runs/a" train runs/a

# A rate of 0 learns nothing: patience ends the run, which is complete.
run 0 train --model tiny.yaml --data.train photos --epochs 9 --learning-rate 0 --patience 2 --schedule plateau \
    --plateau-patience 1 --ema 0.9 --rate-multipliers '{"*.bias": 2}' --class-weight balanced --out runs/patient
err_has "stopped early after epoch 3 of 9: val_loss has not improved for 2 epochs; best: epoch 1, val_loss 0."
refused 2 "such as --patience 4" train --resume runs/patient
run 0 train --resume runs/patient --patience 3
err_has "stopped early after epoch 4 of 9"
refused 2 "no trained tensor is called like dense.bias; there are conv2d_1.kernel" \
    train --model tiny.yaml --data.train photos --decay-multipliers '{dense.bias: 0}'

run 0 evaluate runs/a --data test
out_like '^accuracy +[01]\.[0-9]{4} \(95 % interval [01]\.[0-9]{4} to [01]\.[0-9]{4}\)$'
out_like '^横 +[0-9.]+ +[0-9.]+ +[0-9.]+ +25$'
out_has "confusion"
run 0 evaluate runs/a --data test --json
json count 50
json skipped 0
json top5 null
json interval 2
json classes.0.name 横
json classes.1.support 25
json confusion.0 2
cp "$work/out" by-32
if "$helpers/json_check" accuracy <"$work/out" | grep -qE '^(1|0\.9)'; then pass; else fail "stripes were not learnt"; fi
run 0 evaluate runs/a/best.safetensors --data test --json --batch-size 7 --threads 1
json count 50
if [ "$("$helpers/json_check" confusion.0.0 <by-32)" = "$("$helpers/json_check" confusion.0.0 <"$work/out")" ]; then
    pass
else
    fail "the batch size changed the result"
fi
refused 3 "stripes" evaluate runs/a --data other
refused 1 "no-run" evaluate no-run --data test
mkdir splits
ln -s ../photos splits/train
ln -s ../test splits/validation
refused 3 "did you mean --data splits/validation?" evaluate runs/a --data splits
run 0 evaluate runs/a --data test --skip-bad 50%
refused 2 "give a number from 0 to 100" evaluate runs/a --data test --skip-bad 150%
refused 3 "tiny.yaml: not a model file; give a run folder or a .safetensors file" evaluate tiny.yaml --data test
refused 3 "this is a network; train it with: alexnet train photos/ --model tiny.yaml" train tiny.yaml
refused 3 "neither best.safetensors nor last.safetensors" evaluate empty --data test
mkdir only-last
cp runs/a/last.safetensors only-last
run 0 evaluate only-last --data test --json

run 0 predict runs/a test/横/0000.png
out_like '^test/横/0000\.png: (横|竖) [0-9.]+ %, (横|竖) [0-9.]+ %$'
run 0 predict runs/a test/ --top 1 --csv
out_like '^path,rank,class,probability$'
if [ "$(wc -l <"$work/out")" -eq 51 ]; then pass; else fail "not 50 rows"; fi
if tail -n +2 "$work/out" | LC_ALL=C sort -c; then pass; else fail "not sorted"; fi
run 0 predict runs/a test photos/竖/0001.png --json --top 2
json '' 51
json 50.path photos/竖/0001.png
json 50.classes 2

# File names of all kinds, and files that cannot be read.
newline=$'two\nlines.png'
invalid=$'\xff\xfe.png'
cp test/横/0000.png "$newline"
cp test/横/0000.png "$invalid"
cp test/横/0000.png 'a "quoted", name.png'
cp test/横/0000.png -- --dash.png
cp test/横/0000.png no-ending
run 0 predict runs/a "$newline" "$invalid"
out_has 'two\nlines.png: '
out_has '\xFF\xFE.png: '
run 0 predict runs/a "$newline" "$invalid" --json
json 0.path "$newline"
json 1.path '\xFF\xFE.png'
run 0 predict runs/a 'a "quoted", name.png' --csv
out_has '"a ""quoted"", name.png",1,'
run 0 predict runs/a --json -- --dash.png no-ending
json 1.path no-ending
head -c 100 test/横/0000.png >cut.png
: >zero.png
run 3 predict runs/a cut.png test/竖/0000.png zero.png missing.png
out_like '^test/竖/0000\.png: '
err_has cut.png
err_has zero.png
err_has missing.png
if [ "$(wc -l <"$work/out")" -eq 1 ]; then pass; else fail "not one line"; fi
run 3 predict runs/a cut.png test/竖/0000.png --json
json 0.path cut.png
json 1.path test/竖/0000.png
mkdir mixed
cp test/横/0000.png mixed/x.JPEG
cp test/横/0000.png mixed/.hidden.png
echo "not an image" >mixed/notes.txt
run 0 predict runs/a mixed --json
json '' 1
mkdir mixed/x
cp test/横/0000.png mixed/x/y.png
run 0 predict runs/a mixed/ --json
json 0.path mixed/x.JPEG
json 1.path mixed/x/y.png
mkdir none
run 3 predict runs/a none
err_has "no images"

# Damaged and foreign weights.
head -c 2000 runs/a/best.safetensors >cut.safetensors
refused 3 cut.safetensors predict cut.safetensors test
cp runs/a/best.safetensors flipped.safetensors
size=$(stat -c %s flipped.safetensors)
printf '\x5a' | dd of=flipped.safetensors bs=1 seek=$((size - 3)) conv=notrunc status=none
refused 3 flipped.safetensors predict flipped.safetensors test
refused 3 mixed/notes.txt predict mixed/notes.txt test

run 0 summary runs/a
out_like '^conv2d_1 \(Conv2D\) +\(None, 10, 10, 8\) +608$'
run 0 summary runs/a/best.safetensors --json
json name tiny

run 0 show photos -o samples.png
err_has "Found 64 images belonging to 2 classes"
if [ "$(cat "$work/out")" = samples.png ]; then pass; else fail "stdout is not the path alone"; fi
refused 2 "x.jpg: pictures are written as .png or .svg" show photos -o x.jpg
refused 1 "nodir/x.png: cannot be made" show photos -o nodir/x.png
if grep -q "tmp-" "$work/err"; then fail "the temporary name leaks"; else pass; fi
# One image of a sample that cannot be read: a warning, and the others.
mkdir -p spoilt/a spoilt/b
cp photos/横/000[0-3].png spoilt/a
cp photos/竖/000[0-3].png spoilt/b
head -c 60 photos/横/0000.png >spoilt/a/0000.png
run 0 show spoilt -o spoilt.png
err_has "alexnet: warning: spoilt/a/0000.png"
if [ -s spoilt.png ]; then pass; else fail "no spoilt.png"; fi
for image in spoilt/*/*.png; do : >"$image"; done
refused 3 "spoilt/" show spoilt -o none.png
if [ -e none.png ]; then fail "a picture of nothing"; else pass; fi
if head -c 4 samples.png | grep -q PNG; then pass; else fail "samples.png is no PNG"; fi
run 0 show runs/a/recipe.yaml --split validation --count 4 --columns 2 --seed 3 --output second.png
if [ -s second.png ]; then pass; else fail "no second.png"; fi
refused 1 no-such show no-such

# ---- Starting from weights, and freezing ----
"$helpers/make_images" three 5 12 32 横 竖 斜 || exit 1
run 0 train runs/a/recipe.yaml --data.train three --classes 0 --epochs 1 --weights runs/a --freeze 'conv2d_*' --out runs/w
err_has "freeze: 1 of 2 layers keep their weights; "
err_has "weights: 2 of 4 tensors from runs/a, by name"
err_has " in the network: it starts afresh"
run 0 summary runs/w
out_like '^Non-trainable params: 608$'
refused 2 "did you mean conv2d_1?" train runs/a/recipe.yaml --freeze conv_1
sed 's/filters: 8/filters: 6/' tiny.yaml >other.yaml
refused 3 "conv2d_1.kernel is (8, 3, 5, 5) in the file and (6, 3, 5, 5) in the network" \
    train --model other.yaml --data.train photos --weights runs/a

# What is measured is remembered, unless told otherwise; runs without a home go on all the same.
"$helpers/make_images" tuned 9 40 32 a b || exit 1
rm -rf cache
run 0 train tuned --epochs 1 --threads 1 --precision f32 --batch-size 32 --out runs/untuned --no-autotune
if [ ! -e cache ]; then pass; else fail "--no-autotune left a file"; fi
run 0 train tuned --epochs 1 --threads 1 --precision f32 --batch-size 32 --out runs/tuned
if grep -q 'measured' "$work/err"; then
    if grep -q '"train f32 ' cache/alexnet/choices.json; then pass; else fail "nothing is remembered"; fi
    run 0 train tuned --epochs 1 --threads 1 --precision f32 --batch-size 32 --out runs/tuned-again
    if ! grep -q 'measured' "$work/err"; then pass; else fail "measured again"; fi
    if cmp -s runs/tuned/last.safetensors runs/tuned-again/last.safetensors; then pass; else fail "other bytes"; fi
fi
last="train without a home"
(unset XDG_CACHE_HOME HOME; "$program" train tuned --epochs 1 --threads 1 --precision f32 --out runs/homeless >"$work/out" 2>"$work/err")
if [ $? -eq 0 ]; then pass; else fail "exit code"; fi
