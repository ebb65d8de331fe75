# Sourced by the experiments beside it.  Each trains recipes with some keys changed, a folder for each in OUT, and prints
# what came out.  What is finished is not repeated, what was interrupted goes on: run the same script again.
#
#   ALEXNET  the program (build/alexnet)        OUT  where the runs lie (runs/NAME-OF-THE-SCRIPT)

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
ALEXNET=${ALEXNET:-$root/build/alexnet}
OUT=${OUT:-$root/runs/$(basename "$0" .sh)}
mkdir -p "$OUT"

# The column `name` of a sweep's results, a line for each trial.
column() # results.csv name
{
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' "$1"
}

mean() { awk '{ sum += $1 } END { printf "%.4f", sum / NR }'; }

# Trains with the seeds given; quiet, unless it fails.
train() # NAME SEEDS RECIPE [--key value]...
{
    local name=$1 seeds=$2
    shift 2
    "$ALEXNET" train "$@" --sweep "{seed: [$seeds]}" --out "$OUT/$name" > "$OUT/$name.log" 2>&1 ||
        { tail -5 "$OUT/$name.log" >&2; return 1; }
}

# One seed, looked at on the validation images: what choices are made by.
step() # NAME RECIPE [--key value]...
{
    local name=$1
    shift
    train "$name" 0 "$@"
    local results=$OUT/$name/results.csv
    printf '%-24s validation %s  %5.0f s\n' "$name" "$(column "$results" val_accuracy)" "$(column "$results" seconds)"
}

# The test images of the recipe are looked at here alone, with what was chosen before.
finalist() # NAME SEEDS RECIPE [--key value]...
{
    train "$@"
    local name=$1 results=$OUT/$1/results.csv run all=
    for run in "$OUT/$name"/[0-9]*/; do
        "$ALEXNET" evaluate "$run" --data "${run}recipe.yaml" --split test > "$run/test.txt" 2>&1 ||
            { cat "$run/test.txt" >&2; return 1; }
        all="$all $(awk '$1 == "accuracy" { print $2 }' "$run/test.txt")"
    done
    printf '%-24s test%s, mean %s; validation %s  %5.0f s each\n' "$name" "$all" "$(printf '%s\n' $all | mean)" \
        "$(column "$results" val_accuracy | mean)" "$(column "$results" seconds | mean)"
}
