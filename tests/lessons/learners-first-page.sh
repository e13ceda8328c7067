#!/bin/sh
# first-page, played by several kinds of learners: the recent deploy is guilty here, and a
# roll-back out of nothing is a guess all the same.
set -u
. "$(dirname "$0")/../lib/learner.sh"

# From the suspicion on, as the guide asks for it.
cure="suspect shop bad-deploy because changes
down
rollback shop
wait 4m
wait 4m
say
shoppers
30%
cured
20:30"

learner "one who disobeys, and goes on from there" first-page guided 40 90 'Cured: |Recovered: |Mitigated: ' <<end
restart shop
yes
wait 1m
29%
20:06
changes
2
$cure
end

learner "one who tries every answer" first-page guided 0 85 'Cured: |Recovered: ' <<end
status
1%
2%
3%
29%
19:00
19:10
19:20
20:06
changes
4
3
1
2
$cure
end

learner "one who rolls back without a look" first-page guided 0 59 'Cured: |Recovered: |Mitigated: ' <<'end'
rollback shop
wait 4m
wait 4m
resolve recovered
end

learner "one who is alone" first-page on-call 90 100 'Cured: |Recovered: ' <<'end'
status
chart orders
hurt shoppers
since 20:06
much 30%
changes
suspect shop bad-deploy because changes
trigger 2
say --who shoppers --since 20:06 --impact 30% --state investigating --next 20:20
rollback shop
wait 3m
wait 3m
say --who shoppers --since 20:06 --impact 30% --state mitigated --next 20:30
wait 4m
resolve cured
end

exit "$learners_bad"
