//! `threadkeep rm`: forgets a conversation. A git worktree of its own is kept, or removed where that is asked for and loses nothing.

use super::completions::conversations;
use super::{CliError, ExitCode, ask_done, connect, say, say_aside, say_json, show};
use crate::client::{ClientError, Control};
use crate::domain::count;
use crate::domain::id::ConversationId;
use crate::domain::worktree::{Work, Worktree};
use crate::paths::Paths;
use crate::protocol::message::{Conversation, Refusal, Reply, Request, WorkInIt};
use crate::terminal::clean::clean;
use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;
use std::io::IsTerminal;

#[derive(Debug, Args)]
pub struct Rm {
    /// The conversation
    #[arg(short = 'c', long = "conversation", value_name = "ID", add = ArgValueCandidates::new(conversations))]
    conversation: i64,
    /// Yes, for good; without it you are asked, on a terminal
    #[arg(long)]
    yes: bool,
    /// What becomes of a git worktree of its own; without it you are asked, on a terminal, and else it is kept
    #[arg(long, value_name = "keep|remove")]
    worktree: Option<Fate>,
    /// With --worktree remove: also where it holds work that is nowhere else. What is not committed is saved under a name that is printed, and
    /// the branch stays
    #[arg(long, requires = "worktree")]
    save_work: bool,
    /// One JSON object: {"conversation":ID,"removed":true,"worktree":"kept"|"removed"|null,"path":..,"saved":NAME|null}
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Fate {
    /// It stays where it is, with its branch
    Keep,
    /// Its folder goes, where nothing is lost with it
    Remove,
}

/// Whether the person can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    Yes,
    No,
}

/// What became of the worktree.
enum Left {
    Kept(Worktree, Option<Work>),
    Removed { path: String, saved: Option<String> },
}

impl Rm {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let asking = if self.yes { Asking::No } else { Asking::Yes };
        if asking == Asking::Yes && !std::io::stdin().is_terminal() {
            return Err(CliError::NotSure);
        }
        let conversation = ConversationId(self.conversation);
        let mut control = connect(paths)?;
        let now = show(&mut control, conversation)?;
        if asking == Asking::Yes && !is_meant(&now)? {
            return nothing_removed();
        }
        let left = match now.worktree {
            None => None,
            Some(worktree) => match self.fate(asking, &worktree, now.tree_work)? {
                Fate::Keep => Some(Left::Kept(worktree, now.tree_work)),
                Fate::Remove => match self.remove_worktree(&mut control, conversation, asking)? {
                    None => return nothing_removed(),
                    removed => removed,
                },
            },
        };
        ask_done(&mut control, &Request::Remove { conversation })?;
        self.tell(conversation, left)
    }

    fn fate(&self, asking: Asking, worktree: &Worktree, work: Option<Work>) -> Result<Fate, CliError> {
        match (self.worktree, asking) {
            (Some(fate), _) => Ok(fate),
            (None, Asking::No) => Ok(Fate::Keep),
            (None, Asking::Yes) => {
                let words = work_words(work);
                let typed = answer(&format!(
                    "its git worktree {} on {}{words} stays. Type remove to remove it, or Enter: ",
                    clean(&worktree.path),
                    clean(&worktree.branch)
                ))?;
                Ok(if typed == "remove" { Fate::Remove } else { Fate::Keep })
            }
        }
    }

    /// None where the person thought better of it. First, so that a refusal leaves all as it was.
    fn remove_worktree(
        &self,
        control: &mut Control,
        conversation: ConversationId,
        asking: Asking,
    ) -> Result<Option<Left>, CliError> {
        let mut work = if self.save_work { WorkInIt::Save } else { WorkInIt::Refuse };
        loop {
            match control.ask(&Request::RemoveWorktree { conversation, work }, None) {
                Ok(Reply::WorktreeRemoved { worktree, saved }) => {
                    return Ok(Some(Left::Removed { path: worktree.path, saved }));
                }
                Ok(other) => return Err(CliError::Unexpected(Box::new(other))),
                Err(ClientError::Refused(Refusal::WorktreeHasWork { work: there, .. })) if asking == Asking::Yes => {
                    let typed = answer(&format!(
                        "it holds work that is nowhere else: {}. What is not committed can be saved under a name in git, and commits stay on \
                         its branch. Type save to do that and remove the folder: ",
                        there.words()
                    ))?;
                    if typed != "save" {
                        return Ok(None);
                    }
                    work = WorkInIt::Save;
                }
                Err(error) => {
                    if matches!(error, ClientError::Refused(Refusal::WorktreeHasWork { .. })) {
                        say_aside(
                            "nothing was removed; --save-work saves that work first, --worktree keep leaves it where it is",
                        );
                    }
                    return Err(error.into());
                }
            }
        }
    }

    fn tell(&self, conversation: ConversationId, left: Option<Left>) -> Result<ExitCode, CliError> {
        if self.json {
            let (worktree, path, saved) = match &left {
                None => (None, None, None),
                Some(Left::Kept(worktree, _)) => (Some("kept"), Some(&worktree.path), None),
                Some(Left::Removed { path, saved }) => (Some("removed"), Some(path), saved.as_ref()),
            };
            say_json(serde_json::json!({
                "conversation": conversation, "removed": true, "worktree": worktree, "path": path, "saved": saved,
            }))?;
            return Ok(ExitCode::Done);
        }
        match left {
            None => {}
            Some(Left::Kept(Worktree { path, branch, .. }, work)) => {
                say(&format!("its git worktree is kept: {path} on {branch}{}", work_words(work)))?;
            }
            Some(Left::Removed { path, saved: None }) => say(&format!("its git worktree {path} is removed"))?,
            Some(Left::Removed { path, saved: Some(name) }) => {
                say(&format!("its git worktree {path} is removed; what was not committed is saved: git show {name}"))?;
            }
        }
        Ok(ExitCode::Done)
    }
}

fn nothing_removed() -> Result<ExitCode, CliError> {
    say_aside("nothing was removed");
    Ok(ExitCode::Refused)
}

/// ` (1 changed, 2 commits of its own)`, as far as that is known.
fn work_words(work: Option<Work>) -> String {
    let words = work.map(Work::words).unwrap_or_default();
    if words.is_empty() { words } else { format!(" ({words})") }
}

/// Asks the person, with what would be gone.
fn is_meant(conversation: &Conversation) -> Result<bool, CliError> {
    let Conversation { id, title, turns, .. } = conversation;
    let typed = answer(&format!(
        "remove conversation {id} ({}) with its {} for good? Type yes: ",
        clean(title),
        count::of(*turns, "turn")
    ))?;
    Ok(typed == "yes")
}

fn answer(question: &str) -> Result<String, CliError> {
    eprint!("{question}");
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed).map_err(CliError::StandardInput)?;
    Ok(typed.trim().to_owned())
}
