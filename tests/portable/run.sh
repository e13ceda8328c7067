#!/bin/sh
# The same numbers from every compiler here, at every level, and on another processor if
# there are a cross compiler and qemu for it (Debian: gcc-aarch64-linux-gnu, qemu-user).
set -u
cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
sources="src/base/maths.c src/base/rng.c src/base/hash.c src/base/tables.c
    src/base/mem.c src/base/err.c tests/lib/base_digest.c tests/portable/digest.c"
bad=0

# try NAME RUNNER COMPILER FLAGS...
try() {
    name=$1
    runner=$2
    shift 2
    # shellcheck disable=SC2086
    if "$@" -std=c11 -D_GNU_SOURCE -Iinclude -ffp-contract=off -fno-math-errno \
        -o "$dir/digest" $sources 2>"$dir/log" &&
        digest=$($runner "$dir/digest" 2>>"$dir/log"); then
        echo "ok - $name: $digest"
    else
        echo "not ok - $name: ${digest:-did not build or run}"
        head -n 5 "$dir/log" | sed 's/^/    /'
        bad=1
    fi
}

for cc in gcc clang; do
    if ! command -v $cc >/dev/null 2>&1; then
        echo "skip - $cc: it is not here"
        continue
    fi
    for level in -O0 -O2 -O3; do
        try "$cc $level" "" $cc $level
    done
    # Where the processor could fuse a product and a sum, only the flag forbids it.
    if [ "$(uname -m)" = x86_64 ] && grep -qw fma /proc/cpuinfo 2>/dev/null; then
        try "$cc -O3 with FMA" "" $cc -O3 -march=haswell
    fi
done
if command -v qemu-aarch64 >/dev/null 2>&1 &&
    command -v aarch64-linux-gnu-gcc >/dev/null 2>&1; then
    for level in -O0 -O3; do
        try "aarch64 $level" qemu-aarch64 aarch64-linux-gnu-gcc $level -static
    done
else
    echo "skip - aarch64: its compiler or qemu is not here"
fi
exit $bad
