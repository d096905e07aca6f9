//! One thing that the doctor looked at, and what it means for the person.

use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// One word: what was looked at.
    pub about: &'static str,
    pub state: State,
    pub text: String,
    /// What the person can do about it.
    pub next_step: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Well,
    /// Something is missing or in the way.
    Trouble,
    /// It could not be found out.
    Unknown,
}

impl Finding {
    pub fn well(about: &'static str, text: impl Into<String>) -> Finding {
        Finding { about, state: State::Well, text: text.into(), next_step: None }
    }

    pub fn unknown(about: &'static str, text: impl Into<String>) -> Finding {
        Finding { about, state: State::Unknown, text: text.into(), next_step: None }
    }

    pub fn trouble(about: &'static str, text: impl Into<String>, next_step: impl Into<String>) -> Finding {
        Finding { about, state: State::Trouble, text: text.into(), next_step: Some(next_step.into()) }
    }

    /// The same, with something that can be done although nothing is wrong.
    pub fn with_next_step(self, next_step: impl Into<String>) -> Finding {
        Finding { next_step: Some(next_step.into()), ..self }
    }

    /// A line for a person, and one for what can be done.
    pub fn lines(&self) -> Vec<String> {
        let head = match self.state {
            State::Well => format!("{:<8} {}", self.about, self.text),
            State::Trouble => format!("TROUBLE  {}: {}", self.about, self.text),
            State::Unknown => format!("{:<8} unknown: {}", self.about, self.text),
        };
        let next_step = self.next_step.as_ref().map(|words| format!("         {words}"));
        std::iter::once(head).chain(next_step).collect()
    }

    pub fn as_json(&self) -> Value {
        let state = match self.state {
            State::Well => "well",
            State::Trouble => "trouble",
            State::Unknown => "unknown",
        };
        json!({ "about": self.about, "state": state, "text": self.text, "next_step": self.next_step })
    }
}
