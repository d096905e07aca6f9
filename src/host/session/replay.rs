//! Takes a process over from an earlier host: its journal makes the screen and what was known again, and what nobody has noted is told.
//!
//! Up to where all was settled nothing is told and nothing answered; behind it all counts. Questions of the program are answered only where
//! no host was there to answer them. Change here: what is noted for the next host, and what is made of it. Not here: the files
//! (`holder/journal.rs`).

use super::Tell;
use super::agent_io::{AgentIo, Listener};
use super::output::Output;
use crate::agent::submit::Composer;
use crate::domain::conversation_state::{AgentPlace, SessionEvent};
use crate::domain::id::{Timestamp, TurnNumber};
use crate::holder::journal::{Journal, Piece, Record};
use crate::holder::marks::Mark;
use crate::point;
use crate::terminal::frame::Size;
use crate::terminal::prelude::prelude;
use std::collections::VecDeque;
use std::path::Path;

/// Turns that a person typed into a shell have no number until they are saved, so the time at which each mark of theirs was seen tells whether it was.
#[derive(Debug, Default)]
pub(super) struct Typed {
    /// What earlier hosts may have told already, and had no time to note as settled.
    told_before: VecDeque<i64>,
    /// Told while the journal was being read.
    not_noted: Vec<i64>,
    newest: i64,
}

/// When a mark of a typed turn was seen, and whether that was told before.
pub(super) enum SeenAt {
    First(Timestamp),
    Again(Timestamp),
}

/// Whether the screen shows what the program has drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawn {
    All,
    /// A full screen is drawn by differences, and what it began with may be gone.
    MaybeNot,
}

impl AgentIo {
    /// Does again what happened under earlier hosts, then tells what happened since, and goes on with the journal.
    pub fn take_over(&mut self, record: Option<Record>, folder: &Path, tell: &Tell) -> Drawn {
        // What the person typed before nobody knows any more.
        self.composer = Composer::MaybeHolds;
        let drawn = match &record {
            Some(record) => self.replay(record, tell),
            None => {
                self.begin_to_tell("", tell);
                Drawn::MaybeNot
            }
        };
        self.journal = match Journal::open(folder) {
            Ok(journal) => Some(journal),
            Err(error) => {
                tracing::warn!(%error, "a journal cannot be gone on with");
                None
            }
        };
        for seen_at in std::mem::take(&mut self.typed.not_noted) {
            self.note(&Mark::Told(seen_at));
        }
        drawn
    }

    fn replay(&mut self, record: &Record, tell: &Tell) -> Drawn {
        let (settled, state) = record.settled().unwrap_or((0, ""));
        let answered = record.alone().unwrap_or(u64::MAX);
        let silent = tell.silent();
        self.typed.told_before = record.told_since_settled().into();
        let mut tells = false;
        let read = record.read(settled, |piece| match piece {
            Piece::Bytes(bytes, ends) => {
                if ends > settled && !std::mem::replace(&mut tells, ends > settled) {
                    self.begin_to_tell(state, tell);
                }
                self.feed(bytes, if tells { tell } else { &silent });
                let replies = self.screen.take_replies();
                if ends - bytes.len() as u64 >= answered {
                    self.push(&replies);
                }
            }
            Piece::Mark(Mark::Size { columns, rows }) => self.had_size(Size { columns: *columns, rows: *rows }),
            Piece::Mark(Mark::Expect(turn)) => self.expect(TurnNumber(*turn)),
            Piece::Mark(Mark::ExpectNothing) => self.expect_nothing(),
            Piece::Mark(Mark::State(state)) => self.had_state(state),
            Piece::Mark(Mark::Settled(_) | Mark::Alone | Mark::Told(_)) => {}
        });
        if let Err(error) = read {
            tracing::warn!(%error, "a journal could not be read to its end");
        }
        if !tells {
            self.begin_to_tell(state, tell);
        }
        self.typed.told_before.clear();
        let drawn_by_differences = self.screen.modes().alternate_screen;
        if drawn_by_differences || record.is_cut() { Drawn::MaybeNot } else { Drawn::All }
    }

    fn had_size(&mut self, size: Size) {
        self.size = size;
        self.resized = true;
        self.screen.resize(size);
    }

    /// What is told from here on, nobody has noted yet.
    fn begin_to_tell(&mut self, state: &str, tell: &Tell) {
        let place = match &mut self.listener {
            Listener::Marks(observer) => observer.place(),
            Listener::Claims(watch) => {
                watch.go_on(state);
                watch.place()
            }
        };
        tell.event(SessionEvent::TakenOver { place });
    }

    /// Notes that a mark of a typed turn is about to be told, unless an earlier host has. No two have the same time.
    pub(super) fn about_to_tell_typed(&mut self, now: Timestamp) -> SeenAt {
        if let Some(seen_at) = self.typed.told_before.pop_front() {
            self.typed.newest = self.typed.newest.max(seen_at);
            return SeenAt::Again(Timestamp(seen_at));
        }
        let seen_at = now.0.max(self.typed.newest.saturating_add(1));
        self.typed.newest = seen_at;
        match self.journal {
            Some(_) => self.note(&Mark::Told(seen_at)),
            None => self.typed.not_noted.push(seen_at),
        }
        SeenAt::First(Timestamp(seen_at))
    }

    /// All that was told up to this number is on the disk. If nothing was told since, all of the journal is.
    pub fn note_settled(&mut self, number: u64, tell: &Tell) {
        self.settled = self.settled.max(number);
        if number == tell.told() {
            point!("before-settled");
            let state = match &self.listener {
                // Its marks in the output tell all of it again.
                Listener::Marks(_) => String::new(),
                Listener::Claims(watch) => watch.state(),
            };
            self.note(&Mark::Settled(state));
        }
    }

    /// Where the newest segment is full, the next one begins with what its end leaves behind.
    pub fn begin_next_segment(&mut self) {
        let Some(journal) = self.journal.as_mut().filter(|journal| journal.is_full()) else {
            return;
        };
        let size = Mark::Size { columns: self.size.columns, rows: self.size.rows };
        let state = match &self.listener {
            Listener::Marks(observer) => serde_json::to_string(&observer.state()).ok().map(Mark::State),
            Listener::Claims(_) => None,
        };
        let marks: Vec<Mark> = [Some(size), state].into_iter().flatten().collect();
        journal.begin_next(&prelude(&self.screen.modes()), &marks);
    }

    /// What a shell was at where its journal begins, as what led to it is cut off.
    fn had_state(&mut self, state: &str) {
        if let Listener::Marks(observer) = &mut self.listener
            && let Ok(state) = serde_json::from_str(state)
        {
            observer.go_on(state);
            if observer.place() == AgentPlace::Busy && self.output.is_none() {
                self.output = Some(Output::begin(&self.screen));
            }
        }
    }
}
