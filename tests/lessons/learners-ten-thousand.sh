#!/bin/sh
# ten-thousand, played alone by several kinds of learners: a sum says how many connections
# would do, more machines are bought for nothing, and too many starve the others.
set -u
. "$(dirname "$0")/../lib/learner.sh"

learner "one who is careful" ten-thousand on-call 90 100 'Cured: |Recovered: ' <<'end'
status
changes
chart booking --since 15m
chart booking.errors_total --since 15m
ps booking
db sessions
hurt hikers
since 20:00
trigger growth
suspect booking.pool pool-too-small because thousands wait, none is kept for long
say --who hikers --since 20:00 --impact "not known yet" --state investigating --next 20:15
set booking.pool.size 24
wait 3m
wait 3m
wait 3m
say --who hikers --since 20:00 --impact "not known yet" --state mitigated --next 20:40
wait 4m
wait 4m
prevent 1
resolve recovered
end

learner "one who is wrong once" ten-thousand on-call 60 85 'Cured: |Recovered: ' <<'end'
status
chart booking --since 15m
chart booking.errors_total --since 15m
changes
wait 2m
wait 2m
hurt hikers
since 20:00
suspect booking bad-deploy because it was put out before
rollback booking
wait 2m
wait 2m
wait 2m
wait 2m
rule-out booking bad-deploy
ps booking
db sessions
suspect booking.pool pool-too-small because thousands wait
say --who hikers --since 20:00 --impact "not known yet" --state investigating --next 20:25
set booking.pool.size 24
wait 6m
wait 6m
wait 6m
resolve recovered
end

learner "one whose pool is surely large enough" ten-thousand on-call 0 59 'Users still suffer|Mitigated: ' <<'end'
status
ps booking
hurt hikers
since 20:00
suspect booking.pool pool-too-small
set booking.pool.size 50
wait 6m
wait 6m
wait 6m
resolve recovered
end

exit "$learners_bad"
