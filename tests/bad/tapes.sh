#!/bin/sh
# Tapes that a power loss cut, that somebody edited, or that another version recorded:
# none is taken for what it is not, and none is thrown away.
cd "$(dirname "$0")/../.." || exit 1
. tests/bad/common
cd "$SCRATCH" || exit 1

TAPES=$XDG_STATE_HOME/truecode/tapes
given 'status\nchanges\n2\ndown\nwait 30s\n' play first-page --seed 7
expect "a run to spoil" 0 'Saved'
cp "$TAPES"/*.tape whole.tape
lines=$(wc -l <whole.tape)

# spoilt NAME STATUS PATTERN... : reads the tape from standard input, and replays it.
spoilt() {
    what=$1
    cat >spoilt.tape
    shift
    run replay ./spoilt.tape
    expect "replay: $what" "$@"
}

spoilt 'as it was' 0 'step 5 of 6' <whole.tape
head -c -5 whole.tape | spoilt 'cut in its last line' 0 'step 5 of 6'
head -n 8 whole.tape | spoilt 'cut after a command' 0 'step 2 of 6'
head -c 60 whole.tape | spoilt 'cut in its head' 5 'that is no tape'
spoilt 'empty' 5 'that is no tape' </dev/null
head -c 3000 /bin/sh | spoilt 'another kind of file' 5 'that is no tape'
sed 's/tape 1/tape 9/' whole.tape | spoilt 'another format' 5 'tape line 1: expected "truecode tape 1'
sed 's/engine 1/engine 999/' whole.tape | spoilt 'another engine' 6 'another engine' '"999"'
sed 's/^\(lesson first-page\) ..../\1 0000/' whole.tape |
    spoilt 'another version of the lesson' 6 'another lesson or version of it'
sed 's/first-page/no-such-lesson/' whole.tape | spoilt 'an unknown lesson' 2 "no lesson 'no-such-lesson'"
sed "s#first-page#../../etc/passwd#" whole.tape | spoilt 'a path for a lesson' 5 'that is no tape'
sed 's/seed 7/seed 8/' whole.tape | spoilt 'another seed' 6 'tape line' 'differs from what was recorded'
sed 's/cmd changes/cmd chnges/' whole.tape | spoilt 'an edited command' 6 'tape line 10: "chnges" no longer works'
sed 's/ time ..../ time 0000/' whole.tape | spoilt 'an edited digest' 6 'tape line' 'differs'
{ cat whole.tape && echo '5 cmd status'; } | spoilt 'time running backwards' 5 "tape line $((lines + 1))" 'before'
{ cat whole.tape && echo '99999999999999999999999 cmd status'; } |
    spoilt 'a time beyond all' 5 "tape line $((lines + 1)): expected a time"
{ cat whole.tape && echo '1820000000000 dance'; } | spoilt 'an unknown entry' 5 '"dance" is not a kind of entry'
{ cat whole.tape && printf '1820000000000 cmd \033[31mred\n'; } | spoilt 'control bytes' 6 'tape line'

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
    given '' play first-page --plain
    expect "play: $what" 0 "$@"
}

head -c -5 whole.tape >spoilt.tape
resumed 'a tape cut in its last line goes on' 'Step 5 of 6'
sed 's/cmd changes/cmd chnges/' whole.tape >spoilt.tape
resumed 'an edited tape begins anew' 'The saved one cannot go on' 'tape line 10' 'Step 1 of 6'
kept 'an edited tape'
sed 's/^\(lesson first-page\) ..../\1 0000/' whole.tape >spoilt.tape
resumed 'a tape of another version begins anew' 'another lesson or version' 'Step 1 of 6'
kept 'another version'
: >spoilt.tape
resumed 'an empty tape begins anew' 'its tape is empty' 'Step 1 of 6'
head -c 3000 /bin/sh >spoilt.tape
resumed 'noise begins anew' 'cannot go on' 'Step 1 of 6'
kept 'noise'

# The database beside them.
given 'status\n' play first-page --new --seed 9
echo 'this is no database, but it is long enough to be taken for one by a program that does not look' \
    >"$XDG_STATE_HOME/truecode/progress.db"
run progress
expect "a damaged list of runs: told, set aside, found again by the tapes" 0 'first-page'
given '' play first-page --plain
expect "and play goes on" 0 'Step'
if ls "$XDG_STATE_HOME"/truecode/progress.damaged-* >/dev/null 2>&1; then
    fine "the damaged file is kept"
else
    wrong "the damaged file is kept" "it is gone"
fi
