#!/bin/sh
# The lesson in README.md is a lesson: it loads and is proven.
set -u
awk '/^```lua/ { on = 1; next } /^```/ { on = 0 } on' README.md > "$SCRATCH/small.lua"
if "$TRUECODE" prove "$SCRATCH/small.lua" --seeds 2 > "$SCRATCH/out" 2>&1; then
    echo "ok - the lesson in README.md is proven"
else
    echo "not ok - the lesson in README.md is proven"
    sed 's/^/    /' "$SCRATCH/out"
fi
# Every lesson of the course stands in README's table, and no other.
listed=$(sed -n 's/^| `\([a-z0-9-]*\)` .*/\1/p' README.md | sort)
course=$("$TRUECODE" list --json | tr ',{' '\n\n' | sed -n 's/.*"id": *"\([a-z0-9-]*\)".*/\1/p' | sort)
if [ "$listed" = "$course" ]; then
    echo "ok - the table in README.md is the course"
else
    echo "not ok - the table in README.md is the course"
    printf '    README: %s\n    course: %s\n' "$(echo "$listed" | tr '\n' ' ')" "$(echo "$course" | tr '\n' ' ')"
fi
