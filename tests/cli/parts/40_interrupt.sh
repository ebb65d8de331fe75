# Ctrl-C: a checkpoint, exit 130, and a line that tells how to go on.

# until_handled PID: the child is the program, no longer a copy of this shell, and has its handler of SIGINT.
until_handled() {
    local i
    for i in $(seq 600); do
        if [ "/proc/$1/exe" -ef "$program" ]; then
            case $(awk '/^SigCgt/ { print substr($2, length($2)) }' "/proc/$1/status") in [2367abef]) return ;; esac
        fi
        sleep 0.01
    done
}
# A program that does not stop fails; it must not hang the tests.
await() {
    local i
    for i in $(seq 600); do
        kill -0 "$1" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null
    wait "$1"
    code=$?
}

last="train, interrupted"
"$helpers/make_images" many 5 400 64 a b || exit 1
# Bash ignores SIGINT in what it runs in the background; the program installs its own handler all the same.
"$program" train many --epochs 50 --out "runs/to resume" >"$work/out" 2>"$work/err" &
pid=$!
for i in $(seq 600); do # on a busy machine, without optimisation, reading the images takes a while
    sleep 0.1
    [ -s "runs/to resume/recipe.yaml" ] && break
done
sleep 1
kill -INT $pid
await $pid
if [ $code -eq 130 ]; then pass; else fail "exit code $code, not 130"; fi
err_has "alexnet train --resume 'runs/to resume'"
if [ -s "runs/to resume/last.safetensors" ]; then pass; else fail "no checkpoint"; fi
refused 2 "seed" train --resume "runs/to resume" --seed 4

# Before training: to prepare a network of 58 million weights takes a while.
last="train, interrupted at once"
"$program" train many --model alexnet --batch-size 1 --out runs/early >"$work/out" 2>"$work/err" &
pid=$!
until_handled $pid
kill -INT $pid
await $pid
if [ $code -eq 130 ]; then pass; else fail "exit code $code, not 130"; fi
err_has "stopped before training; no checkpoint was written"

last="train, interrupted twice"
"$program" train many --epochs 50 --out runs/twice >"$work/out" 2>"$work/err" &
pid=$!
until_handled $pid
sleep 1
kill -TERM $pid
kill -TERM $pid
await $pid
if [ $code -eq 130 ]; then pass; else fail "exit code $code, not 130"; fi

run 0 train runs/a/recipe.yaml --epochs 2 --out runs/extend --keep-optimizer
run 0 train --resume runs/extend --epochs 3
out_has runs/extend

# A sweep, in its second trial: the line that it prints finishes it.
last="train --sweep, interrupted"
"$program" train many --model tiny.yaml --threads 1 --sweep '{epochs: [1, 40]}' --out "runs/a sweep" \
    >"$work/out" 2>"$work/err" &
pid=$!
for i in $(seq 600); do
    sleep 0.05
    [ -s "runs/a sweep/002/recipe.yaml" ] && break
done
kill -INT $pid
await $pid
if [ $code -eq 130 ]; then pass; else fail "exit code $code, not 130"; fi
err_has "to continue: alexnet train many --model tiny.yaml --threads 1 --sweep '{epochs: [1, 40]}' --out 'runs/a sweep'"
if grep -q '^002,interrupted,40,' "runs/a sweep/results.csv"; then pass; else fail "no row of the interrupted trial"; fi
alexnet() { run 0 "$@"; }
eval "$(sed -n 's/^alexnet: to continue: //p' "$work/err")"
unset -f alexnet
err_has "1 of 2 runs are finished already"
if grep -q '^002,done,40,40,' "runs/a sweep/results.csv"; then pass; else fail "the sweep was not finished"; fi
