#!/usr/bin/env bash
# test_headers.sh BUILD: each header compiles alone, in C, and the public one in C++ too where there is a compiler.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$1 failures=0
cc=${CC:-cc}
drawing=$(pkg-config --cflags cairo pango pangocairo)
# ops/vectors.h is a template: who includes it says how wide vectors are.
headers=$({ git ls-files 'include/*.h' 'src/*.h' 'cli/*.h' 'report/*.h' 2>/dev/null ||
    find include src cli report -name '*.h'; } | grep -vx src/ops/vectors.h)

# Every header by itself is a file that includes it, twice for its guard.
# shellcheck disable=SC2086
while read -r header; do
    printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
        $cc -std=gnu17 -fsyntax-only -fopenmp -Wall -Wextra -Werror -Wno-unused-function -I include -I src -I . \
            -I "$build/generated" $drawing -x c - || { echo "does not compile alone: $header"; failures=$((failures + 1)); }
done <<<"$headers"
if command -v c++ >/dev/null; then
    printf '#include <alexnet.h>\n' | c++ -std=c++11 -fsyntax-only -Wall -Wextra -Werror -I include -x c++ - ||
        { echo "is no C++: include/alexnet.h"; failures=$((failures + 1)); }
fi

[ $failures -eq 0 ] || exit 1
echo "each header stands alone"
