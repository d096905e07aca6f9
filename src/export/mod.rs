//! Writes the whole record of a conversation to a file or a pipe: as Markdown for people, as JSON for programs.
//!
//! Turns come from the host in pages, and each page is written before the next is asked for, so that a long conversation costs no memory.
//! Change here: how it is fetched and where it goes. Not here: how it looks (`markdown.rs`) or the fields (`json.rs`, `docs/json.md`).

mod markdown;
mod moment;
mod whole_file;

use crate::client::{ClientError, Control};
use crate::domain::continuity::DecisionRecord;
use crate::domain::conversation::{Begun, Fork};
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::turn::TurnRecord;
use crate::json;
use crate::protocol::message::{Conversation, Reply, Request};
use markdown::Markdown;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use whole_file::WholeFile;

/// So many turn numbers are fetched at a time. The host may send fewer turns where they are long; then the rest is asked for.
const PAGE: u32 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Markdown,
    Json,
}

impl Format {
    /// What the end of a file's name says; none where it says nothing.
    pub fn of(file: &Path) -> Option<Format> {
        match file.extension()?.to_str()? {
            "md" | "markdown" => Some(Format::Markdown),
            "json" => Some(Format::Json),
            _ => None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("{0}")]
    Client(#[from] ClientError),
    #[error("{0} is there already, and nothing is overwritten; name another file")]
    Exists(PathBuf),
    #[error("could not write {path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("could not write: {0}")]
    Write(#[source] io::Error),
    #[error("the host said something unexpected: {0:?}")]
    Unexpected(Box<Reply>),
}

/// Writes to a new file, for its owner alone. It has its name once it is whole.
pub fn to_file(
    control: &mut Control,
    conversation: ConversationId,
    format: Format,
    path: &Path,
) -> Result<(), ExportError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => ExportError::Exists(path.into()),
        _ => ExportError::File { path: path.into(), source: error },
    };
    let (whole, file) = WholeFile::begin(path).map_err(failed)?;
    let mut out = BufWriter::new(file);
    write(control, conversation, format, &mut out).map_err(|error| match error {
        ExportError::Write(source) => failed(source),
        other => other,
    })?;
    whole.finish(out.get_ref()).map_err(failed)
}

/// Writes all turns, oldest first; of a fork first those that it has of the conversations that it left.
pub fn write(
    control: &mut Control,
    conversation: ConversationId,
    format: Format,
    out: &mut impl Write,
) -> Result<(), ExportError> {
    let conversation = show(control, conversation)?;
    let mut writer = Writer::begin(format, &conversation, out).map_err(ExportError::Write)?;
    for left in past(control, &conversation)? {
        writer.past(&left).map_err(ExportError::Write)?;
        if let Some(known) = &left.known {
            write_turns(control, known.id, left.fork.turn, &mut writer)?;
        }
        writer.past_end().map_err(ExportError::Write)?;
    }
    writer.own(&conversation).map_err(ExportError::Write)?;
    write_turns(control, conversation.id, TurnNumber(conversation.turns), &mut writer)?;
    writer.end().map_err(ExportError::Write)
}

fn write_turns<W: Write>(
    control: &mut Control,
    conversation: ConversationId,
    last: TurnNumber,
    writer: &mut Writer<'_, W>,
) -> Result<(), ExportError> {
    let mut from = TurnNumber(1);
    while from <= last {
        let to = TurnNumber(from.0.saturating_add(PAGE - 1)).min(last);
        let decisions = decisions(control, conversation, from, to)?;
        for turn in turns(control, conversation, from, to)? {
            let made: Vec<&DecisionRecord> = decisions.iter().filter(|made| made.turn == turn.number).collect();
            writer.turn(&turn, &made).map_err(ExportError::Write)?;
        }
        from = TurnNumber(to.0.saturating_add(1));
    }
    Ok(())
}

fn show(control: &mut Control, conversation: ConversationId) -> Result<Conversation, ExportError> {
    match control.ask(&Request::Show { conversation }, None)? {
        Reply::Conversation(conversation) => Ok(*conversation),
        other => Err(ExportError::Unexpected(Box::new(other))),
    }
}

/// A conversation that was left by a fork.
struct Left {
    fork: Fork,
    /// None where it was deleted since.
    known: Option<Conversation>,
}

/// What was left, from fork to fork, the oldest first.
fn past(control: &mut Control, conversation: &Conversation) -> Result<Vec<Left>, ExportError> {
    let mut past: Vec<Left> = Vec::new();
    let mut begun = conversation.begun.clone();
    while let Begun::Forked(fork) = begun {
        let known = match show(control, fork.from) {
            Ok(known) => Some(known),
            Err(ExportError::Client(ClientError::Refused(_))) => None,
            Err(error) => return Err(error),
        };
        begun = known.as_ref().map_or(Begun::New, |known| known.begun.clone());
        past.push(Left { fork, known });
    }
    past.reverse();
    Ok(past)
}

/// These turns, both ends included, in order.
fn turns(
    control: &mut Control,
    conversation: ConversationId,
    from: TurnNumber,
    to: TurnNumber,
) -> Result<Vec<TurnRecord>, ExportError> {
    let mut pages = Vec::new();
    let mut before = TurnNumber(to.0.saturating_add(1));
    while before > from {
        let most = before.0 - from.0;
        match control.ask(&Request::Turns { conversation, before: Some(before), most }, None)? {
            Reply::Turns(mut turns) => {
                // Numbers of turns that left the queue are missing, so older ones may come with them.
                turns.retain(|turn| turn.number >= from);
                let Some(first) = turns.first() else { break };
                before = first.number;
                pages.push(turns);
            }
            other => return Err(ExportError::Unexpected(Box::new(other))),
        }
    }
    Ok(pages.into_iter().rev().flatten().collect())
}

fn decisions(
    control: &mut Control,
    conversation: ConversationId,
    from: TurnNumber,
    to: TurnNumber,
) -> Result<Vec<DecisionRecord>, ExportError> {
    match control.ask(&Request::DecisionsOf { conversation, from, to }, None)? {
        Reply::Decisions(decisions) => Ok(decisions),
        other => Err(ExportError::Unexpected(Box::new(other))),
    }
}

/// What is being written.
enum Writer<'o, W> {
    Markdown(Markdown, &'o mut W),
    /// Before the next conversation that was left, and before the next turn.
    Json(Separator, Separator, &'o mut W),
}

/// What stands before the next one of a list.
enum Separator {
    First,
    Comma,
}

impl<'o, W: Write> Writer<'o, W> {
    fn begin(format: Format, conversation: &Conversation, out: &'o mut W) -> io::Result<Writer<'o, W>> {
        match format {
            Format::Markdown => {
                out.write_all(markdown::head(conversation).as_bytes())?;
                Ok(Writer::Markdown(Markdown::default(), out))
            }
            Format::Json => {
                let version = json::VERSION;
                let conversation = json::conversation(conversation);
                write!(out, "{{\"version\":{version},\"conversation\":{conversation},\"past\":[")?;
                Ok(Writer::Json(Separator::First, Separator::First, out))
            }
        }
    }

    /// What follows was said in this one.
    fn past(&mut self, left: &Left) -> io::Result<()> {
        match self {
            Writer::Markdown(markdown, out) => {
                *markdown = Markdown::default();
                out.write_all(markdown::past(&left.fork, left.known.is_some()).as_bytes())
            }
            Writer::Json(lists, turns, out) => {
                *turns = Separator::First;
                let (id, title) = (left.fork.from, serde_json::Value::from(left.fork.title.as_str()));
                let deleted = left.known.is_none();
                let lead = lists.next();
                write!(out, "{lead}{{\"conversation\":{id},\"title\":{title},\"deleted\":{deleted},\"turns\":[")
            }
        }
    }

    fn past_end(&mut self) -> io::Result<()> {
        match self {
            Writer::Markdown(..) => Ok(()),
            Writer::Json(_, _, out) => out.write_all(b"\n]}"),
        }
    }

    /// What follows is its own.
    fn own(&mut self, conversation: &Conversation) -> io::Result<()> {
        match (self, &conversation.begun) {
            (Writer::Markdown(..), Begun::New) => Ok(()),
            (Writer::Markdown(markdown, out), Begun::Forked(_)) => {
                *markdown = Markdown::default();
                out.write_all(markdown::own(conversation).as_bytes())
            }
            (Writer::Json(_, turns, out), _) => {
                *turns = Separator::First;
                out.write_all(b"],\"turns\":[")
            }
        }
    }

    fn turn(&mut self, turn: &TurnRecord, decisions: &[&DecisionRecord]) -> io::Result<()> {
        match self {
            Writer::Markdown(markdown, out) => out.write_all(markdown.turn(turn, decisions).as_bytes()),
            Writer::Json(_, turns, out) => write!(out, "{}{}", turns.next(), json::exported_turn(turn, decisions)),
        }
    }

    fn end(self) -> io::Result<()> {
        match self {
            Writer::Markdown(_, out) => out.flush(),
            Writer::Json(_, _, out) => {
                out.write_all(b"\n]}\n")?;
                out.flush()
            }
        }
    }
}

impl Separator {
    fn next(&mut self) -> &'static str {
        match std::mem::replace(self, Separator::Comma) {
            Separator::First => "\n",
            Separator::Comma => ",\n",
        }
    }
}
