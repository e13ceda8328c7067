#!/bin/sh
# eleven-forty-seven, played by several kinds of learners: who looks wins, who does not loses.
set -u
. "$(dirname "$0")/../lib/learner.sh"

learner "one who is careful" eleven-forty-seven guided 90 100 'Recovered: ' <<'end'
chart diners
20%
chart diners.bad_total --since 10m
11:43
2
db sessions
ps api
chart menu-db.active
chart menu-db.statements_total
suspect menu-db past-the-peak because db, chart
changes
logs api-scaler
2
up, up
set api-scaler.on off
scale api 2
wait 150s
wait 150s
say --who everybody --since 11:43 --impact unknown --state mitigated --next 12:10
wait 8m
wait 8m
1
end

learner "one who is wrong once" eleven-forty-seven guided 60 85 'Recovered: ' <<'end'
chart diners
20%
chart diners.bad_total --since 10m
11:43
2
chart api.in_flight
suspect api.pool pool-too-small because all connections are in use
scale api 14
wait 4m
wait 4m
wait 4m
db sessions
chart menu-db.active
chart menu-db.statements_total
suspect menu-db past-the-peak because db, chart
logs api-scaler
changes
2
up, up
set api-scaler.on off
scale api 2
wait 150s
wait 150s
wait 60s
say --who everybody --since 11:43 --impact unknown --state mitigated --next 12:10
wait 8m
wait 8m
wait 8m
1
end

learner "one who guesses" eleven-forty-seven guided 0 39 'Users still suffer|Too early' <<'end'
1
50%
suspect api overload
suspect api bad-deploy
revert 1
restart api --rolling
scale api 16
wait 5m
wait 5m
set api-scaler.max 4
wait 5m
wait 5m
resolve cured
end

learner "one who lies" eleven-forty-seven guided 0 50 'Users still suffer|Too early' <<'end'
say --who nobody --since 11:47 --impact none --state recovered --next 23:00
revert 4
resolve recovered
wait 2m
say --who nobody --since 11:47 --impact 3 --state cured --next 23:00
wait 5m
wait 5m
resolve recovered
end

learner "one who waits" eleven-forty-seven guided 0 20 'Users still suffer' <<'end'
wait 10m
wait 10m
wait 10m
wait 10m
resolve mitigated
end

learner "one who unplugs" eleven-forty-seven guided 0 39 'Users still suffer|Too early' <<'end'
20%
limit edge 1
scale api 1
set api-scaler.on off
wait 5m
wait 5m
wait 5m
resolve cured
end

learner "one who mends before the first step" eleven-forty-seven guided 45 70 'Recovered: ' <<'end'
set api-scaler.on off
scale api 2
wait 5m
wait 5m
wait 5m
chart diners.bad_total --since 20m
11:43
chart menu-db.active
chart menu-db.statements_total
suspect menu-db past-the-peak because chart
changes
2
say --who everybody --since 11:43 --impact unknown --state mitigated --next 12:10
wait 8m
wait 8m
wait 8m
1
1
end

learner "one who is alone" eleven-forty-seven on-call 90 100 'Recovered: ' <<'end'
chart diners
chart diners.bad_total --since 10m
hurt everybody
since 11:43
much 20%
ps api
db sessions
chart menu-db.active
chart menu-db.statements_total
suspect menu-db past-the-peak because db, chart
changes
logs api-scaler
trigger 2
say --who everybody --since 11:43 --impact 20% --state investigating --next 11:55
set api-scaler.max 2
scale api 2
wait 3m
wait 3m
say --who everybody --since 11:43 --impact unknown --state mitigated --next 12:00
wait 7m
wait 7m
wait 7m
prevent 1
resolve cured
end

exit "$learners_bad"
