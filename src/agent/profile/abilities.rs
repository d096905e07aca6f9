//! What can be known and done with an agent, read off its profile, for `doctor` and for whoever chooses one.
//!
//! Change here: what counts as exact, and the words.

use super::{Profile, Signal};
use crate::domain::continuity::{CanResume, ModelSwitch};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    pub turns: Turns,
    pub resume: CanResume,
    pub requests: Requests,
    pub model: ModelChoice,
}

/// How well the beginnings and ends of turns are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turns {
    /// The agent tells of them, and how they ended.
    Exact,
    /// They are read off its looks: how they ended is not known.
    Guess,
    /// Nothing tells of them.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requests {
    /// Seen, and answered from outside the agent's screen as well.
    Answered,
    /// Seen, and answered in the agent's screen.
    Seen,
    NotSeen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelChoice {
    /// Can be changed, and the agent keeps its context.
    KeepsContext,
    /// Can be chosen for a new session.
    NewSession,
    No,
}

impl Profile {
    pub fn abilities(&self) -> Abilities {
        Abilities {
            turns: self.turns(),
            resume: self.continuity.resume,
            requests: self.requests(),
            model: self.model_choice(),
        }
    }

    fn turns(&self) -> Turns {
        let states = self.signals.iter().filter(|signal| signal.meanings().iter().any(|means| means.is_state()));
        let told: Vec<bool> =
            states.map(|signal| is_told(signal) && signal.meanings().iter().any(|means| means.is_end())).collect();
        match (told.is_empty(), told.contains(&true)) {
            (true, _) => Turns::Unknown,
            (false, true) => Turns::Exact,
            (false, false) => Turns::Guess,
        }
    }

    fn requests(&self) -> Requests {
        let is_seen = self.signals.iter().flat_map(Signal::meanings).any(|means| means.is_request());
        match (is_seen, &self.request.permission) {
            (true, Some(_)) => Requests::Answered,
            (true, None) => Requests::Seen,
            (false, _) => Requests::NotSeen,
        }
    }

    fn model_choice(&self) -> ModelChoice {
        match (self.variants.iter().any(|variant| !variant.model.is_empty()), self.model.switch) {
            (_, ModelSwitch::Typed) | (true, ModelSwitch::Restart) => ModelChoice::KeepsContext,
            (false, ModelSwitch::Restart | ModelSwitch::Fresh) => ModelChoice::No,
            (true, ModelSwitch::Fresh) => ModelChoice::NewSession,
        }
    }
}

/// Whether the agent says it for others to read, and not only shows it.
fn is_told(signal: &Signal) -> bool {
    match signal {
        Signal::Osc133Token
        | Signal::ProgramStatus
        | Signal::Hook { .. }
        | Signal::Transcript { .. }
        | Signal::StateFile { .. }
        | Signal::Notification(_) => true,
        Signal::Progress | Signal::Title(_) | Signal::PasteMode { .. } | Signal::Screen(_) | Signal::Bell(_) => false,
    }
}

impl Abilities {
    /// One line each.
    pub fn words(&self) -> Vec<&'static str> {
        let turns = match self.turns {
            Turns::Exact => "exact turns, as the agent tells them",
            Turns::Guess => "turns are a guess from how it looks",
            Turns::Unknown => "turns are not seen",
        };
        let resume = match self.resume {
            CanResume::Yes => "can be resumed by its own id",
            CanResume::No => "cannot be resumed: a new process knows nothing",
        };
        let requests = match self.requests {
            Requests::Answered => "its requests are seen, and answered here or in its screen",
            Requests::Seen => "its requests are seen, and answered in its screen",
            Requests::NotSeen => "its requests are not seen",
        };
        let model = match self.model {
            ModelChoice::KeepsContext => "another model keeps the context",
            ModelChoice::NewSession => "another model needs a fresh session",
            ModelChoice::No => "its model is chosen in its own settings",
        };
        vec![turns, resume, requests, model]
    }
}
