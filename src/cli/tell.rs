//! The verbs that tell a conversation something and need no answer but done: fresh, interrupt, rm.

use super::{CliError, ExitCode, Which, ask_done, await_end, connect, json, say};
use crate::domain::id::ConversationId;
use crate::paths::Paths;
use crate::protocol::message::{Reply, Request, RunningTurn};
use clap::Args;

#[derive(Debug, Args)]
pub struct Fresh {
    #[command(flatten)]
    which: Which,
    /// Stop a turn that runs; without this it is refused while one does
    #[arg(long)]
    stop_turn: bool,
    /// One JSON object: {"conversation":ID}
    #[arg(long)]
    json: bool,
}

impl Fresh {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let mut control = connect(paths)?;
        let conversation = self.which.find_or_say(&mut control)?;
        let running = if self.stop_turn { RunningTurn::Stop } else { RunningTurn::Refuse };
        ask_done(&mut control, &Request::Fresh { conversation, running })?;
        if self.json {
            json::print(&serde_json::json!({ "conversation": conversation }))?;
        } else {
            say(&format!("the next message to conversation {conversation} starts a fresh session"))?;
        }
        Ok(ExitCode::Done)
    }
}

#[derive(Debug, Args)]
pub struct Interrupt {
    #[command(flatten)]
    which: Which,
    /// One JSON object: the turn that was interrupted, or {"turn":null} where none ran
    #[arg(long)]
    json: bool,
}

impl Interrupt {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let mut control = connect(paths)?;
        let conversation = self.which.find_or_say(&mut control)?;
        let running = match control.ask(&Request::Interrupt { conversation }, None)? {
            Reply::Interrupting { turn } => turn,
            other => return Err(CliError::Unexpected(Box::new(other))),
        };
        let ended = match running {
            Some(turn) => await_end(&mut control, conversation, Some(turn), None)?,
            None => None,
        };
        match (ended, self.json) {
            (Some(turn), true) => json::print(&json::turn(&turn))?,
            (Some(turn), false) => say(&format!("turn {} {}", turn.number, turn.state.word()))?,
            (None, true) => json::print(&serde_json::json!({ "turn": null }))?,
            (None, false) => say("nothing runs")?,
        }
        Ok(ExitCode::Done)
    }
}

#[derive(Debug, Args)]
pub struct Rm {
    /// The conversation
    #[arg(short = 'c', long = "conversation", value_name = "ID")]
    conversation: i64,
    /// Yes, for good
    #[arg(long)]
    yes: bool,
}

impl Rm {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        if !self.yes {
            return Err(CliError::NotSure);
        }
        let conversation = ConversationId(self.conversation);
        ask_done(&mut connect(paths)?, &Request::Remove { conversation })?;
        Ok(ExitCode::Done)
    }
}
