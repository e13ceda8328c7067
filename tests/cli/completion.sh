#!/bin/sh
# The completion scripts in the shells they are for: each reads its script without a word
# and completes subcommands, options, their values, and names that the program is asked
# for. A shell that is not here is skipped.
set -u
truecode=${TRUECODE:-build/truecode}
scratch=${SCRATCH:-$(mktemp -d)}
TRUECODE_LESSONS=$PWD/lessons
XDG_STATE_HOME=$scratch/state
export TRUECODE_LESSONS XDG_STATE_HOME
here=$PWD/tests/cli
# The program is on PATH in one place only, and in none where its path is typed.
mkdir -p "$scratch/bin" "$scratch/tree" "$scratch/empty" "$scratch/functions"
cp "$truecode" "$scratch/bin/truecode"
cp "$truecode" "$scratch/tree/truecode"
PATH=$scratch/bin:$PATH
printf 'look\n' | truecode play first-page --plain >/dev/null 2>&1
run=$(truecode completion runs)

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        head -n 20 "$scratch/log" | sed 's/^/    /'
    fi
}

# expect SHELL LINE WORD...: with that line typed, Tab offers these words, among others.
expect() {
    shell=$1
    line=$2
    shift 2
    "complete_$shell" "$line" >"$scratch/log" 2>&1
    missing=0
    for word in "$@"; do
        grep -qxF -e "$word" "$scratch/log" || missing=1
    done
    verdict "$shell: $line" $missing
}

expect_all() { # SHELL
    expect "$1" 'truecode pro' progress prove
    expect "$1" 'truecode all' all-green
    expect "$1" 'truecode play --se' --seed
    expect "$1" 'truecode play --mode ' guided on-call
    expect "$1" 'truecode play --theme hi' high-contrast
    expect "$1" 'truecode prove all' all-green
    expect "$1" 'truecode lab mm' mm1
    expect "$1" 'truecode help ke' keys
    expect "$1" 'truecode completion z' zsh
    expect "$1" "truecode report ${run%????}" "$run"
    expect "$1" '../tree/truecode lab mm' mm1
}

# ---- bash: what its function leaves in COMPREPLY ---------------------------------------

complete_bash() {
    (
        cd "$scratch/empty" || exit 1
        printf '%s\n' "$1" | bash --norc -c '
            . "$1" || exit 1
            IFS= read -r line
            read -ra COMP_WORDS <<<"$line"
            [ "${line% }" = "$line" ] || COMP_WORDS+=("")
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            compopt() { :; }
            _truecode
            printf "%s\n" "${COMPREPLY[@]}"' bash "$scratch/bash"
    )
}

if command -v bash >/dev/null 2>&1; then
    truecode completion bash >"$scratch/bash"
    bash -n "$scratch/bash" >"$scratch/log" 2>&1 && [ ! -s "$scratch/log" ]
    verdict "bash reads its script" $?
    expect_all bash
    expect bash 'truecode play --mode = on' on-call
else
    echo "skip - bash: it is not here"
fi

# ---- fish: what `complete -C` lists ----------------------------------------------------

complete_fish() {
    (
        cd "$scratch/empty" || exit 1
        fish --no-config -c 'source $argv[1]; complete -C $argv[2]' \
            "$scratch/fish" "$1" | cut -f 1
    )
}

if command -v fish >/dev/null 2>&1; then
    truecode completion fish >"$scratch/fish"
    fish --no-config -n "$scratch/fish" >"$scratch/log" 2>&1 && [ ! -s "$scratch/log" ]
    verdict "fish reads its script" $?
    expect_all fish
else
    echo "skip - fish: it is not here"
fi

# ---- zsh: the line behind a real Tab, the first one of a new shell ----------------------

complete_zsh() {
    (
        cd "$scratch/empty" || exit 1
        zsh -f "$here/tab.zsh" "$scratch/functions" "$1"
    )
}

tab() { # LINE WANTED: the line after Tab
    complete_zsh "$1" >"$scratch/log" 2>&1
    grep -qF -e "<$2>" "$scratch/log"
    verdict "zsh: $1" $?
}

if command -v zsh >/dev/null 2>&1; then
    truecode completion zsh >"$scratch/functions/_truecode"
    zsh -n "$scratch/functions/_truecode" >"$scratch/log" 2>&1 && [ ! -s "$scratch/log" ]
    verdict "zsh reads its script" $?
    tab 'truecode prog' 'truecode progress '
    tab 'truecode all' 'truecode all-green '
    tab 'truecode play --see' 'truecode play --seed '
    tab 'truecode play --mode g' 'truecode play --mode guided '
    tab 'truecode play --theme hi' 'truecode play --theme high-contrast '
    tab 'truecode prove all' 'truecode prove all-green '
    tab 'truecode lab mm' 'truecode lab mm1 '
    tab 'truecode help ke' 'truecode help keys '
    tab 'truecode completion z' 'truecode completion zsh '
    tab "truecode report ${run%????}" "truecode report $run "
    tab '../tree/truecode lab mm' '../tree/truecode lab mm1 '
else
    echo "skip - zsh: it is not here"
fi

# ---- quoting: one function, and every shell reads the word back -------------------------

# A folder whose name holds every sign that a shell reads as its own.
odd="$scratch/a'b\"c\\d \$e \`f\` (g) & ;h|i <j> *k? [l] {m,n} ~o #p !q %r ^s=t: ü"
mkdir -p "$odd/build"
cp "$truecode" "$odd/build/truecode"
named=$(cd / && "$odd/build/truecode" no-such-word 2>&1 | sed -n 's/.*; see \(.*\) help$/\1/p')
echo "$named" >"$scratch/log"
for shell in sh bash fish zsh; do
    if command -v $shell >/dev/null 2>&1; then
        printf '%s --version\n' "$named" >"$scratch/script"
        [ "$($shell "$scratch/script" 2>>"$scratch/log")" = "$(truecode --version)" ]
        verdict "$shell runs what is named, whatever signs are in it" $?
    else
        echo "skip - $shell: it is not here"
    fi
done
