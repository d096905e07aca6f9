//! Lists the files of a folder for the composer, as git sees them, in a thread of its own: a slow disk holds up nobody.
//!
//! Change here: which files there are, and how many at most. Not here: which are offered for what is typed (`completion.rs`).

use super::job::Job;
use ignore::WalkBuilder;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// Far more than a project has; matching so many takes some milliseconds.
const MOST_FILES: usize = 50_000;
/// Who types a file's name does not wait longer; what was found by then is offered.
const MOST_TIME: Duration = Duration::from_secs(2);

/// Files and folders (these end with `/`) below a folder, without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    pub folder: String,
    pub paths: Vec<String>,
}

/// Begins to list them.
pub fn start(folder: String) -> io::Result<Job<Files>> {
    Job::start("files", move || {
        let paths = list(Path::new(&folder), MOST_FILES, Instant::now() + MOST_TIME);
        Files { folder, paths }
    })
}

/// Hidden files and what git is told to pass over are left out; a link to a folder is not followed.
fn list(folder: &Path, most: usize, until: Instant) -> Vec<String> {
    let walk = WalkBuilder::new(folder).require_git(false).follow_links(false).build();
    let below = walk.take_while(|_| Instant::now() < until).filter_map(|entry| {
        let entry = entry.ok()?; // A folder that may not be read has no files for us.
        let path = entry.path().strip_prefix(folder).ok()?.to_str()?;
        let end = if entry.file_type().is_some_and(|kind| kind.is_dir()) { "/" } else { "" };
        (!path.is_empty() && !path.chars().any(char::is_control)).then(|| format!("{path}{end}"))
    });
    below.take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(folder: &Path, most: usize, within: Duration) -> Vec<String> {
        let mut paths = list(folder, most, Instant::now() + within);
        paths.sort();
        paths
    }

    #[test]
    fn files_and_folders_are_listed_as_git_sees_them_and_within_limits() {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in [
            (".gitignore", "target\n*.log\n"),
            ("a file.txt", ""),
            ("src/main.rs", ""),
            ("target/out", ""),
            ("x.log", ""),
        ] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("it is below")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).expect("a link");
        let all = listed(folder.path(), 99, Duration::from_secs(60));
        assert_eq!(all, ["a file.txt", "loop", "src/", "src/main.rs"]);
        assert_eq!(listed(folder.path(), 2, Duration::from_secs(60)).len(), 2);
        assert_eq!(listed(folder.path(), 99, Duration::ZERO), [""; 0]);
        assert_eq!(listed(&folder.path().join("nowhere"), 99, Duration::from_secs(60)), [""; 0]);
    }
}
