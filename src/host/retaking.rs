//! What a new host finds in the holder: sessions that go on, and processes that nobody knows any more, which are ended.
//!
//! A process belongs to a conversation only where the store says that its session goes on (`conversation_state/restore.rs` decides that).
//! Not here: how it is taken over (`session/replay.rs`).

use super::agents::AgentCatalog;
use super::core::HostCore;
use super::driver::Places;
use super::holding::Holding;
use super::note::{Note, Resumes};
use super::processes;
use super::session::Begin;
use crate::domain::conversation_state::{Kept, LivedOn, TakenUp};
use crate::domain::id::{ConversationId, Generation};
use crate::holder::message::Held;
use rustix::process::Pid;
use std::collections::BTreeMap;
use std::path::Path;

/// A process that goes on with its session.
pub struct Found {
    pub conversation: ConversationId,
    pub generation: Generation,
    pub key: String,
    /// Why it cannot be gone on with, in words.
    pub begun: Result<(Box<Begin>, Held), String>,
}

/// What is held, each with its note; none where that cannot be read.
pub fn read(held: Vec<Held>) -> Vec<(Held, Option<Note>)> {
    held.into_iter().map(|held| (Note::parse(&held.note), held)).map(|(note, held)| (held, note)).collect()
}

/// The newest process of each conversation.
pub fn lived_on(held: &[(Held, Option<Note>)]) -> BTreeMap<ConversationId, LivedOn> {
    let mut newest: BTreeMap<ConversationId, LivedOn> = BTreeMap::new();
    for (held, note) in held {
        let Some(note) = note else {
            continue;
        };
        let lived_on = LivedOn {
            generation: note.generation,
            session: note.session,
            pid: u32::try_from(held.pid).ok(),
            since: note.started_at,
            taken_up: match note.resumes {
                Resumes::Yes => TakenUp::NotVerified,
                Resumes::No => TakenUp::New,
            },
        };
        if newest.get(&note.conversation).is_none_or(|known| known.generation < note.generation) {
            newest.insert(note.conversation, lived_on);
        }
    }
    newest
}

/// The ids of agents' sessions as they were noted last.
pub fn known_ids(kept: &[Kept]) -> BTreeMap<ConversationId, String> {
    let id = |kept: &Kept| Some((kept.record.id, kept.session.as_ref()?.agent_session.clone()?));
    kept.iter().filter_map(id).collect()
}

/// Tells what goes on from what does not.
pub fn sort(
    held: Vec<(Held, Option<Note>)>,
    core: &HostCore,
    agents: &AgentCatalog,
    known_ids: &BTreeMap<ConversationId, String>,
    places: &Places,
) -> (Vec<Found>, Vec<Held>) {
    let (mut found, mut not_ours) = (Vec::new(), Vec::new());
    for (held, note) in held {
        match note.filter(|note| core.has_live(note.conversation, note.generation) && note.key() == held.key) {
            Some(note) => {
                let (conversation, generation, key) = (note.conversation, note.generation, note.key());
                let known_id = known_ids.get(&conversation).map(String::as_str);
                let begin = agents.begin_again(note, known_id, &places.journals);
                if begin.is_err() {
                    not_ours.push(held.clone());
                }
                let begun = begin.map(|begin| (Box::new(begin), held));
                found.push(Found { conversation, generation, key, begun });
            }
            None => not_ours.push(held),
        }
    }
    (found, not_ours)
}

/// Removes what sessions have left that are gone: nobody else uses this folder, as lock and store are ours.
pub fn empty_but(folder: &Path, found: &[Found]) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if found.iter().any(|found| entry.file_name().to_str() == Some(&found.key)) {
            continue;
        }
        if let Err(error) = std::fs::remove_dir_all(entry.path()) {
            tracing::warn!(path = %entry.path().display(), %error, "could not remove what an earlier host left");
        }
    }
}

/// Ends processes that no conversation has, on a thread of its own, and has them forgotten.
pub fn end(held: Vec<Held>, holding: &Holding) {
    if held.is_empty() {
        return;
    }
    let holding = holding.clone();
    let end = move || {
        let living = held.iter().filter(|held| held.exit.is_none());
        let leaders: Vec<Pid> = living.filter_map(|held| Pid::from_raw(held.pid)).collect();
        if !leaders.is_empty() {
            tracing::warn!(?leaders, "processes of an earlier host belong to no session that goes on; they are ended");
        }
        processes::end_sessions(&leaders);
        for held in held {
            holding.forget(held.key);
        }
    };
    if let Err(error) = std::thread::Builder::new().name("not ours".into()).spawn(end) {
        tracing::error!(%error, "processes that no session has could not be ended");
    }
}
