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

way nobody-is-watching <<'end'
chart doors_opened --since 40m
15:32
logs locks | tail -5
chart bookings-db.bookings.rows --since 40m
bookings-db rows-deleted
changes
4
db backups
400
9.5
db replicas
reports
2
db rescue bookings-db reports
wait 3m
say
guests
33 %
2
16:30
jobs enable nightly-backup
jobs run nightly-backup
wait 4m
db verify bookings-db.nightly
wait 12m
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
