//! The holder: one small process that is the parent of all agents and keeps their ptys, so that a host can die, or make room for a newer
//! build, and no agent notices.
//!
//! It starts what the host tells it to start, hands the masters of the ptys over, and remembers how each process left until the host has
//! noted it. While no host serves it reads in the host's place and writes what it reads into the journals. It knows nothing of
//! conversations, turns or screens, and its messages are meant to stay as they are: a newer host talks to an older holder.
//! Reading order: `message.rs`, `keep.rs`, `session.rs`; `journal.rs` is what host and holder share beside the descriptors.

mod door;
pub mod journal;
mod keep;
pub mod landing;
pub mod marks;
pub mod message;
mod session;
pub mod start;
pub mod wire;

use crate::lock::{self, Lock};
use crate::paths::{Paths, PathsError};
use keep::Keeper;
use std::io;
use std::path::{Path, PathBuf};

/// The socket of the holder of these folders, beside the host's.
pub fn socket(paths: &Paths) -> PathBuf {
    paths.socket.with_file_name("holder.sock")
}

fn lock_file(paths: &Paths) -> PathBuf {
    paths.lock.with_file_name("holder.lock")
}

/// The folder of journals, one folder for each session in it. On a disk: the folder of running things may lie in memory.
pub fn journals(paths: &Paths) -> PathBuf {
    paths.log.parent().unwrap_or(Path::new("/")).join("journals")
}

/// Removes what a holder that was killed has left for others to find it by. Where one lives, or starts this moment, nothing happens.
pub fn clean_up(paths: &Paths) {
    if let Ok(Lock::Taken(_lock)) = lock::take(&lock_file(paths)) {
        // The lock's file goes with the lock; that there is no socket is what was wanted.
        let _ = std::fs::remove_file(socket(paths));
    }
}

#[derive(Debug, thiserror::Error)]
pub enum HolderError {
    #[error("{0}")]
    Paths(#[from] PathsError),
    #[error("the holder could not take its lock {path} ({source}); look at the rights of the file and its folder")]
    Lock { path: PathBuf, source: io::Error },
    #[error("the holder could not begin to serve at {path} ({source}); look at the rights of its folder")]
    Serve { path: PathBuf, source: io::Error },
}

/// Serves until it is told to end, or until nobody needs it any more. Returns at once where another holder serves. `serving` is called when
/// it can be connected to.
pub fn run(paths: &Paths, serving: impl FnOnce()) -> Result<(), HolderError> {
    paths.prepare()?;
    // Fails only for the leader of a process group, which is what this makes us anyway.
    let _ = rustix::process::setsid();
    let path = lock_file(paths);
    let taken = lock::take(&path).map_err(|source| HolderError::Lock { path, source })?;
    let Lock::Taken(lock) = taken else {
        serving();
        return Ok(());
    };
    // Whoever launched it gave it the log. Only the first in a process counts, and a holder is a process of its own.
    // What cannot be written to the log must not be told on standard error, which is the log: on a full disk that is a panic, and every agent's end.
    let _ = tracing_subscriber::fmt().with_ansi(false).log_internal_errors(false).with_writer(io::stderr).try_init();
    let failed = |source| HolderError::Serve { path: socket(paths), source };
    let keeper = Keeper::begin(paths, lock).map_err(failed)?;
    serving();
    keeper.run().map_err(failed)
}
