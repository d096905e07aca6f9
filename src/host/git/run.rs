//! Runs git: by a list of arguments, without hooks, within a time and a size, and with what it complains of cleaned.
//!
//! Not here: what is asked of it (`git.rs`, `trees.rs`, `changes.rs`).

use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// Checking out a large repository takes seconds; what takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);
/// The list of changes of a worktree in which everything changed.
const MOST_SAID_BYTES: u64 = 8 * 1024 * 1024;
/// What is shown of an error.
const ERROR_CHARACTERS: usize = 300;
/// A git that has said all is gone within moments.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// What git would take from our environment, and what must come from the folder alone.
const NOT_OURS: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_LITERAL_PATHSPECS",
    "GIT_EXTERNAL_DIFF",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitError {
    /// There is no such program.
    Missing,
    TookTooLong,
    /// It said more than is taken.
    SaidTooMuch,
    /// In its own words, or those of the system that did not start it.
    Failed(String),
}

impl std::fmt::Display for GitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            GitError::Missing => f.write_str("git was not found; install it, or see PATH where the host was started"),
            GitError::TookTooLong => f.write_str("git took too long"),
            GitError::SaidTooMuch => f.write_str("git had more to say than is taken"),
            GitError::Failed(words) => write!(f, "git: {words}"),
        }
    }
}

/// One call of git, to be made in a folder.
pub struct Call {
    command: Command,
    until: Instant,
    most_bytes: u64,
}

impl Call {
    pub fn new(folder: impl AsRef<Path>) -> Call {
        let mut command = Command::new("git");
        command.arg("-C").arg(folder.as_ref());
        command.args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]);
        for variable in NOT_OURS {
            command.env_remove(variable);
        }
        command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        Call { command, until: Instant::now() + LIMIT, most_bytes: MOST_SAID_BYTES }
    }

    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Call {
        self.command.args(arguments);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Call {
        self.command.env(name, value);
        self
    }

    pub fn input(mut self, file: File) -> Call {
        self.command.stdin(file);
        self
    }

    pub fn until(mut self, until: Instant) -> Call {
        self.until = until;
        self
    }

    /// Of what it says, so many bytes are enough; what follows is not waited for.
    pub fn first_bytes(mut self, most: u64) -> Result<Vec<u8>, GitError> {
        self.most_bytes = most;
        match self.run()? {
            (said, _, _) if said.len() as u64 > most => Ok(said),
            (said, status, complained) => judged(said, status, &complained),
        }
    }

    /// What it says on its standard output; an error in its own words.
    pub fn said(self) -> Result<Vec<u8>, GitError> {
        let most = self.most_bytes;
        match self.run()? {
            (said, _, _) if said.len() as u64 > most => Err(GitError::SaidTooMuch),
            (said, status, complained) => judged(said, status, &complained),
        }
    }

    fn run(mut self) -> Result<(Vec<u8>, ExitStatus, Vec<u8>), GitError> {
        let mut child = self.command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => GitError::Missing,
            _ => GitError::Failed(format!("could not be started ({error})")),
        })?;
        // One more than is taken, to see that there is more.
        let said = child.stdout.take().map(|stream| heard_from(stream, self.most_bytes + 1));
        let complained = child.stderr.take().map(|stream| heard_from(stream, MOST_SAID_BYTES));
        let said = hear(said, self.until);
        let cut = said.as_ref().is_ok_and(|said| said.len() as u64 > self.most_bytes);
        let status = if cut { end(&mut child) } else { wait(&mut child, self.until) };
        match (said, status) {
            (Ok(said), Some(status)) => Ok((said, status, hear(complained, self.until).unwrap_or_default())),
            (Err(_), _) | (_, None) => {
                end(&mut child);
                Err(GitError::TookTooLong)
            }
        }
    }
}

fn judged(said: Vec<u8>, status: ExitStatus, complained: &[u8]) -> Result<Vec<u8>, GitError> {
    if status.success() { Ok(said) } else { Err(GitError::Failed(clean(complained))) }
}

fn wait(child: &mut Child, until: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until => std::thread::sleep(LOOK_EVERY),
            Ok(None) | Err(_) => return None,
        }
    }
}

/// With what it started: filters of the repository, say.
fn end(child: &mut Child) -> Option<ExitStatus> {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // Gone at this very moment: what was wanted.
        let _ = kill_process_group(group, Signal::KILL);
    }
    child.wait().ok()
}

/// Reads on a thread of its own, so that a full pipe holds up nothing.
fn heard_from(stream: impl Read + Send + 'static, most: u64) -> Receiver<Vec<u8>> {
    let (said, heard) = sync_channel(1);
    let read = move || {
        let mut bytes = Vec::new();
        // What was read before an error is what there is, and a receiver that gave up wants nothing.
        let _ = stream.take(most).read_to_end(&mut bytes);
        let _ = said.send(bytes);
    };
    // Without a thread nothing is heard, and that is the answer.
    let _ = std::thread::Builder::new().name("git".into()).spawn(read);
    heard
}

fn hear(from: Option<Receiver<Vec<u8>>>, until: Instant) -> Result<Vec<u8>, RecvTimeoutError> {
    let Some(from) = from else { return Ok(Vec::new()) };
    from.recv_timeout(until.saturating_duration_since(Instant::now()))
}

/// The line in which git says what stopped it; hints stand around it.
fn clean(complained: &[u8]) -> String {
    let text = String::from_utf8_lossy(complained);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let fatal = lines.clone().find(|line| line.starts_with("fatal: "));
    let line = fatal.or_else(|| lines.next_back()).unwrap_or("failed and did not say why");
    let words: String = line.chars().filter(|sign| !sign.is_control()).take(ERROR_CHARACTERS).collect();
    words.trim_start_matches("fatal: ").to_owned()
}

/// A list of object folders as git reads it: a colon in a name would part it.
pub fn quoted(path: &Path) -> OsString {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let mut quoted = vec![b'"'];
    for byte in path.as_os_str().as_bytes() {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(*byte);
    }
    quoted.push(b'"');
    OsString::from_vec(quoted)
}
