# Help, versions and mistakes in what is typed.

run 2
out_empty
err_has "Usage"
run 0 --help
out_has "alexnet train photos/"
err_empty
for command in train evaluate compare predict features export summary explain profile check-data show report plot models layers augmentations; do
    run 0 --help
    out_like "^  $command +[a-z]"
    run 0 $command --help
    err_empty
    out_has "Usage"
    out_has "Examples"
    out_has "--help"
    out_like "^  alexnet $command"
    cp "$work/out" "$work/page"
    run 0 help $command
    if cmp -s "$work/out" "$work/page"; then pass; else fail "help $command differs from $command --help"; fi
    run 0 $command --help --lang zh
    out_has "用法"
    # Every option is explained in Chinese, on its line or the next.
    english=$(LC_ALL=C awk '/^ +(-., )?--/ { if (want != "") print want; want = /[\200-\377]/ ? "" : $0; next }
                            want != "" { if (!/[\200-\377]/) print want; want = "" }' "$work/out")
    if [ -z "$english" ]; then pass; else fail "no Chinese: $english"; fi
    run 0 --lang=zh help $command
    out_has "示例"
    # Every option of the page is documented.
    for option in $(grep -oE -- '--[a-z][a-z0-9.-]+' "$work/page" | sort -u); do
        last="docs/cli.md"
        if grep -qF -- "$option" "$root/docs/cli.md"; then pass; else fail "$option of $command is not in docs/cli.md"; fi
    done
done
last="LANG=zh_CN.UTF-8 alexnet --help"
LC_ALL='' LANG=zh_CN.UTF-8 "$program" --help >"$work/out" 2>"$work/err"
out_has "命令"
run 0 --version
out_like '^alexnet [0-9]+\.[0-9]+\.[0-9]+ \(oneDNN [0-9.]+\)$'

refused 2 "did you mean train?" trian
refused 2 "there is no command" frobnicate
refused 2 "did you mean --epochs?" train --epoch 3
refused 2 "did you mean --batch-size?" predict --bath-size 3 x y
refused 2 "did you mean --train.epochs?" train --train.epoch 3
refused 2 "did you mean --learning-rate?" train photos --lr 0.1
refused 2 "did you mean --train.learning-rate?" train photos --train.lr 0.1
refused 2 "did you mean --learning-rate?" train photos --learning_rat 0.1
refused 2 "did you mean alexnet?" models alexnett
refused 2 "leave one of them out" train --resume runs/1 --overwrite
# In Chinese no kind of value is named in English, brackets are full-width, and no line ends in an opening one.
run 0 train --help --lang zh
out_has "--data.skip-bad 百分比"
out_like "（默认 1）$"
if grep -qE '^ +--[a-z.0-9-]+ (text|path|integer|number|numbers|list)' "$work/out"; then fail "English kinds"; else pass; fi
if grep -qE '[^ ] \(默认|（ *$|^ *[），。]' "$work/out"; then fail "brackets"; else pass; fi
run 0 layers conv2d --lang zh
out_like "^  filters +整数，"
refused 2 "unknown option --zzzzzz" summary --zzzzzz alexnet
refused 2 "unknown option -q" summary -q
refused 2 "needs a value" train --out
refused 2 "whole number from 1 to" predict --top 0 runs/1 x.png
refused 2 "whole number from" predict --top 3x runs/1 x.png
refused 2 "one of auto|f32|bf16" predict --precision f16 runs/1 x.png
refused 2 "give yes or no" evaluate --json=maybe runs/1
refused 2 "evaluate takes one model" evaluate
refused 2 "needs --data" evaluate runs/1
refused 2 "predict takes a model and images" predict runs/1
refused 2 "give one of them" predict runs/1 x.png --json --csv
refused 2 "summary takes one network" summary
refused 2 "train needs a folder" train
refused 2 "train takes one folder or recipe" train a b
refused 2 "leave out --out" train --resume runs/1 --out runs/2
refused 2 "there is no built-in network alexnot; did you mean alexnet" models alexnot
refused 2 "there is no layer type conv2; did you mean conv2d" layers conv2

# A result that cannot be written is a failure.
last="alexnet layers > /dev/full"
"$program" layers >/dev/full 2>"$work/err"
code=$?
if [ $code -eq 1 ]; then pass; else fail "exit code $code"; fi
err_has "writing to standard output"
last="alexnet layers >&-"
"$program" layers >&- 2>"$work/err"
code=$?
if [ $code -eq 1 ]; then pass; else fail "exit code $code"; fi
last="alexnet models alexnet | true"
{ "$program" models alexnet; echo $? >"$work/code"; } 2>"$work/err" | true
if [ "$(cat "$work/code")" -le 1 ] && [ ! -s "$work/err" ]; then pass; else fail "exit code $(cat "$work/code")"; fi

# Help comes at once: processor time, the best of twenty, as the machine may be busy.  Sanitizers are slow.
if ! ldd "$program" | grep -q san; then
    best=999
    TIMEFORMAT='%3U %3S'
    for i in $(seq 20); do
        spent=$({ time "$program" --help >"$work/out"; } 2>&1 | awk '{ printf "%d", 1000 * ($1 + $2) }')
        [ "$spent" -lt $best ] && best=$spent
    done
    last="alexnet --help"
    if [ $best -lt 20 ]; then pass; else fail "took $best ms"; fi
fi
