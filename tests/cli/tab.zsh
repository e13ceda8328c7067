# zsh -f tab.zsh FOLDER LINE: types LINE and a Tab into a new interactive zsh that finds its
# completions in FOLDER, and prints <what the line is then>. Nothing waits for time: the
# shell is asked for its line with a key of its own, and answers when it is there.
emulate -L zsh
zmodload zsh/zpty || exit 1
zpty shell 'zsh -f -i'
zpty -w shell "PS1= PS2= RPS1=; fpath=(${(q)1} \$fpath)
autoload -Uz compinit; compinit -u -D; setopt no_beep; unsetopt auto_menu
show() { print -rn -- \"[[\$BUFFER]]\"; BUFFER=; }; zle -N show; bindkey '^Xd' show
PATH=${(q)PATH}; print rea''dy"
zpty -r shell said '*ready*' || exit 1
zpty -w -n shell "$2"$'\t\x18d'
zpty -r shell said '*\[\[*\]\]*' || exit 1
said=${said##*\[\[}
print -r -- "<${said%%\]\]*}>"
zpty -d shell
