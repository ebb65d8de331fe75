#!/usr/bin/env bash
# test_docs.sh ALEXNET [HELPERS]: what the pages say is what the program prints.
# test_docs.sh --update ALEXNET: writes the outputs shown in the pages anew.
#
# Compares, from the repository's root:
#   - fenced blocks that begin with `$ alexnet ...`: the command's whole output, or its beginning when the block ends
#     in a line `...`;
#   - numbers.txt, row by row: the text stands in the page, and the program gives the value;
#   - every equation of numbers in the four pages (sums.c);
#   - that each number of four digits and more, and each shape, of those pages is one of the above;
#   - code shown as YAML and C: it stands in models/alexnet.yaml and examples/alexnet.c;
#   - the course's rows: the tally in the text, and the same verdicts in both languages;
#   - relative links of README*.md and docs/*.md, with their #places.
# HELPERS is a folder with json_check and sums; without it they are compiled.  One line a failure; exit 1 if any.
set -u
export LC_ALL=C.UTF-8
unset LANG LANGUAGE LC_MESSAGES COLUMNS

update=0
[ "$1" = --update ] && update=1 && shift
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
helpers=${2:-}
[ -z "$helpers" ] || helpers=$(realpath "$helpers")
cd "$here/../.." || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/alexnet-docs.XXXXXX")
trap 'rm -rf "$work"' EXIT

if [ -z "$helpers" ]; then
    helpers=$work
    cc=${CC:-cc}
    # shellcheck disable=SC2046 # pkg-config gives words
    $cc -O1 tests/cli/json_check.c -o "$work/json_check" $(pkg-config --cflags --libs jansson) || exit 1
    $cc -O1 tests/docs/sums.c -o "$work/sums" -lm || exit 1
fi

line_pages=(docs/alexnet-line-by-line.md docs/alexnet-line-by-line.zh-CN.md)
course_pages=(docs/course-checked.md docs/course-checked.zh-CN.md)
pages=("${line_pages[@]}" "${course_pages[@]}")
all_pages=(README*.md docs/*.md)

passed=0
failed=0
pass() { passed=$((passed + 1)); }
fail() {
    failed=$((failed + 1))
    echo "FAILED: $*"
}
same() { if [ "$1" = "$2" ]; then pass; else fail "$3: $1, not $2"; fi; }
trim() {
    local text=$1
    text=${text#"${text%%[![:space:]]*}"}
    printf '%s' "${text%"${text##*[![:space:]]}"}"
}

# ---- Commands and what they print ----

# answer "alexnet WORDS": the file with the command's output; each command runs once.
answer() {
    local file words
    file=$work/$(printf '%s' "$1" | cksum | tr ' ' _)
    if [ ! -e "$file" ]; then
        read -ra words <<<"$1"
        "$program" "${words[@]:1}" >"$file" 2>"$work/err" </dev/null || {
            fail "$1: exit code $?: $(head -1 "$work/err")"
        }
    fi
    printf '%s' "$file"
}

# check_block PAGE FILE: the block's lines, the command first.
check_block() {
    local page=$1 block=$2 command output
    command=$(sed -n '1s/^\$ //p' "$block")
    sed 1d "$block" >"$work/shown"
    output=$(answer "$command")
    if [ "$(tail -n 1 "$work/shown")" = ... ]; then
        sed -i '$d' "$work/shown"
        head -n "$(wc -l <"$work/shown")" "$output" >"$work/wanted"
    else
        cp "$output" "$work/wanted"
    fi
    if [ ! -s "$work/shown" ]; then
        fail "$page: \$ $command: nothing shown"
    elif cmp -s "$work/shown" "$work/wanted"; then
        pass
    else
        fail "$page: \$ $command: prints something else (tests/docs/test_docs.sh --update writes it anew):"
        diff "$work/shown" "$work/wanted" | head -8 | sed 's/^/    /'
    fi
}

check_blocks() {
    local page block
    for page in "${all_pages[@]}"; do
        rm -f "$work"/block.*
        awk -v out="$work/block." '
            /^```/ { inside = !inside; first = inside; next }
            inside && first { first = 0; shown = /^\$ alexnet /; if (shown) n++ }
            inside && shown { print > (out n) }' "$page"
        for block in "$work"/block.*; do
            [ -e "$block" ] && check_block "$page" "$block"
        done
    done
}

# Writes whole outputs in place of those shown; a block that ends in `...` keeps its number of lines, at least one.
update_blocks() {
    local page line command shown cut fence
    for page in "${all_pages[@]}"; do
        grep -q '^\$ alexnet ' "$page" || continue
        while IFS= read -r line || [ -n "$line" ]; do
            printf '%s\n' "$line"
            [ "${fence:-}" = open ] && [[ $line == '$ alexnet '* ]] && {
                command=${line#'$ '}
                shown=0 cut=0
                while IFS= read -r line && [[ $line != '```'* ]]; do
                    if [ "$line" = ... ]; then cut=1; else shown=$((shown + 1)); fi
                done
                if [ $cut = 1 ] && [ $shown -gt 0 ]; then
                    head -n $shown "$(answer "$command")"
                    echo ...
                else
                    cat "$(answer "$command")"
                fi
                printf '%s\n' "$line"
                fence=
                continue
            }
            if [[ $line == '```'* ]]; then fence=open; else fence=; fi
        done <"$page" >"$work/page"
        cmp -s "$work/page" "$page" || { cat "$work/page" >"$page" && echo "$page: written anew"; }
    done
}

# ---- numbers.txt ----

# value_at COMMAND PATH: from JSON; PATH[] is a list, joined by x as shapes are written.
value_at() {
    local file count i all=
    case $1 in
    explain*) file=$(answer "alexnet $1 --format json") ;;
    *) file=$(answer "alexnet $1 --json") ;;
    esac
    if [[ $2 != *'[]' ]]; then
        "$helpers/json_check" "$2" <"$file" 2>&1
        return
    fi
    count=$("$helpers/json_check" "${2%'[]'}" <"$file")
    for ((i = 0; i < ${count:-0}; i++)); do
        all+=${all:+x}$("$helpers/json_check" "${2%'[]'}.$i" <"$file")
    done
    printf '%s\n' "$all"
}

# The file's head says what a row is.
check_numbers() {
    local pattern text command path value page plain rows=0 fits got
    while IFS='|' read -r pattern text command path value; do
        pattern=$(trim "$pattern")
        case $pattern in "" | "#"*) continue ;; esac
        text=$(trim "${text//¦/|}") command=$(trim "$command") path=$(trim "$path") value=$(trim "$value")
        rows=$((rows + 1)) fits=0
        for page in "${all_pages[@]}"; do
            # shellcheck disable=SC2053 # a pattern on purpose
            [[ $page == $pattern ]] || continue
            fits=1
            if grep -qF -- "$text" "$page"; then pass; else fail "$page: lacks \"$text\" (numbers.txt)"; fi
            printf '%s\n' "$text" >>"$work/known.${page//\//_}"
        done
        [ $fits = 1 ] || fail "numbers.txt: no page is called $pattern"
        plain=${text//,/}
        if ! [[ " $plain " =~ [^0-9.]"$value"[^0-9] ]]; then
            fail "numbers.txt: \"$text\" does not hold the value $value"
        fi
        if [ "$command" != - ]; then
            got=$(value_at "$command" "$path")
            same "$got" "$value" "numbers.txt: alexnet $command, $path"
        fi
    done <"$here/numbers.txt"
    [ $rows -ge 80 ] || fail "numbers.txt: only $rows rows"
}

# Each number with a thousands' comma and each shape of three sides is in numbers.txt or comes out of an equation.
check_coverage() {
    local page token known plain
    for page in "${pages[@]}"; do
        known=$work/known.${page//\//_}
        touch "$known"
        "$helpers/sums" <"$page" >"$work/sums.out" 2>"$work/sums.err"
        case $? in
        0) pass ;;
        1) fail "$page: $(cat "$work/sums.err")" ;;
        *) fail "$page: not one equation found" ;;
        esac
        awk '/^```/ { inside = !inside; shown = 0; next } inside && /^\$ alexnet / { shown = 1 } !shown' "$page" >"$work/text"
        grep -oE '[0-9]{1,3}(,[0-9]{3})+|[0-9]+x[0-9]+x[0-9]+' "$work/text" | sort -u >"$work/tokens"
        while read -r token; do
            plain=${token//,/}
            if grep -qxF -- "$plain" "$work/sums.out" || grep -qE "(^|[^0-9,x])${token}([^0-9,x]|\$)" "$known"; then
                pass
            else
                fail "$page: nothing checks $token; give it a row in numbers.txt"
            fi
        done <"$work/tokens"
    done
}

# ---- Code, tally, links ----

check_code() {
    local page file line
    for page in "${line_pages[@]}"; do
        for file in models/alexnet.yaml examples/alexnet.c; do
            awk -v fence="\`\`\`${file##*.}" '/^```/ { inside = $0 == fence; next } inside' "$page" >"$work/code"
            [ -s "$work/code" ] || fail "$page: shows nothing of $file"
            while IFS= read -r line; do
                if grep -qF -- "$line" "$file"; then pass; else fail "$page: not in $file: $line"; fi
            done <"$work/code"
        done
        # Every layer of the YAML is walked through, in its order.
        sed -n 's/^\(  - [a-z0-9_]*\(: {[^}]*}\)\{0,1\}\).*/\1/p' models/alexnet.yaml >"$work/layers"
        awk '/^```/ { inside = $0 == "```yaml"; next } inside && /^  - /' "$page" >"$work/code"
        if cmp -s "$work/layers" "$work/code"; then pass; else fail "$page: not the layers of models/alexnet.yaml"; fi
    done
}

# Verdicts of a page as letters, a row each: r right, s right and more, w wrong, n cannot be checked.
verdicts() {
    sed -nE 's/.*\| (right|对) \|$/r/p; s/.*\| (right, (with|see)|对，(补充|见)).*\|$/s/p
             s/.*\| (wrong|有误，更正).*\|$/w/p; s/.*\| (cannot be checked here|这里无法核实).*\|$/n/p' "$1"
}

check_tally() {
    local page plain more wrong not text
    for page in "${course_pages[@]}"; do
        verdicts "$page" >"$work/verdicts.${page##*/}"
        plain=$(grep -c r "$work/verdicts.${page##*/}")
        more=$(grep -c s "$work/verdicts.${page##*/}")
        wrong=$(grep -c w "$work/verdicts.${page##*/}")
        not=$(grep -c n "$work/verdicts.${page##*/}")
        text=$(tr '\n' ' ' <"$page")
        same "$(sed -nE 's/.*(Of |共 )([0-9]+) (rows below|条：对的) ([0-9]+) (are right|条（其中) ?\(?([0-9]+) .*/\2 \4 \6/p' <<<"$text")" \
            "$((plain + more + wrong + not)) $((plain + more)) $more" "$page: rows, right, with a remark"
        same "$(sed -nE 's/.*(own\), |更正 )([0-9]+) (are corrected, and|条，这里无法核实) ([0-9]+) .*/\2 \4/p' <<<"$text")" \
            "$wrong $not" "$page: corrected, not checked"
    done
    if cmp -s "$work"/verdicts.*; then pass; else fail "the verdicts of ${course_pages[*]} differ"; fi
}

# places PAGE: what its headings are called in links.
places() {
    awk '/^```/ { inside = !inside; next } !inside && /^#+ /' "$1" |
        sed -E 's/^#+ //; s/[^[:alnum:] _-]//g; s/ /-/g' | tr '[:upper:]' '[:lower:]'
}

check_links() {
    local page link file place
    for page in "${all_pages[@]}"; do
        awk '/^```/ { inside = !inside; next } !inside' "$page" | grep -oE '\]\([^)]+\)' | sed 's/^](//; s/)$//' >"$work/links"
        while IFS= read -r link; do
            case $link in *://* | mailto:*) continue ;; esac
            file=${link%%#*}
            place=
            [[ $link == *'#'* ]] && place=${link#*#}
            if [ -z "$file" ]; then file=$page; else file=$(realpath -ms --relative-to=. "$(dirname "$page")/$file"); fi
            if [ ! -e "$file" ]; then
                fail "$page: a link to nothing: $link"
            elif [ -n "$place" ] && ! places "$file" | grep -qxF -- "$place"; then
                fail "$page: no heading for $link"
            else
                pass
            fi
        done <"$work/links"
    done
}

if [ $update = 1 ]; then
    update_blocks
    exit
fi
check_blocks
check_numbers
check_coverage
check_code
check_tally
check_links
echo "$passed checks passed, $failed failed"
[ "$failed" -eq 0 ]
