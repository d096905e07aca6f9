//! What the agent asks, and what becomes of it: listed, answered one by one, gone with the turn.

use super::*;
use crate::domain::request::{Request, RequestState};

impl ConversationState {
    pub(super) fn asked(&mut self, kind: RequestKind, text: String, seen: Evidence, out: &mut Vec<Action>) {
        if let Some(live) = &mut self.live {
            if live.place != AgentPlace::Starting {
                live.place = AgentPlace::Busy;
            }
            live.asks = Some((kind, text.clone()));
        }
        let Some(current) = &mut self.current else {
            return;
        };
        current.turn.evidence = Some(seen);
        note(&mut current.turn, kind, text);
        self.save_current(out);
    }

    /// The agent waits no more: what was open was answered, by us or in its own screen.
    pub(super) fn goes_on(&mut self, seen: Evidence, out: &mut Vec<Action>) {
        if let Some(live) = &mut self.live {
            live.asks = None;
        }
        let Some(current) = &mut self.current else {
            return;
        };
        let turn = &mut current.turn;
        if !matches!(turn.state, TurnState::NeedsApproval | TurnState::NeedsAnswer) {
            return;
        }
        for request in turn.requests.iter_mut().filter(|request| request.is_open()) {
            request.state = match &request.state {
                RequestState::Answering(choice) => RequestState::Answered(choice.clone()),
                _ => RequestState::AnsweredInScreen,
            };
        }
        turn.state = if turn.delivery == Delivery::Confirmed { TurnState::Working } else { TurnState::Sending };
        turn.evidence = Some(seen);
        self.save_current(out);
    }

    /// An answer to what is not asked any more approves nothing, and neither does a second answer to the same thing: what it would
    /// reach is whatever is asked next.
    pub(super) fn answer_request(
        &mut self,
        ask: Ask,
        turn: Option<TurnNumber>,
        number: Option<RequestNumber>,
        choice: Choice,
        out: &mut Vec<Action>,
    ) {
        let words = matches!(choice, Choice::Text(_));
        let (Some(current), Some(live)) = (&mut self.current, &self.live) else {
            out.push(Action::Answer(ask, Outcome::NotAsked));
            return;
        };
        let meant = turn.is_none_or(|turn| current.turn.number == turn);
        let mut open = current.turn.requests.iter_mut().filter(|request| meant && request.state == RequestState::Open);
        let Some(request) = open.find(|request| number.is_none_or(|number| request.number == number)) else {
            out.push(Action::Answer(ask, Outcome::NotAsked));
            return;
        };
        let hindrance = match (request.kind, self.rules.question) {
            (RequestKind::Login, _) | (RequestKind::Question, QuestionTakes::Nothing) => Some(Outcome::OnlyOnScreen),
            (RequestKind::Permission, _) if words => Some(Outcome::DoesNotAnswer(request.kind)),
            (RequestKind::Question, QuestionTakes::Words) if !words => Some(Outcome::DoesNotAnswer(request.kind)),
            (RequestKind::Permission | RequestKind::Question, _) => None,
        };
        if let Some(outcome) = hindrance {
            out.push(Action::Answer(ask, outcome));
            return;
        }
        request.state = RequestState::Answering(choice.clone());
        let order =
            Action::AnswerRequest { generation: live.generation, request: request.number, kind: request.kind, choice };
        self.save_current(out);
        out.push(Action::Answer(ask, Outcome::Done));
        out.push(order);
    }

    /// Whether a message sent now is the answer to an open question.
    pub(super) fn takes_words_as_answer(&self) -> bool {
        let open = self
            .current
            .as_ref()
            .and_then(|current| current.turn.requests.iter().find(|one| one.state == RequestState::Open));
        self.rules.question == QuestionTakes::Words && open.is_some_and(|request| request.kind == RequestKind::Question)
    }

    pub(super) fn answer_question(&mut self, ask: Ask, text: String, out: &mut Vec<Action>) {
        let Some(current) = &self.current else {
            return;
        };
        let decision = Decision { continuity: Continuity::Answer, why: Why::AnswersQuestion };
        let outcome = Outcome::Submitted {
            turn: current.turn.number,
            session: current.turn.session,
            state: current.turn.state.clone(),
            decision,
        };
        if self.record.draft == text {
            self.record.draft.clear();
            self.save_record(out);
        }
        let mut actions = Vec::new();
        self.answer_request(ask, None, None, Choice::Text(text), &mut actions);
        out.extend(actions.into_iter().map(|action| match action {
            Action::Answer(ask, Outcome::Done) => Action::Answer(ask, outcome.clone()),
            other => other,
        }));
    }

    pub(super) fn answer_typed(&self, request: RequestNumber, out: &mut Vec<Action>) {
        if let Some(current) = &self.current {
            let timer = Timer::GoesOn { turn: current.turn.number, request };
            out.push(Action::SetTimer { after_ms: self.rules.goes_on_deadline_ms, timer });
        }
    }

    /// The answer did not reach the agent, or did nothing: the request is open again, and the person is told to look.
    pub(super) fn answer_failed(&mut self, number: RequestNumber, why: String, now: Timestamp, out: &mut Vec<Action>) {
        let Some(current) = &mut self.current else {
            return;
        };
        let mut answering = current.turn.requests.iter_mut().filter(|request| request.number == number);
        let Some(request) = answering.find(|request| matches!(request.state, RequestState::Answering(_))) else {
            return;
        };
        request.state = RequestState::Open;
        current.turn.evidence = Some(evidence(Source::Host, now, why));
        self.save_current(out);
    }
}

/// Notes that this is asked. The same thing asked by two of the agent's ways to tell is one request; the longer text is the better one.
pub(super) fn note(turn: &mut TurnRecord, kind: RequestKind, text: String) {
    turn.state = state_for(kind);
    let alike = |request: &&mut Request| {
        request.is_open() && request.kind == kind && (request.text.contains(&text) || text.contains(&request.text))
    };
    if let Some(known) = turn.requests.iter_mut().find(alike) {
        if known.text.len() < text.len() {
            known.text = text;
        }
        return;
    }
    let number = RequestNumber(u32::try_from(turn.requests.len()).unwrap_or(u32::MAX).saturating_add(1));
    let asked_at = turn.evidence.as_ref().map_or(turn.accepted_at, |seen| seen.at);
    turn.requests.push(Request { number, kind, text, state: RequestState::Open, asked_at });
}

fn state_for(kind: RequestKind) -> TurnState {
    match kind {
        RequestKind::Permission => TurnState::NeedsApproval,
        RequestKind::Question | RequestKind::Login => TurnState::NeedsAnswer,
    }
}

/// Whether the last thing that the agent asked in this turn was denied by us.
pub(super) fn was_denied(turn: &TurnRecord) -> bool {
    let last = turn.requests.last().map(|request| &request.state);
    matches!(last, Some(RequestState::Answering(Choice::Deny) | RequestState::Answered(Choice::Deny)))
}

/// What a turn left open goes with it.
pub(super) fn expire(turn: &mut TurnRecord) {
    for request in turn.requests.iter_mut().filter(|request| request.is_open()) {
        request.state = match &request.state {
            RequestState::Answering(choice @ Choice::Deny) => RequestState::Answered(choice.clone()),
            _ => RequestState::Expired,
        };
    }
}
