# profile.  How long anything takes is not looked at.

cat >small.yaml <<'YAML'
name: small
classes: 3
input: [16, 16, 3]
layers:
  - conv2d: {name: 卷积, filters: 16, kernel_size: 3, strides: 2, padding: same, use_bias: false}
  - activation: {name: fused, activation: relu}
  - conv2d: {name: right, filters: 16, kernel_size: 3, padding: same}
  - add: {name: sum, from: [fused, right]}
  - dropout: {rate: 0.5}
  - flatten
  - dense: {name: last, units: classes, activation: softmax}
YAML
export OMP_WAIT_POLICY=passive # tests run beside one another

run 0 profile small.yaml --batch-size 4 --steps 2 --threads 1 --precision f32
err_has "small: 2 training steps of 4 random images of 16x16x3"
number='[0-9]+[.][0-9]{1,2}'
share='[0-9]+[.][0-9] %'
way='(direct|onednn-winograd|winograd-[0-9]x[0-9])'
out_like "^Layer +fwd ms +bwd ms +fwd GF/s +bwd GF/s +share +peak +algorithm +layout$"
out_like "^卷积 +$number +$number +[0-9]+ +[0-9]+ +$share +[0-9]+ % +[a-z]"
out_like "^fused +0[.]0 %$"
out_like "^right +$number +$number +[0-9]+ +[0-9]+ +$share +[0-9]+ % +[a-z]"
out_like "^sum +$number +$share +[a-z]"
out_like "^dropout_1 +$number +$number +$share +own +n"
out_like "^last +$number +$number .* nc$"
out_like "^loss +$number +$number +$share +own +n$"
out_like "^optimizer +$number +$share +own$"
out_like "^total +$number +$number +[0-9]+ +[0-9]+ +$share +[0-9]+ %$"
out_like "^step [0-9.]+ ms \\([0-9.]+ images/s\\): forward [0-9.]+, backward [0-9.]+, optimizer [0-9.]+; of it conversions [0-9.]+$"
out_like "^f32, 1 thread; peak [1-9][0-9]* GFLOP/s: "
out_like "^Convolution +direction +computed +ms +images +rejected"
out_like "^卷积 +forward +direct"
out_like "^right +backward, to its input +$way"
last="profile in 110 columns"
wide=$(grep -cE '^.{111}' "$work/out")
if [ "$wide" -eq 0 ]; then pass; else fail "$wide lines are wider"; fi

run 0 profile small.yaml --batch-size=4 --steps 1 --precision f32 --threads 1 --json
json name small
json batch_size 4
json steps 1
json threads 1
json precision f32
json rows 15
json rows.0.layer 0
json rows.0.name 卷积
json ways.0.name 卷积
json ways.0.direction forward
json ways.0.way direct
json ways.0.chosen true
json ways.0.milliseconds null
json rows.0.direction forward
json rows.0.multiply_adds 110592
json rows.1.name fused
json rows.1.milliseconds 0.0
json rows.1.algorithm null
json rows.1.gflops null
json rows.1.layout null
json rows.2.multiply_adds 589824
json rows.7.name loss
json rows.7.layer -1
json rows.8.direction backward
json rows.9.name last
json rows.9.multiply_adds 24576
json rows.12.name right
json rows.12.multiply_adds 1179648
json rows.13.name 卷积
json rows.13.direction backward
json rows.13.multiply_adds 110592
json rows.14.name optimizer
json rows.14.direction update
json rows.14.algorithm own
for key in step_ms images_per_second peak_gflops rows.0.milliseconds rows.0.conversions rows.0.gflops rows.0.share \
    rows.0.algorithm rows.0.layout; do
    last="profile --json: $key"
    got=$("$helpers/json_check" $key <"$work/out" 2>&1)
    if [ -n "$got" ] && [[ $got =~ ^[0-9]*[1-9a-z.] ]]; then pass; else fail "it is $got"; fi
done

run 0 profile small.yaml --batch-size 2 --steps 1 --threads 2 --precision f32 --classes 7 --exact --lang zh
out_like "^层 +前向ms +反向ms +前向GF/s +反向GF/s +占比 +峰值 +算法 +布局$"
out_like "^损失 "
out_like "^优化器 .*自写$"
out_like "^合计 "
out_like "^每步 .*：前向"
out_has "f32，2 线程；峰值"
last="profile --lang zh: columns"
# The column behind the wide names ends at one place: two columns for each Chinese character.
ends=$(LC_ALL=C awk '/^(fused|sum|last|right|flatten_1) .*%/ { n = index($0, "%"); print n }
                     /^\345\220\210\350\256\241 / { n = index($0, "%"); print n - 2 }' "$work/out" | sort -u | wc -l)
if [ "$ends" -eq 1 ]; then pass; else fail "$ends places"; fi

# What was measured is remembered, by machine and shape, and only then; --no-autotune does neither.
rm -rf cache
run 0 profile starter --batch-size 2 --steps 1 --precision f32 --threads 1 --no-autotune
if [ ! -e cache ]; then pass; else fail "--no-autotune left a file"; fi
run 0 profile starter --batch-size 2 --steps 1 --precision f32 --threads 1
if grep -q winograd cache/alexnet/choices.json 2>/dev/null; then # else there is nothing to choose from here
    out_has "ways were measured"
    cp cache/alexnet/choices.json kept.json
    sed 's/: [0-9][0-9.e+]*\(,\{0,1\}\)$/: 7000.0\1/; s/"version": 7000.0/"version": 1/' kept.json >cache/alexnet/choices.json
    run 0 profile starter --batch-size 2 --steps 1 --precision f32 --threads 1
    out_like " 7[.]00 +2 +$way 7[.]00"
    run 0 profile starter --batch-size 2 --steps 1 --precision f32 --threads 1 --exact
    out_like "backward, to its input +direct *$"
    echo rubbish >cache/alexnet/choices.json
    run 0 profile starter --batch-size 2 --steps 1 --precision f32 --threads 1
    out_has "ways were measured"
    if grep -q winograd cache/alexnet/choices.json; then pass; else fail "a damaged file is not replaced"; fi
fi

refused 2 "profile takes one network" profile
refused 2 "profile takes one network" profile alexnet starter
refused 2 "whole number from 1 to 65536" profile small.yaml --batch-size 0
refused 2 "whole number from 1 to 10000" profile small.yaml --steps 0
refused 2 "one of auto|f32|bf16" profile small.yaml --precision f16
refused 2 "did you mean --steps?" profile small.yaml --step 3
refused 3 "no-such.yaml" profile no-such.yaml
refused 3 "did you mean" profile alexnot
printf 'name: x\nclasses: 2\ninput: [8, 8, 3]\nlayers:\n  - conv2d: {filters: 4, kernel_size: 11}\n' >bad.yaml
refused 3 "bad.yaml:5:" profile bad.yaml
refused 1 "use a smaller batch_size" profile alexnet --batch-size 65536 --precision f32
export ONEDNN_MAX_CPU_ISA=AVX2
refused 1 "use precision f32" profile small.yaml --precision bf16
unset ONEDNN_MAX_CPU_ISA OMP_WAIT_POLICY

run 0 profile gender-course --batch-size 64 --steps 1 --precision f32
out_like '^such training takes [0-9]+ MiB, validation aside$'
run 0 profile gender-course --batch-size 64 --steps 1 --precision f32 --json
json at_once 64
whole=$("$helpers/json_check" memory <"$work/out")
run 0 profile gender-course --batch-size 64 --steps 1 --precision f32 --json --memory-limit $((whole / 2))B
if [ "$("$helpers/json_check" at_once <"$work/out")" -lt 64 ]; then pass; else fail "nothing is cut"; fi
if [ "$("$helpers/json_check" memory <"$work/out")" -le $((whole / 2)) ]; then pass; else fail "more than the limit"; fi
run 0 profile gender-course --batch-size 64 --steps 1 --precision f32 --memory-limit $((whole / 2))B
out_like 'computed [0-9]+ images at a time: the step above is one of these parts$'
refused 2 "memory_limit 1KiB is too little" profile gender-course --memory-limit 1KiB
