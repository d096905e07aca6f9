//! The sessions that an agent itself keeps, as its files tell of them, and which process has one.
//!
//! Nothing here chooses: a person picks. Not here: what stands in such a file (`agent/profile/adopt.rs`).

use super::processes;
use super::session::{self, SESSION_VARIABLE, Whereabouts};
use crate::agent::identity::AgentId;
use crate::agent::profile::{AdoptRules, Profile, Signal};
use crate::domain::id::Timestamp;
use crate::protocol::message::AgentSession;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// So many of the newest files are looked into: who looks for older ones names the id.
const MOST_FILES: usize = 300;
/// So many are listed.
const MOST_LISTED: usize = 50;
/// A session tells its id, its folder and its first prompt at its beginning.
const HEAD_BYTES: u64 = 512 * 1024;
/// What is shown of a prompt, in characters.
const PROMPT_CHARACTERS: usize = 200;

pub fn list(profile: &Profile, adopt: &AdoptRules, at: &Whereabouts) -> Vec<AgentSession> {
    let of_folder = newest_first(adopt, at).into_iter().take(MOST_FILES).filter_map(|file| read(adopt, at, &file));
    let mut sessions: Vec<AgentSession> = of_folder.take(MOST_LISTED).collect();
    for session in &mut sessions {
        session.held_by = holder(profile, at, &session.id);
    }
    sessions
}

pub fn find(profile: &Profile, adopt: &AdoptRules, at: &Whereabouts, id: &str) -> Option<AgentSession> {
    let mut all = newest_first(adopt, at).into_iter().filter_map(|file| read(adopt, at, &file));
    let session = all.find(|session| session.id == id)?;
    Some(AgentSession { held_by: holder(profile, at, id), ..session })
}

fn newest_first(adopt: &AdoptRules, at: &Whereabouts) -> Vec<(SystemTime, PathBuf)> {
    let Some(glob) = adopt.files.fill_but_id(&at.places(None), "") else { return Vec::new() };
    let written = |path: PathBuf| Some((path.metadata().ok()?.modified().ok()?, path));
    let mut files: Vec<(SystemTime, PathBuf)> = session::files(&glob).into_iter().filter_map(written).collect();
    files.sort_by(|one, other| other.cmp(one));
    files
}

/// None where the file is no session's, or one of another folder.
fn read(adopt: &AdoptRules, at: &Whereabouts, (written, path): &(SystemTime, PathBuf)) -> Option<AgentSession> {
    let glob = adopt.files.fill_but_id(&at.places(None), "")?;
    let mut head = Vec::new();
    File::open(path).ok()?.take(HEAD_BYTES).read_to_end(&mut head).ok()?;
    let head = String::from_utf8_lossy(&head);
    let kept = adopt.read(&glob, path.to_str()?, head.lines())?;
    let since = written.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    (Path::new(&kept.folder) == Path::new(&at.cwd)).then(|| AgentSession {
        id: kept.id.as_str().to_owned(),
        at: Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        prompt: kept.prompt.chars().take(PROMPT_CHARACTERS).collect(),
        held_by: None,
        conversation: None,
    })
}

/// A living process that has the session, as far as can be seen: by its arguments, by what we gave it, or by the file in which the agent
/// tells its state for each process.
fn holder(profile: &Profile, at: &Whereabouts, id: &str) -> Option<u32> {
    let ours = processes::carriers_of(SESSION_VARIABLE, id).into_iter().next();
    let named = ours.or_else(|| processes::named_in_arguments(id).into_iter().next());
    let pid = named.and_then(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok());
    pid.or_else(|| told_by_state_file(profile, at, id)).or_else(|| with_open_file(profile, at, id))
}

/// Such a file outlives a killed process, so only that of a living one counts.
fn told_by_state_file(profile: &Profile, at: &Whereabouts, id: &str) -> Option<u32> {
    let files = profile.signals.iter().filter_map(|signal| match signal {
        Signal::StateFile { path, .. } => Some(path),
        _ => None,
    });
    let quoted = format!("\"{id}\"");
    let tells = |pid: u32| {
        let at = at.places(Some(pid));
        let paths = files.clone().filter_map(|path| path.fill(&at)?.path());
        paths.into_iter().any(|path| std::fs::read_to_string(path).is_ok_and(|text| text.contains(&quoted)))
    };
    processes::all().into_iter().find(|pid| tells(*pid))
}

/// A file that is open as long as the session is, where the profile knows of one.
fn with_open_file(profile: &Profile, at: &Whereabouts, id: &str) -> Option<u32> {
    let id = AgentId::try_from(id.to_owned()).ok()?;
    let places = crate::agent::glob::Places { id: Some(&id), ..at.places(None) };
    let paths: Vec<String> = profile.identity.open_files().filter_map(|path| path.fill(&places)?.path()).collect();
    processes::all().into_iter().find(|pid| paths.iter().any(|path| processes::has_open(*pid, path)))
}
