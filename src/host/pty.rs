//! How a pty comes to be, and the few things that can be done with one. The only file that knows portable-pty.
//!
//! Change here: spawning (later: adopting a pty that a holder kept). Not here: when to read and write (`session.rs`).

use crate::agent::launch::Launch;
use crate::terminal::frame::Size;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::fs::OFlags;
use rustix::process::Pid;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

#[derive(Debug, thiserror::Error)]
pub enum PtyError {
    #[error("folder {0} is gone; make it again or choose another")]
    FolderGone(String),
    #[error(
        "no terminal could be opened ({0}); end sessions that are not needed, or raise the system's limits of terminals and open files"
    )]
    Open(String),
    #[error("{program} could not be started: {why}")]
    Spawn { program: String, why: String },
}

/// The master side of a pty with a process of its own session behind it. Reading and writing never wait.
pub struct Pty {
    master: OwnedFd,
    /// The leader of the process session and of its first group.
    pub pid: Pid,
}

impl Pty {
    /// Starts a program behind a new pty.
    pub fn spawn(launch: &Launch, size: Size) -> Result<Pty, PtyError> {
        if !std::path::Path::new(&launch.folder).is_dir() {
            return Err(PtyError::FolderGone(launch.folder.clone()));
        }
        let open = |why: String| PtyError::Open(why);
        let spawn = |why: String| PtyError::Spawn { program: launch.program.clone(), why };
        let pair = native_pty_system().openpty(pty_size(size)).map_err(|error| open(format!("{error:#}")))?;
        let mut command = CommandBuilder::new(&launch.program);
        command.args(&launch.args);
        command.env_clear();
        for (name, value) in &launch.env {
            command.env(name, value);
        }
        command.cwd(&launch.folder);
        let child = pair.slave.spawn_command(command).map_err(|error| spawn(format!("{error:#}")))?;
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
        Ok(Pty { master, pid })
    }

    /// Reads what is there. `WouldBlock` where nothing is; 0 or EIO where the other side is gone.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(&self.master, buffer)?)
    }

    /// Writes what there is room for.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.master, bytes)?)
    }

    /// Whether the program has read all that was written. Asked of its own side of the pty; where that cannot be asked, it is taken to have.
    pub fn is_read(&self) -> bool {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let waiting = rustix::pty::ptsname(&self.master, Vec::new())
            .and_then(|name| rustix::fs::open(name, flags, rustix::fs::Mode::empty()))
            .and_then(rustix::io::ioctl_fionread);
        waiting.map_or(true, |bytes| bytes == 0)
    }

    /// Tells the program its new size.
    pub fn resize(&self, size: Size) -> io::Result<()> {
        let size = rustix::termios::Winsize { ws_col: size.columns, ws_row: size.rows, ws_xpixel: 0, ws_ypixel: 0 };
        Ok(rustix::termios::tcsetwinsize(&self.master, size)?)
    }

    /// The process group that has the terminal now.
    pub fn foreground_group(&self) -> Option<Pid> {
        rustix::termios::tcgetpgrp(&self.master).ok()
    }
}

impl AsFd for Pty {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.master.as_fd()
    }
}

fn pty_size(size: Size) -> PtySize {
    PtySize { rows: size.rows, cols: size.columns, pixel_width: 0, pixel_height: 0 }
}
