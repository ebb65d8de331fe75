# export: a model of 30_train.sh in a file of its own.

run 0 export runs/a -o whole.safetensors
out_has "whole.safetensors"
err_has "kernels in f32; "
run 0 export runs/a --precision bf16 -o half.safetensors
err_has "kernels in bf16; "
if [ "$(stat -c %s half.safetensors)" -lt "$(stat -c %s whole.safetensors)" ]; then pass; else fail "bf16 is no smaller"; fi

# The weights alone: predictions are those of the run.
"$program" predict runs/a later --csv >a.csv 2>/dev/null
run 0 predict whole.safetensors later --csv
if cmp -s a.csv "$work/out"; then pass; else fail "an exported model predicts something else"; fi
if cmp -s whole.safetensors runs/a/best.safetensors; then pass; else fail "best.safetensors exported is not itself"; fi
run 0 predict half.safetensors later --csv --precision f32
if cmp -s a.csv "$work/out"; then fail "nothing was rounded"; else pass; fi

# Whoever reads models reads these.
run 0 evaluate half.safetensors --data later --json
json count 40
run 0 compare whole.safetensors half.safetensors --data later
out_has "On 40 images of later"
run 0 summary half.safetensors
out_has "1,010"
run 0 train --model tiny.yaml --data.train photos --weights half.safetensors --epochs 1 --out runs/half
err_has "weights: 4 of 4 tensors from half.safetensors, by name"
run 2 train --resume half.safetensors
run 0 export half.safetensors -o again.safetensors
if cmp -s half.safetensors again.safetensors; then pass; else fail "auto is not the file's own precision"; fi

# What is refused.
run 2 export
err_has "export takes one model"
run 2 export runs/a
err_has "export needs a file to write"
run 2 export runs/a -o model.onnx
err_has "-o model.onnx: the name must end in one of: .safetensors"
run 2 export runs/a -o .safetensors
run 2 export runs/a -o half.safetensors
err_has "-o half.safetensors: it exists; name another file or give --overwrite"
run 0 export runs/a -o half.safetensors --overwrite
if cmp -s half.safetensors whole.safetensors; then pass; else fail "--overwrite wrote something else"; fi
run 2 export runs/a -o x.safetensors --precision f16
run 1 export runs/a -o nowhere/x.safetensors
run 3 export tiny.yaml -o x.safetensors
head -c 3000 whole.safetensors >cut.safetensors
run 3 export cut.safetensors -o x.safetensors
err_has "it was cut"
if [ -e x.safetensors ]; then fail "a refused export left a file"; else pass; fi
