# check-data: what a data set has wrong with it, as text, as JSON and in Chinese.

# Noise of one seed looks like no other: the sixth kind of make_images. 竖 of train and of test share 14 images.
for set in 11/30 12/30 13/10 14/10; do
    "$helpers/make_images" noise-${set%/*} ${set%/*} ${set#*/} 48 a b c d e f || exit 1
done
mkdir -p checked/train checked/test
cp -r noise-11/f checked/train/横
cp -r noise-12/f checked/train/竖
cp -r noise-13/f checked/test/横
cp -r noise-14/f checked/test/竖
for i in 10 11 12 13 14 15 16 17 18 19 20 21 22 23; do cp noise-12/f/00$i.png checked/test/竖; done

run 3 check-data checked
out_like '^checked$'
out_like '^├─ train +60 images$'
out_like '^└─ test +34 images$'
out_like '^ +0 +横 +30 +10$'
out_like '^ +1 +竖 +30 +24$'
out_has "Always answering 横 would be right in train 50.00 %, test 29.41 %"
out_has "Sizes: 48x48 to 48x48, median 48x48; the network is given "
out_like '^unsound +test images that are also in training +14$'
out_has "unsound: test images that are also in training (14)"
out_like '^  checked/train/竖/0010\.png$'
out_like '^    = checked/test/竖/0010\.png  \(the same file\)$'
out_has "... and 9 more; --examples N shows N of them, --json all"
out_like '^Unsound: '
if grep -q $'\033' "$work/err"; then fail "escape codes without a terminal"; else pass; fi
cp "$work/out" by-default
run 3 check-data checked --threads 1
if cmp -s by-default "$work/out"; then pass; else fail "the number of threads changed the result"; fi
run 3 check-data checked --examples 14
out_has "checked/test/竖/0023.png"
run 3 check-data checked --lang zh
out_has "不可靠：同时出现在训练集中的测试图片（14）"
out_has "（同一文件）"
out_like '^├─ train +60 张图片$'
if grep -qE 'images|unsound|warning' "$work/out"; then fail "English words"; else pass; fi
run 3 check-data checked --json --lang zh
json sound false
json source checked
json classes.1 竖
json splits.1.name test
json splits.1.classes.0.images 10
json splits.0.majority 0.5
json kinds.png 94
json width.median 48
json findings.0.kind test_leak
json findings.0.severity unsound
json findings.0.count 14
json findings.0.text 同时出现在训练集中的测试图片
json findings.0.groups 14
json findings.0.groups.13.same_file true
json findings.0.groups.13.images.1.path checked/test/竖/0023.png
json findings.0.groups.13.images.1.class 竖
json findings.0.groups.13.images.1.width 48

# The training data alone is sound; a further folder is the test set.
run 0 check-data checked/train --model tiny.yaml --skip-near
out_has "a share of the training data that train draws"
out_has "Nothing was found: the data is sound."
run 0 check-data checked/train --model tiny.yaml --json
json sound true
json findings 0
json splits.1.drawn true
run 3 check-data checked/train --test checked/test --json
json findings.0.kind test_leak
cat >checked.yaml <<'YAML'
model: tiny.yaml
data: {train: checked/train, test: checked/test, skip_bad: 50}
YAML
run 3 check-data checked.yaml
out_has "the network is given 24x24"

# Damage up to skip_bad is a warning; the recipe's rule holds unless another is given.
printf 'GIF89a' >'checked/train/竖/two
lines.gif'
: >checked/train/竖/empty.png
rm -r checked/test
run 0 check-data checked --skip-bad 10%
out_has 'checked/train/竖/two\nlines.gif: a GIF image, a kind that is not read'
out_has "checked/train/竖/empty.png: the file is empty"
out_like '^Sound; '
run 3 check-data checked
out_has "splits with more unreadable images than data.skip_bad allows"
run 3 check-data checked --json
json findings.0.kind too_many_unreadable
json findings.0.groups.0.images 0
json findings.1.groups.0.images.0.width null

# What training would not begin with is an error, as there.
refused 1 "no-such/: no such file or folder" check-data no-such/
refused 3 "empty" check-data empty
refused 3 "has no class" check-data checked --test other
refused 3 "one class alone" check-data checked/train --test checked
refused 2 "check-data takes one folder or recipe" check-data
refused 2 "check-data takes one folder or recipe" check-data a b
refused 2 "give a number from 0 to 100" check-data checked --skip-bad 101
refused 2 "did you mean --examples?" check-data checked --example 3
