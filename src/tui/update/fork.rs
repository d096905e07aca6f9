//! Forking: a new tab that leaves the conversation behind a turn. The brief of what was said stands in its composer; nothing is sent by itself.

use super::super::app::{App, Keyboard, Link, Page};
use super::super::event::{Effect, Purpose};
use super::super::view::reader;
use super::{ask, brief, say};
use crate::domain::conversation::Begun;
use crate::domain::id::{ConversationId, TurnNumber};
use crate::protocol::message::{PastTurn, Request};

/// So many turns before a fork are shown: what it left is there to be opened.
const PAST_TURNS: u32 = 50;

/// Behind the turn that is read or chosen, else behind the newest that ended.
pub fn ask_for(app: &mut App, out: &mut Vec<Effect>) {
    let Some(conversation) = app.active().map(|one| one.id) else { return say(app, "no tab is open yet") };
    let turn: Option<TurnNumber> = match (&app.page, app.keyboard()) {
        (Some(Page::Turn { number, .. }), _) => Some(*number),
        (_, Keyboard::Turns) => app.desk().and_then(|desk| desk.chosen),
        (_, Keyboard::Record) => reader::current(app),
        (_, Keyboard::Composer | Keyboard::Agent) => None,
    };
    app.page = None;
    let request = Request::Fork { conversation, turn, agent: None, model: None, title: None };
    ask(app, out, Purpose::Fork(conversation), request);
}

/// It is there, with its tab: now what its agent is to be told.
pub fn made(app: &mut App, out: &mut Vec<Effect>, conversation: ConversationId) {
    ask(app, out, Purpose::ForkBrief(conversation), Request::Brief { conversation });
}

pub fn brief_came(app: &mut App, conversation: ConversationId, text: &str) {
    let text = format!("{}\n", text.trim_end());
    brief::put_into_composer(app, conversation, &text, "Enter begins the fork with it; Ctrl+C begins without");
}

/// Asks once for what was said before the fork that is shown.
pub fn fetch_past(app: &mut App, out: &mut Vec<Effect>) {
    let Some(conversation) = app.active().filter(|one| one.begun != Begun::New).map(|one| one.id) else { return };
    let wanted = app.link == Link::Up && app.desk().is_some_and(|desk| desk.past.is_none());
    if wanted && let Some(desk) = app.desk_mut() {
        desk.past = Some(Vec::new());
        out.push(Effect::Ask(Purpose::Past(conversation), Request::Past { conversation, most: PAST_TURNS }));
    }
}

pub fn past_came(app: &mut App, conversation: ConversationId, past: Vec<PastTurn>) {
    if let Some(desk) = app.desks.get_mut(&conversation) {
        desk.past = Some(past.into_iter().map(|past| past.turn).collect());
    }
}
