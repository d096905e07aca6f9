//! `threadkeep model`: says or chooses the model of a conversation. What a choice does to the session is decided with the next message.

use super::{CliError, ExitCode, Which, ask_done, connect, say, say_json, show};
use crate::json;
use crate::paths::Paths;
use crate::protocol::message::{Conversation, Request};
use clap::Args;

#[derive(Debug, Args)]
pub struct Model {
    #[command(flatten)]
    which: Which,
    /// The agent's own default
    #[arg(long, conflicts_with = "name")]
    default: bool,
    /// One JSON object: {"conversation":ID,"model":WANTED,"session_model":MODEL,"next_decision":..,"next_why":..,"next_why_text":..}
    #[arg(long)]
    json: bool,
    /// From the next message on this model; without it the models are said
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

impl Model {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let mut control = connect(paths)?;
        let conversation = self.which.find_or_say(&mut control)?;
        if self.default || self.name.is_some() {
            let model = self.name.filter(|name| !name.trim().is_empty());
            ask_done(&mut control, &Request::SetModel { conversation, model })?;
        }
        let now = show(&mut control, conversation)?;
        if self.json {
            say_json(json::model(&now))?;
        } else {
            say(&sentence(&now))?;
        }
        Ok(ExitCode::Done)
    }
}

/// What is wanted, what the session has, and what the difference means for the next message.
fn sentence(conversation: &Conversation) -> String {
    let name = |model: &Option<String>| model.clone().unwrap_or_else(|| "the agent's default".to_owned());
    let wanted = format!("model {}", name(&conversation.wanted.model));
    let next = format!("next: {} · {}", conversation.next.continuity.word(), conversation.next.why.text());
    match &conversation.session {
        None => wanted,
        Some(session) if session.fingerprint.model == conversation.wanted.model => {
            format!("{wanted} · session {} has it", session.number)
        }
        Some(session) => {
            format!("{wanted} · session {} has {} · {next}", session.number, name(&session.fingerprint.model))
        }
    }
}
