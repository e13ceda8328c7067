#!/bin/sh
# The pinned traces by other compilers and levels, under sanitizers, in other locales and
# on another processor. Each compiles the engine, the lessons and test_trace once more,
# which takes a minute; so only `make check-portable` runs this.
set -u
cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
host_includes=$("${MAKE:-make}" -s print-flags | sed -n 's/^CPPFLAGS //p' | tr ' ' '\n' | grep '^-I')
host_libs=$("${MAKE:-make}" -s print-flags | sed -n 's/^LIBS //p')

# build COMPILER FLAGS INCLUDES LIBS: $dir/trace
build() {
    rm -f "$dir"/*.o
    printf '%s\n' src/base/*.c src/sim/*.c src/sim/*/*.c src/telemetry/*.c src/lesson/*.c \
        tests/lib/lab.c tests/golden/test_trace.c |
        DIR=$dir xargs -P 2 -I{} sh -c "$1 -std=c11 $2 -D_GNU_SOURCE -Iinclude -Isrc/sim -Itests/compilers \
            $(echo "$3" | tr '\n' ' ') -ffp-contract=off -fno-math-errno \
            -c -o \"\$DIR/\$(echo {} | tr / _).o\" {}" || return 1
    # shellcheck disable=SC2086
    $1 $2 -o "$dir/trace" "$dir"/*.o $4 -lm
}

# run NAME RUNNER...: $dir/trace
run() {
    name=$1
    shift
    if log=$("$@" "$dir/trace" 2>&1); then
        echo "ok - $name: the traces are the pinned ones"
    else
        echo "not ok - $name: other traces"
        echo "$log" | head -n 20 | sed 's/^/    /'
        bad=1
    fi
}

# try NAME COMPILER FLAGS INCLUDES LIBS RUNNER...
try() {
    name=$1
    if log=$(build "$2" "$3" "$4" "$5" 2>&1); then
        shift 5
        run "$name" "$@"
    else
        echo "not ok - $name: did not build"
        echo "$log" | tail -n 5 | sed 's/^/    /'
        bad=1
    fi
}

for level in -O0 -O3; do
    for cc in gcc clang; do
        if command -v $cc >/dev/null 2>&1; then
            try "$cc $level" $cc $level "$host_includes" "$host_libs" env
        else
            echo "skip - $cc $level: it is not here"
        fi
    done
done

# In German and Turkish, by the last of them (Debian: locales).
for locale in de_DE tr_TR; do
    if localedef -i $locale -f UTF-8 "$dir/$locale.UTF-8" >/dev/null 2>&1; then
        run "$locale" env LOCPATH="$dir" LC_ALL=$locale.UTF-8
    else
        echo "skip - $locale: it cannot be made here"
    fi
done

try "gcc under sanitizers" gcc "-O1 -fsanitize=address,undefined -fno-sanitize-recover=all" \
    "$host_includes" "$host_libs" env

# On aarch64 under qemu, with that processor's Lua:
#   dpkg --add-architecture arm64 && apt-get update && apt-get install \
#       gcc-aarch64-linux-gnu qemu-user liblua5.4-dev:arm64 libutf8proc-dev:arm64
libs=/usr/lib/aarch64-linux-gnu
if ! command -v qemu-aarch64 >/dev/null 2>&1 ||
    ! command -v aarch64-linux-gnu-gcc >/dev/null 2>&1; then
    echo "skip - aarch64: its compiler or qemu is not here"
elif [ ! -e $libs/liblua5.4.a ] || [ ! -e $libs/libutf8proc.a ]; then
    echo "skip - aarch64: its Lua and utf8proc are not here"
else
    for level in -O0 -O3; do
        try "aarch64 $level" aarch64-linux-gnu-gcc $level \
            "-I/usr/include/lua5.4 -isystem /usr/include" \
            "-static $libs/liblua5.4.a $libs/libutf8proc.a" qemu-aarch64
    done
fi
exit $bad
