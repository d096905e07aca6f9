//! `threadkeep log`: the turns of a conversation across all its sessions.

mod follow;

use super::{CliError, ExitCode, Which, connect, print_line, say, say_json};
use crate::client::Control;
use crate::domain::id::ConversationId;
use crate::domain::turn::{TurnRecord, TurnState};
use crate::json;
use crate::paths::Paths;
use crate::protocol::message::{PastTurn, Reply, Request};
use crate::terminal::clean::clean_lines;
use clap::Args;

/// How many turns are asked for at a time; the host sends fewer where they are long.
const PAGE: u32 = 200;
/// More than the host gives at once.
const MOST_PAST: u32 = u32::MAX;

#[derive(Debug, Args)]
pub struct Log {
    #[command(flatten)]
    which: Which,
    /// Of a fork: first the turns that lie before it, in the conversations that it left; with --json they have "past":true
    #[arg(long)]
    past: bool,
    /// First those that ended, then each as it ends, until Ctrl+C
    #[arg(long, short, conflicts_with = "past")]
    follow: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl Log {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let mut control = connect(paths)?;
        let conversation = self.which.find_or_say(&mut control)?;
        if self.follow {
            return follow::follow(&self, control, paths, conversation);
        }
        if self.past {
            self.print_past(&mut control, conversation)?;
        }
        for turn in all_turns(&mut control, conversation)? {
            print_line(&self.line(conversation, &turn))?;
        }
        Ok(ExitCode::Done)
    }

    /// A turn as it is printed.
    fn line(&self, conversation: ConversationId, turn: &TurnRecord) -> String {
        match self.json {
            true => json::versioned(json::turn(conversation, turn)).to_string(),
            false => clean_lines(&text(turn)),
        }
    }
}

impl Log {
    fn print_past(&self, control: &mut Control, conversation: ConversationId) -> Result<(), CliError> {
        let past = match control.ask(&Request::Past { conversation, most: MOST_PAST }, None)? {
            Reply::Past(past) => past,
            other => return Err(CliError::Unexpected(Box::new(other))),
        };
        for PastTurn { conversation, turn } in &past {
            match self.json {
                true => {
                    let mut value = json::turn(*conversation, turn);
                    value["past"] = true.into();
                    say_json(value)?;
                }
                false => say(&format!("before the fork: {}", text(turn)))?,
            }
        }
        Ok(())
    }
}

fn all_turns(control: &mut Control, conversation: ConversationId) -> Result<Vec<TurnRecord>, CliError> {
    let mut pages = Vec::new();
    let mut before = None;
    loop {
        match control.ask(&Request::Turns { conversation, before, most: PAGE }, None)? {
            Reply::Turns(turns) if turns.is_empty() => break,
            Reply::Turns(turns) => {
                before = turns.first().map(|turn| turn.number);
                pages.push(turns);
            }
            other => return Err(CliError::Unexpected(Box::new(other))),
        }
    }
    Ok(pages.into_iter().rev().flatten().collect())
}

fn ended(turn: &TurnRecord) -> bool {
    match turn.state {
        TurnState::Ended(_) => true,
        TurnState::Queued
        | TurnState::Sending
        | TurnState::Working
        | TurnState::NeedsApproval
        | TurnState::NeedsAnswer => false,
    }
}

/// The turn for a person: a head line, the prompt, what was asked, the answer.
fn text(turn: &TurnRecord) -> String {
    let why = match &turn.state {
        TurnState::Ended(end) if !end.why_text().is_empty() => format!(" ({})", end.why_text()),
        _ => String::new(),
    };
    let session = turn.session.map_or_else(String::new, |session| format!(" · session {session}"));
    let mut text = format!("turn {}{session} · {}{why}\n> {}", turn.number, turn.state.word(), indented(&turn.prompt));
    for request in &turn.requests {
        let words = indented(request.line());
        text = format!("{text}\n  {} {}: {words} ({})", request.kind.word(), request.number.0, request.state.word());
    }
    if let Some(answer) = turn.answer.as_ref().filter(|answer| !answer.text.is_empty()) {
        text = format!("{text}\n  {}", indented(&answer.text));
        if answer.cut_bytes > 0 {
            text = format!("{text}\n  ({} bytes of the middle are not kept)", answer.cut_bytes);
        }
    }
    text + "\n"
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n  ")
}
