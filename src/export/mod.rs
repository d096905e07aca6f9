//! Writes the whole record of a conversation to a file or a pipe: as Markdown for people, as JSON for programs.
//!
//! Turns come from the host in pages, and each page is written before the next is asked for, so that a long conversation costs no memory.
//! Change here: how it is fetched and where it goes. Not here: how it looks (`markdown.rs`) or the fields (`json.rs`, `docs/json.md`).

mod markdown;
mod moment;

use crate::client::{ClientError, Control};
use crate::domain::continuity::DecisionRecord;
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::turn::TurnRecord;
use crate::json;
use crate::protocol::message::{Conversation, Reply, Request};
use markdown::Markdown;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

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

/// Writes to a new file, for its owner alone. What cannot be finished is taken away again.
pub fn to_file(
    control: &mut Control,
    conversation: ConversationId,
    format: Format,
    path: &Path,
) -> Result<(), ExportError> {
    let failed = |source: io::Error| ExportError::File { path: path.into(), source };
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = file.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => ExportError::Exists(path.into()),
        _ => failed(error),
    })?;
    let mut out = BufWriter::new(file);
    let written =
        write(control, conversation, format, &mut out).and_then(|()| out.get_ref().sync_all().map_err(failed));
    if written.is_err() {
        // It was made here a moment ago; where even this fails, the error that is told says enough.
        let _ = std::fs::remove_file(path);
    }
    written.map_err(|error| match error {
        ExportError::Write(source) => failed(source),
        other => other,
    })
}

/// Writes all turns, oldest first.
pub fn write(
    control: &mut Control,
    conversation: ConversationId,
    format: Format,
    out: &mut impl Write,
) -> Result<(), ExportError> {
    let conversation = match control.ask(&Request::Show { conversation }, None)? {
        Reply::Conversation(conversation) => *conversation,
        other => return Err(ExportError::Unexpected(Box::new(other))),
    };
    let mut writer = Writer::begin(format, &conversation, out).map_err(ExportError::Write)?;
    let mut from = TurnNumber(1);
    while from.0 <= conversation.turns {
        let to = TurnNumber(from.0.saturating_add(PAGE - 1).min(conversation.turns));
        let decisions = decisions(control, conversation.id, from, to)?;
        for turn in turns(control, conversation.id, from, to)? {
            let made: Vec<&DecisionRecord> = decisions.iter().filter(|made| made.turn == turn.number).collect();
            writer.turn(&turn, &made).map_err(ExportError::Write)?;
        }
        from = TurnNumber(to.0.saturating_add(1));
    }
    writer.end().map_err(ExportError::Write)
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
    Json(Separator, &'o mut W),
}

/// What stands before the next turn.
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
                write!(out, "{{\"version\":{version},\"conversation\":{conversation},\"turns\":[")?;
                Ok(Writer::Json(Separator::First, out))
            }
        }
    }

    fn turn(&mut self, turn: &TurnRecord, decisions: &[&DecisionRecord]) -> io::Result<()> {
        match self {
            Writer::Markdown(markdown, out) => out.write_all(markdown.turn(turn, decisions).as_bytes()),
            Writer::Json(separator, out) => {
                let lead = match std::mem::replace(separator, Separator::Comma) {
                    Separator::First => "\n",
                    Separator::Comma => ",\n",
                };
                write!(out, "{lead}{}", json::exported_turn(turn, decisions))
            }
        }
    }

    fn end(self) -> io::Result<()> {
        match self {
            Writer::Markdown(_, out) => out.flush(),
            Writer::Json(_, out) => {
                out.write_all(b"\n]}\n")?;
                out.flush()
            }
        }
    }
}
