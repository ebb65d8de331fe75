# summary: what a network costs, its branches, its picture.

# Without the options nothing of them is there.
run 0 summary alexnet
if grep -qE 'Multiply|Optimizer|MiB|GFLOP' "$work/out"; then fail "columns that were not asked for"; else pass; fi
run 0 summary alexnet --json
if grep -qE 'multiply_adds|bytes|batch_size' "$work/out"; then fail "keys that were not asked for"; else pass; fi

# ---- Multiply-adds ----
run 0 summary alexnet --flops
err_empty
out_like '^Layer \(type\) +Output Shape +Param # +Multiply-adds +Share$'
out_like '^conv2d_1 \(Conv2D\) .* 34,944 +105,415,200 +9\.3 %$'    # 55*55*96 * 11*11*3
out_like '^max_pooling2d_1 .* 0 +0$'
out_like '^dense_3 \(Dense\) .* 8,194 +8,192 +0\.0 %$'
# The first convolution needs no gradient of its input: 3 * 1,131,168,288 - 105,415,200 = 2.91 times.
out_has "Total multiply-adds: 1,131,168,288 (2.26 GFLOP for an image, forward; 2.91 times that for a training step)"
if [ "$(wc -L <"$work/out")" -le 110 ]; then pass; else fail "wider than 110 columns"; fi
run 0 summary alexnet --flops --json
json multiply_adds 1131168288
json training_multiply_adds 3288089664
json layers.0.multiply_adds 105415200
json layers.1.multiply_adds 0
if grep -q 'bytes' "$work/out"; then fail "keys that were not asked for"; else pass; fi
# Behind something that is trained, a convolution's input has a gradient: batch normalisation comes first here.
run 0 summary gender-course --flops --json
json multiply_adds 1197900
json training_multiply_adds 3593700
run 0 summary gender-course --flops
out_has "3.00 times that"
# Nothing that is trained lies in front of this one, though it does not read the image itself.
printf 'name: x\nclasses: 2\ninput: [8, 8, 3]\nlayers:\n  - flatten\n  - dense: {units: classes, activation: softmax}\n' >flat.yaml
run 0 summary flat.yaml --flops --json
json multiply_adds 384
json training_multiply_adds 768
run 0 summary alexnet --flops --lang zh
out_like 'Param # +乘加次数 +占比$'
out_has "乘加总次数：1,131,168,288（一幅图像前向计算 2.26 GFLOP；训练一步是它的 2.91 倍）"

# ---- Memory ----
run 0 summary alexnet --memory --precision f32
err_empty
out_like 'Param # +Outputs +Gradients +Params\+grads +Optimizer$'
out_like '^conv2d_1 \(Conv2D\) .* 34,944 +35\.4 +35\.4 +0\.3 +0\.3$'    # 55*55*96 * 32 * 4 bytes
out_like '^dense_1 \(Dense\) .* 37,752,832 +0\.5 +0\.5 +288\.0 +288\.0$'
out_like '^Training memory in MiB, as in the columns: [0-9]+\.[0-9] at batch 32 in f32 with adam$'
out_has "params 222.4, optimizer 444.7, images 18.9,"
if [ "$(wc -L <"$work/out")" -le 110 ]; then pass; else fail "wider than 110 columns"; fi
run 0 summary alexnet --memory --batch-size 8 --precision bf16 --json
json batch_size 8
json precision bf16
json layers.0.bytes.outputs 4646400    # 55*55*96 * 8 * 2
json layers.0.bytes.output_gradients 4646400
json layers.0.bytes.weights 139776
json layers.0.bytes.gradients 139776
json layers.0.bytes.optimizer 279552
json bytes.images 4946816    # 8 * (227*227*3 * 4 + 4)
total=$("$helpers/json_check" bytes.total <"$work/out")
sum=0
for part in weights gradients optimizer images arena packed; do
    sum=$((sum + $("$helpers/json_check" bytes.$part <"$work/out")))
done
if [ "$sum" -eq "$total" ]; then pass; else fail "the parts of the memory are $sum, not $total"; fi
run 0 summary starter --memory --lang zh
out_like 'Param # +输出 +输出梯度 +参数\+梯度 +优化器$'
out_like '^训练所需内存（单位 MiB，各列相同）：'
run 0 summary starter --flops --memory
out_like 'Multiply-adds +Share +Outputs +Gradients +Params\+grads +Optimizer$'
out_has "Total multiply-adds: "
out_has "Training memory "
refused 2 "add --memory" summary alexnet --batch-size 8
refused 2 "add --memory" summary alexnet --precision f32 --json
refused 2 "batch-size" summary alexnet --memory --batch-size 0

# ---- Branches ----
cat >residual.yaml <<'YAML'
name: residual
classes: 3
input: [16, 16, 3]
layers:
  - conv2d: {name: a, filters: 8, kernel_size: 3, padding: same}
  - conv2d: {name: b, filters: 8, kernel_size: 3, padding: same}
  - batch_normalization: {name: c}
  - add: {name: d, from: [a, c]}
  - global_average_pooling2d:
  - dense: {units: classes, activation: softmax}
YAML
run 0 summary residual.yaml --flops
out_like '^ +Layer \(type\) .* Multiply-adds +Share +Connected to$'
out_like '^o +input_1 '
out_like '^o +a \(Conv2D\) .* input_1\[0\]\[0\]$'
out_like '^├─o  b \(Conv2D\) '
out_like '^│ o  c \(BatchNormalization\) '
out_like '^o─╯  d \(Add\) .* a\[0\]\[0\]$'
out_like '^│ +c\[0\]\[0\]$'
out_like '^o +dense_1 .* global_average_pooling2d_1\[0\]\[0\]$'
# More than 24 outputs side by side: no drawing, but the table.
{
    printf 'name: wide\nclasses: 2\ninput: [4, 4, 3]\nlayers:\n'
    for i in $(seq 28); do echo "  - conv2d: {name: c$i, filters: 2, kernel_size: 1, from: input}"; done
    echo '  - add: {name: s1, from: [c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16]}'
    echo '  - add: {from: [s1, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28]}'
    printf '  - flatten\n  - dense: {units: classes, activation: softmax}\n'
} >wide.yaml
run 0 summary wide.yaml
out_like '^c28 \(Conv2D\) +\(None, 4, 4, 2\) +8 +input_1\[0\]\[0\]$'
out_has "More than 24 outputs live side by side: the branches are not drawn"

# ---- The picture ----
run 0 summary alexnet --draw net.png
err_empty
if [ "$(cat "$work/out")" = net.png ]; then pass; else fail "stdout is not the picture's name alone"; fi
if [ "$(head -c 4 net.png | tail -c 3)" = PNG ]; then pass; else fail "net.png is no PNG"; fi
run 0 summary residual.yaml --draw 图.svg --lang zh
if grep -q '^<svg ' 图.svg && grep -q '</svg>' 图.svg; then pass; else fail "图.svg is no SVG"; fi
run 0 summary residual.yaml --draw again.svg --lang zh
if cmp -s 图.svg again.svg; then pass; else fail "the same network, another SVG"; fi
run 0 summary residual.yaml --draw again.svg --lang en
if cmp -s 图.svg again.svg; then fail "Chinese and English are the same picture"; else pass; fi
refused 2 "net.jpg: pictures are written as .png or .svg" summary alexnet --draw net.jpg
refused 1 "no-folder/net.png: cannot be made" summary alexnet --draw no-folder/net.png
refused 2 "leave out --json, --flops and --memory" summary alexnet --draw net.png --flops
refused 3 "bad.yaml:5:" summary bad.yaml --draw bad.png
refused 3 "bad.yaml:5:" summary bad.yaml --flops
if ls bad.png net.jpg ./*.tmp-* >/dev/null 2>&1; then fail "a picture that failed left a file"; else pass; fi

# ---- Help ----
run 0 summary --help
for option in --flops --memory --batch-size --precision --draw; do out_has "$option"; done
run 0 summary --help --lang zh
out_has "乘加次数"
out_has "把网络画成图片"
