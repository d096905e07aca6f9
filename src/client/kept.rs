//! Texts that a window could not give to the host before it was left. They lie in a small private file beside the store until a window has a
//! host again and takes them up.
//!
//! Change here: where and how they lie. Not here: which texts those are, and where they go (tui).

use crate::domain::id::ConversationId;
use crate::paths::Paths;
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::PathBuf;

/// Windows that are left again and again while no host answers add to the file; what is beyond this was written by nobody by hand.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// One text and where it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptText {
    /// None where no tab was there yet.
    pub conversation: Option<ConversationId>,
    /// The conversation's folder; with it another store's conversation of the same number is told apart.
    pub folder: String,
    pub text: String,
}

fn file(paths: &Paths) -> PathBuf {
    paths.store.with_file_name("kept-texts.jsonl")
}

/// Adds these to what is kept.
pub fn keep(paths: &Paths, texts: &[KeptText]) -> io::Result<()> {
    paths.prepare().map_err(io::Error::other)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut file = File::from(rustix::fs::open(file(paths), flags, Mode::RUSR | Mode::WUSR)?);
    let mut lines = Vec::new();
    for text in texts {
        serde_json::to_writer(&mut lines, text)?;
        lines.push(b'\n');
    }
    if file.metadata()?.len() + lines.len() as u64 > MOST_BYTES {
        return Err(io::Error::other(format!("more than {MOST_BYTES} bytes are kept already")));
    }
    file.write_all(&lines)?;
    file.sync_all()
}

/// Takes up what is kept, oldest first: nobody else gets it.
pub fn take(paths: &Paths) -> io::Result<Vec<KeptText>> {
    let (file, taken) = (file(paths), file(paths).with_extension(format!("taken-{}", std::process::id())));
    match std::fs::rename(file, &taken) {
        Ok(()) => {}
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut text = String::new();
    File::from(rustix::fs::open(&taken, flags, Mode::empty())?).take(MOST_BYTES).read_to_string(&mut text)?;
    // A line that was cut off with its writer is nobody's whole text.
    let texts = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    std::fs::remove_file(taken)?;
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    fn paths(home: &Path) -> Paths {
        let at = |name: &str| home.join("h").join(name);
        let (store, config, agents) = (at("threadkeep.db"), at("config.toml"), at("agents"));
        Paths { store, config, agents, lock: at("l"), socket: at("s"), log: at("log"), run: at("run") }
    }

    fn kept(conversation: Option<i64>, text: &str) -> KeptText {
        KeptText { conversation: conversation.map(ConversationId), folder: "/w".into(), text: text.into() }
    }

    #[test]
    fn what_is_kept_is_for_us_alone_and_taken_once() {
        let home = tempfile::tempdir().expect("a folder");
        let paths = paths(home.path());
        assert_eq!(take(&paths).expect("nothing is there"), []);
        keep(&paths, &[kept(Some(1), "one\n\"two\"")]).expect("it can be written");
        keep(&paths, &[kept(None, "三")]).expect("and added to");
        let mode = std::fs::metadata(file(&paths)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(take(&paths).expect("it can be read"), [kept(Some(1), "one\n\"two\""), kept(None, "三")]);
        assert_eq!(take(&paths).expect("nothing is left"), []);
        let left = std::fs::read_dir(home.path().join("h")).expect("a folder").flatten();
        assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().contains("kept")));
    }

    #[test]
    fn no_link_is_followed_and_no_file_grows_without_end() {
        let home = tempfile::tempdir().expect("a folder");
        let paths = paths(home.path());
        let huge = "x".repeat(usize::try_from(MOST_BYTES).expect("it fits"));
        assert!(keep(&paths, &[kept(None, &huge)]).is_err());
        let other = home.path().join("other");
        std::fs::write(&other, "").expect("a file");
        std::fs::remove_file(file(&paths)).expect("it was made");
        std::os::unix::fs::symlink(&other, file(&paths)).expect("a link");
        assert!(keep(&paths, &[kept(None, "x")]).is_err());
        assert_eq!(std::fs::read(&other).expect("it is there"), b"");
    }
}
