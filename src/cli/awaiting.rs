//! Waits for the end of a turn, and tells meanwhile on standard error when the agent waits for the person.
//!
//! A host that is killed or replaced takes no agent with it, so whoever waits goes on waiting at the next one. Only one that was told to end
//! says so, and ends the wait.

use super::{CliError, say_aside};
use crate::client::{Absent, ClientError, Control};
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::request::{Request as Question, RequestKind};
use crate::domain::turn::TurnRecord;
use crate::paths::Paths;
use crate::protocol::message::{Refusal, Reply, Request, WhenAsked};
use std::collections::BTreeMap;
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
    paths: &Paths,
    conversation: ConversationId,
    turn: Option<TurnNumber>,
    patience: Patience,
) -> Result<Awaited, CliError> {
    let mut waiting = Waiting::begin(control, paths, patience, vec![Of { conversation, turn }])?;
    Ok(waiting.next()?.map_or(Awaited::Nothing, |(_, awaited)| awaited))
}

/// Waits for the end of all that is under way in each of these, and hands out what each came to as it comes, until `is_enough` says so. One
/// that is at rest already came to its last end.
pub fn await_several(
    control: &mut Control,
    paths: &Paths,
    conversations: &[ConversationId],
    patience: Patience,
    mut is_enough: impl FnMut(ConversationId, &Awaited) -> Result<bool, CliError>,
) -> Result<(), CliError> {
    let of = conversations.iter().map(|conversation| Of { conversation: *conversation, turn: None });
    let mut waiting = Waiting::begin(control, paths, patience, of.collect())?;
    while let Some((conversation, awaited)) = waiting.next()? {
        if is_enough(conversation, &awaited)? {
            break;
        }
    }
    Ok(())
}

/// What is waited for.
struct Of {
    conversation: ConversationId,
    turn: Option<TurnNumber>,
}

/// A host that goes away more often than this while one waits is broken, not replaced.
const MOST_BREAKS: u32 = 20;
/// One that makes room for the next needs a moment to let go.
const PAUSE: Duration = Duration::from_millis(100);

/// Waits that are under way, at one host after the other.
struct Waiting<'a> {
    control: &'a mut Control,
    paths: &'a Paths,
    patience: Patience,
    until: Option<Instant>,
    lead: Lead,
    /// Those that are not over, with the number of the request at this host.
    open: Vec<(u64, Of)>,
    breaks: u32,
    /// What was said last of each: the next host tells it again.
    said: BTreeMap<ConversationId, String>,
}

/// What stands before words about a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lead {
    Nothing,
    Conversation,
}

impl<'a> Waiting<'a> {
    fn begin(
        control: &'a mut Control,
        paths: &'a Paths,
        patience: Patience,
        of: Vec<Of>,
    ) -> Result<Waiting<'a>, CliError> {
        let until = patience.limit().map(|limit| Instant::now() + limit);
        let lead = if of.len() > 1 { Lead::Conversation } else { Lead::Nothing };
        let open = of.into_iter().map(|of| (0, of)).collect();
        let said = BTreeMap::new();
        let mut waiting = Waiting { control, paths, patience, until, lead, open, breaks: 0, said };
        match waiting.ask() {
            Err(error) if waiting.is_gone(&error) => waiting.ask_next_host(error)?,
            other => other?,
        }
        Ok(waiting)
    }

    fn ask(&mut self) -> Result<(), ClientError> {
        for (id, Of { conversation, turn }) in &mut self.open {
            let request = Request::Wait { conversation: *conversation, turn: *turn, asked: WhenAsked::Tell };
            *id = self.control.send(&request)?;
        }
        Ok(())
    }

    /// The next one that is over; none when all are.
    fn next(&mut self) -> Result<Option<(ConversationId, Awaited)>, CliError> {
        while !self.open.is_empty() {
            let left = self.until.map(|until| until.saturating_duration_since(Instant::now()));
            let ids: Vec<u64> = self.open.iter().map(|(id, _)| *id).collect();
            let (id, reply) = match self.control.await_any(&ids, left) {
                Ok(came) => came,
                Err(error) if self.is_gone(&error) => {
                    self.ask_next_host(error)?;
                    continue;
                }
                Err(error) => return Err(with_whole_limit(error, self.patience).into()),
            };
            let Some(at) = self.open.iter().position(|(asked, _)| *asked == id) else { continue };
            let conversation = self.open[at].1.conversation;
            let awaited = match reply {
                Reply::NeedsPerson { turn } => {
                    self.say_once(conversation, asks(conversation, &turn));
                    if !matches!(self.patience, Patience::UntilAsked(_)) {
                        continue;
                    }
                    Awaited::Asked(*turn)
                }
                Reply::Ended { turn } => turn.map_or(Awaited::Nothing, |turn| Awaited::Ended(*turn)),
                other => return Err(CliError::Unexpected(Box::new(other))),
            };
            self.open.remove(at);
            return Ok(Some((conversation, awaited)));
        }
        Ok(None)
    }

    fn say_once(&mut self, conversation: ConversationId, words: String) {
        if self.said.get(&conversation) == Some(&words) {
            return;
        }
        match self.lead {
            Lead::Nothing => say_aside(&words),
            Lead::Conversation => say_aside(&format!("conversation {conversation}: {words}")),
        }
        self.said.insert(conversation, words);
    }

    /// Whether the host went away in silence. One that was told to end refuses first; one that makes room refuses who comes then.
    fn is_gone(&self, error: &ClientError) -> bool {
        match error {
            ClientError::Ended | ClientError::Broken(_) => true,
            ClientError::Refused(why) => self.breaks > 0 && *why == Refusal::Ending,
            ClientError::NoHost { .. }
            | ClientError::Start { .. }
            | ClientError::Codec(_)
            | ClientError::NotSent(_)
            | ClientError::Version { .. }
            | ClientError::Timeout(_)
            | ClientError::Busy
            | ClientError::NotOurs { .. }
            | ClientError::Silent { .. } => false,
        }
    }

    fn ask_next_host(&mut self, mut error: ClientError) -> Result<(), CliError> {
        loop {
            self.breaks += 1;
            if self.breaks > MOST_BREAKS {
                return Err(error.into());
            }
            if let Some(limit) =
                self.patience.limit().filter(|_| self.until.is_some_and(|until| Instant::now() > until))
            {
                return Err(ClientError::Timeout(limit).into());
            }
            std::thread::sleep(PAUSE);
            let asked = Control::connect(self.paths, Absent::Start).and_then(|control| {
                *self.control = control;
                self.ask()
            });
            match asked {
                Err(again) if self.is_gone(&again) => error = again,
                other => return Ok(other?),
            }
        }
    }
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
