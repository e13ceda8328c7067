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
listed=$(sed '/^## Keys/,/^<!-- \/keys/d' README.md | sed -n 's/^| `\([a-z0-9-]*\)` .*/\1/p' | sort)
course=$("$TRUECODE" list --json | tr ',{' '\n\n' | sed -n 's/.*"id": *"\([a-z0-9-]*\)".*/\1/p' | sort)
if [ "$listed" = "$course" ]; then
    echo "ok - the table in README.md is the course"
else
    echo "not ok - the table in README.md is the course"
    printf '    README: %s\n    course: %s\n' "$(echo "$listed" | tr '\n' ' ')" "$(echo "$course" | tr '\n' ' ')"
fi
# The keys in README.md are those that the program has.
"$TRUECODE" help keys | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' > "$SCRATCH/keys"
if [ -n "${UPDATE_GOLDEN:-}" ]; then
    awk -v keys="$SCRATCH/keys" '
        /^<!-- keys/ { print; print ""; while ((getline line < keys) > 0) print line; print ""; off = 1 }
        /^<!-- \/keys/ { off = 0 }
        !off' README.md > "$SCRATCH/README.md" && cat "$SCRATCH/README.md" > README.md
fi
awk '/^<!-- \/keys/ { on = 0 } on; /^<!-- keys/ { on = 1 }' README.md |
    sed -e '1{/^$/d;}' -e :a -e '/^\n*$/{$d;N;ba' -e '}' > "$SCRATCH/listed"
if cmp -s "$SCRATCH/keys" "$SCRATCH/listed"; then
    echo "ok - the keys in README.md are the keys"
else
    echo "not ok - the keys in README.md are the keys (UPDATE_GOLDEN=1 writes them anew)"
    diff "$SCRATCH/listed" "$SCRATCH/keys" | sed 's/^/    /'
fi
