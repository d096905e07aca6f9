//! The lease of an agent's session: of all hosts of a person, whatever folders of state they have, one at a time runs it.
//!
//! Two processes on one session of an agent would each write its own history, and one of them would be lost. So the host that runs it holds a
//! lock named after it, below the home folder that its agent has; two that resume at the same moment meet there. The lock is gone with its
//! host, which its agent may outlive for a moment: then a living process that carries the id is looked for (Linux; elsewhere none can be seen,
//! and that moment is not covered). Not here: the lock (`lock.rs`).

use crate::agent::identity::AgentId;
use crate::host::processes;
use crate::lock::{self, Held, Lock};
use std::io;
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

/// What one process holds; nothing before its agent's id is known.
pub struct Lease {
    /// None without a home folder: then only processes are looked at.
    folder: Option<PathBuf>,
    agent: String,
    held: Option<(AgentId, Held)>,
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
        Lease { folder: home.map(|home| PathBuf::from(home).join(FOLDER)), agent: agent.to_owned(), held: None }
    }

    /// Takes this session, and lets go of the one before. Never waits.
    pub fn take(&mut self, id: &AgentId) -> io::Result<Leased> {
        let Some(folder) = &self.folder else {
            return Ok(Leased::Ours);
        };
        if self.held.as_ref().is_some_and(|(held, _)| held == id) {
            return Ok(Leased::Ours);
        }
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        match lock::take(&folder.join(format!("{}.{}", self.agent, id.as_str())))? {
            Lock::Taken(held) => {
                self.held = Some((id.clone(), held));
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
