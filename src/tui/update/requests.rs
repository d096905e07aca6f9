//! Answering what the agent asks: one request at a time, and only while it is asked.

use super::super::app::{App, Page, Requests, needs_answer};
use super::super::composer::{Composer, Taken};
use super::super::event::Effect;
use super::super::keymap::{Command, Motion};
use super::super::view;
use super::command::order;
use super::say;
use crate::domain::request::{Choice, RequestKind, RequestNumber, RequestState};
use crate::protocol::message::Request;

/// Opens the list on the oldest request that waits.
pub fn open(app: &mut App) {
    let waits = app.active().is_some_and(needs_answer);
    let turn = app.running();
    let first = turn.and_then(|turn| turn.requests.iter().find(|request| request.is_open()));
    match (turn.zip(first), waits) {
        (Some((turn, request)), _) => {
            let (turn, chosen) = (turn.number, request.number);
            let words = Composer::default();
            app.page = Some(Page::Requests(Box::new(Requests { turn, chosen, words, up: 0 })));
        }
        (None, true) => {
            say(app, format!("it can be answered on the agent's own screen only: {}", app.way(Command::SwitchKeyboard)))
        }
        (None, false) => {
            let next = app.way(Command::NextNeedingMe);
            say(app, format!("the agent asks nothing here; {next}: the next tab that needs you"));
        }
    }
}

pub fn open_on(app: &mut App, request: RequestNumber) {
    open(app);
    choose_request(app, request);
}

pub fn choose(app: &mut App, motion: Motion) {
    let most_up = view::requests::most_up(app);
    let page_rows = view::requests::rows_seen(app).max(1);
    let numbers: Vec<RequestNumber> =
        app.running().map(|turn| turn.requests.iter().map(|request| request.number).collect()).unwrap_or_default();
    let Some(Page::Requests(requests)) = &mut app.page else { return };
    let at = numbers.iter().position(|number| *number == requests.chosen);
    let to = match (motion, at) {
        (Motion::PageUp, _) => {
            requests.up = (requests.up + page_rows).min(most_up);
            return;
        }
        (Motion::PageDown, _) => {
            requests.up = requests.up.saturating_sub(page_rows);
            return;
        }
        (Motion::Up, Some(at)) => numbers.get(at.saturating_sub(1)),
        (Motion::Down, Some(at)) => numbers.get(at + 1),
        (Motion::Top, _) | (_, None) => numbers.first(),
        (Motion::Bottom, _) => numbers.last(),
    };
    if let Some(to) = to {
        choose_request(app, *to);
    }
}

/// Another one has no words of the first.
pub fn choose_request(app: &mut App, request: RequestNumber) {
    if let Some(Page::Requests(requests)) = &mut app.page
        && requests.chosen != request
    {
        requests.chosen = request;
        requests.words = Composer::default();
        requests.up = 0;
    }
}

/// Whether letters go into the answer.
pub fn takes_words(app: &App) -> bool {
    app.chosen_request().is_some_and(|request| match request.kind {
        RequestKind::Question => request.state == RequestState::Open,
        RequestKind::Permission | RequestKind::Login => false,
    })
}

pub fn write(app: &mut App, write: impl FnOnce(&mut Composer) -> Taken) {
    if let Some(Page::Requests(requests)) = &mut app.page {
        // An answer is far shorter than the text that has no room.
        let _ = write(&mut requests.words);
    }
}

pub fn answer_in_words(app: &mut App, out: &mut Vec<Effect>) {
    let Some(Page::Requests(requests)) = &app.page else { return };
    let words = requests.words.text();
    match app.chosen_request().map(|request| request.kind) {
        Some(RequestKind::Permission) => say(app, "a allows it, d denies it"),
        Some(RequestKind::Question) if words.trim().is_empty() => say(app, "write the answer first"),
        Some(RequestKind::Question | RequestKind::Login) | None => answer(app, out, Choice::Text(words)),
    }
}

/// Sends the answer to the chosen one. With nothing else open the page is left, so that the agent is seen going on.
pub fn answer(app: &mut App, out: &mut Vec<Effect>, choice: Choice) {
    let (Some(conversation), Some(Page::Requests(requests))) = (app.active, &app.page) else { return };
    let (turn, number) = (requests.turn, requests.chosen);
    match app.chosen_request().map(|request| (request.kind, &request.state)) {
        Some((RequestKind::Login, RequestState::Open)) => {
            let way = app.way(Command::SwitchKeyboard);
            return say(app, format!("a login is done on the agent's own screen: {way}"));
        }
        Some((_, RequestState::Open)) => {}
        Some((_, RequestState::Answering(_))) => return say(app, "its answer is on its way"),
        Some((_, RequestState::Answered(_) | RequestState::AnsweredInScreen | RequestState::Expired)) | None => {
            return say(app, "that is not asked any more; nothing was typed");
        }
    }
    let request = Request::AnswerRequest { conversation, turn: Some(turn), request: Some(number), choice };
    order(app, out, request, "the answer is on its way");
    let others = app.running().into_iter().flat_map(|turn| &turn.requests);
    let more = others.into_iter().any(|other| other.number != number && other.state == RequestState::Open);
    if !more {
        app.page = None;
    }
}
