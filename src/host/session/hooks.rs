//! Which calls of hooks a session hears: those with its token, and not more in a second than an agent has a use for.
//!
//! A hook is a claim by whatever knows the token. Profiles have their agents call when a turn begins, ends or asks something, so a few in a
//! second are many; each costs this session's thread the reading of up to a megabyte. Calls with another token cost nothing of that number:
//! a stranger must not keep the agent from being heard. Change here: the limit. Not here: what a call means (`watch.rs`).

use std::time::{Duration, Instant};

/// An agent that runs tools side by side calls some dozen times at once.
const AT_ONCE: u32 = 100;
const A_SECOND: u32 = 50;
/// A flood is told in the log, not written to it line by line.
const SAY_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Yes,
    /// The token is not this session's.
    NotOurs,
    /// Too many came.
    TooMany,
}

pub struct Hooks {
    /// How many may be heard now.
    room: u32,
    /// When one more may be.
    more_at: Instant,
    /// Calls that were not heard since that was told.
    unheard: u64,
    said_at: Option<Instant>,
}

impl Hooks {
    pub fn new(now: Instant) -> Hooks {
        Hooks { room: AT_ONCE, more_at: now, unheard: 0, said_at: None }
    }

    /// Whether a call that carries our token, or another one, is heard.
    pub fn hear(&mut self, is_ours: bool, now: Instant) -> Heard {
        if !is_ours {
            self.unheard += 1;
            return Heard::NotOurs;
        }
        self.make_room(now);
        match self.room.checked_sub(1) {
            Some(room) => {
                self.room = room;
                Heard::Yes
            }
            None => {
                self.unheard += 1;
                Heard::TooMany
            }
        }
    }

    /// How many calls were not heard, where it is time to say so.
    pub fn unheard_to_tell(&mut self, now: Instant) -> Option<u64> {
        if self.unheard == 0 || self.said_at.is_some_and(|at| now < at + SAY_EVERY) {
            return None;
        }
        self.said_at = Some(now);
        Some(std::mem::take(&mut self.unheard))
    }

    fn make_room(&mut self, now: Instant) {
        let one = Duration::from_secs(1) / A_SECOND;
        while self.room < AT_ONCE && self.more_at <= now {
            self.room += 1;
            self.more_at += one;
        }
        if self.room == AT_ONCE {
            // While there is room for all, time that passes makes no more of it.
            self.more_at = now + one;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(hooks: &mut Hooks, calls: u32, now: Instant) -> u32 {
        (0..calls).map(|_| u32::from(hooks.hear(true, now) == Heard::Yes)).sum()
    }

    #[test]
    fn a_flood_is_heard_as_often_as_a_second_allows_and_quiet_makes_room_again() {
        let began = Instant::now();
        let mut hooks = Hooks::new(began);
        assert_eq!(heard(&mut hooks, 1000, began), AT_ONCE);
        let mut now = began;
        let mut more = 0;
        for _ in 0..1000 {
            now += Duration::from_millis(5);
            more += heard(&mut hooks, 10, now);
        }
        assert_eq!(more, 5 * A_SECOND);
        assert_eq!(heard(&mut hooks, 1000, now + Duration::from_secs(3600)), AT_ONCE);
    }

    /// A call with a token of somebody else's took the place of one of ours.
    #[test]
    fn strangers_take_no_room_and_fill_no_log() {
        let began = Instant::now();
        let mut hooks = Hooks::new(began);
        let said: Vec<u64> = (0..10_000)
            .filter_map(|number| {
                let now = began + Duration::from_millis(number);
                assert_eq!(hooks.hear(false, now), Heard::NotOurs);
                hooks.unheard_to_tell(now)
            })
            .collect();
        assert_eq!(said, [1]);
        assert_eq!(heard(&mut hooks, 1000, began + Duration::from_secs(10)), AT_ONCE);
        let later = began + Duration::from_secs(20);
        assert_eq!(hooks.unheard_to_tell(later), Some(10_000 - 1 + 900));
        assert_eq!(hooks.unheard_to_tell(later + SAY_EVERY), None, "nothing came since");
    }
}
