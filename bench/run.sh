#!/usr/bin/env bash
# ./run bench NAME [options]: called with the build folder first.
set -euo pipefail
build=$1
name=${2:-train}
shift
[ $# -eq 0 ] || shift
here=$(dirname "$0")
[ -f "$here/$name.py" ] || { printf 'no benchmark named %s; there are: train, start, memory, learn\n' "$name" >&2; exit 2; }
exec /usr/bin/python3 "$here/$name.py" "$build" "$@"
