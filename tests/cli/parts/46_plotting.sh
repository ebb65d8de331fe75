# The examples of docs/plotting.md, each where its tool is there.

# example TOOL LANGUAGE OUTPUT COMMAND...: the block in that language is run and leaves a picture.
example() {
    local tool=$1 language=$2 output=$3
    shift 3
    last="docs/plotting.md: $tool"
    "$@" --version >/dev/null 2>&1 || { echo "left out: $last, which is not here"; return; }
    awk -v begin="\`\`\`$language" '$0 == begin { on = 1; next } /^```$/ { on = 0 } on' "$root/docs/plotting.md" >example
    rm -f "$output"
    if "$@" example >"$work/out" 2>"$work/err" && [ -s "$output" ]; then pass; else fail "$(tail -1 "$work/err")"; fi
}
has_modules() { /usr/bin/python3 -c "import pandas, matplotlib" 2>/dev/null; }

run 0 train --model tiny.yaml --data.train photos --epochs 3 --batch-size 8 --threads 2 --out runs/1 --overwrite
example gnuplot gnuplot curves.svg gnuplot
if grep -q ">validation<" curves.svg 2>/dev/null || ! command -v gnuplot >/dev/null; then pass; else fail "no label"; fi
if has_modules; then
    example pandas python curves.png /usr/bin/python3
    out_has "runs/1/summary.json"
else
    echo "left out: docs/plotting.md: pandas and matplotlib, which are not here"
fi
example R r curves.pdf Rscript

# summary.json
cp runs/1/summary.json "$work/out"
json complete true
json epochs 3
json steps "$(($(grep -c ',train$' runs/1/split.csv) / 8 * 3))"
json last.epoch 3
json classes.0.name 横
json classes.1.train 32
json classes.1.validation 8
json images.train 64
json model.name tiny
json monitor val_loss
row=$(sed -n "4s/,[^,]*\$//p" runs/1/metrics.csv)
IFS=, read -r _ loss accuracy val_loss val_accuracy rate <<<"$row"
for part in loss accuracy val_loss val_accuracy; do
    last="summary.json: $part"
    got=$("$helpers/json_check" "last.$part" <runs/1/summary.json)
    if awk -v a="$got" -v b="${!part}" 'BEGIN { exit !(a - b < 1e-9 && b - a < 1e-9) }'; then pass; else fail "$got, not ${!part}"; fi
done
# While it goes on, and where nothing validates.
run 0 train --resume runs/1 --epochs 4
cp runs/1/summary.json "$work/out"
json epochs 4
json epochs_wanted 4
run 0 train --model tiny.yaml --data.train photos --data.split.validation 0 --epochs 1 --threads 2 --out runs/blind \
    --overwrite
cp runs/blind/summary.json "$work/out"
json last.val_loss null
json monitor loss
