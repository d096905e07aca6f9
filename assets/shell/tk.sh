# threadkeep's integration for plain shells (dash, busybox ash, mksh, others in POSIX mode): `ENV=THIS sh -i` with
# THREADKEEP_TOKEN and THREADKEEP_DIR in the environment. What the marks mean: src/agent/observe.rs. A turn is typed as ` __tk N`.
# These shells tell nothing of a typed command: the only place that is run for each is the prompt, after it.

# `\printf`: quoted, so that no alias of the person's takes its place.

# The token leaves the environment before anything else runs.
__tk_n=${THREADKEEP_TOKEN-} __tk_dir=${THREADKEEP_DIR-} __tk_t=
unset THREADKEEP_TOKEN THREADKEEP_DIR

# The person's own start file, which POSIX wants expanded.
if [ -n "${THREADKEEP_USER_ENV-}" ]; then
  ENV=$THREADKEEP_USER_ENV
  unset THREADKEEP_USER_ENV
  eval "__tk_l=\"$ENV\""
else
  unset ENV
  case ${KSH_VERSION-} in *MIRBSD*) __tk_l=~/.mkshrc ;; *) __tk_l= ;; esac
fi
if [ -r "$__tk_l" ]; then . "$__tk_l"; fi

__tk_e=$(\printf '\033') __tk_g=$(\printf '\007') __tk_m=$(\printf '\001') __tk_r=$(\printf '\r')

# Puts our marks around the prompts. The token is not in them, so that an exported PS1 does not carry it.
__tk_wrap() {
  case ${PS1-} in *__tk_n*) return 0 ;; esac
  __tk_p=${PS1-'$ '} __tk_q=${__tk_q-${PS2-'> '}} __tk_o= __tk_c=
  # What has no width is marked in each shell's own way.
  case ${BASH_VERSION:+bash}$(readlink /proc/$$/exe 2>/dev/null) in *bash* | *busybox*) __tk_o='\[' __tk_c='\]' ;; esac
  if [ -n "$__tk_o" ]; then :
  else
    case ${KSH_VERSION-}$__tk_p in
      *MIRBSD*?"$__tk_r"*) __tk_l=${__tk_p#?}; __tk_o=${__tk_p%"$__tk_l"}; __tk_c=$__tk_o; __tk_p=${__tk_l#?} ;;
      *MIRBSD*) __tk_o=$__tk_m; __tk_c=$__tk_m ;;
    esac
  fi
  __tk_l='${__tk_n:+${__tk_e}]133;D;$?;aid=$__tk_n${__tk_t:+;t=$__tk_t}$__tk_g${__tk_e}]7;kitty-shell-cwd://$PWD$__tk_g${__tk_e}]133;A;aid=$__tk_n$__tk_g}'
  PS1=$__tk_o$__tk_l$__tk_c$__tk_p$__tk_o'${__tk_n:+${__tk_e}]133;B;aid=$__tk_n$__tk_g}'$__tk_c
  PS2=$__tk_o'${__tk_n:+${__tk_e}]133;A;k=s;aid=$__tk_n$__tk_g}'$__tk_c$__tk_q
  case ${KSH_VERSION-} in
    *MIRBSD*)
      # It does not expand PS2: the token has to stand in it.
      PS1=$__tk_o$__tk_r$PS1 PS2="$__tk_o$__tk_r$__tk_o$__tk_e]133;A;k=s;aid=$__tk_n$__tk_g$__tk_o${__tk_q-> }"
      typeset +x PS2 ;;
  esac
}

# Puts the text of the turn where the typed line stands. What the prompt looked like cannot be asked for, except a plain one.
__tk_show() {
  case $__tk_p in *\$[a-zA-Z0-9_{\(?!@#*-]* | *\`* | *\\* | *"$__tk_e"*) __tk_l='$ ' ;; *) __tk_l=$__tk_p ;; esac
  \printf '\033[1A\r\033[J%s' "$__tk_l"
  __tk_i=0
  while [ "$__tk_i" -lt 20 ] && IFS= read -r __tk_l; do
    if [ "$__tk_i" -gt 0 ]; then \printf '> '; fi
    case $__tk_l in *[[:cntrl:]]*) __tk_l=$(\printf '%s' "$__tk_l" | tr '\001-\037\177' ' ') ;; esac
    \printf '%.4000s\n' "$__tk_l"
    __tk_i=$((__tk_i + 1))
  done <"$__tk_dir/turn-$1"
  if [ "$__tk_i" -eq 20 ] && IFS= read -r __tk_l; then echo ...; fi <"$__tk_dir/turn-$1"
}

__tk() {
  __tk_s=$? __tk_t=$1
  if [ -r "$__tk_dir/turn-$1" ]; then __tk_show "$1"; fi
  \printf '\033]133;C;aid=%s;t=%s\007' "$__tk_n" "$1"
  __tk_ret "$__tk_s"
  . "$__tk_dir/turn-$1"
  __tk_z
}

__tk_ret() { case $- in *e*) return 0 ;; esac; return "$1"; }

# Told here as well as at the prompt: a turn may have replaced PS1. Then our part of it is put back.
__tk_z() {
  __tk_s=$?
  \printf '\033]133;D;%s;aid=%s;t=%s\007' "$__tk_s" "$__tk_n" "$__tk_t"
  __tk_t=
  __tk_wrap
  __tk_ret "$__tk_s"
}

__tk_wrap
