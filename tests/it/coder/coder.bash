#!/bin/bash
# A small coding agent for tests: it tells its state by the program status protocol, asks where the prompt has the word for it, and writes
# into the file `answers` what it was answered. A word `fails:TEXT` makes it fail with that text, `crash` makes it leave. The file `refuse` makes it refuse to resume; while the file `login` is there, it asks for one.

for arg; do
  if [ "$arg" = --resume ] && [ -e refuse ]; then
    echo "no conversation with that id"
    exit 1
  fi
done

if [ "$1" = --version ]; then
  cat version 2>/dev/null || echo 'coder 2.0.0'
  exit
fi

stty raw -echo
printf '\e[?2004h'

# report STATE [KIND] [MESSAGE]
report() {
  printf '\e]7501;state=%s%s%s\e\\' "$1" "${2:+:kind=$2}" "${3:+:msg=$(printf %s "$3" | base64 -w0)}"
}

# Takes keys up to Enter, without the marks around a paste, into `text`.
line() {
  local key
  text=
  while IFS= read -rN1 key; do
    # The shell's own way to read one key turns a carriage return into a newline where it comes in between.
    if [ "$key" = $'\r' ] || [ "$key" = $'\n' ]; then
      text=${text//$'\e[200~'/}
      text=${text//$'\e[201~'/}
      return 0
    fi
    text+=$key
  done
  return 1
}

permission() {
  local key
  printf '\r\nRemove the build?\r\n1. Yes\r\n'
  report blocked permission 'Bash: rm -rf build'
  while IFS= read -rN1 key; do
    case $key in
      y) echo allowed >>answers; break ;;
      $'\e') echo denied >>answers; break ;;
    esac
  done
  printf '\e[2J\e[H'
  report working
}

question() {
  printf '\r\nWhich colour?\r\n1. Yes\r\n'
  report blocked question 'Which colour?'
  line && echo "told $text" >>answers
  printf '\e[2J\e[H'
  report working
}

login() {
  [ -e login ] || return
  printf '\r\nLog in first.\r\n'
  report blocked auth 'log in first'
  while [ -e login ]; do
    sleep 0.05
  done
  printf '\e[2J\e[H'
}

login
printf 'coder %s\r\n> ' "$*"
report idle
while line; do
  prompt=$text
  report working '' thinks
  failed=
  for word in $prompt; do
    case $word in
      permission) permission ;;
      question) question ;;
      fails:*) failed=${word#fails:} ;;
      crash) exit 3 ;;
    esac
  done
  if [ -n "$failed" ]; then
    printf 'failed: %s\r\n> ' "$failed"
    report error '' "$failed"
    report idle
    continue
  fi
  printf 'done with %s\r\n> ' "$prompt"
  report done '' "$prompt"
  login
  report idle
done
