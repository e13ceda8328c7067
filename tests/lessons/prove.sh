#!/bin/sh
# prove: every lesson of the course keeps what it claims, over a few seeds.
# (`make prove` takes many.) The table in lessons/README.md has each of them, proven;
# UPDATE_GOLDEN=1 writes it anew (SEEDS=5).
set -u
truecode=${TRUECODE:-build/truecode}
scratch=${SCRATCH:-$(mktemp -d)}
bad=0

. tests/lib/course.sh

if [ -n "${UPDATE_GOLDEN:-}" ]; then
    "$truecode" prove --seeds "${SEEDS:-5}" --markdown >"$scratch/proofs"
    awk -v table="$scratch/proofs" '
        /^<!-- proofs/ { print; print ""; while ((getline line < table) > 0) print line; print ""; off = 1 }
        /^<!-- \/proofs/ { off = 0 }
        !off' lessons/README.md >"$scratch/README.md" && cat "$scratch/README.md" >lessons/README.md
fi

awk '/^<!-- \/proofs/ { on = 0 } on; /^<!-- proofs/ { on = 1 }' lessons/README.md >"$scratch/listed"
for id in $(course); do
    if grep -q "^| .$id. | [0-9]* | yes |" "$scratch/listed"; then
        echo "ok - $id stands in the table of lessons/README.md"
    else
        echo "not ok - $id stands in the table of lessons/README.md (UPDATE_GOLDEN=1 tests/lessons/prove.sh)"
        bad=1
    fi
done

for id in $(course); do
    if timeout 120 "$truecode" prove "lessons/$id.lua" --seeds 2 >"$scratch/table" 2>&1; then
        echo "ok - $id"
    else
        echo "not ok - $id"
        sed 's/^/    /' "$scratch/table"
        bad=1
    fi
done
[ -n "$(course)" ] || {
    echo "not ok - the course has lessons"
    bad=1
}
exit $bad
