//! A conversation as clients are told of it.

use crate::domain::conversation::QueueHeld;
use crate::domain::conversation_state::{AgentPlace, ConversationState, MAX_QUEUE_BYTES, bytes_of};
use crate::domain::id::TurnNumber;
use crate::domain::request::RequestNumber;
use crate::domain::session::AsleepWhy;
use crate::domain::turn::{TurnEnd, TurnRecord, TurnState};
use crate::protocol::message::{Conversation, Counts, Process, Session, Status, WaitsFor};

/// Prompts of the current turn are shown, not sent on, so more than this is of no use to a window.
const SHOWN_PROMPT_BYTES: usize = 4 * 1024;
/// What a list shows of a prompt.
const LISTED_PROMPT_BYTES: usize = 200;

/// The conversation as a window shows it.
pub fn conversation(state: &ConversationState) -> Conversation {
    let record = state.record();
    let turn = state.current().map(|current| &current.turn).or(state.newest_ended());
    Conversation {
        id: record.id,
        title: record.title_text().to_owned(),
        wanted: record.wanted.clone(),
        tab: record.tab,
        status: status(state),
        unread: record.unread.clone(),
        draft: record.draft.clone(),
        session: session(state),
        turn: turn.map(|turn| with_short_prompt(turn, SHOWN_PROMPT_BYTES)),
        queue: queue(state),
        queue_held: record.queue_held,
        decision: state.decisions().back().cloned(),
        next: state.next_decision(),
        turns: state.turns(),
        begun: record.begun.clone(),
        worktree: record.worktree.clone(),
        tree_work: state.tree_work(),
        spent: state.spent(),
        created_at: record.created_at,
        active_at: record.active_at,
    }
}

/// What waits, as far as a frame holds it: a store may have more than is taken today.
fn queue(state: &ConversationState) -> Vec<TurnRecord> {
    let mut bytes = 0;
    let fits = |turn: &&TurnRecord| {
        bytes += bytes_of(turn);
        bytes <= MAX_QUEUE_BYTES
    };
    state.queue().iter().take_while(fits).cloned().collect()
}

/// The conversation as a list shows it: nothing long.
pub fn listed(state: &ConversationState) -> Conversation {
    let whole = conversation(state);
    let short = |turn: &TurnRecord| with_short_prompt(turn, LISTED_PROMPT_BYTES);
    Conversation {
        draft: cut(&whole.draft, LISTED_PROMPT_BYTES),
        turn: whole.turn.as_ref().map(short),
        queue: whole.queue.iter().map(short).collect(),
        ..whole
    }
}

/// All that clients see of it except what is the same for long: told anew only when this differs.
pub fn visible_of(state: &ConversationState) -> impl PartialEq + use<> {
    (
        state.record().clone(),
        state.session().cloned(),
        state.live().map(|live| {
            let starting = live.place == AgentPlace::Starting;
            (
                live.generation,
                live.pid,
                starting,
                live.taken_up,
                live.asks.clone(),
                live.background,
                live.warning.clone(),
            )
        }),
        state.current().map(|current| current.turn.clone()),
        state.queue().to_vec(),
        state.decisions().back().map(|decision| decision.number),
        state.tree_work(),
        state.newest_ended().and_then(|turn| turn.trees.clone()),
    )
}

/// Whether this turn is queued, being sent or running.
pub fn is_open(state: &ConversationState, turn: TurnNumber) -> bool {
    state.current().is_some_and(|current| current.turn.number == turn)
        || state.queue().iter().any(|waiting| waiting.number == turn)
}

/// Why this turn waits for the person; none where it does not.
pub fn is_held(state: &ConversationState, turn: TurnNumber) -> Option<QueueHeld> {
    state.record().queue_held.filter(|_| state.queue().iter().any(|waiting| waiting.number == turn))
}

/// Whether nothing is under way, nor will be without the person.
pub fn is_quiet(state: &ConversationState) -> bool {
    state.current().is_none() && (state.queue().is_empty() || state.record().queue_held.is_some())
}

/// What an agent waits for the person with: the state of its turn, and what is open in it.
pub type Needs = (TurnNumber, TurnState, Vec<RequestNumber>);

/// None while the agent does not wait for the person.
pub fn needs(state: &ConversationState) -> Option<Needs> {
    let turn = &state.current()?.turn;
    match turn.state {
        TurnState::NeedsApproval | TurnState::NeedsAnswer => {
            let open = turn.requests.iter().filter(|request| request.is_open()).map(|request| request.number);
            Some((turn.number, turn.state.clone(), open.collect()))
        }
        TurnState::Queued | TurnState::Sending | TurnState::Working | TurnState::Ended(_) => None,
    }
}

/// The turn that is under way, as it is shown.
pub fn current(state: &ConversationState) -> Option<TurnRecord> {
    Some(with_short_prompt(&state.current()?.turn, SHOWN_PROMPT_BYTES))
}

fn status(state: &ConversationState) -> Status {
    if let Some(current) = state.current() {
        return match current.turn.state {
            TurnState::Queued | TurnState::Sending | TurnState::Ended(_) => Status::Sending,
            TurnState::Working => Status::Working,
            TurnState::NeedsApproval => Status::NeedsApproval,
            TurnState::NeedsAnswer => Status::NeedsAnswer,
        };
    }
    match (state.session(), state.live()) {
        (None, _) => Status::Draft,
        (Some(_), Some(live)) if live.asks.is_some() => Status::NeedsAnswer,
        (Some(_), Some(_)) => Status::Idle,
        (Some(_), None) if state.will_resume() => Status::AsleepWillResume,
        (Some(_), None) => Status::AsleepCannotResume,
    }
}

/// How many are in each state.
pub fn counts<'a>(states: impl Iterator<Item = &'a ConversationState>) -> Counts {
    let mut counts = Counts::default();
    for state in states {
        let record = state.record();
        match status(state) {
            Status::Draft => counts.drafts += 1,
            Status::Idle => counts.idle += 1,
            Status::Sending | Status::Working => counts.working += 1,
            Status::NeedsApproval | Status::NeedsAnswer => counts.asks += 1,
            Status::AsleepWillResume | Status::AsleepCannotResume => counts.asleep += 1,
        }
        counts.queued += u32::try_from(state.queue().len()).unwrap_or(u32::MAX);
        counts.held += u32::from(record.queue_held.is_some() && !state.queue().is_empty());
        match record.unread {
            Some(TurnEnd::Completed) => counts.unread_completed += 1,
            Some(TurnEnd::Failed(_) | TurnEnd::Interrupted(_) | TurnEnd::Unknown(_)) => counts.unread_other += 1,
            None => {}
        }
    }
    counts
}

fn session(state: &ConversationState) -> Option<Session> {
    let session = state.session()?;
    let process = match state.live() {
        Some(live) => Process::Alive {
            generation: live.generation,
            since: live.since,
            pid: live.pid,
            taken_up: live.taken_up,
            background: live.background,
        },
        // A session without a process always has its reason; it is saved before the process is let go.
        None => Process::Asleep { why: session.asleep.clone().unwrap_or(AsleepWhy::HostEnded) },
    };
    Some(Session {
        number: session.number,
        fingerprint: session.fingerprint.clone(),
        folder: session.last_folder.clone(),
        started_at: session.started_at,
        process,
        agent_session: session.agent_session.clone(),
        asks: state.live().and_then(|live| live.asks.clone()).map(|(kind, text)| WaitsFor { kind, text }),
        warning: state.live().and_then(|live| live.warning.clone()),
        heard: state.live().map(|live| live.heard.values().cloned().collect()).unwrap_or_default(),
    })
}

fn with_short_prompt(turn: &TurnRecord, most: usize) -> TurnRecord {
    TurnRecord { prompt: cut(&turn.prompt, most), answer: None, ..turn.clone() }
}

/// At most so many bytes of a text, whole characters only, with a sign where it was cut.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().map(|(at, _)| at).take_while(|at| *at <= most).last() {
        Some(at) if text.len() > most => format!("{}…", &text[..at]),
        _ => text.to_owned(),
    }
}
