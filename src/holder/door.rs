//! Where hosts find the holder: its socket, made again where it was lost, and who may come in.

use crate::lock::Held as Lock;
use crate::paths::Paths;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What hosts find the holder by is made again within this time where it was lost.
const LOOK_FOR_SOCKET_EVERY: Duration = Duration::from_secs(10);

/// The socket, its file, and the lock by which no second holder serves here. All of it goes with this.
pub struct Door {
    pub listener: UnixListener,
    path: PathBuf,
    file: (u64, u64),
    /// When to look whether it is still there.
    pub look_at: Instant,
    /// Declared last: while it is ours nobody else makes a socket here.
    _lock: Lock,
}

impl Door {
    pub fn open(path: PathBuf, lock: Lock) -> io::Result<Door> {
        let (listener, file) = bind(&path)?;
        Ok(Door { listener, path, file, look_at: Instant::now() + LOOK_FOR_SOCKET_EVERY, _lock: lock })
    }

    /// Makes anew what somebody took away, a program that cleans up or a hand that slipped.
    pub fn open_again_if_lost(&mut self, paths: &Paths) {
        if Instant::now() < self.look_at {
            return;
        }
        self.look_at = Instant::now() + LOOK_FOR_SOCKET_EVERY;
        if identity(&self.path).is_ok_and(|file| file == self.file) {
            return;
        }
        match paths.prepare_runtime().map_err(io::Error::other).and_then(|()| bind(&self.path)) {
            Ok((listener, file)) => (self.listener, self.file) = (listener, file),
            Err(error) => tracing::error!(%error, "what hosts find this holder by is gone and could not be made again"),
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // Only our own: while the listener lives, no other file has its number.
        if identity(&self.path).is_ok_and(|file| file == self.file) {
            // Gone since it was looked at: what was wanted.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Binds the socket. What lies there from a holder that died is removed first: the lock is ours, so nobody serves it.
fn bind(path: &PathBuf) -> io::Result<(UnixListener, (u64, u64))> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    listener.set_nonblocking(true)?;
    Ok((listener, identity(path)?))
}

fn identity(path: &PathBuf) -> io::Result<(u64, u64)> {
    let file = std::fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

/// Whether the other side is the same user.
#[cfg(target_os = "linux")]
pub fn is_ours(stream: &UnixStream) -> bool {
    rustix::net::sockopt::socket_peercred(stream).is_ok_and(|peer| peer.uid == rustix::process::geteuid())
}

/// The folder lets nobody else in.
#[cfg(not(target_os = "linux"))]
pub fn is_ours(_stream: &UnixStream) -> bool {
    true
}
