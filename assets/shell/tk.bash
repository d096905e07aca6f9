# threadkeep's integration for bash: `bash --rcfile THIS -i` with THREADKEEP_TOKEN and THREADKEEP_DIR in the environment.
# What the marks mean: src/agent/observe.rs. A turn is typed as ` __tk N;eval -- "$__tk_x";__tk_z`: the text runs at the top level.
# From 4.4 on everything works; 3.2 has no PS0 and no ${x@P}: it tells nothing of typed commands, and shows a plain prompt.
# (A system-wide bashrc, where the build has one, was read by the shell itself before this file.)

# The token leaves the environment before anything else runs.
__tk_n=${THREADKEEP_TOKEN-} __tk_dir=${THREADKEEP_DIR-}
unset THREADKEEP_TOKEN THREADKEEP_DIR

[ -r ~/.bashrc ] && . ~/.bashrc

# __tk_t: our turn that runs. __tk_ran: 1 a command runs, 2 its end was told, empty: nothing ran since the prompt.
__tk_t= __tk_ran= __tk_x= __tk_h= __tk_bang='\!'
__tk_a=$'\e]133;A;aid='$__tk_n$'\a' __tk_b=$'\e]133;B;aid='$__tk_n$'\a' __tk_k=$'\e]133;A;k=s;aid='$__tk_n$'\a'

# Percent-encodes $1 into `e`, a local variable of the caller. No subshell; character by character only where it must be.
__tk_enc() {
  local LC_ALL=C s=$1 c i
  e=
  case $s in
    *[!a-zA-Z0-9/._~\ ,:=@+-]*)
      for ((i = 0; i < ${#s}; i++)); do
        c=${s:i:1}
        case $c in
          [a-zA-Z0-9/._~,:=@+-]) e+=$c ;;
          *) builtin printf -v c '%d' "'$c"; builtin printf -v c '%%%02X' "$((c & 255))"; e+=$c ;;
        esac
      done ;;
    *) e=${s// /%20} ;;
  esac
}

# The end of what ran, with status $1.
__tk_d() {
  builtin printf '\e]133;D;%s;aid=%s%s\a' "$1" "$__tk_n" "${__tk_t:+;t=$__tk_t}"
  __tk_t= __tk_ran=2 __tk_x=
}

# First of the prompt commands. The others still see the true status; under `set -e` it would end the shell.
__tk_pre() {
  local s=$? e
  case $__tk_ran in
    1) __tk_d "$s" ;;
    2) ;;
    *) builtin printf '\e]133;D;;aid=%s\a' "$__tk_n" ;;
  esac
  __tk_ran=
  __tk_enc "$PWD"
  builtin printf '\e]7;file://%s%s\a' "${HOSTNAME-}" "$e"
  case $- in *e*) return 0 ;; esac
  return "$s"
}

# Last of the prompt commands: the ones before may have built PS1 anew. The token stands in none of them, so that an exported
# PS1 does not carry it; only where prompts are not expanded there is no other way.
__tk_post() {
  local s=$?
  if builtin shopt -q promptvars; then
    case ${PS1-} in *'${__tk_b-}'*) ;; *) PS1='\[${__tk_a-}\]'${PS1-}'\[${__tk_b-}\]' ;; esac
    case ${PS2-} in *'${__tk_k-}'*) ;; *) PS2='\[${__tk_k-}\]'${PS2-} ;; esac
    # Assigns without printing, and in this very shell.
    case ${PS0-} in *'$(__tk_c)'*) ;; *) PS0='${__tk_n:0:$((__tk_ran=1,0))}$(__tk_c)'${PS0-} ;; esac
    __tk_new_enough && __tk_h=${__tk_bang@P}
  else
    case ${PS1-} in *"$__tk_b"*) ;; *) PS1='\['$__tk_a'\]'${PS1-}'\['$__tk_b'\]' ;; esac
  fi
  case $- in *a*) __tk_hide ;; esac
  case $- in *e*) return 0 ;; esac
  return "$s"
}

# `set -a` exports whatever is assigned: our variables are nobody else's, and a long text would make every start fail.
__tk_hide() {
  builtin export -n __tk_n __tk_dir __tk_a __tk_b __tk_k __tk_t __tk_ran __tk_x __tk_h __tk_bang
}

__tk_new_enough() { ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)); }

# Runs in the subshell of PS0, the only one of a command: tells that a typed command starts, and its text where it was recorded.
# Through a file: taking the output of `history` into a variable would be a second subshell.
__tk_c() {
  local h= e=
  # The number does not move where the line was not recorded: a space before it, twice the same.
  if [[ ${__tk_bang@P} != "$__tk_h" ]]; then
    HISTTIMEFORMAT= builtin history 1 >|"$__tk_dir/typed"
    IFS= builtin read -r -d '' h <"$__tk_dir/typed"
  fi
  if [[ -n $h && ${#h} -le 4096 ]]; then
    h=${h#"${h%%[![:space:]]*}"}
    h=${h#*[ *] }
    __tk_enc "${h%$'\n'}"
  fi
  builtin printf '\e]133;C;aid=%s%s\a' "$__tk_n" "${e:+;cmdline_url=$e}"
}

# A turn of ours: takes its text, puts it on the screen and into the history in place of what was typed, and tells of the start.
__tk() {
  local s=$?
  __tk_t=$1 __tk_ran=1 __tk_x=
  if [[ -r $__tk_dir/turn-$1 ]]; then
    IFS= builtin read -r -d '' __tk_x <"$__tk_dir/turn-$1" || :
    __tk_x=${__tk_x%$'\n'}
  else
    builtin printf 'threadkeep: the text of turn %s is gone\n' "$1"
    __tk_x='(exit 1)'
  fi
  case $- in *a*) __tk_hide ;; esac
  __tk_show "$1" "$s"
  # Takes back the typed line too, where that was recorded.
  if builtin shopt -qo history && [[ -n $__tk_x ]]; then builtin history -s -- "$__tk_x"; fi
  builtin printf '\e]133;C;aid=%s;t=%s\a' "$__tk_n" "$1"
  case $- in *e*) return 0 ;; esac
  return "$s"
}

# Told here as well as at the prompt: a turn may have replaced PROMPT_COMMAND. Then our part of it is put back.
__tk_z() {
  local s=$?
  case $__tk_t in ?*) __tk_d "$s" ;; esac
  __tk_hook
  case $- in *e*) return 0 ;; esac
  return "$s"
}

__tk_ret() { return "$1"; }

# Puts the last line of the prompt and the text of turn $1 where the typed line stands. $2 is the status that the prompt shows.
__tk_show() {
  local prompt='$ ' plain rows lines=0 line rest
  if __tk_new_enough; then
    local __tk_a= __tk_b=
    case $- in *e*) ;; *) __tk_ret "$2" ;; esac
    prompt=${PS1@P}
    prompt=${prompt##*$'\n'}
  fi
  plain=$prompt
  while [[ $plain == *$'\001'*$'\002'* ]]; do plain=${plain%%$'\001'*}${plain#*$'\002'}; done
  prompt=${prompt//[$'\001\002']/}
  # The line that was typed, as long as the profile makes it.
  line=" __tk $1;eval -- \"\$__tk_x\";__tk_z"
  rows=$(((${#plain} + ${#line} - 1) / ${COLUMNS:-80} + 1))
  builtin printf '\e[%dA\r\e[J%s' "$rows" "$prompt"
  # A long text is not shown whole; it is in the turn's record.
  rest=${__tk_x:0:4000}
  while [[ $rest == *$'\n'* && $lines -lt 20 ]]; do
    line=${rest%%$'\n'*}
    rest=${rest#*$'\n'}
    builtin printf '%s\n> ' "${line//[[:cntrl:]]/ }"
    lines=$((lines + 1))
  done
  if [[ $rest == *$'\n'* || ${#__tk_x} -gt 4000 ]]; then rest="${rest%%$'\n'*} ..."; fi
  builtin printf '%s\n' "${rest//[[:cntrl:]]/ }"
}

# A string stays a string and an array an array: other integrations edit what they find.
__tk_hook() {
  case ${PROMPT_COMMAND[*]-} in *__tk_pre*__tk_post*) return 0 ;; esac
  local declared
  declared=$(builtin declare -p PROMPT_COMMAND 2>/dev/null) || :
  if [[ $declared == 'declare -a'* && ${BASH_VERSINFO[0]}${BASH_VERSINFO[1]} -ge 51 ]]; then
    PROMPT_COMMAND=(__tk_pre "${PROMPT_COMMAND[@]}" __tk_post)
  else
    PROMPT_COMMAND=__tk_pre$'\n'${PROMPT_COMMAND-}$'\n'__tk_post
    # Some export it; a shell in the shell would not know our functions.
    builtin export -n PROMPT_COMMAND
  fi
}

# A key of our own that empties the line, whatever was typed and in whatever mode.
__tk_bind() {
  local map
  for map in emacs vi-insert; do
    builtin bind -m $map '"\e[7501~": kill-whole-line'
    # Behind an escape key that still waits for what it goes with.
    builtin bind -m $map '"\e\e[7501~": kill-whole-line'
  done
  builtin bind -m vi-command '"\e[7502~": kill-whole-line'
  builtin bind -m vi-command '"\e[7501~": "\e[7502~i"'
}

# `||` keeps a `set -e` of the person's start files from ending the shell in here.
{ __tk_hide && __tk_bind && __tk_hook; } 2>/dev/null || :
