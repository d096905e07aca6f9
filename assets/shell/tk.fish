# threadkeep's integration for fish: `fish -i -C 'source THIS'` with THREADKEEP_TOKEN and THREADKEEP_DIR in the environment.
# What the marks mean: src/agent/observe.rs. A turn is typed as ` __tk N` between two keys of our own; the second one puts the
# turn's text into the command line in its place and runs it, so that the screen and the history are as if it had been typed.
# From 4.0 on the shell prints marks of its own; they carry no token, so nobody heeds them.

set -gu __tk_n $THREADKEEP_TOKEN
set -gu __tk_dir $THREADKEEP_DIR
set -e THREADKEEP_TOKEN
set -e THREADKEEP_DIR
# __tk_t: our turn that runs. __tk_ran: 1 a command ran since the prompt. __tk_x: the text of a turn that is not run as it is.
set -gu __tk_t
set -gu __tk_ran
set -gu __tk_x

function __tk_preexec --on-event fish_preexec
    set -g __tk_ran 1
    if set -q __tk_t[1]
        # One that is not run as it is tells of itself, when it stands on the screen.
        test "$argv[1]" = ' __tk;eval $__tk_x'; or printf '\e]133;C;aid=%s;t=%s\a' $__tk_n $__tk_t
        return
    end
    set -l text
    test (string length -- "$argv[1]") -le 4096; and set text ';cmdline_url='(string escape --style=url -- $argv[1] | string collect)
    printf '\e]133;C;aid=%s%s\a' $__tk_n $text
end

function __tk_postexec --on-event fish_postexec
    set -l s $status
    printf '\e]133;D;%s;aid=%s%s\a' $s $__tk_n (set -q __tk_t[1]; and echo ";t=$__tk_t")
    set -g __tk_t
    set -g __tk_x
end

function __tk_prompt --on-event fish_prompt
    set -q __tk_ran[1]; or printf '\e]133;D;;aid=%s\a' $__tk_n
    set -g __tk_ran
    printf '\e]7;file://%s%s\a\e]133;A;aid=%s\a\e]133;B;aid=%s\a' "$hostname" (string escape --style=url -- $PWD) $__tk_n $__tk_n
end

# The first key: empties the line, whatever was typed and in whatever mode.
function __tk_clear
    commandline -r ''
    test "$fish_key_bindings" = fish_vi_key_bindings; and set -g fish_bind_mode insert
end

# The second key: runs the turn whose number was typed.
function __tk_go
    set -g __tk_t (commandline | string match -r '[0-9]+$')
    set -q __tk_t[1]; or return
    if test -r $__tk_dir/turn-$__tk_t
        set -g __tk_x (string collect <$__tk_dir/turn-$__tk_t)
    else
        set -g __tk_x "echo threadkeep: the text of turn $__tk_t is gone; false"
    end
    # Long ones make the line editor slow, it would wait for the rest of an unfinished one, and nothing at all would not run.
    if test (string length -- "$__tk_x") -le 4096; and string match -qr '(?m)^\s*[^#\s]' -- $__tk_x
        commandline -r -- $__tk_x
        commandline --is-valid; or commandline -r -- ' __tk;eval $__tk_x'
    else
        commandline -r -- ' __tk;eval $__tk_x'
    end
    commandline -f execute
end

for __tk_mode in default insert visual replace replace_one
    bind -M $__tk_mode \e\[7501~ __tk_clear
    bind -M $__tk_mode \e\[7502~ __tk_go
end
set -e __tk_mode

# A turn that is not run as it is: puts its beginning on the screen in place of the line, and tells of the start.
function __tk
    set -l s $status
    set -l prompt (fish_prompt)
    set -l width (math (string length -V -- "$prompt[-1]") + (string length -- ' __tk;eval $__tk_x'))
    printf '\e[%dA\r\e[J%s' (math "floor(($width - 1) / $COLUMNS) + 1") "$prompt[-1]"
    set -l lines (string sub -l 4000 -- $__tk_x | string split \n | string replace -ra '[[:cntrl:]]' ' ')
    set -l more
    test (string length -- "$__tk_x") -gt 4000; and set more ' ...'
    if test (count $lines) -gt 20
        set lines $lines[1..20]
        set more ' ...'
    end
    printf '%s' "$lines[1]"
    test (count $lines) -gt 1; and printf '\n> %s' $lines[2..-1]
    printf '%s\n' "$more"
    printf '\e]133;C;aid=%s;t=%s\a' $__tk_n $__tk_t
    return $s
end
