//! What can be done with a turn that is chosen, shown or read: copying, sending it again, moving it in the queue, going to its place.

use super::super::app::{App, Keyboard, Page, alive_since, is_ended};
use super::super::clipboard;
use super::super::event::Effect;
use super::super::view::{prose, reader};
use super::command::{keyboard_to, order};
use super::{reading, say, say_trouble, text_changed, writing};
use crate::domain::continuity::Continuity;
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::turn::{TurnRecord, TurnState};
use crate::protocol::message::{Place, Request, ViewInput};

/// What of a turn is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copied {
    Prompt,
    Answer,
    /// The last block of code in the answer.
    Code,
}

/// Which way a queued message moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toward {
    Front,
    Back,
}

/// The turn that a key is about.
pub fn subject(app: &App) -> Option<TurnNumber> {
    match (&app.page, app.keyboard()) {
        (Some(Page::Turn { number, .. }), _) => Some(*number),
        (Some(_), _) => None,
        (None, Keyboard::Turns) => app.desk()?.chosen,
        (None, Keyboard::Record) => reader::current(app),
        (None, Keyboard::Composer | Keyboard::Agent) => None,
    }
}

/// The turn with its texts whole; what a conversation tells of its newest turn has a cut prompt and no answer.
fn whole(app: &App, number: TurnNumber) -> Option<&TurnRecord> {
    let desk = app.desk()?;
    let queued = app.active()?.queue.iter().find(|turn| turn.number == number);
    desk.record.turns.get(&number).or(queued)
}

/// Says why nothing can be done with it, where that is so.
fn subject_whole(app: &mut App) -> Option<TurnRecord> {
    let turn = subject(app).and_then(|number| whole(app, number)).cloned();
    if turn.is_none() {
        say(app, "its whole text is not here yet; once it has ended, it is");
    }
    turn
}

pub fn copy(app: &mut App, out: &mut Vec<Effect>, what: Copied) {
    let Some(turn) = subject_whole(app) else { return };
    let answer = turn.answer.as_ref().map(|answer| answer.text.trim_end()).unwrap_or_default();
    let (text, name) = match what {
        Copied::Prompt => (turn.prompt.clone(), "prompt"),
        Copied::Answer => (answer.to_owned(), "answer"),
        Copied::Code => (prose::code_blocks(answer).pop().unwrap_or_default(), "last code block"),
    };
    match text.is_empty() {
        true => say(app, format!("turn {} has no {name} to copy", turn.number)),
        false => match clipboard::words(&text, app.copy_taker()) {
            Ok(words) => {
                out.push(Effect::Copy(text));
                say(app, format!("the {name} of turn {}: {words}", turn.number));
            }
            Err(why) => say_trouble(app, why),
        },
    }
}

/// Sends the same text as a new message.
pub fn retry(app: &mut App, out: &mut Vec<Effect>) {
    let Some(turn) = subject_whole(app).filter(|turn| can_send_again(app, turn)) else { return };
    app.page = None;
    if writing::send(app, out, turn.prompt, Place::Behind) {
        say(app, format!("the text of turn {} is sent again as a new message", turn.number));
    }
}

fn can_send_again(app: &mut App, turn: &TurnRecord) -> bool {
    if !is_ended(turn) {
        say(app, format!("turn {} has not ended yet, so it is not sent again", turn.number));
        return false;
    }
    if turn.prompt.trim().is_empty() {
        say(app, "its text was typed in the agent's screen and is not known");
        return false;
    }
    true
}

/// Puts the same text into the composer.
pub fn edit_again(app: &mut App) {
    let Some(turn) = subject_whole(app).filter(|turn| can_send_again(app, turn)) else { return };
    app.page = None;
    let Some(desk) = app.desk_mut() else { return };
    if desk.editing.is_some() {
        return say(app, "a queued message is being edited; Enter keeps the change, Esc leaves it");
    }
    let had_draft = !desk.composer.is_empty();
    desk.recalled = None;
    desk.composer.replace_text(&turn.prompt);
    keyboard_to(app, Keyboard::Composer);
    text_changed(app);
    let draft = if had_draft { "; Ctrl+Z twice: your draft" } else { "" };
    say(app, format!("the text of turn {}; Enter sends it{draft}", turn.number));
}

/// The next message goes on with the session that the turn ran in.
pub fn resume_session(app: &mut App, out: &mut Vec<Effect>) {
    let Some(turn) = subject(app).and_then(|number| app.turn(number)) else { return };
    let (number, ran_in) = (turn.number, turn.session);
    let Some(conversation) = app.active() else { return };
    let goes_on = conversation.session.as_ref().map(|session| session.number);
    let id = conversation.id;
    match ran_in {
        None => say(app, format!("turn {number} ran in no session")),
        Some(session) if goes_on == Some(session) && conversation.next.continuity != Continuity::Fresh => {
            say(app, format!("session {session} is the one that goes on"));
        }
        Some(session) => {
            app.page = None;
            // What comes next is to be written.
            keyboard_to(app, Keyboard::Composer);
            order(
                app,
                out,
                Request::Resume { conversation: id, session: Some(session) },
                "the next message goes on with that session",
            );
        }
    }
}

/// Shows the agent's screen where the turn began.
pub fn go_to_place(app: &mut App, out: &mut Vec<Effect>) {
    let Some(turn) = subject(app).and_then(|number| app.turn(number)) else { return };
    let (number, started_at) = (turn.number, turn.started_at);
    let reached = turn.started_at.unwrap_or(turn.accepted_at);
    let queued = turn.state == TurnState::Queued;
    let Some(since) = app.active().and_then(alive_since).filter(|_| app.live_screen().is_some()) else {
        return say(app, "no process lives here, and its scrollback went with it; the record stays");
    };
    if queued {
        return say(app, format!("turn {number} waits in the queue, so it has no place yet"));
    }
    if reached < since {
        return say_no_place(app, number);
    }
    app.page = None;
    reading::leave(app);
    out.push(Effect::ToView(ViewInput::ToTurn { turn: number, started_at }));
}

/// Why there is no such place is not known for sure, so all that it can be is said.
pub fn say_no_place(app: &mut App, turn: TurnNumber) {
    let why = "cleared, drawn over, older than the scrollback, or of an earlier process";
    say(app, format!("the place of turn {turn} is gone: {why}"));
}

/// Moves a queued message by one place.
pub fn move_queued(app: &mut App, out: &mut Vec<Effect>, toward: Toward) {
    let Some((conversation, turn, at, count)) = queued(app) else {
        return say(app, "only a queued message can be moved");
    };
    let to = match toward {
        Toward::Front => at.checked_sub(1),
        Toward::Back => Some(at + 1).filter(|to| *to < count),
    };
    match to.and_then(|to| u32::try_from(to).ok()) {
        Some(to) => order(app, out, Request::MoveQueued { conversation, turn, to }, ""),
        None if toward == Toward::Front => say(app, "it is the first already; s interrupts and sends it now"),
        None => say(app, "it is the last already"),
    }
}

fn queued(app: &App) -> Option<(ConversationId, TurnNumber, usize, usize)> {
    let turn = subject(app)?;
    let conversation = app.active()?;
    let at = conversation.queue.iter().position(|queued| queued.number == turn)?;
    Some((conversation.id, turn, at, conversation.queue.len()))
}
