#!/bin/sh
# nobody-is-watching, played alone by several kinds of learners: rows come back from beside the
# database, and whoever restores over it loses what was written since.
set -u
. "$(dirname "$0")/../lib/learner.sh"

learner "one who is careful" nobody-is-watching on-call 90 100 'Cured: |Recovered: ' <<'end'
status
changes
logs locks | tail -5
chart bookings-db.bookings.rows --since 40m
chart doors_opened --since 40m
hurt guests
since 15:32
much 33%
suspect bookings-db rows-deleted because rows went down in one second
changes
trigger 1
db backups
db replicas
jobs
say --who guests --since 15:32 --impact "not known yet" --state investigating --next 16:10
db rescue bookings-db reports
wait 2m
wait 2m
wait 2m
say --who guests --since 15:32 --impact "not known yet" --state mitigated --next 16:30
jobs enable nightly-backup
jobs run nightly-backup
wait 4m
db verify bookings-db.nightly
wait 6m
wait 6m
wait 6m
prevent 1
resolve recovered
end

learner "one who is wrong once" nobody-is-watching on-call 60 85 'Cured: |Recovered: ' <<'end'
status
logs locks | tail -5
changes
wait 2m
wait 2m
hurt guests
since 15:32
suspect locks bad-deploy because it was put out just before
rollback locks
wait 2m
wait 2m
wait 2m
chart bookings-db.bookings.rows --since 40m
rule-out locks bad-deploy
suspect bookings-db rows-deleted because rows went down
db backups
db replicas
say --who guests --since 15:32 --impact "not known yet" --state investigating --next 16:10
db rescue bookings-db reports
wait 2m
wait 2m
wait 2m
jobs enable nightly-backup
jobs run nightly-backup
wait 4m
db verify bookings-db.nightly
wait 6m
wait 6m
wait 6m
resolve recovered
end

learner "one who restores over it" nobody-is-watching on-call 0 50 'Users still suffer|Mitigated: ' <<'end'
status
logs locks | tail -5
chart bookings-db.bookings.rows --since 40m
changes
hurt guests
since 15:32
suspect bookings-db rows-deleted
db restore bookings-db nightly
yes
wait 8m
say --who guests --since 15:32 --impact "not known yet" --state mitigated --next 16:30
wait 6m
wait 6m
wait 6m
resolve recovered
end

exit "$learners_bad"
