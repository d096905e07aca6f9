//! Looks at the files of a repository, tracked ones and new ones, without a trace in it: git writes what it sees into a folder of ours.
//!
//! The person's index, refs, stash and objects are only read. What stands in no commit yet may be secret, and a ref of ours would go where they
//! push; so it is kept beside the store and goes with its conversation. What git itself cleans away of theirs later (old commits that a
//! rebase left, after weeks) is missing then, and that is said.
//! Change here: how a look is taken, and how large it may be. Not here: when (`host/notes.rs`).

use super::run::{Call, GitError, quoted};
use crate::domain::changes::{NotNoted, Noted};
use crate::domain::id::Timestamp;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Nobody waits for a look, yet git keeps a core and the disk busy meanwhile.
const LIMIT: Duration = Duration::from_secs(20);
/// A larger file is no text that a person reads the changes of.
const MOST_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// What is not committed may be so much and so many: more is a folder that belongs into .gitignore.
const MOST_BYTES: u64 = 128 * 1024 * 1024;
const MOST_FILES: usize = 20_000;
/// All looks of a conversation together: thousands of turns of ordinary work.
const MOST_KEPT_BYTES: u64 = 1024 * 1024 * 1024;
/// The unit of `blocks`, whatever the file system has.
const BLOCK_BYTES: u64 = 512;
/// File systems tell the time of a change by the tick of the system, which may be that much behind.
pub const TICK_MS: i64 = 10;

/// A repository, and where the looks at it are kept.
pub struct Looker {
    top: PathBuf,
    /// The person's own.
    index: PathBuf,
    objects: PathBuf,
    /// Ours.
    kept: PathBuf,
    until: Instant,
}

/// What is known of a file before a moment: what was noted last, else what was committed last.
pub struct Before<'a> {
    pub tree: Option<&'a str>,
    /// What changed from this moment on counts as not changed yet.
    pub moment: Timestamp,
}

/// Whether the folder lies in a repository, as far as can be seen without asking git.
pub fn looks_like_repository(folder: &Path) -> bool {
    folder.ancestors().any(|above| above.join(".git").exists())
}

impl Looker {
    pub fn new(folder: &Path, kept: &Path) -> Result<Looker, NotNoted> {
        let until = Instant::now() + LIMIT;
        let asked = ["rev-parse", "--show-toplevel", "--git-path", "index", "--git-path", "objects"];
        let said = Call::new(folder).args(asked).until(until).said().map_err(why_not)?;
        let lines: Vec<&[u8]> = said.trim_ascii_end().split(|byte| *byte == b'\n').collect();
        let [top, index, objects] = lines[..] else {
            return Err(NotNoted::Failed("the folder of the repository has a line end in its name".into()));
        };
        let path = |said: &[u8]| folder.join(OsStr::from_bytes(said));
        let mut folders = std::fs::DirBuilder::new();
        let made = folders.recursive(true).mode(0o700).create(kept.join("objects"));
        made.map_err(|error| NotNoted::Failed(format!("could not make the folder {} ({error})", kept.display())))?;
        Ok(Looker { top: path(top), index: path(index), objects: path(objects), kept: kept.into(), until })
    }

    pub fn top(&self) -> String {
        self.top.to_string_lossy().into_owned()
    }

    /// What the files are now; with `before`, what they were at that moment.
    pub fn look(&self, before: Option<&Before>) -> Noted {
        self.tree(before).unwrap_or_else(Noted::Not)
    }

    fn tree(&self, before: Option<&Before>) -> Result<Noted, NotNoted> {
        if size_of(&self.kept) > MOST_KEPT_BYTES {
            return Err(NotNoted::Full);
        }
        self.copy_index()?;
        let left_out = self.add_what_is_not_committed()?;
        let mut id = self.write_tree()?;
        if let Some(before) = before
            && self.take_back(&id, before)?
        {
            id = self.write_tree()?;
        }
        Ok(Noted::Tree { id, left_out })
    }

    /// It has what git knows of each file, so that those which did not change are not read.
    fn copy_index(&self) -> Result<(), NotNoted> {
        let own = self.own_index();
        // What an earlier look left, and the lock of one that was killed: this one is alone here.
        for left in [own.clone(), own.with_extension("lock")] {
            let _ = std::fs::remove_file(left);
        }
        let copy = || {
            std::fs::copy(&self.index, &own)?;
            // Git reads anew what changed in the same moment as its index, and takes that moment from the file.
            File::options().write(true).open(&own)?.set_modified(std::fs::metadata(&self.index)?.modified()?)
        };
        match copy() {
            // A repository in which nothing was ever added has none.
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(NotNoted::Failed(format!("the index could not be read ({error})")))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Returns how many files are left out.
    fn add_what_is_not_committed(&self) -> Result<u32, NotNoted> {
        let list = ["ls-files", "-z", "--others", "--modified", "--deleted", "--exclude-standard"];
        let said = self.git(list).said().map_err(why_not)?;
        let names: HashSet<&[u8]> = said.split(|byte| *byte == 0).filter(|name| is_file_name(name)).collect();
        if names.len() > MOST_FILES {
            return Err(NotNoted::TooMuch);
        }
        let (mut wanted, mut left_out, mut bytes) = (Vec::new(), 0, 0);
        for name in names {
            let path = self.top.join(OsStr::from_bytes(name));
            match std::fs::symlink_metadata(&path) {
                Ok(file) if file.is_file() && (file.len() > MOST_FILE_BYTES || File::open(&path).is_err()) => {
                    left_out += 1;
                    continue;
                }
                Ok(file) if file.is_file() => bytes += file.len(),
                // A link, a repository within, or what is gone.
                Ok(_) | Err(_) => {}
            }
            wanted.extend_from_slice(name);
            wanted.push(0);
        }
        if bytes > MOST_BYTES {
            return Err(NotNoted::TooMuch);
        }
        if !wanted.is_empty() {
            self.update(&["update-index", "-z", "--add", "--remove", "--replace", "--stdin"], &wanted)?;
        }
        Ok(left_out)
    }

    /// Puts back what changed since that moment, so that a look that was taken late shows what was there then. Says whether there was any.
    fn take_back(&self, id: &str, before: &Before) -> Result<bool, NotNoted> {
        let base = match before.tree {
            Some(tree) => tree.to_owned(),
            None => self.committed()?,
        };
        let differ = self.git(["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", &base, id]).said();
        let differ = differ.map_err(why_not)?;
        let mut back = Vec::new();
        let mut parts = differ.split(|byte| *byte == 0);
        while let (Some(raw), Some(name)) = (parts.next(), parts.next()) {
            let Some((mode, object)) = before_of(raw) else { continue };
            if self.changed_since(name, before.moment) {
                back.extend_from_slice(format!("{mode} {object}\t").as_bytes());
                back.extend_from_slice(name);
                back.push(0);
            }
        }
        if back.is_empty() {
            return Ok(false);
        }
        self.update(&["update-index", "-z", "--index-info"], &back)?;
        Ok(true)
    }

    /// Of a file that is gone the folder tells when.
    fn changed_since(&self, name: &[u8], moment: Timestamp) -> bool {
        let path = self.top.join(OsStr::from_bytes(name));
        let there = path.ancestors().find_map(|path| std::fs::symlink_metadata(path).ok());
        there.is_some_and(|file| changed_at_ms(&file) >= moment.0)
    }

    /// The tree of the last commit; an empty one where there is none.
    fn committed(&self) -> Result<String, NotNoted> {
        match self.git(["rev-parse", "--verify", "--quiet", "HEAD^{tree}"]).said() {
            Ok(said) => Ok(line(&said)),
            Err(GitError::Failed(_)) => {
                let said = self.git(["hash-object", "-t", "tree", "-w", "--stdin"]).said();
                said.map(|said| line(&said)).map_err(why_not)
            }
            Err(error) => Err(why_not(error)),
        }
    }

    fn write_tree(&self) -> Result<String, NotNoted> {
        // What the person's own index names is theirs to have.
        let said = self.git(["write-tree", "--missing-ok"]).said().map_err(why_not)?;
        Ok(line(&said))
    }

    /// A list as long as this one is given as a file, which no pipe holds up.
    fn update(&self, arguments: &[&str], list: &[u8]) -> Result<(), NotNoted> {
        let path = self.kept.join("list");
        let written = File::create(&path).and_then(|mut file| file.write_all(list)).and_then(|()| File::open(&path));
        let file = written.map_err(|error| NotNoted::Failed(format!("{} ({error})", path.display())))?;
        self.git(arguments).input(file).said().map(drop).map_err(why_not)
    }

    fn own_index(&self) -> PathBuf {
        self.kept.join("index")
    }

    /// Reads the person's objects and writes only ours.
    pub fn git(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Call {
        Call::new(&self.top)
            .args(["-c", "core.splitIndex=false", "-c", "core.quotePath=true", "-c", "core.safecrlf=false"])
            .args(arguments)
            .env("GIT_INDEX_FILE", self.own_index())
            .env("GIT_OBJECT_DIRECTORY", self.kept.join("objects"))
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted(&self.objects))
            // Nothing is fetched for a look at what is there.
            .env("GIT_NO_LAZY_FETCH", "1")
            .until(self.until)
    }
}

/// A name with a slash at its end is a repository within this one that it does not know.
fn is_file_name(name: &[u8]) -> bool {
    !name.is_empty() && !name.ends_with(b"/")
}

/// Mode and object of the older side of `:100644 100644 1234.. 5678.. M`.
fn before_of(raw: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(raw).ok()?;
    let mut words = text.strip_prefix(':')?.split(' ');
    let (mode, _, object) = (words.next()?, words.next()?, words.next()?);
    // A mode of zeros takes the name out, and git reads it as a single one.
    let mode = if mode.bytes().all(|digit| digit == b'0') { "0" } else { mode };
    Some((mode.to_owned(), object.to_owned()))
}

/// When its content, name or rights changed last.
fn changed_at_ms(file: &Metadata) -> i64 {
    file.ctime().saturating_mul(1000).saturating_add(file.ctime_nsec() / 1_000_000)
}

pub fn why_not(error: GitError) -> NotNoted {
    match error {
        GitError::Missing => NotNoted::NoGit,
        GitError::TookTooLong => NotNoted::TookTooLong,
        GitError::SaidTooMuch => NotNoted::TooMuch,
        failed @ GitError::Failed(_) => NotNoted::Failed(failed.to_string()),
    }
}

fn line(said: &[u8]) -> String {
    String::from_utf8_lossy(said).trim_end().to_owned()
}

/// What the files below a folder take of the disk, as far as they can be read. Most are so small that their length says little.
pub fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(file) if file.is_dir() => size_of(&entry.path()),
        Ok(file) => file.blocks().saturating_mul(BLOCK_BYTES),
        Err(_) => 0,
    });
    sizes.sum()
}
