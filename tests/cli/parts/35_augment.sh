# Augmentation and views: what is drawn, what is averaged.  Uses photos, test and runs/a of 30_train.sh.

run 0 augmentations
out_like '^random_crop +cut'
out_like '^erase +'
run 0 augmentations rotate
out_like '^  degrees +numbers, -180..180, default 10$'
run 0 augmentations rotate --lang zh
out_has "旋转"
refused 2 "did you mean rotate?" augmentations rotat
for name in $("$program" augmentations | awk '/^[a-z_]+ / && !/^augmentation / { print $1 }'); do
    last="docs/augmentation.md"
    for page in docs/augmentation.md docs/augmentation.zh-CN.md; do
        if grep -qF "\`$name\`" "$root/$page"; then pass; else fail "$name is not in $page"; fi
        for option in $("$program" augmentations "$name" | awk '/^  [a-z_]+ / { print $1 }'); do
            if grep -qF "\`$option\`" "$root/$page"; then pass; else fail "$option of $name is not in $page"; fi
        done
    done
    if [ -s "$root/docs/augmentation/$name.png" ]; then pass; else fail "no picture of $name"; fi
done

# The same picture each time; another list, another picture.
run 0 show photos --augmented --augment '[rotate: 10, color_jitter, noise]' --count 6 -o variants.png
if [ "$(cat "$work/out")" = variants.png ]; then pass; else fail "stdout is not the path alone"; fi
run 0 show photos --augment '[rotate: 10, color_jitter, noise]' --count 6 -o again.png
if cmp -s variants.png again.png; then pass; else fail "the same draws differ"; fi
run 0 show photos --augment '[rotate: 20, color_jitter, noise]' --count 6 -o other.png
if cmp -s variants.png other.png; then fail "another list draws the same"; else pass; fi
# By path and by number: the same image.
cat >augment.yaml <<'YAML'
model: tiny.yaml
data: {train: photos, validation_split: 0, image_size: 28}
augment:
  - random_crop
  - shear: 20
YAML
run 0 show augment.yaml --augmented photos/横/0001.png --count 3 -o path.png
run 0 show augment.yaml --augmented 2 --count 3 -o number.png
if cmp -s path.png number.png; then pass; else fail "path and number name different images"; fi
run 0 show augment.yaml --augmented 2 photos/竖/0000.png --count 3 -o two.png
refused 2 "no-such.png is no image of this split" show augment.yaml --augmented no-such.png
printf 'data: {train: photos}\n' >plain.yaml
refused 2 "give --augment LIST" show plain.yaml --augmented
run 0 show photos --augmented --count 4 -o starter.png # as training a folder changes them
refused 2 "are for --augmented" show photos photos/横/0001.png
refused 2 "augment: no augmentation \"rotat\"; did you mean rotate?" show photos --augment '[rotat]'
refused 2 "random_crop: images of 24x24 leave no room" train --model tiny.yaml --data.train photos --augment '[random_crop]'
refused 2 "more than 1000; give a smaller --count" show augment.yaml --augmented 1 2 3 --count 500

# A run with every augmentation, and a mistake in a recipe with its place.
run 0 train augment.yaml --augment '[random_crop, rotate: 5, elastic: 20, stroke_width: 0.5, color_jitter, noise, erase]' \
    --epochs 1 --batch-size 16 --out runs/augmented
if grep -qF 'elastic: {alpha: 20}' runs/augmented/recipe.yaml; then pass; else fail "recipe.yaml lacks the list"; fi
printf 'model: tiny.yaml\ndata: {train: photos}\naugment:\n  - rotate: {angel: 3}\n' >mistake.yaml
refused 3 "mistake.yaml:4:14: rotate has no option \"angel\"; did you mean degrees?" train mistake.yaml

# Views: the paper's ten crops need room.
run 0 evaluate runs/augmented --data test --views ten-crop --json
json count 50
run 0 evaluate runs/a --data test --views flip --json
json count 50
cp "$work/out" flip.json
run 0 evaluate runs/a --data test --views flip --batch-size 3 --json
if [ "$("$helpers/json_check" confusion.0.0 <flip.json)" = "$("$helpers/json_check" confusion.0.0 <"$work/out")" ]; then
    pass
else
    fail "the batch size changed the result"
fi
refused 2 "ten-crop: the model's images are 24x24, and so is its input" predict runs/a test/横/0000.png --views ten-crop
refused 2 "--views middle: give one of centre|flip|ten-crop" predict runs/a test/横/0000.png --views middle
