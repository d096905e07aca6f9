//! One connection: frames over a Unix socket that is never waited on except where a limit is given.

use super::ClientError;
use crate::domain::id::Timestamp;
use crate::protocol::codec::{self, Decoder};
use crate::protocol::message::{Hello, PROTOCOL_MAJOR, PROTOCOL_MINOR};
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

pub struct Link {
    stream: UnixStream,
    decoder: Decoder,
    buffer: Vec<u8>,
    /// The last read left room: there is no more to read for now.
    drained: bool,
    host: Hello,
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
        let mut link = Link { stream, decoder, buffer: vec![0; READ_BYTES], drained: false, host: unknown };
        link.send(&hello(now()))?;
        let theirs: Hello = link.receive_until(Some(Instant::now() + limit), limit)?;
        if theirs.major != PROTOCOL_MAJOR {
            let older = if theirs.major < PROTOCOL_MAJOR { "host" } else { "client" };
            return Err(ClientError::Version { ours: build(), theirs: theirs.build, older });
        }
        link.host = theirs;
        Ok(link)
    }

    pub fn host(&self) -> &Hello {
        &self.host
    }

    /// Writes the whole frame, waiting for room where the socket is full. What is too long for a frame leaves the connection as it was.
    pub fn send<T: Serialize>(&mut self, message: &T) -> Result<(), ClientError> {
        let frame = codec::encode(message).map_err(ClientError::NotSent)?;
        let mut rest = frame.as_slice();
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(0) => return Err(ClientError::Ended),
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(PollFlags::OUT, None)?,
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

/// This build, for people.
pub fn build() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

fn hello(started_at: Timestamp) -> Hello {
    Hello {
        magic: "threadkeep".into(),
        major: PROTOCOL_MAJOR,
        minor: PROTOCOL_MINOR,
        build: build(),
        pid: std::process::id(),
        started_at,
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
