//! How many descriptors a host may have, and what it must not inherit: those that whoever started it happened to have open.

use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::os::fd::{BorrowedFd, RawFd};

/// Everything from here up was opened by somebody; below are standard input, output and error.
const FIRST: RawFd = 3;

/// All connections that a host takes, and hundreds of sessions beside them, each of which has less than ten. The usual 1,024 are less than that.
const ENOUGH: u64 = 8192;

/// Lets this process have enough descriptors, as far as the system allows it. Returns the limit as it was, for the programs that expect the
/// usual one; none where nothing was changed.
pub fn raise_limit() -> Option<u64> {
    let now = getrlimit(Resource::Nofile);
    let before = now.current.filter(|current| *current < ENOUGH)?;
    let enough = now.maximum.map_or(ENOUGH, |most| most.min(ENOUGH));
    // Where it is refused the host takes fewer connections, and says so to whoever is one too many.
    (enough > before && set_limit(enough).is_ok()).then_some(before)
}

/// For this process and those that it starts; never above what the system allows.
pub fn set_limit(descriptors: u64) -> std::io::Result<()> {
    let limit = Rlimit { current: Some(descriptors), maximum: getrlimit(Resource::Nofile).maximum };
    Ok(setrlimit(Resource::Nofile, limit)?)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    /// One process has one limit, so all of it is one test.
    #[test]
    fn the_limit_is_raised_to_enough_and_can_be_set_back() {
        let before = getrlimit(Resource::Nofile);
        let enough = before.maximum.map_or(ENOUGH, |most| most.min(ENOUGH));
        set_limit(1000).expect("less is always allowed");
        assert_eq!(raise_limit(), Some(1000));
        assert_eq!(getrlimit(Resource::Nofile).current, Some(enough));
        assert_eq!(raise_limit(), None, "it is enough already");
        set_limit(1000).expect("less is always allowed");
        assert_eq!(getrlimit(Resource::Nofile).current, Some(1000));
        setrlimit(Resource::Nofile, before).expect("as it was");
    }
}
