//! Where output lands between a pty and its journal: a pipe that host and holder both have open.
//!
//! Whoever reads a pty and is killed before the journal has what was read would lose it. So bytes go from the pty into this pipe and from the
//! pipe into the journal within the system, each step whole or not at all, and a holder that takes over finds in the pipe what was on its way.
//! Only Linux moves bytes like this; elsewhere a host that is killed between two system calls loses one read.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::fs::File;
use std::io;

/// A pty gives no more at once. To move more, Linux takes that much memory first and gives it back.
#[cfg(target_os = "linux")]
const STEP: usize = 4096;

/// Both ends; nothing waits on either.
pub struct Landing {
    pub read: OwnedFd,
    pub write: OwnedFd,
}

/// What came to land.
pub enum Landed {
    /// So many bytes are in the pipe.
    InPipe(usize),
    /// The system does not move them: they are in the buffer.
    InBuffer(usize),
}

/// A pipe of which neither end waits, and which no program that is started has.
#[cfg(target_os = "linux")]
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    use rustix::pipe::PipeFlags;
    Ok(rustix::pipe::pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?)
}

/// The same in steps. A program that is started between them would have it; the holder starts one at a time, and its host only itself.
#[cfg(not(target_os = "linux"))]
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    use rustix::io::{FdFlags, fcntl_setfd};
    let (read, write) = rustix::pipe::pipe()?;
    for end in [&read, &write] {
        fcntl_setfd(end, FdFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(end, true)?;
    }
    Ok((read, write))
}

impl Landing {
    pub fn new() -> io::Result<Landing> {
        let (read, write) = pipe()?;
        Ok(Landing { read, write })
    }

    /// Takes out of the pipe what is in it, into memory.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(&self.read, buffer)?)
    }

    /// Takes what the pty has at once, at most a buffer full. Errors are those of a read of the pty.
    ///
    /// Once and no more: the system fills a pty again while we work on what it gave, and whoever asks again at once waits for that. Taking all
    /// of a flood first and working on it afterwards was a third slower.
    #[cfg(target_os = "linux")]
    pub fn land(&self, pty: BorrowedFd, buffer: &mut [u8]) -> io::Result<Landed> {
        use rustix::io::Errno;
        use rustix::pipe::{SpliceFlags, splice};
        let most = buffer.len().min(STEP);
        loop {
            match splice(pty, None, &self.write, None, most, SpliceFlags::NONBLOCK | SpliceFlags::MOVE) {
                Ok(bytes) => return Ok(Landed::InPipe(bytes)),
                Err(Errno::INTR) => {}
                // Some systems cannot do it with a pty.
                Err(Errno::INVAL) => return Ok(Landed::InBuffer(rustix::io::read(pty, buffer)?)),
                Err(error) => return Err(error.into()),
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub fn land(&self, pty: BorrowedFd, buffer: &mut [u8]) -> io::Result<Landed> {
        Ok(Landed::InBuffer(rustix::io::read(pty, buffer)?))
    }

    /// Moves so many bytes out of the pipe to this place of a file. Returns how many went where it went wrong.
    #[cfg(target_os = "linux")]
    pub fn move_to(&self, file: &File, at: u64, bytes: usize) -> Result<(), (usize, io::Error)> {
        use rustix::io::Errno;
        use rustix::pipe::{SpliceFlags, splice};
        let mut place = at;
        let mut moved = 0;
        while moved < bytes {
            match splice(&self.read, None, file.as_fd(), Some(&mut place), bytes - moved, SpliceFlags::MOVE) {
                Ok(0) => return Err((moved, io::ErrorKind::WriteZero.into())),
                Ok(more) => moved += more,
                Err(Errno::INTR) => {}
                Err(error) => return Err((moved, error.into())),
            }
        }
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    pub fn move_to(&self, _file: &File, _at: u64, bytes: usize) -> Result<(), (usize, io::Error)> {
        // Nothing lands in the pipe there.
        if bytes == 0 { Ok(()) } else { Err((0, io::ErrorKind::Unsupported.into())) }
    }
}

impl AsFd for Landing {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }
}
