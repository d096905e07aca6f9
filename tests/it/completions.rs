//! What the real shells make of the completion scripts, and what a reader of man pages makes of those.

use crate::home::{Home, PROGRAM, Ran, wait_until};
use std::process::Command;

/// A shell, how it is run with a script, what only reads a script, and what asks for the completions of a line.
struct Shell {
    name: &'static str,
    run: &'static [&'static str],
    check: &'static [&'static str],
    complete: fn(&[&str]) -> String,
}

const SHELLS: [Shell; 3] = [
    Shell { name: "bash", run: &["--norc", "-c"], check: &["--norc", "-n"], complete: bash },
    Shell { name: "zsh", run: &["-f", "-c"], check: &["-f", "-n"], complete: zsh },
    Shell { name: "fish", run: &["--no-config", "-c"], check: &["--no-config", "-n"], complete: fish },
];

fn bash(words: &[&str]) -> String {
    let last = words.last().unwrap_or(&"");
    format!(
        "source /dev/stdin <<<\"$(threadkeep completions bash)\"; COMP_TYPE=9; COMP_WORDS=({}); COMP_CWORD={}; \
         _clap_complete_threadkeep threadkeep '{last}' x; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted(words),
        words.len() - 1,
    )
}

/// Its completion system works only while a line is edited; these two are what the script has of it.
fn zsh(words: &[&str]) -> String {
    format!(
        "compdef() {{ :; }}; _describe() {{ print -l -- \"${{(@P)@[-1]}}\"; }}; eval \"$(threadkeep completions zsh)\"; \
         words=({}); CURRENT={}; _clap_dynamic_completer_threadkeep",
        quoted(words),
        words.len(),
    )
}

fn fish(words: &[&str]) -> String {
    format!("threadkeep completions fish | source; complete -C '{}'", words.join(" "))
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")
}

impl Shell {
    /// None where it is not installed.
    fn says(&self, home: &Home, arguments: &[&str]) -> Option<Ran> {
        let folder = std::path::Path::new(PROGRAM).parent().expect("it lies in a folder");
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display());
        let mut command = Command::new(self.name);
        command.args(arguments).env_clear().envs(home.environment().iter().cloned()).env("PATH", path);
        let output = command.current_dir(home.work()).output().ok()?;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints UTF-8");
        let code = output.status.code().unwrap_or(-1);
        Some(Ran { code, stdout: text(output.stdout), stderr: text(output.stderr) })
    }

    fn completes(&self, home: &Home, words: &[&str]) -> Option<String> {
        let line = (self.complete)(words);
        self.says(home, &[self.run, &[&line]].concat()).map(|ran| ran.done().stdout)
    }
}

#[test]
fn the_shells_take_their_scripts_and_complete_verbs_options_and_conversations() {
    let home = Home::new();
    home.run(&["new", "--title", "fix the login"]).done();
    for shell in SHELLS {
        let script = home.run(&["completions", shell.name]).done().stdout;
        let file = home.file("script");
        std::fs::write(&file, script).expect("a file");
        let Some(read) = shell.says(&home, &[shell.check, &[&file.to_string_lossy()]].concat()) else {
            assert!(std::env::var_os("THREADKEEP_REQUIRE_SHELLS").is_none(), "{} is missing", shell.name);
            eprintln!("{} is not installed here, so its script was not tried", shell.name);
            continue;
        };
        assert_eq!((read.code, read.stderr.as_str()), (0, ""), "{}", shell.name);
        for (words, completed) in [
            (&["threadkeep", "inter"][..], "interrupt"),
            (&["threadkeep", "host", "sta"], "status"),
            (&["threadkeep", "send", "--or"], "--or-asked"),
            (&["threadkeep", "attach", ""], "1"),
            (&["threadkeep", "log", "-c", ""], "1"),
            (&["threadkeep", "new", "--agent", "she"], "shell"),
        ] {
            // A host that takes too long for a finger on the key offers nothing.
            wait_until(&format!("{} completes {words:?}", shell.name), || {
                let told = shell.completes(&home, words).expect("it is installed");
                told.lines().any(|line| line.split([':', '\t']).next() == Some(completed))
            });
        }
    }
}

#[test]
fn completing_starts_no_host_and_says_nothing_of_it() {
    let home = Home::new();
    let ran = home.call(&["--", "threadkeep", "attach", ""]).set("THREADKEEP_COMPLETE", "fish").run().done();
    assert!(ran.stdout.contains("--conversation") && ran.stderr.is_empty(), "{ran:?}");
    assert!(!home.path().exists(), "nothing was made");
    home.run(&["completions", "no-shell"]).ended_with(2);
}

#[test]
fn every_verb_has_its_manual_page_and_readers_take_them() {
    let home = Home::new();
    let folder = home.file("man");
    home.run(&["man", "--output", &folder.to_string_lossy()]).done();
    let help = home.run(&["--help"]).done().stdout;
    let (_, verbs) = help.split_once("Commands:\n").expect("verbs are listed");
    let verbs = verbs.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    let mut pages = 0;
    for verb in verbs {
        let page = std::fs::read_to_string(folder.join(format!("threadkeep-{verb}.1"))).expect("each has a page");
        assert!(page.contains(".SH NAME") && page.contains(".SH OPTIONS"), "{verb}: {page}");
        pages += 1;
    }
    assert!(pages > 10 && folder.join("threadkeep-host-status.1").exists());
    assert!(!folder.join("threadkeep-signal.1").exists(), "what is not for people has none");
    let main = std::fs::read_to_string(folder.join("threadkeep.1")).expect("it is there");
    assert_eq!(home.run(&["man"]).done().stdout, main);
    assert!(main.contains("Exit codes:"), "{main}");
    if let Ok(output) = Command::new("groff").args(["-ww", "-man", "-Tutf8"]).arg(folder.join("threadkeep.1")).output()
    {
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
