#!/bin/sh
# The Makefile in folders whose names hold what a shell or make takes for its own: building,
# running, moving the tree, installing and taking away again. The trees are small ones, with
# this Makefile and .ci/setup and a program that only says what it was built with.
set -u
top=$PWD
scratch=${SCRATCH:-$(mktemp -d)}
make=${MAKE:-make}
# The make that runs the tests is no part of them; nor are its flags.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKE_TERMOUT MAKE_TERMERR WERROR SANITIZE
odd="it's (a) test & more"
odder='$HOME; "x" `y` #1 %z, [q]* ~ü 日'

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        tail -n 15 "$scratch/out" | sed 's/^/    /'
    fi
}

new_tree() { # FOLDER
    mkdir -p "$1/.ci" "$1/src/cli" "$1/src/base" "$1/include" "$1/lessons/lab"
    cp Makefile "$1/Makefile"
    cp .ci/setup "$1/.ci/setup"
    cat >"$1/src/cli/main.c" <<'C'
#include <stdio.h>
int value(void);
int main(int argc, char **argv)
{
    printf("%s %d", TRUECODE_DATADIR, value());
    for (int i = 1; i < argc; i++)
        printf(" %s", argv[i]);
    printf("\n");
    return 0;
}
C
    printf 'int value(void);\nint value(void)\n{\n    return 42;\n}\n' >"$1/src/base/value.c"
    echo 'return course {}' >"$1/lessons/course.lua"
    echo 'return lab {}' >"$1/lessons/lab/a lab.lua"
}

mk() { # FOLDER WORDS...: quiet, its words in $scratch/out
    where=$1
    shift
    (cd "$where" && "$make" "$@") >"$scratch/out" 2>&1 </dev/null
}
said() { grep -qF -e "$1" "$scratch/out"; }

for name in "$odd" "$odder"; do
    tree=$scratch/$name
    new_tree "$tree"
    mk "$tree" run && said '/usr/local/share/truecode 42'
    verdict "make run in a folder called $name" $?
    mv "$tree" "$scratch/moved $name"
    tree="$scratch/moved $name"
    mk "$tree" && ! said compile && [ "$("$tree/build/truecode")" ]
    verdict "and when it has moved, nothing is built again" $?
    ! grep -qF "$scratch" "$tree/build/src/base/value.o" "$tree/build/truecode"
    verdict "no object names a folder" $?

    # make takes a dollar for a reference where one follows that can be; here none does.
    to="$scratch/to/$name"
    mk "$tree" install PREFIX="$to" && said "$to" &&
        [ "$("$to/bin/truecode")" = "$to/share/truecode 42" ] &&
        [ -f "$to/share/truecode/lessons/lab/a lab.lua" ] &&
        [ "$(cat "$to/share/man/man1/truecode.1")" = "$to/share/truecode 42 help man" ]
    verdict "installed where its lessons are" $?
    for page in bash-completion/completions/truecode:bash zsh/site-functions/_truecode:zsh \
        fish/vendor_completions.d/truecode.fish:fish; do
        grep -q "completion ${page#*:}\$" "$to/share/${page%:*}" 2>>"$scratch/out"
        verdict "with the completions of ${page#*:}" $?
    done
    mk "$tree" uninstall PREFIX="$to" && [ -z "$(find "$to" -type f)" ]
    verdict "and gone again" $?
    mk "$tree" install prefix="$to" DESTDIR="$scratch/pack/$name" &&
        [ "$("$scratch/pack/$name$to/bin/truecode")" = "$to/share/truecode 42" ] &&
        [ -f "$scratch/pack/$name$to/share/truecode/lessons/course.lua" ] &&
        [ -z "$(find "$to" -type f)" ]
    verdict "put together elsewhere, with prefix=" $?
    mk "$tree" install PREFIX="$to" DATADIR="$scratch/data/$name" &&
        [ "$("$to/bin/truecode")" = "$scratch/data/$name 42" ] &&
        [ -f "$scratch/data/$name/lessons/course.lua" ]
    verdict "the data elsewhere" $?
    touch "$scratch/data/$name/of somebody else"
    mk "$tree" uninstall PREFIX="$to" DATADIR="$scratch/data/$name" &&
        [ "$(find "$scratch/data/$name" -type f)" = "$scratch/data/$name/of somebody else" ]
    verdict "what was there before stays" $?
done

# ---- what somebody types ---------------------------------------------------------------

tree=$scratch/tree
new_tree "$tree"
HOME="$scratch/it's home" mk "$tree" install PREFIX='~/x y' &&
    [ "$("$scratch/it's home/x y/bin/truecode")" = "$scratch/it's home/x y/share/truecode 42" ]
verdict "a PREFIX that begins with ~" $?
mk "$tree" install PREFIX='here & there' &&
    [ "$("$tree/here & there/bin/truecode")" = "$tree/here & there/share/truecode 42" ]
verdict "a PREFIX from the folder one is in" $?
mk "$tree" install WHERE="$scratch/w" PREFIX='$(WHERE)/a$$b' && [ -x "$scratch/w/a\$b/bin/truecode" ]
verdict "a PREFIX with references of make's" $?
for name in 'a b' "it's" 'a&b' 'a$b' 'a#b' '(a)' 'a:b'; do
    ! mk "$tree" B="$name" && said 'make cannot build there' && [ "$(wc -l <"$scratch/out")" = 1 ]
    verdict "B=$name: one line" $?
done
mk "$tree" B=../else/where && "$scratch/else/where/truecode" >"$scratch/out" && said 42
verdict "B is a path" $?
mkdir -p "$tree/tests/group"
cp tests/run "$tree/tests/run"
printf '#!/bin/sh\n[ -x "$TRUECODE" ] && echo "ok - it is there"\n' >"$tree/tests/group/script"
chmod +x "$tree/tests/group/script"
for build in ../else/where "$scratch/else/where"; do
    mk "$tree" -f /dev/null -s --eval='x: ; @tests/run -b "$$BUILD" group' BUILD="$build" &&
        said '1 passed, 0 failed'
    verdict "tests of a build that is elsewhere" $?
done

# ---- progress --------------------------------------------------------------------------

mk "$tree" clean all V=1
[ "$(grep -cE '^  (cc|link) ' "$scratch/out")" = 3 ] && grep -q '^PWD=.* -c -o build/src/cli/main.o' "$scratch/out"
verdict "V=1 shows each command" $?
rm -rf "$tree/build"
mk "$tree" -j4
[ "$(grep -c . "$scratch/out")" = 1 ] && said 'to compile and link: 3'
verdict "a log gets one line" $?
touch "$tree/src/base/value.c"
mk "$tree" && said 'to compile and link: 2'
verdict "what is not old is not counted" $?
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    touch "$tree/src/base/value.c"
    (cd "$tree" && script -qec "$make" /dev/null) >"$scratch/out" 2>&1 </dev/null
    said 'building 1 of 2: src/base/value.c' && said 'building 2 of 2: build/truecode' &&
        said 'built in build'
    verdict "a terminal gets a count" $?
else
    echo "skip - a count on a terminal: script(1) is not here"
fi
printf 'int value(void)\n{\n    return nothing;\n}\n' >"$tree/src/base/value.c"
for i in 1 2 3 4 5 6; do
    printf 'int f%d(void);\nint f%d(void)\n{\n    return wrong%d;\n}\n' $i $i $i >"$tree/src/base/f$i.c"
done
! mk "$tree" -k -j8
verdict "what does not compile fails" $?
missing=0
for i in 1 2 3 4 5 6; do
    grep -A 2 "^src/base/f$i\\.c:4:.*wrong$i" "$scratch/out" | grep -q "return wrong$i;" || missing=1
done
grep -q '^src/base/value\.c:3:.*nothing' "$scratch/out" && [ $missing = 0 ]
verdict "each with its file, its line and all of its words, side by side" $?

# ---- other makes and other compilers ---------------------------------------------------

tree=$scratch/other
new_tree "$tree"
! mk "$tree" CC=nonesuch && said 'CC=nonesuch: there is no command nonesuch'
verdict "CC names nothing" $?
mk "$tree" && ! mk "$tree" CC=nonesuch && said 'there is no command nonesuch'
verdict "CC names nothing, and all was built before" $?
! mk "$tree" CFLAGS=--no-such-flag && said 'does not take the flags' && said 'no-such-flag' &&
    ! said 'Installing'
verdict "CFLAGS that no compiler takes" $?
bsd=$(command -v bmake || command -v pmake || echo none)
if [ "$bsd" = none ]; then
    echo "skip - a BSD make: it is not here"
else
    ! (cd "$tree" && "$bsd" run) >"$scratch/out" 2>&1 && [ "$(grep -c 'line [0-9]*:' "$scratch/out")" = 1 ] && said 'gmake run'
    verdict "a BSD make: one sentence" $?
fi
