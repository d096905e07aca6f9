//! Lets a flood that nobody watches step back while someone types, so that keys do not queue for the processor behind it.
//!
//! Change here: for how long and how far. With 8 floods on 2 busy cores an echo takes two thirds of the time (p50). Only
//! a time is shared, no lock.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Between two keys of someone who types it is rarely longer.
const TYPING: Duration = Duration::from_millis(100);
/// One pause in each turn of a session's loop: the pty fills meanwhile, so little output is lost to it.
const STEP_BACK: Duration = Duration::from_millis(2);

static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
/// Microseconds from `BEGIN` to the end of the typing; 0 as long as nobody has typed.
static TYPING_UNTIL: AtomicU64 = AtomicU64::new(0);

/// Someone has typed into some session.
pub fn note(now: Instant) {
    TYPING_UNTIL.store(micros(now + TYPING), Ordering::Relaxed);
}

/// Pauses if someone types. For sessions without viewers.
pub fn step_back() {
    if micros(Instant::now()) < TYPING_UNTIL.load(Ordering::Relaxed) {
        std::thread::sleep(STEP_BACK);
    }
}

fn micros(at: Instant) -> u64 {
    u64::try_from(at.saturating_duration_since(*BEGIN).as_micros()).unwrap_or(u64::MAX)
}
