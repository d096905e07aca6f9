//! An answer to a request of the agent on its way: typed only when what it answers has been on the screen long enough.
//!
//! A dialog is drawn after it was reported, and swallows keys at first; keys that come too early land in the composer or nowhere. Where an
//! answer takes several steps, the screen must have changed since the one before. Not here: what is typed (`agent/answer.rs`).

use crate::agent::answer::{Answer, Next};
use crate::agent::profile::{RequestRules, Variant};
use crate::agent::submit::Typing;
use crate::domain::request::RequestNumber;
use std::time::{Duration, Instant};

/// How often the screen is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub struct Answering {
    pub request: RequestNumber,
    answer: Answer,
    /// Since when it waits: for the first step from the beginning, then from the step before.
    waits_since: Instant,
    /// Since when the dialog is on the screen without a break.
    shown_since: Option<Instant>,
    next_look: Instant,
    /// The screen into which the step before was typed.
    typed_into: Option<String>,
}

/// What to do with an answer now.
pub enum Now {
    Wait,
    /// More follows.
    Type(Vec<Typing>),
    /// These are the last keys of it.
    TypeLast(Vec<Typing>),
    GiveUp(&'static str),
}

impl Answering {
    pub fn begin(request: RequestNumber, answer: Answer, now: Instant) -> Answering {
        Answering { request, answer, waits_since: now, shown_since: None, next_look: now, typed_into: None }
    }

    pub fn due(&self) -> Instant {
        self.next_look
    }

    /// Whether a key of it was typed.
    pub fn has_begun(&self) -> bool {
        self.answer.has_begun
    }

    /// Decides by what is on the screen now.
    pub fn look(
        &mut self,
        rules: &RequestRules,
        variant: &Variant,
        now: Instant,
        screen: impl FnOnce() -> String,
    ) -> Now {
        if now < self.next_look {
            return Now::Wait;
        }
        self.next_look = now + LOOK_EVERY;
        let screen = screen();
        let has_changed = self.typed_into.as_ref().is_none_or(|before| *before != screen);
        if !has_changed || !self.answer.stands(rules, &screen) {
            self.shown_since = None;
            return self.give_up_in_time(rules, now, &screen);
        }
        let since = *self.shown_since.get_or_insert(now);
        if now < since + Duration::from_millis(rules.hold_ms) {
            return Now::Wait;
        }
        self.take_step(rules, variant, now, screen)
    }

    fn take_step(&mut self, rules: &RequestRules, variant: &Variant, now: Instant, screen: String) -> Now {
        match self.answer.next(rules, variant, &screen) {
            Next::Type(keys) => {
                self.typed_into = Some(screen);
                self.shown_since = None;
                self.waits_since = now;
                if self.answer.is_over() { Now::TypeLast(keys) } else { Now::Type(keys) }
            }
            Next::Cannot(why) => Now::GiveUp(why),
        }
    }

    fn give_up_in_time(&self, rules: &RequestRules, now: Instant, screen: &str) -> Now {
        let waited = now.saturating_duration_since(self.waits_since);
        let asks_on = self.answer.waits_for_confirmation() && rules.shows_question(screen);
        if asks_on && waited >= Duration::from_millis(rules.goes_on_ms) {
            return Now::GiveUp("that was typed, and the agent has one more question; answer it too");
        }
        match (self.has_begun(), waited >= Duration::from_millis(rules.within_ms)) {
            (_, false) => Now::Wait,
            (false, true) => {
                Now::GiveUp("its choices were not on the agent's screen, so nothing was typed; look there")
            }
            (true, true) => {
                Now::GiveUp("a part of the answer was typed, then the agent's screen did not go on; look there")
            }
        }
    }
}
