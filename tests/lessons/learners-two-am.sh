#!/bin/sh
# two-am, played by several kinds of learners: what was answered is lost by whoever promotes
# by the wrong number, and nothing later brings it back.
set -u
. "$(dirname "$0")/../lib/learner.sh"

learner "one who disobeys, and loses what was answered" two-am guided 0 85 'Mitigated: ' <<'end'
02:00
db replicas
metrics parcels-db
status
suspect parcels-db host-gone because db replicas
trigger parcels-db
parcels-db.db-3
db failover parcels-db parcels-db.db-3
yes
wait 4m
wait 4m
parcels-db.db-2
2
restart sorter --rolling
wait 4m
wait 4m
say --who belts --since 02:00 --impact "not known yet" --state mitigated --next 02:45
2
wait 10m
wait 10m
wait 10m
1
resolve recovered
end

learner "one who is alone" two-am on-call 90 100 'Recovered: ' <<'end'
status
chart parcels_sorted --since 30m
hurt belts
since 02:00
much unknown
ps sorter
db replicas
metrics parcels-db
suspect parcels-db host-gone because ps, db replicas
changes
trigger parcels-db
say --who belts --since 02:00 --impact "not known yet" --state investigating --next 02:20
replica resume parcels-db
db failover parcels-db
yes
wait 3m
wait 3m
restart sorter --rolling
wait 4m
wait 4m
say --who belts --since 02:00 --impact "not known yet" --state mitigated --next 02:45
wait 10m
wait 10m
prevent 1
resolve cured
end

exit "$learners_bad"
