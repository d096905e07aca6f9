//! Earlier messages of all conversations: opening the page, typing, choosing, and taking one into the composer.
//!
//! Not here: which match (`tui/history.rs`) or looks (`view/history.rs`).

use super::super::app::{App, Keyboard, Page};
use super::super::composer::Edit;
use super::super::event::{Effect, Purpose};
use super::super::history::History;
use super::super::keymap::{Command, Motion, Place};
use super::super::view;
use super::{ask, command, keys, say, text_changed, writing};
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::turn::TurnRecord;
use crate::protocol::message::{Prompt, Request};
use crate::terminal::keys::Key;

/// As many as are worth looking through; the host tells fewer where they are long.
const MOST: u32 = 2_000;

pub fn open(app: &mut App, out: &mut Vec<Effect>) {
    app.page = Some(Page::History(Box::default()));
    ask(app, out, Purpose::Prompts, Request::Prompts { most: MOST });
}

pub fn came(app: &mut App, prompts: Vec<Prompt>) {
    if let Some(Page::History(page)) = &mut app.page {
        page.prompts = Some(prompts);
        page.look();
    }
}

pub fn key(app: &mut App, out: &mut Vec<Effect>, key: Key) {
    let Some(Page::History(page)) = &mut app.page else { return };
    match (app.keymap.command(Place::History, key), app.keymap.command(Place::Composer, key), keys::typed(key)) {
        (Some(command), _, _) => return command::run(app, out, command),
        (None, Some(Command::Edit(Edit::Newline)), _) => {}
        (None, Some(Command::Edit(edit)), _) => page.text.apply(edit),
        (None, Some(Command::ClearText), _) => page.text.replace_text(""),
        // Such a text is far shorter than the one that has no room.
        (None, None, Some(char)) => drop(page.text.insert_char(char)),
        (None, Some(_) | None, _) => return,
    }
    page.look();
}

pub fn paste(app: &mut App, text: &str) {
    let Some(Page::History(page)) = &mut app.page else { return };
    let taken = page.text.insert_text(text.lines().next().unwrap_or_default());
    page.look();
    writing::say_what_had_no_room(app, taken);
}

pub fn choose(app: &mut App, motion: Motion) {
    let seen = view::history::prompts_seen(app).max(1);
    let Some(Page::History(page)) = &mut app.page else { return };
    let last = page.matching.len().saturating_sub(1);
    let to = match motion {
        Motion::Up => page.chosen.saturating_sub(1),
        Motion::Down => page.chosen + 1,
        Motion::PageUp => page.chosen.saturating_sub(seen),
        Motion::PageDown => page.chosen + seen,
        Motion::Top => 0,
        Motion::Bottom => last,
    };
    choose_prompt(page, to.min(last), seen);
}

fn choose_prompt(page: &mut History, to: usize, seen: usize) {
    page.chosen = to;
    page.top = page.top.min(to).max((to + 1).saturating_sub(seen));
}

/// A click chooses, a second one on the same takes it.
pub fn click(app: &mut App, out: &mut Vec<Effect>, row: u16) {
    let Some(at) = view::history::prompt_at(app, row) else { return };
    let Some(Page::History(page)) = &mut app.page else { return };
    match at == page.chosen {
        true => take(app, out),
        false => page.chosen = at,
    }
}

/// Puts the chosen one into the composer; one that was told cut is asked for whole.
pub fn take(app: &mut App, out: &mut Vec<Effect>) {
    let Some(Page::History(page)) = &app.page else { return };
    let Some(prompt) = page.chosen().cloned() else { return };
    app.page = None;
    if prompt.text.len() as u64 == prompt.bytes {
        return put(app, &prompt.text);
    }
    let Prompt { conversation, turn, .. } = prompt;
    let after = TurnNumber(turn.0.saturating_add(1));
    let request = Request::Turns { conversation, before: Some(after), most: 1 };
    ask(app, out, Purpose::WholePrompt { conversation: app.active, turn }, request);
}

/// The whole one came.
pub fn whole_came(app: &mut App, conversation: Option<ConversationId>, turn: TurnNumber, turns: Vec<TurnRecord>) {
    match turns.into_iter().find(|record| record.number == turn) {
        // The person may have gone on meanwhile.
        Some(_) if app.active != conversation => {}
        Some(record) => put(app, &record.prompt),
        None => say(app, "that message is not there any more"),
    }
}

/// What was written before can be had back by undoing.
fn put(app: &mut App, text: &str) {
    command::keyboard_to(app, Keyboard::Composer);
    if let Some(desk) = app.desk_mut() {
        desk.recalled = None;
        desk.composer.replace_text(text);
    }
    text_changed(app);
}
