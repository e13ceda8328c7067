#!/bin/sh
# prove: every lesson of the course keeps what it claims, over a few seeds; and the table of the
# proof over many (`make prove`) in lessons/README.md is not older than the lesson: none of the
# few seeds comes nearer to the edge than that table says.
set -u
truecode=${TRUECODE:-build/truecode}
scratch=${SCRATCH:-$(mktemp -d)}
bad=0

. tests/lib/course.sh

# row_of LESSON FILE: its row of the table.
row_of() {
    grep "^| .$1. | [0-9]* | [0-9]* |" "$2"
}

# nearer OLD NEW: whether a margin in row NEW is clearly smaller than in row OLD, or is new.
nearer() {
    printf '%s\n%s\n' "$1" "$2" | awk -F ' [|] ' '
        { for (i = 4; i <= 6; i++) { known[NR, i] = $i !~ /^-/ || $i ~ /^-[0-9]/; margin[NR, i] = $i + 0 } }
        END {
            for (i = 4; i <= 6; i++)
                if (known[2, i] && (!known[1, i] || margin[2, i] < margin[1, i] - 0.02)) exit 0
            exit 1
        }'
}

for id in $(course); do
    if timeout 120 "$truecode" prove "lessons/$id.lua" --seeds 2 --json >"$scratch/proof" 2>"$scratch/said" &&
        awk -f tests/lib/proof_table.awk "$scratch/proof" >"$scratch/table"; then
        echo "ok - $id"
    else
        echo "not ok - $id"
        awk -f tests/lib/proof_table.awk "$scratch/proof" | sed 's/^/    /'
        tail -n 5 "$scratch/said" | sed 's/^/    /'
        bad=1
        continue
    fi
    old=$(row_of "$id" lessons/README.md) new=$(row_of "$id" "$scratch/table")
    if [ -n "$old" ] && ! nearer "$old" "$new"; then
        echo "ok - $id: the table of the proof holds"
    else
        echo "not ok - $id: the table in lessons/README.md is old: UPDATE_GOLDEN=1 make prove (20 minutes)"
        printf '    %s\n' "$old" "$new"
        bad=1
    fi
done
[ -n "$(course)" ] || {
    echo "not ok - the course has lessons"
    bad=1
}
exit $bad
