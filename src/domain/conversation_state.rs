//! One conversation with its session, its turn and its queue: what each input changes, and what must be done about it.
//!
//! Change here: when a message is delivered, when a turn ends, what is saved before what. `apply` is the one door.
//! Not here: the choice between reuse, resume and fresh (`continuity.rs`), or doing any of the actions (host).

mod earlier;
mod inputs;
mod queue;
mod requests;
mod restore;
mod session_events;
mod start;
#[cfg(test)]
mod tests;

pub use inputs::{
    Action, Ask, Input, NotResumable, Outcome, Place, RunningTurn, SessionEvent, StartOrder, StartTrouble, Timer,
};
pub use queue::{bytes_of, title_from};

use super::change::Change;
use super::changes::Trees;
use super::continuity::{
    self, CanResume, Continuity, Decision, DecisionRecord, Facts, IdKnown, ModelSwitch, SessionFacts, Why,
};
use super::conversation::{ConversationRecord, FreshWanted, QueueHeld, Title};
use super::id::{Generation, SessionNumber, Timestamp, TurnNumber};
use super::request::{Choice, RequestKind, RequestNumber};
use super::session::{AsleepWhy, BegunBy, Context, Exit, SessionEnd, SessionRecord};
use super::signal::Seen;
use super::turn::{
    Answer, Delivery, Evidence, FailedWhy, InterruptedBy, Origin, Source, TurnEnd, TurnRecord, TurnState, UnknownWhy,
    Usage, Work,
};
use super::worktree;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// The longest message that is taken; a frame on the wire holds it with room to spare.
pub const MAX_MESSAGE_BYTES: usize = 384 * 1024;
/// What waits in line has at most so many bytes together, so that a whole conversation is told in one frame.
pub const MAX_QUEUE_BYTES: usize = 448 * 1024;
/// What one that waits takes beside its text, so that many short ones are no way around that.
pub const WAITING_BYTES: usize = 512;
/// How many decisions `why` shows.
pub const DECISIONS_KEPT: usize = 10;
/// How long a title made from the first message may be, in characters.
const TITLE_CHARACTERS: usize = 40;
/// After a turn's end the prompt follows within milliseconds. A prompt that never says so (an rc file took our mark away) holds up
/// the next message for no longer than this.
const PROMPT_GRACE_MS: u64 = 1_000;

/// A conversation in the host's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationState {
    record: ConversationRecord,
    /// Of the session's agent.
    rules: AgentRules,
    /// Of the agent that the next session is to have, where that is another one.
    next_rules: Option<AgentRules>,
    /// The session that goes on; ended ones are only in the store.
    session: Option<SessionRecord>,
    live: Option<Live>,
    /// The turn that is being sent or runs.
    current: Option<Current>,
    /// Turns that wait, in order.
    queue: Vec<TurnRecord>,
    /// Without its answer.
    newest_ended: Option<TurnRecord>,
    /// The last few, newest at the back.
    decisions: VecDeque<DecisionRecord>,
    turns: u32,
    sessions: u32,
    decisions_made: u32,
    generations: u64,
    watched: Watched,
    /// What git counted last in its worktree; none where it has none, or was not asked.
    tree_work: Option<worktree::Work>,
}

/// What the conversation must know of its agent; the profile says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentRules {
    pub resume: CanResume,
    pub model_switch: ModelSwitch,
    /// Whether words can be typed as the answer to a question of the agent.
    pub question: QuestionTakes,
    pub exit: ExitMeans,
    /// Exit statuses that mean a key in the agent's own screen interrupted the turn.
    pub interrupted_statuses: Vec<i32>,
    /// For each step of the interrupt ladder: how long to wait for the turn's end before the next one. After the last the process is stopped.
    pub interrupt_step_ms: Vec<u64>,
    /// How long after the text was written a turn must be seen starting.
    pub start_deadline_ms: u64,
    /// How long a started agent may take to its first prompt before the person is told to look.
    pub ready_deadline_ms: u64,
    /// How long after an answer was typed the agent must be seen going on.
    pub goes_on_deadline_ms: u64,
}

/// What an open question of the agent can be answered with from outside of its screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionTakes {
    /// Any words.
    Words,
    /// Nothing: only its own screen knows how.
    Nothing,
}

/// What it means for a running turn when the agent's process leaves by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitMeans {
    /// Its status is the turn's: a shell that was told to exit.
    TurnStatus,
    /// The turn failed, whatever the status.
    Failure,
}

/// The living process of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    pub generation: Generation,
    pub since: Timestamp,
    pub pid: Option<u32>,
    pub place: AgentPlace,
    /// It was told to end; what it does from here on is expected.
    pub stopping: Stopping,
    pub taken_up: TakenUp,
    pub host: HostSince,
    /// What it asks while no turn is under way.
    pub asks: Option<(RequestKind, String)>,
    /// How many children of the agent work on in the background.
    pub background: u32,
    /// What the person should know of this process: that it is too old for what we rely on, say.
    pub warning: Option<String>,
    /// What each source said last.
    pub heard: BTreeMap<Source, Evidence>,
}

/// Whether the process took up the session that it was told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakenUp {
    /// It began a new one.
    New,
    /// The agent has not told which one it has.
    NotVerified,
    /// The agent told the same id.
    Verified,
}

/// Whether the host is still the one that the last message was decided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostSince {
    Same,
    /// Another one took the process over.
    Another,
}

/// A process that lived on while its host did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LivedOn {
    pub generation: Generation,
    /// The session that it was started for.
    pub session: SessionNumber,
    pub pid: Option<u32>,
    pub since: Timestamp,
    pub taken_up: TakenUp,
}

/// What the agent's process is seen to be at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentPlace {
    /// Started, and no prompt yet.
    Starting,
    /// At its prompt: takes a message.
    Ready,
    /// A turn has just ended; the prompt is on its way.
    AfterTurn,
    /// In a turn, or in the middle of something typed into its screen.
    Busy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopping {
    No,
    ByPerson,
    /// To be started again with another model: its session is taken up by the next process, and never by two at once.
    ForRestart,
}

/// A turn on its way, with what was asked of it meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    pub turn: TurnRecord,
    pub interrupt: Option<Interrupting>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupting {
    pub by: InterruptedBy,
    /// The step of the ladder that was taken last, counted from 0.
    pub step: usize,
}

/// Whether a window shows this conversation now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    Yes,
    No,
}

/// What the store kept of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub record: ConversationRecord,
    /// The session that goes on, if one does.
    pub session: Option<SessionRecord>,
    /// The turns that have not ended, in the order of their numbers.
    pub open_turns: Vec<TurnRecord>,
    pub newest_ended: Option<TurnRecord>,
    /// The last few, oldest first.
    pub decisions: Vec<DecisionRecord>,
    /// The highest numbers that were ever given.
    pub turns: u32,
    pub sessions: u32,
}

impl AgentRules {
    /// For an agent whose profile is gone: its sessions cannot be started, and what it did before is not judged.
    pub fn unknown_agent() -> AgentRules {
        AgentRules {
            resume: CanResume::No,
            model_switch: ModelSwitch::Fresh,
            question: QuestionTakes::Nothing,
            exit: ExitMeans::Failure,
            interrupted_statuses: Vec::new(),
            interrupt_step_ms: Vec::new(),
            start_deadline_ms: 0,
            ready_deadline_ms: 0,
            goes_on_deadline_ms: 0,
        }
    }
}

impl ConversationState {
    /// A conversation that nobody has said anything in.
    pub fn new(record: ConversationRecord, rules: AgentRules) -> ConversationState {
        ConversationState {
            record,
            rules,
            next_rules: None,
            session: None,
            live: None,
            current: None,
            queue: Vec::new(),
            newest_ended: None,
            decisions: VecDeque::new(),
            turns: 0,
            sessions: 0,
            decisions_made: 0,
            generations: 0,
            watched: Watched::No,
            tree_work: None,
        }
    }

    /// Applies one input and says what must be done about it. Never waits, never fails: a refusal is an action too.
    pub fn apply(&mut self, input: Input, now: Timestamp) -> Vec<Action> {
        let mut out = Vec::new();
        match input {
            Input::Submit { ask, text, place } => self.submit(ask, text, place, now, &mut out),
            Input::Fresh { ask, running } => self.ask_fresh(ask, running, FreshWanted::Yes, now, &mut out),
            Input::HandOver { ask, running } => self.ask_fresh(ask, running, FreshWanted::HandedOver, now, &mut out),
            Input::Interrupt { ask } => self.interrupt_asked(ask, now, &mut out),
            Input::StopSession { ask } => self.stop_session(ask, now, &mut out),
            Input::EditQueued { ask, turn, text } => self.edit_queued(ask, turn, text, &mut out),
            Input::RemoveQueued { ask, turn } => self.remove_queued(ask, turn, &mut out),
            Input::SendNow { ask, turn } => self.send_now(ask, turn, now, &mut out),
            Input::MoveQueued { ask, turn, to } => self.move_queued(ask, turn, to, &mut out),
            Input::SaveDraft { ask, text } if text.len() > MAX_MESSAGE_BYTES => {
                out.push(Action::Answer(ask, Outcome::TooLong { bytes: text.len() as u64 }));
            }
            Input::SaveDraft { ask, text } => {
                self.record.draft = text;
                self.save_record(&mut out);
                out.push(Action::Answer(ask, Outcome::Done));
            }
            Input::Rename { ask, title } => {
                let title = title.trim();
                self.record.title =
                    if title.is_empty() { Title::Unset } else { Title::ByPerson(title.chars().take(200).collect()) };
                self.save_record(&mut out);
                out.push(Action::Answer(ask, Outcome::Done));
            }
            Input::SetTab { ask, tab } => {
                self.record.tab = tab;
                self.save_record(&mut out);
                out.push(Action::Answer(ask, Outcome::Done));
            }
            Input::Counted(work) => self.tree_work = Some(work),
            Input::TreesNoted(turn, trees) => self.trees_noted(turn, trees, &mut out),
            Input::LeftWorktree { ask, folder } => {
                (self.record.worktree, self.tree_work) = (None, None);
                self.record.wanted.folder = folder;
                self.save_record(&mut out);
                out.push(Action::Answer(ask, Outcome::Done));
            }
            Input::SetModel { ask, model } => {
                self.record.wanted.model = model;
                self.save_record(&mut out);
                out.push(Action::Answer(ask, Outcome::Done));
            }
            Input::SetAgent { ask, agent, rules } => self.set_agent(ask, agent, *rules, &mut out),
            Input::TakeUpEarlier { ask, session, rules } => self.take_up_earlier(ask, *session, *rules, now, &mut out),
            Input::AnswerRequest { ask, turn, request, choice } => {
                self.answer_request(ask, turn, request, choice, &mut out);
            }
            Input::Watch(watched) => self.watch(watched, &mut out),
            Input::HostEnding => self.host_ending(now, &mut out),
            Input::Session { generation, event } => self.session_event(generation, event, now, &mut out),
            Input::Timer(timer) => self.timer(timer, now, &mut out),
        }
        out
    }

    pub fn record(&self) -> &ConversationRecord {
        &self.record
    }

    pub fn session(&self) -> Option<&SessionRecord> {
        self.session.as_ref()
    }

    pub fn live(&self) -> Option<&Live> {
        self.live.as_ref()
    }

    pub fn current(&self) -> Option<&Current> {
        self.current.as_ref()
    }

    pub fn queue(&self) -> &[TurnRecord] {
        &self.queue
    }

    pub fn newest_ended(&self) -> Option<&TurnRecord> {
        self.newest_ended.as_ref()
    }

    /// The last few decisions, oldest first.
    pub fn decisions(&self) -> &VecDeque<DecisionRecord> {
        &self.decisions
    }

    /// How many turns were ever accepted.
    pub fn turns(&self) -> u32 {
        self.turns
    }

    pub fn rules(&self) -> &AgentRules {
        &self.rules
    }

    /// The agent that was spoken to last, else the one that is wanted.
    pub fn agent(&self) -> &str {
        let own = self.session.as_ref().map(|session| &session.fingerprint.agent);
        own.unwrap_or(&self.record.wanted.agent)
    }

    pub fn tree_work(&self) -> Option<worktree::Work> {
        self.tree_work
    }

    /// What its turns used together, as far as their agents told.
    pub fn spent(&self) -> Usage {
        let mut spent = self.record.spent;
        spent.add(self.current.as_ref().and_then(|current| current.turn.work.usage).unwrap_or_default());
        spent
    }

    /// Whether nothing would be lost by forgetting it.
    pub fn is_untouched(&self) -> bool {
        self.turns == 0 && self.record.draft.is_empty() && !matches!(self.record.title, Title::ByPerson(_))
    }

    /// What would be decided for a message sent now.
    pub fn next_decision(&self) -> Decision {
        if self.takes_words_as_answer() {
            return Decision { continuity: Continuity::Answer, why: Why::AnswersQuestion };
        }
        match self.waits_in_line() {
            Some(why) => Decision { continuity: Continuity::Queued, why },
            None => continuity::decide(&self.facts()),
        }
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            wanted: &self.record.wanted,
            fresh_wanted: self.record.fresh_wanted,
            begun: &self.record.begun,
            session: self.session.as_ref().map(|session| SessionFacts {
                fingerprint: &session.fingerprint,
                asleep: session.asleep.as_ref(),
                last_folder: session.last_folder.as_deref(),
                context: session.context,
                begun_by: session.begun_by,
                host: self.live.as_ref().map_or(HostSince::Same, |live| live.host),
                id: if session.agent_session.is_some() { IdKnown::Yes } else { IdKnown::No },
            }),
            resume: self.rules.resume,
            model_switch: self.rules.model_switch,
        }
    }

    /// Why a message sent now would have to wait, with its place in line.
    fn waits_in_line(&self) -> Option<Why> {
        let place = u32::try_from(self.queue.len()).unwrap_or(u32::MAX).saturating_add(1);
        match &self.current {
            Some(current) => Some(Why::TurnRunning { turn: current.turn.number, place }),
            None if self.is_being_stopped() => Some(Why::SessionEnding { place }),
            None if self.queue.is_empty() => None,
            None => Some(Why::BehindQueue { place }),
        }
    }

    /// Whether a message would go to a process that was told to end, or to the session of one: it waits until that one is gone.
    fn is_being_stopped(&self) -> bool {
        if self.live.as_ref().is_none_or(|live| live.stopping == Stopping::No) {
            return false;
        }
        let Decision { continuity, why } = continuity::decide(&self.facts());
        match continuity {
            Continuity::Reused | Continuity::Resumed => true,
            Continuity::Fresh => why == Why::BegunInScreen,
            Continuity::Queued | Continuity::Answer | Continuity::Refused => false,
        }
    }

    /// Whether a message to the session, which is asleep, would find its context again.
    pub fn will_resume(&self) -> bool {
        continuity::decide(&self.facts()).continuity == Continuity::Resumed
    }

    fn set_agent(&mut self, ask: Ask, agent: String, rules: AgentRules, out: &mut Vec<Action>) {
        if self.record.wanted.agent != agent {
            self.record.wanted.agent = agent;
            self.record.wanted.model = None;
        }
        // What runs is judged by the rules it was started under.
        let own = self.session.as_ref().map(|session| &session.fingerprint.agent);
        if own.is_none_or(|own| *own == self.record.wanted.agent) {
            (self.rules, self.next_rules) = (rules, None);
        } else {
            self.next_rules = Some(rules);
        }
        self.save_record(out);
        out.push(Action::Answer(ask, Outcome::Done));
    }

    fn save_record(&self, out: &mut Vec<Action>) {
        out.push(Action::Save(Change::Conversation(self.record.clone())));
    }

    fn save_session(&self, out: &mut Vec<Action>) {
        if let Some(session) = &self.session {
            out.push(Action::Save(Change::Session(self.record.id, session.clone())));
        }
    }

    fn save_turn(&self, turn: &TurnRecord, out: &mut Vec<Action>) {
        out.push(Action::Save(Change::Turn(self.record.id, turn.clone())));
    }

    fn save_current(&self, out: &mut Vec<Action>) {
        if let Some(current) = &self.current {
            self.save_turn(&current.turn, out);
        }
    }

    fn record_decision(&mut self, turn: &TurnRecord, decision: &Decision, now: Timestamp, out: &mut Vec<Action>) {
        self.decisions_made += 1;
        let record = DecisionRecord {
            number: self.decisions_made,
            turn: turn.number,
            session: turn.session,
            decision: decision.clone(),
            evidence: turn.evidence.clone(),
            at: now,
        };
        out.push(Action::Save(Change::Decision(self.record.id, record.clone())));
        self.decisions.push_back(record);
        while self.decisions.len() > DECISIONS_KEPT {
            self.decisions.pop_front();
        }
    }

    /// The turn may be in the queue again by now, or have ended; an older one stands in the store alone.
    fn trees_noted(&mut self, turn: TurnNumber, trees: Trees, out: &mut Vec<Action>) {
        let current = self.current.as_mut().map(|current| &mut current.turn);
        let known = current.into_iter().chain(&mut self.newest_ended).chain(&mut self.queue);
        for known in known.filter(|known| known.number == turn) {
            known.trees = Some(trees.clone());
        }
        out.push(Action::Save(Change::TurnTrees(self.record.id, turn, trees)));
    }

    fn watch(&mut self, watched: Watched, out: &mut Vec<Action>) {
        self.watched = watched;
        if watched == Watched::Yes && self.record.unread.take().is_some() {
            self.save_record(out);
        }
    }

    /// Ends the current turn, exactly once: with it the place for a current turn is empty.
    fn end_turn(&mut self, end: TurnEnd, evidence: Evidence, answer: Option<Answer>, out: &mut Vec<Action>) {
        let Some(Current { mut turn, .. }) = self.current.take() else {
            return;
        };
        turn.ended_at = Some(evidence.at);
        turn.evidence = Some(evidence);
        if answer.is_some() {
            turn.answer = answer;
        }
        requests::expire(&mut turn);
        self.record.active_at = turn.ended_at.unwrap_or(self.record.active_at);
        if self.watched == Watched::No {
            self.record.unread = Some(end.clone());
        }
        if !self.queue.is_empty()
            && matches!(
                &end,
                TurnEnd::Failed(
                    FailedWhy::NotStarted
                        | FailedWhy::CouldNotStart(_)
                        | FailedWhy::ProgramMissing(_)
                        | FailedWhy::FolderGone(_)
                        | FailedWhy::NotDelivered
                )
            )
        {
            self.record.queue_held = Some(QueueHeld::NotStarted);
        }
        turn.state = TurnState::Ended(end);
        self.record.spent.add(turn.work.usage.unwrap_or_default());
        self.save_turn(&turn, out);
        self.save_record(out);
        out.push(Action::TellEnded(turn.clone()));
        self.newest_ended = Some(without_answer(turn));
    }
}

/// Answers may be long and are in the store; memory holds thousands of conversations.
fn without_answer(turn: TurnRecord) -> TurnRecord {
    TurnRecord { answer: None, ..turn }
}

fn evidence(source: Source, at: Timestamp, text: impl Into<String>) -> Evidence {
    Evidence { source, at, text: text.into() }
}
