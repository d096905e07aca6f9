//! `threadkeep why`: the last decisions of a conversation with their reasons.

use super::{CliError, ExitCode, Which, connect, json, say};
use crate::paths::Paths;
use crate::protocol::message::{Reply, Request};
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
        for decision in made {
            if self.json {
                json::print(&json::decision(&decision))?;
            } else {
                let session =
                    decision.session.map_or_else(|| "no session yet".into(), |session| format!("session {session}"));
                say(&format!(
                    "turn {} · {} · {session} · {}",
                    decision.turn,
                    decision.decision.continuity.word(),
                    decision.decision.why.text()
                ))?;
            }
        }
        Ok(ExitCode::Done)
    }
}
