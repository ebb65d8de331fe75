# The examples, compiled as a user would, when the library is beside the program.

folder=$(dirname "$program")
if [ -e "$folder/libalexnet.so" ]; then
    for example in classify camera alexnet; do
        last="examples/$example.c"
        if ${CC:-cc} ${EXAMPLE_CFLAGS:-} -O1 -Wall -I"$root/include" "$root/examples/$example.c" -o "$work/$example" -L"$folder" \
            -Wl,-rpath,"$folder" -lalexnet 2>"$work/err"; then pass; else fail "does not compile"; fi
    done
    last="classify"
    ./classify runs/a test/横/0000.png >"$work/out" 2>"$work/err" && pass || fail "exit code $?"
    out_like '^(横|竖) +[0-9.]+ %$'
    ./classify runs/a missing.png >"$work/out" 2>"$work/err" && fail "a missing file is no error" || pass
    err_has missing.png
    last="camera"
    ./camera runs/a >"$work/out" 2>"$work/err" && pass || fail "exit code $?"
    out_like '^frame 100: '
    head -c $((2 * 30 * 20 * 3)) /dev/zero | ./camera runs/a 30 20 >"$work/out" 2>"$work/err" && pass || fail "exit code $?"
    out_like '^frame 2: '
    last="examples/alexnet"
    ./alexnet >"$work/out" 2>"$work/err" && pass || fail "exit code $?"
    out_like '^total +58289538$'
    out_like '^conv2d_4 +13x13x384 +1327488$'
fi
