//! The host: one background process that keeps the sessions, their screens and the store. Knows no TUI.
//!
//! Reading order: `event.rs` and `effect.rs` tell all that can happen and all that can be done; `core/` decides; `driver.rs` does.

mod agents;
mod backups;
mod clock;
pub mod core;
pub mod descriptors;
mod driver;
pub mod effect;
pub mod event;
mod finder;
pub mod first_word;
mod git;
mod holding;
mod kept_sessions;
pub mod look;
mod note;
mod notes;
mod notifier;
mod processes;
mod pty;
mod reads;
mod retaking;
mod session;
mod settings;
mod socket;
mod timers;
mod writer;

use crate::config::Config;
use crate::config::watch::Watch;
use crate::domain::id::ConversationId;
use crate::lock::{self, Held, Lock};
use crate::paths::{Paths, PathsError};
use crate::protocol::message::{BUILD, Hello, Request};
use crate::spool::{self, Call};
use crate::store::{Loaded, Reader, Store, StoreError};
use agents::AgentCatalog;
use backups::Backups;
use core::{HostCore, HostFacts};
use driver::{Beside, Driver, Incoming, Places};
use event::{ClientId, Event};
use finder::Finder;
use first_word::FirstWord;
use holding::Holding;
use notifier::Notifier;
use reads::Reads;
use settings::Settings;
use socket::Door;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use writer::{Found, Writer};

/// Events that wait for the core; who sends more waits.
const INCOMING: usize = 1024;
/// A log beyond this is started anew when a host starts; the one before is kept beside it.
const MOST_LOG_BYTES: u64 = 4 * 1024 * 1024;
/// What a killed host needs at most to let go of its store once it has let go of its lock.
const KILLED_HOST_LIMIT: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(10);

const HEAR_KEPT_CALLS_AFTER: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(5)];
/// Who waits for no reply. Connections are counted from 1.
const NOBODY: ClientId = ClientId(0);

#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error("{0}")]
    Paths(#[from] PathsError),
    #[error(
        "could not take the lock {path} that makes this host the only one ({source}); look at the rights of the file and its folder"
    )]
    Lock { path: PathBuf, source: io::Error },
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("could not listen for clients at {path} ({source}); look at the rights of its folder")]
    Listen { path: PathBuf, source: io::Error },
    #[error("could not begin to run ({0}); the system may be short of descriptors or threads")]
    Run(#[source] io::Error),
}

/// How a host came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    AsTold,
    /// Another host serves this folder already; this one did nothing.
    AnotherServes,
}

/// Serves until told to end, and says on its standard output when it begins to. Detached from every terminal: it begins a process session of
/// its own.
pub fn run(paths: &Paths) -> Result<Ended, HostError> {
    paths.prepare()?;
    // Fails only for the leader of a process group, which is what this makes us anyway.
    let _ = rustix::process::setsid();
    let Lock::Taken(lock) =
        lock::take(&paths.lock).map_err(|source| HostError::Lock { path: paths.lock.clone(), source })?
    else {
        return Ok(Ended::AnotherServes);
    };
    log_to(&paths.log);
    let descriptors_before = descriptors::raise_limit();
    let result = open_and_serve(paths, lock, descriptors_before);
    if let Err(error) = &result {
        tracing::error!(%error, "the host could not serve");
    }
    result.map(|()| Ended::AsTold)
}

/// Nothing that lies about is touched before the store is ours: somebody may have removed the lock of a host that lives, or the folder
/// that it lay in. Where the store does not open for another reason, the host serves without it, says why, and goes on trying.
fn open_and_serve(paths: &Paths, lock: Held, descriptors_before: Option<u64>) -> Result<(), HostError> {
    let opened = match open_store(&paths.store) {
        Err(error) if error.forbids_a_host() => return Err(error.into()),
        other => other,
    };
    if let Err(error) = &opened {
        tracing::error!(?error, "the store does not open; trying again until it does");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(HostError::Run)?;
    runtime.block_on(serve(paths, lock, opened, descriptors_before))
}

/// A host that was killed lets go of its two locks one after the other, so ours may come to us before its store does.
fn open_store(path: &Path) -> Result<(Store, Loaded), StoreError> {
    let until = Instant::now() + KILLED_HOST_LIMIT;
    loop {
        match writer::open_and_load(path) {
            Err(StoreError::InUse { .. }) if Instant::now() < until => std::thread::sleep(LOOK_EVERY),
            other => return other,
        }
    }
}

async fn serve(
    paths: &Paths,
    lock: Held,
    opened: Result<(Store, Loaded), StoreError>,
    descriptors_before: Option<u64>,
) -> Result<(), HostError> {
    let watch = Watch::begin(&paths.config);
    let config = Config::load(&paths.config).unwrap_or_else(|error| {
        tracing::warn!(%error, "the configuration is wrong; the defaults are in force");
        Config::default()
    });
    let agents = AgentCatalog::read(&paths.agents, &paths.hook_socket());
    let for_core = agents.for_core(config.default_agent.clone());
    let started_at = clock::now();
    let facts = HostFacts { pid: std::process::id(), build: BUILD.to_owned(), started_at };
    let holding = Holding::new(paths, descriptors_before).map_err(HostError::Run)?;
    let places = Places {
        run: paths.run.clone(),
        journals: crate::holder::journals(paths),
        worktrees: paths.store.with_file_name("worktrees"),
        trees: paths.store.with_file_name("trees"),
        config: paths.config.clone(),
    };
    // Without a store nobody knows whose the processes are: the holder goes on alone until there is one.
    let (mut held, mut known_ids) = (Vec::new(), BTreeMap::new());
    let (mut core, first, found) = match opened {
        Ok((store, loaded)) => {
            held = holding.find();
            known_ids = retaking::known_ids(&loaded.conversations);
            let lived_on = retaking::lived_on(&retaking::read(held.clone()));
            let (kept, next) = (loaded.conversations, loaded.next_conversation);
            let (core, first) = HostCore::restore(for_core, kept, lived_on, next, facts, started_at);
            (core, first, Found::Open(store))
        }
        Err(error) => {
            let core = HostCore::without_store(for_core, writer::cause(&error), facts);
            (core, Vec::new(), Found::NotYet(paths.store.clone(), holding.clone()))
        }
    };

    // Before anything is noted.
    let first = [vec![core.configure(config)], first].concat();
    let (incoming, receiver) = mpsc::channel(INCOMING);
    let finder = |name| Finder::start(name, Reader::new(&paths.store), incoming.clone()).map_err(HostError::Run);
    let reads = Reads::new(finder("turns")?, finder("search")?);
    let writer = Writer::start(found, incoming.clone()).map_err(HostError::Run)?;
    let backups = Backups::start(&paths.store).map_err(HostError::Run)?;
    let notifier = Notifier::start().map_err(HostError::Run)?;
    let settings = Settings::start(watch, incoming.clone()).map_err(HostError::Run)?;
    let listen_failed = |source| HostError::Listen { path: paths.socket.clone(), source };
    let door = Door::open(paths, lock).map_err(listen_failed)?;
    let hello = Hello::of_this_build(std::process::id(), started_at);
    FirstWord::Serving.tell();
    tokio::spawn(socket::serve(door, hello, incoming.clone()));
    tokio::spawn(end_on_signal(incoming.clone()));
    tokio::spawn(hear_kept_calls(paths.clone(), incoming.clone()));
    tracing::info!(pid = std::process::id(), build = BUILD, "the host serves");
    let beside = Beside { backups, writer, reads, notifier, settings };
    let mut driver = Driver::new(core, agents, beside, holding, places, incoming);
    driver.take_over(held, &known_ids);
    driver.run(first, receiver).await;
    tracing::info!("the host ended as told");
    Ok(())
}

/// Hears what hooks had to tell while no host served. One that had just found none keeps its call a moment later.
async fn hear_kept_calls(paths: Paths, incoming: mpsc::Sender<Incoming>) {
    for pause in HEAR_KEPT_CALLS_AFTER {
        tokio::time::sleep(pause).await;
        for Call { conversation, token, payload } in spool::take(&paths) {
            let request = Request::Signal { conversation: ConversationId(conversation), token, payload };
            // The receiver is gone only when the host has ended.
            let _ = incoming.send(Incoming::Event(Event::Asked { client: NOBODY, id: 0, request })).await;
        }
    }
}

/// The system asks politely before it kills.
async fn end_on_signal(incoming: mpsc::Sender<Incoming>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hang_up)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()))
    else {
        tracing::warn!("signals cannot be heard");
        return;
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            // A terminal that closes is nothing to a host.
            _ = hang_up.recv() => {}
        }
    }
    // The receiver is gone only when the host has ended.
    let _ = incoming.send(Incoming::Event(Event::EndAsked)).await;
}

fn log_to(path: &Path) {
    if std::fs::metadata(path).is_ok_and(|file| file.len() > MOST_LOG_BYTES) {
        // Keeping the old one is a kindness; without it the log only grows.
        let _ = std::fs::rename(path, path.with_extension("log.1"));
    }
    use std::os::unix::fs::OpenOptionsExt;
    let file: io::Result<File> = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    if let Ok(file) = file {
        let log = tracing_subscriber::fmt()
            .with_ansi(false)
            // What it cannot write it would tell on standard error, which is the same file: on a full disk that is a panic of whichever thread.
            .log_internal_errors(false)
            .with_writer(std::sync::Mutex::new(file));
        // Only the first in a process counts, and a host is a process of its own.
        let _ = log.try_init();
    }
}
