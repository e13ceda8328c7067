#!/bin/sh
# Lessons as they come from an author's editor, half finished, or from somebody who
# means ill: each is refused, or told of, by file and line.
cd "$(dirname "$0")/../.." || exit 1
. tests/bad/common
cd "$SCRATCH" || exit 1

# broken NAME SED-SCRIPT: small-shop with one thing changed.
broken() {
    sed "$2" "$FIRST" >"$1.lua"
    if cmp -s "$FIRST" "$1.lua"; then
        wrong "$1" "the lesson has changed, and this test does nothing to it"
    fi
}

# Where the line is in the copy.
line_of() {
    grep -nF -e "$2" "$1" | head -n 1 | cut -d : -f 1
}

# Said by all three that open a lesson: its author's check and proof, its player.
refused() {
    lesson=$1
    shift
    for how in check play prove; do
        run $how "./$lesson.lua"
        expect "$lesson: $how refuses it" 3 "$@"
    done
}

broken syntax '30s/.*/oops = = 3,/'
refused syntax "syntax.lua:30: unexpected symbol near '='"

broken field 's/minutes = 6/minuets = 6/'
refused field "field.lua:$(line_of field.lua minuets):" "'minuets'; did you mean 'minutes'?"

broken loop-above '1i while true do end'
refused loop-above 'loop-above.lua:1: this takes too long'

broken loop-world 's/world = function(w)/world = function(w) while true do end/'
refused loop-world "loop-world.lua:$(line_of loop-world.lua 'while true'): this takes too long"

broken string-asked '1i local x = string.rep("x", 1 << 40)'
refused string-asked 'string-asked.lua:1: rep: a string longer than 32768 bytes'

broken string-grown '1i local x = "a" while true do x = x .. x end'
refused string-grown 'string-grown.lua:1: this needs a string longer than 32 KiB'

broken memory '1i local t = {} while true do t[#t + 1] = {} end'
refused memory 'memory.lua:1:'

: >nothing.lua
refused nothing 'nothing.lua:1: the file is empty'

head -c 4096 /bin/sh >noise.lua
refused noise 'noise.lua:1: this is not text'

printf 'return lesson {\n\033[2Jid' >escape.lua
refused escape 'escape.lua:2:'

# Silent once: a lesson that loads, and holds something for later that would fail then. Said
# by its author's check, by file and line, with what would be right.
told() {
    lesson=$1
    shift
    run check "./$lesson.lua"
    expect "$lesson: check tells of it" 3 "$@"
}
says() { # NAME, WHAT STANDS THERE, INSTEAD, WHAT, [LINE: of what stands instead]
    broken "$1" "s/$2/$3/"
    told "$1" "$1.lua:${5:-$(line_of "$1.lua" "$3")}: $4"
}
says tool '"rollback", "wait", "say"' '"rollback", "wiat", "say"' \
    "tools: there is no command 'wiat'; did you mean 'wait'?"
says no-change '{ "rollback shop", "wait 5m" }' '{ "status", "wait 5m" }' \
    'fix "roll back": none of its lines changes anything'
says as-it-was '{ "rollback shop", "wait 5m" }' '{ "set shop.workers 32", "wait 5m" }' \
    'fix "roll back", line 1: "set shop.workers 32": '
says no-hints 'hints = { "Compare.*" }' 'hints = {}' 'step "which" has no hints' \
    "$(line_of "$FIRST" '"which"')"
says no-pool 's:seen("status")' 's:seen("edge", "pool")' \
    "no command shows of edge, a balancer, 'pool'; there are: metrics"
says no-keys 's:seen("status")' 's:seen("shop", "keys")' \
    "no command shows of shop, a service, 'keys'"
says no-metric-seen 's:seen("status")' 's:seen("shop", "metric.cpuu")' \
    "a service has no metric 'cpuu'; did you mean 'cpu'?"
says brace 'A shop with twenty' 'A {shop} with twenty' \
    'place: {shop} would stand there as it is' "$(line_of "$FIRST" 'place =')"
says component 's:instances("shop") == 4' 's:instances("shopp") == 4' \
    "there is no component 'shopp'; did you mean 'shop'?"
says alert 's:good(min(1)) < 0.9' 's:alerting("orders fail")' \
    "there is no alert 'orders fail'"
says counter 's:bad(min(1))' 's:rate("ordrs", min(1))' \
    "there is no component 'ordrs'"
says instance 's:instances("shop") == 4' 's:of("shop", 9).cpu < 1' \
    'there is no shop-9: its instances are 1 to 4'
says instance-metric 's:instances("shop") == 4' 's:metric("shop", "cpu", 9) < 1' \
    'there is no shop-9: its instances are 1 to 4'
says version 's:instances("shop") == 4' 's:instances("shop", "v77") == 0' \
    "shop has no version 'v77'; there are: v41, v42"
says line '"restart shop --rolling"' '"restart shopp --rolling"' \
    'wrong turn "restart", line 1: "restart shopp --rolling": There is no "shopp"'
says line-later '--rolling", "wait 5m"' '--rolling", "wait 5x"' \
    'wrong turn "restart", line 2: "wait 5x": "5x" is not a duration'
says solution 'solution = { "rollback shop", "wait 4m" }' \
    'solution = { "rolback shop", "wait 4m" }' \
    'step "rollback", solution, line 1: "rolback shop": There is no command rolback'
says change 'change = "rollback shop"' 'change = "rollback shoop"' \
    'step "before", change, line 1: "rollback shoop": There is no "shoop"'
says change-nothing 'change = "rollback shop"' 'change = "status"' \
    'step "before", change: none of its lines changes anything'
says a-number 's:good_for(min(3)) end' 's:good(min(3)) end' \
    'this function must return true or false, not a number'
says one-asked-late 's:changed() and s:version' 's:godo(min(1)) < 1 and s:version' \
    "s has no 'godo'; did you mean 'good'?"

# What an incident names and nobody has.
entry='deploy("shop", "v42", { by = "Jonas" })'
says zone "$entry" 'fault("shop", "zone_down", { zone = 9 })' \
    'shop has no zone 9: its zones are 1 to 1'
says fault-version "$entry" 'fault("shop", "unready", { version = "v9" })' \
    'shop has no version "v9"; there are: v41, v42'
says fault-instance "$entry" 'fault("shop-9", "crash")' \
    'there is no shop-9: its instances are 1 to 4'

# Several at once are told in one go.
broken several 's/"rollback", "wait", "say"/"rollback", "wiat", "say"/
s/"restart shop --rolling"/"restart shopp --rolling"/'
told several "there is no command 'wiat'" 'There is no "shopp"'

# A draft: no steps, no fixes yet. It can be walked through, and asked.
sed '/^  steps = {/,/^  },$/d; /^  fixes = {/d' "$FIRST" >draft.lua
run check ./draft.lua
expect "a draft is no lesson yet" 3 'lesson lacks steps = { … }' 'play --draft'
run check ./draft.lua --draft
expect "a draft can be checked" 0 'works at its page' 'play --draft'
given 'status\neval s:good(min(1)) < 2\neval s:service("shop").cpu\neval s:godo(1)\neval 1 +\n' \
    play ./draft.lua --draft --seed 7
expect "and played, and asked" 0 'true (good(1 m): 0.' '(shop.cpu: 0.' \
    "s has no 'godo'; did you mean 'good'?" "unexpected symbol near 'end'"
sed 's/^  promises = {/&\
    data = { { "nobody is refused", broken = function(s) return s:total("shop", "refused_total") end },\
             { "orders come", holds = function(s) return s:total("shop", "requests_total") > 0 end } },/' draft.lua >kept.lua
run check ./kept.lua --draft
expect "what counts how often a promise was broken may be a number" 0 'works at its page'
given 'rollback shop\nwait 4m\nwait 4m\neval s:good_for(min(1))\n' play ./kept.lua --draft --seed 7
expect "what was promised is asked of the run" 0 'true (good_for(1 m): true)'
given 'eval s:good(min(1))\n' play small-shop --seed 7 --new
expect "nobody asks so in a real play" 0 'There is no command eval'

{ cat "$FIRST" && head -c 300000 /dev/zero | tr '\0' '#'; } >long.lua
run play ./long.lua
expect "long: play refuses it" 1 'long.lua is longer than 256 kB'

mkdir folder.lua
run play ./folder.lua
expect "a folder is no lesson" 1 'folder.lua is not a regular file'

mkfifo pipe.lua
run play ./pipe.lua
expect "a pipe is no lesson, and is not waited for" 1 'pipe.lua is not a regular file'

run play samll-shop
expect "a lesson's name misspelt" 2 "no lesson 'samll-shop'; did you mean 'small-shop'?"

# A goal that raises is the lesson's fault: said once, and there is a way on.
# shellcheck disable=SC2016 # for sed
seen='s/goal = function(s) return s:seen("status") end/goal = function(s) %s end/'
# shellcheck disable=SC2059
goal() {
    broken "$1" "$(printf "$seen" "$2")"
    at=$(line_of "$1.lua" "$2")
    given 'status\nwait 20s\nskip\n' play "./$1.lua" --seed 7
    expect "$1: play says whose fault it is" 0 "This lesson is broken: $1.lua:$at:" \
        'not your mistake' 'Step 2 of 6'
    if [ "$(grep -c 'lesson is broken' "$said")" -eq 1 ]; then
        fine "$1: and says it once"
    else
        wrong "$1: and says it once" "said more or less often"
    fi
    run prove "./$1.lua" --seeds 1
    expect "$1: prove names the line" 1 "not done after its solution: $1.lua:$at:"
}
goal goal-raises 'return nil + 1'
goal goal-misspelt 'return s:sen("status")'
goal goal-loops 'while true do end'

broken goal-late \
    's/goal = function(s) return s:good_for.*end,/goal = function(s) return s:changed() and nil + 1 end,/'
given 'status\nchanges\n2\ndown\nrollback shop\nwait 1m\nstatus\n' play ./goal-late.lua --seed 7
expect "goal-late: play goes on after it" 0 'This lesson is broken: goal-late.lua:' \
    'The same command goes on from here'

# One bad file among the lessons does not take the others away.
mkdir lessons
cp "$TRUECODE_LESSONS"/*.lua lessons/
echo 'return lesson {' >lessons/spoilt.lua
TRUECODE_LESSONS=$SCRATCH/lessons
export TRUECODE_LESSONS
run list
expect "list shows the others, and why one is broken" 3 'The small shop' 'spoilt.lua:2:'
given '1\n' play --plain
expect "and they can be played" 0 'Step 1 of 6'

# Bad in every way at once, and the course itself: the others are there all the same.
head -c 300000 /dev/zero | tr '\0' '#' >lessons/large.lua
mkdir lessons/folder.lua
echo 'while true do end' >lessons/costly.lua
printf 'return lesson { id = "latin", title = "caf\351" }' >lessons/latin.lua
cat >lessons/course.lua <<'END'
return course {
  { track = "start", "costly", "folder", "large", "small-shop", "latin", "missing" },
}
END
run list
expect "list has a card for each, and why" 3 'The small shop' \
    'costly.lua:1: this takes too long' 'folder.lua is not a regular file' \
    'large.lua is longer than 256 kB' \
    'latin.lua:1: this is not UTF-8, near the byte \xE9' 'missing.lua is not there'
given '1\n4\n' play --plain
expect "what cannot be loaded cannot be chosen, the rest can" 0 \
    'a lesson that can be loaded' 'Step 1 of 6'
run prove --seeds 1
expect "prove proves the others" 3 'costly.lua:1: this takes too long' \
    'large.lua is longer than 256 kB' 'small-shop: 1 seeds' 'orders fail'
for broken in 'return course {' 'while true do end' 'return 5'; do
    echo "$broken" >lessons/course.lua
    run list
    expect "list without a course: $broken" 3 'The small shop' 'course.lua:' \
        'spoilt.lua:2:'
done
rm lessons/course.lua
mkdir lessons/course.lua
run list
expect "list without a course: a folder" 3 'The small shop' \
    'course.lua is not a regular file'
TRUECODE_LESSONS=$SCRATCH/nowhere
run list
expect "no lessons at all" 2 'there is no' 'nowhere/course.lua'
