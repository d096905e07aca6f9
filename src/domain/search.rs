//! What a person types to find something: words, and filters in front of them.
//!
//! `fix login agent:shell in:app is:failed since:2d` has two words and four filters. Change here: which filters there are.
//! Not here: what a filter is held against (`store/search.rs` for turns, `tui/overview.rs` for conversations).

use super::id::{ConversationId, Timestamp, TurnNumber};
use super::turn::TurnState;
use super::when;
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
    pub times: Times,
}

/// The word of a filter that means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoMeaning {
    State(String),
    Time(String),
}

impl Query {
    /// The first word of a filter that means nothing, where there is one.
    pub fn parse(text: &str, now: Timestamp) -> Result<Query, NoMeaning> {
        let typed = Typed::parse(text);
        let state = |word: &String| {
            let known = TURN_STATES.iter().find(|(name, _)| name == word).map(|(_, is)| *is);
            known.ok_or_else(|| NoMeaning::State(word.clone()))
        };
        let states = typed.states.iter().map(state).collect::<Result<_, NoMeaning>>()?;
        let times = typed.times(now).map_err(NoMeaning::Time)?;
        Ok(Query { typed, states, times })
    }

    /// Whether something but words is asked for.
    pub fn filters(&self) -> bool {
        let Typed { words: _, agents, folders, states, since, before } = &self.typed;
        [agents, folders, states, since, before].iter().any(|list| !list.is_empty())
    }
}

/// From which moment on, and before which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    pub since: Option<Timestamp>,
    pub before: Option<Timestamp>,
}

impl Times {
    pub fn holds(self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| at >= since) && self.before.is_none_or(|before| at < before)
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
    /// Words for times, whose meaning depends on now.
    pub since: Vec<String>,
    pub before: Vec<String>,
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
                Some(("since", value)) => (&mut typed.since, value),
                Some(("before", value)) => (&mut typed.before, value),
                Some(_) | None => (&mut typed.words, piece.as_str()),
            };
            if !value.is_empty() {
                list.push(value.to_owned());
            }
        }
        typed
    }

    /// What all times together leave, or the word that is none.
    pub fn times(&self, now: Timestamp) -> Result<Times, String> {
        let read = |words: &[String]| {
            let times = words.iter().map(|word| when::parse(word, now).ok_or_else(|| word.clone()));
            times.collect::<Result<Vec<Timestamp>, String>>()
        };
        Ok(Times { since: read(&self.since)?.into_iter().max(), before: read(&self.before)?.into_iter().min() })
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
        let query = Query::parse("is:failed is:closed words", Timestamp(0)).expect("both are states");
        assert_eq!(query.states, [TurnIs::Failed, TurnIs::Closed]);
        assert_eq!(Query::parse("is:failed is:purple", Timestamp(0)), Err(NoMeaning::State("purple".to_owned())));
    }

    #[test]
    fn times_bound_what_is_found_and_one_that_means_nothing_is_named() {
        let now = Timestamp(10 * 86_400_000);
        let day = |day: i64| Timestamp(day * 86_400_000);
        let query = Query::parse("since:3d since:5d before:1970-01-10 fix", now).expect("all are times");
        assert_eq!(query.times, Times { since: Some(day(7)), before: Some(day(9)) });
        assert_eq!([6, 7, 8, 9].map(|at| query.times.holds(day(at))), [false, true, true, false]);
        assert!(query.filters() && !Query::parse("fix since:", now).expect("it is still being typed").filters());
        assert_eq!(Query::parse("before:soon", now), Err(NoMeaning::Time("soon".to_owned())));
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
