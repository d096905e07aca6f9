//! Lines and descriptors over the socket between host and holder. Neither side ever waits for the other in here.
//!
//! A descriptor travels with the first byte of its line (SCM_RIGHTS), so it is there when the line is.

use rustix::io::{Errno, IoSlice, IoSliceMut};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
};
use serde::Serialize;
use std::collections::VecDeque;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// Descriptors with one line: the master of a pty and both ends of its landing.
const MOST_DESCRIPTORS: usize = 3;
/// The longest line: an environment of 256 KiB, with every byte of it escaped.
const MOST_LINE_BYTES: usize = 4 * 1024 * 1024;
const READ_BYTES: usize = 64 * 1024;

/// Lines that are on their way out.
pub struct Outgoing {
    stream: UnixStream,
    lines: VecDeque<(Vec<u8>, Vec<OwnedFd>)>,
}

/// Lines that come in.
pub struct Incoming {
    stream: UnixStream,
    bytes: Vec<u8>,
    descriptors: VecDeque<OwnedFd>,
}

/// Both directions of a connection.
pub fn split(stream: UnixStream) -> io::Result<(Outgoing, Incoming)> {
    stream.set_nonblocking(true)?;
    let incoming = Incoming { stream: stream.try_clone()?, bytes: Vec::new(), descriptors: VecDeque::new() };
    Ok((Outgoing { stream, lines: VecDeque::new() }, incoming))
}

impl Outgoing {
    pub fn push(&mut self, message: &impl Serialize, descriptors: Vec<OwnedFd>) -> io::Result<()> {
        let mut line = serde_json::to_vec(message).map_err(io::Error::other)?;
        line.push(b'\n');
        self.lines.push_back((line, descriptors));
        Ok(())
    }

    pub fn has_pending(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Sends what there is room for.
    pub fn flush(&mut self) -> io::Result<()> {
        while let Some((line, descriptors)) = self.lines.front_mut() {
            match send(&self.stream, line, descriptors) {
                Ok(sent) if sent == line.len() => drop(self.lines.pop_front()),
                Ok(sent) => {
                    line.drain(..sent);
                    // They went with the first byte.
                    descriptors.clear();
                }
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn send(stream: &UnixStream, bytes: &[u8], descriptors: &[OwnedFd]) -> rustix::io::Result<usize> {
    let lent: Vec<BorrowedFd> = descriptors.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !lent.is_empty() && !control.push(SendAncillaryMessage::ScmRights(&lent)) {
        return Err(Errno::TOOBIG);
    }
    rustix::net::sendmsg(stream, &[IoSlice::new(bytes)], &mut control, no_signal())
}

/// A peer that is gone is an error here, not a signal.
#[cfg(target_os = "linux")]
fn no_signal() -> SendFlags {
    SendFlags::NOSIGNAL
}

/// The standard library ignores that signal for every program.
#[cfg(not(target_os = "linux"))]
fn no_signal() -> SendFlags {
    SendFlags::empty()
}

impl Incoming {
    /// Reads what is there. An error of kind `UnexpectedEof` where the other side is gone.
    pub fn read(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let read =
                rustix::net::recvmsg(&self.stream, &mut [IoSliceMut::new(&mut buffer)], &mut control, close_on_exec());
            for message in control.drain() {
                if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                    self.descriptors.extend(descriptors);
                }
            }
            match read {
                Ok(read) if read.bytes == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.bytes.extend_from_slice(&buffer[..read.bytes]),
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            if self.bytes.len() > MOST_LINE_BYTES {
                return Err(io::Error::other("a line without an end"));
            }
        }
    }

    /// The next whole line.
    pub fn line(&mut self) -> Option<Vec<u8>> {
        let end = self.bytes.iter().position(|byte| *byte == b'\n')?;
        let mut line: Vec<u8> = self.bytes.drain(..=end).collect();
        line.pop();
        Some(line)
    }

    /// The descriptors that came with a line, as many as it says.
    pub fn descriptors(&mut self, count: usize) -> Vec<OwnedFd> {
        let count = count.min(self.descriptors.len());
        self.descriptors.drain(..count).collect()
    }
}

#[cfg(target_os = "linux")]
fn close_on_exec() -> RecvFlags {
    RecvFlags::CMSG_CLOEXEC
}

/// The descriptor is made so before anything else is started: this process starts nothing in another thread.
#[cfg(not(target_os = "linux"))]
fn close_on_exec() -> RecvFlags {
    RecvFlags::empty()
}

impl AsFd for Incoming {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl AsFd for Outgoing {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn descriptors_arrive_with_their_line() {
        let (one, other) = UnixStream::pair().expect("a pair of sockets");
        let (mut out, _keep) = split(one).expect("it can be split");
        let (_out, mut incoming) = split(other).expect("it can be split");
        let (read, write) = rustix::pipe::pipe().expect("a pipe");
        out.push(&"before", Vec::new()).expect("it is text");
        out.push(&"x".repeat(100_000), vec![read, write]).expect("it is text");
        out.push(&"behind", Vec::new()).expect("it is text");
        let mut lines = Vec::new();
        while lines.len() < 3 {
            out.flush().expect("it takes them");
            incoming.read().expect("they come");
            lines.extend(std::iter::from_fn(|| incoming.line()));
        }
        assert_eq!(
            (lines[0].as_slice(), lines[1].len(), lines[2].as_slice()),
            (&b"\"before\""[..], 100_002, &b"\"behind\""[..])
        );
        let [read, write] = <[OwnedFd; 2]>::try_from(incoming.descriptors(2)).expect("two came");
        std::fs::File::from(write).write_all(b"through").expect("the pipe takes it");
        let mut text = String::new();
        std::fs::File::from(read).read_to_string(&mut text).expect("the pipe gives it");
        assert_eq!(text, "through");
        drop(out);
        drop(_keep);
        assert_eq!(incoming.read().expect_err("it is closed").kind(), io::ErrorKind::UnexpectedEof);
    }
}
