//! Notes what the files of a conversation's repository are when a turn begins and when it ended, and tells what lies between. Beside all else:
//! no turn waits for a note, and none fails with it.
//!
//! Each conversation has a line of its own, in which one thing is done after the other, so that a difference that is asked for behind the end of
//! a turn comes behind its note. A note that comes late shows what was there at its moment as far as files tell when they changed.
//! What is noted of conversations that nobody spoke to for long goes when all of it together has grown too large (`room.rs`).
//! Not here: asking git (`git/`), or when a turn begins and ends (`core/`).

use super::driver::Incoming;
use super::event::{ClientId, Event};
use super::git::changes::{self, Changed};
use super::git::trees::{Before, Looker, TICK_MS, looks_like_repository};
use crate::config::changes::Noting;
use crate::domain::changes::{Diff, NotNoted, Noted, Span, Trees, Until};
use crate::domain::id::{ConversationId, Timestamp, TurnNumber};
use crate::domain::turn::TurnRecord;
use crate::protocol::message::{NoDiff, Refusal, Reply};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::mpsc::Sender;

mod room;

/// More than turns and people ask for while git is slow; what comes then is not done.
const MOST_WAITING: usize = 256;

/// What is done in the line of a conversation.
pub enum Job {
    Began {
        turn: TurnNumber,
        folder: String,
        at: Timestamp,
        /// What was noted of the turn before.
        last: Option<Trees>,
    },
    Ended {
        turn: TurnNumber,
        /// What was noted at its beginning, as far as that has come back.
        trees: Option<Trees>,
    },
    Diff(Box<Wanted>),
    Forget,
}

/// A difference that a client asked for.
pub struct Wanted {
    pub client: ClientId,
    pub id: u64,
    pub turn: TurnRecord,
    pub span: Span,
    /// The conversation's own.
    pub folder: String,
}

/// Whether a job has its place in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Yes,
    No,
}

#[derive(Clone)]
pub struct Notes {
    kept: PathBuf,
    /// Where the person says whether anything is noted.
    config: PathBuf,
    lines: Arc<Mutex<Lines>>,
    incoming: Sender<Incoming>,
}

#[derive(Default)]
struct Lines {
    /// What waits, by conversation. Each that stands here has a thread.
    waiting: HashMap<ConversationId, VecDeque<Job>>,
    /// The newest note of each.
    newest: HashMap<ConversationId, (TurnNumber, Trees)>,
    /// None: as by default.
    noting: Option<Noting>,
    looked_for_room: Option<Instant>,
}

impl Notes {
    pub fn new(kept: PathBuf, config: PathBuf, incoming: Sender<Incoming>) -> Notes {
        Notes { kept, config, lines: Arc::default(), incoming }
    }

    /// Holds for what is looked at from now on.
    pub fn set(&self, noting: Noting) {
        self.lines().noting = Some(noting);
    }

    /// Why nothing may be looked at, if so.
    fn turned_off(&self) -> Option<NotNoted> {
        match self.lines().noting.unwrap_or_default() {
            Noting::On => None,
            Noting::Off => Some(NotNoted::turned_off(&self.config.to_string_lossy())),
        }
    }

    /// Where too much waits, or no thread can be started, nothing comes of it.
    pub fn order(&self, conversation: ConversationId, job: Job) -> Taken {
        let mut lines = self.lines();
        if let Some(waiting) = lines.waiting.get_mut(&conversation) {
            if waiting.len() >= MOST_WAITING && !matches!(job, Job::Forget) {
                return Taken::No;
            }
            waiting.push_back(job);
            return Taken::Yes;
        }
        let own = self.clone();
        // It waits for the lines until this is over.
        match std::thread::Builder::new().name("files".into()).spawn(move || own.work(conversation)) {
            Ok(_) => {
                lines.waiting.insert(conversation, VecDeque::from([job]));
                Taken::Yes
            }
            Err(error) => {
                tracing::warn!(%error, "no thread could be started to look at files");
                Taken::No
            }
        }
    }

    /// Removes what is kept of conversations that are gone: their host ended before it could.
    pub fn keep_only(&self, known: &BTreeSet<ConversationId>, next: ConversationId) {
        for entry in std::fs::read_dir(&self.kept).into_iter().flatten().flatten() {
            let number = conversation_of(&entry.path());
            let is_gone = number.is_some_and(|number| number < next && !known.contains(&number));
            if is_gone || room::is_on_its_way_out(&entry.path()) {
                remove(&entry.path());
            }
        }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        // Nothing that is done under it can be left half done.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what waits until nothing does.
    fn work(&self, conversation: ConversationId) {
        while let Some(job) = self.next(conversation) {
            match job {
                Job::Began { turn, folder, at, last } => self.note_began(conversation, turn, &folder, at, last),
                Job::Ended { turn, trees } => self.note_ended(conversation, turn, trees),
                Job::Diff(wanted) => self.tell(conversation, *wanted),
                Job::Forget => {
                    self.lines().newest.remove(&conversation);
                    remove(&self.folder_of(conversation));
                }
            }
        }
        self.make_room();
    }

    /// The line goes with its last job.
    fn next(&self, conversation: ConversationId) -> Option<Job> {
        let mut lines = self.lines();
        let job = lines.waiting.get_mut(&conversation)?.pop_front();
        if job.is_none() {
            lines.waiting.remove(&conversation);
        }
        job
    }

    fn folder_of(&self, conversation: ConversationId) -> PathBuf {
        self.kept.join(conversation.to_string())
    }

    fn is_kept(&self, conversation: ConversationId) -> bool {
        self.folder_of(conversation).join("objects").is_dir()
    }

    fn newest(&self, conversation: ConversationId) -> Option<(TurnNumber, Trees)> {
        self.lines().newest.get(&conversation).cloned()
    }

    fn note_began(
        &self,
        conversation: ConversationId,
        turn: TurnNumber,
        folder: &str,
        at: Timestamp,
        last: Option<Trees>,
    ) {
        let folder = Path::new(folder);
        if !looks_like_repository(folder) {
            return;
        }
        if let Some(why) = self.turned_off() {
            return self.noted(conversation, turn, nothing_noted(folder, why));
        }
        let last = self.newest(conversation).map(|(_, trees)| trees).or(last);
        // Not where all of it was removed since.
        let last = last.filter(|_| self.is_kept(conversation));
        let trees = match Looker::new(folder, &self.folder_of(conversation)) {
            Ok(looker) => {
                let last = last.as_ref().filter(|last| last.top == looker.top());
                let tree = last.and_then(|last| tree_of(last.ended.as_ref().unwrap_or(&last.began)));
                let moment = Timestamp(at.0.saturating_sub(TICK_MS));
                let began = looker.look(Some(&Before { tree, moment }));
                Trees { top: looker.top(), began, ended: None, count: None }
            }
            Err(why) => nothing_noted(folder, why),
        };
        self.noted(conversation, turn, trees);
    }

    fn note_ended(&self, conversation: ConversationId, turn: TurnNumber, trees: Option<Trees>) {
        let newest = self.newest(conversation).filter(|(number, _)| *number == turn).map(|(_, trees)| trees);
        let Some(trees) = newest.or(trees) else { return };
        let Noted::Tree { id: began, .. } = &trees.began else { return };
        if let Some(why) = self.turned_off() {
            return self.noted(conversation, turn, Trees { ended: Some(Noted::Not(why)), ..trees });
        }
        let (ended, count) = match Looker::new(Path::new(&trees.top), &self.folder_of(conversation)) {
            Ok(looker) => {
                // The next turn may have begun to work.
                let look = |next: Option<Timestamp>| {
                    looker.look(next.map(|moment| Before { tree: Some(began), moment }).as_ref())
                };
                let next = self.next_begins(conversation);
                let mut ended = look(next);
                // One that began while git looked had its part in what git saw.
                if let (None, began_meanwhile @ Some(_)) = (next, self.next_begins(conversation)) {
                    ended = look(began_meanwhile);
                }
                let count = tree_of(&ended).and_then(|ended| changes::count(&looker, began, ended).ok());
                (ended, count)
            }
            Err(why) => (Noted::Not(why), None),
        };
        self.noted(conversation, turn, Trees { ended: Some(ended), count, ..trees });
    }

    fn next_begins(&self, conversation: ConversationId) -> Option<Timestamp> {
        match self.lines().waiting.get(&conversation)?.front()? {
            Job::Began { at, .. } => Some(*at),
            Job::Ended { .. } | Job::Diff(_) | Job::Forget => None,
        }
    }

    fn noted(&self, conversation: ConversationId, turn: TurnNumber, trees: Trees) {
        self.lines().newest.insert(conversation, (turn, trees.clone()));
        self.send(Incoming::Event(Event::TreesNoted { conversation, turn, trees }));
    }

    fn send(&self, incoming: Incoming) {
        // The receiver is gone only when the host has ended, and then nobody waits for this.
        let _ = self.incoming.blocking_send(incoming);
    }

    fn tell(&self, conversation: ConversationId, wanted: Wanted) {
        let Wanted { client, id, turn, span, folder } = wanted;
        let newest = self.newest(conversation).filter(|(number, _)| *number == turn.number).map(|(_, trees)| trees);
        let number = turn.number;
        let reply = match newest.or(turn.trees).ok_or_else(|| why_nothing(&folder)) {
            Ok(trees) => self.diff(conversation, number, &trees, span, &folder),
            Err(why) => Err(why),
        };
        let reply = match reply {
            Ok(diff) => Reply::Diff(Box::new(diff)),
            Err(why) => Reply::Refused { why: Refusal::NoDiff { turn: number, why } },
        };
        self.send(Incoming::QueryDone { client, id, reply });
    }

    fn diff(
        &self,
        conversation: ConversationId,
        turn: TurnNumber,
        trees: &Trees,
        span: Span,
        folder: &str,
    ) -> Result<Diff, NoDiff> {
        let (began, out_at_begin) = tree(&trees.began).map_err(NoDiff::BeginningNotNoted)?;
        let was_kept = self.is_kept(conversation);
        let looker_in = |folder: &str| Looker::new(Path::new(folder), &self.folder_of(conversation));
        let looker = match (span, &trees.ended) {
            // Its worktree may be gone: what was noted of it can be compared in the repository that it was made of.
            (Span::Turn, Some(_)) => looker_in(&trees.top).or_else(|why| looker_in(folder).map_err(|_| why)),
            (Span::Turn, None) | (Span::UntilNow, _) => looker_in(&trees.top),
        };
        let looker = looker.map_err(NoDiff::Git)?;
        let (until, ended) = match (span, &trees.ended) {
            (Span::Turn, Some(ended)) => (Until::TurnEnd, ended.clone()),
            (Span::Turn, None) | (Span::UntilNow, _) => {
                (Until::Now, self.turned_off().map_or_else(|| looker.look(None), Noted::Not))
            }
        };
        let (ended, out_at_end) = tree(&ended).map_err(match until {
            Until::TurnEnd => NoDiff::EndNotNoted,
            Until::Now => NoDiff::Git,
        })?;
        // What was committed before can be compared still.
        let changed = changes::changes(&looker, began, ended);
        let changed = changed.map_err(|why| NoDiff::Git(if was_kept { why } else { NotNoted::removed() }))?;
        let Changed { count, files, left_out } = changed;
        let not_looked_at = out_at_begin.max(out_at_end);
        let top = trees.top.clone();
        Ok(Diff { turn, span, until, top, count, files, files_left_out: left_out, not_looked_at })
    }
}

fn tree_of(noted: &Noted) -> Option<&str> {
    tree(noted).ok().map(|(id, _)| id)
}

/// With how many files it leaves out.
fn tree(noted: &Noted) -> Result<(&str, u32), NotNoted> {
    match noted {
        Noted::Tree { id, left_out } => Ok((id, *left_out)),
        Noted::Not(why) => Err(why.clone()),
    }
}

fn nothing_noted(folder: &Path, why: NotNoted) -> Trees {
    let top = folder.to_string_lossy().into_owned();
    Trees { top, began: Noted::Not(why), ended: None, count: None }
}

/// Whose folder this is.
fn conversation_of(folder: &Path) -> Option<ConversationId> {
    folder.file_name()?.to_str()?.parse().ok().map(ConversationId)
}

/// Why nothing was noted of a turn.
fn why_nothing(folder: &str) -> NoDiff {
    match looks_like_repository(Path::new(folder)) {
        true => NoDiff::NothingNoted,
        false => NoDiff::NoRepository(folder.to_owned()),
    }
}

fn remove(folder: &Path) {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, folder = %folder.display(), "what was noted of files could not be removed");
        }
        Ok(()) | Err(_) => {}
    }
}
