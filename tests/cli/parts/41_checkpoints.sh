# Two generations of checkpoints, as a person meets them; tests/faults does the rest.
checkpoints="--model tiny.yaml --batch-size 2 --threads 1 --checkpoint-steps 1 --no-autotune"
run 0 train photos $checkpoints --epochs 2 --out runs/unhurt
if [ -e runs/unhurt/previous.safetensors ]; then fail "a complete run keeps previous"; else pass; fi

last="train, killed"
"$program" train photos $checkpoints --epochs 2000 --out runs/killed >"$work/out" 2>"$work/err" &
pid=$!
for i in $(seq 600); do
    [ -s runs/killed/previous.safetensors ] && break
    sleep 0.05
done
refused 1 "runs/killed: another process is writing this run" train --resume runs/killed
refused 1 "runs/killed: another process is writing this run" train photos $checkpoints --out runs/killed --overwrite
kill -KILL $pid
wait $pid 2>/dev/null
echo damaged >runs/killed/last.safetensors
refused 2 "--out" train photos $checkpoints --out runs/killed
run 2 train --resume runs/killed --seed 3
"$program" train --resume runs/killed >"$work/out" 2>"$work/err" &
pid=$!
for i in $(seq 600); do
    grep -q "going on from the checkpoint before it, previous.safetensors: step" "$work/err" && break
    sleep 0.05
done
kill -KILL $pid
wait $pid 2>/dev/null
last="train --resume, of a damaged checkpoint"
err_has "runs/killed/last.safetensors: "
err_has "going on from the checkpoint before it, previous.safetensors: step"
echo damaged >runs/killed/last.safetensors
echo damaged >runs/killed/previous.safetensors
refused 3 "both checkpoints are lost: runs/killed/last.safetensors: " train --resume runs/killed
