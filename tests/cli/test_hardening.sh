#!/usr/bin/env bash
# test_hardening.sh PROGRAM SHARED: whether the program and the library were linked and compiled as CMakeLists.txt asks.
set -u
program=$1 shared=$2
failures=0
complain() { printf '%s\n' "$*"; failures=$((failures + 1)); }

readelf -hW "$program" | grep -q 'Type: *DYN' || complain "$program is not position independent"
for file in "$program" "$shared"; do
    readelf -lW "$file" | grep -q GNU_RELRO || complain "$file: no RELRO"
    readelf -dW "$file" | grep -qE 'BIND_NOW|FLAGS_1.*NOW' || complain "$file: symbols are bound late"
    readelf -lW "$file" | grep 'GNU_STACK' | grep -q 'RWE' && complain "$file: the stack can be executed"
    readelf -dW "$file" | grep -qE 'RPATH|RUNPATH' && complain "$file: searches for libraries in a path of its own"
    nm -D --undefined-only "$file" | grep -q '__stack_chk_fail' || complain "$file: no stack protector"
    nm -D --undefined-only "$file" | grep -qE '__[a-z]+_chk(@|$)' || complain "$file: not fortified"
done

[ $failures -eq 0 ] || exit 1
echo "hardened"
