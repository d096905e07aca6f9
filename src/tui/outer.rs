//! A multiplexer around this window: which keys it takes before they come here.
//!
//! Change here: a multiplexer, and how it is asked. Not here: what is said about it (`update/configuration.rs`).

use crate::terminal::keys::{Key, KeyCode, Modifiers};
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A server that does not answer within this time is not asked again; nothing is said then.
const LIMIT: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Tmux,
    Screen,
    Zellij,
}

/// The keys that never come here, and who takes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outer {
    pub program: Program,
    pub keys: Vec<Key>,
}

impl Program {
    pub fn name(self) -> &'static str {
        match self {
            Program::Tmux => "tmux",
            Program::Screen => "screen",
            Program::Zellij => "zellij",
        }
    }
}

/// The one that is around, as it says by its variable; of several, whoever can tell most.
pub fn program(variable: impl Fn(&str) -> Option<String>) -> Option<Program> {
    [("TMUX", Program::Tmux), ("ZELLIJ", Program::Zellij), ("STY", Program::Screen)]
        .into_iter()
        .find(|(name, _)| variable(name).is_some())
        .map(|(_, program)| program)
}

/// Asks where that is possible, else takes the usual keys. Waits for the answer: it has a thread of its own.
pub fn ask(program: Program) -> Option<Outer> {
    let control = |signs: &str| signs.chars().map(control).collect();
    let keys = match program {
        Program::Tmux => prefixes(&ask_tmux()?),
        // Neither can be asked; these are the ones they come with.
        Program::Screen => control("a"),
        Program::Zellij => control("gptnhsobq"),
    };
    Some(Outer { program, keys })
}

fn control(sign: char) -> Key {
    Key { code: KeyCode::Char(sign), modifiers: Modifiers::CONTROL }
}

fn ask_tmux() -> Option<String> {
    let mut command = Command::new("tmux");
    command.args(["show-options", "-g"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut output = child.stdout.take()?;
    // Its options fit into a pipe many times, so it ends before they are read.
    let until = Instant::now() + LIMIT;
    while child.try_wait().ok()?.is_none() {
        if Instant::now() > until {
            let _ = child.kill(); // Gone at this very moment: what was wanted. The same below.
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let mut text = String::new();
    output.read_to_string(&mut text).ok()?;
    Some(text)
}

/// `prefix C-b` and `prefix2 None` among the options of tmux.
fn prefixes(options: &str) -> Vec<Key> {
    let named = options.lines().filter_map(|line| line.split_once(' '));
    let prefixes = named.filter(|(name, _)| matches!(*name, "prefix" | "prefix2"));
    prefixes.filter_map(|(_, key)| tmux_key(key.trim().trim_matches(['"', '\'']))).collect()
}

/// A key as tmux writes it: `C-b`, `M-Space`, `F12`, `C-\\`.
fn tmux_key(name: &str) -> Option<Key> {
    let mut modifiers = Modifiers::NONE;
    let mut rest = name;
    while let Some((word, after)) = rest.split_once('-').filter(|(_, after)| !after.is_empty()) {
        modifiers = modifiers.with(match word {
            "C" => Modifiers::CONTROL,
            "M" => Modifiers::ALT,
            "S" => Modifiers::SHIFT,
            _ => return None,
        });
        rest = after;
    }
    // A backslash is written twice, as in a configuration file.
    let rest = if rest == "\\\\" { "\\" } else { rest };
    let code = match (rest, rest.chars().next()?) {
        ("Space", _) => KeyCode::Char(' '),
        (function, 'F') if function.len() > 1 => KeyCode::Function(function.get(1..)?.parse().ok()?),
        (sign, first) if sign.len() == first.len_utf8() => KeyCode::Char(first),
        _ => return None,
    };
    Some(Key { code, modifiers })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefixes_of_tmux_are_read_from_its_options() {
        let options = "pane-border-style default\nprefix C-b\nprefix2 None\nrenumber-windows off\n";
        assert_eq!(prefixes(options), [control('b')]);
        let alt = Key { code: KeyCode::Char(' '), modifiers: Modifiers::ALT };
        assert_eq!(prefixes("prefix C-]\nprefix2 M-Space\nprefix-timeout 0"), [control(']'), alt]);
        assert_eq!(prefixes("prefix \"C-\\\\\"\nprefix2 F12")[0], control('\\'));
        assert_eq!(tmux_key("F12"), Some(Key { code: KeyCode::Function(12), modifiers: Modifiers::NONE }));
        assert_eq!(tmux_key("C--"), Some(control('-')));
        assert_eq!(tmux_key("`"), Some(Key { code: KeyCode::Char('`'), modifiers: Modifiers::NONE }));
        assert_eq!(tmux_key("None"), None);
    }

    #[test]
    fn the_variables_tell_which_one_is_around() {
        let only = |set: &'static str| move |name: &str| (name == set).then(|| "x".to_owned());
        assert_eq!(program(only("TMUX")), Some(Program::Tmux));
        assert_eq!(program(only("STY")), Some(Program::Screen));
        assert_eq!(program(only("ZELLIJ")), Some(Program::Zellij));
        assert_eq!(program(only("HOME")), None);
    }
}
