//! The thread that makes the backup of the day, beside all else.
//!
//! Not here: when one is due and how many stay (`store/backup.rs`).

use crate::store::Copier;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// A host that has just started has better things to do.
const FIRST_AFTER: Duration = Duration::from_secs(5);
/// A laptop that slept over midnight has its backup within this time, and a disk that was full has room again some time.
const LOOK_EVERY: Duration = Duration::from_secs(30 * 60);

/// The thread ends with this, or with the process: a copy that was not finished is no backup, and the next one begins with removing it.
pub struct Backups {
    _until: Sender<()>,
}

impl Backups {
    pub fn start(store: &Path) -> std::io::Result<Backups> {
        let copier = Copier::new(store);
        let (until, over) = channel::<()>();
        let run = move || {
            let mut pause = FIRST_AFTER;
            while over.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                match copier.copy_if_due() {
                    Ok(Some(path)) => tracing::info!(path = %path.display(), "the backup of the day is made"),
                    Ok(None) => {}
                    Err(error) => tracing::warn!(?error, "no backup could be made; it is tried again"),
                }
                pause = LOOK_EVERY;
            }
        };
        std::thread::Builder::new().name("backup".into()).spawn(run)?;
        Ok(Backups { _until: until })
    }
}
