#!/bin/sh
# on-call: a night drawn among the lessons that were finished; its name is told at the end.
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

tc on-call --plain </dev/null
[ $? -eq 2 ] && grep -q 'there is none yet' "$scratch/err"
verdict "nothing is drawn before a lesson was finished" $?

printf 'status\nresolve mitigated\n' | tc play first-page --mode oncall --seed 2
says "Score"
verdict "on-call is accepted as oncall" $?
tc list
says "on call: "
verdict "the list tells the mode" $?

# Seed 3 is a quiet night.
printf 'status\n' | tc on-call --seed 3
says "On call, drawn blind" && ! says "first page" && ! says "first-page"
verdict "a drawn night does not say which it is" $?
says "truecode on-call"
verdict "and how to go on with it" $?
tc progress
says "on call, drawn blind" && says "?" && [ "$(grep -c first-page "$scratch/out")" -eq 2 ]
verdict "nor does progress" $?
tc list
! says "begun"
verdict "nor the list" $?
tc report
[ "$(grep -c 'drawn' "$scratch/out")" -eq 0 ]
verdict "nor a report" $?
tc on-call --seed 4
[ $? -eq 2 ] && grep -q 'a drawn night is going on, seed 3' "$scratch/err"
verdict "another seed is refused while one goes on" $?
printf 'changes\nhurt nobody\nwait 5m\nresolve closed\n' | tc oncall
says "Nothing was wrong, and nothing was changed." && says "Your first page"
verdict "it goes on, and the debrief tells its name" $?
tc progress
says "nothing was wrong  100"
verdict "progress has it with its mode and score" $?
tc replay
verdict "and it replays" $?

printf 'status\n' | tc on-call --new --seed 3 && cp "$scratch/out" "$scratch/one"
printf 'status\n' | tc on-call --new --seed 3 && cmp -s "$scratch/out" "$scratch/one"
verdict "one seed draws one night" $?

printf '1 debriefs\n1 debriefs 1\n' | tc --plain
says "on call, drawn blind: nothing was wrong, 100 points" && says "What it was"
verdict "a debrief can be read again" $?

exit $bad
