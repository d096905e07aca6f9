//! What a host must not inherit: the descriptors that whoever started it happened to have open.

use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};
use std::os::fd::{BorrowedFd, RawFd};

/// Everything from here up was opened by somebody; below are standard input, output and error.
const FIRST: RawFd = 3;

/// Keeps every descriptor but the first three from the programs that this process starts. Nothing is closed here, so whoever owns one of
/// them in this process goes on using it.
pub fn keep_from_children() -> std::io::Result<()> {
    // On Linux a link to /proc/self/fd; other systems have it themselves.
    let open: Vec<RawFd> =
        std::fs::read_dir("/dev/fd")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    for raw in open.into_iter().filter(|raw| *raw >= FIRST) {
        // SAFETY: it is lent for the two calls below only, which change no more than what a child inherits. Whoever owns it keeps it; where it
        // was closed since it was listed (the listing's own was) the system says so and nothing happens.
        #[expect(unsafe_code, reason = "what was inherited is known only by its number")]
        let lent = unsafe { BorrowedFd::borrow_raw(raw) };
        if let Ok(flags) = fcntl_getfd(lent) {
            fcntl_setfd(lent, flags | FdFlags::CLOEXEC)?;
        }
    }
    Ok(())
}
