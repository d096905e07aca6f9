//! The configuration was changed while the window is open: it is in force at once, or the one before stays. And what stands in the way of it
//! around the window.

use super::super::app::{App, Panel};
use super::super::event::Effect;
use super::super::keymap::{self, Keymap};
use super::super::outer::Outer;
use super::{say, say_trouble};
use crate::config::theme::ThemeChoice;
use crate::config::{Config, TurnPanel, key_name};

/// Good ones to take instead of a prefix that never comes here.
const OTHER_PREFIXES: [&str; 3] = ["ctrl-]", "ctrl-g", "alt-space"];

pub fn changed(app: &mut App, out: &mut Vec<Effect>, config: Config, keymap: Keymap) {
    // What the person did with the panel by key stays unless that very line was changed.
    if config.turn_panel != app.config.turn_panel {
        app.panel = match config.turn_panel {
            TurnPanel::Right => Panel::Beside,
            TurnPanel::Hidden => Panel::Hidden,
        };
    }
    if config != app.config {
        say(app, "the changed configuration is in force");
    }
    let prefix = std::mem::replace(&mut app.config, config).prefix;
    app.keymap = keymap;
    if app.background.is_none() {
        ask_background(app, out);
    }
    if prefix != app.config.prefix {
        warn_of_outer(app);
    }
}

/// Where the theme follows the terminal, that is asked.
pub fn ask_background(app: &App, out: &mut Vec<Effect>) {
    match app.config.theme {
        ThemeChoice::Auto => out.push(Effect::AskBackground),
        ThemeChoice::One(_) => {}
    }
}

pub fn outer_told(app: &mut App, outer: Outer) {
    app.outer = Some(outer);
    warn_of_outer(app);
}

/// The prefix that a multiplexer takes never comes here.
fn warn_of_outer(app: &mut App) {
    let prefix = app.config.prefix;
    let Some(outer) = app.outer.as_ref().filter(|outer| outer.keys.contains(&prefix)) else { return };
    let other = OTHER_PREFIXES
        .into_iter()
        .find(|name| key_name::parse(name).is_ok_and(|other| other != prefix && !outer.keys.contains(&other)));
    let (program, key) = (outer.program.name(), keymap::key_name(prefix));
    let words = format!(
        "{program} around this window takes {key} for itself; set another one in the file that `threadkeep config` names: prefix = \"{}\"",
        other.unwrap_or("f12")
    );
    say_trouble(app, words);
}

pub fn wrong(app: &mut App, why: &str) {
    say_trouble(app, format!("{why}; what was in force before stays"));
}
