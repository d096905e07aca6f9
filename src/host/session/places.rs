//! Where on its screen each turn began, so that a window can go there.
//!
//! Not here: how a place survives what happens to the rows (`terminal/emulator/place.rs`), or moving a view (`viewer.rs`).

use crate::domain::id::{Timestamp, TurnNumber};
use crate::terminal::emulator::{Mark, Screen};
use std::collections::VecDeque;

/// The scrollback holds rows of fewer turns than that.
const MOST_PLACES: usize = 2_000;
/// What was typed on the agent's own screen has no number here; it is known again by the moment of its start, which the core notes a little later.
const SAME_START_MS: u64 = 1_500;

/// Oldest first.
#[derive(Default)]
pub struct Places {
    sent: VecDeque<(TurnNumber, Mark)>,
    started: VecDeque<(Timestamp, Mark)>,
}

impl Places {
    /// The text of this turn is given to the agent.
    pub fn note_sent(&mut self, turn: TurnNumber, screen: &Screen) {
        keep(&mut self.sent, (turn, screen.mark()));
    }

    /// A turn was seen starting, whoever it was that typed it. Where its text began is the better place, if it is known.
    pub fn note_started(&mut self, at: Timestamp, place: Mark) {
        keep(&mut self.started, (at, place));
    }

    pub fn of(&self, turn: TurnNumber, started_at: Option<Timestamp>) -> Option<Mark> {
        let sent = self.sent.iter().rev().find(|(number, _)| *number == turn).map(|(_, mark)| *mark);
        let apart = |at: Timestamp, started: Timestamp| at.since(started).max(started.since(at));
        let started = started_at.and_then(|started| {
            let nearest = self.started.iter().min_by_key(|(at, _)| apart(*at, started))?;
            (apart(nearest.0, started) <= SAME_START_MS).then_some(nearest.1)
        });
        sent.or(started)
    }
}

fn keep<T>(places: &mut VecDeque<T>, place: T) {
    if places.len() == MOST_PLACES {
        places.pop_front();
    }
    places.push_back(place);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::frame::Size;

    #[test]
    fn a_turn_is_known_by_its_number_or_by_the_moment_of_its_start() {
        let mut screen = Screen::new(Size { columns: 20, rows: 5 });
        let mut places = Places::default();
        let mut mark = |text: &str| {
            screen.feed(text.as_bytes());
            screen.mark()
        };
        let (first, second) = (mark("a\r\n"), mark("b\r\n"));
        keep(&mut places.sent, (TurnNumber(1), first));
        places.note_started(Timestamp(10_000), second);
        assert_eq!(places.of(TurnNumber(1), None), Some(first));
        assert_eq!(places.of(TurnNumber(1), Some(Timestamp(10_000))), Some(first));
        assert_eq!(places.of(TurnNumber(2), Some(Timestamp(10_900))), Some(second));
        assert_eq!(places.of(TurnNumber(2), Some(Timestamp(9_000))), Some(second));
        assert_eq!(places.of(TurnNumber(2), Some(Timestamp(20_000))), None);
        assert_eq!(places.of(TurnNumber(2), None), None);
    }
}
