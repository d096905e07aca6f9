//! The events that an agent serves over HTTP at a port of loopback which was chosen for it: asked for until it serves, and again when it stops.
//!
//! Only loopback is ever asked, and nothing but the path of the profile. What comes is taken piece by piece, so that a flood waits in the agent and not
//! in our memory. Not here: what the bytes mean (`agent/readers/event_stream.rs`).

use crate::agent::readers::event_stream::{EventStream, NoStream};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// An agent that starts is asked soon again, one that serves nothing for long costs next to nothing.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Loopback takes or refuses a connection at once; one that lets us wait is overrun.
const CONNECT_LIMIT: Duration = Duration::from_millis(20);
/// So much is taken before the session looks after its pty again.
const READ_BYTES: usize = 64 * 1024;

pub struct EventFeed {
    address: SocketAddr,
    request: String,
    state: State,
    /// Before the next try, should it be needed.
    pause: Duration,
}

enum State {
    Waits(Instant),
    Reads(TcpStream, EventStream),
}

#[derive(Debug, thiserror::Error)]
enum FeedError {
    #[error("{0}")]
    Connection(#[from] std::io::Error),
    #[error("{0}")]
    Answer(#[from] NoStream),
    #[error("it ended")]
    Ended,
}

impl EventFeed {
    pub fn new(port: u16, path: &str, now: Instant) -> EventFeed {
        let host = format!("{}:{port}", Ipv4Addr::LOCALHOST);
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n"
        );
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        EventFeed { address, request, state: State::Waits(now), pause: FIRST_PAUSE }
    }

    /// What to wait for until there is something to read.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.state {
            State::Waits(_) => None,
            State::Reads(connection, _) => Some(connection.as_fd()),
        }
    }

    /// When it is asked again.
    pub fn due(&self) -> Option<Instant> {
        match &self.state {
            State::Waits(until) => Some(*until),
            State::Reads(..) => None,
        }
    }

    /// Asks if it is time to, and takes the events that have come.
    pub fn take(&mut self, now: Instant) -> Vec<String> {
        if let State::Waits(until) = &self.state
            && now >= *until
        {
            match self.connect() {
                Ok(connection) => self.state = State::Reads(connection, EventStream::default()),
                Err(error) => self.try_later(&error.into(), now),
            }
        }
        let State::Reads(connection, stream) = &mut self.state else {
            return Vec::new();
        };
        match read(connection, stream) {
            Ok(events) => {
                if !events.is_empty() {
                    self.pause = FIRST_PAUSE;
                }
                events
            }
            Err(error) => {
                self.try_later(&error, now);
                Vec::new()
            }
        }
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        let mut connection = TcpStream::connect_timeout(&self.address, CONNECT_LIMIT)?;
        connection.set_nonblocking(true)?;
        connection.write_all(self.request.as_bytes())?;
        Ok(connection)
    }

    fn try_later(&mut self, error: &FeedError, now: Instant) {
        tracing::debug!(port = self.address.port(), %error, "the events of an agent are not there");
        self.state = State::Waits(now + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

fn read(connection: &mut TcpStream, stream: &mut EventStream) -> Result<Vec<String>, FeedError> {
    let mut bytes = [0; READ_BYTES];
    match connection.read(&mut bytes) {
        Ok(0) => Err(FeedError::Ended),
        Ok(count) => Ok(stream.take(&bytes[..count])?),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, poll};
    use std::net::TcpListener;

    const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

    fn asked(listener: &TcpListener) -> (TcpStream, String) {
        let (mut connection, _) = listener.accept().expect("it asks");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            connection.read_exact(&mut byte).expect("a whole head");
            head.extend(byte);
        }
        (connection, String::from_utf8(head).expect("a text"))
    }

    fn wait_and_take(feed: &mut EventFeed) -> Vec<String> {
        poll(&mut [PollFd::new(&feed.fd().expect("it is connected"), PollFlags::IN)], None).expect("it polls");
        feed.take(Instant::now())
    }

    #[test]
    fn it_asks_until_it_is_served_and_again_when_that_ends() {
        let began = Instant::now();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let mut feed = EventFeed::new(port, "/event?a=b", began);
        assert_eq!(feed.take(began), Vec::<String>::new());
        assert_eq!(feed.due(), Some(began + FIRST_PAUSE), "nobody serves yet");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
        assert_eq!(feed.take(began), Vec::<String>::new(), "it is not time yet");
        assert!(feed.fd().is_none());
        let later = began + FIRST_PAUSE;
        assert_eq!(feed.take(later), Vec::<String>::new());
        let (mut served, head) = asked(&listener);
        assert!(head.starts_with("GET /event?a=b HTTP/1.1\r\n") && head.contains("text/event-stream"), "{head}");
        served.write_all(format!("{ANSWER}data: 1\n\n").as_bytes()).expect("it is read");
        assert_eq!(wait_and_take(&mut feed), [r#"{"data":1,"event":"message"}"#]);
        drop(served);
        assert_eq!(wait_and_take(&mut feed), Vec::<String>::new());
        assert!(feed.due().is_some(), "it is asked again");
        // What is no stream is left alone for longer and longer.
        let mut now = later;
        for _ in 0..10 {
            now = feed.due().expect("it waits").max(now);
            feed.take(now);
            let (mut served, _) = asked(&listener);
            served.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").expect("it is read");
            poll(&mut [PollFd::new(&feed.fd().expect("connected"), PollFlags::IN)], None).expect("it polls");
            feed.take(now);
        }
        assert_eq!(feed.due(), Some(now + LONGEST_PAUSE));
    }
}
