//! Reading the record in the pane, a turn on its page, and the chosen turn beside the list: moving about and finding words.
//!
//! Not here: what can be done with a turn (`turn_actions.rs`), or the rows (`view/reader.rs`).

use super::super::app::{App, Keyboard, Page};
use super::super::composer::Edit;
use super::super::event::Effect;
use super::super::keymap::{Command, Motion, Place};
use super::super::layout;
use super::super::reader::record::Fetched;
use super::super::reader::{Find, FindState, PAST, Scope, Spot, Standing};
use super::super::view::page;
use super::super::view::reader::{Reading, SeenRow, Way, current, turn_at};
use super::{TURNS_AT_ONCE, fetch_before, fetch_older, keys, say};
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
    fetch_seen_gap(app, out);
}

/// To the prompt of the turn before or behind the one that is marked.
pub fn step_turn(app: &mut App, out: &mut Vec<Effect>, way: Way) {
    match app.page {
        Some(Page::Turn { number, .. }) => {
            if meets_gap(app, out, number, way) {
                return;
            }
            let to = neighbour(app, number, way).filter(|turn| *turn != PAST);
            match to {
                Some(number) => app.page = Some(Page::Turn { number, at: Standing::Start }),
                None => say_no_more(app, out, way),
            }
        }
        Some(_) => {}
        None => {
            if current(app).is_some_and(|turn| meets_gap(app, out, turn, way)) {
                return;
            }
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

/// Where the next turn on this way was not fetched yet, it is.
fn meets_gap(app: &mut App, out: &mut Vec<Effect>, turn: TurnNumber, way: Way) -> bool {
    let to = neighbour(app, turn, way);
    let gap = app.desk().zip(to).and_then(|(desk, to)| desk.record.gap_between(turn, to));
    if let Some(gap) = gap {
        fetch_gap(app, out, gap, way);
        say(app, "the turns between are being fetched; once more in a moment");
    }
    gap.is_some()
}

/// Fills a gap from the side that one comes from.
pub fn fetch_gap(app: &mut App, out: &mut Vec<Effect>, gap: TurnNumber, way: Way) {
    let Some(desk) = app.desk() else { return };
    let end = match way {
        Way::Up => gap,
        Way::Down => desk.record.end_from_below(gap, TURNS_AT_ONCE),
    };
    fetch_before(app, out, end);
}

/// A gap that is seen is fetched before one comes to its other side.
fn fetch_seen_gap(app: &mut App, out: &mut Vec<Effect>) {
    let Some(desk) = app.desk().filter(|desk| !desk.record.gaps.is_empty()) else { return };
    let pane = layout::layout(app).pane;
    let seen = Reading::new(app, Scope::Conversation, pane.width).seen(desk.record_at, pane.height);
    let is_gap = |row: &&SeenRow| row.spot.block == 0 && desk.record.has_gap_before(row.spot.turn);
    let Some(gap) = seen.iter().find(is_gap).map(|row| row.spot.turn) else { return };
    let way = match seen.first().is_some_and(|row| row.spot.turn < gap) {
        true => Way::Down,
        false => Way::Up,
    };
    fetch_gap(app, out, gap, way);
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

/// Opens the record at a turn.
pub fn open_at(app: &mut App, out: &mut Vec<Effect>, turn: TurnNumber) {
    if let Some(desk) = app.desk_mut() {
        desk.shows_record = true;
        desk.keyboard = Keyboard::Record;
    }
    go_to(app, out, turn);
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
    let found = reading.find(&words, from, way);
    // What stands in a gap was not looked through.
    let end = found.map(|found| found.turn).or(if way == Way::Up { app.first_turn() } else { app.last_turn() });
    let gap = app.desk().zip(end).and_then(|(desk, end)| desk.record.gap_between(from.turn, end));
    if let Some(gap) = gap {
        fetch_gap(app, out, gap, way);
        let key = if way == Way::Up { "N" } else { "n" };
        return say(app, format!("not up to the turns that are not here yet; they are being fetched, {key} looks on"));
    }
    match found {
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
