# report, plot, train --report: of the runs of 30_train.sh.

# A page that stands alone, with every section, and the figures that evaluate prints.
run 0 report runs/a
out_has "runs/a/report.html"
page=runs/a/report.html
page_has() { if grep -qF -- "$1" $page; then pass; else fail "$page lacks: $1"; fi; }
page_lacks() { if grep -qF -- "$1" $page; then fail "$page has: $1"; else pass; fi; }
for id in summary recipe model curves samples augmented findings confusion classes calibration threshold mistakes \
    uncertain filters features heatmaps neighbours map activity; do
    page_has "<section id=\"$id\""
    page_has "<a href=\"#$id\">"
done
page_has '<html lang="en">'
page_has 'alexnet train runs/a/recipe.yaml'
page_lacks '<script'
page_lacks 'http'
page_lacks "$work"
if ls runs/a/*.tmp* >/dev/null 2>&1; then fail "a temporary is left"; else pass; fi
run 0 evaluate runs/a --data runs/a/recipe.yaml --split validation --json
accuracy=$("$helpers/json_check" accuracy <out | xargs printf '%.4f')
page_has "<td>$accuracy ("
# The same page again, byte for byte but for measured times: the network's bars.
strip() { sed '/<section id="model"/,/<\/section>/d' "$1"; }
cp $page before.html
run 0 report runs/a -o again.html
if cmp -s <(strip before.html) <(strip again.html); then pass; else fail "another page"; fi

# Chinese; elsewhere; without the check.
page=report-zh.html
run 0 report runs/a --lang zh -o $page --no-check
page_has '<html lang="zh-CN">'
page_has '混淆矩阵'
page_has '按 --no-check 略去'
page_has '横'

# What is not there any more is named, and the rest stands.
cp -r runs/a runs/moved
sed -i 's|^\( *train: \).*photos.*|\1no/such/photos|; s|^\( *validation: \).*photos.*|\1no/such/photos|' runs/moved/recipe.yaml
run 0 report runs/moved
page=runs/moved/report.html
page_has 'Not shown: '
page_has '<section id="curves"'
page_has '<section id="filters"'
page_has 'after training'
rm runs/moved/best.safetensors runs/moved/last.safetensors runs/moved/metrics.csv
run 0 report runs/moved
page_has 'no epoch is in it yet'

# A model file, a folder that holds no run, wrong usage.
refused 1 "no-such/recipe.yaml" report no-such
refused 2 "report takes one run folder" report
refused 2 "report takes one run folder" report runs/a runs/a
refused 1 "nodir/x.html: cannot be made" report runs/a -o nodir/x.html
mkdir -p folder.html
refused 1 "folder.html: is a folder" report runs/a -o folder.html

# Each picture alone.
image=$(find test -name '*.png' | head -1)
for figure in curves model confusion calibration threshold samples mistakes uncertain filters features heatmap neighbours \
    map activity; do
    case $figure in mistakes) continue ;; esac # there may be none
    run 0 plot runs/a $figure -o "$figure.png"
    out_has "$figure.png"
    if [ "$(head -c 8 "$figure.png" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ]; then pass; else fail "no PNG"; fi
done
run 0 plot runs/a confusion -o confusion.svg --lang zh
if grep -q '<svg' confusion.svg; then pass; else fail "no SVG"; fi
for figure in features heatmap neighbours; do run 0 plot runs/a $figure "$image" -o one.png; done
run 0 plot runs/a curves
out_has curves.png
refused 2 "there is no figure confusoin; did you mean confusion?" plot runs/a confusoin
refused 2 "plot takes a run folder and a figure" plot runs/a
refused 2 "plot curves takes no image" plot runs/a curves "$image"
refused 2 "plot heatmap takes one image" plot runs/a heatmap "$image" "$image"
refused 2 "x.jpg: pictures are written as .png or .svg" plot runs/a curves -o x.jpg
refused 1 "no-such" plot no-such curves
refused 1 "no-such.png" plot runs/a heatmap no-such.png
run 0 plot --help
out_has "neighbours [IMAGE]"
run 0 plot --help --lang zh
out_has "与 IMAGE 最接近的训练图片"

# While it trains: what training knows, after each epoch; the answers come with report.
run 0 train photos --model tiny.yaml --epochs 2 --batch-size 10 --out runs/paged --report
page=runs/paged/report.html
page_has 'This page was written while the run trained'
page_has '<section id="curves"'
page_lacks '<section id="confusion"'
page_has '<td>2 / 2</td>'
run 0 train --resume runs/paged --epochs 3 --report
page_has '<td>3 / 3</td>'
refused 2 "--report is of a single run" train photos --model tiny.yaml --folds 2 --report
# A page that cannot be written ends no run.
mkdir -p runs/unpaged/report.html
run 0 train photos --model tiny.yaml --epochs 2 --batch-size 10 --out runs/unpaged --report --overwrite
err_has "no report is written any more"
