//! Decides which of the client's variables an agent gets, and which ones are ours.
//!
//! Change here: what we set for every agent. Which variables are dropped is `assets/agents/environment.list`.
//! Not here: what one agent needs beside (its profile).

use super::assets;
use super::template::LaunchValues;

/// What every agent sees as its terminal. The emulator behind it is ours, whatever the client runs in.
const TERMINAL: [(&str, &str); 4] = [
    ("TERM", "xterm-256color"),
    ("COLORTERM", "truecolor"),
    ("TERM_PROGRAM", "threadkeep"),
    ("TERM_PROGRAM_VERSION", env!("CARGO_PKG_VERSION")),
];

/// The list of dropped variables. A line is a name or a pattern with one `*`; `#` starts a comment.
const DROPPED_LIST: &str = "agents/environment.list";

/// The client's variables without those that belong to its own terminal, multiplexer, agent or service, and with ours.
pub fn for_agent(values: LaunchValues, folder: &str) -> Vec<(String, String)> {
    let list = assets::text(DROPPED_LIST).unwrap_or_default();
    let mut env: Vec<(String, String)> =
        values.env.iter().filter(|(name, _)| is_name(name) && !is_dropped(name, list)).cloned().collect();
    for (name, value) in TERMINAL {
        set(&mut env, name, value);
    }
    set(&mut env, "THREADKEEP_CONVERSATION", &values.conversation.to_string());
    // With the name it was given, a folder behind a link keeps that name in the agent's prompt.
    set(&mut env, "PWD", folder);
    env
}

/// Sets a variable; one that stood there is replaced.
pub fn set(env: &mut Vec<(String, String)>, name: &str, value: &str) {
    unset(env, name);
    env.push((name.to_owned(), value.to_owned()));
}

pub fn unset(env: &mut Vec<(String, String)>, name: &str) {
    env.retain(|(named, _)| named != name);
}

/// Whether the system can take it as a name: an empty one, or one with `=` or NUL in it, makes a start fail.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}

fn is_dropped(name: &str, list: &str) -> bool {
    let patterns = list.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    patterns.filter(|pattern| !pattern.is_empty()).any(|pattern| matches(name, pattern))
}

fn matches(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((start, end)) => name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end),
    }
}

#[cfg(test)]
mod tests {
    use super::super::token::Token;
    use super::*;
    use crate::domain::id::ConversationId;

    fn given(env: &[(&str, &str)]) -> Vec<(String, String)> {
        let env: Vec<(String, String)> =
            env.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let token = Token::new([0; 16]);
        for_agent(LaunchValues { dir: "/run", token: &token, conversation: ConversationId(9), env: &env }, "/w")
    }

    #[test]
    fn what_belongs_to_the_clients_surroundings_is_dropped() {
        let dropped = [
            "CLAUDECODE",
            "CLAUDE_CODE_ENTRYPOINT",
            "CODEX_SANDBOX",
            "TMUX",
            "TMUX_PANE",
            "ZELLIJ",
            "ZELLIJ_SESSION_NAME",
            "STY",
            "TK_NONCE",
            "VSCODE_NONCE",
            "NOTIFY_SOCKET",
            "LISTEN_FDS",
            "LISTEN_PID",
            "LD_PRELOAD",
            "COLUMNS",
            "LINES",
            "KITTY_WINDOW_ID",
            "THREADKEEP_TOKEN",
            "OLDPWD",
            "SHLVL",
        ];
        for name in dropped {
            let env = given(&[(name, "x")]);
            assert!(!env.iter().any(|(named, _)| named == name), "{name}");
        }
    }

    #[test]
    fn everything_else_arrives_as_it_was() {
        for name in [
            "PATH",
            "HOME",
            "LANG",
            "LD_LIBRARY_PATH",
            "SSH_AUTH_SOCK",
            "EDITOR",
            "NONCE_X",
            "MYTMUX",
            "THREADKEEP_HOME",
        ] {
            assert!(given(&[(name, "a b")]).contains(&(name.to_owned(), "a b".to_owned())), "{name}");
        }
    }

    #[test]
    fn the_terminal_is_ours_and_each_name_stands_once() {
        let env = given(&[
            ("TERM", "dumb"),
            ("COLORTERM", ""),
            ("TERM_PROGRAM", "x"),
            ("PWD", "/old"),
            ("A=B", "x"),
            ("", "x"),
        ]);
        let wanted = [
            ("TERM", "xterm-256color"),
            ("COLORTERM", "truecolor"),
            ("TERM_PROGRAM", "threadkeep"),
            ("TERM_PROGRAM_VERSION", env!("CARGO_PKG_VERSION")),
            ("THREADKEEP_CONVERSATION", "9"),
            ("PWD", "/w"),
        ];
        assert_eq!(env, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
