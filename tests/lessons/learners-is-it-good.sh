#!/bin/sh
# is-it-good, played by several kinds of learners: who looks first wins, who buys more does not.
set -u
. "$(dirname "$0")/../lib/learner.sh"

learner "one who buys more of everything" is-it-good guided 0 39 'It did not hold' <<'end'
insurer
0
1
2
improve bigger-db bigger-pools longer-cache more-desks retries
wait 60m
wait 60m
wait 60m
wait 60m
2
end

learner "one who lets the time pass" is-it-good on-call 0 5 'It did not hold' <<'end'
status
wait 60m
wait 60m
wait 60m
wait 60m
end

learner "one who looks, alone" is-it-good on-call 90 100 'It held: ' <<'end'
config desk.insurer
cache
improve timeout single-flight failover idle-timeout once
set desk.insurer.timeout 2s
wait 60m
wait 60m
wait 60m
wait 60m
end
exit "$learners_bad"
