//! The thread that searches the store, with a connection of its own: no search keeps a message from being saved.
//!
//! Not here: what is found (`store/search.rs`).

use super::driver::Incoming;
use super::event::ClientId;
use crate::domain::search::Query;
use crate::protocol::message::{Refusal, Reply};
use crate::store::Searcher;
use std::sync::mpsc::{Receiver, Sender, channel};

pub struct ToFind {
    pub client: ClientId,
    pub id: u64,
    pub what: What,
    pub most: u32,
}

/// What is looked for.
pub enum What {
    Turns(Query),
    Prompts,
}

/// The thread ends once this is dropped and what was ordered is done; nobody waits for it.
pub struct Finder {
    orders: Sender<ToFind>,
}

impl Finder {
    pub fn start(searcher: Searcher, incoming: tokio::sync::mpsc::Sender<Incoming>) -> std::io::Result<Finder> {
        let (orders, receiver) = channel();
        std::thread::Builder::new().name("search".into()).spawn(move || run(searcher, &receiver, &incoming))?;
        Ok(Finder { orders })
    }

    pub fn find(&self, order: ToFind) {
        if self.orders.send(order).is_err() {
            tracing::error!("the thread that searches is gone");
        }
    }
}

fn run(mut searcher: Searcher, orders: &Receiver<ToFind>, incoming: &tokio::sync::mpsc::Sender<Incoming>) {
    while let Ok(ToFind { client, id, what, most }) = orders.recv() {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let found = match what {
            What::Turns(query) => searcher.search(&query, most).map(Reply::Found),
            What::Prompts => searcher.prompts(most).map(Reply::Prompts),
        };
        let reply = found.unwrap_or_else(|error| Reply::Refused { why: Refusal::SearchTrouble(error.to_string()) });
        // The receiver is gone only when the host has ended, and then nobody waits for this.
        let _ = incoming.blocking_send(Incoming::QueryDone { client, id, reply });
    }
}
