//! The thread that makes the backup of the day, beside all else.
//!
//! Not here: when one is due and how many stay (`store/backup.rs`).

use crate::store::{Copier, CopierStop};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A host that has just started has better things to do.
const FIRST_AFTER: Duration = Duration::from_secs(5);
/// A laptop that slept over midnight has its backup within this time, and a disk that was full has room again some time.
const LOOK_EVERY: Duration = Duration::from_secs(30 * 60);

/// A disk that takes longer holds up the end of a host no more; the journal that is left beside the store then is read by the next one.
const STOP_LIMIT: Duration = Duration::from_secs(2);
const STOP_EVERY: Duration = Duration::from_millis(5);

/// The thread ends with this; a copy under way is given up.
pub struct Backups {
    until: Option<Sender<()>>,
    stop: CopierStop,
    thread: JoinHandle<()>,
}

impl Backups {
    pub fn start(store: &Path) -> std::io::Result<Backups> {
        let copier = Copier::new(store);
        let stop = copier.stop();
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
        let thread = std::thread::Builder::new().name("backup".into()).spawn(run)?;
        Ok(Backups { until: Some(until), stop, thread })
    }
}

impl Drop for Backups {
    fn drop(&mut self) {
        self.until = None;
        let until = Instant::now() + STOP_LIMIT;
        while !self.thread.is_finished() && Instant::now() < until {
            self.stop.stop();
            std::thread::sleep(STOP_EVERY);
        }
    }
}
