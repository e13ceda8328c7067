#!/bin/sh
# all-green, played by several kinds of learners: who is honest, wrong once and recovers has 60
# to 85; who guesses, lies, waits or unplugs has not won; who mends it before the first step
# has won, and has not shown why. (play.sh has the careful one.)
set -u
. "$(dirname "$0")/../lib/learner.sh"

learner 'honest, wrong once, recovers' all-green guided 60 85 'Recovered: ' <<'end'
status
chart orders_placed --since 45m
shoppers
19:51
2
ps checkout
suspect checkout.pool pool-too-small because ps
set checkout.pool.size 100
wait 6m
wait 6m
wait 6m
wait 6m
wait 6m
db sessions
rule-out checkout.pool pool-too-small because it filled again
suspect checkout pool-leak because db sessions
up, up
set checkout.pool.size 20
restart checkout --rolling
wait 3m
wait 3m
wait 3m
wait 3m
wait 3m
say --who shoppers --since 19:51 --impact not known yet --state cured --next 21:30
wait 25m
wait 25m
wait 25m
db sessions
97
traces --open
changes
2
flag pay-retry off
restart checkout --rolling
wait 27m
wait 20m
wait 20m
say --who shoppers --since 19:51 --impact not known yet --state recovered --next 22:30
1
end

learner 'a blind guesser' all-green guided 0 39 'Users still suffer' <<'end'
everybody
20:00
1
2
suspect orders-db overload because slow
suspect card-gateway slow-dependency because slow
skip
up, up
restart checkout
wait 5m
wait 5m
wait 5m
say --who everybody --since 20:00 --impact 100% --state cured --next 20:40
skip
3
scale checkout 12
wait 30m
wait 30m
wait 30m
wait 30m
resolve recovered
end

learner 'a liar' all-green guided 0 39 'Users still suffer' <<'end'
nobody
say --who nobody --since 20:11 --impact 1% --state recovered --next 23:00
skip
skip
skip
skip
skip
say --who nobody --since 20:11 --impact 1% --state recovered --next 23:00
resolve recovered
wait 30m
wait 30m
wait 30m
wait 30m
end

learner 'one who waits' all-green guided 0 39 'Users still suffer' <<'end'
wait 30m
wait 30m
wait 30m
wait 30m
resolve recovered
end

learner 'one who unplugs' all-green guided 0 39 'Users still suffer' <<'end'
set shoppers.rate 0
limit edge shoppers 0
scale checkout 0
drain checkout-1
drain checkout-2
flag pay-retry off
set checkout.workers 0
wait 30m
wait 30m
wait 30m
wait 30m
resolve recovered
end

learner 'one who mends it before step 1' all-green guided 35 59 'Recovered: ' <<'end'
set orders-db.idle_in_transaction_timeout 60s
wait 5m
wait 5m
wait 5m
wait 5m
suspect checkout pool-leak because changes
say --who shoppers --since 19:50 --impact not known yet --state cured --next 22:00
changes
2
wait 27m
wait 27m
say --who shoppers --since 19:50 --impact not known yet --state cured --next 22:00
1
end

# It ends well, and nothing of it was theirs.
learner 'one who copies every solution' all-green guided 0 39 'Recovered: ' <<'end'
solution
status
chart orders_placed --since 45m
shoppers
solution
chart orders_placed --since 45m
19:46
solution
2
solution
status
ps checkout
db sessions
stacks checkout
traces --open
suspect checkout pool-leak because ps, db sessions
checkout pool-leak
solution
up, same
solution
restart checkout --rolling
wait 8m
solution
restart checkout --rolling
wait 8m
solution
restart checkout --rolling
wait 8m
solution
restart checkout --rolling
wait 8m
solution
say --who shoppers --since 19:50 --impact not known yet --state mitigated --next 21:00
solution
db sessions
13
solution
traces --open
changes
pay-retry
solution
flag pay-retry off
restart checkout --rolling
wait 36m
solution
flag pay-retry off
restart checkout --rolling
wait 36m
solution
say --who shoppers --since 19:50 --impact not known yet --state recovered --next 22:00
solution
1
end

learner 'one who copies the last hint' all-green guided 0 39 'Recovered: ' <<'end'
hint
hint
hint
hint
status
chart orders_placed --since 45m
shoppers
hint
hint
hint
hint
chart orders_placed --since 45m
19:46
hint
hint
hint
hint
2
hint
hint
hint
hint
status
ps checkout
db sessions
stacks checkout
traces --open
suspect checkout pool-leak because ps, db sessions
checkout pool-leak
hint
hint
hint
hint
up, same
hint
hint
hint
hint
restart checkout --rolling
wait 8m
hint
hint
hint
hint
restart checkout --rolling
wait 8m
hint
hint
hint
hint
restart checkout --rolling
wait 8m
hint
hint
hint
hint
restart checkout --rolling
wait 8m
hint
hint
hint
hint
say --who shoppers --since 19:50 --impact not known yet --state mitigated --next 21:00
hint
hint
hint
hint
db sessions
13
hint
hint
hint
hint
traces --open
changes
pay-retry
hint
hint
hint
hint
flag pay-retry off
restart checkout --rolling
wait 36m
hint
hint
hint
hint
flag pay-retry off
restart checkout --rolling
wait 36m
hint
hint
hint
hint
say --who shoppers --since 19:50 --impact not known yet --state recovered --next 22:00
hint
hint
hint
hint
1
end

exit "$learners_bad"
