//! The store's own thread: commits what must be remembered, then gives back what waited for that commit, in order.
//!
//! Rule: nothing that was given in behind a save leaves here before the save is on the disk. While the disk refuses, everything waits here
//! and is tried again; the core is told, so that it accepts nothing new meanwhile.

use super::driver::Incoming;
use super::effect::{Effect, Past, Query};
use super::event::{ClientId, Event};
use crate::domain::brief::brief;
use crate::domain::change::Change;
use crate::domain::id::TurnNumber;
use crate::domain::turn::TurnRecord;
use crate::protocol::codec::MAX_FRAME_BYTES;
use crate::protocol::message::{PastTurn, Refusal, Reply};
use crate::store::{Store, StoreError};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
/// More turns than a brief of them could hold.
const BRIEF_TURNS: u32 = 200;

/// So many batches share one sync of the disk at most; what came meanwhile shares the next one.
const MOST_SHARED: usize = 64;
/// How long to wait before a commit that failed is tried again.
const RETRY_EVERY: Duration = Duration::from_millis(500);

pub enum ToWriter {
    /// Commit the changes, then give back the effects.
    Batch {
        changes: Vec<Change>,
        then: Vec<Effect>,
    },
    Query {
        client: ClientId,
        id: u64,
        query: Query,
    },
}

pub struct Writer {
    pub orders: Sender<ToWriter>,
    thread: JoinHandle<()>,
    give_up: Arc<GiveUp>,
}

/// When the thread stops trying to save; never, as long as the host lives.
#[derive(Default)]
struct GiveUp(Mutex<Option<Instant>>);

impl GiveUp {
    fn is_due(&self) -> bool {
        // A panic with the lock held is impossible: nothing is called under it.
        self.0.lock().is_ok_and(|at| at.is_some_and(|at| Instant::now() >= at))
    }
}

impl Writer {
    pub fn start(store: Store, incoming: tokio::sync::mpsc::Sender<Incoming>) -> std::io::Result<Writer> {
        let (orders, receiver) = channel();
        let give_up = Arc::new(GiveUp::default());
        let work = Work { store, incoming, give_up: give_up.clone() };
        let thread = std::thread::Builder::new().name("store".into()).spawn(move || work.run(&receiver))?;
        Ok(Writer { orders, thread, give_up })
    }

    /// The host ends: what cannot be saved within this time is given up.
    pub fn give_up_after(&self, time: Duration) {
        if let Ok(mut at) = self.give_up.0.lock() {
            *at = Some(Instant::now() + time);
        }
    }

    /// Waits until everything that was ordered is on the disk.
    pub fn finish(self) {
        drop(self.orders);
        if self.thread.join().is_err() {
            tracing::error!("the store's thread had panicked");
        }
    }
}

struct Work {
    store: Store,
    incoming: tokio::sync::mpsc::Sender<Incoming>,
    give_up: Arc<GiveUp>,
}

/// Whether what was ordered is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Saved {
    Yes,
    GivenUp,
}

impl Work {
    fn run(mut self, orders: &Receiver<ToWriter>) {
        while let Ok(first) = orders.recv() {
            let mut shared = vec![first];
            shared.extend(orders.try_iter().take(MOST_SHARED - 1));
            let mut changes = Vec::new();
            let mut waiting = Vec::new();
            for order in shared {
                match order {
                    ToWriter::Batch { changes: more, then } => {
                        changes.extend(more);
                        waiting.push(then);
                    }
                    ToWriter::Query { client, id, query } => {
                        // What was ordered before must be visible to it.
                        self.save(&mut changes, &mut waiting);
                        let reply = self.answer(query);
                        self.tell(Incoming::QueryDone { client, id, reply });
                    }
                }
            }
            self.save(&mut changes, &mut waiting);
        }
    }

    /// Commits, then gives back what waited for it.
    fn save(&mut self, changes: &mut Vec<Change>, waiting: &mut Vec<Vec<Effect>>) {
        let saved = self.commit(changes);
        changes.clear();
        for then in waiting.drain(..) {
            self.tell(match saved {
                Saved::Yes => Incoming::Committed(then),
                Saved::GivenUp => Incoming::GivenUp,
            });
        }
    }

    fn tell(&self, incoming: Incoming) {
        // The receiver is gone only when the host has ended, and then nobody waits for this.
        let _ = self.incoming.blocking_send(incoming);
    }

    fn commit(&mut self, changes: &[Change]) -> Saved {
        if changes.is_empty() {
            return Saved::Yes;
        }
        let mut troubled = false;
        while let Err(error) = self.store.commit(changes) {
            if !troubled {
                troubled = true;
                tracing::error!(?error, "nothing can be saved; trying again until it can");
                self.tell(Incoming::Event(Event::StoreTrouble(cause(&error))));
            }
            if self.give_up.is_due() {
                tracing::error!(changes = changes.len(), "the host ends, and these changes could not be saved");
                return Saved::GivenUp;
            }
            std::thread::sleep(RETRY_EVERY);
        }
        if troubled {
            tracing::info!("saving works again");
            self.tell(Incoming::Event(Event::StoreWell));
        }
        Saved::Yes
    }

    fn answer(&mut self, query: Query) -> Reply {
        answer(&mut self.store, query)
    }
}

/// What stands in the way, in few words where it is one of the usual troubles.
fn cause(error: &StoreError) -> String {
    error.trouble().map_or_else(|| error.to_string(), |trouble| trouble.text().to_owned())
}

fn answer(store: &mut Store, query: Query) -> Reply {
    let found = match query {
        Query::Turns { conversation, before, most } => {
            store.turns(conversation, before, most).map(|turns| Reply::Turns(fitting(turns, |turn| turn)))
        }
        Query::DecisionsOf { conversation, from, to } => store.decisions(conversation, from, to).map(Reply::Decisions),
        Query::Brief { conversation, before } => store.turns(conversation, None, BRIEF_TURNS).and_then(|own| {
            let most = BRIEF_TURNS.saturating_sub(u32::try_from(own.len()).unwrap_or(u32::MAX));
            let mut turns: Vec<TurnRecord> = past(store, &before, most)?.into_iter().map(|past| past.turn).collect();
            turns.extend(own);
            Ok(match brief(&turns) {
                Some(text) => Reply::Brief { text },
                None => Reply::Refused { why: Refusal::NothingSaid },
            })
        }),
        Query::Past { before, most } => {
            past(store, &before, most).map(|past| Reply::Past(fitting(past, |past| &past.turn)))
        }
        Query::EndedTurn { conversation, turn } => {
            let after = TurnNumber(turn.0.saturating_add(1));
            store.turns(conversation, Some(after), 1).map(|turns| Reply::Ended {
                turn: turns.into_iter().find(|record| record.number == turn).map(Box::new),
            })
        }
    };
    found.unwrap_or_else(|error| Reply::Refused { why: Refusal::StoreTrouble(cause(&error)) })
}

/// The newest `most` turns of what lies before a conversation, oldest first; `before` has the nearest first.
fn past(store: &mut Store, before: &[Past], most: u32) -> Result<Vec<PastTurn>, StoreError> {
    let mut turns: Vec<PastTurn> = Vec::new();
    for Past { conversation, to } in before {
        let left = most.saturating_sub(u32::try_from(turns.len()).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        let behind = TurnNumber(to.0.saturating_add(1));
        let older = store.turns(*conversation, Some(behind), left)?;
        let older = older.into_iter().map(|turn| PastTurn { conversation: *conversation, turn });
        turns.splice(0..0, older);
    }
    Ok(turns)
}

/// The newest of these that fit in one frame; always at least one.
fn fitting<T>(mut turns: Vec<T>, turn_of: impl Fn(&T) -> &TurnRecord) -> Vec<T> {
    let mut bytes = 0;
    let from = turns.iter().rposition(|turn| {
        let turn = turn_of(turn);
        bytes += turn.prompt.len() + turn.answer.as_ref().map_or(0, |answer| answer.text.len()) + 512;
        bytes > MAX_FRAME_BYTES / 2
    });
    if let Some(too_much) = from {
        let keep_from = (too_much + 1).min(turns.len().saturating_sub(1));
        turns.drain(..keep_from);
    }
    turns
}
