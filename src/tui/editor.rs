//! Writes a message in the person's own editor: `$VISUAL`, else `$EDITOR`, else `vi`, on a private file in our folder.
//!
//! Change here: how it is started and what comes back. Not here: which key does it (`keymap.rs`), or what becomes of the text.

use super::guard;
use crate::paths::Paths;
use rustix::fs::{Mode, OFlags};
use std::env;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// A text that could be no message by far is not read; what was written before it stays in the composer.
const MOST_BYTES: u64 = 16 << 20;

#[derive(Debug, thiserror::Error)]
pub enum EditorError {
    #[error("the file for the editor could not be made ({0})")]
    Make(io::Error),
    #[error("{name} could not be started ({source}); set VISUAL or EDITOR")]
    Start { name: String, source: io::Error },
    #[error("{name} ended with {status}, so nothing was taken over; VISUAL and EDITOR name the editor")]
    Failed { name: String, status: ExitStatus },
    #[error("what the editor wrote could not be read ({0})")]
    Read(io::Error),
    #[error("what the editor wrote is more than {} MiB", MOST_BYTES >> 20)]
    TooLong,
    #[error("the terminal could not be taken again ({0})")]
    Terminal(io::Error),
}

/// Lets the person edit the text in the terminal, which is theirs meanwhile. The file is removed in any case.
pub fn edit(paths: &Paths, text: &str) -> Result<String, EditorError> {
    let file = Draft::make(paths, text).map_err(EditorError::Make)?;
    let name = name();
    let ended = guard::lend(|| run(&name, &file.0)).map_err(EditorError::Terminal)?;
    let status = ended.map_err(|source| EditorError::Start { name: name.clone(), source })?;
    if !status.success() {
        return Err(EditorError::Failed { name, status });
    }
    let written = file.read().map_err(EditorError::Read)?;
    if written.len() as u64 > MOST_BYTES {
        return Err(EditorError::TooLong);
    }
    let written = String::from_utf8(written).map_err(|error| EditorError::Read(io::Error::other(error)))?;
    Ok(without_added_end(&written, text).to_owned())
}

fn name() -> String {
    let set = |name| env::var(name).ok().filter(|value: &String| !value.trim().is_empty());
    set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| "vi".to_owned())
}

/// The variables hold a line for the shell: a program with its options.
fn run(editor: &str, file: &Path) -> io::Result<ExitStatus> {
    Command::new("sh").args(["-c", &format!("{editor} \"$1\""), "sh"]).arg(file).status()
}

/// Editors end the last line where the text did not; that one is not the person's.
fn without_added_end<'t>(written: &'t str, text: &str) -> &'t str {
    match written.strip_suffix('\n') {
        Some(without) if !text.ends_with('\n') => without,
        Some(_) | None => written,
    }
}

/// The file with the text, as long as this lives.
struct Draft(PathBuf);

impl Draft {
    fn make(paths: &Paths, text: &str) -> io::Result<Draft> {
        paths.prepare_runtime().map_err(io::Error::other)?;
        let path = paths.run.join(format!("message-{}.md", std::process::id()));
        // One that a window of the same number left behind.
        let _ = std::fs::remove_file(&path);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR)?;
        let draft = Draft(path);
        File::from(file).write_all(text.as_bytes())?;
        Ok(draft)
    }

    /// Many editors put a new file in the place of the old one.
    fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(&self.0)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Where the editor itself took it away there is nothing left to remove.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_end_that_the_editor_added_is_taken_off() {
        for (text, written, comes_back) in [
            ("a", "a\n", "a"),
            ("a", "a", "a"),
            ("a\n", "a\n", "a\n"),
            ("a", "b\n\n", "b\n"),
            ("", "", ""),
            ("", "\n", ""),
        ] {
            assert_eq!(without_added_end(written, text), comes_back, "{text:?} {written:?}");
        }
    }
}
