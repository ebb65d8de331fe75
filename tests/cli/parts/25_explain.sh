# explain: every number in words, and comments for YAML.

# fits COLUMNS: no line of stdout is wider (wide characters count twice).
fits() {
    local width
    width=$(LC_ALL=C.UTF-8 wc -L <"$work/out")
    if [ "$width" -le "$1" ]; then pass; else fail "a line has $width columns, more than $1"; fi
}

run 0 explain alexnet
err_empty
fits 80
out_has "alexnet: 227x227 pixels, channels 3, classes 2, layers 14"
out_has "height and width (227 - 11) / 4 + 1 = 55; 96 filters make 96"
out_has "one filter sees 11 x 11 x 3 = 363 values and adds 1 bias: 364;"
out_has "96 filters: 364 x 96 = 34,944."
out_has "58,289,538: 58,289,538 trained, 0 not trained"
out_has "116,579,076 numbers of its own, 2 for each trained parameter"
out_has "(sec. 3.1)"
run 0 explain alexnet --lang zh
fits 80
out_has "一个卷积核看 11 x 11 x 3 = 363 个值，再加 1 个截距项：364；共 96"
out_has "训练的 58,289,538 个，不训练的 0 个"
LANG=zh_CN.UTF-8 LC_ALL= run 0 explain gender-course
out_has "4 x 3 = 12，其中"
for network in alexnet-2012 alexnet-torchvision gender-course starter vgg-small residual-small inception-small \
    "$root"/tests/fixtures/networks/*.yaml; do
    for language in en zh; do
        run 0 explain "$network" --lang $language
        fits 80
    done
done

run 0 explain alexnet --layer dense_1 --optimizer sgd --batch-size 5 --precision f32
out_has "10  dense_1 (Dense)"
out_has "9,217 x 4,096 = 37,752,832"
out_has "batch 5 in f32: outputs 4,096 x 5 x 4 bytes"
out_has "37,752,832 x 8 bytes"
if grep -q conv2d "$work/out"; then fail "another layer than the one asked for"; else pass; fi
run 0 explain branches.yaml
out_like '^    From +left, 右$'

run 0 explain alexnet --format md
out_has "| Layer (type) | Output | How | Parameters | How | Purpose |"
out_has "| conv2d\\_1 (Conv2D) | 55 x 55 x 96 | height and width (227 - 11) / 4 + 1 = 55; "
out_has "**Counted and claimed**"
if [ "$(grep -c '^| .*(.*) | ' "$work/out")" -eq 15 ]; then pass; else fail "not a row for each of 14 layers"; fi
# The same number of cells in each row; an escaped bar is none.
if sed 's/\\|//g' "$work/out" | grep '^|' | tr -cd '|\n' | sort -u | wc -l | grep -qx 1; then pass; else fail "ragged rows"; fi
run 0 explain alexnet --format md --lang zh
out_has "| 层（类型） | 输出形状 | 形状的由来 | 参数个数 | 参数的由来 | 作用 |"

run 0 explain alexnet-2012 --format json --batch-size 8 --precision f32
json total.parameters 60965224
json total.trainable 60965224
json total.non_trainable 0
json total.optimizer_state 121930448
json total.neurons 659272
json total.connections 724406816
json total.multiply_adds 724406816
json batch_size 8
json precision f32
json layers 16
json layers.0.field.0 11
json layers.0.step.1 4
json layers.0.bytes.outputs 9292800
json layers.3.name conv2d_2
json layers.3.parameters 307456
json layers.3.text.output "height and width 27 + 2 + 2 - 5 + 1 = 27; 256 filters make 256 channels: 27x27x256"
json notes 5
run 0 explain alexnet --layer flatten_1 --format json
json layers 1
json layers.0.values 9216

# The comments in models/ are what explain writes, and writing them again changes nothing.
for file in "$root"/models/*.yaml; do
    run 0 explain "$file" --annotate
    if cmp -s "$work/out" "$file"; then pass; else fail "$file has other comments; write them with explain --annotate"; fi
done
run 0 explain branches.yaml --annotate --lang zh
out_has "# 每层的输入是上一层的输出，或 from 所指各层的输出"
out_has "# 16x16x10: 无参数；各输入之和"
cp "$work/out" commented.yaml
run 0 summary commented.yaml
run 0 explain commented.yaml --annotate --classes 5
out_like 'softmax} +# 5: \(10 \+ 1\) \* 5 = 55;'

refused 2 "explain takes one network" explain
refused 2 "explain takes one network" explain alexnet starter
refused 2 "did you mean conv2d_1" explain alexnet --layer conv2d1
refused 2 "has no layer transformer" explain alexnet --layer transformer
refused 2 "--batch-size" explain alexnet --batch-size 0
refused 2 "--format" explain alexnet --format html
refused 2 "leave out --layer and --format" explain alexnet --annotate --layer conv2d_1
refused 2 "did you mean --annotate" explain alexnet --anotate
refused 3 "did you mean alexnet?" explain alexnett
refused 3 "no-such.yaml" explain no-such.yaml
refused 3 "bad.yaml:5:" explain bad.yaml
printf 'name: "x\0y"\n' >zero.yaml
refused 3 "zero byte" explain zero.yaml

# Memory: what a limit leaves room for, and what else training keeps.
run 0 explain alexnet --batch-size 200 --precision f32 --memory-limit 1200MiB
out_has "batch 200 in f32 in parts of "
run 0 explain alexnet --batch-size 200 --memory-limit 1200MiB --lang zh
run 0 explain alexnet --batch-size 200 --precision f32 --memory-limit 1200MiB --format json
if [ "$("$helpers/json_check" total.at_once <"$work/out")" -lt 200 ]; then pass; else fail "nothing is cut"; fi
if [ "$("$helpers/json_check" total.bytes.total <"$work/out")" -le $((1800 << 20)) ]; then pass; else fail "more than the limit"; fi
run 0 explain alexnet --optimizer adamw --ema --gradient-accumulation-steps 2 --format json
json total.at_once 32
if [ "$("$helpers/json_check" total.bytes.average <"$work/out")" -gt $((222 << 20)) ]; then pass; else fail "no average"; fi
json total.optimizer_state 116579076
refused 2 "memory_limit 100MiB is too little: one image at a time takes 1" explain alexnet --memory-limit 100MiB
refused 2 "--memory-limit 2: give a size such as 800MiB or 2GiB" explain alexnet --memory-limit 2
refused 2 "--gradient-accumulation-steps" explain alexnet --gradient-accumulation-steps 0
