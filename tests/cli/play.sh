#!/bin/sh
# Playing without a terminal: in lines and by script; leaving, going on, replaying.
set -u
truecode=${TRUECODE:-build/truecode}
scratch=${SCRATCH:-$(mktemp -d)}
XDG_STATE_HOME=$scratch/state
export XDG_STATE_HOME
bad=0

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        sed 's/^/    /' "$scratch/out" "$scratch/err" 2>/dev/null | tail -n 20
        bad=1
    fi
}
tc() { timeout 60 "$truecode" "$@" >"$scratch/out" 2>"$scratch/err"; }
says() { grep -qF -e "$1" "$scratch/out"; }

printf '\nstatus\n' | tc play first-page --seed 7
verdict "the end of the input leaves with status 0" $?
says "truecode play first-page"
verdict "and says that it is saved" $?
says "COMPONENT"
verdict "a command's output is there" $?
says "> status"
verdict "what was typed is echoed, so that the output reads whole" $?

tape=$(ls "$scratch/state/truecode/tapes/"*.tape)
grep -q ' cmd status$' "$tape"
verdict "the tape has the command" $?
[ "$(stat -c %a "$scratch/state/truecode")" = 700 ]
verdict "the state directory is private" $?

tc replay first-page
verdict "replay" $?
digest=$(grep digest "$scratch/out")
tc replay "$tape"
[ -n "$digest" ] && [ "$digest" = "$(grep digest "$scratch/out")" ]
verdict "the same tape, the same trace" $?

printf 'note going on\n' | tc play first-page
grep -q ' cmd note going on$' "$tape"
verdict "the same run goes on" $?
tc progress --json
[ "$(grep -c '"id"' "$scratch/out")" -eq 1 ]
verdict "and is one run" $?
printf '\n' | tc play first-page --new --seed 7
tc progress --json
[ "$(grep -c '"id"' "$scratch/out")" -eq 2 ]
verdict "--new begins another" $?

# A run keeps its mode and its seed; who names others is told, and nothing is begun.
printf 'note on\n' | tc play first-page --mode on-call
[ $? -eq 2 ] && grep -q 'going on, guided, seed 7. Leave out --mode to go on with it' "$scratch/err"
verdict "another mode than the run's is refused" $?
printf 'note on\n' | tc play first-page --seed 9
[ $? -eq 2 ] && grep -q 'Leave out --seed to go on with it, or add --new' "$scratch/err"
verdict "another seed, too" $?
printf 'note on\n' | tc play first-page --mode guided --seed 7
verdict "with its own it goes on" $?
tc progress --json
[ "$(grep -c '"id"' "$scratch/out")" -eq 2 ]
verdict "and there is no run more" $?
printf '\nstatus\n' | tc play first-page --new --mode on-call --seed 7
tc progress
grep -q "on call  *begun" "$scratch/out" && ! says "of 0"
verdict "a run without steps counts none" $?

# A tape that was cut in the middle of a line, as by a power loss.
printf '\nnote one\n' | tc play first-page --new --seed 8
tape=$(grep -l '^seed 8$' "$scratch/state/truecode/tapes/"*.tape)
printf '1900000000000 cmd no' >>"$tape"
printf 'note two\n' | tc play first-page
verdict "a tape cut short goes on" $?
grep -q ' cmd note two$' "$tape" && ! grep -q 'cmd no$' "$tape"
verdict "without the half line" $?

# A tape that was edited does not replay to the same trace.
sed 's/^seed 8$/seed 9/' "$tape" >"$scratch/edited.tape"
tc replay "$scratch/edited.tape"
status=$?
[ $status -eq 6 ] || [ $status -eq 0 ]
verdict "an edited tape is replayed or refused, not believed" $?
printf 'no tape at all\n' >"$scratch/no.tape"
tc replay "$scratch/no.tape"
[ $? -eq 5 ]
verdict "what is no tape is refused with status 5" $?

# A line that is too long, and bytes that are no text.
{
    head -c 100000 /dev/zero | tr '\0' 'x'
    printf '\nnote \033[31m\200\nnote after\n'
} | tc play first-page
verdict "a line of 100 kB is survived" $?
grep -q 'at most' "$scratch/err"
verdict "and told" $?
says 'note ^[[31m'
verdict "control characters are shown, not sent" $?

# By script, on a screen that nobody sees.
cat >"$scratch/keys" <<'KEYS'
Enter             # read the page
"status" Enter
tick 1s
KEYS
tc play first-page --new --seed 7 --script "$scratch/keys" --dump --size 100x30
verdict "a script plays" $?
says "COMPONENT"
verdict "and its last screen is printed" $?
[ "$(wc -l <"$scratch/out")" -eq 30 ]
verdict "with as many lines as it has rows" $?
cp "$scratch/out" "$scratch/first"
tc play first-page --new --seed 7 --script "$scratch/keys" --dump --size 100x30
cmp -s "$scratch/first" "$scratch/out"
verdict "the same script, the same screen" $?
tc play first-page --new --seed 7 --script "$scratch/keys" --dump --ascii
! LC_ALL=C grep -q '[^ -~]' "$scratch/out"
verdict "--ascii prints ASCII" $?
printf 'Entr\n' >"$scratch/keys"
tc play first-page --script "$scratch/keys"
[ $? -eq 2 ] && grep -q "keys:1: 'Entr' is no key" "$scratch/err"
verdict "a script's mistake is named with its line" $?

# What is not over is not told, and a briefing is not a run yet.
rm -rf "$scratch/state"
printf '\n' | tc play first-page
tc list
! grep -q 'begun' "$scratch/out"
verdict "a run left on its briefing is not begun" $?
printf '\nstatus\n' | tc play first-page
tc list
grep -q 'first-page.*begun' "$scratch/out"
verdict "one with a command is" $?
tc report
[ $? -eq 1 ] && [ ! -s "$scratch/out" ] && grep -q 'not over.*truecode play first-page' "$scratch/err"
verdict "a run that goes on has no report yet" $?
tc replay first-page
step=$(grep -o 'step [0-9]* of [0-9]*' "$scratch/out")
tc progress
[ -n "$step" ] && says "$step"
verdict "replay and progress count steps alike" $?

# Without a jail the same is played.
printf '\nstatus\n' | tc play first-page --new --seed 7 --no-jail
says "COMPONENT"
verdict "--no-jail" $?

# A place where nothing can be written.
printf '\nstatus\n' | XDG_STATE_HOME=/dev/null tc play first-page
[ $? -eq 1 ] && says "COMPONENT"
verdict "without a state directory play goes on, and does not end well" $?
head -n 1 "$scratch/out" | grep -q 'not saved'
verdict "and says on its first line that nothing is saved" $?

# Nobody reads the output: no endless loop, no complaint but our own.
printf '\nstatus\n' | timeout 60 "$truecode" play first-page --new --seed 7 2>"$scratch/err" | head -n 1 >"$scratch/out"
says "Your first page"
verdict "a closed pipe ends it" $?
exit $bad
