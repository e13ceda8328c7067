#!/bin/sh
# play: the reference way through each lesson of the course, typed in plain mode with seed 1. It
# wins, and what a learner reads on it, from the first line to the last, is pinned: read the
# difference slowly, as a learner would, before UPDATE_GOLDEN=1 writes the files anew.
# What is typed is in tests/lessons/ways, what is read in tests/golden/way_LESSON.txt.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/course.sh
. tests/lib/learner.sh

# way LESSON: plays it, and holds what was read against what is pinned.
way() {
    want=tests/golden/way_$1.txt
    learner "the reference way" "$1" guided 95 100 'Cured: |Recovered: |It held: ' \
        <"tests/lessons/ways/$1.txt"
    if [ -n "${UPDATE_GOLDEN:-}" ]; then
        cp "$scratch/out" "$want"
    fi
    if diff "$want" "$scratch/out" >"$scratch/diff" 2>&1; then
        echo "ok - $1: what is read on the way is what is pinned"
    else
        echo "not ok - $1: what is read on the way is not what is pinned in $want"
        head -n 30 "$scratch/diff" | sed 's/^/    /'
        learners_bad=1
    fi
}

# Prose fits 79 columns: not what was typed, addresses, log lines and tables, whose columns are
# two blanks apart. (Bytes are counted, so lines with other signs than ASCII are left out.)
too_long() {
    LC_ALL=C awk 'length > 79 && !/^>/ && !/:[/][/]/ && !/[^ ]  / && !/[\200-\377]/' "$scratch/out"
}

for id in $(course); do
    way "$id"
    if [ -z "$(too_long)" ]; then
        echo "ok - $id: prose fits its lines"
    else
        echo "not ok - $id: prose fits its lines"
        too_long | sed 's/^/    /'
        learners_bad=1
    fi
done
exit "$learners_bad"
