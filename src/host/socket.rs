//! The door for clients: accepts, checks who it is, greets, and carries frames between a client and the core. Beside it a smaller one for agents'
//! hooks, which may tell and ask nothing: it can be let into an agent's sandbox, and a flood of hooks takes no client's place.

use super::driver::Incoming;
use super::event::{ClientId, Event};
use crate::lock::{self, Held, Lock};
use crate::paths::Paths;
use crate::protocol::codec;
use crate::protocol::message::{Asked, AskedId, Hello, PROTOCOL_MAJOR, Refusal, Reply, Request};
use std::fs::File;
use std::io;
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

/// Who connects and does not greet within this time is let go.
const HELLO_LIMIT: Duration = Duration::from_secs(2);
/// Frames that wait for a slow client. One that lets so many wait is dropped; it comes back and gets everything anew.
const OUTBOX_FRAMES: usize = 1024;
/// The same in bytes: an overview of ten thousand conversations fits, and a client that does not read costs no more than this.
const OUTBOX_BYTES: usize = 32 * 1024 * 1024;
/// After a failed accept (no descriptors left, say) the listener stays readable; this keeps that from becoming a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// More than anybody has windows and scripts; who opens more has lost count of them.
const MOST_CONNECTIONS: usize = 1024;
/// A hook is gone within milliseconds; who comes when so many are in tries no further, and another source of the agent tells.
const MOST_HOOKS: usize = 128;
/// Of the descriptors that the system gives us, at least one in so many stays for terminals, the store and its files.
const KEPT_FOR_OTHERS: usize = 4;
/// So many are turned away at once where no descriptor is left; then the core has its turn.
const MOST_TURNED_AWAY: usize = 16;

/// What clients find the host by is made again within this time where it was lost.
const LOOK_FOR_SOCKET_EVERY: Duration = Duration::from_secs(10);

/// Frames on their way to one client. Without this its side of the connection closes.
pub struct Frames {
    outbox: mpsc::Sender<Vec<u8>>,
    /// Of those that have not left.
    bytes: Arc<AtomicUsize>,
    writing: tokio::task::JoinHandle<()>,
}

impl Frames {
    fn new(mut writer: impl AsyncWriteExt + Unpin + Send + 'static) -> Frames {
        let (outbox, mut frames) = mpsc::channel::<Vec<u8>>(OUTBOX_FRAMES);
        let bytes = Arc::new(AtomicUsize::new(0));
        let waiting = bytes.clone();
        let writing = tokio::spawn(async move {
            while let Some(frame) = frames.recv().await {
                if writer.write_all(&frame).await.is_err() {
                    return;
                }
                waiting.fetch_sub(frame.len(), Ordering::Relaxed);
            }
        });
        Frames { outbox, bytes, writing }
    }

    /// Puts a frame behind the others. False where the client reads too slowly for that.
    pub fn push(&self, frame: Vec<u8>) -> bool {
        let waiting = self.bytes.fetch_add(frame.len(), Ordering::Relaxed) + frame.len();
        waiting <= OUTBOX_BYTES && self.outbox.try_send(frame).is_ok()
    }

    /// Drops what has not left yet.
    pub fn give_up(self) {
        self.writing.abort();
    }

    /// Waits until what was pushed has left.
    pub async fn finish(self) {
        drop(self.outbox);
        // A panic in the task means that nothing leaves any more, and nobody is left to be told.
        let _ = self.writing.await;
    }
}

/// The listener, the file that clients find it by, and the lock by which no second host serves here. All of it goes with this.
pub struct Door {
    clients: Entrance,
    hooks: Entrance,
    paths: Paths,
    /// The trouble of the last look is told once.
    trouble: Option<String>,
    /// Declared last: while it is ours nobody else makes a socket here.
    lock: Held,
}

impl Door {
    /// Binds the socket. What lies there from a host that died is removed first: lock and store are ours, so nobody serves it.
    pub fn open(paths: &Paths, lock: Held) -> io::Result<Door> {
        let (clients, hooks) = (Entrance::open(&paths.socket)?, Entrance::open(&paths.hook_socket())?);
        Ok(Door { clients, hooks, paths: paths.clone(), trouble: None, lock })
    }

    /// Makes anew what somebody took away, a program that cleans up or a hand that slipped: the folder, the lock, the socket.
    fn open_again_if_lost(&mut self) {
        match self.make_what_is_lost() {
            Ok(()) => self.trouble = None,
            Err(why) if self.trouble.as_ref() == Some(&why) => {}
            Err(why) => {
                tracing::error!(
                    why,
                    "what clients find this host by is gone and could not be made again; still trying"
                );
                self.trouble = Some(why);
            }
        }
    }

    fn make_what_is_lost(&mut self) -> Result<(), String> {
        if !self.lock.is_in_place() {
            self.paths.prepare_runtime().map_err(|error| error.to_string())?;
            self.lock = match lock::take(&self.paths.lock).map_err(|error| error.to_string())? {
                Lock::Taken(lock) => lock,
                // What lies there is its own. One that finds our store in use leaves in a moment.
                Lock::Busy => return Err("another host has the lock".into()),
            };
            tracing::warn!(path = %self.paths.lock.display(), "the lock was gone and is there again");
        }
        for entrance in [&mut self.clients, &mut self.hooks] {
            if !entrance.is_in_place() {
                let path = entrance.path.clone();
                *entrance = Entrance::open(&path).map_err(|error| error.to_string())?;
                tracing::warn!(path = %path.display(), "the socket was gone and is there again");
            }
        }
        Ok(())
    }
}

/// A socket with its name; the name goes with it.
struct Entrance {
    listener: UnixListener,
    path: PathBuf,
    file: (u64, u64),
}

impl Entrance {
    fn open(path: &Path) -> io::Result<Entrance> {
        match std::fs::remove_file(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let listener = UnixListener::bind(path)?;
        Ok(Entrance { listener, path: path.to_owned(), file: identity(path)? })
    }

    /// While the listener lives, no other file has its number.
    fn is_in_place(&self) -> bool {
        identity(&self.path).is_ok_and(|file| file == self.file)
    }
}

impl Drop for Entrance {
    fn drop(&mut self) {
        if self.is_in_place() {
            // Gone since it was looked at: what was wanted.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

/// Accepts for as long as the host lives.
pub async fn serve(mut door: Door, hello: Hello, incoming: mpsc::Sender<Incoming>) {
    let mut next = 0;
    let mut looks = tokio::time::interval(LOOK_FOR_SOCKET_EVERY);
    let (mut for_clients, mut for_hooks) = (Porter::new(&hello, MOST_CONNECTIONS), Porter::new(&hello, MOST_HOOKS));
    loop {
        let (accepted, may) = tokio::select! {
            accepted = door.clients.listener.accept() => (accepted, May::Ask),
            accepted = door.hooks.listener.accept() => (accepted, May::Tell),
            _ = looks.tick() => {
                door.open_again_if_lost();
                continue;
            }
        };
        let (porter, listener) = match may {
            May::Ask => (&mut for_clients, &door.clients.listener),
            May::Tell => (&mut for_hooks, &door.hooks.listener),
        };
        match accepted {
            Ok((stream, _)) => {
                let Some(place) = porter.place() else {
                    porter.turn_away(&stream);
                    continue;
                };
                next += 1;
                let (hello, incoming) = (hello.clone(), incoming.clone());
                tokio::spawn(async move {
                    if let Err(error) = carry(stream, place, ClientId(next), may, &hello, &incoming).await {
                        tracing::debug!(client = next, %error, "a client went away");
                    }
                });
            }
            Err(error) => {
                porter.no_descriptor(listener, &error).await;
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// What may come over a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    /// All that a client asks.
    Ask,
    /// What a hook tells.
    Tell,
}

/// A connection that wants to become a view, or is one.
pub struct Guest {
    pub stream: StdStream,
    pub place: Place,
}

/// Counts who is in, and says to the others that there is no room.
struct Porter {
    inside: Arc<AtomicUsize>,
    most: usize,
    busy: Vec<u8>,
    /// Given up for a moment where no descriptor is left, so that whoever waits can be told so.
    spare: Option<File>,
    /// A trouble that stays is told once.
    told: bool,
}

/// Of a connection among those that the host takes, whether requests come through it or pictures go. Free again when this is dropped.
pub struct Place(Arc<AtomicUsize>);

impl Place {
    pub fn take(inside: &Arc<AtomicUsize>) -> Place {
        inside.fetch_add(1, Ordering::Relaxed);
        Place(inside.clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Porter {
    fn new(hello: &Hello, most: usize) -> Porter {
        let given = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let given = given.and_then(|given| usize::try_from(given).ok()).unwrap_or(usize::MAX);
        let most = most.min(given - given / KEPT_FOR_OTHERS);
        // Without a frame they are only closed, as before.
        let busy = codec::encode(&Hello { busy: true, ..hello.clone() }).unwrap_or_default();
        Porter { inside: Arc::default(), most, busy, spare: spare(), told: false }
    }

    /// None where all are taken.
    fn place(&mut self) -> Option<Place> {
        if self.inside.load(Ordering::Relaxed) < self.most {
            self.told = false;
            return Some(Place::take(&self.inside));
        }
        self.tell("there are as many connections as this host takes");
        None
    }

    fn tell(&mut self, why: &str) {
        if !self.told {
            tracing::warn!(most = self.most, "clients are turned away: {why}");
        }
        self.told = true;
    }

    /// Another user gets no byte, not even this.
    fn turn_away(&self, stream: &UnixStream) {
        if stream.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::geteuid().as_raw()) {
            // A fresh connection has room for it; one that is gone needs no word.
            let _ = stream.try_write(&self.busy);
        }
    }

    /// Nothing could be accepted: with the spare descriptor those who wait hear why, instead of waiting.
    async fn no_descriptor(&mut self, listener: &UnixListener, error: &io::Error) {
        self.tell(&error.to_string());
        for _ in 0..MOST_TURNED_AWAY {
            self.spare = None;
            // Whoever gave up meanwhile is not waited for.
            match tokio::time::timeout(Duration::ZERO, listener.accept()).await {
                Ok(Ok((stream, _))) => self.turn_away(&stream),
                Ok(Err(_)) | Err(_) => break,
            }
        }
        self.spare = spare();
    }
}

fn spare() -> Option<File> {
    File::open("/dev/null").ok()
}

async fn carry(
    mut stream: UnixStream,
    place: Place,
    client: ClientId,
    may: May,
    hello: &Hello,
    incoming: &mpsc::Sender<Incoming>,
) -> io::Result<()> {
    let ours = rustix::process::geteuid().as_raw();
    if stream.peer_cred()?.uid() != ours {
        tracing::warn!(client = client.0, "another user tried to connect");
        return Ok(());
    }
    let first = tokio::time::timeout(HELLO_LIMIT, greet(&mut stream, hello)).await;
    let Ok(first) = first else {
        return Ok(());
    };
    let Some(first) = first? else {
        return Ok(());
    };
    match codec::decode(&first) {
        Ok(Asked { id, request: Request::View { conversation, size } }) if may == May::Ask => {
            let stream = stream.into_std()?;
            let guest = Guest { stream, place };
            give(incoming, Incoming::ParkedView { client, id, conversation, size, guest }).await;
            Ok(())
        }
        Ok(_) | Err(_) => control(stream, client, may, first, incoming).await,
    }
}

/// Both sides say who they are; then comes the first request, whatever it is. None where the versions do not fit: the client says so in words.
async fn greet(stream: &mut UnixStream, hello: &Hello) -> io::Result<Option<Vec<u8>>> {
    let theirs: Hello = codec::decode(&read_body(stream).await?).map_err(io::Error::other)?;
    stream.write_all(&codec::encode(hello).map_err(io::Error::other)?).await?;
    if theirs.magic != hello.magic || theirs.major != PROTOCOL_MAJOR {
        return Ok(None);
    }
    Ok(Some(read_body(stream).await?))
}

async fn control(
    stream: UnixStream,
    client: ClientId,
    may: May,
    first: Vec<u8>,
    incoming: &mpsc::Sender<Incoming>,
) -> io::Result<()> {
    let (mut reader, writer) = stream.into_split();
    give(incoming, Incoming::NewClient { client, frames: Frames::new(writer) }).await;
    let mut body = first;
    let end = loop {
        match (codec::decode::<Asked>(&body), codec::decode::<AskedId>(&body)) {
            (Ok(asked), _) => give(incoming, asked_by(client, may, asked)).await,
            // From a newer client: refused with words, and the connection goes on.
            (Err(_), Ok(AskedId { id })) => give(incoming, Incoming::NotUnderstood { client, id }).await,
            (Err(error), Err(_)) => break io::Error::other(error),
        }
        body = match read_body(&mut reader).await {
            Ok(body) => body,
            Err(error) => break error,
        };
    };
    give(incoming, Incoming::Event(Event::ClientGone(client))).await;
    match end.kind() {
        io::ErrorKind::UnexpectedEof => Ok(()),
        _ => Err(end),
    }
}

fn asked_by(client: ClientId, may: May, asked: Asked) -> Incoming {
    if may == May::Tell && !matches!(asked.request, Request::Signal { .. }) {
        let reply = Reply::Refused { why: Refusal::OnlyHooks };
        return Incoming::QueryDone { client, id: asked.id, reply };
    }
    Incoming::Event(Event::Asked { client, id: asked.id, request: asked.request })
}

async fn give(incoming: &mpsc::Sender<Incoming>, one: Incoming) {
    // The receiver is gone only when the host ends.
    let _ = incoming.send(one).await;
}

async fn read_body(reader: &mut (impl AsyncReadExt + Unpin)) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    reader.read_exact(&mut length).await?;
    let bytes = codec::body_length(length).map_err(io::Error::other)?;
    let mut body = vec![0; bytes];
    reader.read_exact(&mut body).await?;
    Ok(body)
}
