//! The only door to the host: connects (starting it if need be), greets, sends requests and receives what is told.
//!
//! Change here: how a client finds and talks to the host. Not here: what can be said (`protocol/message.rs`).

mod dial;
pub mod environment;
pub mod kept;
mod link;
mod start_host;
pub mod window_settings;

pub use crate::paths::own_program;
pub use link::Link;

use crate::domain::id::ConversationId;
use crate::paths::Paths;
use crate::protocol::codec::CodecError;
use crate::protocol::message::{Asked, BUILD, Event, Refusal, Reply, Request, Told, ViewInput, ViewOutput};
use crate::terminal::frame::Size;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("no host answers at {path}; start one by running threadkeep, or see its log {log}")]
    NoHost { path: PathBuf, log: PathBuf },
    #[error("could not start the host: {why}; its log is {log}")]
    Start { why: String, log: PathBuf },
    #[error("the connection to the host broke off ({0})")]
    Broken(#[source] io::Error),
    #[error("the host ended")]
    Ended,
    #[error("the host said something that cannot be read ({0}); is it another build? see threadkeep host status")]
    Codec(#[from] CodecError),
    /// Nothing of it was sent, and the connection stands.
    #[error("it cannot be sent to the host: {0}")]
    NotSent(#[source] CodecError),
    #[error(
        "this threadkeep ({ours}) and the host ({theirs}) cannot talk to each other: the {older} is older; run threadkeep host stop with the build that started it, then try again"
    )]
    Version { ours: String, theirs: String, older: &'static str },
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error("the host did not answer within {} s", .0.as_secs())]
    Timeout(Duration),
    #[error(
        "the host has as many connections as it takes; close windows that are not needed, or end the program that opens so many, then try again"
    )]
    Busy,
    #[error(
        "the host at {path} is of another user ({user}); run this as that user, or set THREADKEEP_HOME to a folder of your own"
    )]
    NotOurs { path: PathBuf, user: u32 },
    /// It takes nothing, or does not greet, though its socket is there.
    #[error(
        "the host ({process}) does not answer: if it was stopped, kill -CONT {process} lets it go on; else end it with kill -KILL {process} and run threadkeep again"
    )]
    Silent { process: HostProcess },
}

/// The host's process id, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostProcess(pub Option<u32>);

impl std::fmt::Display for HostProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(pid) => write!(f, "{pid}"),
            None => f.write_str("PID"),
        }
    }
}

/// Whether a missing host is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    Start,
    Fail,
}

/// A host that has nothing else to do answers within a hundredth of this; and nobody feels it.
const AT_ONCE: Duration = Duration::from_millis(20);

/// Requests, replies and events.
pub struct Control {
    link: Link,
    next_id: u64,
    /// Events that came while a reply was waited for.
    events: VecDeque<Told>,
    /// Says at once what a person must know while a reply is waited for.
    say: Option<fn(&str)>,
}

impl Control {
    /// Connects; starts the host first where none runs and `absent` says so.
    pub fn connect(paths: &Paths, absent: Absent) -> Result<Control, ClientError> {
        let link = start_host::connect(paths, absent)?;
        Ok(Control { link, next_id: 0, events: VecDeque::new(), say: None })
    }

    /// Connects to a host that runs and answers at once. None where only `connect` can tell more, or takes its time.
    pub fn connect_at_once(paths: &Paths) -> Option<Control> {
        let stream = dial::dial(&paths.socket, AT_ONCE).ok()?;
        let link = Link::greet_within(stream, AT_ONCE).ok()?;
        Some(Control { link, next_id: 0, events: VecDeque::new(), say: None })
    }

    /// Connects to a host that runs and greets within this time; for whoever cannot wait, as a line in a prompt.
    pub fn connect_within(paths: &Paths, limit: Duration) -> Result<Control, ClientError> {
        let link = Link::greet_within(dial_running(paths, limit)?, limit)?;
        Ok(Control { link, next_id: 0, events: VecDeque::new(), say: None })
    }

    /// Has notices said as they come while a reply is waited for, for a client that shows nothing of events.
    pub fn say_notices(&mut self, say: fn(&str)) {
        self.say = Some(say);
    }

    /// The host that was greeted.
    pub fn host_pid(&self) -> u32 {
        self.link.host().pid
    }

    /// The build of the host that was greeted, where it is another than ours.
    pub fn other_build(&self) -> Option<&str> {
        Some(self.link.host().build.as_str()).filter(|build| *build != BUILD)
    }

    /// Sends a request and returns the id that its reply will carry.
    pub fn send(&mut self, request: &Request) -> Result<u64, ClientError> {
        self.next_id += 1;
        let asked = Asked { id: self.next_id, request: request.clone() };
        self.link.send(&asked)?;
        Ok(self.next_id)
    }

    /// The next thing told, if one is here already. Never waits.
    pub fn receive(&mut self) -> Result<Option<Told>, ClientError> {
        if let Some(told) = self.events.pop_front() {
            return Ok(Some(told));
        }
        loop {
            match self.link.receive() {
                Err(error) if is_unknown(&error) => {}
                other => return other,
            }
        }
    }

    /// Asks and waits for the reply; a refusal is an error. `limit` none waits as long as it takes.
    pub fn ask(&mut self, request: &Request, limit: Option<Duration>) -> Result<Reply, ClientError> {
        let id = self.send(request)?;
        self.await_reply(id, limit)
    }

    /// Waits for the (next) reply to the request with this id.
    pub fn await_reply(&mut self, id: u64, limit: Option<Duration>) -> Result<Reply, ClientError> {
        self.await_any(&[id], limit).map(|(_, reply)| reply)
    }

    /// Waits for the next reply to one of these requests. Replies to others that come meanwhile are kept as events are.
    pub fn await_any(&mut self, ids: &[u64], limit: Option<Duration>) -> Result<(u64, Reply), ClientError> {
        let until = limit.map(|limit| Instant::now() + limit);
        loop {
            match self.link.receive_until::<Told>(until, limit.unwrap_or_default()) {
                Ok(Told::Reply { id: told, reply: Reply::Refused { why } }) if ids.contains(&told) => {
                    return Err(ClientError::Refused(why));
                }
                Ok(Told::Reply { id: told, reply }) if ids.contains(&told) => return Ok((told, reply)),
                Ok(Told::Event(Event::Notice(text))) if self.say.is_some() => {
                    self.say.into_iter().for_each(|say| say(&text));
                }
                Ok(other) => self.events.push_back(other),
                Err(error) if is_unknown(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Connects to a host that must run.
fn dial_running(paths: &Paths, limit: Duration) -> Result<UnixStream, ClientError> {
    dial::dial(&paths.socket, limit).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => ClientError::Silent { process: HostProcess(None) },
        _ => ClientError::NoHost { path: paths.socket.clone(), log: paths.log.clone() },
    })
}

/// Something whole that this build has no word for: an event of a newer host, which is passed over.
fn is_unknown(error: &ClientError) -> bool {
    matches!(error, ClientError::Codec(CodecError::Decode(_)))
}

impl AsFd for Control {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.link.as_fd()
    }
}

/// A view is opened while a person waits at the keyboard; a host that takes longer is tried again a little later.
const VIEW_LIMIT: Duration = Duration::from_secs(1);

/// A view of one live session: keys in, pictures out, straight to and from the session's thread.
pub struct View {
    link: Link,
}

impl View {
    /// Opens a view at this size. An error says why there is nothing to view.
    pub fn open(paths: &Paths, conversation: ConversationId, size: Size) -> Result<View, ClientError> {
        let until = Instant::now() + VIEW_LIMIT;
        // Only a host that runs has something to view.
        let mut link = Link::greet_within(dial_running(paths, VIEW_LIMIT)?, VIEW_LIMIT)?;
        link.send(&Asked { id: 1, request: Request::View { conversation, size } })?;
        match link.receive_until::<Told>(Some(until), VIEW_LIMIT)? {
            Told::Reply { reply: Reply::Refused { why }, .. } => Err(ClientError::Refused(why)),
            Told::Reply { .. } | Told::Event(_) => Ok(View { link }),
        }
    }

    pub fn send(&mut self, input: &ViewInput) -> Result<(), ClientError> {
        self.link.send(input)
    }

    /// Whether a picture may be here that its socket does not tell of any more: the first one comes with the reply.
    pub fn has_read_more(&self) -> bool {
        self.link.has_read_more()
    }

    /// The next picture, if one is here already. Never waits.
    pub fn receive(&mut self) -> Result<Option<ViewOutput>, ClientError> {
        self.link.receive()
    }
}

impl AsFd for View {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.link.as_fd()
    }
}
