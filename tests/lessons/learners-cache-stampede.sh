#!/bin/sh
# cache-stampede, played by several kinds of learners: who looks wins, who does not loses.
set -u
. "$(dirname "$0")/../lib/learner.sh"

learner "one who is wrong once" cache-stampede guided 60 85 'Recovered: ' <<'end'
3
chart visitors.bad_total --since 6m
chart bookers.bad_total --since 6m
everybody
wait 90s
wait 90s
62
chart bookings-db.cpu --since 3m
suspect booking.pool pool-too-small because they wait for connections
set booking.pool.size 25
wait 3m
wait 3m
set booking.pool.size 20
cache
cache ttl avail:ws-*
suspect seats-cache expires-together because cache ttl
1
2
count bookings-db.seats.calls_total --from 2m
500
down, down
set seats-cache.avail.single_flight on
wait 4m
wait 4m
say --who everybody --since 09:58 --impact unknown --state mitigated --next 10:30
wait 5m
wait 5m
1
end

learner "one who guesses" cache-stampede guided 0 39 'Users still suffer|Too early' <<'end'
1
2
3
visitors
everybody
60
suspect bookings-db overload
suspect booking bad-deploy
rollback booking
suspect edge traffic-spike
restart booking --rolling
flush seats-cache
y
scale booking 8
wait 5m
wait 5m
resolve cured
end

learner "one who lies" cache-stampede guided 0 39 'Users still suffer|Too early' <<'end'
say --who nobody --since 10:01 --impact none --state recovered --next 23:00
flush seats-cache
y
resolve recovered
wait 2m
say --who nobody --since 10:01 --impact 3 --state cured --next 23:00
wait 5m
wait 5m
resolve recovered
end

learner "one who waits" cache-stampede guided 0 20 'Users still suffer' <<'end'
wait 10m
wait 10m
wait 10m
wait 10m
resolve mitigated
end

learner "one who unplugs" cache-stampede guided 0 39 'Users still suffer|Too early' <<'end'
3
everybody
disable edge
limit edge 0
limit edge 1
wait 5m
wait 5m
wait 5m
resolve cured
end

learner "one who mends before the first step" cache-stampede guided 45 70 'Recovered: ' <<'end'
config seats-cache.avail
set seats-cache.avail.single_flight on
wait 4m
wait 4m
wait 4m
hurt everybody
1
62
cache ttl avail:ws-*
chart bookings-db.cpu
suspect seats-cache expires-together because cache ttl
everybody
trigger 1
wait 5m
wait 5m
say --who everybody --since 09:58 --impact unknown --state cured --next 10:30
wait 5m
1
2
1
wait 5m
1
end

learner "one who is alone" cache-stampede on-call 90 100 'Recovered: ' <<'end'
chart visitors.bad_total --since 6m
hurt everybody
since 09:57
chart bookings-db.cpu --since 3m
cache
cache ttl avail:ws-*
chart visitors.visits_total --since 5m
suspect seats-cache expires-together because cache ttl
changes
trigger 1
much unknown
say --who everybody --since 09:57 --impact unknown --state investigating --next 10:12
set seats-cache.avail.stale_while_revalidate 30s
wait 4m
wait 4m
wait 3m
say --who everybody --since 09:57 --impact unknown --state mitigated --next 10:15
wait 3m
wait 3m
prevent 2
resolve cured
end

exit "$learners_bad"
