//! Reading turns: where one stands in a conversation or in one turn, and what comes before and after.
//!
//! A place is a turn, a block of it and a row of that block, so that nothing above or below needs to be made into rows. That keeps a
//! conversation of ten thousand turns, and an answer of megabytes, as cheap as a screen of it.
//! Not here: the blocks and their rows (`view/reader.rs`) or what keys do (`update/reading.rs`).

pub mod record;

use super::app::{App, Keyboard, is_ended};
use super::composer::Composer;
use crate::domain::conversation::Begun;
use crate::domain::id::TurnNumber;

/// Stands for what was said before a fork, in front of the first turn.
pub const PAST: TurnNumber = TurnNumber(0);

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Conversation,
    Turn(TurnNumber),
}

/// The first row that is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    pub turn: TurnNumber,
    /// Which part of the turn, counted from 0.
    pub block: usize,
    pub row: usize,
}

impl Spot {
    pub fn start_of(turn: TurnNumber) -> Spot {
        Spot { turn, block: 0, row: 0 }
    }
}

/// Where one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// At the end, and there also when more comes.
    #[default]
    End,
    Start,
    At(Spot),
}

/// What is looked for in the turns that are read.
#[derive(Default)]
pub struct Find {
    pub words: Composer,
    pub state: FindState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FindState {
    #[default]
    Typing,
    Done,
}

impl App {
    /// Whether the keys write what is looked for in the record.
    pub fn types_find(&self) -> bool {
        let find = self.desk().and_then(|desk| desk.find.as_ref());
        find.is_some_and(|find| find.state == FindState::Typing) && self.keyboard() == Keyboard::Record
    }

    /// The oldest turn that is known here, or what was said before a fork.
    pub fn first_turn(&self) -> Option<TurnNumber> {
        self.past_turn().or_else(|| self.first_own_turn())
    }

    /// Where older turns of this conversation may still be fetched, these come first.
    fn past_turn(&self) -> Option<TurnNumber> {
        let forked = self.active().is_some_and(|conversation| matches!(conversation.begun, Begun::Forked(_)));
        let whole = self.first_own_turn().is_none_or(|first| first == TurnNumber(1));
        (forked && whole).then_some(PAST)
    }

    fn first_own_turn(&self) -> Option<TurnNumber> {
        let ended = self.desk()?.record.turns.keys().next().copied();
        ended.into_iter().chain(self.newest_ended()).min().or_else(|| self.open_turns().next())
    }

    pub fn last_turn(&self) -> Option<TurnNumber> {
        let ended = || {
            let ended = self.desk()?.record.turns.keys().next_back().copied();
            ended.into_iter().chain(self.newest_ended()).max()
        };
        self.open_turns().last().or_else(ended).or_else(|| self.past_turn())
    }

    pub fn turn_before(&self, turn: TurnNumber) -> Option<TurnNumber> {
        let open: Vec<TurnNumber> = self.open_turns().collect();
        let before = match open.iter().position(|one| *one == turn) {
            Some(0) => self.ended_before(TurnNumber(u32::MAX)),
            Some(at) => open.get(at - 1).copied(),
            None => self.ended_before(turn),
        };
        before.or_else(|| self.past_turn().filter(|past| *past != turn))
    }

    pub fn turn_after(&self, turn: TurnNumber) -> Option<TurnNumber> {
        let mut open = self.open_turns();
        match self.open_turns().any(|one| one == turn) {
            true => open.skip_while(|one| *one != turn).nth(1),
            false => self.ended_after(turn).or_else(|| open.next()),
        }
    }

    fn ended_before(&self, turn: TurnNumber) -> Option<TurnNumber> {
        let recorded = self.desk()?.record.turns.range(..turn).next_back().map(|(number, _)| *number);
        recorded.into_iter().chain(self.newest_ended().filter(|newest| *newest < turn)).max()
    }

    fn ended_after(&self, turn: TurnNumber) -> Option<TurnNumber> {
        let next = TurnNumber(turn.0.saturating_add(1));
        let recorded = self.desk()?.record.turns.range(next..).next().map(|(number, _)| *number);
        recorded.into_iter().chain(self.newest_ended().filter(|newest| *newest > turn)).min()
    }

    fn newest_ended(&self) -> Option<TurnNumber> {
        let newest = self.active()?.turn.as_ref();
        newest.filter(|turn| is_ended(turn)).map(|turn| turn.number)
    }

    /// The turn that runs, then the queue in its order.
    fn open_turns(&self) -> impl Iterator<Item = TurnNumber> {
        let queue = self.active().into_iter().flat_map(|conversation| &conversation.queue);
        self.running().into_iter().chain(queue).map(|turn| turn.number)
    }
}
