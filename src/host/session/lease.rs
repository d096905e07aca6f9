//! The lease of an agent's session: of all hosts of a person, whatever folders of state they have, one at a time runs it.
//!
//! Two processes on one session of an agent would each write its own history, and one of them would be lost. So the host that runs it holds a
//! lock named after it, below the home folder that its agent has; two that resume at the same moment meet there. The holder keeps the lock
//! beside the process, so it outlives a host that is killed or makes room as long as the agent does. Where the holder died too an agent that
//! its terminal's end does not end may live on: then a living process that carries the id is looked for (Linux; elsewhere none can be seen,
//! and that case is not covered). Not here: the lock (`lock.rs`), or how the holder keeps it (`holder/session.rs`).

use crate::agent::identity::AgentId;
use crate::host::processes;
use crate::lock::{self, Held, Lock};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The variable by which a process that has a session of its agent is found again, whichever host started it.
pub const SESSION_VARIABLE: &str = "THREADKEEP_AGENT_SESSION";
/// Agents whose terminal is gone leave within a second (0.6 s were measured); a busy machine takes longer.
const FREE_LIMIT: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Below the home folder, where no setting of a host moves it.
const FOLDER: &str = ".local/state/threadkeep/leases";

/// Gives the lock to the holder, which keeps it beside the process.
pub type Keep = Box<dyn Fn(&AgentId, OwnedFd) -> io::Result<()> + Send>;

/// What one process holds; nothing before its agent's id is known.
pub struct Lease {
    /// None without a home folder: then only processes are looked at.
    folder: Option<PathBuf>,
    agent: String,
    held: Option<(AgentId, Held)>,
    /// None before the process is there.
    keep: Option<Keep>,
}

/// Whether a session is ours alone now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Leased {
    Ours,
    /// Another host has it.
    Elsewhere,
}

impl Lease {
    pub fn new(home: Option<&str>, agent: &str) -> Lease {
        let folder = home.map(|home| PathBuf::from(home).join(FOLDER));
        Lease { folder, agent: agent.to_owned(), held: None, keep: None }
    }

    /// The process is there: from here on what is held is kept beside it.
    pub fn share(&mut self, keep: Keep) {
        self.keep = Some(keep);
        self.give();
    }

    /// What the holder kept of an earlier host.
    pub fn take_back(&mut self, id: AgentId, lock: OwnedFd) {
        if let Some(path) = self.path(&id) {
            // One whose file was removed meanwhile keeps nobody out, and is taken anew.
            self.held = Some((id, Held::of_shared(&path, lock))).filter(|(_, held)| held.is_in_place());
        }
    }

    /// The process goes on under the next host, which gets the lock from the holder.
    pub fn leave(&mut self) {
        if let Some((_, held)) = self.held.take_if(|_| self.keep.is_some()) {
            held.leave();
        }
    }

    fn give(&self) {
        let (Some(keep), Some((id, held))) = (&self.keep, &self.held) else {
            return;
        };
        if let Err(error) = held.shared().and_then(|lock| keep(id, lock)) {
            tracing::warn!(%error, "the holder does not keep the lease of a session; it ends with this host");
        }
    }

    fn path(&self, id: &AgentId) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        Some(folder.join(format!("{}.{}", self.agent, id.as_str())))
    }

    /// Takes this session, and lets go of the one before. Never waits.
    pub fn take(&mut self, id: &AgentId) -> io::Result<Leased> {
        let (Some(folder), Some(path)) = (&self.folder, self.path(id)) else {
            return Ok(Leased::Ours);
        };
        if self.held.as_ref().is_some_and(|(held, _)| held == id) {
            return Ok(Leased::Ours);
        }
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        match lock::take(&path)? {
            Lock::Taken(held) => {
                self.held = Some((id.clone(), held));
                self.give();
                Ok(Leased::Ours)
            }
            Lock::Busy => Ok(Leased::Elsewhere),
        }
    }

    /// Takes a session that is to be taken up. What a killed host left is on its way out and waited for; any other holder is somebody's.
    pub fn take_over(&mut self, id: &AgentId) -> io::Result<()> {
        let until = Instant::now() + FREE_LIMIT;
        while self.take(id)? == Leased::Elsewhere {
            if Instant::now() > until {
                return Err(io::Error::other("another threadkeep runs that session; end it there first"));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        loop {
            let [first, ..] = processes::carriers_of(SESSION_VARIABLE, id.as_str())[..] else {
                return Ok(());
            };
            if Instant::now() > until {
                let pid = first.as_raw_nonzero();
                return Err(io::Error::other(format!("process {pid} still has that session; end it first")));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> AgentId {
        AgentId::try_from(text.to_owned()).expect("an id")
    }

    #[test]
    fn of_two_hosts_one_has_a_session_until_it_lets_go() {
        let home = tempfile::tempdir().expect("a folder");
        let lease = || Lease::new(home.path().to_str(), "coder");
        let (mut one, mut other) = (lease(), lease());
        assert_eq!(one.take(&id("a")).expect("it can be tried"), Leased::Ours);
        assert_eq!(one.take(&id("a")).expect("it can be tried"), Leased::Ours, "it has it already");
        assert_eq!(other.take(&id("a")).expect("it can be tried"), Leased::Elsewhere);
        assert_eq!(other.take(&id("b")).expect("it can be tried"), Leased::Ours, "another session is another's");
        let mut stranger = Lease::new(home.path().to_str(), "another");
        assert_eq!(stranger.take(&id("a")).expect("it can be tried"), Leased::Ours, "so is that of another agent");
        drop(one);
        assert_eq!(other.take(&id("a")).expect("it can be tried"), Leased::Ours);
        assert_eq!(lease().take(&id("b")).expect("it can be tried"), Leased::Ours, "the one before was let go");
    }

    /// The broken one was free while no host served, though the agent lived on.
    #[test]
    fn what_the_holder_keeps_nobody_else_gets_until_the_next_host_has_let_go() {
        let home = tempfile::tempdir().expect("a folder");
        let lease = || Lease::new(home.path().to_str(), "coder");
        let kept = std::sync::Arc::new(std::sync::Mutex::new(None));
        let mut first = lease();
        assert_eq!(first.take(&id("a")).expect("it can be tried"), Leased::Ours);
        let keeps = kept.clone();
        first.share(Box::new(move |of, lock| {
            *keeps.lock().expect("nobody panics with it") = Some((of.clone(), lock));
            Ok(())
        }));
        // What it takes later is kept in its place.
        assert_eq!(first.take(&id("b")).expect("it can be tried"), Leased::Ours);
        assert_eq!(lease().take(&id("a")).expect("it can be tried"), Leased::Ours);
        first.leave();
        drop(first);
        assert_eq!(lease().take(&id("b")).expect("it can be tried"), Leased::Elsewhere);
        let (of, lock) = kept.lock().expect("nobody panics with it").take().expect("it was kept");
        let mut next = lease();
        next.take_back(of, lock);
        assert_eq!(next.take(&id("b")).expect("it can be tried"), Leased::Ours);
        assert_eq!(lease().take(&id("b")).expect("it can be tried"), Leased::Elsewhere);
        drop(next);
        assert_eq!(lease().take(&id("b")).expect("it can be tried"), Leased::Ours);
    }

    /// The broken ones looked for processes at the same moment, and both found none.
    #[test]
    fn of_hosts_that_resume_at_the_same_moment_one_does() {
        const HOSTS: usize = 8;
        let home = tempfile::tempdir().expect("a folder");
        let start = std::sync::Barrier::new(HOSTS);
        let taken: Vec<(Lease, Leased)> = std::thread::scope(|scope| {
            let resume = || {
                let mut lease = Lease::new(home.path().to_str(), "coder");
                start.wait();
                let leased = lease.take(&id("a")).expect("it can be tried");
                (lease, leased)
            };
            let hosts: Vec<_> = (0..HOSTS).map(|_| scope.spawn(resume)).collect();
            hosts.into_iter().map(|host| host.join().expect("it ends")).collect()
        });
        assert_eq!(taken.iter().filter(|(_, leased)| *leased == Leased::Ours).count(), 1);
    }
}
