# Where images and labels come from: tables, lists, IDX files; and how they are split.

# FaceScore in small: 24 images whose names say the class, folders with Chinese names and brackets.
mkdir -p "faces/大三（上）"
i=0
for file in photos/横/00{00..11}.png; do cp "$file" "faces/大三（上）/ftw ($((++i))).png"; done
for file in photos/竖/00{00..11}.png; do cp "$file" "faces/大三（上）/mty$((++i)).png"; done
{
    printf 'Filename,Rating,person\r\n'
    for file in faces/大三（上）/*; do
        n=$(basename "$file" .png | tr -dc 0-9)
        printf '大三（上）/%s,4.0,p%d\r\n' "$(basename "$file")" $((n % 8))
    done
} >faces/FaceScore.csv
cat >faces.yaml <<'YAML'
model: tiny.yaml
data:
  csv: faces/FaceScore.csv
  path: Filename
  label: {column: Filename, match: "/([fm])", names: {f: female, m: male}}
  classes: [male, female]
  split: {test: 0.3, random_state: 1}
train: {epochs: 1, batch_size: 8, threads: 1}
YAML
run 0 train faces.yaml --out runs/faces
err_has "train: Found 16 images belonging to 2 classes: male ("
err_has "the test images validate"
err_has "train_test_split does with random_state 1"
# train_test_split(range(24), test_size=0.3, random_state=1)
for row in 13 18 3 14 20 17 10 4; do
    path=$(tail -n +2 faces/FaceScore.csv | sed -n "$((row + 1))s/,.*//p")
    if grep -qF "faces/$path,$(case $path in */f*) echo female ;; *) echo male ;; esac),test" runs/faces/split.csv; then
        pass
    else
        fail "row $row of scikit-learn's test images is not one of ours"
    fi
done
if [ "$(grep -c ',test$' runs/faces/split.csv)" -eq 8 ]; then pass; else fail "not 8 test images"; fi
if [ "$(head -1 runs/faces/split.csv)" = path,label,split ]; then pass; else fail "split.csv has another header"; fi
if (cd runs/faces && tail -n +2 split.csv | cut -d, -f1 | tr '\n' '\0' | xargs -0 stat) >/dev/null 2>&1; then
    pass
else
    fail "paths in split.csv do not lead from the run's folder to the images"
fi
run 0 train runs/faces/recipe.yaml --out runs/again
if cmp -s runs/faces/split.csv runs/again/split.csv; then pass; else fail "the run's recipe splits otherwise"; fi
# Data that was moved.
mv faces moved
run 0 train --resume runs/faces --epochs 2 --data.csv moved/FaceScore.csv
refused 2 "random_state cannot change" train --resume runs/faces --random-state 2
refused 2 "validation cannot change" train --resume runs/faces --split.validation 0.1
mv moved faces

# A test share of our own draw is put aside, for evaluate and show.
run 0 train faces.yaml --out runs/own --random-state none --split.test 0.25 --validation-split 0.25
err_has "test, put aside: Found 6 images"
err_has "a seeded share of each class (data.split.validation)"
run 0 evaluate runs/own --data runs/own/recipe.yaml --json
err_has "split: test of runs/own/recipe.yaml"
json count 6
json classes.0.name male
run 0 evaluate runs/own --data runs/own/recipe.yaml --split train --json
json count 12
run 0 train faces.yaml --out runs/no-test --random-state none --split.test 0
run 0 evaluate runs/no-test --data runs/no-test/recipe.yaml
err_has "split: validation of runs/no-test/recipe.yaml"
refused 2 "names no test images" evaluate runs/no-test --data runs/no-test/recipe.yaml --split test
refused 2 "--split names a part of a recipe's data" evaluate runs/own --data test --split test
run 0 show runs/own/recipe.yaml --split test -o own.png
err_has "Found 6 images belonging to 2 classes: male (3), female (3)"
# One person on one side; folds.
mkdir -p other-faces/female other-faces/male
cp photos/横/0001.png other-faces/female
cp photos/竖/0001.png other-faces/male
run 0 train faces.yaml --out runs/groups --random-state none --split.test 0 --split.group person --validation-split 0.3
err_has "rows of the same person stay on one side"
run 0 train faces.yaml --out runs/fold --random-state none --split.test 0 --split.folds 4 --fold 2
err_has "fold 2 of 4 of the training images validates"
if [ "$(grep -c ',validation$' runs/fold/split.csv)" -eq 6 ]; then pass; else fail "a fold of 24 in 4 is not 6"; fi
refused 2 "knows no folds; give seed" train faces.yaml --folds 3
refused 2 "their sum must be below 1" train faces.yaml --random-state none --split.test 0.5 --validation-split 0.5
refused 2 "data.csv and data.train are both given" train faces.yaml --data.train photos

# Groups are of the images that are split, not of a folder beside them.
run 0 train faces.yaml --out runs/given --random-state none --split.test 0.25 --split.group person \
    --data.validation other-faces
err_has "test, put aside: Found "

# Test images validate, unless a share of the training images is asked for.
run 0 train --model tiny.yaml --data.train photos --data.test test --epochs 1 --out runs/as-course
err_has "the test images validate, as in the course"
run 0 train --model tiny.yaml --data.train photos --data.test test --validation-split 0.2 --epochs 1 --out runs/share
err_has "a seeded share of each class (data.split.validation) was taken"
run 0 evaluate runs/share --data runs/share/recipe.yaml --json
err_has "split: test of runs/share/recipe.yaml"
json count 50

# Mistakes name file and row; rows that cannot be used may be left out.
sed -i '5s/.*/大三（上）\/none.png,1,p1\r/; 7s/.*/大三（上）\/x.png,1,p1\r/' faces/FaceScore.csv
refused 3 "faces/FaceScore.csv:5: Filename \"大三（上）/none.png\" does not match data.label.match" train faces.yaml
sed -i '5s/none/fnone/' faces/FaceScore.csv
refused 3 "faces/FaceScore.csv:5: Filename: no file faces/大三（上）/fnone.png" train faces.yaml
refused 3 "--skip-missing" train faces.yaml
run 0 train faces.yaml --out runs/fewer --skip-missing
err_has "faces/FaceScore.csv: 2 of 24 rows are left out (1 without a file, 1 without a label); the first: faces/FaceSc"
run 0 show runs/fewer/recipe.yaml --split test -o own.png
err_has "2 of 24 rows are left out"

# GB18030, as spreadsheets in China write it; a separator of theirs.
iconv -f UTF-8 -t GB18030 faces/FaceScore.csv >faces/gb.csv
refused 3 "faces/gb.csv:2: not UTF-8; spreadsheets in China write GB18030: give data.encoding: gb18030" \
    train faces.yaml --data.csv faces/gb.csv
run 0 train faces.yaml --out runs/gb --data.csv faces/gb.csv --encoding gb18030 --skip-missing
if cmp -s runs/gb/split.csv runs/fewer/split.csv; then pass; else fail "GB18030 gives other paths"; fi
tr , ';' <faces/FaceScore.csv >faces/semicolons.csv
refused 3 'give data.separator: ";"' train faces.yaml --data.csv faces/semicolons.csv
run 0 train faces.yaml --out runs/semicolons --data.csv faces/semicolons.csv --separator ';' --skip-missing

# A plain label column, and list files.
{ echo path,label && for f in test/*/*; do echo "../$f,$(basename "$(dirname "$f")")"; done; } >faces/plain.csv
run 0 evaluate runs/a --data faces/plain.csv --json
json count 50
for f in test/*/*; do echo "$f $(basename "$(dirname "$f")")"; done >list.txt
run 0 evaluate runs/a --data list.txt --json
json count 50
run 0 evaluate runs/a --data test --json
cp "$work/out" by-folder
run 0 evaluate runs/a --data list.txt --json
if cmp -s by-folder "$work/out"; then pass; else fail "a list of the folder's images gives another result"; fi
echo "test/横/0000.png" >>list.txt
refused 3 'list.txt:51: "test/横/0000.png" stands alone' evaluate runs/a --data list.txt

# The operand of train, show and check-data is a folder or a recipe.
refused 3 "a table, a list or an IDX file is named in one, as data: {train: FILE}" train faces/FaceScore.csv
refused 3 "a table, a list or an IDX file is named in one" check-data faces/FaceScore.csv

# IDX: 12 images of 24x24, three classes.
{
    printf '\0\0\10\3\0\0\0\14\0\0\0\30\0\0\0\30'
    for k in 0 1 2 0 1 2 0 1 2 0 1 2; do head -c 576 /dev/zero | tr '\0' "\\$((k + 1))40"; done
} >ten-images-idx3-ubyte
printf '\0\0\10\1\0\0\0\14\0\1\2\0\1\2\0\1\2\0\1\2' >ten-labels-idx1-ubyte
gzip -k ten-images-idx3-ubyte
run 0 train --model tiny.yaml --data.train ten-images-idx3-ubyte.gz --epochs 1 --batch-size 4 --out runs/idx --threads 1
err_has "train: Found 9 images belonging to 3 classes: 0 (3), 1 (3), 2 (3)"
if grep -qE '^\.\./\.\./ten-images-idx3-ubyte\.gz#[0-9]+,[012],validation$' runs/idx/split.csv; then
    pass
else
    fail "split.csv does not name images of an IDX file"
fi
run 0 evaluate runs/idx --data ten-images-idx3-ubyte --json
json count 12
refused 3 "give the run's recipe.yaml, which names them" evaluate runs/a --data ten-images-idx3-ubyte
run 0 train --model tiny.yaml --data.train ten-images-idx3-ubyte --data.classes 零,一,二 --epochs 1 --out runs/idx-named
err_has "零 (3), 一 (3), 二 (3)"
run 0 show runs/idx/recipe.yaml -o idx.png
cp ten-images-idx3-ubyte gap-images-idx3-ubyte
printf '\0\0\10\1\0\0\0\14\1\1\2\1\1\2\1\1\2\1\1\2' >gap-labels-idx1-ubyte
refused 3 "no image of the class 0 to train on; add some, or number the labels from 0 without gaps" \
    train --model tiny.yaml --data.train gap-images-idx3-ubyte
mv ten-labels-idx1-ubyte away
refused 3 "looked for ten-labels-idx1-ubyte, with and without .gz" evaluate runs/idx --data ten-images-idx3-ubyte
