//! What each action is called in the configuration. A name is a promise: people have it in their files.

use super::super::composer::Edit;
use super::Command;
use std::borrow::Cow;

impl Command {
    /// None for what belongs to a list or a page, whose keys are fixed.
    pub fn name(self) -> Option<Cow<'static, str>> {
        let name = match self {
            Command::NewTab => "new_tab",
            Command::NewTabWith => "new_tab_with",
            Command::Fresh => "fresh",
            Command::Brief => "brief",
            Command::Model => "model",
            Command::NextTab => "next_tab",
            Command::PreviousTab => "previous_tab",
            Command::GoToTab(number) => return Some(Cow::Owned(format!("tab_{number}"))),
            Command::LastTab => "last_tab",
            Command::MoveTabLeft => "move_tab_left",
            Command::MoveTabRight => "move_tab_right",
            Command::NextNeedingMe => "next_that_needs_you",
            Command::SwitchKeyboard => "switch_keyboard",
            Command::Interrupt => "interrupt",
            Command::SendNow => "send_now",
            Command::Turns => "turns",
            Command::Requests => "requests",
            Command::TogglePanel => "turn_panel",
            Command::PanelWider => "panel_wider",
            Command::PanelNarrower => "panel_narrower",
            Command::ToggleRecord => "record",
            Command::Export => "export",
            Command::Fork => "fork",
            Command::RemoveWorktree => "remove_worktree",
            Command::Why => "why",
            Command::Changes => "changes",
            Command::StopSession => "end_session",
            Command::ResumeSession => "resume_session",
            Command::Rename => "rename",
            Command::CloseTab => "close_tab",
            Command::UndoClose => "reopen_tab",
            Command::Zoom => "zoom",
            Command::Redraw => "redraw",
            Command::RestartHost => "restart_host",
            Command::Help => "help",
            Command::Leave => "leave",
            Command::ScrollUp => "scroll_up",
            Command::ScrollDown => "scroll_down",
            Command::ScrollEnd => "scroll_end",
            Command::CopyMode => "copy_mode",
            Command::GoToNumber => "tab_by_number",
            Command::Editor => "editor",
            Command::History => "history",
            Command::Overview => "overview",
            Command::Search => "search",
            Command::Palette => "palette",
            Command::Submit => "send",
            Command::Older => "older_prompt",
            Command::Newer => "newer_prompt",
            Command::ToAgent => "to_agent",
            Command::ClearText => "clear_text",
            Command::KeepQueued => "keep_queued",
            Command::Edit(edit) => edit_name(edit),
            Command::Extend(Edit::Left) => "select_left",
            Command::Extend(Edit::Right) => "select_right",
            Command::Extend(Edit::Up) => "select_up",
            Command::Extend(Edit::Down) => "select_down",
            Command::Extend(_)
            | Command::Copy(_)
            | Command::OnChanges(_)
            | Command::Move(_)
            | Command::Open
            | Command::EditTurn
            | Command::QueuedForward
            | Command::QueuedBackward
            | Command::CopyAnswer
            | Command::CopyPrompt
            | Command::CopyCode
            | Command::Retry
            | Command::GoToPlace
            | Command::PreviousTurn
            | Command::NextTurn
            | Command::Find
            | Command::FindUp
            | Command::FindDown
            | Command::RemoveQueued
            | Command::SendQueuedNow
            | Command::Allow
            | Command::Deny
            | Command::Answer
            | Command::ChooseAgent
            | Command::HandOver
            | Command::AgentSessions
            | Command::ToggleWorktree
            | Command::NextOrder
            | Command::OnChosen(_)
            | Command::Back
            | Command::Yes
            | Command::AlsoWorktree
            | Command::No => return None,
        };
        Some(Cow::Borrowed(name))
    }

    /// Whether it is about the text of the composer, so that a key elsewhere would mean nothing.
    pub fn is_of_composer(self) -> bool {
        matches!(
            self,
            Command::Submit
                | Command::Older
                | Command::Newer
                | Command::ToAgent
                | Command::ClearText
                | Command::KeepQueued
                | Command::Extend(_)
                | Command::Edit(_)
        )
    }
}

fn edit_name(edit: Edit) -> &'static str {
    match edit {
        Edit::Newline => "newline",
        Edit::Left => "left",
        Edit::Right => "right",
        Edit::Up => "up",
        Edit::Down => "down",
        Edit::WordLeft => "word_left",
        Edit::WordRight => "word_right",
        Edit::LineStart => "line_start",
        Edit::LineEnd => "line_end",
        Edit::TextStart => "text_start",
        Edit::TextEnd => "text_end",
        Edit::DeleteLeft => "delete_left",
        Edit::DeleteRight => "delete_right",
        Edit::DeleteWordLeft => "delete_word_left",
        Edit::DeleteWordRight => "delete_word_right",
        Edit::DeleteToStart => "delete_to_start",
        Edit::DeleteToEnd => "delete_to_end",
        Edit::Undo => "undo",
        Edit::Redo => "redo",
        Edit::Yank => "put_back",
        Edit::SelectAll => "select_all",
    }
}
