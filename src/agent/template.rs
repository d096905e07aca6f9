//! Texts of a profile with holes: `{dir}`, `{id}`, `{env:NAME}` and more at a start, `{turn}` in a submit; `{{` is a brace.
//!
//! Change here: a new hole. A hole that does not exist is refused when the profile is read, so filling one cannot fail.

use super::identity::AgentId;
use super::token::Token;
use crate::domain::id::{ConversationId, TurnNumber};
use serde::Deserialize;

/// A text that is filled when a process is started.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct LaunchTemplate(Vec<Piece<LaunchHole>>);

/// A text that is filled when a message is submitted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SubmitTemplate(Vec<Piece<SubmitHole>>);

/// A text that is filled when another model is told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ModelTemplate(Vec<Piece<ModelHole>>);

/// What fills the holes of a start.
#[derive(Debug, Clone, Copy)]
pub struct LaunchValues<'a> {
    /// The session's private runtime folder.
    pub dir: &'a str,
    pub token: &'a Token,
    pub conversation: ConversationId,
    /// The client's environment.
    pub env: &'a [(String, String)],
    /// The agent's own id of its session, where it is known at the start.
    pub id: Option<&'a AgentId>,
    pub model: Option<&'a str>,
    /// Our own program, and the socket of the host.
    pub threadkeep: &'a str,
    pub socket: &'a str,
    /// The agent's own folder.
    pub state: Option<&'a str>,
    /// The folder that the process starts in.
    pub cwd: &'a str,
    /// Where the agent is to serve its events, on loopback.
    pub port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<H> {
    Text(String),
    Hole(H),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum LaunchHole {
    Dir,
    Token,
    Conversation,
    Id,
    Model,
    Threadkeep,
    Socket,
    State,
    Home,
    Cwd,
    Port,
    Env(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum SubmitHole {
    Turn,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ModelHole {
    Model,
}

impl LaunchTemplate {
    /// The filled text; none where it asks for something that is not there: a variable, an id, a model.
    pub fn fill(&self, values: LaunchValues) -> Option<String> {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled += text,
                Piece::Hole(LaunchHole::Dir) => filled += values.dir,
                Piece::Hole(LaunchHole::Token) => filled += values.token.as_str(),
                Piece::Hole(LaunchHole::Conversation) => filled += &values.conversation.to_string(),
                Piece::Hole(LaunchHole::Id) => filled += values.id?.as_str(),
                Piece::Hole(LaunchHole::Model) => filled += values.model?,
                Piece::Hole(LaunchHole::Threadkeep) => filled += values.threadkeep,
                Piece::Hole(LaunchHole::Socket) => filled += values.socket,
                Piece::Hole(LaunchHole::State) => filled += values.state?,
                Piece::Hole(LaunchHole::Home) => filled += value_of("HOME", values.env)?,
                Piece::Hole(LaunchHole::Cwd) => filled += values.cwd,
                Piece::Hole(LaunchHole::Port) => filled += &values.port?.to_string(),
                Piece::Hole(LaunchHole::Env(name)) => filled += value_of(name, values.env)?,
            }
        }
        Some(filled)
    }
}

impl SubmitTemplate {
    pub fn fill(&self, turn: TurnNumber) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Hole(SubmitHole::Turn) => turn.to_string(),
        });
        pieces.collect()
    }
}

impl ModelTemplate {
    pub fn fill(&self, model: &str) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Hole(ModelHole::Model) => model,
        });
        pieces.collect()
    }
}

impl TryFrom<String> for ModelTemplate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let pieces = pieces(&text, "{model}", |hole| (hole == "model").then_some(ModelHole::Model))?;
        let tells = pieces.contains(&Piece::Hole(ModelHole::Model));
        tells.then_some(ModelTemplate(pieces)).ok_or_else(|| "it has no `{model}`, so no model is told".into())
    }
}

impl TryFrom<String> for LaunchTemplate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let holes = "{dir}, {token}, {conversation}, {id}, {model}, {threadkeep}, {socket}, {state}, {home}, {cwd}, {port}, {env:NAME}";
        pieces(&text, holes, |hole| match hole {
            "dir" => Some(LaunchHole::Dir),
            "token" => Some(LaunchHole::Token),
            "conversation" => Some(LaunchHole::Conversation),
            "id" => Some(LaunchHole::Id),
            "model" => Some(LaunchHole::Model),
            "threadkeep" => Some(LaunchHole::Threadkeep),
            "socket" => Some(LaunchHole::Socket),
            "state" => Some(LaunchHole::State),
            "home" => Some(LaunchHole::Home),
            "cwd" => Some(LaunchHole::Cwd),
            "port" => Some(LaunchHole::Port),
            _ => hole.strip_prefix("env:").filter(|name| !name.is_empty()).map(|name| LaunchHole::Env(name.into())),
        })
        .map(LaunchTemplate)
    }
}

impl TryFrom<String> for SubmitTemplate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        pieces(&text, "{turn}", |hole| (hole == "turn").then_some(SubmitHole::Turn)).map(SubmitTemplate)
    }
}

/// The value of a variable; the last one counts where a name stands twice.
pub fn value_of<'a>(name: &str, env: &'a [(String, String)]) -> Option<&'a str> {
    env.iter().rev().find(|(named, _)| named == name).map(|(_, value)| value.as_str())
}

/// Takes a text apart. `known` names the holes for the person who wrote one that `hole` does not know.
pub fn pieces<H>(text: &str, known: &str, hole: impl Fn(&str) -> Option<H>) -> Result<Vec<Piece<H>>, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        plain += &rest[..at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            plain.push('{');
            rest = after;
            continue;
        }
        let (name, after) =
            rest.split_once('}').ok_or_else(|| format!("`{{` without `}}` in {text:?}; write `{{{{` for a brace"))?;
        let hole = hole(name).ok_or_else(|| format!("unknown `{{{name}}}`; here stand {known}"))?;
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(Piece::Hole(hole));
        rest = after;
    }
    plain += rest;
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_and_braces_stay() {
        let token = Token::new([0; 16]);
        let env = [("A".to_owned(), "1".to_owned()), ("A".to_owned(), "2".to_owned())];
        let id = AgentId::uuid([0; 16]);
        let values = LaunchValues {
            dir: "/run/x",
            token: &token,
            conversation: ConversationId(4),
            env: &env,
            id: Some(&id),
            model: None,
            threadkeep: "/bin/tk",
            socket: "/run/s",
            state: Some("/h/.a"),
            cwd: "/w",
            port: Some(4096),
        };
        let zeros = "0".repeat(32);
        let table: [(&str, Option<&str>); 12] = [
            ("{id}", Some("00000000-0000-4000-8000-000000000000")),
            ("-m {model}", None),
            ("{threadkeep} {socket} {state} {cwd}", Some("/bin/tk /run/s /h/.a /w")),
            ("{home}", None),
            ("--port={port}", Some("--port=4096")),
            ("", Some("")),
            ("--rcfile={dir}/rc", Some("--rcfile=/run/x/rc")),
            ("{token}", Some(&zeros)),
            ("c{conversation}", Some("c4")),
            ("{env:A}{env:A}", Some("22")),
            ("x{env:NONE}", None),
            ("{{dir}", Some("{dir}")),
        ];
        for (text, wanted) in table {
            let template = LaunchTemplate::try_from(text.to_owned()).unwrap();
            assert_eq!(template.fill(values).as_deref(), wanted, "{text}");
        }
        let template = SubmitTemplate::try_from("turn-{turn}".to_owned()).unwrap();
        assert_eq!(template.fill(TurnNumber(12)), "turn-12");
    }

    #[test]
    fn an_unknown_hole_is_refused_with_the_known_ones() {
        for text in ["{turn}", "{env:}", "{", "{dir", "{DIR}"] {
            assert!(LaunchTemplate::try_from(text.to_owned()).is_err(), "{text}");
        }
        let error = SubmitTemplate::try_from("{dir}".to_owned()).unwrap_err();
        assert_eq!(error, "unknown `{dir}`; here stand {turn}");
    }
}
