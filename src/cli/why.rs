//! `threadkeep why`: the last decisions of a conversation with their reasons, and what is known of its session now.

use super::{CliError, ExitCode, Which, connect, now, say, say_json, show};
use crate::domain::continuity::{Decision, DecisionRecord};
use crate::domain::id::Timestamp;
use crate::domain::turn::{TurnEnd, TurnRecord, TurnState};
use crate::json;
use crate::paths::Paths;
use crate::protocol::message::{Conversation, Process, Reply, Request, TakenUp};
use clap::Args;

#[derive(Debug, Args)]
pub struct Why {
    #[command(flatten)]
    which: Which,
    /// One JSON object a line, oldest first
    #[arg(long)]
    json: bool,
}

impl Why {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let mut control = connect(paths)?;
        let conversation = self.which.find_or_say(&mut control)?;
        let made = match control.ask(&Request::Why { conversation }, None)? {
            Reply::Decisions(made) => made,
            other => return Err(CliError::Unexpected(Box::new(other))),
        };
        if self.json {
            for decision in &made {
                say_json(json::decision(decision))?;
            }
            return Ok(ExitCode::Done);
        }
        for decision in &made {
            say(&line(decision))?;
        }
        for words in now_lines(&show(&mut control, conversation)?, now()) {
            say(&words)?;
        }
        Ok(ExitCode::Done)
    }
}

fn line(made: &DecisionRecord) -> String {
    let session = made.session.map_or_else(|| "no session yet".into(), |session| format!("session {session}"));
    let Decision { continuity, why } = &made.decision;
    format!("turn {} · {} · {session} · {}", made.turn, continuity.word(), why.text())
}

/// The session as it is, what each source said last, and what the next message would meet.
fn now_lines(conversation: &Conversation, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(session) = &conversation.session {
        let had = &session.fingerprint;
        let model = had.model.as_deref().unwrap_or("default");
        let mut words =
            format!("session {} · agent {} · model {model} · folder {}", session.number, had.agent, had.folder);
        if let Some(id) = &session.agent_session {
            words = format!("{words} · the agent's id {id}{}", verified_words(&session.process));
        }
        lines.push(words);
        lines.extend(session.warning.iter().map(|warning| format!("  {warning}")));
        lines.extend(
            session
                .heard
                .iter()
                .map(|seen| format!("  {}, {} ago: {}", seen.source.word(), age(now.since(seen.at)), seen.text)),
        );
    }
    lines.extend(conversation.turn.as_ref().and_then(ended_badly));
    lines.extend(held(conversation));
    let Decision { continuity, why } = &conversation.next;
    lines.push(format!("next · {} · {}", continuity.word(), why.text()));
    lines
}

/// Why the first message in line waits for the person, with what was seen.
fn held(conversation: &Conversation) -> Option<String> {
    let (held, first) = conversation.queue_held.zip(conversation.queue.first())?;
    let seen = first.evidence.as_ref().map(|seen| format!(" · {}", seen.text)).unwrap_or_default();
    Some(format!("turn {} · {}{seen}", first.number, held.text()))
}

/// Why the newest turn came to no good end, and what can be done about it.
fn ended_badly(turn: &TurnRecord) -> Option<String> {
    match &turn.state {
        TurnState::Ended(end @ (TurnEnd::Failed(_) | TurnEnd::Interrupted(_) | TurnEnd::Unknown(_))) => {
            Some(format!("turn {} · {} · {}", turn.number, end.word(), end.told()))
        }
        TurnState::Ended(TurnEnd::Completed)
        | TurnState::Queued
        | TurnState::Sending
        | TurnState::Working
        | TurnState::NeedsApproval
        | TurnState::NeedsAnswer => None,
    }
}

fn verified_words(process: &Process) -> &'static str {
    match process {
        Process::Alive { taken_up: TakenUp::Verified, .. } => ", which it confirmed",
        Process::Alive { taken_up: TakenUp::NotVerified, .. } => ", not verified yet",
        Process::Alive { taken_up: TakenUp::New, .. } | Process::Asleep { .. } => "",
    }
}

fn age(ms: u64) -> String {
    match ms / 1000 {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        seconds => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}
