//! The verbs that tell a conversation something and need no answer but done: fresh, interrupt.

use super::awaiting::{Awaited, Patience, await_end};
use super::completions::agents;
use super::{CliError, ExitCode, Which, ask_done, connect, say, say_aside, say_json};
use crate::client::Control;
use crate::domain::id::ConversationId;
use crate::json;
use crate::paths::Paths;
use crate::protocol::message::{Reply, Request, RunningTurn};
use clap::Args;
use clap_complete::ArgValueCandidates;

#[derive(Debug, Args)]
pub struct Fresh {
    #[command(flatten)]
    which: Which,
    /// Of this agent from now on; see threadkeep doctor
    #[arg(long, value_name = "A", add = ArgValueCandidates::new(agents))]
    agent: Option<String>,
    /// With this model from now on
    #[arg(long, value_name = "M")]
    model: Option<String>,
    /// Print what was said so far in few words, to read, change and send as the next message; nothing is sent
    #[arg(long)]
    brief: bool,
    /// Stop a turn that runs; without this it is refused while one does
    #[arg(long)]
    stop_turn: bool,
    /// One JSON object: {"conversation":ID}, with --brief also {"brief":TEXT}
    #[arg(long)]
    json: bool,
}

impl Fresh {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let mut control = connect(paths)?;
        let conversation = self.which.find_or_say(&mut control)?;
        // First: where there is nothing to tell of, nothing is changed.
        let brief = if self.brief { Some(brief(&mut control, conversation)?) } else { None };
        let running = if self.stop_turn { RunningTurn::Stop } else { RunningTurn::Refuse };
        ask_done(&mut control, &Request::Fresh { conversation, running, agent: self.agent, model: self.model })?;
        let sentence = format!("the next message to conversation {conversation} starts a fresh session");
        match (brief, self.json) {
            (None, true) => say_json(serde_json::json!({ "conversation": conversation }))?,
            (Some(brief), true) => {
                say_json(serde_json::json!({ "conversation": conversation, "brief": brief }))?;
            }
            (None, false) => say(&sentence)?,
            // Standard output has the brief alone, to go into a file or an editor.
            (Some(brief), false) => {
                say_aside(&format!("{sentence}; send the brief with threadkeep send -c {conversation} -"));
                say(brief.trim_end())?;
            }
        }
        Ok(ExitCode::Done)
    }
}

/// What was said so far, in few words.
pub fn brief(control: &mut Control, conversation: ConversationId) -> Result<String, CliError> {
    match control.ask(&Request::Brief { conversation }, None)? {
        Reply::Brief { text } => Ok(text),
        other => Err(CliError::Unexpected(Box::new(other))),
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
            Some(turn) => await_end(&mut control, paths, conversation, Some(turn), Patience::Endless)?,
            None => Awaited::Nothing,
        };
        match (ended, self.json) {
            (Awaited::Ended(turn) | Awaited::Asked(turn), true) => say_json(json::turn(conversation, &turn))?,
            (Awaited::Ended(turn) | Awaited::Asked(turn), false) => {
                say(&format!("turn {} {}", turn.number, turn.state.word()))?;
            }
            (Awaited::Nothing, true) => say_json(json::no_turn(conversation))?,
            (Awaited::Nothing, false) => say("nothing runs")?,
        }
        Ok(ExitCode::Done)
    }
}
