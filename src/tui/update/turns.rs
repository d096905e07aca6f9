//! The list of queued and earlier turns: choosing, opening, and what can be done with a queued one.

use super::super::app::{AfterEdit, App, Editing, Keyboard, Page};
use super::super::composer::Composer;
use super::super::event::Effect;
use super::super::keymap::Motion;
use super::super::reader::Standing;
use super::super::view::reader::Way;
use super::command::{keyboard_to, order};
use super::{fetch_older, reading, say, turn_actions};
use crate::domain::id::{ConversationId, TurnNumber};
use crate::protocol::message::Request;

pub fn enter(app: &mut App) {
    let choices = app.choices();
    if choices.is_empty() {
        return say(app, "no message waits, and no turn has ended here yet");
    }
    keyboard_to(app, Keyboard::Turns);
    let queued = app.active().and_then(|conversation| conversation.queue.first()).map(|turn| turn.number);
    if let Some(desk) = app.desk_mut() {
        desk.chosen = queued.or(choices.first().copied());
        desk.chosen_at = Standing::Start;
    }
}

/// Chooses a turn of the list, or scrolls the one that is shown.
pub fn choose(app: &mut App, out: &mut Vec<Effect>, motion: Motion) {
    let choices = app.choices();
    let Some(desk) = app.desk() else { return };
    let at = desk.chosen.and_then(|chosen| choices.iter().position(|turn| *turn == chosen));
    let to = match motion {
        Motion::Up => at.map_or(0, |at| at.saturating_sub(1)),
        Motion::Down => at.map_or(0, |at| at + 1).min(choices.len().saturating_sub(1)),
        Motion::Top => 0,
        Motion::Bottom => choices.len().saturating_sub(1),
        Motion::PageUp | Motion::PageDown => return reading::scroll_chosen(app, motion),
    };
    let step = at.and_then(|at| choices.get(at)).zip(choices.get(to));
    if let Some((from, to)) = step
        && let Some(gap) = app.desk().and_then(|desk| desk.record.gap_between(*from, *to))
    {
        reading::fetch_gap(app, out, gap, if to < from { Way::Up } else { Way::Down });
        return say(app, "the turns between are being fetched; once more in a moment");
    }
    if let Some(turn) = choices.get(to) {
        choose_turn(app, *turn);
    }
    if to + 1 >= choices.len() {
        fetch_older(app, out);
    }
}

pub fn choose_turn(app: &mut App, turn: TurnNumber) {
    if let Some(desk) = app.desk_mut()
        && desk.chosen != Some(turn)
    {
        desk.chosen = Some(turn);
        desk.chosen_at = Standing::Start;
    }
}

/// The turn that a key is about, if it waits in the queue.
fn chosen_queued(app: &App) -> Option<(ConversationId, TurnNumber)> {
    let conversation = app.active()?;
    let chosen = turn_actions::subject(app)?;
    conversation.queue.iter().any(|turn| turn.number == chosen).then_some((conversation.id, chosen))
}

/// Opening only shows: what changes a queued message has keys of its own.
pub fn open(app: &mut App) {
    if let Some(number) = turn_actions::subject(app) {
        app.page = Some(Page::Turn { number, at: Standing::Start });
    }
}

/// Edits a queued message where it is; of one that was sent before, the text goes into the composer as a new one.
pub fn edit(app: &mut App) {
    let Some((_, turn)) = chosen_queued(app) else { return turn_actions::edit_again(app) };
    app.page = None;
    let Some(prompt) = app.turn(turn).map(|turn| turn.prompt.clone()) else { return };
    if let Some(desk) = app.desk_mut() {
        let draft = desk.draft();
        desk.editing = Some(Editing { turn, draft, then: AfterEdit::Nothing });
        desk.missed = None;
        desk.composer = Composer::with_text(&prompt);
        desk.recalled = None;
        desk.keyboard = Keyboard::Composer;
    }
    say(app, format!("editing queued turn {turn}; Enter keeps the change, Esc leaves it as it was"));
}

pub fn remove_queued(app: &mut App, out: &mut Vec<Effect>) {
    let Some((conversation, turn)) = chosen_queued(app) else {
        return say(app, "only a queued message can be removed");
    };
    app.page = None;
    order(app, out, Request::RemoveQueued { conversation, turn }, "removed from the queue");
}

pub fn send_queued_now(app: &mut App, out: &mut Vec<Effect>) {
    let Some((conversation, turn)) = chosen_queued(app) else {
        return say(app, "only a queued message can be sent now");
    };
    app.page = None;
    order(app, out, Request::SendNow { conversation, turn }, "sent now");
}
