//! Reading the record in the pane, a turn on its page, and the chosen turn beside the list: moving about and finding words.
//!
//! Not here: what can be done with a turn (`turn_actions.rs`), or the rows (`view/reader.rs`).

use super::super::app::{App, Fetched, Keyboard, Page};
use super::super::composer::Edit;
use super::super::event::Effect;
use super::super::keymap::{Command, Motion, Place};
use super::super::layout;
use super::super::reader::{Find, FindState, PAST, Scope, Spot, Standing};
use super::super::view::page;
use super::super::view::reader::{Reading, Way, current, turn_at};
use super::{fetch_older, keys, say};
use crate::domain::id::TurnNumber;
use crate::terminal::keys::{Key, KeyCode};
use ratatui::layout::Rect;

/// A step through what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Up(usize),
    Down(usize),
    Start,
    End,
}

impl Step {
    fn of(motion: Motion, rows_seen: u16) -> Step {
        let page = usize::from(rows_seen.saturating_sub(1).max(1));
        match motion {
            Motion::Up => Step::Up(1),
            Motion::Down => Step::Down(1),
            Motion::PageUp => Step::Up(page),
            Motion::PageDown => Step::Down(page),
            Motion::Top => Step::Start,
            Motion::Bottom => Step::End,
        }
    }
}

/// Where one stands after a step. Who comes to the end stays there.
fn moved(app: &App, scope: Scope, area: Rect, standing: Standing, step: Step) -> Standing {
    let reading = Reading::new(app, scope, area.width);
    let height = usize::from(area.height);
    let Some(top) = reading.top(standing, area.height) else { return standing };
    match step {
        Step::Start => Standing::Start,
        Step::End => Standing::End,
        Step::Up(rows) => Standing::At(reading.up(top, rows)),
        Step::Down(rows) => match reading.down(top, rows) {
            Some(to) if reading.down(to, height).is_some() => Standing::At(to),
            Some(_) | None => Standing::End,
        },
    }
}

/// Shows the record with the keyboard in it, or leaves it.
pub fn toggle(app: &mut App) {
    let has_turns = app.last_turn().is_some();
    let reads = app.keyboard() == Keyboard::Record || app.desk().is_some_and(|desk| desk.shows_record);
    match (reads, has_turns) {
        (true, _) => leave(app),
        (false, false) => say(app, "nothing was said here yet, so there is nothing to read"),
        (false, true) => {
            let Some(desk) = app.desk_mut() else { return };
            desk.shows_record = true;
            desk.keyboard = Keyboard::Record;
            desk.record_at = Standing::End;
            desk.marked = None;
        }
    }
}

/// Back to the composer, and to the live screen where there is one.
pub fn leave(app: &mut App) {
    if let Some(desk) = app.desk_mut() {
        desk.shows_record = false;
        desk.keyboard = Keyboard::Composer;
        desk.record_at = Standing::End;
        desk.find = None;
        desk.marked = None;
    }
}

pub fn step(app: &mut App, out: &mut Vec<Effect>, motion: Motion) {
    scroll(app, out, Step::of(motion, layout::layout(app).pane.height));
}

/// Moves through the record. At its start older turns are fetched.
pub fn scroll(app: &mut App, out: &mut Vec<Effect>, step: Step) {
    let pane = layout::layout(app).pane;
    let Some(standing) = app.desk().map(|desk| desk.record_at) else { return };
    stand(app, out, moved(app, Scope::Conversation, pane, standing, step));
}

fn stand(app: &mut App, out: &mut Vec<Effect>, standing: Standing) {
    let pane = layout::layout(app).pane;
    let Some(desk) = app.desk_mut() else { return };
    desk.record_at = standing;
    let oldest = app.first_turn();
    let top = Reading::new(app, Scope::Conversation, pane.width).top(standing, pane.height);
    if top.map(|top| top.turn) == oldest {
        fetch_older(app, out);
    }
}

/// To the prompt of the turn before or behind the one that is marked.
pub fn step_turn(app: &mut App, out: &mut Vec<Effect>, way: Way) {
    match app.page {
        Some(Page::Turn { number, .. }) => {
            // One that was searched for may be far from those that are read: what stands next to it is not known then.
            if app.desk().and_then(|desk| desk.found.as_ref()).is_some_and(|found| found.number == number)
                && app.desk().is_none_or(|desk| !desk.record.turns.contains_key(&number))
            {
                let record = app.way(Command::ToggleRecord);
                return say(app, format!("its neighbours are not here yet; the record ({record}) reads back to it"));
            }
            let to = neighbour(app, number, way).filter(|turn| *turn != PAST);
            match to {
                Some(number) => app.page = Some(Page::Turn { number, at: Standing::Start }),
                None => say_no_more(app, out, way),
            }
        }
        Some(_) => {}
        None => {
            let to = current(app).and_then(|turn| neighbour(app, turn, way));
            match to {
                Some(turn) => go_to(app, out, turn),
                None => {
                    scroll(app, out, if way == Way::Up { Step::Start } else { Step::End });
                    say_no_more(app, out, way);
                }
            }
        }
    }
}

fn neighbour(app: &App, turn: TurnNumber, way: Way) -> Option<TurnNumber> {
    match way {
        Way::Up => app.turn_before(turn),
        Way::Down => app.turn_after(turn),
    }
}

fn say_no_more(app: &mut App, out: &mut Vec<Effect>, way: Way) {
    let older = way == Way::Up && app.desk().is_some_and(|desk| desk.record.fetched != Fetched::All);
    if older {
        fetch_older(app, out);
    }
    say(
        app,
        match (way, older) {
            (Way::Up, true) => "older turns are being fetched; once more in a moment",
            (Way::Up, false) => "this is the first turn",
            (Way::Down, _) => "this is the last turn",
        },
    );
}

/// Stands at the prompt of a turn in the record.
pub fn go_to(app: &mut App, out: &mut Vec<Effect>, turn: TurnNumber) {
    if let Some(desk) = app.desk_mut() {
        desk.marked = Some(turn);
    }
    stand(app, out, Standing::At(Spot::start_of(turn)));
}

/// A click marks the turn and brings the keyboard.
pub fn click(app: &mut App, row: u16) {
    let turn = turn_at(app, row);
    if let Some(desk) = app.desk_mut() {
        desk.keyboard = Keyboard::Record;
        desk.marked = turn.or(desk.marked);
    }
}

/// Moves on the page of a turn.
pub fn scroll_page(app: &mut App, motion: Motion) {
    let area = page::text_area(app);
    let Some(Page::Turn { number, at }) = app.page else { return };
    let to = moved(app, Scope::Turn(number), area, at, Step::of(motion, area.height));
    app.page = Some(Page::Turn { number, at: to });
}

/// Moves in the turn that is chosen in the list.
pub fn scroll_chosen(app: &mut App, motion: Motion) {
    let pane = layout::layout(app).pane;
    let Some((chosen, at)) = app.desk().and_then(|desk| Some((desk.chosen?, desk.chosen_at))) else { return };
    let to = moved(app, Scope::Turn(chosen), pane, at, Step::of(motion, pane.height));
    if let Some(desk) = app.desk_mut() {
        desk.chosen_at = to;
    }
}

/// Begins to look for words, in the record.
pub fn find(app: &mut App) {
    if let Some(desk) = app.desk_mut() {
        desk.find = Some(Find::default());
    }
}

/// A key while the words are typed.
pub fn find_key(app: &mut App, out: &mut Vec<Effect>, key: Key) {
    let command = app.keymap.command(Place::Composer, key);
    let Some(find) = app.desk_mut().and_then(|desk| desk.find.as_mut()) else { return };
    match (key.code, command, keys::typed(key)) {
        (KeyCode::Enter, _, _) => {
            find.state = FindState::Done;
            find_from_end(app, out);
        }
        (KeyCode::Escape, _, _) => stop_finding(app),
        (_, Some(Command::Edit(edit)), _) if edit != Edit::Newline => find.words.apply(edit),
        // Such words are far shorter than what has no room.
        (_, None, Some(char)) => drop(find.words.insert_char(char)),
        (_, _, _) => {}
    }
}

pub fn paste(app: &mut App, text: &str) {
    if let Some(find) = app.desk_mut().and_then(|desk| desk.find.as_mut()) {
        // Such words are far shorter than what has no room.
        let _ = find.words.insert_text(text.lines().next().unwrap_or_default());
    }
}

fn stop_finding(app: &mut App) {
    if let Some(desk) = app.desk_mut() {
        desk.find = None;
        desk.found_at = None;
    }
}

/// Esc leaves the words first, then the record.
pub fn back(app: &mut App) {
    match app.desk().is_some_and(|desk| desk.find.is_some()) {
        true => stop_finding(app),
        false => leave(app),
    }
}

/// The newest place first: what is looked for is more often near the end.
fn find_from_end(app: &mut App, out: &mut Vec<Effect>) {
    let end = Spot { turn: TurnNumber(u32::MAX), block: usize::MAX, row: usize::MAX };
    let from = app.last_turn().map_or(end, |turn| Spot { turn, ..end });
    find_from(app, out, from, Way::Up);
}

pub fn find_again(app: &mut App, out: &mut Vec<Effect>, way: Way) {
    let pane = layout::layout(app).pane;
    let Some(desk) = app.desk() else { return };
    let top = Reading::new(app, Scope::Conversation, pane.width).top(desk.record_at, pane.height);
    match desk.found_at.or(top) {
        Some(from) if desk.find.is_some() => find_from(app, out, from, way),
        Some(_) | None => say(app, "nothing is looked for; / begins"),
    }
}

fn find_from(app: &mut App, out: &mut Vec<Effect>, from: Spot, way: Way) {
    let pane = layout::layout(app).pane;
    let Some(words) = app.desk().and_then(|desk| desk.find.as_ref()).map(|find| find.words.text()) else { return };
    if words.trim().is_empty() {
        return stop_finding(app);
    }
    let reading = Reading::new(app, Scope::Conversation, pane.width);
    match reading.find(&words, from, way) {
        Some(found) => {
            // Some rows above it tell where one is.
            let top = reading.up(found, usize::from(pane.height / 3));
            if let Some(desk) = app.desk_mut() {
                desk.found_at = Some(found);
                desk.marked = Some(found.turn);
            }
            stand(app, out, Standing::At(top));
        }
        None => {
            let more = way == Way::Up && app.desk().is_some_and(|desk| desk.record.fetched == Fetched::Newest);
            if more {
                fetch_older(app, out);
                say(app, format!("not in the turns read so far: {words}; older ones are being fetched, N looks on"));
            } else {
                let where_to = if way == Way::Up { "further up" } else { "further down" };
                say(app, format!("not found {where_to}: {words}"));
            }
        }
    }
}
