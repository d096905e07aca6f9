//! Names behind `@`: when files are asked for, and what the keys do while some are offered.
//!
//! Not here: what is offered (`tui/completion.rs`) or looks (`view/completion.rs`).

use super::super::app::{App, Keyboard};
use super::super::completion::{typed, written};
use super::super::event::Effect;
use super::super::files::Files;
use super::writing;
use crate::terminal::keys::{Key, KeyCode, Modifiers};

/// Whether files are offered at present.
pub fn is_shown(app: &App) -> bool {
    app.page.is_none() && app.keyboard() == Keyboard::Composer && app.completion.is_shown()
}

/// The text or its cursor is another one.
pub fn follow(app: &mut App, out: &mut Vec<Effect>) {
    let Some(before) = app.desk().map(|desk| desk.composer.before_cursor()) else { return };
    let is_named = typed(&before).is_some();
    if let (true, Some(folder)) = (is_named, folder(app)) {
        let known = app.completion.files.as_ref().is_some_and(|files| files.folder == folder);
        // Files come and go, so a name that is begun has them listed anew; until then those known are offered.
        if app.completion.asked.is_none() && (!known || !app.completion.is_shown()) && before.ends_with('@')
            || (!known && app.completion.asked.is_none())
        {
            app.completion.asked = Some(folder.clone());
            out.push(Effect::ListFiles(folder));
        }
        if !known {
            app.completion.files = None;
        }
    }
    app.completion.follow(&before);
}

/// Where the agent of the active tab is, or will be.
fn folder(app: &App) -> Option<String> {
    let conversation = app.active()?;
    let session = conversation.session.as_ref().and_then(|session| session.folder.clone());
    Some(session.unwrap_or_else(|| conversation.wanted.folder.clone()))
}

pub fn came(app: &mut App, files: Files) {
    app.completion.asked.take_if(|asked| *asked == files.folder);
    if folder(app).as_ref() != Some(&files.folder) {
        return; // Of a tab that was shown then.
    }
    app.completion.files = Some(files);
    if let Some(before) = app.desk().map(|desk| desk.composer.before_cursor()) {
        app.completion.follow(&before);
    }
}

/// A key while files are offered; tells whether it was for them.
pub fn key(app: &mut App, out: &mut Vec<Effect>, key: Key) -> bool {
    if !is_shown(app) || key.modifiers != Modifiers::NONE {
        return false;
    }
    let last = app.completion.offered.len().saturating_sub(1);
    let chosen = app.completion.chosen;
    match key.code {
        KeyCode::Up => app.completion.chosen = chosen.checked_sub(1).unwrap_or(last),
        KeyCode::Down => app.completion.chosen = if chosen < last { chosen + 1 } else { 0 },
        KeyCode::Tab | KeyCode::Enter => take(app, out),
        KeyCode::Escape => {
            if let Some(before) = app.desk().map(|desk| desk.composer.before_cursor()) {
                app.completion.send_away(&before);
            }
        }
        KeyCode::Char(_)
        | KeyCode::BackTab
        | KeyCode::Backspace
        | KeyCode::Left
        | KeyCode::Right
        | KeyCode::Home
        | KeyCode::End
        | KeyCode::PageUp
        | KeyCode::PageDown
        | KeyCode::Insert
        | KeyCode::Delete
        | KeyCode::Function(_) => return false,
    }
    true
}

/// Writes the chosen one in the place of what was typed.
pub fn take(app: &mut App, out: &mut Vec<Effect>) {
    let Some(path) = app.completion.chosen().map(written) else { return };
    let Some(typed) = app.desk().and_then(|desk| typed(&desk.composer.before_cursor())) else { return };
    writing::write(app, |composer| composer.replace_before(typed.chars, &path));
    follow(app, out);
}
