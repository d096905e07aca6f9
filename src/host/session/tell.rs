//! How a session's thread tells the core, and its last words, which come however it ends.

use crate::domain::conversation_state::{SessionEvent, StartTrouble};
use crate::domain::id::{ConversationId, Generation};
use crate::domain::session::Exit;
use crate::host::driver::Incoming;
use crate::host::event::Event;
use crate::host::processes;
use rustix::process::{Pid, Signal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How the thread tells the core.
#[derive(Clone)]
pub struct Tell {
    conversation: ConversationId,
    generation: Generation,
    /// None where nothing is to be told: what is seen was told before.
    incoming: Option<tokio::sync::mpsc::Sender<Incoming>>,
    /// How many events were told.
    told: Arc<AtomicU64>,
}

impl Tell {
    pub fn new(
        conversation: ConversationId,
        generation: Generation,
        incoming: tokio::sync::mpsc::Sender<Incoming>,
    ) -> Tell {
        Tell { conversation, generation, incoming: Some(incoming), told: Arc::default() }
    }

    /// One that tells nothing.
    pub fn silent(&self) -> Tell {
        Tell { incoming: None, ..self.clone() }
    }

    pub fn is_silent(&self) -> bool {
        self.incoming.is_none()
    }

    /// The number of the last event.
    pub fn told(&self) -> u64 {
        self.told.load(Ordering::Relaxed)
    }

    pub fn event(&self, event: SessionEvent) {
        let (conversation, generation) = (self.conversation, self.generation);
        if let Some(incoming) = &self.incoming {
            let number = self.told.fetch_add(1, Ordering::Relaxed) + 1;
            // The receiver is gone only when the host has ended.
            let _ = incoming.blocking_send(Incoming::FromSession { conversation, generation, number, event });
        }
    }

    /// A person's keys had no room on their way to the agent.
    pub fn keys_dropped(&self) {
        if let Some(incoming) = &self.incoming {
            // The receiver is gone only when the host has ended.
            let _ = incoming.blocking_send(Incoming::Event(Event::KeysDropped(self.conversation)));
        }
    }

    /// A person's paste had a line that would have reached the program cut.
    pub fn line_too_long(&self) {
        if let Some(incoming) = &self.incoming {
            // The receiver is gone only when the host has ended.
            let _ = incoming.blocking_send(Incoming::Event(Event::LineTooLong(self.conversation)));
        }
    }

    /// The last that is told: nothing of the thread comes after it.
    fn gone(&self, left: Option<Pid>) {
        let (conversation, generation) = (self.conversation, self.generation);
        if let Some(incoming) = &self.incoming {
            // The receiver is gone only when the host has ended.
            let _ = incoming.blocking_send(Incoming::SessionGone { conversation, generation, left });
        }
    }
}

/// What the core is told when the thread ends, however it ends: without it a turn would never end, nor the host.
pub struct LastWords {
    tell: Tell,
    folder: PathBuf,
    /// None before the process was started.
    pub pid: Option<Pid>,
    /// None until the end is known: then the thread panicked.
    pub event: Option<SessionEvent>,
    /// The process goes on without us.
    left: bool,
}

impl LastWords {
    pub fn new(tell: Tell, folder: PathBuf) -> LastWords {
        LastWords { tell, folder, pid: None, event: None, left: false }
    }

    /// The process is the next host's: nothing of it ends here.
    pub fn leave(mut self) {
        self.left = true;
    }

    /// The end of a session that nobody could take over: it must not go on unseen.
    pub fn of_lost(&self) -> SessionEvent {
        if let Some(pid) = self.pid {
            processes::signal_session(pid, Signal::KILL);
        }
        SessionEvent::Exited { exit: Exit::NotSeen, said: String::new() }
    }

    /// The end of a session whose thread panicked: nobody could read from its process or stop it any more.
    fn of_panic(&self) -> SessionEvent {
        tracing::error!(folder = %self.folder.display(), "a session's thread broke off; its process is ended");
        match self.pid {
            None => {
                let why = "an error of threadkeep broke off the start; see the host's log".into();
                SessionEvent::CouldNotStart { why, trouble: StartTrouble::Other }
            }
            Some(pid) => {
                processes::signal_session(pid, Signal::KILL);
                SessionEvent::Exited { exit: Exit::Signal(Signal::KILL.as_raw()), said: String::new() }
            }
        }
    }
}

impl Drop for LastWords {
    fn drop(&mut self) {
        if self.left {
            return self.tell.gone(None);
        }
        let event = self.event.take().unwrap_or_else(|| self.of_panic());
        // Before anybody hears of the end: what comes next must not find it.
        if let Err(error) = std::fs::remove_dir_all(&self.folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::debug!(%error, "could not remove a session's folder");
        }
        self.tell.event(event);
        // The leader of a process session of which something lives on: jobs that were told to outlive their shell.
        let left = self.pid.filter(|pid| !processes::members(*pid).is_empty());
        self.tell.gone(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::driver::Incoming;
    use rustix::process::Pid;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    /// What the core hears of a thread that panics, with or without a process.
    fn hears_of_a_panic(pid: Option<Pid>, folder: PathBuf) -> (SessionEvent, Option<Pid>) {
        let (incoming, mut receiver) = tokio::sync::mpsc::channel(2);
        let tell = Tell::new(ConversationId(1), Generation(2), incoming);
        let thread = std::thread::spawn(move || {
            let mut last_words = LastWords::new(tell, folder);
            last_words.pid = pid;
            panic!("this thread breaks off");
        });
        assert!(thread.join().is_err());
        let Some(Incoming::FromSession { conversation: ConversationId(1), generation, number: 1, event }) =
            receiver.try_recv().ok()
        else {
            panic!("its end is told");
        };
        let Some(Incoming::SessionGone { left, .. }) = receiver.try_recv().ok() else {
            panic!("that it is gone is told");
        };
        assert_eq!(generation, Generation(2));
        (event, left)
    }

    /// The broken one told nobody: the turn did not end, and no stop of the host did.
    #[test]
    fn the_panic_of_a_sessions_thread_is_heard_and_ends_its_process() {
        let folder = tempfile::tempdir().expect("a folder");
        let begun = folder.path().join("1.1.2");
        std::fs::create_dir(&begun).expect("a folder in it");
        let (event, left) = hears_of_a_panic(None, begun.clone());
        assert!(matches!(event, SessionEvent::CouldNotStart { .. }) && left.is_none(), "{event:?}");
        assert!(!begun.exists());

        let mut child = Command::new("sleep").arg("1000").process_group(0).spawn().expect("it starts");
        let pid = Pid::from_child(&child);
        let (event, _) = hears_of_a_panic(Some(pid), begun);
        assert_eq!(event, SessionEvent::Exited { exit: Exit::Signal(9), said: String::new() });
        let status = child.wait().expect("it is our child");
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    }
}
