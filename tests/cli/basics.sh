#!/bin/sh
# The command line: what it answers, where, and with which status.
set -u
truecode=${TRUECODE:-build/truecode}
scratch=${SCRATCH:-$(mktemp -d)}
XDG_STATE_HOME=$scratch/state
export XDG_STATE_HOME
out=$scratch/out
err=$scratch/err
bad=0

# try NAME STATUS WORDS...: runs it, keeps its output in $out and $err.
try() {
    name=$1
    want=$2
    shift 2
    timeout 60 "$truecode" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    [ $got -eq "$want" ] && return 0
    echo "not ok - $name: status $got, not $want"
    sed 's/^/    /' "$out" "$err" | head -n 20
    bad=1
    return 1
}
# has FILE TEXT: the last try's output says so; prints the verdict.
has() {
    if grep -qF -e "$2" "$1"; then
        echo "ok - $name"
    else
        echo "not ok - $name: no '$2' in"
        sed 's/^/    /' "$1" | head -n 20
        bad=1
    fi
}

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        bad=1
    fi
}

try "--version" 0 --version && has "$out" "truecode "
for word in -V -v; do
    try "$word" 0 $word && has "$out" "truecode "
done
try "-h" 0 -h && has "$out" "Subcommands:"
try "-?" 0 '-?' && has "$out" "Subcommands:"
try "-? behind a subcommand" 0 prove '-?' && has "$out" "--seeds N"
try "an unknown letter" 2 -x && has "$err" "play has no option -x"
try "an unknown letter behind a subcommand" 2 list -x && has "$err" "list has no option -x"
try "--help" 0 --help && has "$out" "Subcommands:"
try "help of a subcommand begins with examples" 0 help play && has "$out" "Examples:"
try "--help behind a subcommand" 0 prove --help && has "$out" "--seeds N"
try "help keys" 0 help keys && has "$out" "F1"
try "a manual page" 0 help man && has "$out" ".TH TRUECODE 1"
try "list" 0 list && has "$out" "first-page"
try "list --json" 0 list --json && has "$out" '"id": "first-page"'
try "words" 0 words && has "$out" "pool: "
try "words goodput" 0 words GOODPUT && has "$out" "goodput: Answers"
try "words of none" 2 words goodptu && has "$err" "is it 'goodput'?"
try "progress without a run" 0 progress && has "$out" "No run yet"
try "progress --json without a run" 0 progress --json && has "$out" "["
try "check of a lesson" 0 check lessons/first-page.lua && has "$out" "worlds built"
try "doc, with its contents" 0 doc && has "$out" "Kinds of components" &&
    has "$out" "What prove proves"
wide=$(sed 's/…/x/g' "$out" | awk 'length($0) > 80 { print "    " $0 }')
if [ -z "$wide" ]; then
    echo "ok - doc fits 80 columns"
else
    echo "not ok - doc fits 80 columns"
    echo "$wide"
fi
try "doc as Markdown" 0 doc --markdown && has "$out" "## Kinds of components"
try "doc of a kind" 0 doc subscription && has "$out" "w:broker" && has "$out" "visibility"
try "doc of a function" 0 doc good_for && has "$out" "s:good_for(duration)"
try "doc of a fault" 0 doc fault slow && has "$out" "kind database"
try "doc of a mechanism" 0 doc retry-storm && has "$out" "Mechanisms"
try "doc of a command" 0 doc rollback && has "$out" "rollback SERVICE"
try "doc of a facet" 0 doc keys && has "$out" "cache keys"
try "doc of what is not there" 2 doc good_forr && has "$err" "did you mean 'good_for'?"
try "check of a draft" 0 check --draft lessons/first-page.lua && has "$out" "play --draft"
try "prove of a row" 0 prove first-page --seeds 1 --only "fix roll" && has "$out" "Roll back"
try "doctor finds what it needs" 0 doctor && has "$out" "starts and answers"
try "doctor --json" 0 doctor --json && has "$out" '"worker": {"ok": true'
try "bash completion" 0 completion bash && has "$out" "complete -o default"
try "fish completion" 0 completion fish && has "$out" "complete -c truecode"

try "a misspelt subcommand" 2 progres && has "$err" "did you mean 'progress'"
try "an unknown word" 2 xyzzy && has "$err" "no subcommand and no lesson"
try "a misspelt option" 2 play --sed 7 && has "$err" "did you mean --seed"
try "an option of another subcommand" 2 list --seeds 7 && has "$err" "no option --seeds"
try "a misspelt lesson" 2 play first-pag --plain && has "$err" "did you mean 'first-page'"
try "a seed that is none" 2 play first-page --seed x && has "$err" "whole number"
try "a mode that is none" 2 play first-page --mode hard && has "$err" "guided, on-call or blind"
try "too many words" 2 completion bash zsh && has "$err" "takes fewer words. Usage:"
try "a word where none belongs" 2 on-call all-green && has "$err" "on-call takes no word"
try "an option that is another's value" 2 play all-green --on-call &&
    has "$err" "did you mean --mode on-call?"
try "a lesson outside the folder is no name" 2 play ../no/such/lesson && has "$err" "cannot be opened"
try "a file that is no file" 1 check /dev && has "$err" "not a regular file"
try "an empty list of lessons" 2 report && has "$err" "no run yet"
sed "/^  page = /,/]],\$/d" lessons/first-page.lua >"$scratch/draft.lua"
try "play of a draft that has no page yet" 0 play --draft "$scratch/draft.lua" --plain &&
    has "$out" "Your shift begins"

printf 'return 1 +\n' >"$scratch/broken.lua"
try "a broken lesson: check" 3 check "$scratch/broken.lua" && has "$err" "broken.lua:"
try "a broken lesson: play" 3 play "$scratch/broken.lua" --plain && has "$err" "broken.lua:"
try "a broken lesson: prove" 3 prove "$scratch/broken.lua" --seeds 1 && has "$err" "broken.lua:"
[ ! -s "$out" ]
verdict "and there is no table of nothing" $?
printf -- '-- A lab.\nreturn lab { title = "x" }\n' >"$scratch/lab.lua"
for command in check play prove; do
    try "a lab is no lesson: $command" 3 $command "$scratch/lab.lua" && has "$err" "lab.lua is a lab, not a lesson; run it with: "
done
printf 'while true do end\n' >"$scratch/endless.lua"
try "an endless lesson" 3 check "$scratch/endless.lua" && has "$err" "endless.lua"
printf 'return lesson { id = "x", titel = "x" }\n' >"$scratch/x.lua"
try "an unknown field" 3 check "$scratch/x.lua" && has "$err" "x.lua"
head -c 300000 /dev/zero | tr '\0' '-' >"$scratch/long.lua"
try "a lesson that is too long" 1 check "$scratch/long.lua" && has "$err" "longer than"
printf '\033[2J' >"$(printf '%s/\033[31mred.lua' "$scratch")"
try "escapes in a file's name" 3 check "$(printf '%s/\033[31mred.lua' "$scratch")"
has "$err" '^[[31mred.lua'
if grep -q "$(printf '\033')" "$err"; then
    echo "not ok - no escape reaches the terminal"
    bad=1
else
    echo "ok - no escape reaches the terminal"
fi

TRUECODE_LESSONS=$scratch/nowhere
export TRUECODE_LESSONS
try "lessons that are nowhere" 2 list && has "$err" "nowhere/course.lua"
mkdir "$scratch/own"
printf 'return course { { track = "lab", "gone" } }\n' >"$scratch/own/course.lua"
TRUECODE_LESSONS=$scratch/own
try "a lesson of the course that is missing" 3 list && has "$out" "gone.lua is not there"
printf 'while true do end\n' >"$scratch/own/course.lua"
try "an endless course" 3 list && has "$out" "course.lua:1: this takes too long"
exit $bad
