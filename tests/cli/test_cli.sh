#!/usr/bin/env bash
# test_cli.sh ALEXNET [HELPERS]: the program's commands as a person uses them.
#
# HELPERS is a folder with make_images and json_check; without it they are compiled.
# Prints one line a failure and a count; exit 1 when something failed.  PARTS="10_*.sh 20_*.sh 30_*.sh" runs
# these alone; later parts use what those three make.
set -u
export LC_ALL=C.UTF-8
unset LANG LC_MESSAGES

program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/alexnet-cli.XXXXXX")
# Not in a copy of this shell that a signal reaches before it has become the program.
trap '[ $BASHPID -eq $$ ] && rm -rf "$work"' EXIT
cd "$work" || exit 1
export XDG_CACHE_HOME=$work/cache

helpers=${2:-}
if [ -z "$helpers" ]; then
    helpers=$work/helpers
    mkdir "$helpers"
    cc=${CC:-cc}
    $cc -O1 "$here/make_images.c" -o "$helpers/make_images" $(pkg-config --cflags --libs libpng) || exit 1
    $cc -O1 "$here/json_check.c" -o "$helpers/json_check" $(pkg-config --cflags --libs jansson) || exit 1
fi
helpers=$(realpath "$helpers")

passed=0
failed=0
last="(nothing yet)"

pass() { passed=$((passed + 1)); }
fail() {
    failed=$((failed + 1))
    echo "FAILED: $last: $*"
    sed 's/^/    stdout: /' "$work/out" | head -5 | cut -c1-300
    sed 's/^/    stderr: /' "$work/err" | head -5 | cut -c1-300
}

# run CODE ARGUMENTS...: runs the program; out and err hold what it wrote.
run() {
    local want=$1 code
    shift
    last="alexnet $*"
    "$program" "$@" >"$work/out" 2>"$work/err" </dev/null
    code=$?
    if [ "$code" -eq "$want" ]; then pass; else fail "exit code $code, not $want"; fi
}
out_has() { if grep -qF -- "$1" "$work/out"; then pass; else fail "stdout lacks: $1"; fi; }
out_like() { if grep -qE -- "$1" "$work/out"; then pass; else fail "stdout has nothing like: $1"; fi; }
err_has() { if grep -qF -- "$1" "$work/err"; then pass; else fail "stderr lacks: $1"; fi; }
out_empty() { if [ ! -s "$work/out" ]; then pass; else fail "stdout is not empty"; fi; }
err_empty() { if [ ! -s "$work/err" ]; then pass; else fail "stderr is not empty"; fi; }
# json PLACE VALUE: stdout is JSON alone, with that value at that place.
json() {
    local got
    got=$("$helpers/json_check" "$1" <"$work/out" 2>&1) || { fail "JSON at $1: $got"; return; }
    if [ "$got" = "$2" ]; then pass; else fail "JSON at $1 is $got, not $2"; fi
}
# refused CODE MESSAGE ARGUMENTS...: a message on stderr, nothing on stdout.
refused() {
    local code=$1 message=$2
    shift 2
    run "$code" "$@"
    out_empty
    err_has "alexnet: error: "
    err_has "$message"
}

for part in ${PARTS:-*.sh}; do
    for file in "$here"/parts/$part; do . "$file"; done
done

echo "$passed checks passed, $failed failed"
[ "$failed" -eq 0 ]
