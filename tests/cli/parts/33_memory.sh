# train --memory-limit: the network and the stripes of 30_train.sh.

err_like() { if grep -qE -- "$1" "$work/err"; then pass; else fail "stderr has nothing like: $1"; fi; }
limited=(--model tiny.yaml --data.train photos --data.validation test --batch-size 40 --learning-rate 0.01 --threads 1
         --precision f32 --epochs 2)
run 0 train "${limited[@]}" --out memory/whole
run 0 train "${limited[@]}" --memory-limit 400KiB --out memory/parts
err_like 'memory_limit 400KiB: a batch of 40 is computed [0-9]+ images at a time and takes [0-9]+ MiB; at once'
if grep -q '^  memory_limit: 400KiB ' memory/parts/recipe.yaml; then pass; else fail "recipe.yaml has no limit"; fi
# loss FOLDER: of the last epoch, to four digits.
loss() { tail -1 "$1/metrics.csv" | cut -d, -f2 | cut -c1-6; }
if [ "$(loss memory/whole)" = "$(loss memory/parts)" ]; then pass; else fail "$(loss memory/whole), $(loss memory/parts)"; fi
run 0 train "${limited[@]}" --memory-limit 1GB --out memory/ample
err_like 'memory_limit 1000000000B: training takes [0-9]+ MiB'
run 0 train "${limited[@]}" --memory-limit 400KiB --find-lr --out memory/rate
run 0 train --resume memory/parts --epochs 3 --memory-limit none
run 0 train --resume memory/parts --epochs 4 --memory-limit 1MiB
err_has "memory_limit 1MiB: "

refused 2 "memory_limit 10KiB is too little: one image at a time takes 1MiB" \
    train "${limited[@]}" --memory-limit 10KiB --out memory/x
for size in 2 2G -1MiB 1e3MiB much 99999999999TiB; do
    refused 2 "memory_limit takes a size such as 800MiB or 2GiB" train "${limited[@]}" --memory-limit=$size --out memory/x
done
sed 's/  - max_pooling/  - batch_normalization\n  - max_pooling/' tiny.yaml >normal.yaml
refused 2 "and batch_normalization_1 would take its statistics of a part" \
    train "${limited[@]}" --model normal.yaml --memory-limit 400KiB --out memory/x
run 0 train "${limited[@]}" --model normal.yaml --memory-limit 400KiB --micro-batch-norm --out memory/asked
printf 'model: normal.yaml\ndata: {train: photos}\ntrain:\n  batch_size: 40\n  memory_limit: 400KiB\n' >limited.yaml
refused 3 "limited.yaml:5:17: memory_limit 400KiB would cut a batch of 40 into parts of " train limited.yaml --threads 1
if [ -e memory/x ]; then fail "memory/x was made"; else pass; fi
