#!/bin/sh
# Lines that nobody types: too long, with control bytes, with bytes that are no text.
# Each is answered, the next one works, and what was taped replays.
cd "$(dirname "$0")/../.." || exit 1
. tests/bad/common
cd "$SCRATCH" || exit 1

many() {
    head -c "$1" /dev/zero | tr '\0' "$2"
}

# typed NAME STATUS PATTERN...: a file "line", then `status`, which must still work.
typed() {
    { cat line && printf '\nstatus\n'; } >all
    "$TRUECODE" play small-shop --new --seed 7 <all >"$said" 2>&1
    status=$?
    expect "$@" 'COMPONENT' 'Step 2 of 6'
    newest=$(find "$XDG_STATE_HOME/truecode/tapes" -name '*.tape' | LC_ALL=C sort | tail -n 1)
    run replay "$newest"
    expect "$1: its tape replays" 0 'step 2 of 6'
}

many 100000 a >line
typed '100 kB' 0 'a line has at most 64 KiB; that one was skipped'
{ printf 'note ' && many 60000 a; } >line
typed '60 kB' 0 'That line is 60005 bytes long; at most 4096 are read. Nothing was done.'
{ printf 'note ' && many 4000 a; } >line
typed 'a long note' 0 'Noted.'
{ printf 'status' && many 4000 '|'; } >line
typed 'four thousand pipes' 0 'Step'
{ printf 'logs ' && many 4000 '"'; } >line
typed 'four thousand quotes' 0 'Step'
printf 'note \033[31mred\033[0m \a\b\r\177' >line
typed 'control bytes' 0 'Noted.' '^[[31mred^[[0m'
printf '\033]0;title\a\033[2J' >line
typed 'a sequence for the terminal' 0 'There is no command'
printf 'note \377\376 \303 \342\200\256gnihton' >line
typed 'bytes that are no text' 0 'Noted.' '<U+202E>'
printf 'status\0 and more' >line
typed 'a zero byte' 0 'a line is text; that one holds a zero byte and was skipped'
printf '\0\0\0' >line
typed 'only zero bytes' 0 'zero byte'
head -c 20000 /bin/sh | tr -d '\n' >line
typed 'a program' 0 'Step'
# shellcheck disable=SC2016 # that is the point
printf '$(reboot); `reboot` | rm -rf / && %%s%%n' >line
typed 'a line for a shell' 0 'Step'

printf 'status' >"$SCRATCH/typed"
"$TRUECODE" play small-shop --new --seed 7 <"$SCRATCH/typed" >"$said" 2>&1
status=$?
expect 'a last line without its end is a line' 0 'Step 2 of 6'

# Arguments, too, come from anybody.
run play "$(printf 'no\033[31msuch')"
expect 'a lesson by a name with control bytes' 2 'there is no lesson'
run "$(many 5000 x)"
expect 'a subcommand of 5000 letters' 2 'there is no subcommand'
run play small-shop --seed 12x
expect 'a seed that is no number' 2 "--seed wants a whole number, not '12x'"
run play small-shop --speed nan
expect 'a speed that is no number' 2 '--speed wants a number'
run play small-shop --sede 7
expect 'an option misspelt' 2 'did you mean --seed'

# Without any terminal, and without the three descriptors everybody has.
if command -v setsid >/dev/null 2>&1; then
    printf 'status\n' >"$SCRATCH/typed"
    setsid "$TRUECODE" play small-shop --new --seed 7 <"$SCRATCH/typed" >"$said" 2>&1
    status=$?
    expect 'no terminal: played in lines' 0 'Step 2 of 6' 'Saved'
fi
rm -rf "$XDG_STATE_HOME/truecode"
"$TRUECODE" play small-shop --new --seed 7 <&- >&- 2>&-
run replay "$XDG_STATE_HOME"/truecode/tapes/*.tape
expect 'no descriptors at all: nothing is printed into a tape' 0 'step 1 of 6'
