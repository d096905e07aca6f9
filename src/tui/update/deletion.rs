//! Deleting a conversation that has a git worktree of its own: it is kept, or removed first where that loses nothing.

use super::super::app::{App, Confirm, Page};
use super::super::event::{Effect, Purpose};
use super::super::overview;
use super::{ask, command, say};
use crate::domain::id::ConversationId;
use crate::domain::worktree::{Work, Worktree};
use crate::protocol::message::{Request, WorkInIt};

/// The person meant it. Where there is a worktree, one more question is asked.
pub fn begin(app: &mut App, out: &mut Vec<Effect>, conversation: ConversationId) {
    let has_worktree = overview::known(app, conversation).is_some_and(|one| one.worktree.is_some());
    match has_worktree {
        true => app.page = Some(Page::Confirm(Confirm::DeleteWithWorktree(conversation))),
        false => command::order(app, out, Request::Remove { conversation }, "the conversation is deleted"),
    }
}

pub fn keeping_worktree(app: &mut App, out: &mut Vec<Effect>, conversation: ConversationId) {
    let kept = overview::known(app, conversation).and_then(|one| one.worktree.clone());
    command::order(app, out, Request::Remove { conversation }, "");
    if let Some(Worktree { path, branch, .. }) = kept {
        say(app, format!("the conversation is deleted; its worktree stays: {path} on {branch}"));
    }
}

/// The worktree goes first: where git refuses that, nothing is deleted.
pub fn with_worktree(app: &mut App, out: &mut Vec<Effect>, conversation: ConversationId, work: WorkInIt) {
    ask(app, out, Purpose::DeleteWorktree(conversation), Request::RemoveWorktree { conversation, work });
}

pub fn worktree_removed(
    app: &mut App,
    out: &mut Vec<Effect>,
    conversation: ConversationId,
    worktree: &Worktree,
    saved: Option<String>,
) {
    command::order(app, out, Request::Remove { conversation }, "");
    let saved = saved.map(|name| format!("; what was not committed: git show {name}")).unwrap_or_default();
    say(app, format!("the conversation and its worktree {} are deleted{saved}", worktree.path));
}

/// It holds work that is nowhere else: that is asked about by itself.
pub fn worktree_has_work(app: &mut App, conversation: ConversationId, work: Work) {
    app.page = Some(Page::Confirm(Confirm::DeleteWithWork(conversation, work)));
}
