#!/usr/bin/env bash
# fuzz.sh BUILD SECONDS [NAME...]: each target of targets.txt, or those named, for SECONDS, then a table of all.  What it
# finds stays in BUILD/findings, what it learns in BUILD/corpus.  Exit 1: something was found.
set -euo pipefail
build=$(realpath "$1")
seconds=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
"$here/seeds.sh" "$build" "$build/seeds"
mkdir -p "$build/findings" "$build/logs"

# Of an input: 10 seconds, the row's MiB in one allocation, and 1 GiB more in all, which is what sanitizers and many such
# allocations take.
fuzz() {
    local name=$1 seeds=$2 dictionary=$3 mib=$4 folders=("$build/corpus/$1") folder
    mkdir -p "${folders[0]}"
    [ ! -d "$here/corpus/$name" ] || folders+=("$here/corpus/$name")
    for folder in ${seeds//,/ }; do [ "$folder" = - ] || folders+=("$build/seeds/$folder"); done
    dictionary=$here/dictionaries/$dictionary.dict
    [ -e "$dictionary" ] || dictionary=$build/seeds/words.dict
    ASAN_OPTIONS=quarantine_size_mb=16:allocator_may_return_null=1:${ASAN_OPTIONS:-} "$build/fuzz_$name" \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=$((mib + 1024)) -malloc_limit_mb="$mib" \
        -print_final_stats=1 -artifact_prefix="$build/findings/$name-" -dict="$dictionary" "${folders[@]}" \
        >"$build/logs/$name" 2>&1
}

# The last count in the log of what the pattern names.
last() { grep -oE "$2" "$build/logs/$1" | tail -n 1 | grep -oE '[0-9]+' | tail -n 1 || echo -; }

rows=()
failed=0
while read -r name seeds dictionary mib; do
    case " $* " in '  ' | *" $name "*) ;; *) continue ;; esac
    code=0
    fuzz "$name" "$seeds" "$dictionary" "$mib" || code=$?
    found=$(find "$build/findings" -name "$name-*" | wc -l)
    [ $code -eq 0 ] || { failed=1 && tail -n 30 "$build/logs/$name" >&2; }
    rows+=("$(printf '%-12s %12s %8s %8s %6s %9s' "$name" "$(last "$name" 'number_of_executed_units: *[0-9]+')" \
        "$(last "$name" 'cov: [0-9]+')" "$(last "$name" 'ft: [0-9]+')" "$(last "$name" 'peak_rss_mb: *[0-9]+')" "$found")")
    echo "${rows[-1]}" >&2
    [ "$found" -eq 0 ] || failed=1
done < <(grep -vE '^#|^$' "$here/targets.txt")

# Coverage is of our code alone: the image libraries, libyaml and the others are not built for it.
printf '%-12s %12s %8s %8s %6s %9s\n' target executions edges features MiB findings
printf '%s\n' "${rows[@]}"
exit $failed
