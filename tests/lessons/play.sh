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

way first-page <<'end'
status
29%
chart orders
20:06
changes
2
suspect shop bad-deploy because changes
down
rollback shop
wait 4m
wait 4m
say
shoppers
30%
cured
20:30
end

way the-quiet-import <<'end'
2
count
4300
chart payments_booked --since 55m
13:17
queue
logs importer --level debug | tail -5
importer silent-drop
changes
2
up, same
flag instant-reader off
wait 4m
wait 4m
say
payers
30 %
2
14:30
2
set payments_booked.idempotent on
queue replay feed.payments.importer 60m
yes
wait 12m
wait 12m
1
end

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

way ten-thousand <<'end'
chart booking.errors_total --since 15m
20:00
count booking.abandoned_total --from 1m
count beds_booked --from 1m
75 %
status
ps booking
db sessions
chart booking.errors_total --since 15m
booking.pool pool-too-small
changes
growth
2
up, down
set booking.pool.acquire_timeout 2s
wait 20:11:10
wait 20:11:10
wait 20:11:10
wait 20:11:10
40
flag check-first on
wait 6m
wait 6m
say
hikers
not known yet
mitigated
20:45
wait 10m
wait 10m
1
end

exit $bad
