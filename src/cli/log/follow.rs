//! `threadkeep log --follow`: the turns that ended, then each one as it ends.
//!
//! Another host that takes over is followed as well; what ended between is printed then. Ctrl+C ends it, as it ends any program.

use super::super::{CliError, ExitCode, say_aside};
use super::{Log, all_turns, ended};
use crate::client::{Absent, ClientError, Control};
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::turn::TurnRecord;
use crate::paths::Paths;
use crate::protocol::message::{Event, Reply, Request, Told};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

/// A host that makes room for the next needs a moment to let go.
const PAUSE: Duration = Duration::from_millis(100);
/// A host that goes away more often than this without a turn ending is broken, not replaced.
const MOST_BREAKS: u32 = 20;

/// What ended the following.
enum Over {
    /// The conversation was removed, or nobody reads any more.
    Done,
    /// The host was told to end.
    HostEnds,
}

/// Prints until there is nothing more to come.
pub fn follow(
    log: &Log,
    mut control: Control,
    paths: &Paths,
    conversation: ConversationId,
) -> Result<ExitCode, CliError> {
    let mut printed = BTreeSet::new();
    let mut breaks = 0;
    loop {
        let before = printed.len();
        match follow_here(log, &mut control, conversation, &mut printed) {
            Ok(Over::Done) => return Ok(ExitCode::Done),
            Ok(Over::HostEnds) => {
                say_aside("the host was stopped, so no turn ends any more");
                return Ok(ExitCode::NoHost);
            }
            Err(CliError::Client(error @ (ClientError::Ended | ClientError::Broken(_)))) => {
                breaks = if printed.len() > before { 1 } else { breaks + 1 };
                if breaks > MOST_BREAKS {
                    return Err(error.into());
                }
                std::thread::sleep(PAUSE);
                control = Control::connect(paths, Absent::Start)?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// At one host. It tells of ends from before the stored ones are read on, so that none falls between.
fn follow_here(
    log: &Log,
    control: &mut Control,
    conversation: ConversationId,
    printed: &mut BTreeSet<TurnNumber>,
) -> Result<Over, CliError> {
    match control.ask(&Request::Follow { conversation }, None)? {
        Reply::Done => {}
        other => return Err(CliError::Unexpected(Box::new(other))),
    }
    for turn in all_turns(control, conversation)?.into_iter().filter(ended) {
        if print(log, conversation, &turn, printed)? == Reader::Gone {
            return Ok(Over::Done);
        }
    }
    loop {
        while let Some(told) = control.receive()? {
            let Told::Event(event) = told else { continue };
            match event {
                Event::TurnEnded { conversation: of, turn } if of == conversation => {
                    let Some(whole) = one_turn(control, conversation, turn.number)? else { continue };
                    if print(log, conversation, &whole, printed)? == Reader::Gone {
                        return Ok(Over::Done);
                    }
                }
                Event::Removed(of) if of == conversation => return Ok(Over::Done),
                Event::HostEnding => return Ok(Over::HostEnds),
                Event::TurnEnded { .. }
                | Event::Removed(_)
                | Event::Changed(_)
                | Event::Notice(_)
                | Event::Notify(_) => {}
            }
        }
        match poll(&mut [PollFd::new(&*control, PollFlags::IN)], None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(CliError::Client(ClientError::Broken(error.into()))),
        }
    }
}

/// With its whole texts, which the host does not tell by itself.
fn one_turn(
    control: &mut Control,
    conversation: ConversationId,
    turn: TurnNumber,
) -> Result<Option<TurnRecord>, CliError> {
    let before = Some(TurnNumber(turn.0.saturating_add(1)));
    match control.ask(&Request::Turns { conversation, before, most: 1 }, None)? {
        Reply::Turns(turns) => Ok(turns.into_iter().find(|one| one.number == turn)),
        other => Err(CliError::Unexpected(Box::new(other))),
    }
}

/// Whoever reads what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    There,
    Gone,
}

fn print(
    log: &Log,
    conversation: ConversationId,
    turn: &TurnRecord,
    printed: &mut BTreeSet<TurnNumber>,
) -> Result<Reader, CliError> {
    if !printed.insert(turn.number) {
        return Ok(Reader::There);
    }
    match writeln!(io::stdout(), "{}", log.line(conversation, turn)) {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(error.into()),
    }
}
