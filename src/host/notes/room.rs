//! Keeps all that is noted of files within bounds: what belongs to the conversations that were longest without a turn goes first.
//!
//! Change here: how much is kept of all conversations together. Not here: the bound of a single one (`git/trees.rs`).

use super::{Notes, conversation_of, remove};
use crate::domain::id::ConversationId;
use crate::host::git::trees::size_of;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Four conversations that have each as much as one may have; far more than a year of ordinary work.
const MOST_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Counting is a look at every file, and a conversation grows slowly.
const LOOK_EVERY: Duration = Duration::from_secs(600);
/// What nobody finds any more and is being removed.
const ON_ITS_WAY_OUT: &str = "removed-";

/// What is kept of one conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kept {
    conversation: ConversationId,
    looked_at: SystemTime,
    bytes: u64,
}

/// Whether a host that ended left this when it had begun to remove it.
pub fn is_on_its_way_out(folder: &Path) -> bool {
    folder.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(ON_ITS_WAY_OUT))
}

impl Notes {
    /// Removes what is too much, at most every few minutes.
    pub(super) fn make_room(&self) {
        {
            let mut lines = self.lines();
            if lines.looked_for_room.is_some_and(|last| last.elapsed() < LOOK_EVERY) {
                return;
            }
            lines.looked_for_room = Some(Instant::now());
        }
        for conversation in too_much(self.all_kept(), MOST_BYTES) {
            if let Some(folder) = self.put_away(conversation) {
                tracing::info!(%conversation, "what was noted of its files is removed to make room");
                remove(&folder);
            }
        }
    }

    fn all_kept(&self) -> Vec<Kept> {
        let folders = std::fs::read_dir(&self.kept).into_iter().flatten().flatten();
        let kept = |folder: PathBuf| {
            // Written anew with each look.
            let looked_at = std::fs::metadata(folder.join("index")).or_else(|_| std::fs::metadata(&folder));
            let looked_at = looked_at.and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
            Some(Kept { conversation: conversation_of(&folder)?, looked_at, bytes: size_of(&folder) })
        };
        folders.filter_map(|folder| kept(folder.path())).collect()
    }

    /// Takes the folder out of its place in one step, unless something is done or waits in the line of this conversation.
    fn put_away(&self, conversation: ConversationId) -> Option<PathBuf> {
        let mut lines = self.lines();
        if lines.waiting.contains_key(&conversation) {
            return None;
        }
        let away = self.kept.join(format!("{ON_ITS_WAY_OUT}{conversation}"));
        // What an earlier one left stands in the way; it goes with the next host.
        std::fs::rename(self.folder_of(conversation), &away).ok()?;
        lines.newest.remove(&conversation);
        Some(away)
    }
}

/// Those that go so that the rest is within the bound. The newest one stays in any case.
fn too_much(mut kept: Vec<Kept>, most: u64) -> Vec<ConversationId> {
    kept.sort_by_key(|kept| std::cmp::Reverse(kept.looked_at));
    let mut bytes: u64 = 0;
    let mut gone = Vec::new();
    for (place, kept) in kept.iter().enumerate() {
        bytes = bytes.saturating_add(kept.bytes);
        if bytes > most && place > 0 {
            gone.push(kept.conversation);
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(number: i64, looked_at: u64, bytes: u64) -> Kept {
        let looked_at = SystemTime::UNIX_EPOCH + Duration::from_secs(looked_at);
        Kept { conversation: ConversationId(number), looked_at, bytes }
    }

    #[test]
    fn the_ones_that_were_longest_without_a_turn_go_and_the_newest_stays() {
        let all = vec![kept(1, 30, 40), kept(2, 10, 40), kept(3, 20, 40)];
        let table = [(120, vec![]), (119, vec![2]), (80, vec![2]), (79, vec![3, 2]), (1, vec![3, 2]), (0, vec![3, 2])];
        for (most, gone) in table {
            let gone: Vec<_> = gone.into_iter().map(ConversationId).collect();
            assert_eq!(too_much(all.clone(), most), gone, "{most}");
        }
        assert_eq!(too_much(Vec::new(), 0), []);
    }

    #[test]
    fn what_is_put_away_is_not_found_any_more_and_what_is_at_work_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let (incoming, _receiver) = tokio::sync::mpsc::channel(1);
        let notes = Notes::new(folder.path().join("trees"), folder.path().join("config.toml"), incoming);
        for number in ["1", "2"] {
            std::fs::create_dir_all(notes.kept.join(number).join("objects")).expect("folders");
        }
        notes.lines().waiting.insert(ConversationId(2), Default::default());
        assert_eq!(notes.put_away(ConversationId(2)), None);
        let away = notes.put_away(ConversationId(1)).expect("nothing is done there");
        assert!(!notes.is_kept(ConversationId(1)) && is_on_its_way_out(&away) && notes.is_kept(ConversationId(2)));
        notes.keep_only(&[ConversationId(2)].into(), ConversationId(3));
        assert!(!away.exists() && notes.is_kept(ConversationId(2)));
    }
}
