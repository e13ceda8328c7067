#!/bin/sh
# the-storm-after, played by several kinds of learners: who bounds what is asked wins; who only
# ends the storm meets the next one.
set -u
. "$(dirname "$0")/../lib/learner.sh"

# The sums of the debrief, held against the counters at the end and against each other.
awk '
    function number(from, i, n) { # the one that ends before word `from`: "73 062 checks"
        for (i = from - 1; i > 0 && w[i] ~ /^[0-9.]+$/; i--) n = w[i] n
        return n + 0
    }
    function near(x, y) { return x > 0.99 * y - 0.1 && x < 1.01 * y + 0.1 }
    $1 == "checks_done" { checks = $(NF - 1) $NF }
    $1 == "locks_opened" { locks = $(NF - 1) $NF }
    /^The sum$/ { sums = 1; next }
    /^What works$/ { sums = 0 }
    sums { text = text " " $0 }
    END {
        n = split(text, w, " ")
        for (i = 1; i <= n; i++) {
            if (w[i] == "riders" && !riders) riders = number(i)
            if (w[i] == "calls" && w[i + 1] == "sat") calls = number(i)
            if (w[i] == "a" && w[i - 3] == "4" && w[i - 2] == "times:") four = number(i)
            if (w[i] == "a" && w[i - 2] == "=" && w[i - 4] == "x") budget = number(i)
            if (w[i] == "checks" && w[i + 1] == "done,") checks_said = number(i)
            if (w[i] == "locks" && w[i + 1] == "opened,") locks_said = number(i)
        }
        ok = near(four, 4 * riders) && near(budget, 1.1 * riders) && near(calls, 4.5 * riders) &&
            checks_said == checks + 0 && locks_said == locks + 0 && locks > 10000
        print (ok ? "ok" : "not ok") " - the-storm-after: the sums are those of the run"
        if (!ok) print riders, four, budget, calls, checks, checks_said, locks, locks_said
        exit !ok
    }' "$scratch/out" || learners_bad=1

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
