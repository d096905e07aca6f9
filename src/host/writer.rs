//! The store's own thread: commits what must be remembered, then gives back what waited for that commit, in order.
//!
//! Rule: nothing that was given in behind a save leaves here before the save is on the disk. While the disk refuses, everything waits here
//! and is tried again; the core is told, so that it accepts nothing new meanwhile.

use super::driver::Incoming;
use super::effect::Effect;
use super::event::Event;
use super::holding::Holding;
use crate::domain::change::Change;
use crate::point;
use crate::store::{Loaded, Store, StoreError};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// So many batches share one sync of the disk at most; what came meanwhile shares the next one.
const MOST_SHARED: usize = 64;
/// How long to wait before a commit that failed is tried again.
const RETRY_EVERY: Duration = Duration::from_millis(500);
/// How often a store that does not open is tried again. A person who mends it waits no longer than this.
const OPEN_EVERY: Duration = Duration::from_secs(1);
/// A window that was opened meanwhile must say it as well, and what it says goes after some seconds.
const SAY_AGAIN_EVERY: u32 = 8;

/// Commit the changes, then give back the effects.
pub struct Batch {
    pub changes: Vec<Change>,
    pub then: Vec<Effect>,
}

/// The store as the host found it.
pub enum Found {
    Open(Store),
    /// It is tried again until it opens; `Incoming::Opened` brings what is in it.
    NotYet(PathBuf, Holding),
}

pub struct Writer {
    pub orders: Sender<Batch>,
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
    pub fn start(found: Found, incoming: tokio::sync::mpsc::Sender<Incoming>) -> std::io::Result<Writer> {
        let (orders, receiver) = channel();
        let give_up = Arc::new(GiveUp::default());
        let until = give_up.clone();
        let run = move || {
            let store = match found {
                Found::Open(store) => Some(store),
                Found::NotYet(path, holding) => open_at_last(&path, &holding, &receiver, &incoming),
            };
            if let Some(store) = store {
                Work { store, incoming, give_up: until }.run(&receiver);
            }
        };
        let thread = std::thread::Builder::new().name("store".into()).spawn(run)?;
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
    fn run(mut self, orders: &Receiver<Batch>) {
        while let Ok(first) = orders.recv() {
            let mut changes = first.changes;
            let mut waiting = vec![first.then];
            for Batch { changes: more, then } in orders.try_iter().take(MOST_SHARED - 1) {
                changes.extend(more);
                waiting.push(then);
            }
            self.save(&mut changes, &mut waiting);
        }
    }

    /// Commits, then gives back what waited for it.
    fn save(&mut self, changes: &mut Vec<Change>, waiting: &mut Vec<Vec<Effect>>) {
        let saved = self.commit(changes);
        point!("after-commit");
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
}

/// Opens the store and reads it, as soon as that can be done. None where the host ends before.
fn open_at_last(
    path: &Path,
    holding: &Holding,
    orders: &Receiver<Batch>,
    incoming: &tokio::sync::mpsc::Sender<Incoming>,
) -> Option<Store> {
    // The receiver is gone only when the host has ended, and then nobody waits for this.
    let tell = |one| drop(incoming.blocking_send(one));
    for tries in 1_u32.. {
        match orders.recv_timeout(OPEN_EVERY) {
            Err(RecvTimeoutError::Disconnected) => return None,
            // Nothing is accepted while there is no store; what comes all the same is not done.
            Ok(_) => tell(Incoming::GivenUp),
            Err(RecvTimeoutError::Timeout) => {}
        }
        match open_and_load(path) {
            Ok((store, loaded)) => {
                tracing::info!("the store opened");
                tell(Incoming::StoreOpened { loaded, held: holding.find() });
                return Some(store);
            }
            Err(error) if tries.is_multiple_of(SAY_AGAIN_EVERY) => {
                tell(Incoming::Event(Event::StoreTrouble(cause(&error))));
            }
            Err(_) => {}
        }
    }
    None
}

pub fn open_and_load(path: &Path) -> Result<(Store, Loaded), StoreError> {
    let mut store = Store::open(path)?;
    let loaded = store.load()?;
    Ok((store, loaded))
}

/// What stands in the way, in few words where it is one of the usual troubles.
pub fn cause(error: &StoreError) -> String {
    error.trouble().map_or_else(|| error.to_string(), |trouble| trouble.text().to_owned())
}
