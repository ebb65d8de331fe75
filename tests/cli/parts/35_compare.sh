# compare: networks of 30_train.sh and others, side by side.

sed 's/name: tiny/name: wide/; s/filters: 8/filters: 16/; s/  - flatten:/  - dropout: {rate: 0.2}\n&/' tiny.yaml >wide.yaml
"$helpers/make_images" later 7 20 32 横 竖 || exit 1
run 0 train --model wide.yaml --data.train photos --data.validation test --data.test later --epochs 2 --batch-size 8 --out runs/wide --threads 2
run 0 train --model tiny.yaml --data.train photos --epochs 1 --seed 1 --out runs/seed --threads 2
run 0 train --model tiny.yaml --data.train other --epochs 1 --out runs/other --threads 2

run 0 compare runs/a runs/wide --data later
err_empty
out_like '^runs/a +tiny +1,010 +[0-9,]+ +4 +[1-4] +[0-9.]+ s +[01]\.[0-9]{4}$'
out_like '^runs/wide +wide +2,018 +[0-9,]+ +2 '
out_has "On 40 images of later"
out_like '^runs/a +[0-9]+ +[01]\.[0-9]{4} +[01]\.[0-9]{4} - [01]\.[0-9]{4}$'
out_has "Against runs/a (McNemar's exact test)"
out_like '^runs/wide +[0-9]+ +[0-9]+ +[0-9.]+ % +[<0-9. ]+ +(no difference shown|better|worse)$'
out_has "Layers of runs/a (-) and runs/wide (+): 5 of 6 lines differ"
out_like '^~ +conv2d_1 +filters: 8 → 16 +10x10x8 → 10x10x16 +608 → 1,216$'
out_like '^\+ +dropout_1 +rate: 0\.2 +5x5x16 +0$'
out_like '^data\.test +- +[^ ]*later$'
out_like '^train\.epochs +4 +2$'
if grep -qE '^(model|data\.train|train\.seed) ' "$work/out"; then fail "a key that does not differ"; else pass; fi
if grep -q "Holm" "$work/out"; then fail "one p needs no correction"; else pass; fi

# The counts, from what predict says.
"$program" predict runs/a later --top 1 --csv >a.csv 2>/dev/null
"$program" predict runs/wide later --top 1 --csv >wide.csv 2>/dev/null
counts=$(tail -n +2 a.csv | paste -d, - <(tail -n +2 wide.csv) | awk -F, '
    { split($1, part, "/"); a = $3 == part[2]; b = $7 == part[2]; right += b; gained += b && !a; lost += a && !b
      agreed += $3 == $7 }
    END { print right, gained, lost, agreed }')
read -r right gained lost agreed <<<"$counts"
run 0 compare runs/a runs/wide --data later --json
json images.folder later
json images.split null
json images.count 40
json images.skipped 0
json runs.0.parameters 1010
json runs.0.epochs 4
json runs.0.planned_epochs 4
json runs.0.trained_on 0
json runs.0.chosen_on 0
json runs.1.chosen_on 0
json runs.1.correct "$right"
json runs.1.interval 2
json pairs.0.gained "$gained"
json pairs.0.lost "$lost"
json pairs.0.agreed "$agreed"
json layers.0.rows 5
json layers.0.rows.0.same false
json layers.0.rows.0.second.options "filters: 16, kernel_size: 5, strides: 2, activation: relu"
json layers.0.rows.2.first null
json layers.0.rows.2.second.type dropout
json recipe.0.key data.validation
json curves null
accuracy=$("$helpers/json_check" runs.1.accuracy <"$work/out")
run 0 evaluate runs/wide --data later --json
json accuracy "$accuracy"

# Of two layers of one type, the one with the same options is the partner.
sed 's/^layers:/&\n  - conv2d: {filters: 3, kernel_size: 1}/; s/name: tiny/name: extra/' tiny.yaml >extra.yaml
run 0 train --model extra.yaml --data.train photos --epochs 1 --out runs/extra --threads 2
run 0 compare runs/a runs/extra --data later
out_has "1 of 6 lines differ"
out_like '^\+ +conv2d_1 +filters: 3, kernel_size: 1 +24x24x3 +12$'

# The same network against itself.
run 0 compare runs/a runs/a/best.safetensors --data later --all
out_has "no difference shown"
out_has "Layers of runs/a and runs/a/best.safetensors: all the same"
out_like '^ +conv2d_1 +filters: 8, kernel_size: 5, strides: 2, activation: relu +10x10x8 +608$'
if grep -q "^Recipes" "$work/out"; then fail "a file has no recipe"; else pass; fi
run 0 compare runs/a runs/a/best.safetensors --data later --json
json pairs.0.p 1.0
json pairs.0.agreed 40
json runs.1.epochs 0
json runs.1.seconds null
json runs.1.trained_on null

# Images of the first run's recipe, and who has seen them.
run 0 compare runs/wide runs/a
err_has "comparing on the 40 test images of runs/wide"
if grep -q warning "$work/err"; then fail "nobody had seen these"; else pass; fi
run 0 compare runs/wide runs/a --data test --json
err_has "runs/wide: its best epoch was chosen on 50 of these 50 images"
json runs.0.chosen_on 50
json runs.1.chosen_on 0
run 0 compare runs/a runs/seed runs/wide -o curves.png
err_has "comparing on the 16 validation images of runs/a"
err_has "runs/a: its best epoch was chosen on 16 of these 16 images"
err_has "runs/seed: was trained on "
err_has "runs/wide: was trained on 16 of these 16 images"
out_has "With 2 runs against one, p is corrected by Holm's method."
out_has "Layers of runs/a and runs/seed: all the same"
out_has "Curves: curves.png"
if [ "$(head -c 8 curves.png | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ]; then pass; else fail "no PNG"; fi
run 0 compare runs/wide runs/a runs/seed --data test --json --output curves.svg
json curves curves.svg
json layers 2
if head -c 5 curves.svg | grep -q '<?xml'; then pass; else fail "no SVG"; fi
run 0 compare runs/wide runs/a runs/seed --data test --lang zh
if grep -q 'Layers of' "$work/out"; then fail 'English in Chinese output'; else pass; fi
out_has "runs/seed 的各层：与 runs/a 的相同"
out_has "看不出差别"


# Holm's correction of two: the smaller p twice, the other not below it; and the verdicts that follow.
run 0 compare runs/a runs/wide runs/seed --data later --json
place() { "$helpers/json_check" "$1" <"$work/out"; }
words=$(for i in 0 1; do
    for key in p p_holm gained lost verdict; do place pairs.$i.$key | tr ' ' _; done
done | paste -sd ' ' | awk '
    function same(a, b) { return a - b < 1e-6 && b - a < 1e-6 }
    function verdict(p, gained, lost) { return p >= 0.05 ? "no_difference_shown" : gained > lost ? "better" : "worse" }
    { less = $1 < $6 ? $1 : $6; more = $1 < $6 ? $6 : $1
      less = 2 * less < 1 ? 2 * less : 1; more = more > less ? more : less
      print same($1 < $6 ? $2 : $7, less) && same($1 < $6 ? $7 : $2, more) && $5 == verdict($2, $3, $4) &&
            $10 == verdict($7, $8, $9) ? "right" : "wrong: " $0 }')
if [ "$words" = right ]; then pass; else fail "corrected p $words"; fi

# Images of an IDX file are known by their numbers.
mv away ten-labels-idx1-ubyte
run 0 compare runs/idx runs/idx/best.safetensors --data ten-images-idx3-ubyte.gz
err_has "runs/idx: was trained on 9 of these 12 images"

# The best epoch is the one that the run's monitor chose: here the first, whose loss is not the smallest.
cp -r runs/a runs/watched
sed -i 's/^  monitor: val_loss/  monitor: val_accuracy/' runs/watched/recipe.yaml
printf 'epoch,loss,accuracy,val_loss,val_accuracy\n1,1,1,0.5,0.75\n2,1,1,0.25,0.5\n' >runs/watched/metrics.csv
run 0 compare runs/watched runs/a --data test --json
json runs.0.best_epoch 1
json runs.0.val_accuracy 0.75

# Runs that go on, were stopped, or lost something.
cp -r runs/a runs/going
sed -i '4,$d; s/[0-9.]*$//' runs/going/metrics.csv
sed -i '1s/.*/epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds/' runs/going/metrics.csv
run 0 compare runs/a runs/going --data test
out_like '^runs/going +tiny +1,010 +[0-9,]+ +2 of 4 +[12] +- '
rm runs/going/best.safetensors
run 0 compare runs/a runs/going --data test
err_has "runs/going: no best.safetensors in it; its last.safetensors is compared"
rm runs/going/metrics.csv
run 0 compare runs/a runs/going --data test
out_like '^runs/going +tiny +1,010 +[0-9,]+ +0 of 4 +- +- +-$'
rm runs/going/last.safetensors
refused 3 "runs/going: neither best.safetensors nor last.safetensors" compare runs/a runs/going --data test
cp runs/a/best.safetensors runs/going
echo "epoch,loss" >runs/going/metrics.csv
echo "1,much" >>runs/going/metrics.csv
refused 3 'runs/going/metrics.csv:2: loss is "much", which is no number' compare runs/a runs/going --data test
rm runs/going/metrics.csv
sed -i 's|^  train: .*|  train: nowhere|' runs/going/recipe.yaml
refused 1 "runs/going: its validation images: " compare runs/going runs/a
err_has "or give others with --data SOURCE"

# Images that cannot be read count for nobody.
cp -r test damaged
head -c 100 test/横/0000.png >damaged/横/0000.png
refused 3 "1 of 50 images cannot be read" compare runs/a runs/wide --data damaged
run 0 compare runs/a runs/wide --data damaged --skip-bad 5
out_has "On 49 images of damaged (1 more cannot be read)"

# Branches that are joined in another way.
cat >joined.yaml <<'YAML'
name: joined
classes: 2
input: [24, 24, 3]
layers:
  - conv2d: {filters: 4, kernel_size: 3, strides: 4, padding: same, name: one}
  - conv2d: {filters: 4, kernel_size: 3, padding: same, name: two}
  - conv2d: {filters: 4, kernel_size: 3, padding: same, name: three}
  - add: {from: [one, three]}
  - flatten:
  - dense: {units: classes, activation: softmax}
YAML
sed 's/from: \[one, three\]/from: [two, three]/' joined.yaml >rejoined.yaml
for network in joined rejoined; do
    run 0 train --model $network.yaml --data.train photos --epochs 1 --out runs/$network --threads 2
done
run 0 compare runs/joined runs/rejoined --data test
out_has "1 of 7 lines differ"
out_like '^~ +add_1 .*one.* → .*two'

refused 2 "compare takes 2 to 12 runs" compare runs/a --data test
refused 2 "compare takes 2 to 12 runs" compare
refused 2 "compare takes 2 to 12 runs" compare $(printf 'runs/a %.0s' {1..13})
refused 2 "has no recipe that says which images to compare on; give --data SOURCE" compare runs/a/best.safetensors runs/a
refused 3 "runs/other: the model has no class 竖, which the data has" compare runs/a runs/other --data test
refused 1 "no-run: no such file or folder" compare runs/a no-run --data test
mkdir -p halves/train halves/test
refused 3 "did you mean --data halves/test?" compare runs/a runs/wide --data halves
refused 1 "no-data" compare runs/a runs/wide --data no-data
refused 3 "tiny.yaml" compare runs/a tiny.yaml --data test
refused 2 "pictures are written as .png or .svg" compare runs/a runs/wide --data test -o curves.jpg
refused 2 "no run here has a metrics.csv to draw" compare runs/a/best.safetensors runs/a/best.safetensors --data test \
    -o none.png
if [ -e none.png ]; then fail "a picture of nothing"; else pass; fi
