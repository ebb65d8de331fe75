# features: what layers of a model of 30_train.sh make of images, for other tools.

# The header of an array: magic, version 1.0, 118 bytes of text, padded so that 128 are before the numbers.
npy_shape() { head -c 128 "$1" | tr -d '\0' | grep -aoE "shape': \([0-9]+, [0-9]+\)"; }

run 0 features runs/a test -o f.npy
out_has "f.npy"
err_has "50 rows of 200 values: flatten_1"
if [ "$(head -c 10 f.npy | od -An -tx1 | tr -d ' \n')" = 934e554d5059010076 ] ||
    [ "$(head -c 10 f.npy | od -An -tx1 | tr -d ' \n')" = 934e554d505901007600 ]; then pass; else fail "no .npy"; fi
if [ "$(npy_shape f.npy)" = "shape': (50, 200)" ]; then pass; else fail "another shape: $(npy_shape f.npy)"; fi
if [ "$(stat -c %s f.npy)" -eq $((128 + 50 * 200 * 4)) ]; then pass; else fail "$(stat -c %s f.npy) bytes"; fi
if [ "$(head -1 f.csv)" = path,label ] && [ "$(wc -l <f.csv)" -eq 51 ]; then pass; else fail "another table"; fi
if grep -qE '^test/横/[^,]*\.png,横$' f.csv; then pass; else fail "no label of the folder"; fi

# The same numbers as text, from a data set, in batches of another size.
run 0 features runs/a --data test -o g.csv --batch-size 7
if [ "$(head -1 g.csv | cut -c1-17)" = path,label,f0,f1, ]; then pass; else fail "other columns"; fi
if [ "$(head -1 g.csv | tr ',' '\n' | tail -1)" = f199 ]; then pass; else fail "not 200 columns"; fi
if [ "$(wc -l <g.csv)" -eq 51 ]; then pass; else fail "not 50 rows"; fi
tail -c +129 f.npy | od -An -v -tf4 -w800 | tr -s ' ' | sed 's/^ //' >binary
tail -n +2 g.csv | cut -d, -f3- | tr ',' ' ' >text
if paste -d'\n' binary text | awk 'NR % 2 { n = split($0, a); next }
    { if (split($0, b) != n) exit 1
      for (i = 1; i <= n; i++) { d = a[i] - b[i]; if (d < 0) d = -d; if (d > 1e-4) exit 1 } }'; then
    pass
else
    fail ".npy and .csv say different things"
fi

# Another layer; the last one's values are what predict prints.
run 0 features runs/a test --layer conv2d_1 -o maps.npy
err_has "50 rows of 800 values: conv2d_1, 8 x 10 x 10 (channels, height, width)"
run 0 features runs/a test --layer dense_1 -o last.csv --threads 1
"$program" predict runs/a test --csv --top 2 2>/dev/null | awk -F, 'NR > 1 && $3 == "横" { print $4 }' >said
tail -n +2 last.csv | cut -d, -f3 >written
if paste said written | awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > 1e-5) exit 1 }'; then pass; else fail "other answers"; fi
run 2 features runs/a test --layer conv2d_9 -o x.npy
err_has "the model has no layer conv2d_9; it has conv2d_1, max_pooling2d_1, flatten_1, dense_1"

# Images without a class of the model, and what cannot be read.
mkdir -p loose/odd
cp "$(find test -name '*.png' | head -1)" loose/odd/a,b.png
echo damage >loose/odd/c.png
run 3 features runs/a loose -o loose.csv
err_has "c.png"
err_has "1 rows of 200 values"
if grep -q '^"loose/odd/a,b.png",,' loose.csv; then pass; else fail "another row"; fi
run 3 features runs/a loose/odd/c.png -o refused.npy
err_has "no image can be read; nothing was written"
run 3 features runs/a no-such.png -o refused.npy
run 3 features runs/a empty -o refused.npy
run 3 features runs/a --data other -o refused.npy
run 3 features tiny.yaml test -o refused.npy
if ls refused* >/dev/null 2>&1; then fail "a refused call left a file"; else pass; fi

# What is refused.
run 2 features
err_has "features takes a model, and images or --data"
run 2 features runs/a -o x.npy
run 2 features runs/a test --data test -o x.npy
run 2 features runs/a test
err_has "features needs a file to write"
run 2 features runs/a test -o x.npz
err_has "x.npz: the name must end in one of: .npy, .csv"
run 2 features runs/a test -o .npy
run 2 features runs/a test --split test -o x.npy
err_has "--split names a part of a recipe"
run 1 features runs/a test -o nowhere/x.npy
run 2 features runs/a test -o f.npy
err_has "-o f.npy: it exists; name another file or give --overwrite"
rm f.npy
run 2 features runs/a test -o f.npy
err_has "-o f.csv: it exists"
run 0 features runs/a test -o f.npy --overwrite
run 0 features runs/a --data runs/a/recipe.yaml --split validation -o recipe.csv
err_has "split: validation of runs/a/recipe.yaml"
if ls x.* ./*.tmp-* nowhere >/dev/null 2>&1; then fail "a refused call left a file"; else pass; fi
