//! A model on loopback that real agents talk to: it says what it sees of a conversation, so that kept context can be proved, and does what
//! the person's last message orders (`script.rs`).
//!
//! Change here: what is remembered of a request, and how a reply is paced. The three wires are `messages.rs`, `responses.rs` and `chat.rs`.
//! Not here: what an agent needs to find this server (`sandbox.rs`).

mod asked;
mod chat;
mod http;
mod messages;
mod responses;
mod script;
mod tests;
mod wire;

use asked::Asked;
use http::{Request, Sink};
use script::Script;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufReader};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use wire::Wire;

/// The models it offers.
pub const MODELS: [&str; 2] = ["loopback-a", "loopback-b"];
/// Nothing a test waits for takes so long.
const LIMIT: Duration = Duration::from_secs(60);
/// A model thinks before it speaks. Agents report a turn that is over at once in one picture with its start; no real model is that fast.
const THINKING: Duration = Duration::from_millis(300);
/// How often a reply that goes on says so; a client that went away is noticed then.
const TICK: Duration = Duration::from_millis(250);

pub struct ModelServer {
    shared: Arc<Shared>,
    port: u16,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    open_gates: BTreeSet<String>,
    /// How often a flaky message failed.
    failures: BTreeMap<String, u32>,
    stopping: bool,
}

/// One request for a reply, as the model sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub path: String,
    pub model: String,
    /// What the person said, in order, as far as the agent sent it along.
    pub users: Vec<String>,
    /// All texts with the user's role, those that the agent added itself too.
    pub raw: Vec<String>,
    /// What a tool gave back, where the request ends with it.
    pub tool_result: Option<String>,
    pub tools: Vec<String>,
    /// A title or a summary that the agent asks for on its own account.
    pub aside: bool,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Thinking,
    /// The reply is on its way.
    Speaking,
    Finished,
    Failed(u16),
    /// The reply broke off, as ordered.
    Dropped,
    /// The agent went away before the end.
    ClientGone,
    /// Not a request that is understood.
    Unknown,
}

impl Seen {
    pub fn last(&self) -> &str {
        self.users.last().map_or("", String::as_str)
    }
}

impl ModelServer {
    pub fn start() -> ModelServer {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port on loopback");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let serving = shared.clone();
        let accepting = thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.lock().stopping {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let serving = serving.clone();
                // Ends by itself with its connection; its client is an agent that ends with the test.
                thread::spawn(move || serve(&stream, &serving));
            }
        });
        ModelServer { shared, port, accepting: Some(accepting) }
    }

    /// Where it is found, without a path.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Lets replies go on that wait at this gate, now and later.
    pub fn open(&self, gate: &str) {
        self.shared.lock().open_gates.insert(gate.into());
        self.shared.changed.notify_all();
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.shared.lock().seen.clone()
    }

    /// The requests of conversations; titles and the like left out.
    pub fn asked(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| !seen.aside).collect()
    }

    /// Waits for a named thing among what was seen.
    #[track_caller]
    pub fn wait_for<T>(&self, what: &str, find: impl Fn(&[Seen]) -> Option<T>) -> T {
        let until = Instant::now() + LIMIT;
        let mut state = self.shared.lock();
        loop {
            if let Some(found) = find(&state.seen) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "not within {LIMIT:?}: {what}; the model saw {:#?}", brief(&state.seen));
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until the reply to a message that ends in this text, padded perhaps, is on its way.
    #[track_caller]
    pub fn wait_until_speaking(&self, text: &str) {
        self.wait_for(&format!("the model speaks to {text:?}"), |seen| {
            let is_so = |seen: &&Seen| seen.outcome == Outcome::Speaking && seen.last().trim_end().ends_with(text);
            seen.iter().find(is_so).map(|_| ())
        });
    }
}

/// What was seen at last, short enough for the message of a failure.
pub fn brief(seen: &[Seen]) -> Vec<String> {
    const MOST: usize = 4;
    let short = |text: &String| text.chars().take(80).collect::<String>();
    let one = |seen: &Seen| {
        let count = seen.users.len();
        let users: Vec<_> = seen.users[count.saturating_sub(MOST)..].iter().map(short).collect();
        let result = seen.tool_result.as_ref().map(short);
        let aside = if seen.aside { " aside" } else { "" };
        format!("{} {:?}{aside} sees {count} ending in {users:?} tool_result={result:?}", seen.model, seen.outcome)
    };
    seen[seen.len().saturating_sub(MOST)..].iter().map(one).collect()
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.changed.notify_all();
        // Wakes the thread that accepts; that it is gone already would be as good.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, seen: Seen) -> usize {
        let mut state = self.lock();
        state.seen.push(seen);
        self.changed.notify_all();
        state.seen.len() - 1
    }

    fn note(&self, index: usize, outcome: Outcome) {
        self.lock().seen[index].outcome = outcome;
        self.changed.notify_all();
    }

    /// The status this message is answered with; a flaky one fails as often as it says.
    fn status(&self, script: &Script, message: &str) -> u16 {
        let Some(times) = script.flaky else { return script.fail.unwrap_or(http::OK) };
        let mut state = self.lock();
        let failed = state.failures.entry(message.into()).or_default();
        *failed += 1;
        if *failed <= times { http::OVERLOADED } else { http::OK }
    }

    /// Waits so long, or until the gate is open; says whether it is.
    fn pause(&self, length: Duration, gate: Option<&str>) -> bool {
        let until = Instant::now() + length;
        let mut state = self.lock();
        loop {
            let is_open = state.stopping || gate.is_some_and(|gate| state.open_gates.contains(gate));
            let left = until.saturating_duration_since(Instant::now());
            if is_open || left.is_zero() {
                return is_open;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Serves one connection until its client closes it or breaks the rules.
fn serve(stream: &TcpStream, shared: &Shared) {
    let mut reader = BufReader::new(stream);
    while let Ok(Some(request)) = http::read(&mut reader, &mut &*stream) {
        // A client that went away is written down where it is noticed; here the connection is over.
        if answer(&request, stream, shared).is_err() || !request.keep_alive {
            break;
        }
    }
    // It may be closed already.
    let _ = stream.shutdown(Shutdown::Both);
}

fn answer(request: &Request, stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let path = request.path.split('?').next().unwrap_or_default();
    let is_post = request.method == "POST";
    if request.method == "HEAD" {
        return http::write_json(&mut &*stream, http::OK, None);
    }
    if path.ends_with("/models") {
        return http::write_json(&mut &*stream, http::OK, Some(&models()));
    }
    if is_post && path.ends_with("/count_tokens") {
        return http::write_json(&mut &*stream, http::OK, Some(&json!({ "input_tokens": 42 })));
    }
    match (Wire::of(path), serde_json::from_slice::<Value>(&request.body)) {
        (Some(wire), Ok(body)) if is_post => reply(wire, &body, path, stream, shared),
        _ => {
            shared.remember(Seen { path: path.into(), ..Asked::default().seen(Outcome::Unknown) });
            http::write_json(&mut &*stream, http::NOT_FOUND, Some(&json!({ "error": { "message": "no such path" } })))
        }
    }
}

fn models() -> Value {
    let one = |name: &&str| json!({ "id": name, "type": "model", "object": "model", "display_name": name });
    json!({ "object": "list", "has_more": false, "data": MODELS.iter().map(one).collect::<Vec<_>>() })
}

fn reply(wire: Wire, body: &Value, path: &str, stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let asked = wire.read(body);
    let script = asked.script();
    let index = shared.remember(Seen { path: path.into(), ..asked.clone().seen(Outcome::Thinking) });
    shared.pause(THINKING, None);
    let status = shared.status(&script, asked.last());
    if status != http::OK {
        shared.note(index, Outcome::Failed(status));
        return http::write_json(&mut &*stream, status, Some(&wire.failure(status)));
    }
    shared.note(index, Outcome::Speaking);
    let spoken = if asked.stream {
        speak(wire, &asked, &script, stream, shared)
    } else {
        let said = pieces(&asked, &script).concat();
        http::write_json(&mut &*stream, http::OK, Some(&wire.whole(&asked, &said))).map(|()| Outcome::Finished)
    };
    shared.note(index, *spoken.as_ref().unwrap_or(&Outcome::ClientGone));
    match spoken? {
        Outcome::Dropped => Err(io::ErrorKind::ConnectionAborted.into()),
        _ => Ok(()),
    }
}

/// Streams a reply; returns how it ended.
fn speak(wire: Wire, asked: &Asked, script: &Script, stream: &TcpStream, shared: &Shared) -> io::Result<Outcome> {
    let mut sink = Sink::open(stream)?;
    let mut said = String::new();
    sink.send_all(wire.begin(asked))?;
    if let Some(call) = asked.tool_call(script) {
        sink.send_all(wire.call(asked, &call))?;
        sink.close()?;
        return Ok(Outcome::Finished);
    }
    sink.send_all(wire.begin_text(asked))?;
    let mut say = |sink: &mut Sink, piece: &str| {
        said.push_str(piece);
        sink.send_all(wire.piece(asked, piece))
    };
    if asked.tool_result.is_none() {
        if script.is_drop {
            say(&mut sink, "about to break off ")?;
            return Ok(Outcome::Dropped);
        }
        let until = Instant::now() + script.slow;
        let mut number = 0;
        while Instant::now() < until || script.hold.is_some() {
            if shared.pause(TICK, script.hold.as_deref()) {
                break;
            }
            number += 1;
            say(&mut sink, &format!("{} {number}.\n\n", script.hold.as_deref().unwrap_or("slow")))?;
        }
    }
    for piece in pieces(asked, script) {
        say(&mut sink, &piece)?;
    }
    sink.send_all(wire.end(asked, &said))?;
    sink.close()?;
    Ok(Outcome::Finished)
}

/// What the model says: what it sees, and as many lines more as ordered.
fn pieces(asked: &Asked, script: &Script) -> Vec<String> {
    let lines = if asked.tool_result.is_some() { 0 } else { script.long };
    let more = (1..=lines).map(|number| format!("\n\nparagraph {number:05} of what was ordered"));
    std::iter::once(asked.echo()).chain(more).collect()
}
