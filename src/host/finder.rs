//! A thread that reads the store with a connection of its own: nothing that is looked up keeps a message from being saved, and what is
//! saved can be read while nothing more can be.
//!
//! There are two: one for searches, which may take a moment, and one for the rest. Not here: what is found (`store/`).

use super::driver::Incoming;
use super::effect::{Earlier, Past, Query};
use super::event::{ClientId, Event};
use super::notes::Wanted;
use super::writer::cause;
use crate::domain::brief::brief;
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::search;
use crate::domain::session::SessionRecord;
use crate::domain::turn::TurnRecord;
use crate::protocol::codec::MAX_FRAME_BYTES;
use crate::protocol::message::{PastTurn, Refusal, Reply};
use crate::store::{Reader, StoreError};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// More turns than a brief of them could hold.
const BRIEF_TURNS: u32 = 200;

pub struct ToFind {
    pub client: ClientId,
    pub id: u64,
    pub what: What,
}

pub enum What {
    Turns(Query),
    Earlier(ConversationId, Earlier),
    Prompts { most: u32 },
    Words { query: search::Query, most: u32 },
}

/// One search takes less; what takes longer holds up the end of a host no more.
const END_LIMIT: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// The thread ends once this is dropped and what was ordered is done.
pub struct Finder {
    /// None: it is to end.
    orders: Option<Sender<ToFind>>,
    thread: JoinHandle<()>,
}

impl Finder {
    pub fn start(name: &str, reader: Reader, incoming: tokio::sync::mpsc::Sender<Incoming>) -> std::io::Result<Finder> {
        let (orders, receiver) = channel();
        let thread = std::thread::Builder::new().name(name.into()).spawn(move || run(reader, &receiver, &incoming))?;
        Ok(Finder { orders: Some(orders), thread })
    }

    pub fn find(&self, order: ToFind) {
        if self.orders.as_ref().is_none_or(|orders| orders.send(order).is_err()) {
            tracing::error!("a thread that reads the store is gone");
        }
    }
}

impl Drop for Finder {
    fn drop(&mut self) {
        self.orders = None;
        let until = Instant::now() + END_LIMIT;
        while !self.thread.is_finished() && Instant::now() < until {
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

fn run(mut reader: Reader, orders: &Receiver<ToFind>, incoming: &tokio::sync::mpsc::Sender<Incoming>) {
    // While there are descriptors; where the store is not open yet, the first that is asked opens it.
    reader.make_ready();
    while let Ok(ToFind { client, id, what }) = orders.recv() {
        let reply = match what {
            What::Earlier(conversation, which) => {
                let found = earlier(&mut reader, conversation, which);
                let read = Incoming::Event(Event::EarlierRead { client, id, conversation, found });
                // The receiver is gone only when the host has ended, and then nobody waits for this.
                let _ = incoming.blocking_send(read);
                continue;
            }
            What::Turns(Query::Diff { conversation, turn, span, folder }) => {
                match one_turn(&mut reader, conversation, turn) {
                    Ok(Some(turn)) => {
                        let wanted = Wanted { client, id, turn, span, folder };
                        let incoming_now = Incoming::ToDiff(conversation, Box::new(wanted));
                        // The receiver is gone only when the host has ended, and then nobody waits for this.
                        let _ = incoming.blocking_send(incoming_now);
                        continue;
                    }
                    Ok(None) => Reply::Refused { why: Refusal::NoTurn(turn) },
                    Err(error) => Reply::Refused { why: Refusal::StoreTrouble(cause(&error)) },
                }
            }
            what => found(&mut reader, what),
        };
        // The receiver is gone only when the host has ended, and then nobody waits for this.
        let _ = incoming.blocking_send(Incoming::QueryDone { client, id, reply });
    }
}

fn earlier(reader: &mut Reader, conversation: ConversationId, which: Earlier) -> Result<SessionRecord, Refusal> {
    let (found, none) = match which {
        Earlier::This(number) => (reader.session(conversation, number), Refusal::NoOwnSession(number)),
        Earlier::Before(number) => (reader.session_before(conversation, number), Refusal::NoEarlierSession),
    };
    found.map_err(|error| Refusal::StoreTrouble(cause(&error)))?.ok_or(none)
}

/// What the store alone can answer.
pub fn found(reader: &mut Reader, what: What) -> Reply {
    let trouble = |error: StoreError| Reply::Refused { why: Refusal::StoreTrouble(cause(&error)) };
    let count = |most| usize::try_from(most).unwrap_or(usize::MAX);
    match what {
        What::Words { query, most } => match reader.search(&query, count(most)) {
            Ok(findings) => Reply::Found(findings),
            Err(error) => Reply::Refused { why: Refusal::SearchTrouble(error.to_string()) },
        },
        What::Prompts { most } => reader.prompts(count(most)).map_or_else(trouble, Reply::Prompts),
        // What is read there is the core's (`run`).
        What::Earlier(..) => Reply::Refused { why: Refusal::NoEarlierSession },
        What::Turns(query) => turns(reader, query).unwrap_or_else(trouble),
    }
}

fn turns(reader: &mut Reader, query: Query) -> Result<Reply, StoreError> {
    Ok(match query {
        Query::Turns { conversation, before, most } => {
            Reply::Turns(fitting(told(reader.turns(conversation, before, most)?), |turn| turn))
        }
        Query::DecisionsOf { conversation, from, to } => Reply::Decisions(reader.decisions(conversation, from, to)?),
        Query::Brief { conversation, before } => {
            let own = reader.turns(conversation, None, BRIEF_TURNS)?;
            let most = BRIEF_TURNS.saturating_sub(u32::try_from(own.len()).unwrap_or(u32::MAX));
            let mut turns: Vec<TurnRecord> = past(reader, &before, most)?.into_iter().map(|past| past.turn).collect();
            turns.extend(own);
            match brief(&turns) {
                Some(text) => Reply::Brief { text },
                None => Reply::Refused { why: Refusal::NothingSaid },
            }
        }
        Query::Past { before, most } => Reply::Past(fitting(past(reader, &before, most)?, |past| &past.turn)),
        Query::EndedTurn { conversation, turn } => {
            let turn = one_turn(reader, conversation, turn)?;
            Reply::Ended { turn: turn.map(TurnRecord::told).map(Box::new) }
        }
        // Told beside all else, once its turn is read.
        Query::Diff { turn, .. } => Reply::Refused { why: Refusal::NoTurn(turn) },
    })
}

fn one_turn(
    reader: &mut Reader,
    conversation: ConversationId,
    turn: TurnNumber,
) -> Result<Option<TurnRecord>, StoreError> {
    let after = TurnNumber(turn.0.saturating_add(1));
    let turns = reader.turns(conversation, Some(after), 1)?;
    Ok(turns.into_iter().find(|record| record.number == turn))
}

/// As clients are told of them.
fn told(turns: Vec<TurnRecord>) -> Vec<TurnRecord> {
    turns.into_iter().map(TurnRecord::told).collect()
}

/// The newest `most` turns of what lies before a conversation, oldest first; `before` has the nearest first.
fn past(reader: &mut Reader, before: &[Past], most: u32) -> Result<Vec<PastTurn>, StoreError> {
    let mut turns: Vec<PastTurn> = Vec::new();
    for Past { conversation, to } in before {
        let left = most.saturating_sub(u32::try_from(turns.len()).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        let behind = TurnNumber(to.0.saturating_add(1));
        let older = reader.turns(*conversation, Some(behind), left)?;
        let older = told(older).into_iter().map(|turn| PastTurn { conversation: *conversation, turn });
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
