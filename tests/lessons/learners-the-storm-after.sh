#!/bin/sh
# the-storm-after, played by several kinds of learners: who bounds what is asked wins; who only
# ends the storm meets the next one.
set -u
. "$(dirname "$0")/../lib/learner.sh"

learner "one who turns riders away, and no more" the-storm-after on-call 0 50 'Users still suffer' <<'end'
since 07:58
hurt riders
metrics rides.stations
status
chart riders.bad_total --since 16m
ps stations
suspect stations retry-storm
limit edge 5
yes
wait 1m
limit edge off
wait 9m
wait 9m
wait 9m
wait 9m
resolve cured
end

learner "one who looks, and limits what is under way" the-storm-after on-call 85 100 '(Cured|Recovered): ' <<'end'
since 07:58
hurt riders
metrics rides.stations
status
chart riders.bad_total --since 16m
ps stations
suspect stations retry-storm
trigger stations-db
set rides.stations.max_in_flight 5
wait 4m
wait 4m
say --who riders --since 07:58 --impact 95% --state mitigated --next 08:30
wait 8m
wait 8m
wait 8m
wait 8m
wait 8m
say --who riders --since 07:58 --impact 95% --state mitigated --next 08:45
wait 4m
wait 4m
resolve recovered
end

exit "$learners_bad"
