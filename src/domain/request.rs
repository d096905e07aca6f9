//! What an agent asks of the person: a permission, a question, a login. A list, each answered by itself, gone with its turn.

use super::id::Timestamp;
use serde::{Deserialize, Serialize};

/// The place of a request within its turn, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestNumber(pub u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// To do something; before its first prompt also: to trust the folder.
    Permission,
    /// To choose or to say something.
    Question,
    /// To log in.
    Login,
}

/// One request, with what the agent told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub number: RequestNumber,
    pub kind: RequestKind,
    /// In the agent's words; empty where it told none.
    pub text: String,
    pub state: RequestState,
    pub asked_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    Open,
    /// This answer is on its way to the agent, which was not seen taking it.
    Answering(Choice),
    /// The agent was seen going on after this answer.
    Answered(Choice),
    /// The agent went on without an answer of ours: it was answered in its own screen.
    AnsweredInScreen,
    /// Its turn ended.
    Expired,
}

/// An answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Once; never for more than this request.
    Allow,
    Deny,
    /// Words, or the key of an option, for a question.
    Text(String),
}

impl RequestKind {
    pub fn word(self) -> &'static str {
        match self {
            RequestKind::Permission => "permission",
            RequestKind::Question => "question",
            RequestKind::Login => "login",
        }
    }

    /// What is asked, where this is its text.
    pub fn line(self, text: &str) -> &str {
        match (text, self) {
            ("", RequestKind::Permission) => "a permission; see the agent's screen",
            ("", RequestKind::Question) => "a question; see the agent's screen",
            ("", RequestKind::Login) => "a login; see the agent's screen",
            (text, _) => text,
        }
    }

    /// What answers it, in words.
    pub fn takes(self) -> &'static str {
        match self {
            RequestKind::Permission => "a permission, which is answered with allow or deny",
            RequestKind::Question => "a question, which is answered in words",
            RequestKind::Login => "a login, which is done on the agent's screen",
        }
    }
}

impl Request {
    /// Whether the agent still waits for it, as far as is known.
    pub fn is_open(&self) -> bool {
        matches!(self.state, RequestState::Open | RequestState::Answering(_))
    }

    /// Whether an answer may be given from outside the agent's screen now.
    pub fn takes_answer(&self) -> bool {
        self.state == RequestState::Open && self.kind != RequestKind::Login
    }

    /// What is asked, in one line.
    pub fn line(&self) -> &str {
        self.kind.line(&self.text)
    }
}

impl RequestState {
    pub fn word(&self) -> &'static str {
        match self {
            RequestState::Open => "open",
            RequestState::Answering(_) => "answering",
            RequestState::Answered(Choice::Allow) => "allowed",
            RequestState::Answered(Choice::Deny) => "denied",
            RequestState::Answered(Choice::Text(_)) => "answered",
            RequestState::AnsweredInScreen => "answered in the agent's screen",
            RequestState::Expired => "expired",
        }
    }
}
