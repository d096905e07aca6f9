//! Work that takes seconds, in a thread of its own, while the window goes on. Its end is seen by poll.
//!
//! Change here: how such work is started and its result comes back. Not here: what the work is (each caller's closure).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;

/// One piece of work. Dropped before its end, its result goes nowhere.
pub struct Job<T> {
    result: Receiver<T>,
    /// Its other end is dropped with the thread, which makes this one readable.
    over: UnixStream,
}

/// How far a job is.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    Running,
    Done(T),
    /// The thread ended without a result: it panicked.
    BrokeOff,
}

impl<T: Send + 'static> Job<T> {
    /// Starts a thread of this name.
    ///
    /// # Errors
    /// The system gives no thread or no pair of sockets.
    pub fn start(name: &str, work: impl FnOnce() -> T + Send + 'static) -> io::Result<Job<T>> {
        let (over, over_end) = UnixStream::pair()?;
        let (sender, result) = sync_channel(1);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            // Nobody waits any more where the window is closed or has begun anew.
            let _ = sender.send(work());
            drop(over_end);
        })?;
        Ok(Job { result, over })
    }

    /// What came of it; never waits.
    pub fn outcome(&self) -> Outcome<T> {
        match self.result.try_recv() {
            Ok(result) => Outcome::Done(result),
            Err(TryRecvError::Empty) => Outcome::Running,
            Err(TryRecvError::Disconnected) => Outcome::BrokeOff,
        }
    }
}

impl<T> AsFd for Job<T> {
    /// Readable once the job is over.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.over.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, poll};

    fn wait<T>(job: &Job<T>) {
        poll(&mut [PollFd::new(job, PollFlags::IN)], None).expect("a pair of sockets can be polled");
    }

    #[test]
    fn a_result_makes_it_readable() {
        let job = Job::start("answer", || 42).expect("a thread");
        wait(&job);
        assert_eq!(job.outcome(), Outcome::Done(42));
    }

    #[test]
    fn a_panic_is_an_end_as_well() {
        let job: Job<u32> =
            Job::start("panic", || std::panic::resume_unwind(Box::new("on purpose"))).expect("a thread");
        wait(&job);
        assert_eq!(job.outcome(), Outcome::BrokeOff);
    }
}
