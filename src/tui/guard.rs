//! Takes the person's terminal and gives it back clean on every way out: return, error, panic.
//!
//! Signals end the loop in `edge.rs`, which returns and so comes by here.

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Alternate screen; keys told apart (kitty flag 1, not asked for first: who does not know it ignores it); bracketed paste; focus; the mouse by
/// buttons, drags and cells (not every move, which would be a flood); a blank screen.
const TAKE: &[u8] = b"\x1b[?1049h\x1b[>1u\x1b[?2004h\x1b[?1004h\x1b[?1000h\x1b[?1002h\x1b[?1006h\x1b[0m\x1b[2J\x1b[H";

/// The reverse, and the ends of what a frame may have left open.
const GIVE_BACK: &[u8] =
    b"\x1b[?2026l\x1b[?2031l\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[?1004l\x1b[?2004l\x1b[<1u\x1b[0 q\x1b[0m\x1b[?25h\x1b[?1049l";

static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal is ours while this lives.
pub struct Guard;

impl Guard {
    pub fn take() -> io::Result<Guard> {
        give_back_on_panic();
        let guard = Guard;
        take()?;
        Ok(guard)
    }
}

/// Lets something else have the terminal for a while, as it was before we took it.
pub fn lend<T>(act: impl FnOnce() -> T) -> io::Result<T> {
    give_back();
    let done = act();
    take()?;
    Ok(done)
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let mut out = io::stdout().lock();
    out.write_all(TAKE)?;
    out.flush()
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout().lock();
        // Both may fail only where the terminal itself is gone, and then there is nobody to tell.
        let _ = out.write_all(GIVE_BACK).and_then(|()| out.flush());
        let _ = disable_raw_mode();
    }
}

/// The words of a panic are readable only on the person's own screen.
fn give_back_on_panic() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
    });
}
