//! The configuration was changed while the window is open: it is in force at once, or the one before stays.

use super::super::app::{App, Panel};
use super::super::keymap::Keymap;
use super::{say, say_trouble};
use crate::config::{Config, TurnPanel};

pub fn changed(app: &mut App, config: Config, keymap: Keymap) {
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
    app.config = config;
    app.keymap = keymap;
}

pub fn wrong(app: &mut App, why: &str) {
    say_trouble(app, format!("{why}; what was in force before stays"));
}
