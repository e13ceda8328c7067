# shellcheck shell=sh
# Players who do not think, on lessons of the course, one seed: none passes on call, and
# who types what the text shows, or random words, stays under the limit. `prove
# --thoughtless` says so by its status; with more --seeds it looks at more nights.

. tests/lib/course.sh

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
    done
    return $bad
}
