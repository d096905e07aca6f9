//! `threadkeep wait`: waits for the end of a turn, or of all that is under way.

use super::awaiting::{Awaited, Patience, await_end};
use super::{CliError, ExitCode, Which, code_of, connect, json, say};
use crate::domain::id::TurnNumber;
use crate::paths::Paths;
use clap::Args;
use std::time::Duration;

#[derive(Debug, Args)]
pub struct Wait {
    #[command(flatten)]
    which: Which,
    /// This turn; without it every turn that is running or queued
    #[arg(long, value_name = "N")]
    turn: Option<u32>,
    /// Stop waiting after so long
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Stop waiting also when the agent asks something (exit code 8)
    #[arg(long)]
    or_asked: bool,
    /// One JSON object: the turn that ended last, or that asks
    #[arg(long)]
    json: bool,
}

impl Wait {
    /// The exit code is that of the turn that ended last; 4 when the time is over.
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let mut control = connect(paths)?;
        let conversation = self.which.find_or_say(&mut control)?;
        let limit = self.timeout.map(Duration::from_secs);
        let patience = Patience::new(limit, self.or_asked);
        match await_end(&mut control, conversation, self.turn.map(TurnNumber), patience)? {
            Awaited::Asked(turn) => {
                if self.json {
                    json::print(&json::turn(&turn))?;
                }
                Ok(ExitCode::Asked)
            }
            Awaited::Ended(turn) => {
                if self.json {
                    json::print(&json::turn(&turn))?;
                } else {
                    say(&format!("turn {} {}", turn.number, turn.state.word()))?;
                }
                Ok(code_of(&turn.state))
            }
            Awaited::Nothing => {
                if self.json {
                    json::print(&serde_json::json!({ "turn": null }))?;
                }
                // A turn that was waited for by number was taken out of the queue; without one there was nothing to wait for.
                Ok(if self.turn.is_some() { ExitCode::Interrupted } else { ExitCode::Done })
            }
        }
    }
}
