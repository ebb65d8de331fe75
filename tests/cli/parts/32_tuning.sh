# train --find-lr, --overfit-batch, --sweep, --folds: the network and the stripes of 30_train.sh.

tuned=(--model tiny.yaml --data.train photos --data.validation test --batch-size 8 --threads 1)

run 0 train "${tuned[@]}" --find-lr --out tuning/rate
out_like '^the loss falls fastest at [0-9.e-]+ and is smallest at [0-9.e-]+$'
out_like '^suggested: --learning-rate [0-9]\.[0-9]e-0[1-5]$'
out_has "tuning/rate/find-lr.csv"
rate=$(sed -n 's/^suggested: --learning-rate //p' "$work/out")
for file in recipe.yaml model.yaml find-lr.csv find-lr.png; do
    if [ -s tuning/rate/$file ]; then pass; else fail "tuning/rate/$file is missing"; fi
done
if [ -e tuning/rate/last.safetensors ] || [ -e tuning/rate/best.safetensors ]; then fail "weights are left"; else pass; fi
if head -c 4 tuning/rate/find-lr.png | grep -q PNG; then pass; else fail "find-lr.png is no PNG"; fi
if [ "$(head -1 tuning/rate/find-lr.csv)" = step,learning_rate,loss,smoothed ]; then pass; else fail "another heading"; fi
refused 2 "tuning/rate: holds a run" train "${tuned[@]}" --find-lr --out tuning/rate
run 0 train tuning/rate/recipe.yaml --learning-rate "$rate" --epochs 6 --out tuning/suggested
run 0 evaluate tuning/suggested --data test --json
if "$helpers/json_check" accuracy <"$work/out" | grep -qE '^(1|0\.[89])'; then pass; else fail "the suggested rate is bad"; fi

run 0 train "${tuned[@]}" --learning-rate 0.01 --overfit-batch
out_like '^step   1  loss [0-9.]+  accuracy [0-9.]+$'
out_like '^learned by heart: 8 images in [0-9]+ steps, loss 0\.00[0-9]+, accuracy 1\.0000$'
run 1 train "${tuned[@]}" --learning-rate 1e-9 --overfit-batch
out_like '^step 100  loss '
out_like '^not learned: 8 images in 100 steps, '
out_has "the loss hardly moved"
refused 2 "leave out --out" train "${tuned[@]}" --overfit-batch --out tuning/x
if [ -e tuning/x ]; then fail "tuning/x was made"; else pass; fi

# columns FILE N: its first N columns
columns() { cut -d, -f1-"$2" "$1"; }
space='{learning_rate: [0.01, 1e30], batch_size: [8, 40]}'
run 0 train "${tuned[@]}" --epochs 2 --sweep "$space" --out tuning/sweep
out_like '^trial +learning_rate +batch_size +best epoch +val_loss +val_accuracy +seconds +status$'
out_like '^001 +0\.01 +8 +[12] +[0-9.]+ +[01]\.[0-9]{4} +[0-9.]+ +done$'
out_like '^003 +1e30 +8 +- +- +- +- +diverged$'
out_like '^alexnet train tuning/sweep/00[12]/recipe.yaml$'
err_has "tuning/sweep/002 (2 of 4): learning_rate 0.01, batch_size 40"
if [ "$(wc -l <tuning/sweep/results.csv)" -eq 5 ]; then pass; else fail "not 4 rows"; fi
run 0 evaluate tuning/sweep/002 --data test --json
columns tuning/sweep/results.csv 8 >once
run 0 train "${tuned[@]}" --epochs 2 --sweep "$space" --out tuning/sweep
err_has "4 of 4 runs are finished already"
if columns tuning/sweep/results.csv 8 | cmp -s - once; then pass; else fail "other results the second time"; fi
refused 2 'holds another sweep: its sweep.yaml has "epochs: 2", where "epochs: 3" is asked now' \
    train "${tuned[@]}" --epochs 3 --sweep "$space" --out tuning/sweep
run 0 train "${tuned[@]}" --epochs 1 --sweep '{seed: [1, 2]}' --out tuning/sweep --overwrite
if [ "$(wc -l <tuning/sweep/results.csv)" -eq 3 ]; then pass; else fail "not 2 rows"; fi

cat >space.yaml <<'YAML'
learning_rate: {min: 1e-4, max: 1e-2, scale: log}
batch_size: {min: 4, max: 16}
augment: [[], [flip]]
YAML
run 0 train "${tuned[@]}" --epochs 1 --sweep space.yaml --trials 3 --sweep-seed 5 --out tuning/random
run 0 train "${tuned[@]}" --epochs 1 --sweep space.yaml --trials 3 --sweep-seed 5 --out tuning/again
if [ "$(columns tuning/random/results.csv 8)" = "$(columns tuning/again/results.csv 8)" ]; then pass; else fail "draws differ"; fi
refused 2 "say how often with --trials N" train "${tuned[@]}" --sweep space.yaml
sed -i 's/min: 4/min: 0/' space.yaml
refused 3 "space.yaml:2:19: batch_size 0 is out of range" train "${tuned[@]}" --sweep space.yaml --trials 2
refused 2 "batch_size 0 is out of range" train "${tuned[@]}" --sweep '{batch_size: [8, 0]}' --out tuning/none
if [ -e tuning/none ]; then fail "tuning/none was made"; else pass; fi
refused 2 "did you mean train.learning_rate?" train "${tuned[@]}" --sweep '{lr: [0.1]}'
refused 2 "no such file; a sweep is a YAML file, or a map in braces" train "${tuned[@]}" --sweep 'seed: [1, 2]'
refused 2 "--trials is the number of draws of a --sweep" train "${tuned[@]}" --trials 3
refused 2 "--find-lr and --sweep are two things" train "${tuned[@]}" --find-lr --sweep space.yaml
refused 2 "repeat the command as it was" train --resume tuning/sweep --sweep space.yaml
run 2 train "${tuned[@]}" --epochs 1 --sweep '{class_weight: [[1, 2, 3], [1, 2]]}' --out tuning/failing
err_has "1 of 2 runs failed; the first: class_weight has 3 numbers for 2 classes"
out_like '^002 .* done$'
out_like '^001 .* failed$'
run 3 train --data.csv faces/FaceScore.csv --path Filename --label.column person --data.label.names '{p0: a, p1: a, p2: a, p3: a, p4: b, p5: b, p6: b, p7: b}' \
    --model tiny.yaml --threads 1 --epochs 1 --skip-missing --split.group person --sweep '{data.split.validation: [0.99, 0.2]}' --out tuning/data
err_has "1 of 2 runs failed; the first: data.split: the groups of person are too few"
out_like '^002 .* done$'

# The keys data.split.folds and data.split.fold do the splitting.
refused 2 "give a whole number from 2 to 1000" train "${tuned[@]}" --folds 1
folded=(--model tiny.yaml --data.train photos --batch-size 8 --threads 1 --epochs 2 --learning-rate 0.01)
run 0 train "${folded[@]}" --folds 4 --out tuning/folds
out_like '^fold-4 +[12] +[0-9.]+ +[01]\.[0-9]{4} +[0-9.]+ +done$'
out_like '^mean +[0-9.]+ +[01]\.[0-9]{4} *$'
# The sample deviation, from folds.csv.
mean=$(awk -F, 'NR > 1 { s += $8 } END { printf "%.4f", s / (NR - 1) }' tuning/folds/folds.csv)
deviation=$(awk -F, 'NR > 1 { s += $8; q += $8 * $8; n++ } END { d = (q - s * s / n) / (n - 1);
                     printf "%.4f", sqrt(d > 0 ? d : 0) }' tuning/folds/folds.csv)
out_like "^mean +[0-9.]+ +$mean *\$"
out_like "^deviation +[0-9.]+ +$deviation *\$"
run 0 train "${folded[@]}" --folds 4 --out tuning/folds
err_has "4 of 4 runs are finished already"
refused 2 "holds another cross-validation" train "${folded[@]}" --folds 5 --out tuning/folds
