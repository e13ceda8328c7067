#!/bin/sh
# The course moves on while somebody plays: a changed word reaches the run, a changed
# lesson lets it go on as it was begun, and what is finished keeps its report.
cd "$(dirname "$0")/../.." || exit 1
. tests/bad/common
cd "$SCRATCH" || exit 1

cp -R "$TRUECODE_LESSONS" course
TRUECODE_LESSONS=$SCRATCH/course
lesson=$TRUECODE_LESSONS/small-shop.lua
cp "$lesson" original.lua
dir=$XDG_STATE_HOME/truecode

# edit SCRIPT: the lesson as it was, edited by sed.
edit() {
    sed "$1" original.lua >"$lesson"
    if cmp -s original.lua "$lesson"; then
        wrong "the edit '$1' changes the lesson" "it does not"
    fi
}
# The lesson as it was, with one run at its last step.
at_the_last_step() {
    rm -rf "$dir"
    cp original.lua "$lesson"
    given 'status\nchanges\n2\ndown\nrollback shop\nwait 4m\nwait 4m\nwait 4m\nwait 4m\nwait 4m\n' play small-shop --new --seed 7
}
end='say --impact about 30 percent of orders failed --state mitigated --next 20:00\nresolve recovered\n'

at_the_last_step
expect 'a run at its last step' 0 'Step 6 of 6'

# ---- words

edit 's/waits for your word/hopes for your word/; s/twenty orders a second\./a score of orders a second./
    s/^  world = /  -- Built once.\n\n  world   =   /; s/People write that/Folks write that/
    s/The weather/The rain/; s/title = "Tell people"/title = "Say it"/
    s/Compare the times/Compare times/; s/Nothing was slow/Nothing at all was slow/
    s/s:seen("status") end/s:seen("status")  --[[ looked ]] end/'
given '' play small-shop
expect 'changed words reach it' 0 'Step 6 of 6. Say it' 'hopes for your word'
if was_said 'was changed'; then
    wrong 'and nobody minds' 'it was told'
else
    fine 'and nobody minds'
fi
run progress
expect 'progress has it where it was' 0 'begun, step 6 of 6'

# ---- what decides the run: each of these is another lesson

for change in 's/s:good_for(min(3)) end/s:good_for(min(2)) end/' \
    's/instances = 4/instances = 5/' 's/0\.3, {/0.4, {/' 's/min(5) + sec(20)/min(5) + sec(25)/' \
    's/{ "None of them", /{ "None of them", right = true, /' 's/answer = "down"/answer = "up"/' \
    's/"rollback shop", "wait 5m"/"rollback shop", "wait 6m"/' 's/{ "shop", "bad-deploy", right/{ "edge", "bad-deploy", right/' \
    's/"tell", title/"told", title/' 's/sec(45) end/sec(50) end/'; do
    at_the_last_step
    edit "$change"
    given '' play small-shop
    expect "it goes on as it was after $change" 0 'The lesson was changed' 'Step 6 of 6'
done

# A goal may hide behind a name.
at_the_last_step
sed 's/^return lesson/local LONG = min(3)\n&/; s/good_for(min(3)) end/good_for(LONG) end/' \
    original.lua >named.lua
cp named.lua "$lesson"
given 'status\n' play small-shop --new --seed 8
sed 's/LONG = min(3)/LONG = min(2)/' named.lua >"$lesson"
given '' play small-shop
expect 'a value that a goal uses is part of it' 0 'The lesson was changed' 'Step 2 of 6'

# ---- the lesson is broken, or gone

at_the_last_step
echo 'return lesson {' >"$lesson"
given '' play small-shop
expect 'a broken update stops nobody' 0 'Step 6 of 6'
rm "$lesson"
id=$(basename "$dir"/tapes/*.tape .tape)
given '' play "$id"
expect 'nor does a lesson that is gone' 0 'Step 6 of 6'

# ---- without the text that was kept

at_the_last_step
id=$(basename "$dir"/tapes/*.tape .tape)
edit 's/good_for(min(3)) end/good_for(min(2)) end/'
rm -r "$dir/texts"
given '' play small-shop
expect 'without the old text the run is stopped by the update' 0 'at step 6 of 6 was stopped by an update' \
    " report $id" 'Step 1 of 6'
run progress
expect 'progress says so' 0 'stopped by an update, step 6 of 6' ' report RUN'
run progress --json
expect 'in JSON, too' 0 '"state": "stopped by an update"'
run list --json
expect 'and list' 3 '"stopped": true'
run report "$id"
expect 'report says how far it came' 0 'It came to step 6 of 6' '| rollback shop |'
cp original.lua "$lesson"
given '' play "$id"
expect 'and with the old lesson it goes on again' 0 'Step 6 of 6'
run progress
expect 'as if nothing had been' 0 'begun, step 6 of 6'

# ---- finished

given "$end" play "$id"
expect 'it is finished' 0 'of 100'
run progress
cp "$said" progress.before
run report
cp "$said" report.before
for change in 's/instances = 4/instances = 5/' 's/was bad/was very bad/; s/Nothing was slow/Nothing at all was slow/'; do
    edit "$change"
    run report
    if [ "$status" -eq 0 ] && cmp -s "$said" report.before; then
        fine "its report is the same after $change"
    else
        wrong "its report is the same after $change" "$(diff "$said" report.before)"
    fi
done
rm "$lesson"
run report "$id"
if [ "$status" -eq 0 ] && cmp -s "$said" report.before; then
    fine "its report is the same without the lesson"
else
    wrong "its report is the same without the lesson" "$(diff "$said" report.before)"
fi
run progress
if cmp -s "$said" progress.before; then
    fine 'and so is its score'
else
    wrong 'and so is its score' 'it changed'
fi
given '' play "$id" --plain
expect 'play shows its debrief again' 0 'of 100'

# Another engine cannot play it: what was kept is shown.
sed 's/^engine [0-9]*/engine 0/' "$dir/tapes/$id.tape" >other
cp other "$dir/tapes/$id.tape"
"$TRUECODE" report "$id" >"$said" 2>why.txt
status=$?
if [ $status -eq 0 ] && cmp -s "$said" report.before && grep -q 'was kept when the run ended' why.txt; then
    fine 'another engine shows the report that was kept'
else
    wrong 'another engine shows the report that was kept' "$status"
fi
