//! The page of what a turn changed: opening it, moving about, finding words, copying.
//!
//! Not here: its rows (`tui/changes.rs`).

use super::super::app::{App, Page};
use super::super::changes::{Changes, Look, State};
use super::super::clipboard;
use super::super::composer::Edit;
use super::super::event::{Effect, Purpose};
use super::super::keymap::{ChangesCommand, Command, Motion, Place};
use super::super::reader::{Find, FindState, Standing};
use super::super::view::page;
use super::super::view::reader::Way;
use super::{Asked, ask, keys, say, say_trouble, turn_actions};
use crate::domain::changes::{Diff, FileChange, Span};
use crate::domain::id::{ConversationId, TurnNumber};
use crate::protocol::message::Request;
use crate::terminal::keys::{Key, KeyCode};

/// Of the turn that is read or chosen, else of the newest.
pub fn open(app: &mut App, out: &mut Vec<Effect>) {
    let Some((conversation, turns)) = app.active().map(|one| (one.id, one.turns)) else {
        return say(app, "no tab is open yet");
    };
    if turns == 0 {
        return say(app, "nothing was said here yet, so no turn has changed anything");
    }
    let turn = turn_actions::subject(app);
    let from_page = matches!(app.page, Some(Page::Turn { .. }));
    app.page = Some(Page::Changes(Box::new(Changes::new(conversation, turn, from_page))));
    look(app, out);
}

/// Asks for what the page is to show.
fn look(app: &mut App, out: &mut Vec<Effect>) {
    let Some(Page::Changes(changes)) = &mut app.page else { return };
    changes.show(State::Asked);
    let (conversation, turn, span) = (changes.conversation, changes.turn, changes.span);
    let request = Request::Diff { conversation, turn, span };
    if ask(app, out, Purpose::Diff { conversation, turn, span }, request) == Asked::NoHost {
        app.page = None;
    }
}

pub fn came(app: &mut App, asked: (ConversationId, Option<TurnNumber>, Span), told: Result<Diff, String>) {
    let Some(Page::Changes(changes)) = &mut app.page else { return };
    if (changes.conversation, changes.turn, changes.span) != asked {
        return;
    }
    changes.show(match told {
        Ok(diff) => State::Told(Box::new(diff)),
        Err(why) => State::Refused(why),
    });
}

pub fn run(app: &mut App, out: &mut Vec<Effect>, command: ChangesCommand) {
    match command {
        ChangesCommand::NextFile => to_start(app, Look::File, Way::Down),
        ChangesCommand::PreviousFile => to_start(app, Look::File, Way::Up),
        ChangesCommand::NextPart => to_start(app, Look::Part, Way::Down),
        ChangesCommand::PreviousPart => to_start(app, Look::Part, Way::Up),
        ChangesCommand::OtherSpan => {
            if let Some(Page::Changes(changes)) = &mut app.page {
                changes.span = changes.span.other();
            }
            look(app, out);
        }
        ChangesCommand::LookAgain => look(app, out),
        ChangesCommand::CopyFile => copy_file(app, out),
        ChangesCommand::CopyAll => copy_all(app, out),
    }
}

/// The last row that may be the first seen, and how many are seen.
fn room(app: &App, changes: &Changes) -> (usize, usize) {
    let area = page::text_area(app);
    let seen = usize::from(area.height).max(1);
    (changes.rows(area.width).len().saturating_sub(seen), seen)
}

pub fn scroll(app: &mut App, motion: Motion) {
    let Some(Page::Changes(changes)) = &app.page else { return };
    let (most, seen) = room(app, changes);
    let page = seen.saturating_sub(1).max(1);
    let to = match motion {
        Motion::Up => changes.top.saturating_sub(1),
        Motion::Down => changes.top + 1,
        Motion::PageUp => changes.top.saturating_sub(page),
        Motion::PageDown => changes.top + page,
        Motion::Top => 0,
        Motion::Bottom => most,
    };
    stand(app, to.min(most));
}

fn stand(app: &mut App, top: usize) {
    if let Some(Page::Changes(changes)) = &mut app.page {
        changes.top = top;
    }
}

/// To the next row at which a file, or a piece of one, begins. It is the first that is seen then, also near the end.
fn to_start(app: &mut App, look: Look, way: Way) {
    let Some(Page::Changes(changes)) = &app.page else { return };
    let starts = changes.starts(page::text_area(app).width, look);
    let to = match way {
        Way::Down => starts.iter().find(|at| **at > changes.top),
        Way::Up => starts.iter().rev().find(|at| **at < changes.top),
    };
    match (to, way, look) {
        (Some(to), _, _) => stand(app, *to),
        (None, Way::Up, Look::File) => stand(app, 0),
        (None, Way::Down, Look::File) => say(app, "this is the last file"),
        (None, Way::Up, _) => say(app, "there is no piece further up"),
        (None, Way::Down, _) => say(app, "there is no piece further down"),
    }
}

/// A click on a file in the list goes to its lines; one elsewhere does nothing.
pub fn click(app: &mut App, row: u16) {
    let area = page::text_area(app);
    let Some(Page::Changes(changes)) = &app.page else { return };
    let Some(row) = row.checked_sub(area.y) else { return };
    let rows = changes.rows(area.width);
    let Some(listed) = rows.get(changes.top + usize::from(row)).filter(|row| row.look == Look::Listed) else { return };
    let start = rows.iter().position(|row| row.look == Look::File && row.file == listed.file);
    if let Some(start) = start {
        stand(app, start);
    }
}

fn copy_file(app: &mut App, out: &mut Vec<Effect>) {
    let Some(Page::Changes(changes)) = &app.page else { return };
    let file = changes.file(page::text_area(app).width).map(|file| (file.path.clone(), file.unified()));
    match file {
        Some((path, text)) => copy(app, out, text, &path),
        None => say(app, "] goes to a file, y copies what changed in it; Y copies all"),
    }
}

fn copy_all(app: &mut App, out: &mut Vec<Effect>) {
    let Some(Page::Changes(changes)) = &app.page else { return };
    let State::Told(diff) = &changes.state else { return };
    let text: Vec<String> = diff.files.iter().map(FileChange::unified).collect();
    match text.is_empty() {
        true => say(app, "no file changed, so there is nothing to copy"),
        false => copy(app, out, text.join("\n"), "all files"),
    }
}

fn copy(app: &mut App, out: &mut Vec<Effect>, text: String, name: &str) {
    match clipboard::words(&text, app.copy_taker()) {
        Ok(words) => {
            out.push(Effect::Copy(text));
            say(app, format!("what changed in {name}: {words}"));
        }
        Err(why) => say_trouble(app, why),
    }
}

/// Whether the keys write what is looked for.
fn types(app: &App) -> bool {
    let Some(Page::Changes(changes)) = &app.page else { return false };
    changes.find.as_ref().is_some_and(|find| find.state == FindState::Typing)
}

pub fn key(app: &mut App, out: &mut Vec<Effect>, key: Key) {
    if types(app) {
        return find_key(app, key);
    }
    let own = app.keymap.command(Place::Changes, key).or(app.keymap.command(Place::Anywhere, key));
    if let Some(command) = own {
        super::command::run(app, out, command);
    }
}

fn find_key(app: &mut App, key: Key) {
    let command = app.keymap.command(Place::Composer, key);
    let Some(Page::Changes(changes)) = &mut app.page else { return };
    let Some(find) = &mut changes.find else { return };
    match (key.code, command, keys::typed(key)) {
        (KeyCode::Enter, _, _) => {
            find.state = FindState::Done;
            changes.found = None;
            find_again(app, Way::Down);
        }
        (KeyCode::Escape, _, _) => changes.find = None,
        (_, Some(Command::Edit(edit)), _) if edit != Edit::Newline => find.words.apply(edit),
        // Such words are far shorter than what has no room.
        (_, None, Some(char)) => drop(find.words.insert_char(char)),
        (_, _, _) => {}
    }
}

pub fn paste(app: &mut App, text: &str) {
    if let Some(Page::Changes(changes)) = &mut app.page
        && let Some(find) = &mut changes.find
    {
        // Such words are far shorter than what has no room.
        let _ = find.words.insert_text(text.lines().next().unwrap_or_default());
    }
}

pub fn find(app: &mut App) {
    if let Some(Page::Changes(changes)) = &mut app.page {
        changes.find = Some(Find::default());
        changes.found = None;
    }
}

/// From the row in which it was found last, else from the first that is seen; at an end from the other one on.
pub fn find_again(app: &mut App, way: Way) {
    let Some(Page::Changes(changes)) = &app.page else { return };
    let Some(words) = changes.find.as_ref().map(|find| find.words.text().to_lowercase()) else {
        return say(app, "nothing is looked for; / begins");
    };
    let rows = changes.rows(page::text_area(app).width);
    let has = |at: &usize| rows.get(*at).is_some_and(|row| row.text.to_lowercase().contains(&words));
    let count = rows.len();
    let start = changes.found.map_or(changes.top, |found| match way {
        Way::Down => found + 1,
        Way::Up => found,
    });
    let found = match way {
        Way::Down => (start..count).chain(0..start.min(count)).find(has),
        Way::Up => (0..start.min(count)).rev().chain((start.min(count)..count).rev()).find(has),
    };
    let Some(found) = found.filter(|_| !words.trim().is_empty()) else {
        return say(app, format!("not found: {words}"));
    };
    let (most, seen) = room(app, changes);
    // Some rows above it tell where one is.
    let top = found.saturating_sub(seen / 3).min(most);
    if let Some(Page::Changes(changes)) = &mut app.page {
        changes.found = Some(found);
        changes.top = top;
    }
}

/// Esc leaves the words first, then the page.
pub fn back(app: &mut App) {
    let Some(Page::Changes(changes)) = &mut app.page else { return };
    if changes.find.take().is_some() {
        changes.found = None;
        return;
    }
    let page = changes.turn.filter(|_| changes.from_page);
    app.page = page.map(|number| Page::Turn { number, at: Standing::Start });
}
