#!/bin/bash
# datasets/glyphs: counts, sizes, disjoint characters, same seed same bytes, errors and exit codes.
# Usage: test_glyphs.sh PATH-OF-GLYPHS
set -u
glyphs=$(realpath "${1:?usage: test_glyphs.sh PATH-OF-GLYPHS}")
work=$(mktemp -d "${TMPDIR:-/tmp}/test_glyphs.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
equal() { [ "$2" = "$3" ] || fail "$1: expected '$3', got '$2'"; }

# refuses CODE TEXT ARGUMENT...: ends with CODE, says TEXT on stderr, nothing on stdout.
refuses() {
    local code=$1 text=$2
    shift 2
    "$glyphs" "$@" >out.txt 2>err.txt
    equal "exit code of: glyphs $*" $? "$code"
    grep -qF -- "$text" err.txt || fail "glyphs $*: '$text' is not in: $(cat err.txt)"
    [ -s out.txt ] && fail "glyphs $*: printed $(cat out.txt)"
}
count() { find "$1" -name '*.png' | wc -l; }
characters() { find "$1" -name '*.png' | sed 's/.*-U\(.*\)\.png/\1/' | sort -u; }
bytes_at() { od -An -tu1 -j "$2" -N "$3" "$1" | tr -s ' '; }

# ---- Wrong usage needs no font ----
: >a.ttf
echo 'not a font' >b.ttf
refuses 2 'no folder to write to'
refuses 2 'unknown option --sise' x --sise 5
refuses 2 'unexpected argument' x y
refuses 2 '--size needs a value' x --size
refuses 2 '--size 7: expected a whole number from 8 to 4096' x --size 7
refuses 2 '--train 1.5' x --train 1.5
refuses 2 '--train 0' x --train 0
refuses 2 '--fill nan' x --fill nan
refuses 2 '--seed -1' x --seed -1
refuses 2 '--overwrite takes no value' x --overwrite=yes
refuses 2 'expected NAME=FONT' x --class kaishu
refuses 2 'named like a folder' x --class ../up=a.ttf
refuses 2 'named like a folder' x --class .hidden=a.ttf
refuses 2 'one class alone' x --class one=a.ttf
refuses 2 'named twice' x --class one=a.ttf --class two=a.ttf
refuses 2 'named twice' x --class one=a.ttf --class two=b.ttf --test one=b.ttf
refuses 2 'no --class of that name' x --class one=a.ttf --test two=b.ttf
refuses 1 'no font missing.ttf' x --class one=missing.ttf --class two=b.ttf
refuses 1 'not a font that FreeType reads' x --class one=a.ttf --class two=b.ttf
[ -e x ] && fail 'a refused call left a folder'
"$glyphs" --help >help.txt 2>&1 || fail '--help does not end with 0'
for option in class test train validation test-count size fill seed overwrite; do
    grep -q -- "--$option" help.txt || fail "--help lacks --$option"
done

fonts=/usr/share/fonts/truetype
kai=$(find $fonts -name cwkai.ttf 2>/dev/null | head -n 1)
ming=$(find $fonts -name cwming.ttf 2>/dev/null | head -n 1)
uming=$(find $fonts -name uming.ttc 2>/dev/null | head -n 1)
if [ -z "$kai" ] || [ -z "$ming" ]; then
    echo 'fonts-cwtex-kai and fonts-cwtex-ming are not installed: drawing is not tested'
    exit $((failures > 0))
fi

# ---- A data set ----
classes=(--class "kaishu=$kai" --class "songti=$ming")
"$glyphs" one "${classes[@]}" --train 30 --validation 10 --size 64 >one.txt || fail 'drawing failed'
for class in kaishu songti; do
    equal "train/$class" "$(count one/train/$class)" 30
    equal "validation/$class" "$(count one/validation/$class)" 10
done
[ -e one/test ] && fail 'a test split without test fonts'
grep -q '^test: none' one.txt || fail 'does not say that there is no test split'
grep -q '^train: kaishu 30 (cwkai), songti 30 (cwming); 30 characters$' one.txt || fail "train line: $(cat one.txt)"
find one -name '*.partial' | grep -q . && fail 'partial folders were left'
for file in one/*/*/*.png; do
    # Width and height, big-endian; 8 bits; colour type 2 is RGB.
    equal "$file" "$(bytes_at "$file" 16 10)" ' 0 0 0 64 0 0 0 64 8 2'
    [[ $file =~ /cw(kai|ming)-U[0-9A-F]{4}\.png$ ]] || fail "name $file"
done
equal 'both classes draw the same characters' "$(characters one/train/kaishu)" "$(characters one/train/songti)"
equal 'in validation too' "$(characters one/validation/kaishu)" "$(characters one/validation/songti)"
equal 'characters of training in validation' \
    "$(comm -12 <(characters one/train) <(characters one/validation) | wc -l)" 0

# ---- A font in parts: each character comes from the first part that has it ----
mkdir parts empty
ln -s "$kai" parts/a.TTF
ln -s "$kai" parts/b.ttf
echo 'no font' >parts/readme.css
"$glyphs" whole --class "kaishu=parts" --class "songti=$ming" --train 30 --validation 10 --size 64 >/dev/null ||
    fail 'a folder of parts'
for file in one/train/kaishu/*.png; do
    cmp -s "$file" "whole/train/kaishu/parts-${file##*-}" || fail "parts draw $file otherwise"
done
refuses 1 'no TTF, OTF, WOFF or WOFF2 file' x --class kaishu=empty --class "songti=$ming"
cp b.ttf parts/c.otf
refuses 1 'parts/c.otf: not a font' x --class kaishu=parts --class "songti=$ming"

# ---- Seeds ----
"$glyphs" two "${classes[@]}" --train=30 --validation=10 --size=64 >/dev/null
diff -r one two >/dev/null || fail 'the same seed gave other files'
"$glyphs" three "${classes[@]}" --train 30 --validation 10 --size 64 --seed 1 >/dev/null
[ "$(characters one/train)" = "$(characters three/train)" ] && fail 'another seed gave the same characters'

# ---- Several fonts of a class, and a test split ----
if [ -n "$uming" ]; then
    "$glyphs" many --class "kaishu=$kai" --class "songti=$ming,$uming:1" --test kaishu=$uming:0 \
        --test songti=$uming:2 --train 21 --validation 0 --test-count 5 --size 32 >/dev/null || fail 'many fonts'
    equal 'cwming images' "$(find many/train/songti -name 'cwming-*' | wc -l)" 11
    equal 'uming images' "$(find many/train/songti -name 'uming-*' | wc -l)" 10
    equal 'test images' "$(count many/test)" 10
    [ -e many/validation ] && fail 'a validation split of 0 images'
    refuses 1 'no face 9' x --class "kaishu=$uming:9" --class "songti=$ming"
    refuses 2 'has no test fonts' x "${classes[@]}" --test "kaishu=$uming"
    # Two fonts a class and more images than characters: each character meets each font once.
    "$glyphs" dense --class "kaishu=$kai,$uming:2" --class "songti=$ming,$uming:1" --train 24500 --validation 500 \
        --size 8 >/dev/null || fail 'more images than characters'
    equal 'dense kaishu' "$(count dense/train/kaishu)" 24500
    equal 'dense songti' "$(count dense/train/songti)" 24500
    equal 'dense, characters in both splits' \
        "$(comm -12 <(characters dense/train) <(characters dense/validation) | wc -l)" 0
fi

# ---- Too few characters, existing folders ----
refuses 1 'in common; ask for fewer images' x "${classes[@]}" --train 30000
[ -e x ] && fail 'too few characters, yet a folder was made'
refuses 1 'one/train: exists' one "${classes[@]}"
"$glyphs" one "${classes[@]}" --train 5 --validation 0 --size 16 --overwrite >/dev/null || fail '--overwrite failed'
equal 'after --overwrite' "$(count one)" 10
[ -e one/validation ] && fail '--overwrite left the old validation split'
echo mine >two/train/kaishu/notes.txt
refuses 1 'was not made by this tool' two "${classes[@]}" --train 5 --overwrite
equal 'files after a refused --overwrite' "$(count two)" 80
mkdir -p four/train.partial/kaishu && cp one/train/kaishu/*.png four/train.partial/kaishu/
"$glyphs" four "${classes[@]}" --train 3 --validation 0 --size 16 >/dev/null || fail 'after an interrupted run'
equal 'an interrupted run left images' "$(count four)" 6
echo file >plain
refuses 1 'plain' plain "${classes[@]}" --train 3

# ---- The ink: fitted and centred (only where Python reads PNG) ----
if /usr/bin/python3 -c 'import PIL' 2>/dev/null; then
    "$glyphs" ink "${classes[@]}" --train 20 --validation 0 --size 100 --fill 0.6 >/dev/null
    /usr/bin/python3 - ink/train/*/*.png <<'PYTHON' || fail 'the ink box'
import sys
from PIL import Image, ImageOps
for path in sys.argv[1:]:
    left, top, right, bottom = ImageOps.invert(Image.open(path).convert("L")).getbbox()
    assert 59 <= max(right - left, bottom - top) <= 62, path
    assert abs(left + right - 100) <= 1 and abs(top + bottom - 100) <= 1, path
PYTHON
fi

[ $failures -eq 0 ] && echo 'glyphs: all good'
exit $((failures > 0))
