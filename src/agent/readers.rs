//! Reads all sources that a profile lists: what was seen goes in, claims come out. One for each process of a session.
//!
//! Change here: what can be seen, and what must be looked at outside the pty. Each source that is more than its rules has a file in
//! `readers/`. Not here: watching files and screens (host), or which claim to believe (`tracker.rs`).

pub mod event_stream;
mod notification;
mod progress;
mod transcript;

use super::claim::{Claim, Claimed};
use super::glob::{Glob, Places};
use super::identity::AgentId;
use super::json_rule::{Counted, JsonRule};
use super::means::Means;
use super::profile::{IdentityRules, Profile, ReadId, Signal};
use super::status_report::StatusReports;
use super::text_rule::{Pattern, TextRule};
use crate::domain::turn::Source;
use notification::Notices;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use transcript::Lines;

/// A state file or a payload that is longer is none of ours, and would be parsed at each change.
const MOST_JSON_BYTES: usize = 4 * 1024 * 1024;

/// Something that was seen of the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen<'a> {
    /// An OSC, as the bytes between `ESC ]` and its end.
    Osc(&'a [u8]),
    Title(&'a str),
    PasteMode(PasteMode),
    Bell,
    /// The terminal was reset (RIS).
    Reset,
    /// The text of the visible screen.
    Screen(&'a str),
    /// What was appended to the transcript, from wherever it is followed.
    Transcript(&'a [u8]),
    /// The transcript was cut or is another file: what follows begins a line.
    TranscriptReplaced,
    /// What the state file holds now.
    StateFile(&'a str),
    /// What a hook was given, or an event that the agent serves. The caller has checked where it comes from.
    Hook(&'a str),
    /// A file that was looked for (`Want::OpenFile`, `Want::NamedFile`).
    Found {
        glob: &'a Glob,
        path: &'a str,
    },
}

/// Whether the program has bracketed paste on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasteMode {
    On,
    Off,
}

/// Something outside the pty that a source needs to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// Follow this file: from its start where it was made after the process started, else from its end, for what is there is history.
    Transcript(Glob),
    /// Read this file when it changes. One from before the process started is a dead process's.
    StateFile(Glob),
    /// Look at the files that the agent's processes hold open.
    OpenFile(Glob),
    /// Look for a file of this name; only where exactly one fits it is found.
    NamedFile(Glob),
}

/// The sources of one profile, with what they remember.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Readers {
    /// Not kept: the profile says them. So is the next.
    #[serde(skip)]
    signals: Vec<Signal>,
    #[serde(skip)]
    identity: IdentityRules,
    reports: StatusReports,
    notices: Notices,
    lines: Lines,
    counted: Counted,
    /// The beginning of an id, out of a title that has no more of it.
    begun_id: Option<String>,
    /// The id that this process was seen to have.
    found_id: Option<AgentId>,
}

impl Readers {
    pub fn new(profile: &Profile) -> Readers {
        Readers {
            signals: profile.signals.clone(),
            identity: profile.identity.clone(),
            reports: StatusReports::default(),
            notices: Notices::default(),
            lines: Lines::default(),
            counted: Counted::default(),
            begun_id: None,
            found_id: None,
        }
    }

    /// Goes on where another one was, by the same rules.
    pub fn go_on(&mut self, known: Readers) {
        let (signals, identity) = (std::mem::take(&mut self.signals), std::mem::take(&mut self.identity));
        *self = Readers { signals, identity, ..known };
    }

    /// What the sources make of something that was seen; only those that the profile lists speak.
    pub fn see(&mut self, seen: Seen) -> Vec<Claimed> {
        match seen {
            Seen::Osc(payload) => self.see_osc(payload),
            Seen::Title(title) => self.see_title(title),
            Seen::PasteMode(mode) => self.see_paste_mode(mode),
            Seen::Bell => self.see_bell(),
            Seen::Reset => {
                self.notices = Notices::default();
                claimed(Source::ProgramStatus, self.reports.reset())
            }
            Seen::Screen(text) => claimed(Source::Screen, TextRule::first(self.text_rules(Source::Screen), text)),
            Seen::Transcript(bytes) => self.see_transcript(bytes),
            Seen::TranscriptReplaced => {
                self.lines = Lines::default();
                Vec::new()
            }
            Seen::StateFile(text) => self.see_json(Source::StateFile, text),
            Seen::Hook(payload) => self.see_json(Source::Hook, payload),
            Seen::Found { glob, path } => {
                let found = glob.id_in(path);
                let id = found.as_ref().map(|id| (Claim::Identity(id.as_str().to_owned()), path.to_owned()));
                self.found_id = found.or(self.found_id.take());
                claimed(Source::Process, id)
            }
        }
    }

    /// What is to be looked at now, in these places. Changes as the id becomes known.
    pub fn wants(&self, places: &Places) -> Vec<Want> {
        let files = self.signals.iter().filter_map(|signal| match signal {
            Signal::Transcript { path, .. } => path.fill(places).map(Want::Transcript),
            Signal::StateFile { path, .. } => path.fill(places).map(Want::StateFile),
            Signal::Osc133Token
            | Signal::ProgramStatus
            | Signal::Hook { .. }
            | Signal::Notification(_)
            | Signal::Progress
            | Signal::Title(_)
            | Signal::PasteMode { .. }
            | Signal::Screen(_)
            | Signal::Bell(_) => None,
        });
        files.chain(self.identity_wants(places)).collect()
    }

    fn identity_wants(&self, places: &Places) -> Vec<Want> {
        let begins = self.begun_id.as_deref();
        // The title goes on to show the id that this process was seen to have. One that was only told to take up is to be seen yet.
        let found = self.found_id.as_ref().filter(|found| places.id == Some(found));
        if found.is_some_and(|id| begins.is_some_and(|begins| id.as_str().starts_with(begins))) {
            return Vec::new();
        }
        let want = |read: &ReadId| match read {
            ReadId::OpenFile(path) => path.fill_but_id(places, begins.unwrap_or_default()).map(Want::OpenFile),
            ReadId::Title { complete, .. } => complete.as_ref()?.fill_but_id(places, begins?).map(Want::NamedFile),
        };
        self.identity.read.iter().filter_map(want).collect()
    }

    fn see_osc(&mut self, payload: &[u8]) -> Vec<Claimed> {
        if self.takes(Source::ProgramStatus) && payload.starts_with(b"7501;") {
            return claimed(Source::ProgramStatus, self.reports.see(payload));
        }
        if self.takes(Source::Progress)
            && let Some(claim) = progress::read(payload)
        {
            return claimed(Source::Progress, [claim]);
        }
        match self.takes(Source::Notification).then(|| self.notices.see(payload)).flatten() {
            Some(notice) => {
                claimed(Source::Notification, TextRule::first(self.text_rules(Source::Notification), &notice))
            }
            None => Vec::new(),
        }
    }

    fn see_title(&mut self, title: &str) -> Vec<Claimed> {
        let mut seen: Vec<(Claim, String)> = Vec::new();
        for read in &self.identity.read {
            match read {
                ReadId::Title { pattern, complete: None } => {
                    let id = id_in(pattern, title).and_then(|id| AgentId::try_from(id.to_owned()).ok());
                    seen.extend(id.map(|id| (Claim::Identity(id.as_str().to_owned()), title.to_owned())));
                }
                ReadId::Title { pattern, complete: Some(_) } => {
                    // A title that shows no id, while it shows something else, does not take the id back.
                    if let Some(begins) = id_in(pattern, title) {
                        self.begun_id = Some(begins.to_owned());
                    }
                }
                ReadId::OpenFile(_) => {}
            }
        }
        seen.extend(TextRule::first(self.text_rules(Source::Title), title));
        claimed(Source::Title, seen)
    }

    fn see_paste_mode(&self, mode: PasteMode) -> Vec<Claimed> {
        let means = self.signals.iter().find_map(|signal| match (signal, mode) {
            (Signal::PasteMode { on, .. }, PasteMode::On) => Some((*on, "bracketed paste on")),
            (Signal::PasteMode { off, .. }, PasteMode::Off) => Some((*off, "bracketed paste off")),
            _ => None,
        });
        claimed(Source::PasteMode, means.and_then(said))
    }

    fn see_bell(&self) -> Vec<Claimed> {
        let means = self.signals.iter().find_map(|signal| match signal {
            Signal::Bell(means) => Some((*means, "bell")),
            _ => None,
        });
        claimed(Source::Bell, means.and_then(said))
    }

    fn see_transcript(&mut self, bytes: &[u8]) -> Vec<Claimed> {
        if !self.takes(Source::Transcript) {
            return Vec::new();
        }
        let lines = self.lines.take(bytes);
        lines.iter().flat_map(|line| self.see_json(Source::Transcript, line)).collect()
    }

    fn see_json(&mut self, source: Source, text: &str) -> Vec<Claimed> {
        let rules = self.signals.iter().find_map(|signal| match signal {
            Signal::Hook { rules, .. } | Signal::Transcript { rules, .. } | Signal::StateFile { rules, .. } => {
                (signal.source() == source).then_some(rules)
            }
            _ => None,
        });
        let Some(rules) = rules.filter(|_| text.len() <= MOST_JSON_BYTES) else {
            return Vec::new();
        };
        match serde_json::from_str::<Value>(text) {
            Ok(value) => claimed(source, JsonRule::first(rules, &value, &mut self.counted)),
            // Half written, or not for us: what is meant for us comes whole with the next one.
            Err(_) => Vec::new(),
        }
    }

    fn takes(&self, source: Source) -> bool {
        self.signals.iter().any(|signal| signal.source() == source)
    }

    fn text_rules(&self, source: Source) -> &[TextRule] {
        let rules = self.signals.iter().find_map(|signal| match signal {
            Signal::Title(rules) | Signal::Notification(rules) | Signal::Screen(rules) => {
                (signal.source() == source).then_some(rules.as_slice())
            }
            _ => None,
        });
        rules.unwrap_or_default()
    }
}

fn id_in<'a>(pattern: &Pattern, title: &'a str) -> Option<&'a str> {
    pattern.group("id", title).filter(|id| !id.is_empty())
}

fn said((means, words): (Means, &str)) -> Option<(Claim, String)> {
    Some((means.claim(None)?, words.to_owned()))
}

fn claimed(source: Source, claims: impl IntoIterator<Item = (Claim, String)>) -> Vec<Claimed> {
    claims.into_iter().map(|(claim, words)| Claimed { source, claim, words }).collect()
}

#[cfg(test)]
mod tests;
