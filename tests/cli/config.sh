#!/bin/sh
# The settings: what is listed, where it comes from, what is written and how.
set -u
truecode=${TRUECODE:-build/truecode}
scratch=${SCRATCH:-$(mktemp -d)}
HOME=$scratch/home
XDG_STATE_HOME=$scratch/state
export HOME XDG_STATE_HOME
unset XDG_CONFIG_HOME NO_COLOR
LC_ALL=C.UTF-8
export LC_ALL
mkdir -p "$HOME"
file=$HOME/.config/truecode/config
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

# has FILE TEXT...: it holds every text; prints the verdict.
has() {
    in=$1
    shift
    for text in "$@"; do
        grep -qF -e "$text" "$in" && continue
        echo "not ok - $name: no '$text' in"
        sed 's/^/    /' "$in" | head -n 20
        bad=1
        return
    done
    echo "ok - $name"
}

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        sed 's/^/    /' "$file" 2>/dev/null
        bad=1
    fi
}

# ---- showing ---------------------------------------------------------------------------

try "without a file all is default" 0 config &&
    has "$out" "$file (not there yet)" "theme = default" "(default)" \
        "dark, light, high-contrast, colour-blind or mono"
try "one setting is a value and its choices" 0 config mouse && has "$out" "mouse = off" "off or on"
try "as JSON" 0 config --json &&
    has "$out" '"theme": {"value": "default", "from": "default", "by": null, "possible": ["default",'
if command -v python3 >/dev/null 2>&1; then
    python3 -m json.tool "$out" >/dev/null
    verdict "the JSON is JSON" $?
else
    echo "skip - the JSON is JSON: python3 is not here"
fi

# ---- setting ---------------------------------------------------------------------------

(umask 000 && "$truecode" config theme light >/dev/null)
[ "$(stat -c %a "$file")" = 600 ] && [ "$(stat -c %a "$HOME/.config/truecode")" = 700 ]
verdict "the file is 0600 in a folder of 0700, whatever the umask" $?
try "what was set is there" 0 config theme && has "$out" "theme = light" "file, line"

printf '# mine\ntheme = dark  \n mouse=on\n\ncolour = blue\n%s\n' "theme = mono" >"$file"
chmod 644 "$file"
chmod 755 "$HOME/.config/truecode"
try "setting leaves all else alone" 0 config theme light
printf '# mine\ntheme = dark  \n mouse=on\n\ncolour = blue\n%s\n' "theme = light" |
    cmp -s - "$file"
verdict "setting leaves comments, order and unknown lines" $?
[ "$(stat -c %a "$file")" = 600 ] && [ "$(stat -c %a "$HOME/.config/truecode")" = 700 ]
verdict "a wide file and folder are narrowed" $?
[ "$(ls -A "$HOME/.config/truecode")" = config ]
verdict "nothing is left beside the file" $?

printf 'theme = dark' >"$file"
try "a last line without an end" 0 config bell off
printf 'theme = dark\nbell = off\n' | cmp -s - "$file"
verdict "a last line without an end keeps its own line" $?

mkdir "$HOME/dotfiles"
chmod 755 "$HOME/dotfiles"
mv "$file" "$HOME/dotfiles/truecode"
ln -s "$HOME/dotfiles/truecode" "$file"
try "a link stays a link" 0 config mouse on && [ -L "$file" ] && grep -q "mouse = on" "$HOME/dotfiles/truecode"
verdict "a link stays a link, the file behind it is changed" $?
[ "$(stat -c %a "$HOME/dotfiles")" = 755 ]
verdict "the folder a link leads to stays as it is" $?
rm "$file"

rmdir "$HOME/.config/truecode" && ln -s "$HOME/dotfiles" "$HOME/.config/truecode"
try "a folder that is a link" 0 config mouse on && [ -f "$HOME/dotfiles/config" ] &&
    [ "$(stat -c %a "$HOME/dotfiles")" = 755 ]
verdict "a folder that is a link keeps its mode" $?
rm "$HOME/.config/truecode" "$HOME/dotfiles/config" && mkdir "$HOME/.config/truecode"

# ---- where a value comes from ----------------------------------------------------------

printf 'theme = light\nglyphs = braille\n' >"$file"
try "the environment comes before the file" 0 config theme && has "$out" "theme = light"
NO_COLOR=1
export NO_COLOR
try "the environment comes before the file" 0 config theme &&
    has "$out" "theme = mono" "environment: NO_COLOR"
try "the command line comes before the environment" 0 config theme --theme dark &&
    has "$out" "theme = dark" "option --theme"
try "who sets what does not hold is told" 0 config theme dark && has "$err" "NO_COLOR"
NO_COLOR=
try "an empty NO_COLOR is none" 0 config theme && has "$out" "theme = dark" "file, line 1"
unset NO_COLOR
LC_ALL=C
try "a locale without UTF-8 is ASCII" 0 config glyphs && has "$out" "glyphs = ascii" "environment"
LC_ALL=C.UTF-8
try "--quiet is the bell" 0 config bell --quiet && has "$out" "bell = off" "option --quiet"
XDG_CONFIG_HOME=$scratch/xdg
export XDG_CONFIG_HOME
try "XDG_CONFIG_HOME is where it is" 0 config mouse on && [ -f "$scratch/xdg/truecode/config" ]
verdict "XDG_CONFIG_HOME is where it is" $?
XDG_CONFIG_HOME=relative
try "a relative XDG_CONFIG_HOME is ignored" 0 config && has "$out" "$file"
unset XDG_CONFIG_HOME

# ---- what is wrong ---------------------------------------------------------------------

printf '# a\nthem = light\nmouse = maybe\nbell\nbell = off\nbell = on\n' >"$file"
try "what is wrong is told with file and line" 1 config &&
    has "$err" "$file:2: there is no setting 'them'; did you mean theme?" \
        "$file:3: mouse is off or on, not 'maybe'" \
        "$file:4: a line is 'key = value'" \
        "$file:6: bell stands in line 5 already"
try "what is right beside it holds" 1 config bell && has "$out" "bell = on" "line 6"
try "play goes on with a broken file" 0 play first-page --plain && has "$err" "$file:3:"
try "an unknown key" 2 config them light && has "$err" "did you mean theme?"
try "an unknown key with nothing near" 2 config qqqq && has "$err" "theme, background, glyphs"
try "a bad value" 2 config theme purple && has "$err" "theme is default, dark"
try "a bad value of an option" 2 play --theme purple && has "$err" "--theme is default, dark"
try "two words too many" 2 config theme light dark

rm -f "$file"
mkdir "$file"
try "a folder in its place is told" 1 config && has "$err" "is not a regular file"
try "a folder in its place is not written" 1 config theme light && has "$err" "$file"
rmdir "$file"
mkfifo "$file"
try "a pipe in its place does not hang" 1 config && has "$err" "is not a regular file"
rm "$file"
head -c 100000 /dev/zero | tr '\0' '#' >"$file"
try "a huge file is refused" 1 config && has "$err" "longer than"
try "a huge file is not written" 1 config theme light && has "$err" "longer than"
rm "$file"
yes 'nonsense' | head -n 50 >"$file"
try "fifty mistakes are five and a number" 1 config && has "$err" "and 45 more" &&
    [ "$(grep -c nonsense "$err")" -eq 5 ]
verdict "five of fifty are told" $?
rm "$file"
HOME=
try "nowhere to write" 1 config theme light && has "$err" "neither XDG_CONFIG_HOME nor HOME"
try "nowhere to read" 0 config && has "$out" "theme = default"

exit $bad
