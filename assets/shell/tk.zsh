# threadkeep's integration for zsh, third part: the functions. Read with standard options, which they keep (see `zshrc`).
# What the marks mean: src/agent/observe.rs. A turn is typed as ` __tk N;. "$__tk_f";__tk_z`: the file is read at the top level.

# __tk_t: our turn that runs. __tk_ran: 1 a command runs, 2 its end was told, empty: nothing ran since the prompt.
typeset -g +x __tk_t= __tk_ran= __tk_f= __tk_s=0

# Percent-encodes $1 into REPLY.
__tk_enc() {
  local LC_ALL=C s=$1 c
  if [[ $s != *[^a-zA-Z0-9/._~' ',:=@+-]* ]]; then
    REPLY=${s// /%20}
    return
  fi
  REPLY=
  for c in ${(s::)s}; do
    if [[ $c == [a-zA-Z0-9/._~,:=@+-] ]]; then REPLY+=$c; else REPLY+=%${(l:2::0:)$(([##16] #c & 255))}; fi
  done
}

# The end of what ran, with status $1.
__tk_d() {
  builtin print -rn -- $'\e]133;D;'"$1;aid=$__tk_n${__tk_t:+;t=$__tk_t}"$'\a'
  __tk_t= __tk_ran=2 __tk_f=
}

# First of the hooks before a prompt, so that the status is still that of the command.
__tk_precmd() {
  local s=$? REPLY
  case $__tk_ran in
    # A line of ours that did not come to its end and says 0 was a loop, stopped by Ctrl-C.
    (1) [[ -n $__tk_t && $s == 0 ]] && s=130; __tk_d $s ;;
    (2) ;;
    (*) builtin print -rn -- $'\e]133;D;;aid='"$__tk_n"$'\a' ;;
  esac
  __tk_ran=
  __tk_enc "$PWD"
  builtin print -rn -- $'\e]7;file://'"${HOST-}$REPLY"$'\a\e]133;A;aid='"$__tk_n"$'\a'
  return $s
}

__tk_preexec() {
  local REPLY=
  __tk_ran=1
  # Ours tells of itself.
  [[ $1 == ' __tk '* ]] && return
  (( $#1 <= 4096 )) && __tk_enc "$1"
  builtin print -rn -- $'\e]133;C;aid='"$__tk_n${REPLY:+;cmdline_url=$REPLY}"$'\a'
}

# The typed line of a turn is nobody's history; its text is put there instead.
__tk_addhistory() { [[ $1 != ' __tk '* ]] }

# When the line editor is ready, behind the prompt: so no mark and no token stands in a prompt variable.
__tk_line_init() {
  case ${CONTEXT-} in
    (start) builtin print -rn -- $'\e]133;B;aid='"$__tk_n"$'\a' ;;
    (cont) builtin print -rn -- $'\e]133;A;k=s;aid='"$__tk_n"$'\a' ;;
  esac
}

# A key of our own that empties the line, whatever was typed and in whatever mode.
__tk_clear() {
  [[ -n $BUFFER ]] && zle kill-buffer
  zle -K main
}

# A turn of ours, from `__tk` in `zshrc`: puts its text on the screen and into the history in place of what was typed, and tells
# of the start. $2 is the status before.
__tk_in() {
  local text=
  __tk_s=$2 __tk_t=$1 __tk_ran=1 __tk_f=$__tk_dir/turn-$1
  if [[ -r $__tk_f ]]; then
    IFS= builtin read -r -d '' text <$__tk_f
    text=${text%$'\n'}
    __tk_show "$1" "$text"
    [[ -n $text ]] && builtin print -sr -- "$text"
  fi
  __tk_hook
  builtin print -rn -- $'\e]133;C;aid='"$__tk_n;t=$1"$'\a'
}

# Its end, with status $1. At the prompt it is told only after Ctrl-C: before the hooks there the shell prints its mark of an
# unfinished line, which would be in the answer.
__tk_out() {
  __tk_s=$1
  [[ -n $__tk_t ]] && __tk_d $1
  return 0
}

__tk_ret() { return $1 }

# Puts the last line of the prompt and the text $2 of turn $1 where the typed line stands.
__tk_show() {
  setopt local_options prompt_percent extended_glob
  local shown plain line rest=${2[1,4000]} lines=0
  __tk_ret $__tk_s
  shown=${(%%)PS1}
  shown=${shown##*$'\n'}
  plain=${shown//$'\e'\[[0-9;:]#[a-zA-Z]/}
  plain=${plain//$'\e'\][^$'\a\e']#($'\a'|$'\e'\\)/}
  line=" __tk $1;. \"\$__tk_f\";__tk_z"
  builtin print -rn -- $'\e['"$(( (${(m)#plain} + $#line) / ${COLUMNS:-80} + 1 ))"$'A\r\e[J'"$shown"
  # A long text is not shown whole; it is in the turn's record.
  while [[ $rest == *$'\n'* && $lines -lt 20 ]]; do
    line=${rest%%$'\n'*}
    rest=${rest#*$'\n'}
    builtin print -r -- "${line//[[:cntrl:]]/ }"
    builtin print -rn -- '> '
    (( ++lines ))
  done
  [[ $rest == *$'\n'* || $#2 -gt 4000 ]] && rest="${rest%%$'\n'*} ..."
  builtin print -r -- "${rest//[[:cntrl:]]/ }"
}

# Ours is first before a prompt. Done again in every turn: one may have replaced the list.
__tk_hook() {
  typeset -ga precmd_functions preexec_functions zshaddhistory_functions
  precmd_functions=(__tk_precmd ${precmd_functions:#__tk_precmd})
  preexec_functions=(${preexec_functions:#__tk_preexec} __tk_preexec)
  zshaddhistory_functions=(${zshaddhistory_functions:#__tk_addhistory} __tk_addhistory)
}

__tk_hook
zle -N __tk_clear
() {
  local map
  for map in emacs viins vicmd; do
    bindkey -M $map '\e[7501~' __tk_clear
    # Behind an escape key that still waits for what it goes with.
    bindkey -M $map '\e\e[7501~' __tk_clear
  done
}
autoload -Uz add-zle-hook-widget
add-zle-hook-widget line-init __tk_line_init
