//! The row of tabs under the mouse: choosing, renaming, closing, moving and scrolling.
//!
//! Not here: where a tab lies (`layout.rs`) or what its keys do (`command.rs`).

use super::super::app::App;
use super::super::event::Effect;
use super::super::keymap::Command;
use super::super::layout::{self, Hit};
use super::{command, select};
use crate::domain::id::ConversationId;
use crate::protocol::message::Request;
use crate::terminal::keys::{Mouse, MouseAction, MouseButton};

/// A press on a tab: once shows it, twice asks for another title, the middle button closes it.
pub fn press(app: &mut App, out: &mut Vec<Effect>, conversation: ConversationId, mouse: Mouse) {
    if mouse.action == MouseAction::Press(MouseButton::Middle) {
        return command::close_tab(app, out, conversation);
    }
    let clicks = app.pointer.press(mouse.column, mouse.row, app.now.steady_ms);
    let first_tab = app.first_tab;
    select(app, out, conversation);
    // The row must not move under the mouse.
    app.first_tab = first_tab;
    app.pointer.tab = Some((conversation, None));
    if clicks == 2 {
        app.pointer.tab = None;
        command::run(app, out, Command::Rename);
    }
}

/// A tab that is held goes to the place of the one that it is dragged over.
pub fn drag(app: &mut App, out: &mut Vec<Effect>, mouse: Mouse) {
    let Some((held, passed)) = app.pointer.tab else { return };
    let Hit::Tab(over) = layout::hit(app, mouse.column, mouse.row) else { return };
    if over == held {
        app.pointer.tab = Some((held, None));
        return;
    }
    let place = |of: ConversationId| app.tabs().iter().position(|tab| tab.id == of);
    let (Some(from), Some(to)) = (place(held), place(over)) else { return };
    // Until the host has moved it, every further step of the mouse would ask for the same; and a wide tab that has made room for a narrow one
    // may still lie under the mouse.
    if to == from || passed == Some(over) {
        return;
    }
    app.pointer.tab = Some((held, Some(over)));
    if let Ok(to) = u32::try_from(to) {
        command::order(app, out, Request::MoveTab { conversation: held, to }, "");
    }
}

/// The wheel over the row: more tabs than fit are scrolled, else the next one is shown.
pub fn wheel(app: &mut App, out: &mut Vec<Effect>, mouse: Mouse) {
    let up = mouse.action == MouseAction::WheelUp;
    let row = layout::tab_row(app, layout::layout(app).tab_bar);
    if row.left == 0 && row.right == 0 {
        return command::run(app, out, if up { Command::PreviousTab } else { Command::NextTab });
    }
    app.first_tab = match up {
        true => Some(row.left.saturating_sub(1)),
        false if row.right > 0 => Some(row.left + 1),
        false => app.first_tab,
    };
}
