#!/bin/sh
# prove: the table does not depend on the number of jobs; JSON can be read; Ctrl-C ends it.
set -u
truecode=${TRUECODE:-build/truecode}
scratch=${SCRATCH:-$(mktemp -d)}
bad=0
verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        bad=1
    fi
}

timeout 120 "$truecode" prove first-page --seeds 6 --jobs 1 >"$scratch/one" 2>"$scratch/err"
one=$?
timeout 120 "$truecode" prove first-page --seeds 6 --jobs 3 >"$scratch/three" 2>>"$scratch/err"
three=$?
[ $one -eq $three ] && [ $one -le 1 ]
verdict "one job and three end alike" $?
cmp -s "$scratch/one" "$scratch/three"
verdict "and print the same table" $?
[ -s "$scratch/one" ] && ! grep -qv '^proving: [0-9]* %, [0-9] of 6 seeds $' "$scratch/err"
verdict "results on stdout, progress alone on stderr" $?
grep -q '^proving: 100 %, 6 of 6 seeds $' "$scratch/err"
verdict "progress up to the end, a line each" $?
timeout 120 "$truecode" prove first-page --seeds 1 --json >"$scratch/json"
grep -q '"lesson": "first-page", "seeds": 1' "$scratch/json"
verdict "--json" $?
timeout -s INT 2 "$truecode" prove first-page --seeds 100000 >/dev/null 2>&1
# timeout says 124 when it had to send the signal; the program itself must be gone at once.
[ $? -eq 124 ]
verdict "an interrupt ends it" $?
timeout 10 "$truecode" prove first-page --seeds 0 >/dev/null 2>&1
[ $? -eq 2 ]
verdict "no seeds are no proof" $?
exit $bad
