//! Where a key goes: to a page, to a command of ours, into the composer or to the agent.

use super::super::app::{App, Keyboard, Page, Prefix};
use super::super::composer::Edit;
use super::super::event::Effect;
use super::super::keymap::{self, Command, Place};
use super::super::view;
use super::{
    changes, command, completion, copy, history, overview, palette, reading, requests, say, search, to_agent, writing,
};
use crate::domain::turn::TurnState;
use crate::protocol::message::ViewInput;
use crate::terminal::keys::{Key, KeyCode, Modifiers};

/// A frame holds four times as much.
const PASTE_PIECE_BYTES: usize = 256 * 1024;

pub fn key(app: &mut App, out: &mut Vec<Effect>, key: Key) {
    app.notice = None;
    match app.prefix {
        Prefix::Shown { page } if turns_page(app, key) => {
            app.prefix = Prefix::Shown { page: (page + 1) % view::which_key::page_count(app).max(1) };
        }
        Prefix::Pressed { .. } | Prefix::Shown { .. } => {
            app.prefix = Prefix::None;
            after_prefix(app, out, key);
        }
        Prefix::None if key == app.config.prefix => {
            let which_key_at_ms = app.now.steady_ms + u64::from(app.config.which_key_ms);
            app.prefix = Prefix::Pressed { which_key_at_ms };
        }
        Prefix::None if app.page.is_some() => page_key(app, out, key),
        Prefix::None => match app.keymap.command(Place::Anywhere, key) {
            // Elsewhere the key belongs to whoever has the keyboard.
            Some(Command::ScrollEnd) if !command::is_scrolled(app) => place_key(app, out, key),
            Some(command) => command::run(app, out, command),
            None => place_key(app, out, key),
        },
    }
}

/// Space shows more of the list of keys where it does not fit, unless the person bound it.
fn turns_page(app: &App, key: Key) -> bool {
    let space = Key { code: KeyCode::Char(' '), modifiers: Modifiers::NONE };
    key == space && app.keymap.command(Place::Prefix, key).is_none() && view::which_key::page_count(app) > 1
}

fn after_prefix(app: &mut App, out: &mut Vec<Effect>, key: Key) {
    if key == app.config.prefix {
        return to_agent(app, out, ViewInput::Key(key));
    }
    match app.keymap.command(Place::Prefix, key) {
        Some(command) => {
            app.page = None;
            command::run(app, out, command);
        }
        None if key.code == KeyCode::Escape => {}
        None => {
            let (prefix, key) = (keymap::key_name(app.config.prefix), keymap::key_name(key));
            let help = app.way(Command::Help);
            say(app, format!("{prefix} {key} means nothing; {help} lists all keys"));
        }
    }
}

fn place_key(app: &mut App, out: &mut Vec<Effect>, key: Key) {
    match app.keyboard() {
        Keyboard::Agent => to_agent(app, out, ViewInput::Key(key)),
        Keyboard::Turns => match app.keymap.command(Place::Turns, key) {
            Some(command) => command::run(app, out, command),
            None => say(app, "the keyboard is in the list of turns; Esc goes back"),
        },
        Keyboard::Record if app.types_find() => reading::find_key(app, out, key),
        Keyboard::Record => match app.keymap.command(Place::Record, key) {
            Some(command) => command::run(app, out, command),
            None => say(app, "the keyboard is in the record; Tab goes to the composer, Esc leaves the record"),
        },
        Keyboard::Composer if completion::key(app, out, key) => {}
        Keyboard::Composer => {
            match (app.keymap.command(Place::Composer, key), typed(key)) {
                (Some(command), _) => command::run(app, out, command),
                (None, Some(char)) => writing::write(app, |composer| composer.insert_char(char)),
                (None, None) => {}
            }
            completion::follow(app, out);
        }
    }
}

fn page_key(app: &mut App, out: &mut Vec<Effect>, key: Key) {
    let writes = requests::takes_words(app);
    let command = match &mut app.page {
        None => None,
        Some(Page::Overview(_)) => return overview::key(app, out, key),
        Some(Page::Search(_)) => return search::key(app, out, key),
        Some(Page::Changes(_)) => return changes::key(app, out, key),
        Some(Page::Palette(_)) => return palette::key(app, out, key),
        Some(Page::Copy(_)) => return copy::key(app, out, key),
        Some(Page::History(_)) => return history::key(app, out, key),
        Some(Page::Rename(composer) | Page::Model(composer) | Page::GoTo(composer) | Page::Export(composer)) => {
            match (key.code, app.keymap.command(Place::Composer, key), typed(key)) {
                (KeyCode::Enter, _, _) => Some(Command::Yes),
                (KeyCode::Escape, _, _) => Some(Command::No),
                (_, Some(Command::Edit(edit)), _) if edit != Edit::Newline => {
                    composer.apply(edit);
                    None
                }
                (_, None, Some(char)) => {
                    // A title is far shorter than the text that has no room.
                    let _ = composer.insert_char(char);
                    None
                }
                (_, _, _) => None,
            }
        }
        Some(Page::Requests(requests)) if writes => {
            match (app.keymap.command(Place::Requests, key), app.keymap.command(Place::Composer, key), typed(key)) {
                (Some(command), _, None) => Some(command),
                (_, Some(Command::Edit(edit)), _) if edit != Edit::Newline => {
                    requests.words.apply(edit);
                    None
                }
                (_, _, Some(char)) => {
                    requests::write(app, |words| words.insert_char(char));
                    None
                }
                (_, _, None) => None,
            }
        }
        Some(Page::Requests(_)) => app.keymap.command(Place::Requests, key),
        Some(Page::Agents(_)) => app.keymap.command(Place::Agents, key),
        Some(Page::Confirm(_)) => app.keymap.command(Place::Confirm, key),
        Some(Page::Help { .. } | Page::Why { .. } | Page::Turn { .. }) => {
            let of_turns = |place| app.keymap.command(place, key).filter(|command| is_of_turn(app, *command));
            let listed = || of_turns(Place::Record).or_else(|| of_turns(Place::Turns));
            app.keymap.command(Place::Page, key).or(app.keymap.command(Place::Anywhere, key)).or_else(listed)
        }
    };
    if let Some(command) = command {
        command::run(app, out, command);
    }
}

/// Whether this is what the page of a turn offers beside reading.
fn is_of_turn(app: &App, command: Command) -> bool {
    let Some(Page::Turn { number, .. }) = app.page else { return false };
    let queued = app.turn(number).is_some_and(|turn| turn.state == TurnState::Queued);
    match command {
        Command::RemoveQueued | Command::SendQueuedNow | Command::QueuedForward | Command::QueuedBackward => queued,
        Command::Fork | Command::Changes | Command::ResumeSession => !queued,
        Command::EditTurn
        | Command::CopyAnswer
        | Command::CopyPrompt
        | Command::CopyCode
        | Command::Retry
        | Command::GoToPlace
        | Command::PreviousTurn
        | Command::NextTurn => true,
        _ => false,
    }
}

/// The character that a key puts into a text.
pub fn typed(key: Key) -> Option<char> {
    match key.code {
        KeyCode::Char(char) if key.modifiers == Modifiers::NONE || key.modifiers == Modifiers::SHIFT => Some(char),
        KeyCode::Tab if key.modifiers == Modifiers::NONE => Some('\t'),
        _ => None,
    }
}

pub fn paste(app: &mut App, out: &mut Vec<Effect>, text: &str) {
    app.notice = None;
    let keyboard = app.keyboard();
    let answers = requests::takes_words(app);
    let finds = app.types_find();
    match (&mut app.page, keyboard) {
        (Some(Page::Rename(composer) | Page::Model(composer) | Page::GoTo(composer) | Page::Export(composer)), _) => {
            let taken = composer.insert_text(text.lines().next().unwrap_or_default());
            writing::say_what_had_no_room(app, taken);
        }
        (Some(Page::Requests(_)), _) if answers => {
            requests::write(app, |words| words.insert_text(text.lines().next().unwrap_or_default()));
        }
        (Some(Page::Overview(_)), _) => overview::paste(app, text),
        (Some(Page::Search(_)), _) => search::paste(app, out, text),
        (Some(Page::Changes(_)), _) => changes::paste(app, text),
        (Some(Page::Palette(_)), _) => palette::paste(app, text),
        (Some(Page::Copy(_)), _) => copy::paste(app, text),
        (Some(Page::History(_)), _) => history::paste(app, text),
        (Some(_), _) => {}
        (None, Keyboard::Agent) => paste_to_agent(app, out, text),
        (None, Keyboard::Turns) => say(app, "the keyboard is in the list of turns; Esc goes back, then paste again"),
        (None, Keyboard::Record) if finds => reading::paste(app, text),
        (None, Keyboard::Record) => {
            say(app, "the keyboard is in the record; Tab goes to the composer, then paste again")
        }
        (None, Keyboard::Composer) => writing::write(app, |composer| composer.insert_text(text)),
    }
}

/// A long paste goes in pieces that fit into a frame each. Programs get each as a paste of its own, which adds up to the same text.
fn paste_to_agent(app: &mut App, out: &mut Vec<Effect>, text: &str) {
    for piece in paste_pieces(text) {
        to_agent(app, out, ViewInput::Paste(piece.to_owned()));
    }
}

/// At least one, be it empty.
pub fn paste_pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let (piece, after) = rest?.split_at(piece_end(rest?));
        rest = (!after.is_empty()).then_some(after);
        Some(piece)
    })
}

/// Behind the last line that fits whole, or else behind the last character that does.
fn piece_end(text: &str) -> usize {
    if text.len() <= PASTE_PIECE_BYTES {
        return text.len();
    }
    let fits = text.floor_char_boundary(PASTE_PIECE_BYTES);
    let line_end = text[..fits].rfind('\n').map(|newline| newline + 1);
    // A carriage return and the newline behind it are one end of a line.
    let apart = text[..fits].ends_with('\r') && text[fits..].starts_with('\n');
    line_end.unwrap_or(if apart { fits - 1 } else { fits })
}
