//! Decides which of the client's variables an agent gets, and which ones are ours.
//!
//! Change here: what we set for every agent. Which variables are dropped is `assets/agents/environment.list`.
//! Not here: what one agent needs beside (its profile).

use super::assets;
use super::profile::Variant;
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
///
/// The profile knows better of its own: it lets pass what configures this agent, and takes away what would lead it astray.
pub fn for_agent(values: LaunchValues, variant: &Variant) -> Vec<(String, String)> {
    let list = assets::text(DROPPED_LIST).unwrap_or_default();
    let passes = |name: &str| {
        let is_passed = !is_dropped(name, list) || variant.pass.iter().any(|pattern| pattern.is_match(name));
        is_name(name) && is_passed && !variant.unset.iter().any(|pattern| pattern.is_match(name))
    };
    let mut env: Vec<(String, String)> = values.env.iter().filter(|(name, _)| passes(name)).cloned().collect();
    for (name, value) in TERMINAL {
        set(&mut env, name, value);
    }
    set(&mut env, "THREADKEEP_CONVERSATION", &values.conversation.to_string());
    // With the name it was given, a folder behind a link keeps that name in the agent's prompt.
    set(&mut env, "PWD", values.cwd);
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

/// Whether it is the name, or one of the names where the pattern has a `*`.
pub fn matches(name: &str, pattern: &str) -> bool {
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
        given_to(toml::from_str("").unwrap(), env)
    }

    fn given_to(variant: Variant, env: &[(&str, &str)]) -> Vec<(String, String)> {
        let env: Vec<(String, String)> =
            env.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let token = Token::new([0; 16]);
        let values = LaunchValues {
            dir: "/run",
            token: &token,
            conversation: ConversationId(9),
            env: &env,
            id: None,
            model: None,
            threadkeep: "/bin/tk",
            socket: "/run/s",
            state: None,
            cwd: "/w",
            port: None,
        };
        for_agent(values, &variant)
    }

    #[test]
    fn a_profile_lets_pass_what_configures_its_agent_and_no_more() {
        let variant = toml::from_str("pass = [\"CODEX_*\"]\nunset = [\"CODEX_SANDBOX*\", \"EDITOR\"]").unwrap();
        let names = ["CODEX_HOME", "CODEX_SANDBOX", "CODEX_SANDBOX_X", "CLAUDECODE", "EDITOR", "LANG"];
        let env = given_to(variant, &names.map(|name| (name, "x")));
        let kept: Vec<&str> = env.iter().map(|(name, _)| name.as_str()).filter(|name| names.contains(name)).collect();
        assert_eq!(kept, ["CODEX_HOME", "LANG"]);
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
