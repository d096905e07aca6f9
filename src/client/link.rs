//! One connection: frames over a Unix socket that is never waited on except where a limit is given.

use super::{ClientError, HostProcess};
use crate::domain::id::Timestamp;
use crate::protocol::codec::{self, Decoder};
use crate::protocol::message::{BUILD, Hello, PROTOCOL_MAJOR};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const READ_BYTES: usize = 64 * 1024;
/// A host that does not greet within this time is stuck; the next step is to look at its log.
const HELLO_LIMIT: Duration = Duration::from_secs(5);
/// A host takes what is sent within milliseconds, whatever else it does. One that takes nothing for so long is stopped or stuck; until then
/// the window stands still.
const SEND_LIMIT: Duration = Duration::from_secs(2);

pub struct Link {
    stream: UnixStream,
    decoder: Decoder,
    buffer: Vec<u8>,
    /// The last read left room: there is no more to read for now.
    drained: bool,
    host: Hello,
    send_limit: Duration,
}

impl Link {
    /// Greets over a fresh connection.
    pub fn greet(stream: UnixStream) -> Result<Link, ClientError> {
        Link::greet_within(stream, HELLO_LIMIT)
    }

    /// Greets over a fresh connection; the host must answer within this time.
    pub fn greet_within(stream: UnixStream, limit: Duration) -> Result<Link, ClientError> {
        stream.set_nonblocking(true).map_err(ClientError::Broken)?;
        let unknown = hello(Timestamp(0));
        let decoder = Decoder::default();
        let buffer = vec![0; READ_BYTES];
        let mut link = Link { stream, decoder, buffer, drained: false, host: unknown, send_limit: SEND_LIMIT };
        // One that is full says so and closes, whether it was greeted or not.
        let sent = link.send(&hello(now()));
        let theirs: Hello = match link.receive_until(Some(Instant::now() + limit), limit) {
            Err(ClientError::Timeout(_)) => return Err(link.silent()),
            Err(error) => return Err(sent.err().unwrap_or(error)),
            Ok(theirs) => theirs,
        };
        if theirs.major != PROTOCOL_MAJOR {
            let older = if theirs.major < PROTOCOL_MAJOR { "host" } else { "client" };
            return Err(ClientError::Version { ours: BUILD.to_owned(), theirs: theirs.build, older });
        }
        if theirs.busy {
            return Err(ClientError::Busy);
        }
        link.host = theirs;
        Ok(link)
    }

    pub fn host(&self) -> &Hello {
        &self.host
    }

    /// Writes the whole frame, waiting for room where the socket is full, but not without end: after `Silent` part of it may have been sent,
    /// so the connection is of no more use. What is too long for a frame leaves the connection as it was.
    pub fn send<T: Serialize>(&mut self, message: &T) -> Result<(), ClientError> {
        let frame = codec::encode(message).map_err(ClientError::NotSent)?;
        let mut rest = frame.as_slice();
        let mut until = Instant::now() + self.send_limit;
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(0) => return Err(ClientError::Ended),
                Ok(written) => {
                    rest = &rest[written..];
                    until = Instant::now() + self.send_limit;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(self.silent());
                    }
                    self.wait(PollFlags::OUT, Some(left))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ClientError::Broken(error)),
            }
        }
        Ok(())
    }

    /// Whether `receive` may have something without reading: more than one message came at once.
    pub fn has_read_more(&self) -> bool {
        !self.decoder.is_empty()
    }

    /// The next message, if a whole one is here. Never waits.
    pub fn receive<T: DeserializeOwned>(&mut self) -> Result<Option<T>, ClientError> {
        loop {
            if let Some(message) = self.decoder.take()? {
                return Ok(Some(message));
            }
            if std::mem::take(&mut self.drained) {
                return Ok(None);
            }
            match self.stream.read(&mut self.buffer) {
                Ok(0) => return Err(ClientError::Ended),
                Ok(bytes) => {
                    self.drained = bytes < self.buffer.len();
                    self.decoder.push(&self.buffer[..bytes]);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ClientError::Broken(error)),
            }
        }
    }

    /// The next message; waits for it until then. `limit` is for the words of the error.
    pub fn receive_until<T: DeserializeOwned>(
        &mut self,
        until: Option<Instant>,
        limit: Duration,
    ) -> Result<T, ClientError> {
        loop {
            if let Some(message) = self.receive()? {
                return Ok(message);
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(ClientError::Timeout(limit));
            }
            self.wait(PollFlags::IN, left)?;
        }
    }

    fn silent(&self) -> ClientError {
        ClientError::Silent { process: HostProcess(peer(&self.stream)) }
    }

    fn wait(&self, what: PollFlags, limit: Option<Duration>) -> Result<(), ClientError> {
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        match poll(&mut [PollFd::new(&self.stream, what)], limit.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(ClientError::Broken(error.into())),
        }
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// The user at the other end, if that is another one: its host lets go of whoever is not its own without a word.
#[cfg(target_os = "linux")]
pub fn other_user(stream: &UnixStream) -> Option<u32> {
    let peer = rustix::net::sockopt::socket_peercred(stream).ok()?;
    (peer.uid != rustix::process::geteuid()).then(|| peer.uid.as_raw())
}

#[cfg(not(target_os = "linux"))]
pub fn other_user(_stream: &UnixStream) -> Option<u32> {
    None
}

/// The process at the other end.
#[cfg(target_os = "linux")]
fn peer(stream: &UnixStream) -> Option<u32> {
    let peer = rustix::net::sockopt::socket_peercred(stream).ok()?;
    u32::try_from(peer.pid.as_raw_nonzero().get()).ok()
}

/// Elsewhere the system does not tell without unsafe code.
#[cfg(not(target_os = "linux"))]
fn peer(_stream: &UnixStream) -> Option<u32> {
    None
}

fn hello(started_at: Timestamp) -> Hello {
    Hello::of_this_build(std::process::id(), started_at)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    /// A link to a host that has greeted and then takes nothing any more.
    fn stopped_host() -> (Link, UnixStream) {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let mut host = theirs.try_clone().expect("another end");
        let greeting = thread::spawn(move || host.write_all(&codec::encode(&hello(now())).expect("it can be told")));
        let mut link = Link::greet(ours).expect("it greets");
        greeting.join().expect("no panic").expect("there is room");
        link.send_limit = Duration::from_millis(50);
        (link, theirs)
    }

    /// The broken one waited for ever, and the window with it.
    #[test]
    fn a_host_that_takes_nothing_is_told_with_the_way_out() {
        let (mut link, _theirs) = stopped_host();
        let text = "x".repeat(64 * 1024);
        let error = (0..1_000).find_map(|_| link.send(&text).err()).expect("the socket is full some time");
        let said = error.to_string();
        assert!(matches!(error, ClientError::Silent { .. }), "{said}");
        assert!(said.contains("does not answer") && said.contains("kill -CONT"), "{said}");
        if cfg!(target_os = "linux") {
            assert!(said.contains(&std::process::id().to_string()), "{said}");
        }
    }

    /// The broken one gave no cause.
    #[test]
    fn a_broken_connection_says_what_broke_it() {
        let cause = io::Error::other("the wire is cut");
        assert!(ClientError::Broken(cause).to_string().contains("the wire is cut"));
        let (mut link, mut theirs) = stopped_host();
        theirs.write_all(&codec::encode(&"a text").expect("it can be told")).expect("there is room");
        let limit = Duration::from_secs(60);
        let error =
            link.receive_until::<Hello>(Some(Instant::now() + limit), limit).expect_err("a text is no greeting");
        assert!(error.to_string().contains("invalid type: string"), "{error}");
    }
}
