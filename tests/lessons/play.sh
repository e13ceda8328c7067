#!/bin/sh
# play: a good way through each lesson that has no learners-*.sh, typed as a learner would,
# ends cured or recovered. The lines come from the here-documents below, one lesson each.
set -u
truecode=${TRUECODE:-build/truecode}
scratch=${SCRATCH:-$(mktemp -d)}
XDG_STATE_HOME=$scratch/state
export XDG_STATE_HOME
bad=0

# way ID: plays the lines on stdin with seed 1, and looks at the debrief.
way() {
    timeout 120 "$truecode" play "lessons/$1.lua" --plain --new --seed 1 >"$scratch/out" 2>&1
    status=$?
    if [ $status -eq 0 ] && grep -qE '^(Cured|Recovered): ' "$scratch/out"; then
        echo "ok - $1"
    else
        echo "not ok - $1 (status $status)"
        tail -n 30 "$scratch/out" | sed 's/^/    /'
        bad=1
    fi
}

way the-order-that-vanished <<'end'
2
queue bus.orders.projector
4
17:48
logs projector --level warn | tail -4
projector poison-message
changes
1
rollback projector
wait 3m
wait 3m
wait 3m
56
say
buyers
12 %
1
18:30
up, down
set bus.orders.projector.batch 50
wait 30m
wait 30m
wait 30m
wait 30m
1
end

exit $bad
