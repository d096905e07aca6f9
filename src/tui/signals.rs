//! Signals as something that can be waited for beside all else.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
use std::io::{self, Read};
use std::os::unix::net::UnixStream;

/// Self-pipes: a signal makes them readable, so that poll sees it at whatever moment it comes.
pub struct Signals {
    pub resized: UnixStream,
    pub ended: UnixStream,
    /// Apart from the others, for an editor that has the terminal is interrupted by itself.
    pub interrupted: UnixStream,
}

impl Signals {
    pub fn listen() -> io::Result<Signals> {
        let (resized, resized_end) = UnixStream::pair()?;
        signal_hook::low_level::pipe::register(SIGWINCH, resized_end)?;
        let (ended, ended_end) = UnixStream::pair()?;
        let (interrupted, interrupted_end) = UnixStream::pair()?;
        signal_hook::low_level::pipe::register(SIGINT, interrupted_end)?;
        for signal in [SIGTERM, SIGHUP] {
            signal_hook::low_level::pipe::register(signal, ended_end.try_clone()?)?;
        }
        resized.set_nonblocking(true)?;
        ended.set_nonblocking(true)?;
        interrupted.set_nonblocking(true)?;
        Ok(Signals { resized, ended, interrupted })
    }
}

/// Takes all that woke us, so that the next signal wakes us again.
pub fn drain(pipe: &mut UnixStream) {
    let mut bytes = [0; 64];
    while pipe.read(&mut bytes).is_ok_and(|count| count > 0) {}
}
