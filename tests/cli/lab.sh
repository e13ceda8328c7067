#!/bin/sh
# lab: a world from a file, measured: same figures each time, results on stdout, clear
# errors, and the exit codes that others have.
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
lab() { timeout 120 "$truecode" lab "$@"; }

# write NAME LINE...: a lab file from lines of its world
write() {
    name=$1
    shift
    {
        echo "return lab { \"test\", ends_at = min(2),"
        echo "  world = function(w)"
        printf '    %s\n' "$@"
        echo "  end,"
        echo "}"
    } >"$scratch/$name.lua"
}
server='w:service { "api", workers = 2, endpoints = { get = { compute(exponential(ms(10))) } } }'
users='w:client { "users", to = "api/get", rate = 50 }'

# refuses NAME STATUS TEXT ARGUMENT...: says so on stderr, nothing on stdout
refuses() {
    name=$1
    want=$2
    text=$3
    shift 3
    lab "$@" >"$scratch/out" 2>"$scratch/err"
    status=$?
    [ $status -eq "$want" ] && [ ! -s "$scratch/out" ] && grep -q -- "$text" "$scratch/err"
    verdict "$name" $?
}

write good "$server" "$users"
lab "$scratch/good.lua" >"$scratch/one" 2>"$scratch/err" &&
    lab "$scratch/good.lua" >"$scratch/two" 2>/dev/null
verdict "a lab runs" $?
cmp -s "$scratch/one" "$scratch/two"
verdict "the same figures each time" $?
grep -q 'million events in' "$scratch/err" && ! grep -q 'million' "$scratch/one"
verdict "how long it took is on stderr" $?
awk 'length > 80 { bad = 1 } END { exit bad }' "$scratch/one"
verdict "80 columns are enough" $?
lab "$scratch/good.lua" --seed 2 >"$scratch/two" 2>/dev/null
! cmp -s "$scratch/one" "$scratch/two"
verdict "another seed, other figures" $?
lab "$scratch/good.lua" --no-jail --no-jail 2>/dev/null | cmp -s - "$scratch/one"
verdict "the jail changes nothing" $?

lab "$scratch/good.lua" --reps 3 >"$scratch/two" 2>/dev/null &&
    grep -q '^3 replications, seeds 1 to 3' "$scratch/two"
verdict "replications" $?
lab "$scratch/good.lua" --json 2>/dev/null | grep -q '^{"lab": "test", "seed": 1, '
verdict "--json" $?
lab | grep -q '^  mm1$'
verdict "a list of labs" $?
lab lessons/first-page.lua --until 31m 2>/dev/null | grep -q '^shop/buy '
verdict "a lesson's file is one, too" $?
! timeout 60 "$truecode" list 2>/dev/null | grep -q mm1
verdict "a lab is no lesson" $?

echo "return lab { 'empty', ends_at = min(1), world = function(w) end }" >"$scratch/empty.lua"
lab "$scratch/empty.lua" 2>/dev/null | grep -q '^Nothing was requested'
verdict "a world in which nobody asks" $?
lab lessons/lab/retries.lua --until 3m 2>/dev/null |
    grep -q "of the schedule's actions come after that: they never happen"
verdict "an end before what is planned" $?
{
    echo "return lab { 'refused', ends_at = min(2), world = function(w)"
    echo "  $server"
    echo "  $users end, incident = function(i) i:at(min(1), op('api', 'rollback')) end }"
} >"$scratch/refused.lua"
lab "$scratch/refused.lua" 2>/dev/null | grep -A 1 "^1 of the schedule's actions could not be done" |
    grep -q '^  rollback of api at 1 m: api has run no other version'
verdict "an action that is refused is told" $?
lab "$scratch/good.lua" --seed 99999999999999999999 2>&1 | grep -q 'is too large'
verdict "a seed that is too large" $?

# Early ends: what there is is printed all the same.
{
    echo "return lab { 'long', ends_at = hours(700), warm_up = sec(1), world = function(w)"
    echo "  $server"
    echo "  $users end }"
} >"$scratch/long.lua"
timeout --preserve-status -s INT 4 "$truecode" lab "$scratch/long.lua" >"$scratch/out" 2>"$scratch/err"
[ $? -eq 130 ] && grep -q '^STOPPED at .*: it was told to' "$scratch/out" &&
    grep -q '^api/get ' "$scratch/out" && grep -q 'this is what there is' "$scratch/err"
verdict "Ctrl-C gets the report of what there is" $?
{
    echo "return lab { 'too much', warm_up = sec(1), world = function(w)"
    echo "  w:service { 'api', workers = 1, endpoints = { get = { sleep(sec(1)) } } }"
    echo "  w:client { 'users', to = 'api/get', rate = 20000 } end }"
} >"$scratch/runaway.lua"
lab "$scratch/runaway.lua" >"$scratch/out" 2>"$scratch/err"
[ $? -eq 1 ] && grep -q '^STOPPED at .*the world ran away' "$scratch/out" &&
    grep -q 'the world ran away' "$scratch/err"
verdict "a world that runs away" $?

write typo 'w:service { "api", wrokers = 2 }'
refuses "a misspelt parameter: line and suggestion" 3 \
    "typo.lua:3: a service has no field 'wrokers'; did you mean 'workers'?" \
    "$scratch/typo.lua"
refuses "a misspelt name of a lab" 2 "did you mean 'mm1'" mm2
refuses "no such file" 2 "nothere.lua" "$scratch/nothere.lua"
refuses "a length that is none" 2 "is not a duration" "$scratch/good.lua" --until soon
refuses "no replications" 2 "--reps is 1 to" "$scratch/good.lua" --reps 0
refuses "an option that lab has not" 2 "did you mean --seed" "$scratch/good.lua" --sed 2
echo 'return lab { "x", warm_up = min(3), ends_at = min(2), world = function(w) end }' \
    >"$scratch/warm.lua"
refuses "a warm-up longer than all" 3 "warm.lua:1: warm_up must be shorter" "$scratch/warm.lua"
echo 'return 7' >"$scratch/seven.lua"
refuses "a file that returns something else" 3 "must end with .return lab" "$scratch/seven.lua"
exit $bad
