//! The terminal and the clock as the loops need them: `edge.rs`, `attach.rs`, `key_check.rs`.

use super::event::Now;
use crate::domain::id::Timestamp;
use crate::terminal::frame::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::tcgetwinsize;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// After this an escape that nothing followed is the Escape key. Sequences come in one piece but for slow lines.
pub const ESCAPE_MS: u64 = 25;
/// One read of the terminal, which gives no more at once on Linux; a paste comes in several.
pub const READ_BYTES: usize = 4 << 10;
/// What a terminal that does not know its size is taken for.
const FALLBACK: Size = Size { columns: 80, rows: 24 };

/// The time of the clock on the wall, and the time since the window began.
pub fn now(began: Instant) -> Now {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let steady_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Now { wall: Timestamp(i64::try_from(wall).unwrap_or(i64::MAX)), steady_ms }
}

pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub fn window_size() -> Size {
    match tcgetwinsize(rustix::stdio::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size { columns: size.ws_col, rows: size.ws_row },
        Ok(_) | Err(_) => FALLBACK,
    }
}

/// Whether the terminal takes something at present.
pub fn is_writable() -> bool {
    let output = rustix::stdio::stdout();
    let none = Timespec { tv_sec: 0, tv_nsec: 0 };
    // Where poll itself fails, the write tells what is wrong.
    poll(&mut [PollFd::new(&output, PollFlags::OUT)], Some(&none)).map_or(true, |found| found > 0)
}
