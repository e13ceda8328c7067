# shellcheck shell=sh
# learner: whole plays of a lesson, each typed by one kind of learner, held against how it
# ended and a range of points. A test sources this after `set -u`.
truecode=${TRUECODE:-build/truecode}
scratch=${SCRATCH:-$(mktemp -d)}
XDG_STATE_HOME=$scratch/state
export XDG_STATE_HOME
learners_bad=0

# learner NAME LESSON MODE LOWEST HIGHEST ENDED: types stdin, with seed 1. The status may be 1:
# users still suffer. ENDED is how the
# line with the outcome begins: a pattern of grep -E.
learner() {
    timeout 300 "$truecode" play "lessons/$2.lua" --plain --new --mode "$3" --seed 1 \
        >"$scratch/out" 2>"$scratch/err"
    status=$?
    tr '\n' ' ' <"$scratch/out" >"$scratch/line"
    score=$(grep -oE 'Score [0-9]+ of' "$scratch/line" | grep -oE '[0-9]+' | head -n 1)
    if [ $status -le 1 ] && [ "${score:-101}" -ge "$4" ] && [ "${score:-101}" -le "$5" ] &&
        grep -qE "^($6)" "$scratch/out"; then
        echo "ok - $2: $1, $score points"
    else
        echo "not ok - $2: $1, ${score:-no} points, not $4 to $5 and '$6' (status $status)"
        sed -n '/: what happened/,/What happened to users/p' "$scratch/out" | sed 's/^/    /'
        tail -n 5 "$scratch/out" "$scratch/err" | sed 's/^/    /'
        learners_bad=1
    fi
}
