//! The palette: typing, choosing, and doing what is chosen.
//!
//! Not here: what it offers (`tui/palette.rs`) or looks (`view/palette.rs`).

use super::super::app::{App, Page};
use super::super::composer::Edit;
use super::super::event::Effect;
use super::super::keymap::{Command, Motion, Place};
use super::super::palette::{self, Does};
use super::super::view;
use super::{command, keys, overview, writing};
use crate::terminal::keys::Key;

pub fn open(app: &mut App, out: &mut Vec<Effect>) {
    app.page = Some(Page::Palette(Box::default()));
    overview::fetch(app, out);
}

pub fn key(app: &mut App, out: &mut Vec<Effect>, key: Key) {
    let Some(Page::Palette(page)) = &mut app.page else { return };
    match (app.keymap.command(Place::Palette, key), app.keymap.command(Place::Composer, key), keys::typed(key)) {
        (Some(command), _, _) => return command::run(app, out, command),
        (None, Some(Command::Edit(Edit::Newline)), _) => {}
        (None, Some(Command::Edit(edit)), _) => page.text.apply(edit),
        (None, Some(Command::ClearText), _) => page.text.replace_text(""),
        // Such a text is far shorter than the one that has no room.
        (None, None, Some(char)) => drop(page.text.insert_char(char)),
        (None, Some(_) | None, _) => {}
    }
    page.chosen = 0;
    page.top = 0;
}

pub fn paste(app: &mut App, text: &str) {
    let Some(Page::Palette(page)) = &mut app.page else { return };
    let taken = page.text.insert_text(text.lines().next().unwrap_or_default());
    page.chosen = 0;
    page.top = 0;
    writing::say_what_had_no_room(app, taken);
}

pub fn choose(app: &mut App, motion: Motion) {
    let seen = view::palette::entries_seen(app).max(1);
    let Some(Page::Palette(page)) = &app.page else { return };
    let last = palette::entries(app, page).len().saturating_sub(1);
    let to = match motion {
        Motion::Up => page.chosen.saturating_sub(1),
        Motion::Down => page.chosen + 1,
        Motion::PageUp => page.chosen.saturating_sub(seen),
        Motion::PageDown => page.chosen + seen,
        Motion::Top => 0,
        Motion::Bottom => last,
    }
    .min(last);
    if let Some(Page::Palette(page)) = &mut app.page {
        page.chosen = to;
        page.top = page.top.min(to).max((to + 1).saturating_sub(seen));
    }
}

/// A click does it: what stands there was read.
pub fn click(app: &mut App, out: &mut Vec<Effect>, row: u16) {
    let Some(at) = view::palette::entry_at(app, row) else { return };
    if let Some(Page::Palette(page)) = &mut app.page {
        page.chosen = at;
    }
    take(app, out);
}

/// Does what is chosen, as its key would.
pub fn take(app: &mut App, out: &mut Vec<Effect>) {
    let Some(Page::Palette(page)) = &app.page else { return };
    let mut entries = palette::entries(app, page);
    if page.chosen >= entries.len() {
        return;
    }
    let does = entries.swap_remove(page.chosen).does;
    app.page = None;
    match does {
        Does::Act(action) => command::run(app, out, action.command),
        Does::Show(conversation) => overview::show(app, out, conversation),
    }
}
