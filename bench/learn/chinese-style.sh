#!/bin/bash
# Styles of calligraphy in fonts that training never saw.  What to do is found on kaishu, songti and xingshu in Debian's
# fonts: four folds, each of which learns from one font a style and is tested on others.  Then recipes/chinese-style-own.yaml,
# which came out of it, is trained unchanged on lishu and xingkai, both ways round.  docs/chinese-style.md tells the results.
#
# Needs build/glyphs; Debian's fonts-cns11643-kai fonts-cns11643-sung fonts-cwtex-kai fonts-cwtex-ming fonts-arphic-gkai00mp
# fonts-arphic-bkai00mp fonts-arphic-gbsn00lp fonts-arphic-bsmi00lp fonts-kouzan-mouhitsu fonts-aoyagi-soseki
# fonts-noto-cjk; and data/chinese-style, data/chinese-style-reverse as docs/chinese-style.md makes them.
#
# usage: [OUT=runs/chinese-style] bench/learn/chinese-style.sh
. "$(dirname "$0")/steps.sh"
GLYPHS=${GLYPHS:-$root/build/glyphs}
recipe=$root/recipes/chinese-style-own.yaml

# ---- The folds: trained on, tested on ----
fold() # NAME kaishu songti xingshu, then the same for the test
{
    [ -d "$root/data/folds/$1" ] ||
        "$GLYPHS" "$root/data/folds/$1" --size 128 --train 2000 --validation 200 --test-count 600 \
            --class "kaishu=$2" --class "songti=$3" --class "xingshu=$4" \
            --test "kaishu=$5" --test "songti=$6" --test "xingshu=$7" > /dev/null
}
kouzan=kouzan-mouhitsu-gyosho.ttf soseki=aoyagi-soseki.ttf
fold 1 TW-Kai-98_1.ttf TW-Sung-98_1.ttf $kouzan cwkai.ttf,gkai00mp.ttf,bkai00mp.ttf cwming.ttf,gbsn00lp.ttf,bsmi00lp.ttf $soseki
fold 2 gkai00mp.ttf gbsn00lp.ttf $soseki TW-Kai-98_1.ttf,bkai00mp.ttf,cwkai.ttf TW-Sung-98_1.ttf,cwming.ttf $kouzan
# Songti is bold in one of these and thin in the other; face 2 is the simplified one.
bold=NotoSerifCJK-Bold.ttc:2
fold 3 TW-Kai-98_1.ttf $bold $soseki bkai00mp.ttf,cwkai.ttf,gkai00mp.ttf cwming.ttf,gbsn00lp.ttf,bsmi00lp.ttf $kouzan
fold 4 cwkai.ttf gbsn00lp.ttf $kouzan TW-Kai-98_1.ttf,bkai00mp.ttf,gkai00mp.ttf $bold $soseki

# One seed on each fold; the accuracy on its unseen fonts.
look() # NAME [--key value]...
{
    local name=$1 n all=
    for n in 1 2 3 4; do
        local data=$root/data/folds/$n
        finalist "$name-$n" 0 "$recipe" --data.train "$data/train" --data.validation "$data/validation" \
            --data.test "$data/test" "${@:2}" > /dev/null
        all="$all $(awk '$1 == "accuracy" { print $2 }' "$OUT/$name-$n/001/test.txt")"
    done
    printf '%-12s unseen fonts%s, mean %s\n' "$name" "$all" "$(printf '%s\n' $all | mean)"
}

strokes='stroke_width: {radius: [-2, 3]}' blur='gaussian_blur: {sigma: [0.5, 2], probability: 0.5}' mixup='mixup: 0.4'
look none --augment '[]'
look blur-mixup --augment "[$blur, $mixup]"
look bold --augment "[stroke_width: {radius: [-1, 4]}, $blur, $mixup]"
look wide --augment "[stroke_width: {radius: [-3, 5]}, $blur, $mixup]"
look own
look elastic --augment "[elastic: {alpha: 30, sigma: 6}, $strokes, $blur, $mixup]"
look longer --epochs 10
look no-mixup --augment "[$strokes, $blur]"
look parts --augment "[random_resized_crop: {scale: [0.4, 1], ratio: [0.8, 1.25]}, $strokes, $blur, $mixup]"

other=$root/data/chinese-style-reverse
finalist lishu-xingkai 0,1,2 "$recipe"
finalist the-other-way 0,1,2 "$recipe" --data.train "$other/train" --data.validation "$other/validation" \
    --data.test "$other/test"
