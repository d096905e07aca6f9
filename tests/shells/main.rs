//! The built-in shell profile against the real shells, each in a real pty with a home of its own.
//!
//! A shell that is not installed is named and passed over; with THREADKEEP_REQUIRE_SHELLS set it fails the tests.

mod harness;

use std::panic::{AssertUnwindSafe, catch_unwind};

use harness::{Setup, Shell, TOKEN, Went, found};
use threadkeep::agent::observe::Observed;
use threadkeep::domain::id::TurnNumber;

const ALL: [&str; 6] = ["bash", "zsh", "fish", "dash", "mksh", "busybox"];
const POSIX: [&str; 5] = ["bash", "zsh", "dash", "mksh", "busybox"];
/// Those that tell of commands typed into the pane.
const TELLING: [&str; 3] = ["bash", "zsh", "fish"];

/// Runs a check with each of these shells that is installed; one that fails does not hide the others.
fn each(shells: &[&str], check: impl Fn(&str)) {
    let mut failed = Vec::new();
    for shell in shells {
        if found(shell).is_some() {
            if catch_unwind(AssertUnwindSafe(|| check(shell))).is_err() {
                failed.push(*shell);
            }
        } else if std::env::var_os("THREADKEEP_REQUIRE_SHELLS").is_some() {
            panic!("{shell} is not installed");
        } else {
            eprintln!("passed over: {shell} is not installed");
        }
    }
    assert_eq!(failed, [""; 0], "the messages are above");
}

fn each_started(shells: &[&str], check: impl Fn(&mut Shell)) {
    each(shells, |name| check(&mut Shell::start(name, &Setup::default())));
}

fn went(status: i32, answer: &str) -> Went {
    Went { status: Some(status), answer: answer.into() }
}

#[test]
fn a_turn_starts_ends_and_has_its_status_and_output() {
    each_started(&ALL, |shell| {
        assert_eq!(shell.turn("echo hi"), went(0, "hi\n"), "{}", shell.name);
        assert_eq!(shell.turn("false"), went(1, ""), "{}", shell.name);
        assert_eq!(shell.turn("sh -c 'exit 42'"), went(42, ""), "{}", shell.name);
        assert_eq!(shell.turn("true"), went(0, ""), "{}", shell.name);
        assert_eq!(shell.turn("-n").status, Some(127), "{}", shell.name);
        assert_eq!(shell.turn("# nothing").status, Some(0), "{}", shell.name);
    });
}

#[test]
fn folder_variables_functions_and_aliases_persist() {
    each_started(&POSIX, |shell| {
        shell.turn("X='a b'; f() { echo \"f $X\"; }; alias al='echo al'");
        assert_eq!(shell.turn("f; al; mkdir -p deep; cd deep"), went(0, "f a b\nal\n"), "{}", shell.name);
        assert!(shell.turn("pwd").answer.ends_with("/w/deep\n"), "{}", shell.name);
        assert_eq!(shell.turn("export Y=1; sh -c 'echo $Y'"), went(0, "1\n"), "{}", shell.name);
    });
    each_started(&["bash", "zsh"], |shell| {
        shell.turn("declare -A map; map[a]=b; typeset -i n=3; set -- one two");
        assert_eq!(shell.turn("echo ${map[a]} $n").answer, "b 3\n", "{}", shell.name);
        shell.turn("set -o noglob");
        assert_eq!(shell.turn("echo *").answer, "*\n", "{}", shell.name);
    });
    each_started(&["fish"], |shell| {
        shell.turn("set x 'a b'; function f; echo f $x; end; mkdir -p deep; cd deep");
        assert_eq!(shell.turn("f; basename $PWD"), went(0, "f a b\ndeep\n"));
    });
}

#[test]
fn the_folder_is_told_at_the_prompt() {
    each_started(&ALL, |shell| {
        shell.begin("mkdir -p 'a b%41;é'; cd 'a b%41;é'");
        shell.end();
        let folder = shell.wait("the folder", |observed| match observed {
            Observed::Folder(folder) => Some(folder.clone()),
            _ => None,
        });
        assert!(folder.ends_with("/w/a b%41;é"), "{}: {folder}", shell.name);
    });
}

#[test]
fn several_lines_and_here_documents_are_one_turn() {
    each_started(&POSIX, |shell| {
        let text = "for i in 1 2; do\n  echo $i\ndone\n\n# a comment\ncat <<END\n  a $((1 + 1))\nEND";
        assert_eq!(shell.turn(text), went(0, "1\n2\n  a 2\n"), "{}", shell.name);
        assert_eq!(shell.turn("alias q='echo q'\nq"), went(0, "q\n"), "{}", shell.name);
        assert_eq!(shell.turn("echo one\nfalse"), went(1, "one\n"), "{}", shell.name);
    });
    each_started(&["fish"], |shell| {
        assert_eq!(shell.turn("for i in 1 2\n  echo $i\nend\n# a comment\nfalse"), went(1, "1\n2\n"));
    });
}

#[test]
fn long_lines_and_long_texts_arrive_whole() {
    each_started(&ALL, |shell| {
        let line = "x".repeat(9000);
        let answer = shell.turn(&format!("echo {line}")).answer;
        assert_eq!(answer.replace('\n', ""), line, "{}", shell.name);
        let text = format!("echo '{}' | wc -c", "é漢\n".repeat(200_000 / 6));
        assert_eq!(shell.turn(&text).answer.trim(), (200_000 / 6 * 6 + 1).to_string(), "{}", shell.name);
        assert_eq!(shell.turn("echo still here").answer, "still here\n", "{}", shell.name);
    });
}

#[test]
fn an_unfinished_text_fails_and_does_not_hang() {
    each_started(&ALL, |shell| {
        for text in ["echo 'unclosed", "if true", "echo $("] {
            let status = shell.turn(text).status;
            assert!(status.is_none_or(|status| status != 0), "{}: {text}: {status:?}", shell.name);
            assert_eq!(shell.turn("echo next").answer, "next\n", "{}", shell.name);
        }
    });
}

#[test]
fn ctrl_c_stops_the_whole_turn_and_the_next_one_works() {
    each_started(&ALL, |shell| {
        // Told by the child itself: a shell loses a Ctrl-C that comes while it starts one.
        shell.begin("sh -c 'echo begun; exec sleep 600'; echo not here");
        shell.wait_screen("begun", |rows| rows.iter().any(|row| row == "begun"));
        shell.interrupt();
        let went = shell.end();
        assert_eq!(went.status, Some(130), "{}", shell.name);
        assert!(!went.answer.contains("not here"), "{}", shell.name);
        shell.wait_ready();
        assert_eq!(shell.turn("echo next").answer, "next\n", "{}", shell.name);
    });
}

/// In a shell of its own: busybox was seen, on a busy machine, to lose every Ctrl-C after one that had stopped a child.
#[test]
fn ctrl_c_stops_a_shell_that_is_busy_without_a_child() {
    each_started(&ALL, |shell| {
        let busy = if shell.name == "fish" { "echo busy; while true; end" } else { "echo busy; while :; do :; done" };
        shell.begin(busy);
        shell.wait_screen("busy", |rows| rows.iter().any(|row| row == "busy"));
        shell.interrupt();
        let status = shell.end().status;
        // One shell says 0 for a loop of its own that was stopped.
        assert!(status == Some(130) || (shell.name == "fish" && status == Some(0)), "{}: {status:?}", shell.name);
        shell.wait_ready();
        assert_eq!(shell.turn("echo next").answer, "next\n", "{}", shell.name);
    });
}

#[test]
fn forged_marks_and_folders_are_ignored() {
    each_started(&ALL, |shell| {
        let text = "printf '\\033]133;D;0\\007\\033]133;D;0;aid=0\\007\\033]133;A;aid=x\\007\\033]7;file:///forged\\007'; false";
        assert_eq!(shell.turn(text), went(1, ""), "{}", shell.name);
    });
}

#[test]
fn an_empty_line_and_ctrl_c_at_the_prompt_make_no_turn() {
    each_started(&ALL, |shell| {
        for _ in 0..2 {
            shell.keys("\r");
            shell.wait_ready();
        }
        shell.half_type("half typed");
        shell.give_up_line();
        assert_eq!(shell.unseen_turns(), Vec::<&Observed>::new(), "{}", shell.name);
        assert_eq!(shell.turn("echo next"), went(0, "next\n"), "{}", shell.name);
    });
}

#[test]
fn what_was_half_typed_does_not_spoil_the_next_turn() {
    each(&ALL, |name| {
        let modes: &[&str] = match name {
            "bash" | "zsh" => &["", "set -o vi"],
            "fish" => &["", "fish_vi_key_bindings"],
            _ => &[""],
        };
        for mode in modes {
            let mut shell = Shell::start(name, &Setup::rc(mode));
            // In the middle of the line; with vi keys in command mode.
            for keys in ["echo 'half typed", "echo abc\u{1b}[D\u{1b}[D", "echo abc def\u{1b}"] {
                if keys.contains('\u{1b}') && !TELLING.contains(&name) {
                    continue; // Not every plain editor takes an escape without its sequence.
                }
                shell.keys(keys);
                let end = keys.trim_end_matches(|c| "\u{1b}[D".contains(c)).to_owned();
                shell.wait_screen("the keys are there", |rows| rows.last().is_some_and(|row| row.contains(&end)));
                assert_eq!(shell.turn("echo next"), went(0, "next\n"), "{name} {mode} {keys:?}");
            }
        }
    });
}

#[test]
fn the_screen_reads_as_if_the_person_had_typed_it() {
    each(&ALL, |name| {
        let rc = match name {
            "fish" => "function fish_prompt; printf 'one\\n%s $ ' (set_color red)dir(set_color normal); end",
            "zsh" => "PS1=$'one\\n%F{red}dir%f $ '",
            "bash" => "PS1='one\\n\\[\\e[31m\\]dir\\[\\e[m\\] $ '",
            _ => "PS1='dir $ '",
        };
        let mut shell = Shell::start(name, &Setup::rc(rc));
        shell.turn("echo hi");
        shell.turn("echo two\necho lines");
        shell.wait_screen("the prompt is back", |rows| rows.last().is_some_and(|row| row == "dir $"));
        let screen = shell.screen();
        assert!(!screen.iter().any(|row| row.contains("__tk")), "{name}\n{}", screen.join("\n"));
        let dir = "dir $ ";
        let at = screen.iter().position(|row| *row == format!("{dir}echo hi"));
        let at = at.unwrap_or_else(|| panic!("{name}\n{}", screen.join("\n")));
        let rows: Vec<&str> = screen[at..].iter().map(String::as_str).filter(|row| *row != "one").collect();
        let dir = dir.trim_end();
        let wanted = ["dir $ echo hi", "hi", "dir $ echo two", "> echo lines", "two", "lines", dir];
        // This one shows further lines in a way of its own.
        let rows: Vec<String> = rows.iter().map(|row| row.replace("      echo lines", "> echo lines")).collect();
        assert_eq!(rows, wanted, "{name}");
    });
}

#[test]
fn nothing_of_ours_stays_on_a_narrow_screen() {
    each(&TELLING, |name| {
        for columns in 24..64 {
            let rc = if name == "fish" {
                "set -g fish_greeting; function fish_prompt; echo -n 'user@host ~/some/dir> '; end"
            } else {
                "PS1='user@host ~/some/dir> '"
            };
            let mut shell = Shell::start(name, &Setup { columns, ..Setup::rc(rc) });
            shell.keys("\r");
            shell.wait_ready();
            shell.turn("echo hi");
            shell.wait_screen("the prompt is back", |rows| rows.last().is_some_and(|row| row.ends_with('>')));
            let screen = shell.screen();
            let all: String = screen.concat();
            assert!(!all.contains("__tk"), "{name} {columns}\n{}", screen.join("\n"));
            assert_eq!(
                all.replace(' ', ""),
                "user@host~/some/dir>user@host~/some/dir>echohihiuser@host~/some/dir>",
                "{name} {columns}\n{}",
                screen.join("\n")
            );
        }
    });
}

#[test]
fn a_typed_command_is_a_turn_with_its_text() {
    each_started(&TELLING, |shell| {
        shell.turn("echo first");
        shell.keys("echo 'a;b' %41 é\r");
        assert_eq!(shell.typed_turn(), (Some("echo 'a;b' %41 é".into()), Some(0)), "{}", shell.name);
        shell.keys("false\r");
        assert_eq!(shell.typed_turn(), (Some("false".into()), Some(1)), "{}", shell.name);
        assert_eq!(shell.turn("echo next"), went(0, "next\n"), "{}", shell.name);
        shell.keys("true\r");
        assert_eq!(shell.typed_turn(), (Some("true".into()), Some(0)), "{}", shell.name);
    });
    each(&["bash"], |name| {
        let mut shell = Shell::start(name, &Setup::rc("HISTCONTROL=ignoreboth HISTTIMEFORMAT='%F '"));
        shell.turn("echo first");
        shell.keys(" echo secret\r");
        assert_eq!(shell.typed_turn(), (None, Some(0)));
        for told in [Some("true".to_owned()), None] {
            shell.keys("true\r");
            assert_eq!(shell.typed_turn(), (told, Some(0)));
        }
        shell.keys("for i in 1 2; do\recho $i\rdone\r");
        assert_eq!(shell.typed_turn(), (Some("for i in 1 2; do echo $i; done".into()), Some(0)));
    });
}

#[test]
fn an_unfinished_typed_line_wants_more() {
    each_started(&POSIX, |shell| {
        shell.keys("echo 'a\r");
        shell.wait("more is wanted", |observed| (*observed == Observed::WantsMore).then_some(()));
        shell.give_up_line();
        assert_eq!(shell.turn("echo next").answer, "next\n", "{}", shell.name);
    });
}

#[test]
fn the_history_holds_the_text_and_nothing_of_ours() {
    each(&TELLING, |name| {
        for rc in
            ["", "HISTCONTROL=ignoreboth", "setopt hist_ignore_space inc_append_history; HISTFILE=~/.h SAVEHIST=10"]
        {
            if (name != "zsh" && rc.contains("setopt")) || (name != "bash" && rc.contains("CONTROL")) {
                continue;
            }
            let mut shell = Shell::start(name, &Setup::rc(rc));
            shell.turn("echo first 'one'");
            shell.turn("echo second\necho line");
            let listed = match name {
                "bash" => "HISTTIMEFORMAT= history",
                "zsh" => "fc -l 1",
                _ => "history | cat",
            };
            let listed = shell.turn(listed).answer;
            assert!(listed.contains("echo first 'one'"), "{name} {rc}\n{listed}");
            assert!(listed.contains("echo second"), "{name} {rc}\n{listed}");
            assert!(!listed.contains("__tk"), "{name} {rc}\n{listed}");
            shell.keys("\u{1b}[A");
            shell.wait_screen("the last one comes back", |rows| {
                rows.last().is_some_and(|row| row.contains("history") || row.contains("fc -l 1"))
            });
        }
    });
}

#[test]
fn no_child_sees_the_token() {
    each_started(&ALL, |shell| {
        let env = shell.turn("env").answer;
        assert!(env.contains("THREADKEEP_CONVERSATION=1"), "{}\n{env}", shell.name);
        for name in [TOKEN, "THREADKEEP_TOKEN", "THREADKEEP_DIR", "THREADKEEP_USER", "__tk"] {
            assert!(!env.contains(name), "{}: {name}\n{env}", shell.name);
        }
    });
    each(&["bash"], |name| {
        let mut shell = Shell::start(name, &Setup::rc("export PROMPT_COMMAND='true' PS1='$ '"));
        let env = shell.turn("env").answer;
        assert!(!env.contains("__tk_pre") && !env.contains(TOKEN), "{env}");
    });
    each_started(&POSIX, |shell| {
        for text in ["export PS1; env", "set -a; X=1; env", "env"] {
            let env = shell.turn(text).answer;
            assert!(!env.contains(TOKEN), "{} {text}\n{env}", shell.name);
        }
        let long = format!("set -a; X={}; env | wc -l", "x".repeat(10));
        assert_eq!(shell.turn(&long).status, Some(0));
        let long = format!("# {}\nenv | wc -l", "x".repeat(200_000));
        assert_eq!(shell.turn(&long).status, Some(0), "{}: a long text is in no child's environment", shell.name);
    });
}

#[test]
fn the_persons_own_start_files_keep_working() {
    // What the file says, and a turn whose output shows that it is alive.
    let bash = [
        ("PROMPT_COMMAND='echo pc:$?'", "echo x", "x\n"),
        ("PROMPT_COMMAND=('echo one:$?' 'echo two')", "echo x", "x\n"),
        ("PROMPT_COMMAND='PS1=\"built \\w $ \"'", "echo x", "x\n"),
        ("trap 'DBG=$BASH_COMMAND' DEBUG", "echo x", "x\n"),
        ("set -o functrace; trap 'DBG=$((DBG+1))' DEBUG", "echo x", "x\n"),
        ("PS0='ps0 '", "echo x", "x\n"),
        ("set -u", "echo x", "x\n"),
        ("set -e", "echo x", "x\n"),
        ("set -o vi", "echo x", "x\n"),
        ("shopt -u promptvars", "echo x", "x\n"),
        ("set -o posix", "echo x", "x\n"),
        ("alias echo='echo aliased' printf=false read=false history=false", "\\echo x", "x\n"),
        ("set -o noclobber; IFS=:", "echo x", "x\n"),
        ("PS1='$(echo sub) \\$ '", "echo x", "x\n"),
        ("PS1='\\n[\\t] \\u@\\h:\\w\\n\\$ '", "echo x", "x\n"),
        ("trap 'echo bye' EXIT", "echo x", "x\n"),
        ("shopt -s extglob nullglob nocasematch failglob", "echo x", "x\n"),
        ("HISTFILE=; set +o history", "echo x", "x\n"),
    ];
    let zsh = [
        ("precmd() { echo pc:$?; false }; preexec() { echo pe }", "echo x", "x\n"),
        ("autoload -Uz add-zsh-hook; f() { PS1='built> ' }; add-zsh-hook precmd f", "echo x", "x\n"),
        ("setopt prompt_subst; PS1='$(echo sub) %# '; RPROMPT='right'", "echo x", "x\n"),
        ("bindkey -v; zle-line-init() { : }; zle -N zle-line-init", "echo x", "x\n"),
        ("setopt ksh_arrays sh_word_split no_unset", "echo x", "x\n"),
        ("setopt err_exit", "echo x", "x\n"),
        ("setopt no_unset", "echo x", "x\n"),
        ("alias -g a=b s=t print=false; alias local=false return=false", "echo x", "x\n"),
        ("setopt share_history hist_ignore_all_dups extended_glob null_glob", "echo x", "x\n"),
        ("autoload -Uz compinit; compinit -u", "echo x", "x\n"),
        ("TRAPDEBUG() { DBG=1 }", "echo x", "x\n"),
    ];
    let fish = [
        ("function on_prompt --on-event fish_prompt; echo pc; end", "echo x", "x\n"),
        ("function fish_right_prompt; echo right; end", "echo x", "x\n"),
        ("fish_vi_key_bindings", "echo x", "x\n"),
        ("function fish_greeting; echo hello; end", "echo x", "x\n"),
    ];
    let sh = [
        ("set -u", "echo x", "x\n"),
        ("PS1='$PWD # '", "echo x", "x\n"),
        ("set -e", "echo x", "x\n"),
        ("alias printf=false", "echo x", "x\n"),
        ("export PS1='mine> '", "echo x", "x\n"),
    ];
    let check = |name: &str, table: &[(&str, &str, &str)]| {
        for (rc, text, answer) in table {
            eprintln!("{name}: {rc}");
            let mut shell = Shell::start(name, &Setup::rc(rc));
            for _ in 0..2 {
                assert_eq!(shell.turn(text), went(0, answer), "{name}: {rc}");
            }
            shell.half_type("abc");
            shell.give_up_line();
            assert_eq!(shell.turn(text), went(0, answer), "{name}: {rc}");
            if TELLING.contains(&name) && !rc.contains("promptvars") {
                shell.keys("true\r");
                assert_eq!(shell.typed_turn().1, Some(0), "{name}: {rc}");
            }
            if !rc.contains("set -e") && !rc.contains("err_exit") {
                assert_eq!(
                    shell.turn("(exit 7)").status.filter(|_| name != "fish"),
                    (name != "fish").then_some(7),
                    "{name}: {rc}"
                );
            }
        }
    };
    each(&["bash"], |name| check(name, &bash));
    each(&["zsh"], |name| check(name, &zsh));
    each(&["fish"], |name| check(name, &fish));
    each(&["dash", "mksh", "busybox"], |name| check(name, &sh));
}

#[test]
fn the_persons_hooks_see_the_true_status() {
    each(&["bash", "zsh"], |name| {
        let rc = match name {
            "bash" => "PROMPT_COMMAND='echo pc:$?'",
            _ => "precmd() { echo pc:$? }",
        };
        let mut shell = Shell::start(name, &Setup::rc(rc));
        shell.turn("(exit 3)");
        shell.wait_screen("the hook saw 3", |rows| rows.iter().any(|row| row == "pc:3"));
        assert_eq!(shell.turn("echo $?").answer, "3\n", "{name}");
        shell.keys("(exit 4)\r");
        shell.typed_turn();
        shell.wait_screen("the hook saw 4", |rows| rows.iter().any(|row| row == "pc:4"));
    });
}

#[test]
fn leaving_in_mid_turn_has_the_status_of_the_turn() {
    each_started(&ALL, |shell| {
        shell.begin("exit 5");
        assert_eq!(shell.wait_left(), 5, "{}", shell.name);
        // Some shells tell it before they leave.
        let told = Observed::TurnEnded { turn: Some(TurnNumber(1)), status: Some(5) };
        assert!(
            shell.unseen_turns().into_iter().all(|observed| *observed == told),
            "{}: no end is made up",
            shell.name
        );
    });
}

#[test]
fn a_shell_in_the_shell_is_one_long_turn() {
    each_started(&POSIX, |shell| {
        shell.begin("sh -i");
        shell.keys("echo in'ner'; false\r");
        shell.wait_screen("the inner one works", |rows| rows.iter().any(|row| row.ends_with("inner")));
        shell.keys("exit 3\r");
        let went = shell.end();
        assert_eq!(went.status, Some(3), "{}", shell.name);
        shell.wait_ready();
    });
}

#[test]
fn a_replaced_shell_is_a_turn_that_goes_on_and_nothing_is_made_up() {
    each(&["bash"], |name| {
        let mut shell = Shell::start(name, &Setup::rc("PS1='mine> '"));
        shell.begin("exec bash");
        shell.keys("echo ne'w'\r");
        shell.wait_screen("the new one works", |rows| {
            rows.iter().any(|row| row.ends_with("new") && !row.contains("echo"))
        });
        assert!(shell.unseen_turns().is_empty(), "its prompts carry no token");
        shell.keys("exit 6\r");
        assert_eq!(shell.wait_left(), 6);
    });
}

#[test]
fn a_turn_that_breaks_our_hooks_still_ends_and_the_next_one_works() {
    each(&TELLING[..2], |name| {
        let mut shell = Shell::start(name, &Setup::default());
        let breaking = match name {
            "bash" => "PROMPT_COMMAND='X=1'; PS1='new> '; false",
            _ => "PS1='new> '; zshaddhistory_functions=(); preexec_functions=(); false",
        };
        assert_eq!(shell.turn(breaking).status, Some(1), "{name}");
        assert_eq!(shell.turn("echo next"), went(0, "next\n"), "{name}");
    });
    each(&["dash", "mksh", "busybox"], |name| {
        let mut shell = Shell::start(name, &Setup::default());
        assert_eq!(shell.turn("PS1='new> '; false").status, Some(1), "{name}");
        assert_eq!(shell.turn("echo next"), went(0, "next\n"), "{name}");
    });
}

#[test]
fn the_persons_zdotdir_is_theirs_again() {
    each(&["zsh"], |name| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        std::fs::write(folder.path().join(".zshrc"), "FROM=zdotdir\n").unwrap();
        std::fs::write(folder.path().join(".zshenv"), "ENVED=1\n").unwrap();
        let setup = Setup { env: vec![("ZDOTDIR".into(), path.into())], ..Setup::default() };
        let mut shell = Shell::start(name, &setup);
        assert_eq!(shell.turn("echo $FROM $ENVED $ZDOTDIR").answer, format!("zdotdir 1 {path}\n"));
        let mut shell = Shell::start(name, &Setup::rc("FROM=home"));
        assert_eq!(shell.turn("echo $FROM ${ZDOTDIR-unset} $HISTFILE").answer, "home unset\n");
    });
}
