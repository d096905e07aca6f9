//! The host's end of a pty, and the few things that can be done with one. The holder opened it and keeps it too.
//!
//! Not here: how it comes to be (`holder/start.rs`), or when to read and write (`session.rs`).

use super::holding::Kept;
use crate::holder::journal::Landing;
use crate::terminal::frame::Size;
use rustix::fs::OFlags;
use rustix::process::Pid;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The master side of a pty with a process of its own session behind it. Reading and writing never wait.
pub struct Pty {
    master: OwnedFd,
    pub landing: Landing,
    /// The leader of the process session and of its first group.
    pub pid: Pid,
}

impl Pty {
    pub fn new(kept: Kept) -> Pty {
        Pty { master: kept.master, landing: kept.landing, pid: kept.pid }
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

    /// Whether the system edits lines for the program, which gets each when it is whole.
    pub fn is_cooked(&self) -> bool {
        rustix::termios::tcgetattr(&self.master)
            .is_ok_and(|terminal| terminal.local_modes.contains(rustix::termios::LocalModes::ICANON))
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
