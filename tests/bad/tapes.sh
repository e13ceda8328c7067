#!/bin/sh
# Tapes that a power loss cut, that somebody edited, or that another version recorded:
# none is taken for what it is not, and none is thrown away.
cd "$(dirname "$0")/../.." || exit 1
. tests/bad/common
cd "$SCRATCH" || exit 1

TAPES=$XDG_STATE_HOME/truecode/tapes
given 'status\nchanges\n2\ndown\nwait 30s\n' play small-shop --seed 7
expect "a run to spoil" 0 'Saved'
cp "$TAPES"/*.tape whole.tape
lines=$(wc -l <whole.tape)
line_of() {
    grep -n "cmd $1\$" whole.tape | cut -d : -f 1
}
changes=$(line_of changes) answer=$(line_of 2) prediction=$(line_of down)

# spoilt NAME STATUS PATTERN... : reads the tape from standard input, and replays it.
spoilt() {
    what=$1
    cat >spoilt.tape
    shift
    run replay ./spoilt.tape
    expect "replay: $what" "$@"
}

# The same with digests that fit: only playing it again can tell.
forged() {
    forgery=$1
    shift
    chained >forged.tape
    spoilt "$forgery, digests made anew" "$@" <forged.tape
}

spoilt 'as it was' 0 'step 5 of 6' <whole.tape
chained <whole.tape >again.tape
cmp again.tape whole.tape
status=$?
expect 'a chain is what sha256sum says' 0
head -c -5 whole.tape | spoilt 'cut in its last line' 0 'step 5 of 6'
head -n 9 whole.tape | spoilt 'cut after a command' 0 'step 2 of 6'
head -c 60 whole.tape | spoilt 'cut in its head' 5 'that is no tape'
spoilt 'empty' 5 'that is no tape' </dev/null
head -c 3000 /bin/sh | spoilt 'another kind of file' 5 'that is no tape'
sed 's/tape 2/tape 1/' whole.tape | spoilt 'another format' 5 '"truecode tape 1"; this program reads "truecode tape 2"'
# Another text of the same lesson, and another lesson.
other_text() {
    sed 's/^\(lesson [a-z-]*\) ..../\1 0000/' whole.tape
}
other_text | forged 'other words' 0 'step 5 of 6'
another() {
    other_text | sed 's/^\(identity\) ..../\1 0000/'
}
another | sed 's/small-shop/no-such-lesson/' | chained |
    spoilt 'an unknown lesson' 2 "no lesson 'no-such-lesson'"
sed 's/small-shop/no-such-lesson/' whole.tape |
    forged 'the text of one under the name of another' 6 'another lesson or version of it'
sed "s#small-shop#../../etc/passwd#" whole.tape | chained | spoilt 'a path for a lesson' 5 'that is no tape'

# Each line carries the digest of all before it.
sed 's/seed 7/seed 8/' whole.tape | spoilt 'another seed' 6 'tape line 7: the head was changed'
sed 's/guided/on-call/' whole.tape | spoilt 'another mode' 6 'tape line 7: the head was changed'
sed 's/cmd changes/cmd status/' whole.tape | spoilt 'an edited command' 6 "tape line $changes: this line was changed"
sed 's/cmd 2$/cmd 1/' whole.tape | spoilt 'an edited answer' 6 "tape line $answer: this line was changed"
sed 's/cmd down/cmd up/' whole.tape | spoilt 'an edited prediction' 6 "tape line $prediction"
sed '10,$s/^[0-9a-f]* //' whole.tape | spoilt 'digests stripped' 6 'tape line 10: it should begin with its digest'
sed '/^--/,$s/^\([0-9a-f]* \)\([0-9]* \)[0-9a-f]* /\1\2/' whole.tape |
    spoilt 'traces stripped' 6 'tape line 8: this line was changed'
sed 's/ time$/ tim/' whole.tape | spoilt 'an edited kind' 6 'this line was changed'
sed 10d whole.tape | spoilt 'a line dropped' 6 'tape line 10: this line was changed, or one above it is missing'
sed 10p whole.tape | spoilt 'a line doubled' 6 'tape line 11'
{ sed -n 1,9p whole.tape && sed -n 11p whole.tape && sed -n 10p whole.tape && sed 1,11d whole.tape; } |
    spoilt 'two lines swapped' 6 'tape line 10'
{ cat whole.tape && echo '5 cmd status'; } | spoilt 'a line added' 6 "tape line $((lines + 1)): it should begin"
{ cat whole.tape && tail -n 1 whole.tape; } | spoilt 'the last line doubled' 6 "tape line $((lines + 1))"
{ cat whole.tape && head -c 100000 /dev/zero | tr '\0' a && echo; } |
    spoilt 'a line beyond all' 6 "tape line $((lines + 1))"

# Whoever makes the digests anew still has to make the same world of it.
last=$(tail -n 1 whole.tape | cut -d ' ' -f 2-3)
sed 's/engine [0-9]*/engine 999/' whole.tape | forged 'another engine' 6 'another engine' '"999"'
another | forged 'another version of the lesson' 6 'another lesson or version of it'
sed 's/seed 7/seed 8/' whole.tape | forged 'another seed' 6 'tape line 8' 'differs from what was recorded'
sed 's/cmd changes/cmd chnges/' whole.tape | forged 'an edited command' 6 "tape line $changes: \"chnges\" no longer works"
sed '10s/\( [0-9]* \)..../\10000/' whole.tape | forged 'an edited trace' 6 'tape line 10' 'differs'
{ cat whole.tape && echo "0 5 ${last#* } cmd status"; } |
    forged 'time running backwards' 5 "tape line $((lines + 1))" 'before'
{ cat whole.tape && echo "0 99999999999999999999999 ${last#* } cmd status"; } |
    forged 'a time beyond all' 5 "tape line $((lines + 1)): expected DIGEST TIME"
{ cat whole.tape && echo "0 9000000000000000000 ${last#* } cmd status"; } |
    forged "a time beyond the lesson's" 5 "tape line $((lines + 1)): its time"
{ cat whole.tape && echo "0 $last dance"; } | forged 'an unknown entry' 5 '"dance" is not a kind of entry'
{ cat whole.tape && echo "0 $last score 100 recovered"; } | forged 'a score before the end' 6 'after the end'
{ cat whole.tape && printf '0 %s cmd \033[31mred\n' "$last"; } | forged 'control bytes' 6 'tape line'

head -c -5 whole.tape | spoilt 'half a line is told' 0 'The last line was cut short and does not count'
head -n 7 whole.tape | spoilt 'a head alone' 0 'step 1 of 6, not over'
spoilt 'a tape of this moment is not over' 0 'not over' <whole.tape

# What is over has its score on the tape and in the list of runs.
given 'resolve cured\n' play small-shop
expect 'a run to its end' 1 'of 100'
tape=$(echo "$TAPES"/*.tape)
cp "$tape" over.tape
points=$(sed -n 's/^.* score \([0-9]*\) .*/\1/p' over.tape)
over=$(wc -l <over.tape)
run replay
expect 'replay: a run that is over' 0 ', over' "score $points of 100"
run replay ./over.tape --json
expect 'the same for a machine' 0 '"ok": true' "\"score\": $points"
sed 's/ score [0-9]* .*/ score 100 recovered/' over.tape |
    spoilt 'an edited score' 6 "tape line $over: this line was changed"
sed 's/ score [0-9]* .*/ score 100 recovered/' over.tape |
    forged 'an edited score' 6 "tape line $over: the score comes out as $points" 'written is 100 recovered'
sed 's/ score / scorn /' over.tape | forged 'another word for the score' 5 'not a kind of entry'
{ cat over.tape && tail -n 1 over.tape; } | forged 'two scores' 6 "tape line $((over + 1)): a score stands once"
sed '$d' over.tape | spoilt 'without its score, it is worked out' 0 "score $points of 100"
sed '$d' over.tape | sed '$d' | spoilt 'cut before its end' 0 'not over'
sed '$d' over.tape | sed '$d' >"$tape"
run replay
expect 'replay: a run cut before the end that is in the list' 6 'the list of runs says that it is over'
cp over.tape "$tape"
if command -v sqlite3 >/dev/null 2>&1; then
    sqlite3 "$XDG_STATE_HOME/truecode/progress.db" 'update runs set score = 100'
    run replay
    expect 'replay: a score edited in the list' 6 "the score comes out as $points" 'has 100'
else
    echo 'skip - replay: a score edited in the list: sqlite3 is not here'
fi
rm "$tape"
run replay small-shop
expect 'replay: a run whose tape is gone' 5 'cannot be opened'

# Many at once: each is told, and the worst counts.
sed 's/cmd 2$/cmd 1/' whole.tape >edited.tape
run replay ./over.tape ./edited.tape ./no.tape
expect 'many: each is named' 6 './over.tape:' "./edited.tape: tape line $answer" './no.tape: ./no.tape cannot be opened'
run replay ./over.tape ./edited.tape --json
expect 'many, for a machine' 6 \
    "{\"run\": \"./edited.tape\", \"ok\": false, \"exit\": 6, \"error\": \"tape line $answer"
cp whole.tape "$tape"

# Playing on: the same, but nothing may be lost, and play goes on with a new run.
tape=$(echo "$TAPES"/*.tape)
kept() {
    if cmp -s "$tape" spoilt.tape; then
        fine "play: $1: the tape is kept as it was"
    else
        wrong "play: $1: the tape is kept as it was" "it was changed or is gone"
    fi
}
resumed() {
    what=$1
    shift
    rm -rf "$XDG_STATE_HOME/truecode"
    mkdir -p "$TAPES"
    cp spoilt.tape "$tape"
    given '' play small-shop --plain
    expect "play: $what" 0 "$@"
}

head -c -5 whole.tape >spoilt.tape
resumed 'a tape cut in its last line goes on' 'Step 5 of 6'
# One damaged line: what stands above it is played on, in a tape of its own.
sed 's/cmd changes/cmd chbnges/' whole.tape >spoilt.tape
resumed 'a damaged line costs what follows it' "Line $changes of $lines" 'this line was changed' \
    'from the last good line' 'Step 2 of 6'
kept 'a damaged line'
run progress
expect 'both runs are listed' 0 'damaged tape' 'begun, step 2 of 6'
given 'changes\n' play small-shop --plain
expect 'the good one goes on' 0 'Step 3 of 6'
id=$(basename "$tape" .tape)
run report "$id"
expect 'report says how far the damaged one came' 0 'its tape is damaged' '| status |'
sed 's/cmd changes/cmd chnges/' whole.tape | chained >spoilt.tape
resumed 'so does one that no longer works' "Line $changes of $lines" 'no longer works' 'Step 2 of 6'
kept 'one that no longer works'
sed 's/seed 7/seed 8/' whole.tape >spoilt.tape
resumed 'a damaged head costs all of it' 'damaged tape' 'the head was changed' 'Step 1 of 6'
kept 'a damaged head'

# An update: another lesson by that name, another engine, another format.
stopped() {
    update=$1
    shift
    resumed "$update: the run is stopped by an update" 'was stopped by an update' "$@" 'Step 1 of 6'
    kept "$update"
    run progress
    expect "$update: progress says so" 0 'stopped by an update'
    run list
    expect "$update: and list" 3 'stopped by an update'
    given '' play "$id"
    expect "$update: and play, with what can still be done" 6 'stopped by an update' "report $id" '--new'
    run report "$id"
    expect "$update: report says how far it came" 0 'stopped by an update' '| changes |' 'begins anew'
}
another | chained >spoilt.tape
stopped 'another lesson' 'another version of the lesson'
sed 's/engine [0-9]*/engine 999/' whole.tape | chained >spoilt.tape
stopped 'another engine' 'another engine'
sed -e 's/tape 2/tape 1/' -e '/^identity/d' -e 's/^-- .*/--/' \
    -e 's/^[0-9a-f]\{16\} \([0-9]* \)[0-9a-f]* /\1/' whole.tape >spoilt.tape
stopped 'the format before' 'an older version of this program'
: >spoilt.tape
resumed 'an empty tape begins anew' 'Step 1 of 6'
head -c 3000 /bin/sh >spoilt.tape
resumed 'noise begins anew' 'damaged tape' 'a new run was started' 'Step 1 of 6'
kept 'noise'

# The database beside them.
given 'status\n' play small-shop --new --seed 9
echo 'this is no database, but it is long enough to be taken for one by a program that does not look' \
    >"$XDG_STATE_HOME/truecode/progress.db"
run progress
expect "a damaged list of runs: told, set aside, found again by the tapes" 0 'small-shop'
given '' play small-shop --plain
expect "and play goes on" 0 'Step'
if ls "$XDG_STATE_HOME"/truecode/progress.damaged-* >/dev/null 2>&1; then
    fine "the damaged file is kept"
else
    wrong "the damaged file is kept" "it is gone"
fi
