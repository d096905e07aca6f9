//! `threadkeep fork`: a conversation that leaves another one behind a turn. Its agent knows nothing of before until it is told: by the brief.

use super::completions::agents;
use super::tell::brief;
use super::{CliError, ExitCode, Which, connect, say, say_aside, say_json};
use crate::domain::id::TurnNumber;
use crate::paths::Paths;
use crate::protocol::message::{Reply, Request};
use clap::Args;
use clap_complete::ArgValueCandidates;

#[derive(Debug, Args)]
pub struct Fork {
    #[command(flatten)]
    which: Which,
    /// Behind this turn; without it behind the newest that ended
    #[arg(long, value_name = "N")]
    turn: Option<u32>,
    /// For this agent; see threadkeep doctor
    #[arg(long, value_name = "A", add = ArgValueCandidates::new(agents))]
    agent: Option<String>,
    /// With this model
    #[arg(long, value_name = "M")]
    model: Option<String>,
    #[arg(long, value_name = "T")]
    title: Option<String>,
    /// Print what was said up to there in few words, to read, change and send as the first message; nothing is sent
    #[arg(long)]
    brief: bool,
    /// One JSON object: {"conversation":ID}, with --brief also {"brief":TEXT}
    #[arg(long)]
    json: bool,
}

impl Fork {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let mut control = connect(paths)?;
        let from = self.which.find_or_say(&mut control)?;
        let request = Request::Fork {
            conversation: from,
            turn: self.turn.map(TurnNumber),
            agent: self.agent,
            model: self.model,
            title: self.title,
        };
        let conversation = match control.ask(&request, None)? {
            Reply::Created { conversation } => conversation,
            other => return Err(CliError::Unexpected(Box::new(other))),
        };
        let brief = if self.brief { Some(brief(&mut control, conversation)?) } else { None };
        match (brief, self.json) {
            (None, true) => say_json(serde_json::json!({ "conversation": conversation }))?,
            (Some(brief), true) => say_json(serde_json::json!({ "conversation": conversation, "brief": brief }))?,
            (None, false) => say(&conversation.to_string())?,
            // Standard output has the brief alone, to go into a file or an editor.
            (Some(brief), false) => {
                say_aside(&format!(
                    "conversation {conversation} is the fork; send the brief with threadkeep send -c {conversation} -"
                ));
                say(brief.trim_end())?;
            }
        }
        Ok(ExitCode::Done)
    }
}
