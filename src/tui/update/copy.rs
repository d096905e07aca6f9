//! Copying: what the keys and the mouse do in it, and how it begins and ends.
//!
//! Not here: where the steps lead (`tui/copy.rs`) or looks (`view/copy.rs`).

use super::super::app::{App, Page};
use super::super::clipboard;
use super::super::composer::Edit;
use super::super::copy::find::Direction;
use super::super::copy::text::Place;
use super::super::copy::{Begun, Copy, Keep, Session, Step, Unit};
use super::super::event::{Effect, ViewOf};
use super::super::keymap::{self, Command, CopyCommand, Place as KeyPlace};
use super::super::layout;
use super::super::pointer::PanePress;
use super::super::view::copy as view;
use super::{command, keys, say, say_trouble, writing};
use crate::protocol::message::{Rest, Scroll, ViewInput};
use crate::terminal::frame::TextRow;
use crate::terminal::keys::{Key, KeyCode, Mouse, MouseAction, MouseButton};

/// Rows that one step of the wheel moves.
const WHEEL_ROWS: isize = 3;
/// A held drag beyond the edge goes on by a row in this time; a hand can follow that.
const DRAG_EVERY_MS: u64 = 60;

pub fn begin(app: &mut App, out: &mut Vec<Effect>) {
    if app.shows_record() {
        let prefix = keymap::key_name(app.config.prefix);
        return say(app, format!("the record is shown; {prefix} v shows the agent's screen, which can be copied from"));
    }
    open(app, out, Begun::ByKey);
}

fn open(app: &mut App, out: &mut Vec<Effect>, begun: Begun) {
    let lives = if app.live_screen().is_some() { Session::Lives } else { Session::Ended };
    let pane = layout::layout(app).pane;
    let Some(screen) = app.desk().and_then(|desk| desk.screen.as_ref()) else { return };
    let (_, cut) = layout::frame_offset(&screen.frame, pane);
    let mut copy = Copy::new(screen.of, &screen.frame, cut, lives, begun);
    copy.show_cursor(view::seen(app));
    app.page = Some(Page::Copy(Box::new(copy)));
    if lives == Session::Lives {
        out.push(Effect::ToView(ViewInput::ReadText));
    }
}

fn copy(app: &mut App) -> Option<&mut Copy> {
    match &mut app.page {
        Some(Page::Copy(copy)) => Some(copy),
        Some(_) | None => None,
    }
}

pub fn key(app: &mut App, out: &mut Vec<Effect>, key: Key) {
    if copy(app).is_some_and(|copy| copy.typing.is_some()) {
        return typing_key(app, key);
    }
    match app.keymap.command(KeyPlace::Copy, key).or(app.keymap.command(KeyPlace::Anywhere, key)) {
        Some(Command::ScrollUp) => run(app, out, CopyCommand::Step(Step::PageUp)),
        Some(Command::ScrollDown) => run(app, out, CopyCommand::Step(Step::PageDown)),
        Some(Command::ScrollEnd) => leave(app, out),
        Some(command) => command::run(app, out, command),
        None => say(app, "the text stands still here to be copied; q goes back"),
    }
}

fn typing_key(app: &mut App, key: Key) {
    let seen = view::seen(app);
    let command = app.keymap.command(KeyPlace::Composer, key);
    let Some(copy) = copy(app) else { return };
    let Some(typing) = &mut copy.typing else { return };
    match (key.code, command, keys::typed(key)) {
        (KeyCode::Enter, _, _) => return copy.end_typing(Keep::Found, seen),
        (KeyCode::Escape, _, _) => return copy.end_typing(Keep::Nothing, seen),
        (_, Some(Command::Edit(Edit::Newline)), _) => {}
        (_, Some(Command::Edit(edit)), _) => typing.text.apply(edit),
        (_, Some(Command::ClearText), _) => typing.text.replace_text(""),
        // Such a text is far shorter than the one that has no room.
        (_, None, Some(char)) => drop(typing.text.insert_char(char)),
        (_, Some(_) | None, _) => {}
    }
    copy.look(seen);
}

pub fn paste(app: &mut App, text: &str) {
    let seen = view::seen(app);
    let Some(copy) = copy(app) else { return };
    let Some(typing) = &mut copy.typing else { return };
    let taken = typing.text.insert_text(text.lines().next().unwrap_or_default());
    copy.look(seen);
    writing::say_what_had_no_room(app, taken);
}

pub fn run(app: &mut App, out: &mut Vec<Effect>, command: CopyCommand) {
    let seen = view::seen(app);
    let Some(copy) = copy(app) else { return };
    match command {
        CopyCommand::Step(step) => copy.step(step, seen),
        CopyCommand::Select(shape) => copy.select(shape),
        CopyCommand::OtherEnd => copy.other_end(),
        CopyCommand::Find(direction) => copy.begin_typing(direction),
        CopyCommand::FindNext => next(app, Turn::Same),
        CopyCommand::FindPrevious => next(app, Turn::Other),
        CopyCommand::Take => take(app, out),
        CopyCommand::Leave => leave(app, out),
        CopyCommand::Back => {
            if !copy.drop_selection() {
                leave(app, out);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Same,
    Other,
}

fn next(app: &mut App, turn: Turn) {
    let seen = view::seen(app);
    let Some(copy) = copy(app) else { return };
    let direction: Direction = match turn {
        Turn::Same => copy.direction,
        Turn::Other => copy.direction.turned(),
    };
    if !copy.go_to_next(direction, seen) {
        say(app, "nothing was found to go to; / looks for something");
    }
}

/// Copies what is selected, and leaves.
fn take(app: &mut App, out: &mut Vec<Effect>) {
    let Some(copy) = copy(app) else { return };
    let Some(text) = copy.selection().map(|selection| selection.copied(&copy.text)) else {
        return say(app, "nothing is selected; v, V or Ctrl+V begins a selection");
    };
    give(app, out, text);
    leave(app, out);
}

/// Gives a text to the clipboard, and says how much.
pub fn give(app: &mut App, out: &mut Vec<Effect>, text: String) {
    match clipboard::words(&text, app.copy_taker()) {
        _ if text.is_empty() => say(app, "there is no text in what is selected"),
        Ok(words) => {
            out.push(Effect::Copy(text));
            say(app, words);
        }
        Err(why) => say_trouble(app, why),
    }
}

/// Back to the live screen, at its end.
fn leave(app: &mut App, out: &mut Vec<Effect>) {
    app.page = None;
    let Some(screen) = app.live_screen() else { return };
    if screen.frame.scroll.up > 0 {
        out.push(Effect::ToView(ViewInput::Scroll(Scroll::Live)));
    }
}

/// A part of the text has come.
pub fn came(app: &mut App, of: ViewOf, first: i64, rows: Vec<TextRow>, rest: Rest) {
    let seen = view::seen(app);
    if let Some(copy) = copy(app).filter(|copy| copy.of == of) {
        copy.take_part(first, rows, rest);
        copy.scroll(0, seen);
    }
}

/// The picture that the looks come from is to be of the rows that are shown, and of the size that they have.
pub fn settle(app: &mut App, out: &mut Vec<Effect>) {
    let lives = app.live_screen().is_some();
    let App { page: Some(Page::Copy(copy)), desks, active, .. } = app else { return };
    let Some(screen) = active.and_then(|active| desks.get(&active)).and_then(|desk| desk.screen.as_ref()) else {
        return;
    };
    if screen.of != copy.of {
        app.page = None; // Another process: what is shown is not what is there any more.
        return;
    }
    if !lives {
        return;
    }
    if screen.frame.size != copy.size {
        copy.begin_again(&screen.frame);
        out.push(Effect::ToView(ViewInput::ReadText));
    }
    let (wanted, pictured) = (copy.first_shown(), screen.frame.scroll.first_row());
    if copy.is_whole() && wanted != pictured && copy.asked_row != Some((wanted, pictured)) {
        copy.asked_row = Some((wanted, pictured));
        out.push(Effect::ToView(ViewInput::Scroll(Scroll::ToRow(wanted))));
    }
}

/// A press on the agent's picture that was not for the agent: a drag from there begins to select, and so do two or three clicks.
pub fn pane_pressed(app: &mut App, out: &mut Vec<Effect>, press: PanePress, clicks: u8) {
    let unit = match clicks {
        0 | 1 => {
            app.pointer.pane = Some(press);
            return;
        }
        2 => Unit::Words,
        _ => Unit::Lines,
    };
    select_from(app, out, press, unit);
}

/// The mouse moved with its button held down since the press.
pub fn pane_dragged(app: &mut App, out: &mut Vec<Effect>, mouse: Mouse) {
    if let Some(press) = app.pointer.pane.take() {
        select_from(app, out, press, Unit::Characters);
        self::mouse(app, out, mouse);
    }
}

fn select_from(app: &mut App, out: &mut Vec<Effect>, press: PanePress, unit: Unit) {
    command::keyboard_to(app, press.keyboard);
    let is_above = app.live_screen().is_some_and(|screen| screen.frame.scroll.up > 0);
    open(app, out, if is_above { Begun::ByMouseAbove } else { Begun::ByMouse });
    if let Some(copy) = copy(app) {
        copy.press(Place { row: press.row.into(), column: press.column.into() }, unit);
    }
}

pub fn mouse(app: &mut App, out: &mut Vec<Effect>, mouse: Mouse) {
    let (area, seen) = (view::area(app), view::seen(app));
    let inside = area.contains(ratatui::layout::Position::new(mouse.column, mouse.row));
    let Some(copy) = copy(app) else { return };
    let held = copy.held.is_some();
    match mouse.action {
        MouseAction::WheelUp => copy.scroll(-WHEEL_ROWS, seen),
        MouseAction::WheelDown => copy.scroll(WHEEL_ROWS, seen),
        MouseAction::Press(MouseButton::Left) if inside => {
            let unit = match app.pointer.press(mouse.column, mouse.row, app.now.steady_ms) {
                0 | 1 => Unit::Characters,
                2 => Unit::Words,
                _ => Unit::Lines,
            };
            with_place(app, mouse, |copy, place| copy.press(place, unit));
        }
        MouseAction::Drag(MouseButton::Left) if held => drag(app, mouse),
        MouseAction::Release(MouseButton::Left) if held => release(app, out),
        MouseAction::Press(_) | MouseAction::Release(_) | MouseAction::Drag(_) | MouseAction::Move => {}
    }
}

fn with_place(app: &mut App, mouse: Mouse, act: impl FnOnce(&mut Copy, Place)) {
    let Some(Page::Copy(copy)) = &app.page else { return };
    let place = view::cell_at(app, copy, mouse.column, mouse.row);
    if let Some(Page::Copy(copy)) = &mut app.page {
        act(copy, place);
    }
}

fn drag(app: &mut App, mouse: Mouse) {
    let area = view::area(app);
    let beyond = match mouse.row {
        row if row < area.y => -1,
        row if row >= area.bottom() => 1,
        _ => 0,
    };
    let again_ms = app.now.steady_ms + DRAG_EVERY_MS;
    // In a pane that begins at the window's first row, that row is the edge.
    let beyond = if beyond == 0 && area.y == 0 && mouse.row == 0 { -1 } else { beyond };
    with_place(app, mouse, |copy, place| {
        copy.drag(place);
        copy.beyond = (beyond != 0).then_some((beyond, place.column, again_ms));
    });
}

/// A drag that is held beyond the edge goes on by itself.
pub fn on_time(app: &mut App) {
    let (now_ms, seen) = (app.now.steady_ms, view::seen(app));
    if let Some(copy) = copy(app)
        && let Some((rows, column, due_ms)) = copy.beyond
        && due_ms <= now_ms
    {
        copy.drag_beyond(rows, column, seen);
        copy.beyond = Some((rows, column, now_ms + DRAG_EVERY_MS));
    }
}

/// The button is let go: what it selected is copied.
fn release(app: &mut App, out: &mut Vec<Effect>) {
    let Some(copy) = copy(app) else { return };
    copy.beyond = None;
    let begun = copy.begun;
    let text = copy.selection().map(|selection| selection.copied(&copy.text));
    if begun == Begun::ByKey {
        copy.let_go();
    }
    if let Some(text) = text {
        give(app, out, text);
    }
    match begun {
        Begun::ByKey => {}
        Begun::ByMouse => leave(app, out),
        Begun::ByMouseAbove => app.page = None,
    }
}
