//! The configuration file while the window is open.
//!
//! Change here: when it is looked at again. Not here: what a changed setting does (`update/configuration.rs`).

use super::event::Event;
use super::keymap;
use crate::config::watch::Watch;

/// The file is looked at so often at most, and once more so long after the last thing that happened.
const LOOK_MS: u64 = 1_000;

/// Looked at only while there is something else to do: an idle window sleeps.
pub struct Configured {
    watch: Watch,
    looked_ms: u64,
    due_ms: Option<u64>,
    /// Something happened since the last look.
    active: bool,
}

impl Configured {
    pub fn new(watch: Watch) -> Configured {
        Configured { watch, looked_ms: 0, due_ms: None, active: false }
    }

    /// When it wants to be looked at next.
    pub fn due_ms(&self) -> Option<u64> {
        self.due_ms
    }

    /// Something happened in the window.
    pub fn note_activity(&mut self) {
        self.active = true;
        self.due_ms.get_or_insert(self.looked_ms + LOOK_MS);
    }

    /// The event that a changed file brings, if it is time to look.
    pub fn look(&mut self, now_ms: u64) -> Option<Event> {
        self.due_ms.filter(|due| *due <= now_ms)?;
        // Once more a little later: what is happening now may be the editor writing it.
        self.due_ms = std::mem::take(&mut self.active).then_some(now_ms + LOOK_MS);
        self.looked_ms = now_ms;
        if !self.watch.has_changed() {
            return None;
        }
        Some(match keymap::load(self.watch.path()) {
            Ok((config, keymap)) => Event::Configured(Box::new(config), Box::new(keymap)),
            Err(error) => Event::ConfigurationWrong(error.to_string()),
        })
    }
}
