//! `threadkeep new`: makes a conversation. Nothing starts before its first message.

use super::completions::agents;
use super::{CliError, ExitCode, connect, folder, say, say_json};
use crate::paths::Paths;
use crate::protocol::message::{Reply, Request};
use clap::Args;
use clap_complete::ArgValueCandidates;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct New {
    /// The agent's profile; see threadkeep doctor
    #[arg(long, value_name = "A", add = ArgValueCandidates::new(agents))]
    agent: Option<String>,
    /// The model it is started with; without it the agent's own default
    #[arg(long, value_name = "M")]
    model: Option<String>,
    /// The folder its sessions start in; without it this one
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    #[arg(long, value_name = "T")]
    title: Option<String>,
    /// In a git worktree of its own, on this branch (made where there is none; without a name one of our own)
    #[arg(long, value_name = "BRANCH", num_args = 0..=1, require_equals = true)]
    worktree: Option<Option<String>>,
    /// One JSON object: {"conversation":ID}
    #[arg(long)]
    json: bool,
}

impl New {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let folder = folder(self.cwd.as_ref())?;
        let (agent, model, title) = (self.agent, self.model, self.title);
        let request = match self.worktree {
            None => Request::New { agent, model, folder, title },
            Some(branch) => Request::NewInWorktree { agent, model, folder, title, branch },
        };
        match connect(paths)?.ask(&request, None)? {
            Reply::Created { conversation } if self.json => {
                say_json(serde_json::json!({ "conversation": conversation }))?;
            }
            Reply::Created { conversation } => say(&conversation.to_string())?,
            other => return Err(CliError::Unexpected(Box::new(other))),
        }
        Ok(ExitCode::Done)
    }
}
