//! The search over all turns: typing, choosing, and going to the turn.
//!
//! Not here: finding (the host's store) or looks (`view/search.rs`).

use super::super::app::{App, Link, Page};
use super::super::composer::Edit;
use super::super::event::{Effect, Purpose, ThenRead};
use super::super::keymap::{Command, Motion, Place};
use super::super::search::{Came, Search};
use super::super::view;
use super::{TURNS_AT_ONCE, ask, command, keys, overview, reading, say_trouble, writing};
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::search::Findings;
use crate::protocol::message::Request;
use crate::terminal::keys::Key;

/// More than anybody scrolls through; who does not find it among these types another word.
const MOST: u32 = 100;

pub fn open(app: &mut App) {
    app.page = Some(Page::Search(Box::default()));
}

pub fn key(app: &mut App, out: &mut Vec<Effect>, key: Key) {
    let Some(Page::Search(page)) = &mut app.page else { return };
    match (app.keymap.command(Place::Search, key), app.keymap.command(Place::Composer, key), keys::typed(key)) {
        (Some(command), _, _) => return command::run(app, out, command),
        (None, Some(Command::Edit(Edit::Newline)), _) => {}
        (None, Some(Command::Edit(edit)), _) => page.text.apply(edit),
        (None, Some(Command::ClearText), _) => page.text.replace_text(""),
        // Such a text is far shorter than the one that has no room.
        (None, None, Some(char)) => drop(page.text.insert_char(char)),
        (None, Some(_) | None, _) => {}
    }
    look(app, out);
}

pub fn paste(app: &mut App, out: &mut Vec<Effect>, text: &str) {
    let Some(Page::Search(page)) = &mut app.page else { return };
    let taken = page.text.insert_text(text.lines().next().unwrap_or_default());
    writing::say_what_had_no_room(app, taken);
    look(app, out);
}

/// Asks for what is typed, if nothing is being asked.
pub fn look(app: &mut App, out: &mut Vec<Effect>) {
    let up = app.link == Link::Up;
    let Some(Page::Search(page)) = &mut app.page else { return };
    if page.text.text().trim().is_empty() {
        page.came = None;
        page.chosen = 0;
        page.top = 0;
    }
    let Some(text) = page.wanted() else { return };
    if up {
        page.asked = Some(text.clone());
        out.push(Effect::Ask(Purpose::Search(text.clone()), Request::Search { text, most: MOST }));
    }
}

/// The link is new: what was asked on the old one gets no answer.
pub fn look_again(app: &mut App, out: &mut Vec<Effect>) {
    if let Some(Page::Search(page)) = &mut app.page {
        page.asked = None;
        page.came = None;
    }
    look(app, out);
}

pub fn came(app: &mut App, out: &mut Vec<Effect>, text: String, findings: Result<Findings, String>) {
    settle(app, text, findings);
    look(app, out);
}

/// Shows what became of the search for this text.
pub fn settle(app: &mut App, text: String, findings: Result<Findings, String>) {
    let Some(Page::Search(page)) = &mut app.page else { return };
    // Of a page that was left and opened anew.
    if page.asked.as_ref() != Some(&text) {
        return;
    }
    page.asked = None;
    page.chosen = 0;
    page.top = 0;
    page.came = Some(Came { text, findings });
}

pub fn choose(app: &mut App, motion: Motion) {
    let seen = view::search::turns_seen(app).max(1);
    let Some(Page::Search(page)) = &mut app.page else { return };
    let last = page.found().len().saturating_sub(1);
    let to = match motion {
        Motion::Up => page.chosen.saturating_sub(1),
        Motion::Down => page.chosen + 1,
        Motion::PageUp => page.chosen.saturating_sub(seen),
        Motion::PageDown => page.chosen + seen,
        Motion::Top => 0,
        Motion::Bottom => last,
    };
    choose_turn(page, to.min(last), seen);
}

fn choose_turn(page: &mut Search, to: usize, seen: usize) {
    page.chosen = to;
    page.top = page.top.min(to).max((to + 1).saturating_sub(seen));
}

/// A click chooses, a second one on the same opens it.
pub fn click(app: &mut App, out: &mut Vec<Effect>, row: u16) {
    let Some(at) = view::search::turn_at(app, row) else { return };
    let Some(Page::Search(page)) = &mut app.page else { return };
    match at == page.chosen {
        true => open_chosen(app, out),
        false => page.chosen = at,
    }
}

/// Shows the record of the conversation at that turn.
pub fn open_chosen(app: &mut App, out: &mut Vec<Effect>) {
    let Some(Page::Search(page)) = &app.page else { return };
    let Some(found) = page.found().get(page.chosen) else { return };
    let (conversation, turn) = (found.conversation, found.turn);
    app.page = None;
    app.to_read = Some((conversation, turn));
    overview::show(app, out, conversation);
    fetch_turn(app, out);
}

/// Asks for the turn that is to be read and those around it, once its conversation is shown: what is read from the store may come before a
/// tab does.
pub fn fetch_turn(app: &mut App, out: &mut Vec<Effect>) {
    let active = app.active;
    let Some((conversation, turn)) = app.to_read.take_if(|(conversation, _)| Some(*conversation) == active) else {
        return;
    };
    if app.turn(turn).is_some() {
        return read_found(app, out, conversation, turn);
    }
    let before = TurnNumber(turn.0.saturating_add(TURNS_AT_ONCE / 2));
    let request = Request::Turns { conversation, before: Some(before), most: TURNS_AT_ONCE };
    ask(app, out, Purpose::TurnsBefore { conversation, before, then: ThenRead::At(turn) }, request);
}

/// The turn that was found is here: the record is read at it.
pub fn read_found(app: &mut App, out: &mut Vec<Effect>, conversation: ConversationId, turn: TurnNumber) {
    // The person may have gone on meanwhile.
    if app.active != Some(conversation) || app.page.is_some() {
        return;
    }
    match app.turn(turn).is_some() {
        true => reading::open_at(app, out, turn),
        false => say_trouble(app, format!("turn {turn} is not kept any more")),
    }
}
