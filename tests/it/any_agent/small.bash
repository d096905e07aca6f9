#!/bin/bash
# Seven small agents, told apart by the name they are called by: each tells as little of itself as the one of that name in docs/agents.md.
# It works on a message until the file `go` is there, and writes what it was given into the file `heard`.

name=${0##*/}
stty raw -echo

# Takes one key, or one mark around a paste. A key that came soon after an Escape is held for the next time.
held=
key() {
  local more
  key=$held held=
  [ -n "$key" ] || IFS= read -rN1 key || return 1
  if [ "$key" = $'\e' ] && IFS= read -rN1 -t 0.3 held && [ "$held" = '[' ]; then
    key=$held held=
    until [ "$more" = '~' ]; do
      IFS= read -rN1 more || return 1
      key+=$more
    done
  fi
  return 0
}

# Takes keys up to Enter into `text`.
line() {
  local pasted=0
  while key; do
    case $key in
      $'\r' | $'\n') soon "$pasted" || return 0 ;;
      '[200~') ;;
      '[201~') pasted=${EPOCHREALTIME/[.,]/} ;;
      $'\x15' | $'\e') text= ;;
      *) text+=$key ;;
    esac
  done
  return 1
}

# Whether this agent drops an Enter: it takes 0.15 s for what was pasted at this moment.
soon() {
  [ "$name" = slowly ] && [ $((${EPOCHREALTIME/[.,]/} - $1)) -lt 150000 ]
}

# Works on `text`. Fails when it is interrupted.
work() {
  echo "$text" >>heard
  until [ -e go ]; do
    if IFS= read -rN1 -t 0.05 key && [[ $key = [$'\e\x03'] ]]; then
      return 1
    fi
  done
  rm go
}

titled() {
  printf '\e]0;a session\a'
  while line; do
    printf '\e]0;* a session\a'
    work
    printf '\e[2J\e[H'
    case $text in
      ask) printf '\e]0;? Which one\a'; key ;;
      fail) printf 'Error: out of luck\r\n' ;;
    esac
    printf '\e]0;a session\a'
    text=
  done
}

scribe() {
  local file=$HOME/.scribe/$2.jsonl
  mkdir -p "$HOME/.scribe"
  printf '%s\r\n> ' "$*"
  while line; do
    printf '{"role":"user","content":"%s"}\n' "$text" >>"$file"
    work
    if [ "$text" = fail ]; then
      printf '{"role":"assistant","stop":"error","error":"too much"}\n' >>"$file"
    else
      printf '{"role":"assistant","stop":"end","id":"%s","content":[{"type":"text","text":"said %s"}],"usage":{"output":7}}\n' \
        "$text" "$text" >>"$file"
    fi
    printf '\r\n> '
    text=
  done
}

repl() {
  printf '\e[?2004h>>> '
  while line; do
    printf '\e[?2004l\r\n'
    work
    printf '\e[?2004h>>> '
    text=
  done
}

bc() {
  printf '%s\r\nready> ' "$*"
  while line; do
    printf '\r\nthinking...'
    work
    printf '\r\nsaid %s\r\nready> ' "$text"
    text=
  done
}

nameless() {
  printf '\e]9;4;0\a'
  while line; do
    printf '\e]9;4;3\a'
    work
    printf '\e]9;4;0\a'
    text=
  done
}

slowly() {
  printf '\e]7501;state=idle\e\\'
  while line; do
    printf '\e]7501;state=working\e\\'
    if work; then
      printf '\e]7501;state=done\e\\'
      text=
    else
      printf '\e]7501;state=idle\e\\'
    fi
  done
}

locked() {
  local folder=$HOME/.locked id=one-$$
  mkdir -p "$folder"
  if [ "$1" = --resume ]; then
    id=$2
    if [ -e "$folder/$id.lock" ]; then
      echo "locked by another one"
      exit 1
    fi
    echo thinned >"$folder/$id.jsonl"
  fi
  exec 9>"$folder/$id.lock"
  echo '{"busy":false}' >"$folder/$$.json"
  printf '%s\r\n' "$*"
  while line; do
    echo '{"busy":true}' >"$folder/$$.json"
    work
    echo "$text" >>"$folder/$id.jsonl"
    echo '{"busy":false}' >"$folder/$$.json"
    text=
  done
}

text=
"$name" "$@"
