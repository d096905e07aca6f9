//! What is asked of git: here worktrees, in `trees.rs` what a repository looks like, in `changes.rs` what lies between two such looks.
//!
//! Nothing here loses work: a worktree goes only when git itself finds it clean, and what is saved before lies under a ref that no branch is.
//! Change here: how worktrees are made, counted and left. Not here: when (`core/worktree.rs`), or running git (`run.rs`).

pub mod changes;
mod run;
pub mod trees;

use crate::domain::id::ConversationId;
use crate::domain::worktree::{BranchBy, Work, Worktree};
use crate::protocol::message::{Refusal, WorkInIt};
use run::Call;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// So many folders of one name are tried.
const MOST_NAMES: u32 = 100;

/// Makes a worktree below `into` of the repository in which `folder` lies, on this branch, which is made where there is none. Returns it with
/// the folder in it that is like `folder`.
pub fn add_worktree(folder: &str, branch: &str, into: &Path) -> Result<(Worktree, String), String> {
    let top = line(&git(folder, &["rev-parse", "--show-toplevel"])?);
    let below = line(&git(folder, &["rev-parse", "--show-prefix"])?);
    let path = free_folder(into, &top, branch)?;
    let at = path.to_str().ok_or("the folder for worktrees has a name that is not UTF-8")?;
    let exists = git(folder, &["show-ref", "--verify", "--quiet", &format!("refs/heads/{branch}")]).is_ok();
    match exists {
        true => git(folder, &["worktree", "add", "--", at, branch])?,
        false => git(folder, &["worktree", "add", "-b", branch, "--", at, "HEAD"])?,
    };
    // Of the top folder it is empty, and joined it would leave a slash at the end.
    let like = Some(below.trim_end_matches('/')).filter(|below| !below.is_empty()).map(|below| path.join(below));
    let like = like.filter(|like| like.is_dir()).unwrap_or_else(|| path.clone());
    let branch_by = if exists { BranchBy::Person } else { BranchBy::Us };
    let worktree = Worktree { path: at.to_owned(), repository: top, branch: branch.to_owned(), branch_by };
    Ok((worktree, like.to_string_lossy().into_owned()))
}

/// A folder that is not there yet, named after the repository and the branch.
fn free_folder(into: &Path, top: &str, branch: &str) -> Result<PathBuf, String> {
    let mut folders = std::fs::DirBuilder::new();
    let made = folders.recursive(true).mode(0o700).create(into);
    made.map_err(|error| format!("could not make the folder {} ({error})", into.display()))?;
    let repository = Path::new(top).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = format!("{repository}-{}", branch.replace('/', "-"));
    let names = std::iter::once(name.clone()).chain((2..=MOST_NAMES).map(|number| format!("{name}-{number}")));
    let mut paths = names.map(|name| into.join(name));
    paths.find(|path| !path.exists()).ok_or_else(|| format!("there are too many folders named {name}"))
}

/// What stands in it and nowhere else; none where git does not say.
pub fn work_in(worktree: &Worktree) -> Option<Work> {
    let status = git(&worktree.path, &["status", "--porcelain=v1", "-z", "--untracked-files=all"]).ok()?;
    let mut work = Work::default();
    let mut entries = status.split(|byte| *byte == 0).filter(|entry| entry.len() > 3);
    while let Some(entry) = entries.next() {
        match &entry[..2] {
            b"??" => work.untracked += 1,
            // A renamed one is followed by the name that it had.
            kind => {
                work.changed += 1;
                if kind.contains(&b'R') || kind.contains(&b'C') {
                    entries.next();
                }
            }
        }
    }
    // Such a pattern is held against the name without `refs/heads`.
    let exclude = format!("--exclude={}", worktree.branch);
    let list = ["rev-list", "--count", "HEAD", "--not", &exclude, "--branches", "--tags", "--remotes"];
    work.ahead = line(&git(&worktree.path, &list).ok()?).parse().ok()?;
    Some(work)
}

/// Refuses what holds work, while the agent in it is left alone.
pub fn look_for_work(worktree: &Worktree) -> Result<(), Refusal> {
    if !Path::new(&worktree.path).exists() {
        return Ok(());
    }
    let work = known_work(worktree)?;
    match work.is_nothing() {
        true => Ok(()),
        false => Err(Refusal::WorktreeHasWork { path: worktree.path.clone(), work }),
    }
}

fn known_work(worktree: &Worktree) -> Result<Work, Refusal> {
    work_in(worktree).ok_or_else(|| {
        Refusal::Git(format!("git does not say what stands in {}, so it is kept; look at it yourself", worktree.path))
    })
}

/// Removes it where it holds no work, or after its work was saved; returns under which name. Its branch stays while it has commits of its own.
pub fn remove_worktree(
    conversation: ConversationId,
    worktree: &Worktree,
    wanted: WorkInIt,
) -> Result<Option<String>, Refusal> {
    if !Path::new(&worktree.path).exists() {
        // The person removed it; git is to know.
        git(&worktree.repository, &["worktree", "prune"]).map_err(Refusal::Git)?;
        return Ok(None);
    }
    let work = known_work(worktree)?;
    let saved = match (work.is_nothing(), wanted) {
        (true, WorkInIt::Refuse | WorkInIt::Save) => None,
        (false, WorkInIt::Refuse) => return Err(Refusal::WorktreeHasWork { path: worktree.path.clone(), work }),
        (false, WorkInIt::Save) if work.changed == 0 && work.untracked == 0 && is_on_a_branch(worktree) => None,
        (false, WorkInIt::Save) => Some(save_work(conversation, worktree).map_err(Refusal::Git)?),
    };
    let mut remove = vec!["worktree", "remove"];
    // Without it git looks again, and refuses what was written since.
    if saved.is_some() {
        remove.push("--force");
    }
    remove.extend(["--", &worktree.path]);
    git(&worktree.repository, &remove).map_err(Refusal::Git)?;
    if work.ahead == 0 && worktree.branch_by == BranchBy::Us {
        // Only where git finds it merged as well; else it stays, which harms nobody.
        let _ = git(&worktree.repository, &["branch", "-d", "--", &worktree.branch]);
    }
    Ok(saved)
}

/// Else commits made in it are on no branch, and would be lost with it.
fn is_on_a_branch(worktree: &Worktree) -> bool {
    git(&worktree.path, &["symbolic-ref", "--quiet", "HEAD"]).is_ok()
}

/// Commits all that is not committed, under a ref of ours and on no branch.
fn save_work(conversation: ConversationId, worktree: &Worktree) -> Result<String, String> {
    let at = &worktree.path;
    git(at, &["add", "--all"])?;
    let tree = line(&git(at, &["write-tree"])?);
    let who = ["-c", "user.name=threadkeep", "-c", "user.email=threadkeep@localhost"];
    let words = format!("what stood in {} when its worktree was removed", worktree.branch);
    let commit = [&who[..], &["commit-tree", "--no-gpg-sign", "-p", "HEAD", "-m", &words, &tree]].concat();
    let commit = line(&git(at, &commit)?);
    let name = format!("refs/threadkeep/{conversation}/{}", commit.get(..12).unwrap_or(&commit));
    git(at, &["update-ref", &name, &commit])?;
    Ok(name)
}

fn line(said: &[u8]) -> String {
    String::from_utf8_lossy(said).trim_end_matches('\n').to_owned()
}

fn git(folder: &str, arguments: &[&str]) -> Result<Vec<u8>, String> {
    Call::new(folder).args(arguments).said().map_err(|error| error.to_string())
}
