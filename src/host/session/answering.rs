//! An answer to a request of the agent on its way: typed only when what it answers has been on the screen long enough.
//!
//! A dialog is drawn after it was reported, and swallows keys at first; keys that come too early land in the composer or nowhere.

use crate::agent::profile::RequestRules;
use crate::agent::submit::Typing;
use crate::domain::request::RequestNumber;
use std::time::{Duration, Instant};

/// How often the screen is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub struct Answering {
    pub request: RequestNumber,
    keys: Vec<Typing>,
    began: Instant,
    /// Since when the dialog is on the screen without a break.
    shown_since: Option<Instant>,
    next_look: Instant,
}

/// What to do with an answer now.
pub enum Now {
    Wait,
    Type(Vec<Typing>),
    GiveUp(&'static str),
}

impl Answering {
    pub fn begin(request: RequestNumber, keys: Vec<Typing>, now: Instant) -> Answering {
        Answering { request, keys, began: now, shown_since: None, next_look: now }
    }

    pub fn due(&self) -> Instant {
        self.next_look
    }

    /// Decides by what is on the screen now.
    pub fn look(&mut self, rules: &RequestRules, now: Instant, screen: impl FnOnce() -> String) -> Now {
        if now < self.next_look {
            return Now::Wait;
        }
        self.next_look = now + LOOK_EVERY;
        if rules.shows_options(&screen()) {
            let since = *self.shown_since.get_or_insert(now);
            if now >= since + Duration::from_millis(rules.hold_ms) {
                return Now::Type(std::mem::take(&mut self.keys));
            }
        } else {
            self.shown_since = None;
        }
        if now >= self.began + Duration::from_millis(rules.within_ms) {
            return Now::GiveUp("its choices were not on the agent's screen, so nothing was typed; look there");
        }
        Now::Wait
    }
}
