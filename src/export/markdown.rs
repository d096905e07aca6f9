//! A conversation as Markdown. What was said stands in fences longer than any in it, so that no text can end its own; nothing in it is
//! a command to a terminal.
//!
//! Change here: what a reader of the file sees.

use super::moment;
use crate::domain::continuity::{Continuity, DecisionRecord};
use crate::domain::conversation::{Begun, Fork};
use crate::domain::id::SessionNumber;
use crate::domain::request::Request;
use crate::domain::turn::{Origin, TurnRecord, TurnState, Usage};
use crate::protocol::message::{BUILD, Conversation};
use crate::terminal::clean::clean;

/// What was written last, as far as the next turn depends on it.
#[derive(Default)]
pub struct Markdown {
    session: Option<SessionNumber>,
}

/// What stands before the first turn.
pub fn head(conversation: &Conversation) -> String {
    let wanted = &conversation.wanted;
    let model = wanted.model.as_deref().map(|model| format!(", model {}", line(model))).unwrap_or_default();
    let forked = match &conversation.begun {
        Begun::Forked(fork) => {
            format!("- forked from conversation {} ({}) behind turn {}\n", fork.from, line(&fork.title), fork.turn)
        }
        Begun::New => String::new(),
    };
    format!(
        "# {}\n\n- conversation {} · agent {}{model}\n{forked}- folder {}\n- begun {} · last active {}\n- written by threadkeep {BUILD}\n",
        line(&conversation.title),
        conversation.id,
        line(&wanted.agent),
        line(&wanted.folder),
        moment::text(conversation.created_at),
        moment::text(conversation.active_at),
    )
}

/// What stands before turns that a fork has of another conversation.
pub fn past(fork: &Fork, known: bool) -> String {
    let place = format!("conversation {} ({})", fork.from, line(&fork.title));
    match known {
        true => format!("\n# Before the fork: turns 1 to {} of {place}\n", fork.turn),
        false => format!("\n# Before the fork: {place}, which was deleted; it was left behind turn {}\n", fork.turn),
    }
}

/// What stands before the turns that a fork has by itself.
pub fn own(conversation: &Conversation) -> String {
    format!("\n# Since the fork: conversation {}\n", conversation.id)
}

impl Markdown {
    /// The turn, and before it the line of its session where that is another one, or one that was resumed.
    pub fn turn(&mut self, turn: &TurnRecord, decisions: &[&DecisionRecord]) -> String {
        let mut text = String::new();
        if let Some(words) = self.session_words(turn, decisions) {
            text += &format!("\n## {words}\n");
        }
        text += &format!("\n### Turn {} · {}\n\n", turn.number, state_words(turn));
        text += &format!("{}\n", when(turn));
        text += &match (turn.prompt.is_empty(), turn.origin) {
            (true, _) => "\nTyped on the agent's screen.\n".to_owned(),
            (false, Origin::Sent) => format!("\n**Message**\n\n{}", fenced(&turn.prompt)),
            (false, Origin::Typed) => format!("\n**Typed on the agent's screen**\n\n{}", fenced(&turn.prompt)),
        };
        text.extend(turn.requests.iter().map(request));
        text += &work(turn);
        if let Some(answer) = turn.answer.as_ref().filter(|answer| !answer.text.trim().is_empty()) {
            text += &format!("\n**Answer**\n\n{}", fenced(&answer.text));
            if answer.cut_bytes > 0 {
                text += &format!("\n({} bytes of the middle were not kept.)\n", answer.cut_bytes);
            }
        }
        text
    }

    fn session_words(&mut self, turn: &TurnRecord, decisions: &[&DecisionRecord]) -> Option<String> {
        let session = turn.session?;
        let began = decisions.iter().rev().find(|made| match made.decision.continuity {
            Continuity::Fresh | Continuity::Resumed => true,
            Continuity::Reused | Continuity::Queued | Continuity::Answer | Continuity::Refused => false,
        });
        let before = self.session.replace(session);
        match began {
            Some(made) => {
                let word = made.decision.continuity.word();
                Some(format!("Session {session} · {word}: {}", line(&made.decision.why.text())))
            }
            None if before != Some(session) => Some(format!("Session {session}")),
            None => None,
        }
    }
}

fn state_words(turn: &TurnRecord) -> String {
    let why = match &turn.state {
        TurnState::Ended(end) => end.why_text(),
        TurnState::Queued
        | TurnState::Sending
        | TurnState::Working
        | TurnState::NeedsApproval
        | TurnState::NeedsAnswer => String::new(),
    };
    let word = turn.state.word();
    if why.is_empty() { word.to_owned() } else { format!("{word} ({})", line(&why)) }
}

fn when(turn: &TurnRecord) -> String {
    let accepted = moment::text(turn.accepted_at);
    match turn.started_at.zip(turn.ended_at) {
        Some((started, ended)) => format!("{accepted} · worked {:.1} s", ended.since(started) as f64 / 1000.0),
        None => accepted,
    }
}

fn request(request: &Request) -> String {
    let head = format!("\n**Asked: {}** · {}\n", request.kind.word(), request.state.word());
    match request.text.trim().is_empty() {
        true => head,
        false => format!("{head}\n{}", fenced(&request.text)),
    }
}

/// What the agent told of its work: its steps, its model and what it used.
fn work(turn: &TurnRecord) -> String {
    let mut text = String::new();
    if !turn.work.steps.is_empty() {
        text += "\n**Work**\n\n";
        if turn.work.steps_left_out > 0 {
            text += &format!("- ({} earlier steps are not kept)\n", turn.work.steps_left_out);
        }
        text.extend(turn.work.steps.iter().map(|step| format!("- {}\n", line(step))));
    }
    let model = turn.work.model.as_deref().map(|model| format!("model {}", line(model)));
    let told: Vec<String> = model.into_iter().chain(turn.work.usage.map(usage_words)).collect();
    if !told.is_empty() {
        text += &format!("\n{}\n", told.join(" · "));
    }
    text
}

fn usage_words(usage: Usage) -> String {
    let Usage { input_tokens, output_tokens, cost_micros } = usage;
    let cost = cost_micros.map(|micros| format!(" · {}.{:06} USD", micros / 1_000_000, micros % 1_000_000));
    format!("{input_tokens} tokens in · {output_tokens} out{}", cost.unwrap_or_default())
}

/// The text in a fence that it cannot end.
fn fenced(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}\n{}\n{fence}\n", visible(text.trim_end_matches(['\n', '\r'])))
}

/// How many backticks stand in a row at most.
fn longest_run(text: &str) -> usize {
    text.split(|sign| sign != '`').map(str::len).max().unwrap_or(0)
}

/// What would hide, reorder or command is written out; lines and tabs stay.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\n' | '\t' => shown.push(sign),
            '\r' if signs.peek() == Some(&'\n') => {}
            // Embeddings, overrides and isolates move what is read away from where it stands.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => shown.extend(sign.escape_unicode()),
            sign if sign.is_control() => shown.extend(sign.escape_unicode()),
            sign => shown.push(sign),
        }
    }
    shown
}

/// One line of text in which no sign means anything to Markdown.
fn line(text: &str) -> String {
    let mut escaped = String::new();
    for sign in clean(text).chars() {
        if matches!(sign, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&') {
            escaped.push('\\');
        }
        escaped.push(sign);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::continuity::{Decision, Why};
    use crate::domain::id::{Timestamp, TurnNumber};
    use crate::domain::request::{Choice, RequestKind, RequestNumber, RequestState};
    use crate::domain::turn::{Answer, Delivery, TurnEnd, Work};

    fn turn(number: u32, session: u32, prompt: &str, answer: &str) -> TurnRecord {
        TurnRecord {
            number: TurnNumber(number),
            session: Some(SessionNumber(session)),
            prompt: prompt.into(),
            origin: Origin::Sent,
            state: TurnState::Ended(TurnEnd::Completed),
            delivery: Delivery::Confirmed,
            queue_place: 0,
            accepted_at: Timestamp(0),
            started_at: Some(Timestamp(100)),
            ended_at: Some(Timestamp(2_600)),
            evidence: None,
            answer: Some(Answer { text: answer.into(), cut_bytes: 0 }),
            requests: Vec::new(),
            work: Work::default(),
            trees: None,
        }
    }

    fn decision(turn: u32, session: u32, continuity: Continuity, why: Why) -> DecisionRecord {
        DecisionRecord {
            number: turn,
            turn: TurnNumber(turn),
            session: Some(SessionNumber(session)),
            decision: Decision { continuity, why },
            evidence: None,
            at: Timestamp(0),
        }
    }

    #[test]
    fn a_session_is_named_where_it_begins_and_where_it_is_resumed() {
        let mut markdown = Markdown::default();
        let first = decision(1, 1, Continuity::Fresh, Why::FirstMessage);
        let told = markdown.turn(&turn(1, 1, "hello", "hi"), &[&first]);
        insta::assert_snapshot!(told);
        let reused = decision(2, 1, Continuity::Reused, Why::AgentAlive);
        assert!(!markdown.turn(&turn(2, 1, "more", "hi"), &[&reused]).contains("## Session"));
        let fresh = decision(3, 2, Continuity::Fresh, Why::UserAsked);
        assert!(markdown.turn(&turn(3, 2, "new", "hi"), &[&fresh]).contains("\n## Session 2 · fresh: "));
        assert!(markdown.turn(&turn(4, 3, "x", "hi"), &[]).contains("\n## Session 3\n"), "also where nothing is known");
    }

    #[test]
    fn requests_steps_and_tokens_are_told() {
        let mut asked = turn(1, 1, "", "");
        asked.requests.push(Request {
            number: RequestNumber(1),
            kind: RequestKind::Permission,
            text: "run `rm -rf`?".into(),
            state: RequestState::Answered(Choice::Deny),
            asked_at: Timestamp(0),
        });
        asked.work = Work {
            model: Some("m_1".into()),
            usage: Some(Usage { input_tokens: 12, output_tokens: 3, cost_micros: Some(1_020_300) }),
            steps: vec!["read *all*".into()],
            steps_left_out: 2,
        };
        insta::assert_snapshot!(Markdown::default().turn(&asked, &[]));
    }

    /// A text that ends its fence would put the rest of the file into another shape.
    #[test]
    fn no_text_ends_its_own_fence_and_none_commands_a_terminal() {
        for text in ["```\ncode\n```", "````", "``", "a ````` b", "~~~", ""] {
            let fenced = fenced(text);
            let lines: Vec<&str> = fenced.lines().collect();
            let (fence, inside) = (lines[0], &lines[1..lines.len() - 1]);
            assert_eq!(lines.last(), Some(&fence));
            assert!(fence.len() >= 3 && inside.iter().all(|line| !line.contains(fence)), "{fenced}");
        }
        assert_eq!(visible("a\x1b[2Jb\r\nc\rd\u{9b}e\u{202e}\tf"), "a\\u{1b}[2Jb\nc\\u{d}d\\u{9b}e\\u{202e}\tf");
        assert_eq!(line("# <b>\n`x` \x1b[1m"), "\\# \\<b\\> \\`x\\` \\[1m");
    }
}
