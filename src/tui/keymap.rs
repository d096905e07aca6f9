//! One table: key -> command -> words. `update` looks keys up in it, which-key and the help page print it, so they cannot drift.
//!
//! Change here: default keys and their words; the command's arm is in `update/command.rs`, its name in the configuration in `keymap/names.rs`.
//! Not here: what the person bound anew (`keymap/binding.rs`), and keys for the agent's screen, which all pass but the prefix and
//! `Place::Anywhere`.

mod binding;
pub mod brief;
mod names;

use super::composer::Edit;
use super::copy::Step;
use super::copy::find::Direction;
use super::copy::selection::Shape;
use crate::terminal::keys::{Key, KeyCode, Modifiers};
pub use binding::{BindingError, Keymap, default_file, load};
use std::fmt::Write;

/// All that a key can mean to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    NewTab,
    NewTabWith,
    Fresh,
    Brief,
    Model,
    NextTab,
    PreviousTab,
    GoToTab(u8),
    /// A number is asked for, for tabs beyond the ninth.
    GoToNumber,
    LastTab,
    MoveTabLeft,
    MoveTabRight,
    NextNeedingMe,
    SwitchKeyboard,
    Interrupt,
    SendNow,
    Turns,
    Requests,
    TogglePanel,
    ToggleRecord,
    Why,
    StopSession,
    ResumeSession,
    Rename,
    Export,
    CloseTab,
    Zoom,
    Redraw,
    RestartHost,
    Help,
    Leave,
    ScrollUp,
    ScrollDown,
    ScrollEnd,
    CopyMode,
    Copy(CopyCommand),
    Submit,
    Older,
    Newer,
    ToAgent,
    ClearText,
    KeepQueued,
    Edit(Edit),
    /// Moves and selects what is between.
    Extend(Edit),
    Editor,
    /// Earlier messages of all conversations.
    History,
    Move(Motion),
    Open,
    EditTurn,
    RemoveQueued,
    SendQueuedNow,
    QueuedForward,
    QueuedBackward,
    CopyAnswer,
    CopyPrompt,
    CopyCode,
    Retry,
    GoToPlace,
    PanelWider,
    PanelNarrower,
    PreviousTurn,
    NextTurn,
    Find,
    FindUp,
    FindDown,
    Allow,
    Deny,
    Answer,
    ChooseAgent,
    HandOver,
    AgentSessions,
    ToggleWorktree,
    RemoveWorktree,
    Fork,
    Overview,
    NextOrder,
    OnChosen(RowAction),
    UndoClose,
    Search,
    Palette,
    /// What a turn changed in the files of its repository.
    Changes,
    OnChanges(ChangesCommand),
    Back,
    Yes,
    /// Yes, and the worktree goes as well.
    AlsoWorktree,
    No,
}

/// What can be done with the chosen conversation of the overview without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowAction {
    Reply,
    Interrupt,
    Fresh,
    Rename,
    Close,
    Archive,
    /// What was put away last comes back.
    UndoArchive,
    Peek,
    Delete,
}

/// What can be done on the page of what a turn changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangesCommand {
    NextFile,
    PreviousFile,
    /// A piece of a file: what stands below one `@@`.
    NextPart,
    PreviousPart,
    OtherSpan,
    LookAgain,
    CopyFile,
    CopyAll,
}

/// What can be done while text is selected to be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyCommand {
    Step(Step),
    Select(Shape),
    OtherEnd,
    Find(Direction),
    FindNext,
    FindPrevious,
    Take,
    /// Ends the selection, or leaves.
    Back,
    Leave,
}

/// A step in a list or on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
}

/// Where a key has its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// After the prefix.
    Prefix,
    Anywhere,
    Composer,
    /// The list of queued and earlier turns.
    Turns,
    /// The record in the pane.
    Record,
    /// A page over the pane: help, why, a turn.
    Page,
    /// The page of what a turn changed.
    Changes,
    /// The list of what the agent asks; letters go into the answer where a question is chosen.
    Requests,
    /// The list of agents.
    Agents,
    /// The list of all conversations; letters go into its filter.
    Overview,
    /// The search; letters go into its text.
    Search,
    /// All actions and conversations; letters go into what is looked for.
    Palette,
    /// The text that stands still to be copied.
    Copy,
    /// Earlier messages; letters go into what is looked for.
    History,
    Confirm,
}

/// One line of the table. Lines that follow each other with the same words are shown as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    pub place: Place,
    pub key: Key,
    pub command: Command,
    pub words: &'static str,
}

const fn bind(place: Place, key: Key, command: Command, words: &'static str) -> Binding {
    Binding { place, key, command, words }
}

const fn plain(code: KeyCode) -> Key {
    Key { code, modifiers: Modifiers::NONE }
}

const fn char(char: char) -> Key {
    plain(KeyCode::Char(char))
}

const fn ctrl(code: KeyCode) -> Key {
    Key { code, modifiers: Modifiers::CONTROL }
}

const fn alt(code: KeyCode) -> Key {
    Key { code, modifiers: Modifiers::ALT }
}

const fn shift(code: KeyCode) -> Key {
    Key { code, modifiers: Modifiers::SHIFT }
}

const fn step(key: Key, step: Step, words: &'static str) -> Binding {
    bind(Place::Copy, key, Command::Copy(CopyCommand::Step(step)), words)
}

const fn copy(key: Key, command: CopyCommand, words: &'static str) -> Binding {
    bind(Place::Copy, key, Command::Copy(command), words)
}

const fn changes(key: Key, command: ChangesCommand, words: &'static str) -> Binding {
    bind(Place::Changes, key, Command::OnChanges(command), words)
}

const GO_TO_TAB: &str = "go to that tab";

pub const TABLE: &[Binding] = &[
    bind(Place::Prefix, char('c'), Command::NewTab, "new tab, same agent and folder"),
    bind(Place::Prefix, char('C'), Command::NewTabWith, "new tab with another agent"),
    bind(Place::Prefix, char('N'), Command::Fresh, "next message starts fresh"),
    bind(Place::Prefix, char('b'), Command::Brief, "fresh, with a brief of this one"),
    bind(Place::Prefix, char('f'), Command::Fork, "fork behind the newest turn that ended"),
    bind(Place::Prefix, char('m'), Command::Model, "model of this conversation"),
    bind(Place::Prefix, char('E'), Command::Editor, "write in your own editor"),
    bind(Place::Prefix, char('o'), Command::SwitchKeyboard, "keyboard: composer or agent"),
    bind(Place::Prefix, char('i'), Command::Interrupt, "interrupt the turn"),
    bind(Place::Prefix, plain(KeyCode::Enter), Command::SendNow, "interrupt and send now"),
    bind(Place::Prefix, char('q'), Command::Turns, "queue and earlier turns"),
    bind(Place::Prefix, char('y'), Command::Requests, "answer what the agent asks"),
    bind(Place::Prefix, char('s'), Command::Why, "why: reused, resumed or fresh"),
    bind(Place::Prefix, char('t'), Command::TogglePanel, "turn panel on or off"),
    bind(Place::Prefix, char('+'), Command::PanelWider, "turn panel wider, narrower"),
    bind(Place::Prefix, char('-'), Command::PanelNarrower, "turn panel wider, narrower"),
    bind(Place::Prefix, char('v'), Command::ToggleRecord, "read the record, or the live screen"),
    bind(Place::Prefix, char('D'), Command::Changes, "what the turn changed in files"),
    bind(Place::Prefix, char('['), Command::CopyMode, "scroll, search and copy"),
    bind(Place::Prefix, char('w'), Command::Overview, "all conversations"),
    bind(Place::Prefix, char('/'), Command::Search, "search all turns"),
    bind(Place::Prefix, char(':'), Command::Palette, "every action by its name"),
    bind(Place::Prefix, char('n'), Command::NextTab, "next tab"),
    bind(Place::Prefix, char('p'), Command::PreviousTab, "previous tab"),
    bind(Place::Prefix, char('1'), Command::GoToTab(1), GO_TO_TAB),
    bind(Place::Prefix, char('2'), Command::GoToTab(2), GO_TO_TAB),
    bind(Place::Prefix, char('3'), Command::GoToTab(3), GO_TO_TAB),
    bind(Place::Prefix, char('4'), Command::GoToTab(4), GO_TO_TAB),
    bind(Place::Prefix, char('5'), Command::GoToTab(5), GO_TO_TAB),
    bind(Place::Prefix, char('6'), Command::GoToTab(6), GO_TO_TAB),
    bind(Place::Prefix, char('7'), Command::GoToTab(7), GO_TO_TAB),
    bind(Place::Prefix, char('8'), Command::GoToTab(8), GO_TO_TAB),
    bind(Place::Prefix, char('9'), Command::GoToTab(9), GO_TO_TAB),
    bind(Place::Prefix, char('\''), Command::GoToNumber, "go to the tab with a number"),
    bind(Place::Prefix, char('<'), Command::MoveTabLeft, "move this tab left"),
    bind(Place::Prefix, char('>'), Command::MoveTabRight, "move this tab right"),
    bind(Place::Prefix, char('l'), Command::LastTab, "tab before this one"),
    bind(Place::Prefix, char('a'), Command::NextNeedingMe, "next tab that needs you"),
    bind(Place::Prefix, char(','), Command::Rename, "rename"),
    bind(Place::Prefix, char('e'), Command::Export, "export the record to a file"),
    bind(Place::Prefix, char('z'), Command::Zoom, "zoom the pane"),
    bind(Place::Prefix, char('r'), Command::Redraw, "draw the window anew"),
    bind(Place::Prefix, char('x'), Command::CloseTab, "close tab, conversation stays"),
    bind(Place::Prefix, char('u'), Command::UndoClose, "bring the closed tab back"),
    bind(Place::Prefix, char('W'), Command::RemoveWorktree, "remove its git worktree"),
    bind(Place::Prefix, char('R'), Command::StopSession, "end the session's process"),
    bind(Place::Prefix, char('H'), Command::RestartHost, "restart the host, agents go on"),
    bind(Place::Prefix, char('?'), Command::Help, "all keys"),
    bind(Place::Prefix, char('d'), Command::Leave, "leave, agents keep running"),
    bind(Place::Anywhere, alt(KeyCode::Char('1')), Command::GoToTab(1), GO_TO_TAB),
    bind(Place::Anywhere, alt(KeyCode::Char('2')), Command::GoToTab(2), GO_TO_TAB),
    bind(Place::Anywhere, alt(KeyCode::Char('3')), Command::GoToTab(3), GO_TO_TAB),
    bind(Place::Anywhere, alt(KeyCode::Char('4')), Command::GoToTab(4), GO_TO_TAB),
    bind(Place::Anywhere, alt(KeyCode::Char('5')), Command::GoToTab(5), GO_TO_TAB),
    bind(Place::Anywhere, alt(KeyCode::Char('6')), Command::GoToTab(6), GO_TO_TAB),
    bind(Place::Anywhere, alt(KeyCode::Char('7')), Command::GoToTab(7), GO_TO_TAB),
    bind(Place::Anywhere, alt(KeyCode::Char('8')), Command::GoToTab(8), GO_TO_TAB),
    bind(Place::Anywhere, alt(KeyCode::Char('9')), Command::GoToTab(9), GO_TO_TAB),
    bind(Place::Anywhere, ctrl(KeyCode::PageDown), Command::NextTab, "next tab"),
    bind(Place::Anywhere, ctrl(KeyCode::PageUp), Command::PreviousTab, "previous tab"),
    bind(Place::Anywhere, shift(KeyCode::PageUp), Command::ScrollUp, "scroll the pane"),
    bind(Place::Anywhere, shift(KeyCode::PageDown), Command::ScrollDown, "scroll the pane"),
    bind(Place::Anywhere, shift(KeyCode::End), Command::ScrollEnd, "back to the pane's end, where it is scrolled up"),
    bind(Place::Composer, plain(KeyCode::Enter), Command::Submit, "send, or queue while a turn runs"),
    bind(Place::Composer, alt(KeyCode::Enter), Command::Edit(Edit::Newline), "new line"),
    bind(Place::Composer, shift(KeyCode::Enter), Command::Edit(Edit::Newline), "new line"),
    bind(Place::Composer, ctrl(KeyCode::Char('j')), Command::Edit(Edit::Newline), "new line"),
    bind(Place::Composer, plain(KeyCode::Up), Command::Older, "older and newer prompts, from the first and last line"),
    bind(
        Place::Composer,
        plain(KeyCode::Down),
        Command::Newer,
        "older and newer prompts, from the first and last line",
    ),
    bind(Place::Composer, ctrl(KeyCode::Char('r')), Command::History, "earlier messages of all conversations"),
    bind(Place::Composer, plain(KeyCode::Tab), Command::ToAgent, "to the agent's screen, from an empty composer"),
    bind(Place::Composer, ctrl(KeyCode::Char('n')), Command::Fresh, "next message starts fresh"),
    bind(Place::Composer, ctrl(KeyCode::Char('t')), Command::NewTab, "new tab, same agent and folder"),
    bind(Place::Composer, ctrl(KeyCode::Char('c')), Command::ClearText, "clear the text, or copy what is selected"),
    bind(Place::Composer, ctrl(KeyCode::Char('z')), Command::Edit(Edit::Undo), "undo"),
    bind(Place::Composer, ctrl(KeyCode::Char('y')), Command::Edit(Edit::Redo), "redo"),
    bind(Place::Composer, alt(KeyCode::Char('y')), Command::Edit(Edit::Yank), "put back what was deleted last"),
    bind(Place::Composer, alt(KeyCode::Char('a')), Command::Edit(Edit::SelectAll), "select all; Ctrl+C copies it"),
    bind(Place::Composer, shift(KeyCode::Left), Command::Extend(Edit::Left), "select"),
    bind(Place::Composer, shift(KeyCode::Right), Command::Extend(Edit::Right), "select"),
    bind(Place::Composer, shift(KeyCode::Up), Command::Extend(Edit::Up), "select"),
    bind(Place::Composer, shift(KeyCode::Down), Command::Extend(Edit::Down), "select"),
    bind(Place::Composer, ctrl(KeyCode::Char('g')), Command::Editor, "write in your own editor"),
    bind(Place::Composer, ctrl(KeyCode::Left), Command::Edit(Edit::WordLeft), "by words"),
    bind(Place::Composer, ctrl(KeyCode::Right), Command::Edit(Edit::WordRight), "by words"),
    bind(Place::Composer, alt(KeyCode::Char('b')), Command::Edit(Edit::WordLeft), "by words"),
    bind(Place::Composer, alt(KeyCode::Char('f')), Command::Edit(Edit::WordRight), "by words"),
    bind(Place::Composer, plain(KeyCode::Home), Command::Edit(Edit::LineStart), "start and end of the line"),
    bind(Place::Composer, plain(KeyCode::End), Command::Edit(Edit::LineEnd), "start and end of the line"),
    bind(Place::Composer, ctrl(KeyCode::Char('a')), Command::Edit(Edit::LineStart), "start and end of the line"),
    bind(Place::Composer, ctrl(KeyCode::Char('e')), Command::Edit(Edit::LineEnd), "start and end of the line"),
    bind(Place::Composer, ctrl(KeyCode::Home), Command::Edit(Edit::TextStart), "start and end of the text"),
    bind(Place::Composer, ctrl(KeyCode::End), Command::Edit(Edit::TextEnd), "start and end of the text"),
    bind(Place::Composer, ctrl(KeyCode::Char('w')), Command::Edit(Edit::DeleteWordLeft), "delete a word"),
    bind(Place::Composer, alt(KeyCode::Backspace), Command::Edit(Edit::DeleteWordLeft), "delete a word"),
    bind(Place::Composer, alt(KeyCode::Char('d')), Command::Edit(Edit::DeleteWordRight), "delete a word"),
    bind(
        Place::Composer,
        ctrl(KeyCode::Char('u')),
        Command::Edit(Edit::DeleteToStart),
        "delete to the line's start or end",
    ),
    bind(
        Place::Composer,
        ctrl(KeyCode::Char('k')),
        Command::Edit(Edit::DeleteToEnd),
        "delete to the line's start or end",
    ),
    bind(Place::Composer, plain(KeyCode::Escape), Command::KeepQueued, "leave a queued message as it was"),
    bind(Place::Composer, plain(KeyCode::Left), Command::Edit(Edit::Left), ""),
    bind(Place::Composer, plain(KeyCode::Right), Command::Edit(Edit::Right), ""),
    bind(Place::Composer, plain(KeyCode::Backspace), Command::Edit(Edit::DeleteLeft), ""),
    bind(Place::Composer, ctrl(KeyCode::Char('h')), Command::Edit(Edit::DeleteLeft), ""),
    bind(Place::Composer, plain(KeyCode::Delete), Command::Edit(Edit::DeleteRight), ""),
    bind(Place::Composer, ctrl(KeyCode::Char('d')), Command::Edit(Edit::DeleteRight), ""),
    bind(Place::Turns, plain(KeyCode::Up), Command::Move(Motion::Up), "choose a turn"),
    bind(Place::Turns, plain(KeyCode::Down), Command::Move(Motion::Down), "choose a turn"),
    bind(Place::Turns, char('k'), Command::Move(Motion::Up), "choose a turn"),
    bind(Place::Turns, char('j'), Command::Move(Motion::Down), "choose a turn"),
    bind(Place::Turns, plain(KeyCode::PageUp), Command::Move(Motion::PageUp), "scroll the turn that is shown"),
    bind(Place::Turns, plain(KeyCode::PageDown), Command::Move(Motion::PageDown), "scroll the turn that is shown"),
    bind(Place::Turns, plain(KeyCode::Home), Command::Move(Motion::Top), ""),
    bind(Place::Turns, plain(KeyCode::End), Command::Move(Motion::Bottom), ""),
    bind(Place::Turns, plain(KeyCode::Enter), Command::Open, "read the turn"),
    bind(Place::Turns, char('s'), Command::SendQueuedNow, "interrupt and send the queued one now"),
    bind(Place::Turns, char('K'), Command::QueuedForward, "move the queued one up, down"),
    bind(Place::Turns, char('J'), Command::QueuedBackward, "move the queued one up, down"),
    bind(Place::Turns, char('e'), Command::EditTurn, "edit the queued one; edit an earlier one and send it again"),
    bind(Place::Turns, char('x'), Command::RemoveQueued, "remove the queued one"),
    bind(Place::Turns, plain(KeyCode::Delete), Command::RemoveQueued, "remove the queued one"),
    bind(Place::Turns, char('+'), Command::PanelWider, "turn panel wider, narrower"),
    bind(Place::Turns, char('-'), Command::PanelNarrower, "turn panel wider, narrower"),
    bind(Place::Turns, char('r'), Command::Retry, "send it again as it was"),
    bind(Place::Turns, char('g'), Command::GoToPlace, "to its place in the scrollback"),
    bind(Place::Turns, char('y'), Command::CopyAnswer, "copy the answer"),
    bind(Place::Turns, char('Y'), Command::CopyPrompt, "copy the prompt"),
    bind(Place::Turns, char('b'), Command::CopyCode, "copy the last block of code"),
    bind(Place::Turns, char('d'), Command::Changes, "what it changed in files"),
    bind(Place::Turns, char('f'), Command::Fork, "fork behind it"),
    bind(Place::Turns, char('R'), Command::ResumeSession, "go on with the session that it ran in"),
    bind(Place::Turns, plain(KeyCode::Escape), Command::Back, "back"),
    bind(Place::Turns, char('q'), Command::Back, "back"),
    bind(Place::Record, plain(KeyCode::Up), Command::Move(Motion::Up), "scroll"),
    bind(Place::Record, plain(KeyCode::Down), Command::Move(Motion::Down), "scroll"),
    bind(Place::Record, char('k'), Command::Move(Motion::Up), "scroll"),
    bind(Place::Record, char('j'), Command::Move(Motion::Down), "scroll"),
    bind(Place::Record, plain(KeyCode::PageUp), Command::Move(Motion::PageUp), "scroll by pages"),
    bind(Place::Record, plain(KeyCode::PageDown), Command::Move(Motion::PageDown), "scroll by pages"),
    bind(Place::Record, char(' '), Command::Move(Motion::PageDown), "scroll by pages"),
    bind(Place::Record, plain(KeyCode::Home), Command::Move(Motion::Top), "to the start and the end"),
    bind(Place::Record, plain(KeyCode::End), Command::Move(Motion::Bottom), "to the start and the end"),
    bind(Place::Record, char('['), Command::PreviousTurn, "turn before, turn after"),
    bind(Place::Record, char(']'), Command::NextTurn, "turn before, turn after"),
    bind(Place::Record, char('/'), Command::Find, "find words in it"),
    bind(Place::Record, char('N'), Command::FindUp, "found further up, further down"),
    bind(Place::Record, char('n'), Command::FindDown, "found further up, further down"),
    bind(Place::Record, plain(KeyCode::Enter), Command::Open, "read the turn by itself"),
    bind(Place::Record, char('d'), Command::Changes, "what it changed in files"),
    bind(Place::Record, char('f'), Command::Fork, "fork behind it"),
    bind(Place::Record, char('R'), Command::ResumeSession, "go on with the session that it ran in"),
    bind(Place::Record, char('e'), Command::EditTurn, "edit it and send it again"),
    bind(Place::Record, char('r'), Command::Retry, "send it again as it was"),
    bind(Place::Record, char('g'), Command::GoToPlace, "to its place in the scrollback"),
    bind(Place::Record, char('y'), Command::CopyAnswer, "copy the answer"),
    bind(Place::Record, char('Y'), Command::CopyPrompt, "copy the prompt"),
    bind(Place::Record, char('b'), Command::CopyCode, "copy the last block of code"),
    bind(Place::Record, plain(KeyCode::Tab), Command::SwitchKeyboard, "to the composer; the record stays"),
    bind(Place::Record, plain(KeyCode::Escape), Command::Back, "back"),
    bind(Place::Record, char('q'), Command::Back, "back"),
    bind(Place::Page, plain(KeyCode::Up), Command::Move(Motion::Up), "scroll"),
    bind(Place::Page, plain(KeyCode::Down), Command::Move(Motion::Down), "scroll"),
    bind(Place::Page, char('k'), Command::Move(Motion::Up), "scroll"),
    bind(Place::Page, char('j'), Command::Move(Motion::Down), "scroll"),
    bind(Place::Page, plain(KeyCode::PageUp), Command::Move(Motion::PageUp), "scroll by pages"),
    bind(Place::Page, plain(KeyCode::PageDown), Command::Move(Motion::PageDown), "scroll by pages"),
    bind(Place::Page, char(' '), Command::Move(Motion::PageDown), "scroll by pages"),
    bind(Place::Page, plain(KeyCode::Home), Command::Move(Motion::Top), "to the start and the end"),
    bind(Place::Page, plain(KeyCode::End), Command::Move(Motion::Bottom), "to the start and the end"),
    bind(Place::Page, plain(KeyCode::Escape), Command::Back, "back"),
    bind(Place::Page, char('q'), Command::Back, "back"),
    bind(Place::Page, plain(KeyCode::Enter), Command::Back, "back"),
    bind(Place::Changes, plain(KeyCode::Up), Command::Move(Motion::Up), "scroll"),
    bind(Place::Changes, plain(KeyCode::Down), Command::Move(Motion::Down), "scroll"),
    bind(Place::Changes, char('k'), Command::Move(Motion::Up), "scroll"),
    bind(Place::Changes, char('j'), Command::Move(Motion::Down), "scroll"),
    bind(Place::Changes, plain(KeyCode::PageUp), Command::Move(Motion::PageUp), "scroll by pages"),
    bind(Place::Changes, plain(KeyCode::PageDown), Command::Move(Motion::PageDown), "scroll by pages"),
    bind(Place::Changes, char(' '), Command::Move(Motion::PageDown), "scroll by pages"),
    bind(Place::Changes, plain(KeyCode::Home), Command::Move(Motion::Top), "to the start and the end"),
    bind(Place::Changes, plain(KeyCode::End), Command::Move(Motion::Bottom), "to the start and the end"),
    changes(char(']'), ChangesCommand::NextFile, "next file, file before"),
    changes(char('['), ChangesCommand::PreviousFile, "next file, file before"),
    changes(char('}'), ChangesCommand::NextPart, "next piece of a file, piece before"),
    changes(char('{'), ChangesCommand::PreviousPart, "next piece of a file, piece before"),
    bind(Place::Changes, char('/'), Command::Find, "find words in it"),
    bind(Place::Changes, char('n'), Command::FindDown, "found further down, further up"),
    bind(Place::Changes, char('N'), Command::FindUp, "found further down, further up"),
    changes(char('t'), ChangesCommand::OtherSpan, "to the turn's end, or until now"),
    changes(char('r'), ChangesCommand::LookAgain, "look again"),
    changes(char('y'), ChangesCommand::CopyFile, "copy what changed in the file"),
    changes(char('Y'), ChangesCommand::CopyAll, "copy all of it"),
    bind(Place::Changes, plain(KeyCode::Escape), Command::Back, "back"),
    bind(Place::Changes, char('q'), Command::Back, "back"),
    bind(Place::Requests, plain(KeyCode::Up), Command::Move(Motion::Up), "choose"),
    bind(Place::Requests, plain(KeyCode::Down), Command::Move(Motion::Down), "choose"),
    bind(Place::Requests, char('a'), Command::Allow, "allow the permission, this once"),
    bind(Place::Requests, char('d'), Command::Deny, "deny it"),
    bind(Place::Requests, plain(KeyCode::Enter), Command::Answer, "answer the question with what is written"),
    bind(Place::Requests, plain(KeyCode::PageUp), Command::Move(Motion::PageUp), "scroll"),
    bind(Place::Requests, plain(KeyCode::PageDown), Command::Move(Motion::PageDown), "scroll"),
    bind(Place::Requests, plain(KeyCode::Escape), Command::Back, "back"),
    bind(Place::Agents, plain(KeyCode::Up), Command::Move(Motion::Up), "choose"),
    bind(Place::Agents, plain(KeyCode::Down), Command::Move(Motion::Down), "choose"),
    bind(Place::Agents, char('k'), Command::Move(Motion::Up), "choose"),
    bind(Place::Agents, char('j'), Command::Move(Motion::Down), "choose"),
    bind(Place::Agents, plain(KeyCode::Home), Command::Move(Motion::Top), ""),
    bind(Place::Agents, plain(KeyCode::End), Command::Move(Motion::Bottom), ""),
    bind(Place::Agents, plain(KeyCode::Enter), Command::ChooseAgent, "begin a conversation with it"),
    bind(Place::Agents, char('h'), Command::HandOver, "hand this conversation over to it, with a brief"),
    bind(Place::Agents, char('s'), Command::AgentSessions, "its own sessions of this folder, to adopt one"),
    bind(Place::Agents, char('t'), Command::ToggleWorktree, "in the folder, or in a git worktree of its own"),
    bind(Place::Agents, plain(KeyCode::Escape), Command::Back, "back"),
    bind(Place::Agents, char('q'), Command::Back, "back"),
    bind(Place::Overview, plain(KeyCode::Enter), Command::Open, "open"),
    bind(Place::Overview, plain(KeyCode::Up), Command::Move(Motion::Up), "choose"),
    bind(Place::Overview, plain(KeyCode::Down), Command::Move(Motion::Down), "choose"),
    bind(Place::Overview, plain(KeyCode::PageUp), Command::Move(Motion::PageUp), ""),
    bind(Place::Overview, plain(KeyCode::PageDown), Command::Move(Motion::PageDown), ""),
    bind(Place::Overview, ctrl(KeyCode::Home), Command::Move(Motion::Top), ""),
    bind(Place::Overview, ctrl(KeyCode::End), Command::Move(Motion::Bottom), ""),
    bind(Place::Overview, plain(KeyCode::Tab), Command::NextOrder, "sort"),
    bind(Place::Overview, ctrl(KeyCode::Char('r')), Command::OnChosen(RowAction::Reply), "reply"),
    bind(Place::Overview, ctrl(KeyCode::Char('s')), Command::OnChosen(RowAction::Interrupt), "stop the turn"),
    bind(Place::Overview, ctrl(KeyCode::Char('n')), Command::OnChosen(RowAction::Fresh), "fresh"),
    bind(Place::Overview, ctrl(KeyCode::Char('t')), Command::OnChosen(RowAction::Rename), "title"),
    bind(Place::Overview, ctrl(KeyCode::Char('x')), Command::OnChosen(RowAction::Close), "close tab"),
    bind(Place::Overview, ctrl(KeyCode::Char('p')), Command::OnChosen(RowAction::Peek), "peek"),
    bind(Place::Overview, ctrl(KeyCode::Char('a')), Command::OnChosen(RowAction::Archive), "archive"),
    bind(Place::Overview, ctrl(KeyCode::Char('z')), Command::OnChosen(RowAction::UndoArchive), "undo it"),
    bind(Place::Overview, ctrl(KeyCode::Char('d')), Command::OnChosen(RowAction::Delete), "delete"),
    bind(Place::Overview, plain(KeyCode::Escape), Command::Back, "back"),
    bind(Place::Search, plain(KeyCode::Enter), Command::Open, "open the conversation at that turn"),
    bind(Place::Search, plain(KeyCode::Up), Command::Move(Motion::Up), "choose"),
    bind(Place::Search, plain(KeyCode::Down), Command::Move(Motion::Down), "choose"),
    bind(Place::Search, plain(KeyCode::PageUp), Command::Move(Motion::PageUp), "choose"),
    bind(Place::Search, plain(KeyCode::PageDown), Command::Move(Motion::PageDown), "choose"),
    bind(Place::Search, ctrl(KeyCode::Home), Command::Move(Motion::Top), ""),
    bind(Place::Search, ctrl(KeyCode::End), Command::Move(Motion::Bottom), ""),
    bind(Place::Search, plain(KeyCode::Escape), Command::Back, "back"),
    bind(Place::Palette, plain(KeyCode::Enter), Command::Open, "do it, or show the conversation"),
    bind(Place::Palette, plain(KeyCode::Up), Command::Move(Motion::Up), "choose"),
    bind(Place::Palette, plain(KeyCode::Down), Command::Move(Motion::Down), "choose"),
    bind(Place::Palette, plain(KeyCode::PageUp), Command::Move(Motion::PageUp), "choose"),
    bind(Place::Palette, plain(KeyCode::PageDown), Command::Move(Motion::PageDown), "choose"),
    bind(Place::Palette, ctrl(KeyCode::Home), Command::Move(Motion::Top), ""),
    bind(Place::Palette, ctrl(KeyCode::End), Command::Move(Motion::Bottom), ""),
    bind(Place::Palette, plain(KeyCode::Escape), Command::Back, "back"),
    bind(Place::History, plain(KeyCode::Enter), Command::Open, "put it into the composer"),
    bind(Place::History, plain(KeyCode::Up), Command::Move(Motion::Up), "choose"),
    bind(Place::History, plain(KeyCode::Down), Command::Move(Motion::Down), "choose"),
    bind(Place::History, ctrl(KeyCode::Char('r')), Command::Move(Motion::Down), "choose"),
    bind(Place::History, plain(KeyCode::PageUp), Command::Move(Motion::PageUp), "choose"),
    bind(Place::History, plain(KeyCode::PageDown), Command::Move(Motion::PageDown), "choose"),
    bind(Place::History, ctrl(KeyCode::Home), Command::Move(Motion::Top), ""),
    bind(Place::History, ctrl(KeyCode::End), Command::Move(Motion::Bottom), ""),
    bind(Place::History, plain(KeyCode::Escape), Command::Back, "back"),
    step(char('h'), Step::Left, "move"),
    step(char('j'), Step::Down, "move"),
    step(char('k'), Step::Up, "move"),
    step(char('l'), Step::Right, "move"),
    step(plain(KeyCode::Left), Step::Left, ""),
    step(plain(KeyCode::Down), Step::Down, ""),
    step(plain(KeyCode::Up), Step::Up, ""),
    step(plain(KeyCode::Right), Step::Right, ""),
    step(char('b'), Step::WordLeft, "by words: left, right, to the end"),
    step(char('w'), Step::WordRight, "by words: left, right, to the end"),
    step(char('e'), Step::WordEnd, "by words: left, right, to the end"),
    step(char('0'), Step::RowStart, "start and end of the row"),
    step(char('$'), Step::RowEnd, "start and end of the row"),
    step(plain(KeyCode::Home), Step::RowStart, ""),
    step(plain(KeyCode::End), Step::RowEnd, ""),
    step(plain(KeyCode::PageUp), Step::PageUp, "by pages"),
    step(plain(KeyCode::PageDown), Step::PageDown, "by pages"),
    step(ctrl(KeyCode::Char('b')), Step::PageUp, ""),
    step(ctrl(KeyCode::Char('f')), Step::PageDown, ""),
    step(ctrl(KeyCode::Char('u')), Step::HalfUp, "by half pages"),
    step(ctrl(KeyCode::Char('d')), Step::HalfDown, "by half pages"),
    step(char('g'), Step::Top, "to the oldest and the newest row"),
    step(char('G'), Step::Bottom, "to the oldest and the newest row"),
    copy(char('v'), CopyCommand::Select(Shape::Characters), "select characters, lines, a block"),
    copy(char('V'), CopyCommand::Select(Shape::Lines), "select characters, lines, a block"),
    copy(ctrl(KeyCode::Char('v')), CopyCommand::Select(Shape::Block), "select characters, lines, a block"),
    copy(char(' '), CopyCommand::Select(Shape::Characters), ""),
    copy(char('o'), CopyCommand::OtherEnd, "to the selection's other end"),
    copy(char('y'), CopyCommand::Take, "copy what is selected, and leave"),
    copy(plain(KeyCode::Enter), CopyCommand::Take, "copy what is selected, and leave"),
    copy(char('/'), CopyCommand::Find(Direction::Forward), "search down, up"),
    copy(char('?'), CopyCommand::Find(Direction::Backward), "search down, up"),
    copy(char('n'), CopyCommand::FindNext, "the next found, the one before"),
    copy(char('N'), CopyCommand::FindPrevious, "the next found, the one before"),
    copy(plain(KeyCode::Escape), CopyCommand::Back, "end the selection, then leave"),
    copy(char('q'), CopyCommand::Leave, "leave"),
    bind(Place::Confirm, char('y'), Command::Yes, "yes"),
    bind(Place::Confirm, char('b'), Command::Brief, "yes, with a brief, where a fresh session is asked for"),
    bind(
        Place::Confirm,
        char('w'),
        Command::AlsoWorktree,
        "yes, and remove its worktree, where a conversation is deleted",
    ),
    bind(Place::Confirm, char('n'), Command::No, "no"),
    bind(Place::Confirm, plain(KeyCode::Escape), Command::No, "no"),
];

/// What the palette offers beside conversations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub command: Command,
    pub words: &'static str,
    /// None where the person took it every key.
    key: Option<(Place, Key)>,
}

impl Action {
    /// Its key with what must be pressed before; nothing where it has none.
    pub fn key_words(&self, prefix: Key) -> String {
        match self.key {
            None => String::new(),
            Some((Place::Prefix, key)) => format!("{} {}", key_name(prefix), key_name(key)),
            Some((_, key)) => key_name(key),
        }
    }
}

/// Whether the person can give a key to it that means something by itself. Left out is what only edits the text, what chooses a tab by number
/// (the conversations are offered by name), and the palette.
fn is_action(binding: &Binding) -> bool {
    let stands_alone = match binding.place {
        Place::Prefix | Place::Anywhere | Place::Composer => true,
        Place::Turns
        | Place::Record
        | Place::Page
        | Place::Changes
        | Place::Requests
        | Place::Agents
        | Place::Overview
        | Place::Search
        | Place::Palette
        | Place::Copy
        | Place::History
        | Place::Confirm => false,
    };
    let left_out =
        matches!(binding.command, Command::Edit(_) | Command::Extend(_) | Command::GoToTab(_) | Command::Palette);
    stands_alone && !left_out && !binding.words.is_empty()
}

/// The name of a key as people write it: `Ctrl+]`, `Alt+Enter`, `N`.
pub fn key_name(key: Key) -> String {
    let mut name = String::new();
    for (modifier, word) in [
        (Modifiers::CONTROL, "Ctrl+"),
        (Modifiers::ALT, "Alt+"),
        (Modifiers::SHIFT, "Shift+"),
        (Modifiers::SUPER, "Super+"),
    ] {
        if key.modifiers.has(modifier) {
            name.push_str(word);
        }
    }
    let word = match key.code {
        KeyCode::Char(' ') => "Space",
        KeyCode::Char(char) => {
            let upper = key.modifiers.has(Modifiers::CONTROL) || key.modifiers.has(Modifiers::ALT);
            name.push(if upper { char.to_ascii_uppercase() } else { char });
            ""
        }
        KeyCode::Function(number) => {
            let _ = write!(name, "F{number}"); // Writing to a string cannot fail.
            ""
        }
        KeyCode::Enter => "Enter",
        KeyCode::Tab => "Tab",
        KeyCode::BackTab => "Shift+Tab",
        KeyCode::Backspace => "Backspace",
        KeyCode::Escape => "Esc",
        KeyCode::Up => "Up",
        KeyCode::Down => "Down",
        KeyCode::Left => "Left",
        KeyCode::Right => "Right",
        KeyCode::Home => "Home",
        KeyCode::End => "End",
        KeyCode::PageUp => "PgUp",
        KeyCode::PageDown => "PgDn",
        KeyCode::Insert => "Ins",
        KeyCode::Delete => "Del",
    };
    name.push_str(word);
    name
}

/// The shortest name of a key for the status line: `^]`.
pub fn short_key_name(key: Key) -> String {
    match key {
        Key { code: KeyCode::Char(char), modifiers: Modifiers::CONTROL } => format!("^{}", char.to_ascii_uppercase()),
        _ => key_name(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_has_two_meanings_in_one_place() {
        for (index, binding) in TABLE.iter().enumerate() {
            let again =
                TABLE.iter().skip(index + 1).find(|other| other.place == binding.place && other.key == binding.key);
            assert!(again.is_none(), "{} twice in {:?}", key_name(binding.key), binding.place);
        }
    }

    #[test]
    fn keys_that_go_everywhere_are_not_taken_by_the_composer() {
        let keymap = Keymap::default();
        for binding in TABLE.iter().filter(|binding| binding.place == Place::Anywhere) {
            assert_eq!(keymap.command(Place::Composer, binding.key), None, "{}", key_name(binding.key));
        }
    }

    #[test]
    fn every_command_of_the_prefix_is_an_action_or_left_out_on_purpose() {
        let actions = Keymap::default().actions();
        for binding in TABLE.iter().filter(|binding| binding.place == Place::Prefix) {
            let left_out = matches!(binding.command, Command::GoToTab(_) | Command::Palette);
            let count = actions.iter().filter(|action| action.command == binding.command).count();
            assert_eq!(count, usize::from(!left_out), "{}", binding.words);
        }
    }

    #[test]
    fn alike_keys_are_told_on_one_line() {
        let lines = Keymap::default().lines(Place::Composer);
        assert!(lines.contains(&("Alt+Enter Shift+Enter Ctrl+J".into(), "new line")));
        let prefix: Vec<_> = Keymap::default().lines(Place::Prefix);
        assert!(prefix.contains(&("1 .. 9".into(), GO_TO_TAB)));
    }
}
