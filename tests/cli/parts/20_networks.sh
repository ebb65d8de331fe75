# summary, models, layers.

run 0 models
out_like '^alexnet +58,289,538 +227x227x3 '
out_like '^alexnet-2012 +60,965,224 '
out_like '^alexnet-torchvision +61,100,840 '
out_like '^gender-course +21,924 +100x100x3 '
out_like '^starter +'
out_like '^starter-32 +1,648,362 +32x32x3 '
out_like '^gender-own +597,986 +128x128x3 '
out_like '^chinese-style-own +341,882 +96x96x1 '
out_like '^vgg-small +847,202 +64x64x3 '
out_like '^residual-small +697,826 +64x64x3 '
out_like '^inception-small +472,802 +64x64x3 '
run 0 models alexnet
out_has "conv2d:"
cp "$work/out" mine.yaml

run 0 summary mine.yaml
err_empty
out_like '^input_1 \(InputLayer\) +\(None, 227, 227, 3\) +0$'
out_like '^conv2d_1 \(Conv2D\)  +\(None, 55, 55, 96\)  +34,944$'
out_like '^max_pooling2d_1 \(MaxPooling2D\) +\(None, 27, 27, 96\) +0$'
out_like '^conv2d_2 \(Conv2D\) +\(None, 27, 27, 256\) +614,656$'
out_like '^flatten_1 \(Flatten\) +\(None, 9216\) +0$'
out_like '^dense_3 \(Dense\) +\(None, 2\) +8,194$'
out_like '^Total params: 58,289,538$'
out_like '^Trainable params: 58,289,538$'
out_like '^Non-trainable params: 0$'
run 0 summary gender-course
out_like '^Trainable params: 21,918$'
out_like '^Non-trainable params: 6$'
run 0 summary alexnet --classes 10
out_like '^dense_3 \(Dense\) +\(None, 10\) +40,970$'
run 0 summary alexnet --classes=1000 --json
json classes 1000
json parameters 62378344
json trainable 62378344
json non_trainable 0
json input 3
json layers.0.name conv2d_1
json layers.0.output.2 96
json layers.0.inputs.0 input_1
json layers.0.parameters 34944

cat >branches.yaml <<'YAML'
name: branches
classes: 3
input: [16, 16, 3]
layers:
  - conv2d: {name: left, filters: 10, kernel_size: 3, padding: same}
  - conv2d: {name: 右, filters: 10, kernel_size: 3, padding: same, from: left}
  - add: {from: [left, 右]}
  - global_average_pooling2d:
  - dense: {units: classes, activation: softmax}
YAML
run 0 summary branches.yaml
out_has "Connected to"
out_like '^├─o  右 \(Conv2D\) +\(None, 16, 16, 10\) +910 +left\[0\]\[0\]$'
out_like '^│ +右\[0\]\[0\]$'

refused 3 "no-such.yaml" summary no-such.yaml
printf 'name: x\nclasses: 2\ninput: [8, 8, 3]\nlayers:\n  - conv2d: {filters: 4, kernel_size: 11}\n' >bad.yaml
refused 3 "bad.yaml:5:" summary bad.yaml
printf 'name: x\nclasses: 2\ninput: [8, 8, 3]\nlayers:\n  - conv3d: {filters: 4}\n' >bad.yaml
refused 3 "did you mean" summary bad.yaml

run 0 layers
for layer in conv2d max_pooling2d dense dropout batch_normalization add concatenate; do out_like "^$layer +"; done
run 0 layers conv2d
out_like '^  filters +integer'
out_like '^  kernel_size '
out_has "must be given"
run 0 layers conv2d --lang zh
out_has "必填"
