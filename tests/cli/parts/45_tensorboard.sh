# train --tensorboard: event files, read back without our code (read_events.py, Python's standard library).

# events ARGUMENTS...: read_events.py is content; out holds what it said.
events() {
    last="read_events.py $*"
    if /usr/bin/env python3 "$here/read_events.py" "$@" >"$work/out" 2>"$work/err"; then pass; else fail "$(tail -1 "$work/err")"; fi
}

# A dense kernel that is large enough for tiles, and two layers with names of their own.
cat >events.yaml <<'YAML'
name: events
classes: 2
input: [24, 24, 3]
layers:
  - conv2d: {filters: 16, kernel_size: 5, strides: 2, padding: same, activation: relu}
  - batch_normalization:
  - max_pooling2d: {pool_size: 2, strides: 2}
  - flatten:
  - dense: {name: wide, units: 128, activation: relu}
  - dense: {units: classes, activation: softmax}
YAML
small="--batch-size 8 --learning-rate 1e-3 --threads 2 --no-autotune"

run 0 train --model events.yaml --data.train photos --epochs 3 $small --out runs/board --tensorboard board/first
events board/first runs/board/metrics.csv runs/board/last.safetensors
out_has "18 scalars are those of metrics.csv"
out_has "10 histograms are those of the weights"
for part in train validation; do
    if [ "$(ls board/first/$part | wc -l)" = 1 ]; then pass; else fail "not one file in $part"; fi
    if ls board/first/$part/events.out.tfevents.*.alexnet >/dev/null; then pass; else fail "its name"; fi
done

# A run that goes on adds to it: no epoch twice, none left out.
run 0 train --resume runs/board --epochs 4 --tensorboard board/first
events board/first runs/board/metrics.csv
out_has "24 scalars are those of metrics.csv"
# Also where an epoch was not written down, or none was.
run 0 train --resume runs/board --epochs 5
run 0 train --resume runs/board --epochs 6 --tensorboard board/first
events board/first runs/board/metrics.csv runs/board/last.safetensors
out_has "35 scalars are those of metrics.csv"
run 0 train --resume runs/board --epochs 7 --tensorboard board/late
events board/late runs/board/metrics.csv
out_has "36 scalars are those of metrics.csv"
# The end of a file may be lost with the power.
file=$(ls board/late/train/*)
size=$(stat -c %s "$file")
truncate -s $((size / 2)) "$file"
run 0 train --resume runs/board --epochs 8 --tensorboard board/late
file=$(ls board/late/train/* | tail -1)
mkdir -p board/cut/train board/cut/validation
cp "$file" board/cut/train
cp board/late/validation/* board/cut/validation
events board/cut
out_like "^train.* 8 epoch_loss "

# Another run does not lie over it, unless it takes its place.
refused 2 "board/first: has the events of a run; pass --overwrite" train --model events.yaml --data.train photos \
    --epochs 1 $small --out runs/on-board --tensorboard board/first
if [ -e runs/on-board ]; then fail "a run was begun"; else pass; fi
touch board/first/train/events.out.tfevents.1.somebody
run 0 train --model events.yaml --data.train photos --epochs 1 $small --out runs/on-board --overwrite \
    --tensorboard board/first
if [ -e board/first/train/events.out.tfevents.1.somebody ]; then pass; else fail "a file of others was removed"; fi
rm board/first/train/events.out.tfevents.1.somebody
events board/first runs/on-board/metrics.csv

refused 2 "board/late/train: has events of epoch 8, and the run has 1 complete" train --resume runs/on-board --epochs 2 \
    --tensorboard board/late

# Without validation images there is nothing in validation/.
run 0 train --model events.yaml --data.train photos --data.split.validation 0 --epochs 1 $small --out runs/alone \
    --tensorboard board/alone
events board/alone runs/alone/metrics.csv
out_has "4 scalars"
if [ -z "$(ls board/alone/validation)" ]; then pass; else fail "events of a validation that was not"; fi

# What cannot be written.
touch board/file
refused 1 "board/file/train: cannot be written: Not a directory" train photos --out runs/no --tensorboard board/file
refused 1 "/proc/none/train: cannot be written" train photos --out runs/no --tensorboard /proc/none
mkdir -p board/odd
touch board/odd/validation
refused 1 "board/odd/validation: not a folder" train photos --out runs/no --tensorboard board/odd
refused 2 "--tensorboard shows a single run" train photos --folds 2 --tensorboard board/folds
if [ -e runs/no ]; then fail "a run was begun"; else pass; fi
