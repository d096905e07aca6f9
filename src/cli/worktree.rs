//! `threadkeep worktree`: says what stands in the worktree of a conversation, or removes it. No work is lost by that.

use super::{CliError, ExitCode, Which, connect, say, say_json, show};
use crate::paths::Paths;
use crate::protocol::message::{Refusal, Reply, Request, WorkInIt};
use clap::Args;
use serde_json::json;

#[derive(Debug, Args)]
pub struct Worktree {
    #[command(flatten)]
    which: Which,
    /// Remove it; the conversation goes on in the repository. Refused while it holds work that is nowhere else
    #[arg(long)]
    remove: bool,
    /// With --remove: also then. What is not committed is saved under a name that is printed, and the branch stays
    #[arg(long, requires = "remove")]
    save_work: bool,
    /// One JSON object: {"conversation":ID,"path":..,"repository":..,"branch":..,"changed":N,"untracked":N,"ahead":N}; removed: {"removed":true,"saved":NAME}
    #[arg(long)]
    json: bool,
}

impl Worktree {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let mut control = connect(paths)?;
        let conversation = self.which.find_or_say(&mut control)?;
        if self.remove {
            let work = if self.save_work { WorkInIt::Save } else { WorkInIt::Refuse };
            let (worktree, saved) = match control.ask(&Request::RemoveWorktree { conversation, work }, None)? {
                Reply::WorktreeRemoved { worktree, saved } => (worktree, saved),
                other => return Err(CliError::Unexpected(Box::new(other))),
            };
            match (self.json, saved) {
                (true, saved) => say_json(json!({ "conversation": conversation, "removed": true, "saved": saved }))?,
                (false, None) => say(&format!("removed {}", worktree.path))?,
                (false, Some(name)) => {
                    say(&format!("removed {}; what was not committed is saved: git show {name}", worktree.path))?;
                }
            }
            return Ok(ExitCode::Done);
        }
        let now = show(&mut control, conversation)?;
        let Some(worktree) = now.worktree else {
            return Err(crate::client::ClientError::Refused(Refusal::NoWorktree(conversation)).into());
        };
        let work = now.tree_work;
        match self.json {
            true => say_json(json!({
                "conversation": conversation,
                "path": worktree.path,
                "repository": worktree.repository,
                "branch": worktree.branch,
                "changed": work.map(|work| work.changed),
                "untracked": work.map(|work| work.untracked),
                "ahead": work.map(|work| work.ahead),
            }))?,
            false => {
                let words = work.map(|work| work.words()).unwrap_or_default();
                let words = if words.is_empty() { "nothing that is nowhere else" } else { &words };
                say(&format!("{} · branch {} · {words}", worktree.path, worktree.branch))?;
            }
        }
        Ok(ExitCode::Done)
    }
}
