//! Connects to a socket without waiting for ever: the queue before a host that is stopped can be full.
//!
//! Not here: what is said over the connection (`link.rs`), or starting a host (`start_host.rs`).

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Connects within this time. `WouldBlock` where nobody took the connection in it.
pub fn dial(path: &Path, limit: Duration) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags(), None)?;
    #[cfg(not(target_os = "linux"))]
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    // The time for sending is that for connecting as well.
    set_socket_timeout(&socket, Timeout::Send, Some(limit))?;
    rustix::net::connect(&socket, &address)?;
    Ok(UnixStream::from(socket))
}

fn flags() -> SocketFlags {
    #[cfg(target_os = "linux")]
    return SocketFlags::CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    SocketFlags::empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    /// The broken one waited for as long as the host was stopped, and an agent's hook with it.
    #[test]
    fn nobody_waits_for_ever_before_a_queue_that_is_full() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path).expect("it can listen");
        let limit = Duration::from_millis(20);
        drop(dial(&path, limit).expect("there is room"));
        // What left the queue's other end still stands in it.
        let refused = (0..100_000).find_map(|_| dial(&path, limit).err()).expect("a queue has an end");
        let kinds = [io::ErrorKind::WouldBlock, io::ErrorKind::ConnectionRefused];
        assert!(kinds.contains(&refused.kind()), "{refused}");
        drop(listener);
        assert_eq!(dial(&path, limit).expect_err("nobody listens").kind(), io::ErrorKind::ConnectionRefused);
    }
}
