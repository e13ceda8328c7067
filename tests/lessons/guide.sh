#!/bin/sh
# The lesson that the authors' guide shows is one: it loads, fits together and is proven.
# shellcheck disable=SC2015 # ok and not ok
cd "$(dirname "$0")/../.." || exit 1
lesson=$SCRATCH/one-connection.lua

sed -n '/^<!-- lesson: one-connection.lua -->$/,/^```$/p' lessons/README.md |
    sed '1,2d;$d' >"$lesson"
grep -q '^return lesson {' "$lesson" && echo "ok - the guide has a whole lesson" ||
    echo "not ok - the guide has a whole lesson"

tried() {
    if "$TRUECODE" "$@" >"$SCRATCH/said" 2>&1; then
        echo "ok - $1 it"
    else
        echo "not ok - $1 it"
        sed 's/^/    /' "$SCRATCH/said"
    fi
}
tried check "$lesson"
tried prove "$lesson" --seeds 2
