#!/bin/sh
# A state directory that cannot be written to, or is full: play goes on, says at once
# and again at the end that nothing is saved and why, and what was saved before stays.
cd "$(dirname "$0")/../.." || exit 1
. tests/bad/common
cd "$SCRATCH" || exit 1

# unsaved NAME STATUS READABLE PATTERN...: plays two steps, which must work. READABLE: 5
# where what is saved cannot even be read, else 0.
unsaved() {
    what=$1
    ends=$2
    readable=$3
    shift 3
    given 'status\nchanges\n' play small-shop --seed 7
    expect "$what: play goes on and says why nothing is saved" "$ends" 'Step 3 of 6' \
        'is not saved' "$@"
    if head -n 1 "$said" | grep -q 'is not saved'; then
        fine "$what: on the first line"
    else
        wrong "$what: on the first line" "it came later, or never"
    fi
    run list
    # The tests' course has a broken lesson, and that is told first.
    expect "$what: the list is there" 3 'The small shop'
    run progress
    if [ "$readable" -eq 5 ]; then
        expect "$what: progress says that it cannot be read" 5 'cannot be read'
        if was_said 'No run yet'; then
            wrong "$what: and not that there is none" "it said so"
        else
            fine "$what: and not that there is none"
        fi
    else
        expect "$what: progress can be read" 0
    fi
    run doctor
    expect "$what: doctor names it" 1 'BAD state'
}

echo kept >file
XDG_STATE_HOME=$SCRATCH/file unsaved 'a file for a directory' 1 5 'Not a directory' "$SCRATCH/file" 'Not saved:'
XDG_STATE_HOME=$SCRATCH/file/deeper unsaved 'a directory below a file' 1 5 'Not a directory'
XDG_STATE_HOME=/proc unsaved 'where nobody can write' 1 0 '/proc/truecode'
(
    unset HOME XDG_STATE_HOME
    unsaved 'no home' 1 5 'neither XDG_STATE_HOME nor HOME'
)

# A small limit on the size of files stands for a full disk: it needs no privilege.
# Blocks of 512 bytes; the database needs more, the tape less.
(
    trap - XFSZ
    "$TRUECODE" list >/dev/null 2>&1 # so that the directory exists
    given 'status\n' play small-shop --seed 5
    ulimit -f 8
    XDG_STATE_HOME=$SCRATCH/limited
    unsaved 'no room for the list of runs' 0 0 'progress.db' 'This run is saved and can go on'
) 2>&1
(
    XDG_STATE_HOME=$SCRATCH/limited2
    printf 'status\nchanges\n' >typed
    # shellcheck disable=SC2030
    (ulimit -f 0 && "$TRUECODE" play small-shop --seed 7 <typed 2>&1) | cat >"$said"
    status=0
    expect 'no room at all: play goes on' 0 'Step 3 of 6' 'is not saved' 'Not saved:'
)

# With room for the tape alone, the run is found again by its tape.
XDG_STATE_HOME=$SCRATCH/limited
run progress
expect 'room again: the run is found by its tape' 0 'small-shop'
given '' play small-shop --plain
expect 'and goes on' 0 'Step 3 of 6'
XDG_STATE_HOME=$SCRATCH/state

# Real file systems, where that is allowed: in a mount namespace of our own.
# shellcheck disable=SC2016 # it is for another shell
mounted='
    set -e
    mkdir -p "$1"
    case $2 in
    full)
        mount -t tmpfs -o size=64k none "$1"
        cp -r "$3" "$1/truecode"
        dd if=/dev/zero of="$1/filler" bs=4k 2>/dev/null || true ;;
    readonly)
        mount -t tmpfs -o size=1m none "$1"
        cp -r "$3" "$1/truecode"
        mount -o remount,ro "$1" ;;
    esac
    set +e
    printf "$4" | XDG_STATE_HOME=$1 "$TRUECODE" play small-shop --plain
    echo "ended with $?"
    cp "$1"/truecode/tapes/*.tape "$5"'
in_namespace() {
    unshare -m true 2>/dev/null && unshare -m sh -c 'mkdir -p m && mount -t tmpfs none m' 2>/dev/null
}
for kind in full readonly; do
    if ! in_namespace; then
        echo "skip - a $kind file system: mounting one is not allowed here"
        continue
    fi
    given 'status\n' play small-shop --new --seed 11
    rm -rf before after saved
    cp -r "$XDG_STATE_HOME/truecode" saved
    rm -f saved/progress.db-journal
    mkdir -p after
    unshare -m sh -c "$mounted" sh "$SCRATCH/mnt" $kind "$SCRATCH/saved" 'changes\nlogs shop\n' \
        "$SCRATCH/after" >"$said" 2>&1
    status=0
    case $kind in
    full) reason='disk is full' ends=0 ;;
    readonly) reason='readonly' ends=1 ;;
    esac
    expect "a $kind file system: the saved run goes on, unsaved" 0 'Step 3 of 6' \
        'is not saved' "$reason" "ended with $ends"
    lost=0
    for tape in saved/tapes/*.tape; do
        size=$(wc -c <"$tape")
        head -c "$size" "after/${tape##*/}" | cmp -s - "$tape" || lost=1
    done
    if [ $lost -eq 0 ]; then
        fine "a $kind file system: nothing saved is lost"
    else
        wrong "a $kind file system: nothing saved is lost" "a tape is shorter or different"
    fi
done

# A result that cannot be written is no success.
if [ -c /dev/full ]; then
    for how in list doc 'help play'; do
        # shellcheck disable=SC2086
        "$TRUECODE" $how >/dev/full 2>"$said"
        status=$?
        expect "$how, to a full disk" 1 'cannot be written: No space left on device'
    done
    printf 'status\n' | "$TRUECODE" play small-shop --new --seed 3 >/dev/full 2>"$said"
    status=$?
    expect "play, to a full disk" 1 'cannot be written: No space left on device'
else
    echo "skip - a full output: there is no /dev/full"
fi
