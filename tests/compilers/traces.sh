#!/bin/sh
# The pinned traces by other compilers and levels, under sanitizers, in other locales and
# on another processor. Each compiles everything once more, which takes a minute or two;
# so only `make check-portable` runs this. One pass of another kind is in `make test`:
# tests/portable.
set -u
cd "$(dirname "$0")/../.." || exit 1
bad=0

# verdict NAME TEST RUNNER...
verdict() {
    name=$1
    test=$2
    shift 2
    if log=$("$@" "$test" 2>&1); then
        echo "ok - $name: the traces are the pinned ones"
    else
        echo "not ok - $name: other traces"
        echo "$log" | head -n 20 | sed 's/^/    /'
        bad=1
    fi
}

# try COMPILER LEVEL [SANITIZERS]
try() {
    dir=build/compilers/$1$2${3:+-san}
    test=$dir/tests/golden/test_trace
    if ! command -v "$1" >/dev/null 2>&1; then
        echo "skip - $1 $2: it is not here"
    elif ! log=$(make --no-print-directory -j2 B="$dir" CC="$1" OPT="$2" HARDEN=-fPIE \
        SANITIZE="${3:-}" "$test" 2>&1); then
        echo "not ok - $1 $2 ${3:-}: did not build"
        echo "$log" | tail -n 5 | sed 's/^/    /'
        bad=1
    else
        verdict "$1 $2 ${3:-}" "$test" env
    fi
}

try gcc -O0
try gcc -O3
try clang -O0
try clang -O3
try gcc -O1 address,undefined

# In German and Turkish, by the build that tests/run made (Debian: locales).
locales=$(mktemp -d) || exit 1
trap 'rm -rf "$locales" "$arm"' EXIT
arm=$(mktemp -d) || exit 1
for locale in de_DE tr_TR; do
    if localedef -i $locale -f UTF-8 "$locales/$locale.UTF-8" >/dev/null 2>&1; then
        verdict "$locale" build/compilers/gcc-O3/tests/golden/test_trace \
            env LOCPATH="$locales" LC_ALL=$locale.UTF-8
    else
        echo "skip - $locale: it cannot be made here"
    fi
done

# On aarch64 under qemu, without cmocka, with what there is of that processor's Lua:
#   dpkg --add-architecture arm64 && apt-get update && apt-get install \
#       gcc-aarch64-linux-gnu qemu-user liblua5.4-dev:arm64 libutf8proc-dev:arm64
libs=/usr/lib/aarch64-linux-gnu
arm_objects() { # LEVEL
    for f in src/base/*.c src/sim/*.c src/telemetry/*.c src/lesson/*.c tests/lib/lab.c \
        tests/golden/test_trace.c; do
        echo "$f"
    done | xargs -P 2 -I{} sh -c "aarch64-linux-gnu-gcc -std=c11 $1 -D_GNU_SOURCE \
        -Iinclude -Itests/compilers -I/usr/include/lua5.4 -isystem /usr/include \
        -ffp-contract=off -fno-math-errno -c -o $arm/\$(echo {} | tr / _).o {}"
}
if ! command -v qemu-aarch64 >/dev/null 2>&1 ||
    ! command -v aarch64-linux-gnu-gcc >/dev/null 2>&1; then
    echo "skip - aarch64: its compiler or qemu is not here"
elif [ ! -e $libs/liblua5.4.a ] || [ ! -e $libs/libutf8proc.a ]; then
    echo "skip - aarch64: its Lua and utf8proc are not here"
else
    for level in -O0 -O3; do
        if log=$(arm_objects $level 2>&1) &&
            log=$(aarch64-linux-gnu-gcc -static -o "$arm/trace" "$arm"/*.o \
                $libs/liblua5.4.a $libs/libutf8proc.a -lm 2>&1); then
            verdict "aarch64 $level" "$arm/trace" qemu-aarch64
        else
            echo "not ok - aarch64 $level: did not build"
            echo "$log" | head -n 5 | sed 's/^/    /'
            bad=1
        fi
    done
fi
exit $bad
