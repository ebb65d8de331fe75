# Numbers that go wrong, and sets that are too small or too much alike: each has its exit code and its words, as
# docs/training.md says.

numbers() { run "$1" train --model tiny.yaml --epochs 1 --batch-size 4 --threads 1 --out "runs/numbers-$((++number))" "${@:2}"; }
number=0

# A loss that is no number ends the run with 4; nothing that is no number is saved.
numbers 4 --data.train photos --learning-rate 1e38
err_has "the loss is not a finite number at step 2 of epoch 1"
err_has "nothing was saved yet; try learning_rate"
if [ ! -e runs/numbers-1/last.safetensors ]; then pass; else fail "a diverged first epoch was saved"; fi
# The checkpoint of the last good epoch stays, and predicts.
run 0 train --model tiny.yaml --data.train photos --epochs 1 --batch-size 4 --threads 1 --out runs/diverges
cp runs/diverges/last.safetensors good.safetensors
run 4 train --model tiny.yaml --data.train photos --epochs 2 --batch-size 4 --threads 1 --learning-rate 1e30 \
    --weights runs/diverges/last.safetensors --out runs/diverges-too
run 0 predict runs/diverges test/横/0000.png
if cmp -s good.safetensors runs/diverges/last.safetensors; then pass; else fail "a diverged run touched another"; fi
# Images that are no numbers once they are scaled: ReLU may hide that from the loss, weights show it.
numbers 4 --data.train photos --rescale 1e38
err_has "values of the images are not finite once they are scaled"
err_has "look at data.rescale, data.mean and data.std"
numbers 4 --data.train photos --std 1e-300
numbers 2 --data.train photos --learning-rate nan
err_has 'learning_rate takes a number, not "nan"'
numbers 2 --data.train photos --learning-rate inf
numbers 2 --data.train photos --mean nan
numbers 2 --data.train photos --std 0
err_has "std"

# All images the same: there is nothing to learn, which is said; the loss stays finite.
mkdir -p same/a same/b black/a black/b
for i in 1 2 3 4 5 6; do cp photos/横/0000.png same/a/$i.png && cp photos/横/0000.png same/b/$i.png; done
numbers 0 --data.train same
run 3 check-data same
out_has "images that stand under two or more labels"
# Of one value: std: train would divide by 0.
{
    printf '\0\0\10\3\0\0\0\10\0\0\0\30\0\0\0\30'
    head -c $((8 * 576)) /dev/zero
} >black-images-idx3-ubyte
printf '\0\0\10\1\0\0\0\10\0\1\0\1\0\1\0\1' >black-labels-idx1-ubyte
numbers 0 --data.train black-images-idx3-ubyte
err_has "every value of the images of a batch is 0"
numbers 3 --data.train black-images-idx3-ubyte --std train
err_has "all training images have one and the same value in channel 1"
numbers 0 --data.train black-images-idx3-ubyte --mean train
run 3 check-data black

# A class that vanishes because none of its images can be read, whatever skip_bad is, in training and in validation.
mkdir -p vanished/a vanished/b
cp photos/横/000*.png vanished/a
echo "no image" >vanished/b/1.png
echo "no image" >vanished/b/2.png
numbers 3 --data.train vanished --skip-bad 100%
err_has "class b: none of its images can be read"
numbers 3 --data.train vanished --skip-bad 100% --validation-split 0
numbers 3 --data.train vanished
err_has "more than the 1 % of skip_bad"
cp -r vanished vanished-too
cp photos/竖/0000.png vanished-too/b/0.png # its one good image must not be drawn for validation alone
numbers 0 --data.train vanished-too --skip-bad 100% --validation-split 0
err_has "2 images could not be read and are left out"
mkdir -p good/a good/b
cp photos/横/000*.png good/a
cp photos/竖/000*.png good/b
numbers 3 --data.train good --data.validation vanished --skip-bad 100%
err_has "class b: none of its images can be read"

# One image in all, one of each class, one class.
mkdir -p single/a each/a each/b
cp photos/横/0000.png single/a
numbers 3 --data.train single
err_has "one class alone (a)"
mkdir single/b
numbers 3 --data.train single
err_has "single/b: a class without images"
cp photos/横/0000.png each/a
cp photos/竖/0000.png each/b
numbers 0 --data.train each
err_has "No validation images: the training loss decides which epoch is best"
err_has "batch_size 4 is more than there are training images: 2 are used"
numbers 0 --data.train each --std train --mean train --class-weight balanced
printf 'path,label\nphotos/横/0000.png,0\nphotos/横/0001.png,0\n' >one-class.csv
numbers 3 --data.train one-class.csv
err_has "one-class.csv: one class alone (0)"
printf '\0\0\10\1\0\0\0\10\0\0\0\0\0\0\0\0' >black-labels-idx1-ubyte
numbers 3 --data.train black-images-idx3-ubyte
err_has "black-labels-idx1-ubyte: one class alone (0)"
numbers 3 --data.train black-images-idx3-ubyte --data.classes a,b
err_has "no image of the class b to train on"

# A batch larger than the set is the set; one beyond all reason is refused.
numbers 0 --data.train each --batch-size 1000000
err_has "2 are used"
numbers 2 --data.train each --batch-size 1000000000
err_has "batch_size 1000000000 is out of range"

# Labels beyond the classes, in a table, a list and an IDX file.
printf 'path,label\nphotos/横/0000.png,0\nphotos/竖/0000.png,1\nphotos/竖/0001.png,7\n' >labels.csv
numbers 3 --data.train labels.csv --data.classes 0,1
err_has "labels.csv:4: the class 7 is not in data.classes"
printf 'photos/横/0000.png 0\nphotos/竖/0000.png 1\nphotos/竖/0001.png 7\n' >labels.txt
numbers 3 --data.train labels.txt --data.classes 0,1
err_has "labels.txt:3: the class 7 is not in data.classes"
printf '\0\0\10\1\0\0\0\10\0\1\0\1\0\1\0\377' >black-labels-idx1-ubyte
numbers 3 --data.train black-images-idx3-ubyte --data.classes a,b
err_has "label 255 of image 7 is none of the 2 of data.classes"
numbers 3 --data.train black-images-idx3-ubyte
err_has "no image of the class 2 to train on; add some, or number the labels from 0 without gaps"

# No image to validate on: asked for, or a folder that has none.
numbers 0 --data.train photos --validation-split 0
err_has "No validation images: the training loss decides which epoch is best"
mkdir -p hollow/a hollow/b bare
numbers 3 --data.train good --data.validation hollow
err_has "hollow/a: a class without images"
numbers 3 --data.train good --data.validation bare
err_has "bare: no sub-folders"

# Sizes that a network claims: refused where they are read, or before their memory is taken.
claims() { # claims CODE WORDS CLASSES INPUT FILTERS
    printf 'name: x\nclasses: %s\ninput: %s\nlayers:\n  - conv2d: {filters: %s, kernel_size: 3}\n' "$3" "$4" "$5" >big.yaml
    printf '  - flatten:\n  - dense: {units: classes, activation: softmax}\n' >>big.yaml
    numbers "$1" --data.train good --model big.yaml
    err_has "$2"
}
claims 3 "big.yaml:2:10: network: classes 1000000000 is out of range; use 0 to 1000000" 1000000000 "[8, 8, 3]" 4
claims 3 "big.yaml:3:" 2 1e9 4
claims 3 "big.yaml:3:8: network: input 1000000000 is out of range; use 1 to 16384" 2 "[1000000000, 1000000000, 3]" 4
claims 3 "filters 1000000000 is out of range; use 1 to 1000000" 2 "[8, 8, 3]" 1000000000
claims 3 "filters 9223372036854775807 is out of range" 2 "[8, 8, 3]" 9223372036854775807
claims 3 "filters" 2 "[8, 8, 3]" 99999999999999999999
claims 1 "more memory" 2 "[32, 32, 3]" 1000000
run 0 summary big.yaml

# A run's folder may be a stranger's: what is no file there is not waited for.
cp -r runs/diverges runs/fifos
rm runs/fifos/metrics.csv
mkfifo runs/fifos/metrics.csv
last="alexnet plot runs/fifos"
timeout 60 "$program" plot runs/fifos -o fifo.png >"$work/out" 2>"$work/err" </dev/null
if [ $? -ne 124 ]; then pass; else fail "a FIFO in a run's folder makes the program wait"; fi
for file in best.safetensors recipe.yaml model.yaml summary.json split.csv; do
    rm -f runs/fifos/$file
    mkfifo runs/fifos/$file
done
for arguments in "predict runs/fifos test" "evaluate runs/fifos --data test" "compare runs/fifos runs/diverges --data test" \
    "report runs/fifos" "train --resume runs/fifos" "summary runs/fifos" "train runs/fifos/recipe.yaml"; do
    last="alexnet $arguments"
    # shellcheck disable=SC2086
    timeout 60 "$program" $arguments >"$work/out" 2>"$work/err" </dev/null
    code=$?
    case $code in [0-4]) pass ;; *) fail "FIFOs in a run's folder: exit code $code" ;; esac
done
rm -rf runs/fifos # or who reads all runs would wait
