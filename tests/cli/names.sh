#!/bin/sh
# Commands that texts name are commands: whatever the program is called where it stands,
# what it tells somebody to type can be typed. Each text is taken apart and run.
set -u
truecode=${TRUECODE:-build/truecode}
scratch=${SCRATCH:-$(mktemp -d)}
TRUECODE_LESSONS=$PWD/lessons
XDG_STATE_HOME=$scratch/state
export TRUECODE_LESSONS XDG_STATE_HOME
tree="$scratch/it's (a) test & \$more #1 ü"
mkdir -p "$tree/build" "$scratch/bin" "$scratch/other"
cp "$truecode" "$tree/build/truecode"
cp "$truecode" "$scratch/bin/truecode"
printf '#!/bin/sh\necho another program\n' >"$scratch/other/truecode"
chmod +x "$scratch/other/truecode"
plain_path=$PATH

verdict() { # NAME STATUS [FILE]
    if [ "$2" -eq 0 ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        [ $# -lt 3 ] || sed 's/^/    /' "$3" | head -n 20
    fi
}

# told NAME FOLDER PROGRAM SCRIPT: in that folder, SCRIPT (a shell's; it calls the program
# with a word it does not know) is told to see "COMMAND help"; COMMAND is that program, and
# gives its help.
told() {
    name=$1
    (
        cd "$2" || exit 1
        sh -c "$4" >"$scratch/out" 2>"$scratch/err"
        command=$(sed -n 's/.*; see //p' "$scratch/err")
        echo "named: $command" >>"$scratch/err"
        eval "set -- \"\$3\" $command"
        [ "$1" = "${2:-}" ] && [ "${3:-}" = help ] && sh -c "$command" 2>>"$scratch/err" |
            grep -q Subcommands:
    )
    verdict "$name" $? "$scratch/err"
}

export scratch tree
told "from the tree: build/truecode" "$tree" build/truecode 'build/truecode what'
told "from its folder: ./truecode" "$tree/build" ./truecode './truecode what'
told "from below it: the whole path" "$tree" "$tree/build/truecode" \
    'mkdir -p x && cd x && ../build/truecode what'
told "from elsewhere: the whole path" / "$tree/build/truecode" '"$tree/build/truecode" what'
PATH=$scratch/bin:$plain_path
told "from PATH: truecode" / truecode 'truecode what'
told "another copy than PATH's: its path" "$tree" build/truecode 'build/truecode what'
PATH=$scratch/other:$scratch/bin:$plain_path
told "PATH has another program first: its path" / "$scratch/bin/truecode" \
    '"$scratch/bin/truecode" what'
PATH=$plain_path
ln -s "$tree" "$scratch/link"
told "through a link: from the tree" "$scratch/link" build/truecode 'build/truecode what'
printf 'say:\n\t@build/truecode what\n' >"$tree/Makefile"
told "make -C: not from the folder one is in" "$scratch" "$tree/build/truecode" \
    '"${MAKE:-make}" -s --no-print-directory -C link say'

# What is told with a file can be typed, too.
cp lessons/first-page.lua "$scratch/my first page.lua"
printf 'return lab { title = "x" }\n' >"$scratch/a lab.lua"
cd "$tree" || exit 1
build/truecode check "$scratch/my first page.lua" >"$scratch/out" 2>&1
told=$(sed -n "s/.*worlds built\\. \\(.*\\) proves it\\.\$/\\1/p" "$scratch/out")
eval "set -- $told"
[ "$1 $2 $3" = "build/truecode prove $scratch/my first page.lua" ]
verdict "a file's name with blanks" $? "$scratch/out"
build/truecode play "$scratch/a lab.lua" >"$scratch/out" 2>&1
eval "set -- $(sed -n 's/.*run it with: //p' "$scratch/out")"
[ "$1 $2 $3" = "build/truecode lab $scratch/a lab.lua" ]
verdict "a lab is run by a command that is there" $? "$scratch/out"

# The farewell, in lines; and the screen that the worker draws.
echo look | build/truecode play first-page --plain >"$scratch/out" 2>&1
grep -q '^Saved\. Go on with: build/truecode play first-page$' "$scratch/out"
verdict "the farewell" $? "$scratch/out"
printf 'tick 1s\n' >"$scratch/keys"
build/truecode play --script "$scratch/keys" --dump --size 40x12 >"$scratch/out" 2>&1
grep -q '^ *build/truecode --plain *$' "$scratch/out"
verdict "a window that is too small" $? "$scratch/out"
build/truecode help play >"$scratch/out" 2>&1
! grep -v '^  build/truecode' "$scratch/out" | grep -q 'truecode ' ||
    grep -q '^Usage: build/truecode play' "$scratch/out"
verdict "a subcommand's help" $? "$scratch/out"
build/truecode help man >"$scratch/out" 2>&1
! grep -q 'build/' "$scratch/out"
verdict "the manual page is the installed program's" $? "$scratch/out"
