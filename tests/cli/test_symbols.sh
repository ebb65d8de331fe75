#!/usr/bin/env bash
# test_symbols.sh SHARED STATIC: what the library shows to the linker, and what it links.
set -u
shared=$1 static=$2
failures=0
complain() { printf '%s\n' "$*"; failures=$((failures + 1)); }

declared=$(grep -o 'alx_[a-z0-9_]*(' "$(dirname "$0")/../../include/alexnet.h" | tr -d '(' | sort -u)
exported=$(nm -D --defined-only "$shared" | awk '{print $3}' | sed 's/@.*//' | sort -u)
while read -r symbol; do
    [ -n "$symbol" ] || continue
    grep -qx "$symbol" <<<"$declared" || complain "exported, and not in alexnet.h: $symbol"
done <<<"$(grep -vE '^(_init|_fini|__bss_start|_edata|_end)$|^__(asan|ubsan|odr)' <<<"$exported")"
for symbol in $(grep -o '^ALX_API.*alx_[a-z0-9_]*(' "$(dirname "$0")/../../include/alexnet.h" | grep -o 'alx_[a-z0-9_]*($' | tr -d '('); do
    grep -qx "$symbol" <<<"$exported" || complain "declared, and not exported: $symbol"
done
while read -r symbol; do
    complain "the static library defines $symbol; inner names begin with alx_"
done < <(nm --defined-only -g "$static" 2>/dev/null | awk 'NF == 3 {print $3}' | grep -vE '^(alx_|__(asan|ubsan|odr|llvm|prof)|\.gomp_critical_user_alx_)' | sort -u)
for library in cairo pango; do
    readelf -d "$shared" | grep NEEDED | grep -q "lib$library" && complain "the library links $library"
done
# Whatever a file says, no program is started, no code is loaded, and nothing is sent anywhere.
while read -r symbol; do
    [ -n "$symbol" ] || continue
    complain "the library can call $symbol"
done <<<"$(nm -D --undefined-only "$shared" | awk '{print $2}' | sed 's/@.*//' |
    grep -E '^(system|popen|v?fork|clone|exec[lv].*|fexecve|posix_spawnp?|dlm?open|socket|connect|getaddrinfo|wordexp|glob)$')"
readelf -d "$shared" | grep -q 'SONAME.*libalexnet\.so\.[0-9]' || complain "no soname"

[ $failures -eq 0 ] || exit 1
echo "symbols are clean"
