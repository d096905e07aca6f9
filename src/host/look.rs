//! Answers what reads and nothing else, out of a copy of the store: for a person whose host cannot open it, or cannot start.
//!
//! Here is no session, no writer and no timer; each request is answered at once. What ran when the store was saved last is not known, and is told
//! as it stands there. Not here: how the copy is made (`store/look.rs`), or the verb (`cli/look.rs`).

use super::core::{Agents, HostCore, HostFacts};
use super::effect::Effect;
use super::event::{ClientId, Event};
use super::finder::{What, found};
use super::{HostError, clock};
use crate::paths::Paths;
use crate::protocol::codec::{self, Decoder};
use crate::protocol::message::{Asked, BUILD, Hello, Refusal, Reply, Request, Told};
use crate::store::Reader;
use crate::store::look::{self, Schema};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

const READ_BYTES: usize = 64 * 1024;
const CLIENT: ClientId = ClientId(1);

/// Answers at the socket of `copy`, a folder of the caller's alone, on a thread of its own that ends with the process. Says what is to be known of
/// the schema.
pub fn serve(store: &Path, copy: &Paths) -> Result<Schema, HostError> {
    let (loaded, schema) = look::copy(store, &copy.store)?;
    let facts = HostFacts { pid: std::process::id(), build: BUILD.to_owned(), started_at: clock::now() };
    let (kept, next) = (loaded.conversations, loaded.next_conversation);
    // What it would save is for a host that can.
    let (core, _) = HostCore::restore(Agents::default(), kept, BTreeMap::new(), next, facts, clock::now());
    let listener =
        UnixListener::bind(&copy.socket).map_err(|source| HostError::Listen { path: copy.socket.clone(), source })?;
    let mut look = Look { core, reader: Reader::new(&copy.store) };
    let answer = move || {
        // One verb is one connection.
        for stream in listener.incoming().flatten() {
            if let Err(error) = look.answer(stream) {
                tracing::debug!(%error, "a client went away");
            }
        }
    };
    std::thread::Builder::new().name("look".into()).spawn(answer).map_err(HostError::Run)?;
    Ok(schema)
}

struct Look {
    core: HostCore,
    reader: Reader,
}

impl Look {
    fn answer(&mut self, mut stream: UnixStream) -> io::Result<()> {
        let mut decoder = Decoder::default();
        let mut buffer = vec![0; READ_BYTES];
        let mut greeted = false;
        loop {
            let bytes = stream.read(&mut buffer)?;
            if bytes == 0 {
                return Ok(());
            }
            decoder.push(&buffer[..bytes]);
            if !greeted && let Some(Hello { .. }) = decoder.take().map_err(io::Error::other)? {
                greeted = true;
                stream.write_all(
                    &codec::encode(&Hello::of_this_build(std::process::id(), clock::now()))
                        .map_err(io::Error::other)?,
                )?;
            }
            while greeted && let Some(Asked { id, request }) = decoder.take().map_err(io::Error::other)? {
                let told = Told::Reply { id, reply: self.reply(id, request) };
                stream.write_all(&codec::encode(&told).map_err(io::Error::other)?)?;
            }
        }
    }

    fn reply(&mut self, id: u64, request: Request) -> Reply {
        if !only_reads(&request) {
            return Reply::Refused { why: Refusal::OnlyLooks };
        }
        for effect in self.core.handle(Event::Asked { client: CLIENT, id, request }, clock::now()) {
            if let Effect::Reply { reply, .. } | Effect::ReplyNow { reply, .. } = effect {
                return reply;
            } else if let Effect::Query { query, .. } = effect {
                return found(&mut self.reader, What::Turns(query));
            } else if let Effect::Search { query, most, .. } = effect {
                return found(&mut self.reader, What::Words { query, most });
            }
        }
        Reply::Refused { why: Refusal::OnlyLooks }
    }
}

fn only_reads(request: &Request) -> bool {
    matches!(
        request,
        Request::List
            | Request::Show { .. }
            | Request::Past { .. }
            | Request::Turns { .. }
            | Request::DecisionsOf { .. }
            | Request::Search { .. }
    )
}
