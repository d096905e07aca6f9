//! Watches a coding agent: what its sources say becomes signals for the core.
//!
//! Wires the pure parts: readers make claims of what was seen, the tracker makes one story of the claims. Not here: what either means
//! (`agent/readers.rs`, `agent/tracker.rs`), or a shell, whose marks tell of exact places on the screen (`agent_io.rs`).

use super::files::{Files, Known};
use crate::agent::claim::{Claim, Claimed};
use crate::agent::glob::Places;
use crate::agent::identity::AgentId;
use crate::agent::profile::Profile;
use crate::agent::readers::{Readers, Seen};
use crate::agent::tracker::{Heard, Tracker, TrackerRules};
use crate::domain::conversation_state::{AgentPlace, SessionEvent};
use crate::domain::id::{Timestamp, TurnNumber};
use crate::domain::signal::{self, Ending, Signal};
use crate::domain::turn::Source;
use crate::host::clock;
use crate::host::note::Resumes;
use rustix::process::Pid;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where the agent's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// The agent's own folder.
    pub state: Option<String>,
    pub home: Option<String>,
    /// The folder that the process was started in.
    pub cwd: String,
    /// The session's private folder.
    pub dir: String,
    /// The agent's own id of its session, as far as it is known.
    pub id: Option<AgentId>,
}

impl Whereabouts {
    /// What fills the paths of a profile; there is no `pid` before the start.
    pub fn places(&self, pid: Option<u32>) -> Places<'_> {
        Places {
            state: self.state.as_deref(),
            home: self.home.as_deref(),
            cwd: &self.cwd,
            pid,
            id: self.id.as_ref(),
            dir: &self.dir,
        }
    }
}

#[derive(Serialize)]
struct WatchState<'a> {
    elapsed_ms: u64,
    id: Option<AgentId>,
    readers: &'a Readers,
    tracker: &'a Tracker,
    files: &'a Known,
}

/// The same, read.
#[derive(Deserialize)]
struct KnownState {
    elapsed_ms: u64,
    id: Option<AgentId>,
    readers: Readers,
    tracker: Tracker,
    files: Known,
}

pub struct Watch {
    readers: Readers,
    tracker: Tracker,
    files: Files,
    whereabouts: Whereabouts,
    pid: Pid,
    began: Instant,
    profile: Arc<Profile>,
}

impl Watch {
    /// `started_at` is when the process was started: what its files had before is history.
    pub fn new(
        profile: Arc<Profile>,
        whereabouts: Whereabouts,
        pid: Pid,
        started_at: Timestamp,
        resumes: Resumes,
    ) -> Watch {
        let sources: Vec<Source> = profile.signals.iter().map(|signal| signal.source()).collect();
        let has_record = sources.contains(&Source::Transcript) || profile.screen_tells_failures();
        let rules = TrackerRules {
            sources,
            settle: Duration::from_millis(profile.deadlines.settle_ms),
            answer_wait: Duration::from_millis(if has_record { profile.deadlines.answer_ms } else { 0 }),
        };
        let readers = Readers::new(&profile);
        let mut files = Files::new(pid, clock::system_time(started_at));
        if resumes == Resumes::Yes {
            files.note_history(&readers, &whereabouts.places(process_number(pid)));
        }
        Watch { readers, tracker: Tracker::new(rules), files, whereabouts, pid, began: Instant::now(), profile }
    }

    /// All that it knows, for the host after this one.
    pub fn state(&self) -> String {
        let state = WatchState {
            elapsed_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            id: self.whereabouts.id.clone(),
            readers: &self.readers,
            tracker: &self.tracker,
            files: &self.files.known,
        };
        // A path that is not UTF-8 cannot be told; then the host after this one looks at all files anew.
        serde_json::to_string(&state).unwrap_or_default()
    }

    /// Goes on where an earlier host was.
    pub fn go_on(&mut self, state: &str) {
        let Ok(KnownState { elapsed_ms, id, readers, tracker, files }) = serde_json::from_str(state) else {
            if !state.is_empty() {
                tracing::warn!("what an earlier host knew of an agent cannot be read; its sources begin anew");
            }
            return;
        };
        self.began = Instant::now().checked_sub(Duration::from_millis(elapsed_ms)).unwrap_or(self.began);
        self.whereabouts.id = id.or(self.whereabouts.id.take());
        self.readers.go_on(readers);
        self.tracker.go_on(tracker);
        self.files.known = files;
        self.files.look_soon(Instant::now());
    }

    pub fn place(&self) -> AgentPlace {
        self.tracker.place()
    }

    /// The keys of this turn are about to be typed.
    pub fn expect(&mut self, turn: TurnNumber) {
        self.tracker.expect(turn);
    }

    pub fn expect_nothing(&mut self) {
        self.tracker.expect_nothing();
    }

    /// Takes what was seen; gives what the core is told.
    pub fn see(&mut self, seen: Seen) -> Vec<SessionEvent> {
        let is_screen = matches!(seen, Seen::Screen(_));
        let claimed = self.readers.see(seen);
        if is_screen && claimed.is_empty() {
            self.tracker.see_nothing(Source::Screen);
        }
        self.hear(claimed)
    }

    pub fn note_output(&mut self, now: Instant) {
        self.files.note_output(now);
    }

    pub fn due(&self) -> Option<Instant> {
        let tracker = self.tracker.due().map(|due| self.began + due);
        [tracker, self.files.due()].into_iter().flatten().min()
    }

    /// Does what is due; `screen` gives the text of the visible screen.
    pub fn do_what_is_due(&mut self, now: Instant, screen: impl FnOnce() -> String) -> Vec<SessionEvent> {
        let mut events = Vec::new();
        let is_look_due = self.files.is_due(now);
        let passed = now.saturating_duration_since(self.began);
        let is_tracker_due = self.tracker.due().is_some_and(|due| due <= passed);
        // Before the tracker goes on, it is the last chance for what record and screen say of the end.
        if is_look_due || is_tracker_due {
            events.extend(self.look(now));
            if self.profile.rank(Source::Screen).is_some() {
                events.extend(self.see(Seen::Screen(&screen())));
            }
        }
        if is_tracker_due {
            let heard = self.tracker.pass_time(passed);
            events.extend(self.told(heard));
        }
        events
    }

    /// Looks at the agent's files now.
    pub fn look(&mut self, now: Instant) -> Vec<SessionEvent> {
        let places = self.whereabouts.places(process_number(self.pid));
        let claimed = self.files.look(&mut self.readers, &places, now);
        self.hear(claimed)
    }

    fn hear(&mut self, claimed: Vec<Claimed>) -> Vec<SessionEvent> {
        let now = self.began.elapsed();
        let mut events = Vec::new();
        for claimed in claimed {
            if let Claim::Identity(id) = &claimed.claim {
                self.whereabouts.id = AgentId::try_from(id.clone()).ok();
            }
            let ends = matches!(claimed.claim, Claim::Done | Claim::Failed { .. });
            let heard = self.tracker.hear(claimed, now, clock::now());
            events.extend(self.told(heard));
            if ends {
                self.files.look_soon(Instant::now());
            }
        }
        events
    }

    fn told(&self, heard: Vec<Heard>) -> Vec<SessionEvent> {
        let told = |heard| match heard {
            Heard::Noted(evidence) => SessionEvent::Noted(evidence),
            Heard::Seen(seen) => SessionEvent::Seen(signal::Seen { signal: self.with_kind(seen.signal), ..seen }),
        };
        heard.into_iter().map(told).collect()
    }

    /// The profile knows what kind of failure the agent's words tell of.
    fn with_kind(&self, signal: Signal) -> Signal {
        match signal {
            Signal::TurnEnded { turn, ending: Ending::Failed { text, .. }, answer } => {
                let kind = self.profile.failure_of(&text);
                Signal::TurnEnded { turn, ending: Ending::Failed { kind, text }, answer }
            }
            other => other,
        }
    }
}

fn process_number(pid: Pid) -> Option<u32> {
    u32::try_from(pid.as_raw_nonzero().get()).ok()
}
