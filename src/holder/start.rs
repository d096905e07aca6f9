//! How a pty and the process behind it come to be. The only file that knows portable-pty.
//!
//! Not here: what is started (the host says it), or when to read and write (`session.rs`, and the host's session).

use super::message::{NotStarted, Start};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::fs::OFlags;
use rustix::process::Pid;
use std::os::fd::{BorrowedFd, OwnedFd};

/// The master of a new pty, whose reading and writing never wait, and the process behind it: the leader of a process session of its own.
/// Whoever calls this is its parent.
pub fn start(start: &Start) -> Result<(OwnedFd, Pid), NotStarted> {
    if !std::path::Path::new(&start.folder).is_dir() {
        return Err(NotStarted::FolderGone(start.folder.clone()));
    }
    let open = |why: String| NotStarted::Open(why);
    let spawn = |why: String| NotStarted::Spawn { program: start.program.clone(), why };
    let size = PtySize { rows: start.rows, cols: start.columns, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).map_err(|error| open(format!("{error:#}")))?;
    let mut command = CommandBuilder::new(&start.program);
    command.args(&start.args);
    command.env_clear();
    for (name, value) in &start.env {
        command.env(name, value);
    }
    command.cwd(&start.folder);
    let child = pair.slave.spawn_command(command).map_err(|error| {
        spawn(error.downcast_ref().map_or_else(|| format!("{error:#}"), super::message::not_started))
    })?;
    drop(pair.slave);
    let pid = child.process_id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    let pid = pid.ok_or_else(|| spawn("it has no process id".into()))?;
    let raw = pair.master.as_raw_fd().ok_or_else(|| open("it has no descriptor".into()))?;
    // SAFETY: `pair.master` owns this descriptor and lives until the end of this function.
    #[expect(unsafe_code, reason = "portable-pty lends its descriptor only as a number")]
    let lent = unsafe { BorrowedFd::borrow_raw(raw) };
    let master = rustix::io::fcntl_dupfd_cloexec(lent, 3).map_err(|error| open(error.to_string()))?;
    let flags = rustix::fs::fcntl_getfl(&master).map_err(|error| open(error.to_string()))?;
    rustix::fs::fcntl_setfl(&master, flags | OFlags::NONBLOCK).map_err(|error| open(error.to_string()))?;
    Ok((master, pid))
}
