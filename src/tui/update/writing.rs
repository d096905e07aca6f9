//! What the composer does beyond editing: sending, the history of prompts, and changing a queued message.

use super::super::app::{App, Desk, Keyboard, Recalled};
use super::super::composer::{Composer, CursorRow, Edit, MAX_LINES, Taken};
use super::super::event::{Effect, Purpose};
use super::super::keymap::Command;
use super::super::layout::{self, COMPOSER_INDENT};
use super::super::reader::Standing;
use super::{Asked, ask, command, copy, say, say_trouble, text_changed};
use crate::domain::conversation_state::MAX_MESSAGE_BYTES;
use crate::domain::id::ConversationId;
use crate::protocol::message::{Place, Request};

/// Writes into the composer and says what had no room.
pub fn write(app: &mut App, write: impl FnOnce(&mut Composer) -> Taken) {
    let Some(desk) = app.desk_mut() else { return };
    desk.recalled = None;
    let taken = write(&mut desk.composer);
    text_changed(app);
    say_what_had_no_room(app, taken);
}

pub fn say_what_had_no_room(app: &mut App, taken: Taken) {
    match taken {
        Taken::All => {}
        Taken::Without(bytes) => {
            let most = MAX_MESSAGE_BYTES / 1024;
            let words = format!("a message has at most {most} KiB and {MAX_LINES} lines; {bytes} B were left out");
            say_trouble(app, words);
        }
    }
}

pub fn send_now(app: &mut App, out: &mut Vec<Effect>) {
    let empty = app.desk().is_none_or(|desk| desk.composer.text().trim().is_empty());
    let first = app.active().and_then(|conversation| conversation.queue.first()).map(|turn| turn.number);
    let editing = app.desk().and_then(|desk| desk.editing.as_ref()).is_some();
    match first.zip(app.active) {
        _ if editing => say(app, "a queued message is being edited; Enter keeps the change, Esc leaves it"),
        Some((turn, conversation)) if empty => {
            command::order(app, out, Request::SendNow { conversation, turn }, "the first queued message is sent now");
        }
        Some(_) | None => submit(app, out, Place::InterruptAndSendNow),
    }
}

pub fn submit(app: &mut App, out: &mut Vec<Effect>, place: Place) {
    let Some(conversation) = app.active else { return };
    let Some(desk) = app.desk_mut() else { return };
    let text = desk.composer.text();
    if text.trim().is_empty() {
        return say(app, "there is nothing to send; type a message first");
    }
    if let Some((turn, then)) = desk.editing.as_ref().map(|editing| (editing.turn, editing.then.clone())) {
        let purpose = Purpose::EditQueued { conversation, turn, text: text.clone(), then };
        if ask(app, out, purpose, Request::EditQueued { conversation, turn, text: text.clone() }) == Asked::Yes {
            stop_editing(app);
            if let Some(desk) = app.desk_mut() {
                desk.edits_in_flight.push(text);
            }
        }
        return;
    }
    if !send(app, out, text, place) {
        return say_trouble(app, "not connected to the host, so nothing was sent; the text stays here");
    }
    if let Some(desk) = app.desk_mut() {
        desk.composer.replace_text("");
        desk.recalled = None;
    }
    text_changed(app);
}

/// Sends a text as a new message; false where there is no host to send it to.
pub fn send(app: &mut App, out: &mut Vec<Effect>, text: String, place: Place) -> bool {
    let Some(conversation) = app.active else { return false };
    let environment = app.environment.clone();
    let request = Request::Submit { conversation, text: text.clone(), place, environment };
    if ask(app, out, Purpose::Submit { conversation, text: text.clone() }, request) == Asked::NoHost {
        return false;
    }
    if let Some(desk) = app.desk_mut() {
        desk.in_flight.push(text);
        desk.record_at = Standing::End;
    }
    true
}

pub fn older(app: &mut App) {
    let columns = composer_columns(app);
    let prompts = app.prompts();
    let Some(desk) = app.desk_mut() else { return };
    match desk.composer.cursor_row(columns) {
        CursorRow::Middle | CursorRow::Last => return desk.composer.apply(Edit::Up),
        CursorRow::First | CursorRow::Only => {}
    }
    let index = desk.recalled.as_ref().map_or(prompts.len(), |recalled| recalled.index);
    let begins = begins_with(desk);
    let earlier = prompts.iter().enumerate().take(index).rev();
    let Some((index, prompt)) = earlier.into_iter().find(|(_, prompt)| prompt.starts_with(&begins)) else {
        return desk.composer.apply(Edit::LineStart);
    };
    match &mut desk.recalled {
        Some(recalled) => recalled.index = index,
        None => desk.recalled = Some(Recalled { index, draft: desk.composer.text() }),
    }
    desk.composer.replace_text(prompt);
    text_changed(app);
}

/// Only messages that begin like what was typed are recalled.
fn begins_with(desk: &Desk) -> String {
    desk.recalled.as_ref().map_or_else(|| desk.composer.text(), |recalled| recalled.draft.clone())
}

pub fn newer(app: &mut App) {
    let columns = composer_columns(app);
    let prompts = app.prompts();
    let Some(desk) = app.desk_mut() else { return };
    match desk.composer.cursor_row(columns) {
        CursorRow::Middle | CursorRow::First => return desk.composer.apply(Edit::Down),
        CursorRow::Last | CursorRow::Only => {}
    }
    let Some(recalled) = &mut desk.recalled else { return desk.composer.apply(Edit::LineEnd) };
    let later = prompts.iter().enumerate().skip(recalled.index + 1);
    match later.into_iter().find(|(_, prompt)| prompt.starts_with(&recalled.draft)) {
        Some((index, prompt)) => {
            recalled.index = index;
            desk.composer.replace_text(prompt);
        }
        None => {
            let draft = std::mem::take(&mut recalled.draft);
            desk.recalled = None;
            desk.composer.replace_text(&draft);
        }
    }
    text_changed(app);
}

fn composer_columns(app: &App) -> u16 {
    layout::layout(app).composer.width.saturating_sub(COMPOSER_INDENT)
}

/// The person's editor takes the whole terminal until it ends.
pub fn open_editor(app: &mut App, out: &mut Vec<Effect>) {
    let Some((conversation, desk)) = app.active.zip(app.desk()) else { return };
    out.push(Effect::Editor { conversation, text: desk.composer.text() });
}

/// The editor has ended.
pub fn edited(app: &mut App, conversation: ConversationId, result: Result<String, String>) {
    match result {
        Ok(text) => {
            let Some(desk) = app.desks.get_mut(&conversation) else { return };
            desk.recalled = None;
            if text != desk.composer.text() {
                desk.composer.replace_text(&text);
            }
            command::keyboard_to(app, Keyboard::Composer);
            text_changed(app);
        }
        Err(why) => say_trouble(app, why),
    }
    app.redraws = app.redraws.wrapping_add(1);
}

pub fn clear_text(app: &mut App, out: &mut Vec<Effect>) {
    let (interrupt, leave) = (app.way(Command::Interrupt), app.way(Command::Leave));
    let undo = app.way(Command::Edit(Edit::Undo));
    let Some(desk) = app.desk_mut() else { return };
    if let Some(selected) = desk.composer.selected() {
        return copy::give(app, out, selected);
    }
    if desk.composer.is_empty() {
        return say(app, format!("{interrupt} interrupts the turn, {leave} leaves"));
    }
    desk.recalled = None;
    desk.composer.replace_text("");
    text_changed(app);
    say(app, format!("cleared; {undo} brings it back"));
}

pub fn keep_queued(app: &mut App) {
    if let Some(desk) = app.desk_mut() {
        desk.missed = None; // It was read.
    }
    if app.desk().and_then(|desk| desk.editing.as_ref()).is_some() {
        stop_editing(app);
        say(app, "the queued message stays as it was");
    }
}

/// The composer holds the draft again.
fn stop_editing(app: &mut App) {
    if let Some(desk) = app.desk_mut()
        && let Some(editing) = desk.editing.take()
    {
        desk.composer = Composer::with_text(&editing.draft);
    }
    text_changed(app);
}
