//! The ladder by which a session's processes are ended: ask, ask harder, kill; and proof that none is left.

use crate::agent::profile::{Step, StepAct};
use crate::host::processes;
use rustix::process::{Pid, Signal};
use std::time::{Duration, Instant};

/// Behind the profile's last step: what still lives is killed until it is gone.
const KILL_EVERY: Duration = Duration::from_millis(100);

/// What lives so long after the last step waits within the system, for a disk that does not answer, or is another user's: nobody here can end
/// it. A killed process is gone within milliseconds, on a busy machine within a second.
const GIVE_UP_AFTER: Duration = Duration::from_secs(5);

/// How often to look, at most, whether the last processes of a session are gone: that goes through all processes of the machine.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The first process of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leader {
    Lives,
    Gone,
}

pub struct Stopping {
    steps: std::vec::IntoIter<Step>,
    next: Instant,
    /// When we looked last whether anything lives.
    looked: Option<Instant>,
    give_up_after: Duration,
    /// None before the last step was taken.
    give_up_at: Option<Instant>,
}

impl Stopping {
    pub fn begin(steps: Vec<Step>, now: Instant) -> Stopping {
        Stopping::give_up_after(GIVE_UP_AFTER, steps, now)
    }

    /// The same with another time between the last step and giving up.
    pub fn give_up_after(give_up_after: Duration, steps: Vec<Step>, now: Instant) -> Stopping {
        Stopping { steps: steps.into_iter(), next: now, looked: None, give_up_after, give_up_at: None }
    }

    /// When to look again: for the next step, or, once the leader is gone, whether the rest is gone too; nobody tells us of that.
    pub fn next_due(&self, now: Instant, leader: Leader) -> Instant {
        match leader {
            Leader::Lives => self.next,
            Leader::Gone => self.next.min(self.looked.unwrap_or(now) + LOOK_EVERY),
        }
    }

    pub fn step_if_due(&mut self, leader: Pid, now: Instant) {
        if now < self.next {
            return;
        }
        match self.steps.next() {
            Some(Step { act: StepAct::Signal(named), wait_ms }) => {
                let signal = processes::signal(named);
                processes::signal_session(leader, signal);
                if signal == Signal::HUP {
                    // A stopped process takes no signal before it goes on.
                    processes::signal_session(leader, Signal::CONT);
                }
                self.next = now + Duration::from_millis(wait_ms);
            }
            // A ladder types nothing: whoever must be stopped is not at a prompt.
            Some(Step { act: StepAct::Keys(_), .. }) => self.next = now,
            None => {
                processes::signal_session(leader, Signal::KILL);
                let give_up_at = *self.give_up_at.get_or_insert(now + self.give_up_after);
                self.next = give_up_at.min(now + KILL_EVERY);
            }
        }
    }

    /// Whether nothing of the session lives any more, as far as it is time to look; `lives` goes and sees.
    pub fn is_over(&mut self, now: Instant, lives: impl FnOnce() -> bool) -> bool {
        if self.looked.is_some_and(|at| now < at + LOOK_EVERY) {
            return false;
        }
        self.looked = Some(now);
        !lives()
    }

    /// Whether what still lives cannot be ended.
    pub fn is_given_up(&self, now: Instant) -> bool {
        self.give_up_at.is_some_and(|at| now >= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_will_not_end_is_looked_at_with_pauses() {
        let began = Instant::now();
        let mut stopping = Stopping::begin(Vec::new(), began);
        stopping.next = began + Duration::from_secs(5);
        let mut now = began;
        for _ in 0..3 {
            assert!(!stopping.is_over(now, || true));
            let due = stopping.next_due(now, Leader::Gone);
            assert_eq!(due, now + LOOK_EVERY);
            // Woken before its time, as by output of a job: it does not look, and what is due stays due.
            now += LOOK_EVERY / 2;
            assert!(!stopping.is_over(now, || panic!("it is not time to look")));
            assert_eq!(stopping.next_due(now, Leader::Gone), due);
            now = due;
        }
        assert!(stopping.is_over(now, || false));
    }

    #[test]
    fn what_cannot_be_killed_is_given_up_a_while_after_the_last_step() {
        let mut child = std::process::Command::new("true").spawn().expect("it starts");
        let pid = Pid::from_child(&child);
        let began = Instant::now();
        let kill = Step { act: StepAct::Signal(crate::agent::profile::GroupSignal::Kill), wait_ms: 1_000 };
        let mut stopping = Stopping::begin(vec![kill], began);
        let mut now = began;
        // It is looked at when something is due, and each time it is said when that is.
        for _ in 0..1_000 {
            stopping.step_if_due(pid, now);
            if stopping.is_given_up(now) {
                break;
            }
            now = stopping.next_due(now, Leader::Lives);
        }
        assert_eq!(now, began + Duration::from_secs(1) + GIVE_UP_AFTER);
        child.wait().expect("it is our child");
    }
}
