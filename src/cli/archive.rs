//! `threadkeep archive`: puts a conversation away, or takes it back. Nothing of it is lost or ended.

use super::{CliError, ExitCode, Which, ask_done, connect, say_json};
use crate::paths::Paths;
use crate::protocol::message::Request;
use clap::Args;

#[derive(Debug, Args)]
pub struct Archive {
    #[command(flatten)]
    which: Which,
    /// Take it back to the closed ones
    #[arg(long)]
    undo: bool,
    /// One JSON object: {"conversation":ID,"archived":true|false}
    #[arg(long)]
    json: bool,
}

impl Archive {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let mut control = connect(paths)?;
        let conversation = self.which.find_or_say(&mut control)?;
        let request = match self.undo {
            true => Request::Unarchive { conversation },
            false => Request::Archive { conversation },
        };
        ask_done(&mut control, &request)?;
        if self.json {
            say_json(serde_json::json!({ "conversation": conversation, "archived": !self.undo }))?;
        }
        Ok(ExitCode::Done)
    }
}
