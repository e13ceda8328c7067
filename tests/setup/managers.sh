#!/bin/sh
# .ci/setup on machines that are not this one: stand-ins for the compiler, for sudo and for
# each package manager, alone on PATH. What is installed, by which command, who is asked
# for a password and when, and whose words are shown where it fails.
set -u
setup=$PWD/.ci/setup
scratch=${SCRATCH:-$(mktemp -d)}
world=$scratch/world
real_path=$PATH

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        { cat "$world/log" && cat "$scratch/out"; } 2>/dev/null | sed 's/^/    /' | head -n 30
    fi
}

stand_in() { # NAME: the script on stdin
    cat >"$world/bin/$1"
    chmod +x "$world/bin/$1"
}

# A tree with .ci/setup in it, and a PATH with little more than a shell. `installed` is the
# mark that what lacks is there now.
new_world() { # MANAGER
    rm -rf "$world"
    mkdir -p "$world/bin" "$world/tree/.ci"
    cp "$setup" "$world/tree/.ci/setup"
    : >"$world/tree/Makefile"
    for tool in sh env cat grep sed awk tr tail head cut rm mktemp mkdir dirname uname tee \
        script; do
        path=$(command -v $tool) && ln -s "$path" "$world/bin/$tool"
    done
    stand_in id <<'STAND_IN'
#!/bin/sh
cat "$WORLD/uid"
STAND_IN
    echo 1000 >"$world/uid"
    # What compiles is there when it was installed.
    stand_in make <<'STAND_IN'
#!/bin/sh
[ -e "$WORLD/installed" ]
STAND_IN
    stand_in "$1" <<'STAND_IN'
#!/bin/sh
name=${0##*/}
[ "$*" != "-Si lua54" ] || exit 1 # a question; the tests count what is done
echo "$name $*" >>"$WORLD/log"
[ -t 0 ] && echo "$name could ask" >>"$WORLD/log"
case "$name $*" in
"apt-get -q update" | "apk update" | "pacman -Sy --noconfirm")
    [ ! -e "$WORLD/offline" ] || { echo "E: $name cannot reach its server" && exit 100; }
    : >"$WORLD/listed" && exit 0 ;;
esac
echo "Reading package lists..."
[ ! -e "$WORLD/broken" ] || { echo "E: $name: the disk is full" >&2; exit 100; }
[ ! -e "$WORLD/stale" ] || [ -e "$WORLD/listed" ] ||
    { echo "E: $name: no such package" >&2; exit 100; }
echo "Setting up gcc (12.2.0) ..."
: >"$WORLD/installed"
printf '#!/bin/sh\n' >"$WORLD/bin/cc"
"$WORLD/chmod" +x "$WORLD/bin/cc"
STAND_IN
    PATH=$real_path command -v chmod | { read -r c && ln -s "$c" "$world/chmod"; }
}

# sudo as it is set up: free, password (the word is "secret"), refuses.
sudo_is() {
    echo "$1" >"$world/sudo-is"
    stand_in sudo <<'STAND_IN'
#!/bin/sh
echo "sudo $*" >>"$WORLD/log"
echo "sudo: unable to resolve host somewhere: Name or service not known" >&2
quiet=no
[ "$1" = -n ] && quiet=yes && shift
case $(cat "$WORLD/sudo-is") in
refuses) echo "somebody is not in the sudoers file." >&2; exit 1 ;;
password)
    [ $quiet = no ] || { echo "sudo: a password is required" >&2; exit 1; }
    printf '[sudo] password for somebody: ' >/dev/tty
    read -r word </dev/tty
    [ "$word" = secret ] || { echo "sudo: 1 incorrect password attempt" >&2; exit 1; } ;;
esac
exec "$@"
STAND_IN
}

# Both leave what was said in $scratch/out, and the status.
in_the_dark() {
    env -i PATH="$world/bin" WORLD="$world" MAKE=make sh "$world/tree/.ci/setup" run \
        >"$scratch/out" 2>&1 </dev/null
}
# (Of a pipe that nobody closes, script does not wait for the end.)
on_a_terminal() { # WHAT IS TYPED
    rm -f "$scratch/keyboard"
    mkfifo "$scratch/keyboard" && exec 3<>"$scratch/keyboard"
    printf '%s\n' "$1" >&3
    env -i PATH="$world/bin" WORLD="$world" MAKE=make SHELL=/bin/sh \
        script -qec 'sh "$WORLD/tree/.ci/setup" run' /dev/null >"$scratch/out" 2>&1 <&3
    status=$?
    exec 3<&-
    return $status
}
said() { grep -qF -e "$1" "$scratch/out"; }
did() { grep -qE -e "$1" "$world/log" 2>/dev/null; }

has_script=yes
script -qec true /dev/null >/dev/null 2>&1 </dev/null || has_script=no

one_manager() { # MANAGER, A PATTERN OF ITS INSTALLING
    pm=$1
    line=$2
    new_world "$pm"
    echo 0 >"$world/uid"
    in_the_dark && did "^$line" && ! did '^sudo' && ! did 'could ask'
    verdict "$pm: root installs" $?

    new_world "$pm"
    sudo_is free
    in_the_dark && did "^$line"
    status=$?
    if [ "$pm" = brew ]; then
        ! did '^sudo' && [ $status = 0 ]
        verdict "$pm: installs as whoever it is" $?
        return
    fi
    did '^sudo -n ' && [ $status = 0 ]
    verdict "$pm: sudo that asks nothing, without a terminal" $?

    new_world "$pm"
    sudo_is password
    ! in_the_dark && said 'a password is required' && said "sudo $line" &&
        [ "$(grep -c '^sudo' "$world/log")" = 1 ] && ! did "^$line"
    verdict "$pm: sudo that would ask, without a terminal: its words, and what to type" $?

    if [ $has_script = no ]; then
        echo "skip - $pm on a terminal: script(1) is not here"
    else
        new_world "$pm"
        sudo_is password
        on_a_terminal secret && did "^$line" && said '[sudo] password for somebody:' &&
            ! did '^sudo -n' && ! did 'could ask'
        verdict "$pm: sudo asks on a terminal" $?

        new_world "$pm"
        sudo_is refuses
        ! on_a_terminal secret && said 'is not in the sudoers file' &&
            [ "$(grep -c '^sudo' "$world/log")" = 1 ]
        verdict "$pm: not in the sudoers file: said, and asked once" $?
    fi

    new_world "$pm"
    ! in_the_dark && said "su -c '" && said "$line" && [ ! -e "$world/log" ]
    verdict "$pm: no sudo: what to type, and nothing is run" $?

    new_world "$pm"
    echo 0 >"$world/uid"
    : >"$world/broken"
    ! in_the_dark && said "E: $pm: the disk is full" && said "$line"
    verdict "$pm: it fails in its own words" $?
}

# An old list of packages is refreshed, once; where that fails, that is what is told.
stale() { # MANAGER, A PATTERN OF ITS INSTALLING
    new_world "$1"
    sudo_is free
    : >"$world/stale"
    in_the_dark && did "^$2" && [ -e "$world/listed" ]
    verdict "$1: no list of packages yet" $?
    new_world "$1"
    sudo_is free
    : >"$world/stale"
    : >"$world/offline"
    ! in_the_dark && said "E: $1 cannot reach its server" && ! said "no such package"
    verdict "$1: no list, and no network: the words about the network" $?
}

one_manager apt-get 'apt-get install -y --no-install-recommends gcc libc6-dev '
one_manager dnf 'dnf install -y gcc '
one_manager pacman 'pacman -S --needed --noconfirm gcc '
one_manager apk 'apk add build-base '
one_manager zypper 'zypper --non-interactive install gcc '
one_manager brew 'brew install gcc '
stale apt-get 'apt-get install '
stale apk 'apk add '
stale pacman 'pacman -S .* lua '

# ---- what is nobody's package ---------------------------------------------------------

new_world apt-get
rm "$world/bin/apt-get"
! in_the_dark && said 'No package manager that is known here' && said 'Lua 5.4'
verdict "no package manager: what is needed" $?

# Installed, and still nothing links: the compiler's words, not the package manager's.
new_world apt-get
echo 0 >"$world/uid"
stand_in make <<'STAND_IN'
#!/bin/sh
[ ! -e "$WORLD/installed" ] || echo "ld: cannot find -llua5.4"
exit 1
STAND_IN
! in_the_dark && said 'ld: cannot find -llua5.4' && ! said 'Please run'
verdict "installed, and nothing links: the linker's words" $?

# A compiler that somebody chose.
new_world apt-get
: >"$world/installed"
chosen() { # CC
    env -i PATH="$world/bin" WORLD="$world" MAKE=make CC="$1" \
        sh "$world/tree/.ci/setup" run >"$scratch/out" 2>&1 </dev/null
}
! chosen nonesuch && said 'CC=nonesuch: there is no command nonesuch' && [ ! -e "$world/log" ]
verdict "CC names nothing: said, and nothing is installed" $?
stand_in sorrycc <<'STAND_IN'
#!/bin/sh
echo "sorrycc: no licence" >&2
exit 1
STAND_IN
! chosen sorrycc && said 'CC=sorrycc does not compile' && said 'sorrycc: no licence' &&
    [ ! -e "$world/log" ]
verdict "CC that compiles nothing: its words" $?
printf '#!/bin/sh\n' | stand_in cc
in_the_dark && ! chosen nonesuch
verdict "an answer holds for its compiler only" $?
