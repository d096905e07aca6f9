//! `threadkeep resume`: goes on with an earlier session of the conversation. Nothing starts by it; the next message does.

use super::{CliError, ExitCode, Which, ask_done, connect, say, say_json, show};
use crate::domain::id::SessionNumber;
use crate::json;
use crate::paths::Paths;
use crate::protocol::message::Request;
use clap::Args;

#[derive(Debug, Args)]
pub struct Resume {
    #[command(flatten)]
    which: Which,
    /// This session of the conversation, as log numbers them; without it the one that a fresh one was asked for in place of, else the one before
    #[arg(long, value_name = "N")]
    session: Option<u32>,
    /// One JSON object: {"conversation":ID,"session":N,"next_decision":..,"next_why":..,"next_why_text":..}
    #[arg(long)]
    json: bool,
}

impl Resume {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let mut control = connect(paths)?;
        let conversation = self.which.find_or_say(&mut control)?;
        ask_done(&mut control, &Request::Resume { conversation, session: self.session.map(SessionNumber) })?;
        let now = show(&mut control, conversation)?;
        if self.json {
            say_json(json::resume(&now))?;
        } else {
            let session =
                now.session.as_ref().map_or_else(String::new, |session| format!("session {} · ", session.number));
            say(&format!("{session}next: {} · {}", now.next.continuity.word(), now.next.why.text()))?;
        }
        Ok(ExitCode::Done)
    }
}
