//! What a person types to find something: words, and filters in front of them.
//!
//! `fix login agent:shell in:app is:failed` has two words and three filters. Change here: which filters there are.
//! Not here: what a filter is held against (`store/search.rs` for turns, `tui/overview.rs` for conversations).

use super::id::{ConversationId, Timestamp, TurnNumber};
use super::turn::TurnState;
use serde::{Deserialize, Serialize};

/// Turns that were found, the best first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Findings {
    pub found: Vec<Found>,
    pub looked: Looked,
}

/// Whether all turns were held against what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Looked {
    #[default]
    AtAll,
    /// So many turns have the words that only the newest of them were held against the filters.
    AtNewest,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub conversation: ConversationId,
    pub turn: TurnNumber,
    pub title: String,
    pub agent: String,
    pub folder: String,
    pub state: TurnState,
    /// When the message was accepted.
    pub at: Timestamp,
    /// The text around the first word that was found, in one line.
    pub snippet: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    Plain(String),
    /// What was looked for.
    Hit(String),
}

impl Piece {
    pub fn text(&self) -> &str {
        match self {
            Piece::Plain(text) | Piece::Hit(text) => text,
        }
    }
}

/// What `is:` can ask of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnIs {
    Queued,
    Working,
    Asks,
    Completed,
    Failed,
    Interrupted,
    Unknown,
    /// Its conversation has a tab.
    Open,
    Closed,
}

pub const TURN_STATES: [(&str, TurnIs); 9] = [
    ("queued", TurnIs::Queued),
    ("working", TurnIs::Working),
    ("asks", TurnIs::Asks),
    ("completed", TurnIs::Completed),
    ("failed", TurnIs::Failed),
    ("interrupted", TurnIs::Interrupted),
    ("unknown", TurnIs::Unknown),
    ("open", TurnIs::Open),
    ("closed", TurnIs::Closed),
];

/// What turns are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    pub typed: Typed,
    pub states: Vec<TurnIs>,
}

impl Query {
    /// The word after `is:` that means nothing, where there is one.
    pub fn parse(text: &str) -> Result<Query, String> {
        let typed = Typed::parse(text);
        let state = |word: &String| {
            TURN_STATES.iter().find(|(name, _)| name == word).map(|(_, is)| *is).ok_or_else(|| word.clone())
        };
        let states = typed.states.iter().map(state).collect::<Result<_, String>>()?;
        Ok(Query { typed, states })
    }
}

/// A typed text, taken apart. All of it in lower case, for none of it minds the case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Typed {
    pub words: Vec<String>,
    /// Part of the agent's name.
    pub agents: Vec<String>,
    /// Part of the folder.
    pub folders: Vec<String>,
    /// Words for states, which whoever filters must know.
    pub states: Vec<String>,
}

impl Typed {
    /// A filter without a value is one that is still being typed; it filters nothing.
    pub fn parse(text: &str) -> Typed {
        let mut typed = Typed::default();
        for piece in text.split_whitespace() {
            let piece = piece.to_lowercase();
            let (list, value) = match piece.split_once(':') {
                Some(("agent", value)) => (&mut typed.agents, value),
                Some(("in", value)) => (&mut typed.folders, value),
                Some(("is", value)) => (&mut typed.states, value),
                Some(_) | None => (&mut typed.words, piece.as_str()),
            };
            if !value.is_empty() {
                list.push(value.to_owned());
            }
        }
        typed
    }

    /// Whether an agent of this name in this folder passes: each filter must be part of it.
    pub fn passes(&self, agent: &str, folder: &str) -> bool {
        let (agent, folder) = (agent.to_lowercase(), folder.to_lowercase());
        self.agents.iter().all(|part| agent.contains(part)) && self.folders.iter().all(|part| folder.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_taken_out_of_the_words() {
        let typed = Typed::parse("  Fix agent:Shell the in:app is:failed is: http://x login:");
        assert_eq!(typed.words, ["fix", "the", "http://x", "login:"]);
        assert_eq!((typed.agents, typed.folders), (vec!["shell".to_owned()], vec!["app".to_owned()]));
        assert_eq!(typed.states, ["failed"]);
        assert_eq!(Typed::parse(""), Typed::default());
    }

    #[test]
    fn a_state_that_no_turn_has_is_named() {
        let query = Query::parse("is:failed is:closed words").expect("both are states");
        assert_eq!(query.states, [TurnIs::Failed, TurnIs::Closed]);
        assert_eq!(Query::parse("is:failed is:purple"), Err("purple".to_owned()));
    }

    #[test]
    fn every_filter_must_be_part_of_what_it_is_held_against() {
        for (text, passes) in [
            ("", true),
            ("agent:HEL in:/app", true),
            ("agent:x", false),
            ("in:me in:other", false),
            ("in:ME in:pp", true),
        ] {
            assert_eq!(Typed::parse(text).passes("Shell", "/home/me/app"), passes, "{text}");
        }
    }
}
