# shellcheck shell=sh
# Players who do not think, on lessons of the course, one seed: none passes on call, and
# who types what the text shows, lies, or types random words, stays under the limit. `prove
# --thoughtless` says so by its status; with more --seeds it looks at more nights. And the
# points are those that the table in lessons/README.md says, which is of the first three, give
# or take two.

. tests/lib/course.sh

# The rows of prove's table on stdin that the table in README does not have.
not_in_table() {
    awk -v lesson="$1" '
        function within(points, cell,   ends) {
            split(cell, ends, "-")
            return points >= ends[1] - 2 && points <= ends[2 in ends ? 2 : 1] + 2
        }
        NR == FNR && /^<!-- players/ { on = 1; next }
        NR == FNR && /^<!-- \/players/ { on = 0 }
        NR == FNR {
            if (!on || !/^[|]/) next
            n = split($0, cell, " *[|] *")
            if (cell[2] == "lesson") for (i = 3; i < n; i++) name[i] = cell[i]
            if (cell[2] == "`" lesson "`")
                for (i = 3; i < n; i++) {
                    split(cell[i], both, " / ")
                    has[name[i], "guided"] = both[1]
                    has[name[i], "on-call"] = both[2]
                }
            next
        }
        $4 ~ /^[0-9]+\/[0-9]+$/ && !(($2, $3) in has && within($5, has[$2, $3])) {
            printf "%s %s: %s points, the table has %s\n", $2, $3, $5, has[$2, $3]
            bad = 1
        }
        END { exit !bad }
    ' lessons/README.md -
}

# not_won FROM TO: those lessons, by their place in the course.
not_won() {
    bad=0
    for lesson in $(course | sed -n "$1,$2p"); do
        if "$TRUECODE" prove --thoughtless "$lesson" --seeds 1 >"$SCRATCH/table" 2>&1; then
            echo "ok - $lesson is not won without thinking"
        else
            echo "not ok - $lesson is not won without thinking"
            sed 's/^/    /' "$SCRATCH/table"
            bad=1
        fi
        if not_in_table "$lesson" <"$SCRATCH/table" >"$SCRATCH/differ"; then
            echo "not ok - $lesson: points as the table in lessons/README.md has them (UPDATE_GOLDEN=1 tests/lessons/thoughtless.sh)"
            sed 's/^/    /' "$SCRATCH/differ"
            bad=1
        else
            echo "ok - $lesson: points as the table in lessons/README.md has them"
        fi
    done
    return $bad
}

# write_players: the table anew, three nights of each lesson.
write_players() {
    # The status is of the players; the table is written in any case.
    "$TRUECODE" prove --thoughtless --seeds 3 --markdown >"$SCRATCH/players"
    awk -v table="$SCRATCH/players" '
        /^<!-- players/ { print; print ""; while ((getline line < table) > 0) print line; print ""; off = 1 }
        /^<!-- \/players/ { off = 0 }
        !off' lessons/README.md >"$SCRATCH/README.md" && cat "$SCRATCH/README.md" >lessons/README.md
}
