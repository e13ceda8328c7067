#!/bin/sh
# the-order-that-vanished, played alone by several kinds of learners: the cure is half of it,
# and whoever skips to the end has lost what was skipped.
set -u
. "$(dirname "$0")/../lib/learner.sh"

learner "one who is careful" the-order-that-vanished on-call 90 100 'Cured: |Recovered: ' <<'end'
status
queue bus.orders.projector
logs projector --level error | tail -5
changes
hurt buyers
since 17:48
trigger 1
suspect projector poison-message because one partition stands, one event fails
say --who buyers --since 17:48 --impact "not known yet" --state investigating --next 18:20
rollback projector
set bus.orders.projector.batch 50
wait 8m
wait 8m
wait 4m
say --who buyers --since 17:48 --impact "not known yet" --state mitigated --next 18:40
wait 6m
wait 4m
prevent 2
resolve recovered
end

learner "one who is wrong once" the-order-that-vanished on-call 60 85 'Cured: |Recovered: ' <<'end'
status
queue bus.orders.projector
wait 3m
hurt buyers
since 17:48
suspect bus.orders.projector consumer-lag because it waits
scale projector 8
wait 2m
wait 2m
wait 2m
queue bus.orders.projector
rule-out bus.orders.projector consumer-lag
logs projector --level error | tail -5
changes
suspect projector poison-message because one event fails
say --who buyers --since 17:48 --impact "not known yet" --state investigating --next 18:25
rollback projector
set bus.orders.projector.batch 50
wait 8m
wait 8m
wait 8m
wait 8m
wait 8m
wait 8m
resolve recovered
end

learner "one who skips to the end" the-order-that-vanished on-call 0 69 'Mitigated: ' <<'end'
status
queue bus.orders.projector
logs projector --level error | tail -5
changes
hurt buyers
since 17:48
suspect projector poison-message
queue skip bus.orders.projector 100000
yes
rollback projector
say --who buyers --since 17:48 --impact "not known yet" --state investigating --next 18:20
wait 8m
wait 8m
wait 8m
wait 4m
resolve recovered
end

exit "$learners_bad"
