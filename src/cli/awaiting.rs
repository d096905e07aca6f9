//! Waits for the end of a turn, and tells meanwhile on standard error when the agent waits for the person.

use super::{CliError, say_aside};
use crate::client::{ClientError, Control};
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::request::{Request as Question, RequestKind};
use crate::domain::turn::TurnRecord;
use crate::protocol::message::{Reply, Request, WhenAsked};
use std::time::{Duration, Instant};

/// What a wait came to.
pub enum Awaited {
    Ended(TurnRecord),
    /// Nothing was under way, or the turn left the queue.
    Nothing,
    /// This turn waits for the person, and the wait is over for that.
    Asked(TurnRecord),
}

/// What ends a wait before the turn does.
#[derive(Debug, Clone, Copy)]
pub enum Patience {
    Endless,
    For(Duration),
    /// Until the agent asks something, or, where it is given, so long.
    UntilAsked(Option<Duration>),
}

impl Patience {
    pub fn new(limit: Option<Duration>, or_asked: bool) -> Patience {
        match (limit, or_asked) {
            (limit, true) => Patience::UntilAsked(limit),
            (Some(limit), false) => Patience::For(limit),
            (None, false) => Patience::Endless,
        }
    }

    fn limit(self) -> Option<Duration> {
        match self {
            Patience::Endless | Patience::UntilAsked(None) => None,
            Patience::For(limit) | Patience::UntilAsked(Some(limit)) => Some(limit),
        }
    }
}

/// Waits for the end of a turn (none: of all that is under way).
pub fn await_end(
    control: &mut Control,
    conversation: ConversationId,
    turn: Option<TurnNumber>,
    patience: Patience,
) -> Result<Awaited, CliError> {
    let until = patience.limit().map(|limit| Instant::now() + limit);
    let id = control.send(&Request::Wait { conversation, turn, asked: WhenAsked::Tell })?;
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        match control.await_reply(id, left).map_err(|error| with_whole_limit(error, patience))? {
            Reply::Ended { turn } => return Ok(turn.map_or(Awaited::Nothing, |turn| Awaited::Ended(*turn))),
            Reply::NeedsPerson { turn } => {
                say_aside(&asks(conversation, &turn));
                if let Patience::UntilAsked(_) = patience {
                    return Ok(Awaited::Asked(*turn));
                }
            }
            other => return Err(CliError::Unexpected(Box::new(other))),
        }
    }
}

/// Waits for the end of all that is under way in each of these, and hands out what each came to as it comes, until `is_enough` says so. One
/// that is at rest already came to its last end.
pub fn await_several(
    control: &mut Control,
    conversations: &[ConversationId],
    patience: Patience,
    mut is_enough: impl FnMut(ConversationId, &Awaited) -> Result<bool, CliError>,
) -> Result<(), CliError> {
    let until = patience.limit().map(|limit| Instant::now() + limit);
    let mut asked = Vec::new();
    for conversation in conversations {
        let request = Request::Wait { conversation: *conversation, turn: None, asked: WhenAsked::Tell };
        asked.push((control.send(&request)?, *conversation));
    }
    while !asked.is_empty() {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let ids: Vec<u64> = asked.iter().map(|(id, _)| *id).collect();
        let (id, reply) = control.await_any(&ids, left).map_err(|error| with_whole_limit(error, patience))?;
        let Some(at) = asked.iter().position(|(asked, _)| *asked == id) else { continue };
        let (_, conversation) = asked[at];
        let awaited = match reply {
            Reply::NeedsPerson { turn } => {
                say_aside(&format!("conversation {conversation}: {}", asks(conversation, &turn)));
                if !matches!(patience, Patience::UntilAsked(_)) {
                    continue;
                }
                Awaited::Asked(*turn)
            }
            Reply::Ended { turn } => turn.map_or(Awaited::Nothing, |turn| Awaited::Ended(*turn)),
            other => return Err(CliError::Unexpected(Box::new(other))),
        };
        asked.remove(at);
        if is_enough(conversation, &awaited)? {
            break;
        }
    }
    Ok(())
}

/// The person gave the whole time and not what was left of it.
fn with_whole_limit(error: ClientError, patience: Patience) -> ClientError {
    match (error, patience.limit()) {
        (ClientError::Timeout(_), Some(limit)) => ClientError::Timeout(limit),
        (error, _) => error,
    }
}

/// What is asked, and how it is answered from here.
fn asks(conversation: ConversationId, turn: &TurnRecord) -> String {
    let head = format!("turn {} {}", turn.number, turn.state.word());
    let open: Vec<String> = turn
        .requests
        .iter()
        .filter(|request| request.is_open())
        .map(|request| format!("{}; {}", request.line(), answer_words(conversation, turn.number, request)))
        .collect();
    match (open.is_empty(), &turn.evidence) {
        (false, _) => format!("{head}: {}", open.join("\n  and: ")),
        (true, Some(seen)) => format!("{head}: {}", seen.text),
        (true, None) => head,
    }
}

fn answer_words(conversation: ConversationId, turn: TurnNumber, request: &Question) -> String {
    let verb = format!("threadkeep answer -c {conversation} --turn {turn} --request {}", request.number.0);
    match request.kind {
        RequestKind::Permission => format!("{verb} allow (or deny)"),
        RequestKind::Question => format!("{verb} TEXT"),
        RequestKind::Login => "log in on the agent's screen".to_owned(),
    }
}
