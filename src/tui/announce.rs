//! Notifications for the person's own terminal, as terminals take them: OSC 9, 777 and 99, or the bell.
//!
//! Change here: which terminal takes what. Not here: whether anything is said, which the host decides.

use crate::config::notify::Terminal;
use crate::protocol::message::{Notification, NotificationKind};
use crate::terminal::clean::clean;

/// More would be cut by the desktop anyway.
const MOST_CHARACTERS: usize = 200;

/// What a terminal is told with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Osc9,
    Osc777,
    Osc99,
    Bell,
}

/// The way of this terminal, by its environment: as configured, else as it is known, else the bell, which every terminal has.
pub fn way(configured: Terminal, variable: impl Fn(&str) -> Option<String>) -> Way {
    match configured {
        Terminal::Osc9 => return Way::Osc9,
        Terminal::Osc777 => return Way::Osc777,
        Terminal::Osc99 => return Way::Osc99,
        Terminal::Bell => return Way::Bell,
        Terminal::Auto => {}
    }
    // A multiplexer passes the bell on, and swallows the rest.
    if ["TMUX", "STY", "ZELLIJ"].iter().any(|name| variable(name).is_some()) {
        return Way::Bell;
    }
    let term = variable("TERM").unwrap_or_default();
    match variable("TERM_PROGRAM").unwrap_or_default().as_str() {
        "iTerm.app" | "ghostty" => Way::Osc9,
        "WezTerm" => Way::Osc777,
        _ if term == "xterm-kitty" || variable("KITTY_WINDOW_ID").is_some() => Way::Osc99,
        _ if term == "xterm-ghostty" => Way::Osc9,
        _ if term == "foot" || term.starts_with("foot-") || term.starts_with("rxvt-unicode") => Way::Osc777,
        _ => Way::Bell,
    }
}

/// What is written. No byte of a title or a reason can be a command to the terminal.
pub fn bytes(notification: &Notification, way: Way) -> Vec<u8> {
    let (title, body) = words(notification);
    let text = match way {
        // Behind `9;` digits would be a report of progress, so the name comes first.
        Way::Osc9 => format!("\x1b]9;threadkeep: {title} · {body}\x1b\\"),
        Way::Osc777 => format!("\x1b]777;notify;{};{body}\x1b\\", title.replace(';', ",")),
        Way::Osc99 => {
            let id = format!("threadkeep-{}", notification.conversation);
            format!("\x1b]99;i={id}:d=0;{title}\x1b\\\x1b]99;i={id}:d=1:p=body;{body}\x1b\\")
        }
        Way::Bell => "\x07".to_owned(),
    };
    text.into_bytes()
}

fn words(notification: &Notification) -> (String, String) {
    let short = |text: &str| clean(text).chars().take(MOST_CHARACTERS).collect::<String>();
    let text = short(&notification.text);
    let state = &notification.state;
    let body = match notification.kind {
        NotificationKind::Done => format!("{state} after {}", super::view::text::clock(notification.elapsed_ms)),
        NotificationKind::Failed | NotificationKind::NeedsYou if text.is_empty() => state.clone(),
        NotificationKind::Failed | NotificationKind::NeedsYou => format!("{state}: {text}"),
    };
    (short(&notification.title), body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{ConversationId, TurnNumber};

    fn notification(title: &str, text: &str) -> Notification {
        Notification {
            conversation: ConversationId(3),
            title: title.into(),
            agent: "a".into(),
            folder: "/f".into(),
            turn: TurnNumber(7),
            kind: NotificationKind::NeedsYou,
            state: "needs approval".into(),
            elapsed_ms: 61_000,
            text: text.into(),
        }
    }

    #[test]
    fn each_terminal_is_told_in_its_way() {
        for (variables, wanted) in [
            (&[("TERM", "xterm-256color")][..], Way::Bell),
            (&[("TERM", "xterm-kitty")], Way::Osc99),
            (&[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1")], Way::Osc99),
            (&[("TERM_PROGRAM", "WezTerm")], Way::Osc777),
            (&[("TERM_PROGRAM", "iTerm.app")], Way::Osc9),
            (&[("TERM", "xterm-ghostty")], Way::Osc9),
            (&[("TERM", "foot")], Way::Osc777),
            (&[("TERM", "xterm-kitty"), ("TMUX", "/tmp/x")], Way::Bell),
            (&[("TERM_PROGRAM", "WezTerm"), ("ZELLIJ", "0")], Way::Bell),
        ] {
            let variable =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(way(Terminal::Auto, variable), wanted, "{variables:?}");
            assert_eq!(way(Terminal::Osc99, variable), Way::Osc99);
        }
    }

    #[test]
    fn words_are_cleaned_and_cannot_end_the_sequence() {
        let evil = notification("a;b\u{1b}\\\u{7}\u{9c}\u{202e}c", "Bash: rm\n-rf");
        for (way, wanted) in [
            (Way::Osc9, "\x1b]9;threadkeep: a;b\\c · needs approval: Bash: rm -rf\x1b\\"),
            (Way::Osc777, "\x1b]777;notify;a,b\\c;needs approval: Bash: rm -rf\x1b\\"),
            (
                Way::Osc99,
                "\x1b]99;i=threadkeep-3:d=0;a;b\\c\x1b\\\x1b]99;i=threadkeep-3:d=1:p=body;needs approval: Bash: rm -rf\x1b\\",
            ),
            (Way::Bell, "\x07"),
        ] {
            assert_eq!(String::from_utf8(bytes(&evil, way)).unwrap(), wanted);
        }
        let done = Notification { kind: NotificationKind::Done, state: "completed".into(), ..notification("t", "") };
        assert!(String::from_utf8(bytes(&done, Way::Osc9)).unwrap().contains("t · completed after 1:01"));
    }
}
