#!/usr/bin/env bash
# seeds.sh BUILD FOLDER: what the fuzzers begin with and what is no text to commit: FOLDER/NAME/*, and FOLDER/words.dict.
# BUILD has the programs seeds_image and seeds_model.
set -euo pipefail
build=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$2"
mkdir -p "$2"
cd "$2"
mkdir events exif idx image jpeg model png recipe spec webp

cp "$here"/../../models/*.yaml spec
cp "$here"/../../recipes/*.yaml recipe
"$build/seeds_image" image
"$build/seeds_model" model
for kind in png webp; do cp image/*.$kind $kind; done
cp image/*.jpg jpeg

# An event of step 7 with a summary of nothing.
printf '\11\0\0\0\0\0\0\360?\20\7*\0' >events/step

# Two images of 2x2 and their labels, plain and compressed; the first byte is the length of the images' file.
printf '\30\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\2abcdefgh\0\0\10\1\0\0\0\2\0\1' >idx/plain
head -c 25 idx/plain | tail -c 24 | gzip -n >packed.gz
{ printf "\\$(printf %o "$(stat -c %s packed.gz)")" && cat packed.gz && tail -c 10 idx/plain; } >idx/packed
rm packed.gz
printf '\20\0\0\10\3\377\377\377\377\0\0\0\1\0\0\0\1\0\0\10\1\377\377\377\377' >idx/claims-4-billion

# Blocks of one entry, orientation 6, in both orders of bytes; one whose directory follows itself.
printf 'Exif\0\0II*\0\10\0\0\0\1\0\22\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0' >exif/little
printf 'Exif\0\0MM\0*\0\0\0\10\0\1\1\22\0\3\0\0\0\1\0\6\0\0\0\0\0\0' >exif/big
printf 'Exif\0\0MM\0*\0\0\0\10\0\0\0\0\0\10' >exif/circle
printf 'Exif\0\0MM\0*\377\377\377\360' >exif/far

# The words that our parsers know.
{
    printf '"%s"\n' ': ' ', ' '[' ']' '{' '}' '\x0a' '\x0a  - ' '\"'
    grep -ohE '"[A-Za-z_][A-Za-z0-9_.]*"' "$here"/../../src/{layers,model,formats,data,train}/*.c
} | sort -u >words.dict
