//! Deleting a conversation with a git worktree: it is kept if nothing else is said, and nothing in it is lost without a further yes.

use super::super::super::app::{Confirm, Page};
use super::super::super::event::Purpose;
use super::super::super::testing::{Window, id, idle};
use crate::domain::worktree::{BranchBy, Work, Worktree};
use crate::protocol::message::{Conversation, Overview, Refusal, Reply, Request, Rest, WorkInIt};

const WORK: Work = Work { changed: 2, untracked: 1, ahead: 0 };

fn worktree() -> Worktree {
    let text = |text: &str| text.to_owned();
    let (path, repository) = (text("/home/me/.local/share/threadkeep/worktrees/app-task"), text("/home/me/app"));
    Worktree { path, repository, branch: text("task"), branch_by: BranchBy::Us }
}

pub fn with_worktree() -> Conversation {
    Conversation { worktree: Some(worktree()), tree_work: Some(WORK), ..idle(2, "docs") }
}

/// The conversation with the worktree is chosen in the overview, and yes was typed.
fn asked() -> Window {
    let mut window = Window::with(80, 24, vec![idle(1, "fix login"), with_worktree()]);
    window.press("<prefix>w");
    let conversations = vec![idle(1, "fix login"), with_worktree()];
    window.answer(Purpose::List, Reply::Overview(Overview { conversations, rest: Rest::None }));
    window.press("docs<ctrl-d>docs<enter>");
    window.requests();
    window
}

fn confirm(window: &Window) -> Option<Confirm> {
    match &window.app.page {
        Some(Page::Confirm(confirm)) => Some(*confirm),
        _ => None,
    }
}

#[test]
fn it_is_asked_what_becomes_of_the_worktree_and_yes_keeps_it() {
    let mut window = asked();
    assert_eq!(confirm(&window), Some(Confirm::DeleteWithWorktree(id(2))));
    let picture = window.picture();
    assert!(picture.contains("on task: 2 changed, 1") && picture.contains("keep its worktree"), "{picture}");
    window.press("y");
    assert_eq!(window.requests(), [Request::Remove { conversation: id(2) }]);
    assert!(window.picture().contains("its worktree stays"), "{}", window.picture());
}

#[test]
fn no_leaves_both() {
    for key in ["n", "<esc>"] {
        let mut window = asked();
        window.press(key);
        assert_eq!((window.requests(), confirm(&window)), (Vec::new(), None));
    }
}

#[test]
fn a_worktree_with_work_goes_only_after_a_further_yes() {
    let mut window = asked();
    window.press("w");
    let remove = |work| Request::RemoveWorktree { conversation: id(2), work };
    assert_eq!(window.requests(), [remove(WorkInIt::Refuse)]);
    let why = Refusal::WorktreeHasWork { path: worktree().path, work: WORK };
    window.answer(Purpose::DeleteWorktree(id(2)), Reply::Refused { why: why.clone() });
    assert_eq!(confirm(&window), Some(Confirm::DeleteWithWork(id(2), WORK)));
    window.press("w");
    assert_eq!(window.requests(), [], "that key is no answer here");
    window.press("y");
    assert_eq!(window.requests(), [remove(WorkInIt::Save)]);
    let removed = Reply::WorktreeRemoved { worktree: worktree(), saved: Some("refs/threadkeep/2/abc".into()) };
    window.answer(Purpose::DeleteWorktree(id(2)), removed);
    assert_eq!(window.requests(), [Request::Remove { conversation: id(2) }]);
    assert!(window.picture().contains("git show"), "{}", window.picture());

    let mut window = asked();
    window.press("w");
    window.answer(Purpose::DeleteWorktree(id(2)), Reply::Refused { why });
    window.requests();
    window.press("n");
    assert_eq!(window.requests(), []);
}

/// A turn that runs there, say: nothing is deleted then.
#[test]
fn where_the_worktree_cannot_go_the_conversation_stays() {
    let mut window = asked();
    window.press("w");
    window.requests();
    let why = Refusal::Git("git: it is locked".into());
    window.answer(Purpose::DeleteWorktree(id(2)), Reply::Refused { why });
    assert_eq!(window.requests(), []);
    assert!(window.status().contains("it is locked"), "{}", window.status());
}
