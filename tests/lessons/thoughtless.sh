#!/bin/sh
# Players who do not think, on each lesson, one seed: none passes on call, and who types
# what the text shows, or random words, stays under the limit. `prove --thoughtless` says
# so by its status; with more --seeds it looks at more nights.
cd "$(dirname "$0")/../.." || exit 1
bad=0
for lesson in first-page all-green cache-stampede eleven-forty-seven \
    the-quiet-import the-order-that-vanished; do
    if "$TRUECODE" prove --thoughtless "$lesson" --seeds 1 >"$SCRATCH/table" 2>&1; then
        echo "ok - $lesson is not won without thinking"
    else
        echo "not ok - $lesson is not won without thinking"
        sed 's/^/    /' "$SCRATCH/table"
        bad=1
    fi
done
exit $bad
