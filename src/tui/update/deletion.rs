//! Deleting a conversation that has a git worktree of its own: it is kept, or removed first where that loses nothing.

use super::super::app::{App, Confirm, Page};
use super::super::event::{Effect, Purpose};
use super::super::overview;
use super::{ask, command, say, say_trouble};
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
    app.page = Some(Page::Confirm(Confirm::Removing(conversation)));
    ask(app, out, Purpose::DeleteWorktree(conversation), Request::RemoveWorktree { conversation, work });
}

/// Only the worktree goes.
pub fn remove_worktree(app: &mut App, out: &mut Vec<Effect>, conversation: ConversationId, work: WorkInIt) {
    app.page = Some(Page::Confirm(Confirm::Removing(conversation)));
    ask(app, out, Purpose::RemoveWorktree(conversation), Request::RemoveWorktree { conversation, work });
}

pub fn worktree_removed(
    app: &mut App,
    out: &mut Vec<Effect>,
    conversation: ConversationId,
    worktree: &Worktree,
    saved: Option<String>,
) {
    is_answered(app, conversation);
    command::order(app, out, Request::Remove { conversation }, "");
    say(app, format!("the conversation and its worktree {} are deleted{}", worktree.path, found_again(saved)));
}

pub fn only_worktree_removed(app: &mut App, conversation: ConversationId, worktree: &Worktree, saved: Option<String>) {
    is_answered(app, conversation);
    let goes_on = match saved {
        None => "; the next message goes to the repository".to_owned(),
        Some(_) => found_again(saved),
    };
    say(app, format!("the worktree {} is removed{goes_on}", worktree.path));
}

fn found_again(saved: Option<String>) -> String {
    saved.map(|name| format!("; what was not committed: git show {name}")).unwrap_or_default()
}

/// It holds work that is nowhere else: that is asked about by itself, where the person still waits for it.
pub fn has_work(app: &mut App, conversation: ConversationId, work: Work, further: Confirm) {
    match is_answered(app, conversation) {
        Waited::Yes => app.page = Some(Page::Confirm(further)),
        Waited::No => {
            let words = work.words();
            say_trouble(app, format!("nothing was removed: the worktree holds work that is nowhere else ({words})"));
        }
    }
}

/// Whether the person still looks at the box that waits for git.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    Yes,
    No,
}

/// Git answered; the box that waited for it goes.
pub fn is_answered(app: &mut App, conversation: ConversationId) -> Waited {
    let is_it = |page: &mut Page| matches!(page, Page::Confirm(Confirm::Removing(id)) if *id == conversation);
    match app.page.take_if(is_it) {
        Some(_) => Waited::Yes,
        None => Waited::No,
    }
}
