//! Makes one story of an agent's state out of what its sources claim: when it takes a message, when a turn begins and how it ends, once.
//!
//! The best source that has spoken in this process tells the state; what a worse one says is noted and moves nothing. Change here: what a
//! claim means after another. Not here: reading a source (one file each beside this) or what follows for the conversation (domain).

use super::claim::{Claim, Claimed};
use crate::domain::conversation_state::AgentPlace;
use crate::domain::id::{Timestamp, TurnNumber};
use crate::domain::request::RequestKind;
use crate::domain::signal::{Ending, Seen, Signal};
use crate::domain::turn::{Answer, Detail, Evidence, FailureKind, Source, Usage};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Follows one process. Moments are counted from its start.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tracker {
    /// Not kept: the profile says them.
    #[serde(skip)]
    rules: TrackerRules,
    /// The place in `rules.sources` of the best source that has told a state so far.
    speaking: Option<usize>,
    /// The last state that each source told, to know a repetition.
    last: BTreeMap<Source, Claim>,
    /// The sources that tell of a start by name. Such a one tells of each.
    tell_starts: BTreeSet<Source>,
    /// The turn whose keys were typed and whose start was not seen yet.
    expected: Option<TurnNumber>,
    state: State,
    /// The text of a turn that begins, from a source that knows it.
    prompt: Option<String>,
    /// The newest message of the turn that runs.
    answer: Option<String>,
    /// What any source said of its failure.
    failure: Option<String>,
    /// What is known of its cost, which is told in parts.
    usage: Option<Usage>,
    record: Record,
    /// Whether the record tells where a turn begins in it. Without that nobody knows whose its lines are.
    record_tells_starts: bool,
}

/// What the profile says of the agent's ways.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrackerRules {
    /// Its sources, best first.
    pub sources: Vec<Source>,
    /// A state that holds no longer than this is a flash: `working` beside the first `idle` or after it, or when its screen is cleared.
    pub settle: Duration,
    /// How long the end of a turn waits for the record that has the answer; zero where there is none.
    pub answer_wait: Duration,
}

/// What is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It moves something.
    Seen(Seen),
    /// It moves nothing, and the person may want to know it.
    Noted(Evidence),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// Before its first prompt.
    Starting,
    /// Idle for the first time since then; ready when that has held.
    Settling {
        since: Duration,
        evidence: Evidence,
    },
    Idle,
    /// Working since then: a turn when that has held, ours where one was expected then.
    Stirring {
        since: Duration,
        turn: Option<TurnNumber>,
        evidence: Evidence,
    },
    Running(Running),
    /// The end was told; its answer may still come.
    Ended {
        running: Running,
        ending: Ending,
        evidence: Evidence,
        until: Duration,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Running {
    turn: Option<TurnNumber>,
    /// What it waits for, as far as is known.
    asks: Option<(RequestKind, String)>,
}

/// Whether the agent's own record of the turn that runs has its end, and so its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Record {
    /// The turn before ended without waiting for its record, and what is read may still be of that one.
    Behind,
    Open,
    Whole,
}

impl Tracker {
    pub fn new(rules: TrackerRules) -> Tracker {
        Tracker {
            rules,
            speaking: None,
            last: BTreeMap::new(),
            tell_starts: BTreeSet::new(),
            expected: None,
            state: State::Starting,
            prompt: None,
            answer: None,
            failure: None,
            usage: None,
            record: Record::Open,
            record_tells_starts: false,
        }
    }

    /// Goes on where another one was, by the same rules.
    pub fn go_on(&mut self, known: Tracker) {
        *self = Tracker { rules: std::mem::take(&mut self.rules), ..known };
        // Another build may know other sources: what spoke best is found out anew.
        if self.speaking.is_some_and(|best| best >= self.rules.sources.len()) {
            self.speaking = None;
        }
    }

    /// Where the agent is, as far as was told.
    pub fn place(&self) -> AgentPlace {
        match self.state {
            State::Starting | State::Settling { .. } => AgentPlace::Starting,
            State::Idle => AgentPlace::Ready,
            State::Stirring { .. } | State::Running(_) | State::Ended { .. } => AgentPlace::Busy,
        }
    }

    /// The keys of this turn are about to be typed: what starts next is probably it.
    pub fn expect(&mut self, turn: TurnNumber) {
        self.expected = Some(turn);
    }

    /// The expected turn is given up: what starts from now on was typed.
    pub fn expect_nothing(&mut self) {
        self.expected = None;
    }

    /// A source that shows what is there now shows nothing of note: what it shows next is new.
    pub fn see_nothing(&mut self, source: Source) {
        self.last.remove(&source);
    }

    /// When something follows from silence alone.
    pub fn due(&self) -> Option<Duration> {
        match &self.state {
            State::Settling { since, .. } | State::Stirring { since, .. } => Some(*since + self.rules.settle),
            State::Ended { until, .. } => Some(*until),
            State::Starting | State::Idle | State::Running(_) => None,
        }
    }

    /// Time has passed; says what that means.
    pub fn pass_time(&mut self, now: Duration) -> Vec<Heard> {
        let mut heard = Vec::new();
        if self.due().is_none_or(|due| now < due) {
            return heard;
        }
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Settling { evidence, .. } => heard.push(seen(Signal::Ready, evidence)),
            State::Stirring { turn, evidence, .. } => self.start(turn, evidence, &mut heard),
            State::Ended { running, ending, evidence, .. } => self.tell_end(running, ending, evidence, &mut heard),
            other @ (State::Starting | State::Idle | State::Running(_)) => self.state = other,
        }
        heard
    }

    /// Takes what a source says.
    pub fn hear(&mut self, claimed: Claimed, now: Duration, at: Timestamp) -> Vec<Heard> {
        let mut heard = Vec::new();
        let Claimed { source, claim, words } = claimed;
        let evidence = Evidence { source, at, text: words };
        match claim {
            Claim::Detail(detail) => self.take_detail(detail, evidence, &mut heard),
            Claim::Identity(id) => heard.push(seen(Signal::Identity(id), evidence)),
            Claim::Background { count } => heard.push(seen(Signal::Background(count), evidence)),
            Claim::Title(name) => heard.push(seen(Signal::Named(name), evidence)),
            state => self.take_state(state, evidence, now, &mut heard),
        }
        heard
    }

    fn take_detail(&mut self, detail: Detail, evidence: Evidence, heard: &mut Vec<Heard>) {
        let runs = match self.state {
            State::Running(_) | State::Ended { .. } | State::Stirring { .. } => true,
            // A message of ours may be in the record before its start is seen.
            State::Starting | State::Settling { .. } | State::Idle => self.expected.is_some(),
        };
        // What is read of a turn that was cut off belongs to no later one. Its record is told in order, so its own turn is known to be over.
        if runs && evidence.source == Source::Transcript && self.record == Record::Behind {
            return;
        }
        let told_more = detail.model.is_some() || detail.usage.is_some();
        let detail = Detail { usage: self.add_usage(detail.usage), ..detail };
        let detail = match (runs, detail.answer) {
            (true, Some(answer)) => {
                self.answer = Some(answer);
                Detail { answer: None, ..detail }
            }
            (_, answer) => Detail { answer, ..detail },
        };
        if told_more || detail.answer.is_some() {
            heard.push(seen(Signal::Detail(detail), evidence));
        }
    }

    fn add_usage(&mut self, part: Option<Usage>) -> Option<Usage> {
        let part = part?;
        let before = self.usage.unwrap_or_default();
        let cost = before.cost_micros.unwrap_or(0).saturating_add(part.cost_micros.unwrap_or(0));
        self.usage = Some(Usage {
            input_tokens: before.input_tokens.saturating_add(part.input_tokens),
            output_tokens: before.output_tokens.saturating_add(part.output_tokens),
            cost_micros: before.cost_micros.or(part.cost_micros).map(|_| cost),
        });
        self.usage
    }

    fn take_state(&mut self, claim: Claim, evidence: Evidence, now: Duration, heard: &mut Vec<Heard>) {
        let Some(rank) = self.rules.sources.iter().position(|source| *source == evidence.source) else {
            return;
        };
        if let Claim::Started { prompt: Some(prompt) } = &claim {
            self.prompt = Some(prompt.clone());
        }
        if let Claim::Started { .. } = &claim {
            self.tell_starts.insert(evidence.source);
        }
        if evidence.source == Source::Transcript {
            self.follow_record(&claim);
        }
        let is_late = evidence.source == Source::Transcript && self.record == Record::Behind;
        let repeated = self.last.insert(evidence.source, claim.clone()).is_some_and(|last| last == claim);
        // What still stands on the screen may be of an earlier turn.
        let is_old = repeated && evidence.source == Source::Screen;
        if let Claim::Failed { text } = &claim
            && !text.is_empty()
            && !is_late
            && !is_old
        {
            self.failure = Some(text.clone());
        }
        if self.speaking.is_some_and(|best| best < rank) {
            match claim {
                Claim::Asks { kind, text } => self.say_what_is_asked(kind, text, &evidence, heard),
                // The best one may say nothing of a message that the agent refused.
                Claim::Failed { text } if self.state == State::Idle && evidence.source == Source::Hook => {
                    self.claim_end(Ending::Failed { kind: FailureKind::Other, text }, evidence.clone(), now, heard);
                }
                // The same where what it failed for was told first.
                Claim::Failed { text } if self.asks_for_login() => {
                    self.claim_end(Ending::Failed { kind: FailureKind::Other, text }, evidence.clone(), now, heard);
                }
                Claim::Failed { .. }
                | Claim::Idle
                | Claim::Working { .. }
                | Claim::Started { .. }
                | Claim::Done
                | Claim::Interrupted
                | Claim::Detail(_)
                | Claim::Identity(_)
                | Claim::Background { .. }
                | Claim::Title(_) => {}
            }
            heard.push(Heard::Noted(evidence));
            self.end_if_whole(heard);
            return;
        }
        self.speaking = Some(rank);
        // The same state told again says nothing new, and after a later turn began it would be a lie.
        if repeated && !matches!(claim, Claim::Started { .. }) {
            return;
        }
        match claim {
            Claim::Idle => self.claim_idle(evidence, now, heard),
            Claim::Working { doing } => self.claim_working(doing, evidence, now, heard),
            Claim::Started { .. } => self.claim_working(None, evidence, now, heard),
            Claim::Asks { kind, text } => self.claim_asks(kind, text, evidence, now, heard),
            Claim::Done => self.claim_end(Ending::Completed, evidence, now, heard),
            Claim::Failed { text } => {
                self.claim_end(Ending::Failed { kind: FailureKind::Other, text }, evidence, now, heard);
            }
            Claim::Interrupted => self.claim_end(Ending::Interrupted, evidence, now, heard),
            // Taken before, as they are no states.
            Claim::Detail(_) | Claim::Identity(_) | Claim::Background { .. } | Claim::Title(_) => {}
        }
    }

    fn asks_for_login(&self) -> bool {
        matches!(&self.state, State::Running(Running { asks: Some((RequestKind::Login, _)), .. }))
    }

    /// The agent's own record is read a little behind what it reports.
    fn follow_record(&mut self, claim: &Claim) {
        match claim {
            Claim::Started { .. } | Claim::Working { doing: None } => {
                self.record_tells_starts = true;
                self.record = Record::Open;
            }
            Claim::Done | Claim::Failed { .. } | Claim::Interrupted => {
                if self.record != Record::Behind {
                    self.record = Record::Whole;
                }
            }
            Claim::Idle
            | Claim::Working { doing: Some(_) }
            | Claim::Asks { .. }
            | Claim::Detail(_)
            | Claim::Identity(_)
            | Claim::Background { .. }
            | Claim::Title(_) => {}
        }
    }

    fn claim_idle(&mut self, evidence: Evidence, now: Duration, heard: &mut Vec<Heard>) {
        match &self.state {
            State::Starting if self.rules.settle.is_zero() => {
                self.state = State::Idle;
                heard.push(seen(Signal::Ready, evidence));
            }
            State::Starting => self.state = State::Settling { since: now, evidence },
            // A flash. Whoever waits for the prompt may go on.
            State::Stirring { .. } => {
                self.state = State::Idle;
                heard.push(seen(Signal::Ready, evidence));
            }
            State::Running(running) => {
                // A report made for it tells an end by name, so idle without one is an interrupt. Other sources know only this.
                let ending = match (evidence.source, &running.asks, &self.failure) {
                    // It failed for want of a login, asked for that, and the person saw to it.
                    (_, Some((RequestKind::Login, _)), Some(text)) => {
                        Ending::Failed { kind: FailureKind::Other, text: text.clone() }
                    }
                    (Source::ProgramStatus, _, _) => Ending::Interrupted,
                    (_, _, _) => Ending::LooksDone,
                };
                self.claim_end(ending, evidence, now, heard);
            }
            // It asked something outside of a turn, and that is over.
            State::Idle => heard.push(seen(Signal::Ready, evidence)),
            State::Settling { .. } | State::Ended { .. } => {}
        }
    }

    fn claim_working(&mut self, doing: Option<String>, evidence: Evidence, now: Duration, heard: &mut Vec<Heard>) {
        self.end_now(heard);
        match &mut self.state {
            // The flash beside the first idle.
            State::Starting => {}
            State::Settling { .. } => self.state = State::Starting,
            State::Idle => {
                self.state = State::Stirring { since: now, turn: self.expected, evidence: evidence.clone() };
                if self.rules.settle.is_zero() {
                    self.start(self.expected, evidence.clone(), heard);
                }
            }
            State::Running(running) if running.asks.is_some() => {
                running.asks = None;
                heard.push(seen(Signal::GoesOn, evidence.clone()));
            }
            State::Running(_) | State::Stirring { .. } | State::Ended { .. } => {}
        }
        let Some(doing) = doing else { return };
        // It tells what it does: that is no flash.
        if let State::Stirring { turn, evidence, .. } = &self.state {
            self.start(*turn, evidence.clone(), heard);
        }
        if let State::Running(_) = &self.state {
            heard.push(seen(Signal::Doing(doing), evidence));
        }
    }

    fn claim_asks(
        &mut self,
        kind: RequestKind,
        text: String,
        evidence: Evidence,
        now: Duration,
        heard: &mut Vec<Heard>,
    ) {
        self.end_now(heard);
        match self.state {
            State::Settling { .. } => self.state = State::Starting,
            State::Stirring { turn, .. } => self.start(turn, evidence.clone(), heard),
            // At its prompt it asks for itself, and a message that was just typed may be lost to that dialog: no turn began.
            State::Starting | State::Idle | State::Running(_) | State::Ended { .. } => {}
        }
        if let State::Running(running) = &mut self.state {
            running.asks = Some((kind, text.clone()));
            // It failed for want of a login: its turn is over, and it can be told to log in at its prompt.
            if kind == RequestKind::Login
                && let Some(text) = self.failure.clone()
            {
                return self.claim_end(Ending::Failed { kind: FailureKind::Other, text }, evidence, now, heard);
            }
        }
        heard.push(seen(Signal::Asks { kind, text }, evidence));
    }

    /// A worse source cannot say that something is asked, but what it is, where the best one told less.
    fn say_what_is_asked(&mut self, kind: RequestKind, text: String, evidence: &Evidence, heard: &mut Vec<Heard>) {
        let State::Running(Running { asks: Some((asked, known)), .. }) = &mut self.state else {
            return;
        };
        if *asked == kind && text.len() > known.len() && text.contains(known.as_str()) {
            known.clone_from(&text);
            heard.push(seen(Signal::Asks { kind, text }, evidence.clone()));
        }
    }

    fn claim_end(&mut self, ending: Ending, evidence: Evidence, now: Duration, heard: &mut Vec<Heard>) {
        match self.state {
            // Too short for its start to be told. From a source that tells of every start it is an end that comes late.
            State::Idle
                if self.expected.is_some()
                    && ending != Ending::Interrupted
                    && !self.tell_starts.contains(&evidence.source) =>
            {
                self.start(self.expected, evidence.clone(), heard);
            }
            State::Stirring { turn, .. } if ending != Ending::Interrupted => self.start(turn, evidence.clone(), heard),
            State::Stirring { .. } => self.state = State::Idle,
            State::Starting | State::Settling { .. } | State::Idle | State::Running(_) | State::Ended { .. } => {}
        }
        let State::Running(running) = self.state.clone() else {
            return;
        };
        let until = now + self.rules.answer_wait;
        self.state = State::Ended { running, ending: ending.clone(), evidence, until };
        if self.rules.answer_wait.is_zero() || ending == Ending::Interrupted {
            self.end_now(heard);
        } else {
            self.end_if_whole(heard);
        }
    }

    fn start(&mut self, turn: Option<TurnNumber>, evidence: Evidence, heard: &mut Vec<Heard>) {
        self.state = State::Running(Running { turn, asks: None });
        self.expected = None;
        let text = self.prompt.take().filter(|_| turn.is_none());
        // Its start may stand in the record already.
        if self.record == Record::Whole {
            self.record = Record::Open;
        }
        self.usage = None;
        self.failure = None;
        heard.push(seen(Signal::TurnStarted { turn, text }, evidence));
    }

    fn end_if_whole(&mut self, heard: &mut Vec<Heard>) {
        if self.record == Record::Whole {
            self.end_now(heard);
        }
    }

    /// Tells an end that waited for its answer.
    fn end_now(&mut self, heard: &mut Vec<Heard>) {
        if let State::Ended { running, ending, evidence, .. } = &self.state {
            let (running, ending, evidence) = (running.clone(), ending.clone(), evidence.clone());
            self.tell_end(running, ending, evidence, heard);
        }
    }

    fn tell_end(&mut self, running: Running, ending: Ending, evidence: Evidence, heard: &mut Vec<Heard>) {
        self.state = State::Idle;
        self.prompt = None;
        if self.record != Record::Whole && self.record_tells_starts {
            self.record = Record::Behind;
        }
        // The source that tells the end need not be the one that tells why.
        let ending = match (ending, self.failure.take()) {
            (Ending::Failed { kind, text }, Some(told)) if text.is_empty() => Ending::Failed { kind, text: told },
            (Ending::LooksDone, Some(text)) => Ending::Failed { kind: FailureKind::Other, text },
            (ending, _) => ending,
        };
        let answer = self.answer.take().map(|text| Answer { text, cut_bytes: 0 });
        heard.push(seen(Signal::TurnEnded { turn: running.turn, ending, answer }, evidence.clone()));
        heard.push(seen(Signal::Ready, evidence));
    }
}

fn seen(signal: Signal, evidence: Evidence) -> Heard {
    Heard::Seen(Seen { signal, evidence })
}

#[cfg(test)]
mod tests;
