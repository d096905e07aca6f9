//! Pictures of what a turn changed, and of where that is said.

use super::super::super::event::Purpose;
use super::super::super::testing::{Window, id, idle, working};
use super::check;
use crate::domain::changes::{Count, Diff, FileChange, FileKind, Lines, NotNoted, Noted, Patch, Span, Trees, Until};
use crate::domain::id::TurnNumber;
use crate::domain::worktree::{BranchBy, Work, Worktree};
use crate::protocol::message::{Conversation, NoDiff, Overview, Refusal, Reply, Rest};

const PATCH: &str = "@@ -1,4 +1,5 @@ fn main() {\n fn main() {\n-\tlet colour = \"red\";\n+\tlet colour = \"green\"; // as was asked for, \
    and with words that are longer than the window is wide\n+\tpaint(colour);\n }\n@@ -40 +41 @@\n-old\n+new ␛[31m 日本\n\\ No newline at end of file\n";

fn file(path: &str, kind: FileKind, lines: Option<(u64, u64)>, patch: Patch) -> FileChange {
    let lines = lines.map(|(added, removed)| Lines { added, removed });
    FileChange { path: path.into(), kind, lines, patch }
}

pub fn diff() -> Diff {
    let text = |text: &str| Patch::Text(text.into());
    Diff {
        turn: TurnNumber(6),
        span: Span::Turn,
        until: Until::TurnEnd,
        top: "/home/me/app".into(),
        count: Count { files: 7, added: 6_006, removed: 8 },
        files: vec![
            file("src/main.rs", FileKind::Changed, Some((3, 2)), text(PATCH)),
            file(
                "src/views/with/a/very/long/path/to/the/button.rs",
                FileKind::New,
                Some((1, 0)),
                text("@@ -0,0 +1 @@\n+x\n"),
            ),
            file("gone", FileKind::Deleted, Some((0, 6)), text("@@ -1 +0,0 @@\n-y\n")),
            file("new name", FileKind::Renamed { from: "name".into() }, Some((0, 0)), text("")),
            file("logo.png", FileKind::Changed, None, Patch::Binary),
            file("made.lock", FileKind::New, Some((6_000, 0)), Patch::TooLong),
            file("sub", FileKind::Submodule, Some((1, 1)), Patch::Cut("@@ -1 +1 @@\n-Subproject commit 1\n".into())),
        ],
        files_left_out: 2,
        not_looked_at: 1,
    }
}

fn opened(window: &mut Window, told: Reply) {
    window.press("<prefix>D");
    window.answer(Purpose::Diff { conversation: id(1), turn: None, span: Span::Turn }, told);
}

fn noted() -> Conversation {
    let mut conversation = idle(1, "fix login");
    let tree = Noted::Tree { id: "4b825dc6".into(), left_out: 0 };
    let count = Some(Count { files: 3, added: 41, removed: 7 });
    let trees = Trees { top: "/home/me/app".into(), began: tree.clone(), ended: Some(tree), count };
    conversation.turn.as_mut().expect("one ended").trees = Some(trees);
    conversation
}

#[test]
fn the_list_of_files_stands_above_what_changed_in_them() {
    check("changes", &[idle(1, "fix login")], |window| opened(window, Reply::Diff(Box::new(diff()))));
}

#[test]
fn one_goes_from_file_to_file_and_finds_words() {
    check("changes_found", &[idle(1, "fix login")], |window| {
        opened(window, Reply::Diff(Box::new(diff())));
        window.press("]}/COLOUR<enter>n");
    });
}

#[test]
fn what_is_looked_for_is_typed_in_the_last_row() {
    check("changes_typing", &[idle(1, "fix login")], |window| {
        opened(window, Reply::Diff(Box::new(diff())));
        window.press("/col");
    });
}

#[test]
fn nothing_changed_is_said() {
    let nothing = Diff { count: Count::default(), files: Vec::new(), files_left_out: 0, not_looked_at: 0, ..diff() };
    check("changes_nothing", &[idle(1, "fix login")], |window| opened(window, Reply::Diff(Box::new(nothing.clone()))));
}

#[test]
fn why_it_cannot_be_told_is_said_with_the_next_step() {
    let why = NoDiff::BeginningNotNoted(NotNoted::TooMuch);
    let why = Refusal::NoDiff { turn: TurnNumber(7), why };
    check("changes_refused", &[working(1, "fix login")], |window| opened(window, Reply::Refused { why: why.clone() }));
}

#[test]
fn while_git_is_asked_that_is_said() {
    check("changes_asked", &[idle(1, "fix login")], |window| {
        window.press("<prefix>D");
    });
}

#[test]
fn the_panel_says_how_much_a_turn_changed() {
    check("changes_panel", &[noted()], |window| {
        window.press("<prefix>t<prefix>t");
    });
}

#[test]
fn before_a_conversation_with_a_worktree_is_deleted_it_is_asked_what_becomes_of_that() {
    let path = "/home/me/.local/share/threadkeep/worktrees/app-task".to_owned();
    let worktree = Worktree { path, repository: "/home/me/app".into(), branch: "task".into(), branch_by: BranchBy::Us };
    let tree_work = Some(Work { changed: 2, untracked: 1, ahead: 3 });
    let conversation = Conversation { worktree: Some(worktree), tree_work, ..idle(1, "fix login") };
    check("delete_with_worktree", std::slice::from_ref(&conversation), |window| {
        window.press("<prefix>w");
        let conversations = vec![conversation.clone()];
        window.answer(Purpose::List, Reply::Overview(Overview { conversations, rest: Rest::None }));
        window.press("<ctrl-d>yes<enter>");
    });
}
