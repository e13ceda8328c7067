#!/bin/sh
# What is saved, and what happens to it behind our back: two windows, a removed folder,
# any umask, a database that is empty or not ours, a score that nobody played.
cd "$(dirname "$0")/../.." || exit 1
. tests/bad/common
cd "$SCRATCH" || exit 1

# afresh NAME: an empty state folder, in $dir.
afresh() {
    XDG_STATE_HOME=$SCRATCH/$1
    dir=$XDG_STATE_HOME/truecode
}
all='status\nchanges\n2\ndown\nrollback shop\nwait 4m\nwait 4m\nwait 4m\nresolve cured\n'
id_of() {
    basename "$1" .tape
}

# ---- two windows

afresh second
printf 'note A1\nnote A2\n' >a.txt
printf 'note B1\nnote B2\n' >b.txt
"$TRUECODE" play small-shop --plain --new --seed 7 <a.txt >a.out 2>&1 &
one=$!
"$TRUECODE" play small-shop --plain --new --seed 7 <b.txt >b.out 2>&1
wait $one
cat a.out b.out >"$said"
status=0
expect 'two windows that begin in one second: both say saved' 0 'Saved.'
if [ "$(cat "$dir"/tapes/*.tape | grep -c ' cmd note ')" -eq 4 ] &&
    [ "$(cat "$dir"/tapes/*.tape | grep -c '^lesson')" -eq 2 ]; then
    fine 'and both runs are whole'
else
    wrong 'and both runs are whole' "$(grep -h ' cmd ' "$dir"/tapes/*.tape)"
fi

afresh windows
mkfifo keys
"$TRUECODE" play small-shop --plain --new --seed 1 <keys >a.out 2>&1 &
first=$!
exec 9>keys
echo status >&9
until grep -q 'Step 2 of 6' a.out; do :; done
given '' play small-shop
expect 'a run that another window plays is left to it' 0 'another window' 'Step 1 of 6'
# Whose name no other begins like, even in the same second.
given 'note second\n' play small-shop --new --seed 11068046444225730969
echo 'note last' >&9
until grep -q '> note last' a.out; do :; done
exec 9>&-
wait $first
given '' play small-shop
expect 'the run that was written last goes on' 0 'Step 2 of 6'
second=$(id_of "$(grep -l '^seed 11068046444225730969$' "$dir"/tapes/*.tape)")
given 'note third\n' play "$second"
expect 'any run goes on by its name' 0 'Step 1 of 6' " play $second"
given '' play small-shop --new --seed 3
given 'note fourth\n' play small-shop
if grep -q 'note fourth' "$dir/tapes/$second.tape"; then
    fine 'an empty run does not hide it'
else
    wrong 'an empty run does not hide it' "$(grep -l 'note fourth' "$dir"/tapes/*)"
fi
given 'note fifth\n' play "${second%???}"
expect 'the beginning of its name will do' 0 'Saved'
given '' play 20
expect 'if it is the only one' 2 'several runs begin with'
given '' play 1999
expect 'and a lesson is missed as before' 2 "no lesson '1999'"
given '' play "$second" --new
expect 'a run is not begun anew' 2 '--new begins another one'

# ---- the folder goes away

afresh removed
"$TRUECODE" play small-shop --plain --new --seed 1 <keys >a.out 2>&1 &
first=$!
exec 9>keys
echo status >&9
until grep -q 'Step 2 of 6' a.out; do :; done
rm -rf "$dir"
echo changes >&9
until grep -q 'Step 3 of 6' a.out; do :; done
exec 9>&-
wait $first
cp a.out "$said"
status=0
expect 'a folder removed while playing is told' 0 "was removed from $dir" 'written again' 'Saved.'
given '' play small-shop
expect 'and the run is there, whole' 0 'Step 3 of 6'

# ---- modes

for mask in 000 077 777; do
    afresh "mask$mask"
    (
        umask $mask
        given "$all" play small-shop --new --seed 1
    )
    wide=$(find "$dir" -type d ! -perm 700 -o -type f ! -perm 600)
    if [ -s "$dir/progress.db" ] && [ -z "$wide" ]; then
        fine "umask $mask: folders 0700, files 0600"
    else
        wrong "umask $mask: folders 0700, files 0600" "$wide"
    fi
done
chmod -R a+rwx "$dir"
run progress
wide=$(find "$dir" -type d ! -perm 700 -o -type f ! -perm 600)
if [ -z "$wide" ]; then
    fine 'what is wide is narrowed'
else
    wrong 'what is wide is narrowed' "$wide"
fi

# ---- the database

run progress
expect 'a finished run has its score' 0 'recovered'
: >"$dir/progress.db"
run progress
expect 'an empty database: the backup is used, and that is said' 0 'was empty' \
    'backup' 'was restored' 'recovered'
rm "$dir/progress.db"
run list
expect 'one that is gone: likewise' 3 'backup' 'recovered'
if command -v sqlite3 >/dev/null 2>&1; then
    sqlite3 "$dir/progress.db" 'CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END'
    run progress
    expect 'a trigger: set aside unread' 0 'never wrote there (trigger t)' 'recovered'
    sqlite3 "$dir/progress.db" 'ALTER TABLE runs RENAME TO r; CREATE VIEW runs AS SELECT * FROM r'
    run progress
    expect 'a view: likewise' 0 'never wrote there (view runs)' 'recovered'
    true_score=$(sqlite3 "$dir/progress.db" 'SELECT score FROM runs')
    sqlite3 "$dir/progress.db" 'UPDATE runs SET score = 33, outcome = 1'
    run progress
    expect 'a score that nobody played is not shown' 0 "recovered $true_score"
    sqlite3 "$dir/progress.db" "INSERT INTO runs SELECT '20260101-000000-small-shop-0000000000000005',
        lesson, hash, 5, mode, started, finished, 100, 3, 0, 6, 6, 0, 0, 0, 99, seal FROM runs"
    run progress
    expect 'nor one without a tape' 0 'its tape is gone'
    run list
    expect 'nor is it the best' 3 "recovered, $true_score"
else
    echo 'skip - other schemas and scores: there is no sqlite3'
fi
tape=$(echo "$dir"/tapes/*.tape)
sed 's/rollback shop/rollback edge/' "$tape" >edited
cp edited "$tape"
run progress
expect 'a score that its tape does not give again is not shown' 0 'does not give the score'
