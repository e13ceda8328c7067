#!/bin/sh
# the-quiet-import, played by several kinds of learners: whoever runs it again without making
# it safe books twice, and stopping the loss is not yet the end of it.
set -u
. "$(dirname "$0")/../lib/learner.sh"

learner "one who obeys" the-quiet-import guided 90 100 'Cured: |Recovered: ' <<'end'
2
count
4300
chart payments_booked --since 55m
13:17
queue
logs importer --level debug | tail -5
importer silent-drop
changes
2
up, same
flag instant-reader off
wait 4m
wait 4m
say
payers
30 %
2
14:30
2
set payments_booked.idempotent on
queue replay feed.payments.importer 60m
yes
wait 12m
wait 12m
1
end

learner "one who books twice" the-quiet-import guided 0 55 'Mitigated: |Users still suffer' <<'end'
2
count
4300
13:17
queue
logs importer --level debug | tail -5
importer silent-drop
changes
2
up, same
flag instant-reader off
wait 4m
wait 4m
say
payers
30 %
2
14:30
2
queue replay feed.payments.importer 60m
yes
wait 12m
wait 12m
resolve recovered
end

learner "one who is alone" the-quiet-import on-call 90 100 'Cured: |Recovered: ' <<'end'
count
chart payments_booked --since 55m
hurt payers
since 13:17
much unknown
queue
logs importer --level debug | tail -5
suspect importer silent-drop because logs
changes
trigger 2
say --who payers --since 13:17 --impact "not known yet" --state investigating --next 14:20
flag instant-reader off
wait 4m
wait 4m
say --who payers --since 13:17 --impact "not known yet" --state mitigated --next 14:30
set payments_booked.idempotent on
queue replay feed.payments.importer 60m
yes
wait 6m
wait 6m
prevent 1
resolve recovered
end

learner "one who guesses right, and tells" the-quiet-import on-call 0 55 'Cured: |Recovered: ' <<'end'
suspect importer silent-drop
flag instant-reader off
set payments_booked.idempotent on
queue replay feed.payments.importer 60m
yes
say --who payers --since 13:17 --impact "not known yet" --state mitigated --next 14:30
wait 12m
wait 12m
wait 12m
wait 12m
resolve recovered
end

learner "one who guesses right, and books twice" the-quiet-import on-call 0 20 'Mitigated: ' <<'end'
suspect importer silent-drop
flag instant-reader off
queue replay feed.payments.importer 60m
yes
wait 12m
wait 12m
wait 12m
wait 12m
resolve recovered
end

exit "$learners_bad"
