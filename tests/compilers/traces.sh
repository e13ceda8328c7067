#!/bin/sh
# The pinned traces by other compilers and levels. Each compiles everything once more,
# which takes a minute or two; so only `make check-portable` runs this.
set -u
cd "$(dirname "$0")/../.." || exit 1
bad=0

# try COMPILER LEVEL
try() {
    dir=build/compilers/$1$2
    test=$dir/tests/golden/test_trace
    if ! command -v "$1" >/dev/null 2>&1; then
        echo "skip - $1 $2: it is not here"
    elif ! log=$(make --no-print-directory B="$dir" CC="$1" OPT="$2" HARDEN=-fPIE \
        "$test" 2>&1); then
        echo "not ok - $1 $2: did not build"
        echo "$log" | tail -n 5 | sed 's/^/    /'
        bad=1
    elif log=$("$test" 2>&1); then
        echo "ok - $1 $2: the traces are the pinned ones"
    else
        echo "not ok - $1 $2: other traces"
        echo "$log" | head -n 20 | sed 's/^/    /'
        bad=1
    fi
}

try gcc -O0
try clang -O3
exit $bad
