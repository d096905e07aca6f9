//! The store's own thread: commits what must be remembered, then gives back what waited for that commit, in order.
//!
//! Rule: nothing that was given in behind a save leaves here before the save is on the disk. While the disk refuses, everything waits here
//! and is tried again; the core is told, so that it accepts nothing new meanwhile.

use super::driver::Incoming;
use super::effect::{Effect, Query};
use super::event::{ClientId, Event};
use crate::domain::change::Change;
use crate::protocol::codec::MAX_FRAME_BYTES;
use crate::protocol::message::{Refusal, Reply};
use crate::store::{Store, StoreError};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

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
}

impl Writer {
    pub fn start(store: Store, incoming: tokio::sync::mpsc::Sender<Incoming>) -> std::io::Result<Writer> {
        let (orders, receiver) = channel();
        let thread =
            std::thread::Builder::new().name("store".into()).spawn(move || run(store, &receiver, &incoming))?;
        Ok(Writer { orders, thread })
    }

    /// Waits until everything that was ordered is on the disk.
    pub fn finish(self) {
        drop(self.orders);
        if self.thread.join().is_err() {
            tracing::error!("the store's thread had panicked");
        }
    }
}

fn run(mut store: Store, orders: &Receiver<ToWriter>, incoming: &tokio::sync::mpsc::Sender<Incoming>) {
    while let Ok(first) = orders.recv() {
        let mut shared = vec![first];
        shared.extend(orders.try_iter().take(MOST_SHARED - 1));
        let mut changes = Vec::new();
        let mut released = Vec::new();
        for order in shared {
            match order {
                ToWriter::Batch { changes: more, then } => {
                    changes.extend(more);
                    released.push(Incoming::Committed(then));
                }
                ToWriter::Query { client, id, query } => {
                    // What was ordered before must be visible to it.
                    commit_until_done(&mut store, &changes, incoming);
                    changes.clear();
                    give_back(&mut released, incoming);
                    let reply = answer(&mut store, query);
                    give_back(&mut vec![Incoming::QueryDone { client, id, reply }], incoming);
                }
            }
        }
        commit_until_done(&mut store, &changes, incoming);
        give_back(&mut released, incoming);
    }
}

fn give_back(released: &mut Vec<Incoming>, incoming: &tokio::sync::mpsc::Sender<Incoming>) {
    for one in released.drain(..) {
        // The receiver is gone only when the host has ended, and then nobody waits for this.
        let _ = incoming.blocking_send(one);
    }
}

fn commit_until_done(store: &mut Store, changes: &[Change], incoming: &tokio::sync::mpsc::Sender<Incoming>) {
    if changes.is_empty() {
        return;
    }
    let mut troubled = false;
    while let Err(error) = store.commit(changes) {
        tracing::error!(%error, cause = cause(&error), "could not commit");
        if !troubled {
            troubled = true;
            let _ = incoming.blocking_send(Incoming::Event(Event::StoreTrouble(cause(&error)))); // As above.
        }
        std::thread::sleep(RETRY_EVERY);
    }
    if troubled {
        let _ = incoming.blocking_send(Incoming::Event(Event::StoreWell)); // As above.
    }
}

/// The error with what lies under it, in one line.
fn cause(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(under) = source {
        text = format!("{text}: {under}");
        source = under.source();
    }
    text
}

fn answer(store: &mut Store, query: Query) -> Reply {
    let found = match query {
        Query::Turns { conversation, before, most } => {
            store.turns(conversation, before, most).map(|turns| Reply::Turns(fitting(turns)))
        }
        Query::EndedTurn { conversation, turn } => {
            let after = crate::domain::id::TurnNumber(turn.0.saturating_add(1));
            store.turns(conversation, Some(after), 1).map(|turns| Reply::Ended {
                turn: turns.into_iter().find(|record| record.number == turn).map(Box::new),
            })
        }
    };
    found.unwrap_or_else(|error| Reply::Refused { why: Refusal::StoreTrouble(cause(&error)) })
}

/// The newest of these that fit in one frame; always at least one.
fn fitting(mut turns: Vec<crate::domain::turn::TurnRecord>) -> Vec<crate::domain::turn::TurnRecord> {
    let mut bytes = 0;
    let from = turns.iter().rposition(|turn| {
        bytes += turn.prompt.len() + turn.answer.as_ref().map_or(0, |answer| answer.text.len()) + 512;
        bytes > MAX_FRAME_BYTES / 2
    });
    if let Some(too_much) = from {
        let keep_from = (too_much + 1).min(turns.len().saturating_sub(1));
        turns.drain(..keep_from);
    }
    turns
}
