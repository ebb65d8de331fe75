#!/usr/bin/env bash
# Includes point down only (docs/architecture.md): each folder may include itself and the folders listed for it.
set -u
cd "$(dirname "$0")/../.."

declare -A allowed=(
    [base]="base"
    [tensor]="base tensor"
    [ops]="base tensor ops"
    [layers]="base tensor ops layers"
    [formats]="base formats"
    [model]="base tensor ops layers formats model"
    [plan]="base tensor ops layers model plan"
    [data]="base data"
    [train]="base tensor ops layers formats model plan data train"
    [predict]="base tensor ops layers formats model plan data predict"
)
failures=0
complain() { printf '%s\n' "$*"; failures=$((failures + 1)); }

for folder in src/*/; do
    name=$(basename "$folder")
    [ -n "${allowed[$name]:-}" ] || { complain "src/$name is in no table of $0"; continue; }
    while IFS=: read -r file line text; do
        target=$(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' <<<"$text")
        [ -n "$target" ] || continue
        [[ " ${allowed[$name]} " == *" $target "* ]] || complain "$file:$line: src/$name must not include $target/"
    done < <(grep -n '^#include "' "$folder"*.[ch] /dev/null)
done

# only PATTERN ALLOWED: no other file may include it.
only() {
    local file
    while read -r file; do
        [[ $file =~ $2 ]] || complain "$file includes $1"
    done < <(grep -lE "^ *# *include [<\"].*$1" -r include src cli report --include='*.[ch]')
}
only 'dnnl' '^src/tensor/'
only 'turbojpeg|jpeglib' '^(src/data/codec_jpeg|report/encode)'
only '[</]png\.h|<png' '^src/data/codec_png'
only 'webp/' '^src/data/codec_webp'
only 'libexif' '^src/data/codec_'
only 'yaml\.h>' '^src/base/yaml'
only '[</]csv\.h|<csv' '^src/data/table\.c'
only 'zlib' '^src/data/idx\.c'
only 'iconv' '^src/data/text_file\.c'
only 'cairo|pango' '^report/'
while read -r file; do complain "$file includes the library's inside"; done < <(
    grep -lE '^#include "(base|tensor|ops|layers|model|plan|data|formats|train|predict)/' cli/*.[ch] report/*.[ch])

[ $failures -eq 0 ] || { printf '%d includes break the layering\n' $failures; exit 1; }
echo "layering holds"
