//! Looks at what an agent leaves outside its pty: a transcript that grows, a state file, a file that its process holds open.
//!
//! An agent writes to its files when it does something, and then its screen changes too. So they are looked at after output, and a few times
//! more when that has ended; a silent session costs nothing. Change here: when and how much. Not here: what stands in them (agent).

use crate::agent::claim::Claimed;
use crate::agent::glob::{Glob, Places};
use crate::agent::readers::{Readers, Seen, Want};
use rustix::process::Pid;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// From output to the first look.
const FIRST_LOOK: Duration = Duration::from_millis(60);
/// Between two looks while output goes on.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The looks after output has ended: what is written late is seen all the same.
const LATER_LOOKS: [Duration; 3] = [Duration::from_millis(150), Duration::from_millis(500), Duration::from_secs(2)];
/// So much of a transcript is read at a look; what is more comes with the next one, at once.
const READ_BYTES: usize = 256 * 1024;
/// A state file that is longer is none.
const MOST_STATE_BYTES: u64 = 4 * 1024 * 1024;
/// The clock of a file system may be a little behind.
const CLOCK_SLACK: Duration = Duration::from_secs(2);

/// What is known of the files of one process.
pub struct Files {
    pid: Pid,
    began: SystemTime,
    pub known: Known,
    next_look: Option<Instant>,
    last_look: Option<Instant>,
    later_looks: usize,
}

/// What was read already.
#[derive(Default, Serialize, Deserialize)]
pub struct Known {
    transcript: Option<Followed>,
    states: HashMap<PathBuf, (SystemTime, u64)>,
    /// What was found already, so that it is told once.
    found: HashMap<PathBuf, ()>,
    /// How long transcripts were when a session was taken up: up to there they tell of earlier processes.
    #[serde(default)]
    history: HashMap<PathBuf, u64>,
}

#[derive(Serialize, Deserialize)]
struct Followed {
    path: PathBuf,
    offset: u64,
}

impl Files {
    pub fn new(pid: Pid, began: SystemTime) -> Files {
        Files { pid, began, known: Known::default(), next_look: None, last_look: None, later_looks: 0 }
    }

    pub fn due(&self) -> Option<Instant> {
        self.next_look
    }

    /// A session is about to be taken up: what stands in its transcript by now is history, however young the file is.
    pub fn note_history(&mut self, readers: &Readers, places: &Places) {
        for want in readers.wants(places) {
            if let Want::Transcript(glob) = want {
                let length = |path: PathBuf| Some((path.metadata().ok()?.len(), path));
                let lengths = files(&glob).into_iter().filter_map(length);
                self.known.history.extend(lengths.map(|(length, path)| (path, length)));
            }
        }
    }

    /// There was output: something may have been written.
    pub fn note_output(&mut self, now: Instant) {
        self.later_looks = 0;
        let soon = now + FIRST_LOOK;
        let soon = self.last_look.map_or(soon, |last| soon.max(last + LOOK_EVERY));
        // A late look that was planned gives way, an early one stays.
        self.next_look = Some(self.next_look.map_or(soon, |planned| planned.min(soon)));
    }

    /// The end of a turn was told: its record is wanted now.
    pub fn look_soon(&mut self, now: Instant) {
        self.next_look = Some(now);
    }

    /// Whether it is time to look; plans the next one.
    pub fn is_due(&mut self, now: Instant) -> bool {
        if self.next_look.is_none_or(|due| now < due) {
            return false;
        }
        self.last_look = Some(now);
        self.next_look = LATER_LOOKS.get(self.later_looks).map(|pause| now + *pause);
        self.later_looks += 1;
        true
    }

    /// Looks at all that the readers want, and gives back what they make of it.
    pub fn look(&mut self, readers: &mut Readers, places: &Places, now: Instant) -> Vec<Claimed> {
        let mut claimed = Vec::new();
        for want in readers.wants(places) {
            match want {
                Want::Transcript(glob) => self.follow(&glob, readers, now, &mut claimed),
                Want::StateFile(glob) => self.read_state(&glob, readers, &mut claimed),
                Want::OpenFile(glob) => {
                    for path in open_files(self.pid) {
                        self.find(&glob, &path, readers, &mut claimed);
                    }
                }
                Want::NamedFile(glob) => {
                    if let [path] = &files(&glob)[..] {
                        self.find(&glob, path, readers, &mut claimed);
                    }
                }
            }
        }
        claimed
    }

    fn find(&mut self, glob: &Glob, path: &Path, readers: &mut Readers, claimed: &mut Vec<Claimed>) {
        let Some(text) = path.to_str().filter(|text| glob.matches(text)) else {
            return;
        };
        if self.known.found.insert(path.to_owned(), ()).is_none() {
            // What was held open before is another session's, should it come back.
            self.known.found.retain(|known, ()| known == path);
            claimed.extend(readers.see(Seen::Found { glob, path: text }));
        }
    }

    fn follow(&mut self, glob: &Glob, readers: &mut Readers, now: Instant, claimed: &mut Vec<Claimed>) {
        let Some((path, metadata)) = newest(glob) else {
            return;
        };
        if self.known.transcript.as_ref().is_none_or(|followed| followed.path != path) {
            if self.known.transcript.is_some() {
                claimed.extend(readers.see(Seen::TranscriptReplaced));
            }
            // What stood in it before this process began is history.
            let offset = match self.known.history.get(&path) {
                Some(length) => *length,
                None if self.is_new(&metadata) => 0,
                None => metadata.len(),
            };
            self.known.transcript = Some(Followed { path, offset });
        }
        let Some(followed) = &mut self.known.transcript else {
            return;
        };
        if metadata.len() < followed.offset {
            followed.offset = 0;
            claimed.extend(readers.see(Seen::TranscriptReplaced));
        }
        if metadata.len() == followed.offset {
            return;
        }
        match read_from(&followed.path, followed.offset) {
            Ok(bytes) => {
                followed.offset += bytes.len() as u64;
                if followed.offset < metadata.len() {
                    self.next_look = Some(now);
                }
                claimed.extend(readers.see(Seen::Transcript(&bytes)));
            }
            Err(error) => tracing::debug!(%error, "could not read a transcript"),
        }
    }

    fn read_state(&mut self, glob: &Glob, readers: &mut Readers, claimed: &mut Vec<Claimed>) {
        let Some((path, metadata)) = newest(glob) else {
            return;
        };
        let length = metadata.len();
        let Ok(modified) = metadata.modified() else {
            return;
        };
        if modified + CLOCK_SLACK < self.began || length > MOST_STATE_BYTES {
            return;
        }
        if self.known.states.insert(path.clone(), (modified, length)) == Some((modified, length)) {
            return;
        }
        if let Ok(text) = std::fs::read_to_string(&path) {
            claimed.extend(readers.see(Seen::StateFile(&text)));
        }
    }

    /// Whether a file was made for this process.
    fn is_new(&self, metadata: &Metadata) -> bool {
        let made = metadata.created().or_else(|_| metadata.modified());
        made.is_ok_and(|made| made + CLOCK_SLACK >= self.began)
    }
}

fn read_from(path: &Path, offset: u64) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(READ_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The files that fit, in no order.
pub fn files(glob: &Glob) -> Vec<PathBuf> {
    if let Some(path) = glob.path() {
        let path = PathBuf::from(path);
        return if path.is_file() { vec![path] } else { Vec::new() };
    }
    let names = glob.names();
    let mut found = vec![PathBuf::from("/")];
    for (at, name) in names.iter().enumerate() {
        let is_last = at + 1 == names.len();
        let next = found.into_iter().flat_map(|folder| entries(&folder, name));
        found = next.filter(|path| if is_last { path.is_file() } else { path.is_dir() }).collect();
    }
    found
}

fn entries(folder: &Path, name: &Glob) -> Vec<PathBuf> {
    if let Some(name) = name.path() {
        return vec![folder.join(name)];
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let fits = |entry: &std::fs::DirEntry| entry.file_name().to_str().is_some_and(|text| name.matches(text));
    entries.filter(fits).map(|entry| entry.path()).collect()
}

/// The one that was written last.
fn newest(glob: &Glob) -> Option<(PathBuf, Metadata)> {
    let with_metadata = files(glob).into_iter().filter_map(|path| Some((path.metadata().ok()?, path)));
    let newest = with_metadata.max_by_key(|(metadata, _)| metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH));
    newest.map(|(metadata, path)| (path, metadata))
}

/// The files that a process holds open.
#[cfg(target_os = "linux")]
fn open_files(pid: Pid) -> Vec<PathBuf> {
    let links = std::fs::read_dir(format!("/proc/{}/fd", pid.as_raw_nonzero())).into_iter().flatten().flatten();
    links.filter_map(|link| std::fs::read_link(link.path()).ok()).collect()
}

/// Without /proc nothing tells; the profile's other ways to the id remain.
#[cfg(not(target_os = "linux"))]
fn open_files(_pid: Pid) -> Vec<PathBuf> {
    Vec::new()
}
