//! Every state meets every input, and random lives keep the promises.

use super::*;
use crate::domain::conversation::{Begun, Tab};
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::ConversationId;
use crate::domain::signal::{Ending, Signal};
use crate::domain::turn::Detail;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const NOW: Timestamp = Timestamp(1_000);

fn rules() -> AgentRules {
    AgentRules {
        resume: CanResume::No,
        model_switch: ModelSwitch::Fresh,
        question: QuestionTakes::Nothing,
        exit: ExitMeans::TurnStatus,
        interrupted_statuses: vec![130],
        interrupt_step_ms: vec![3_000, 3_000],
        start_deadline_ms: 10_000,
        ready_deadline_ms: 15_000,
        goes_on_deadline_ms: 2_000,
    }
}

/// Of a coding agent that can resume and take its context to another model.
fn agent_rules() -> AgentRules {
    AgentRules {
        resume: CanResume::Yes,
        model_switch: ModelSwitch::Restart,
        question: QuestionTakes::Words,
        exit: ExitMeans::Failure,
        interrupted_statuses: Vec::new(),
        ..rules()
    }
}

/// One that was left, and that its agent can take up again.
fn earlier_session() -> SessionRecord {
    SessionRecord {
        number: SessionNumber(7),
        fingerprint: Fingerprint { agent: "b".into(), model: Some("m".into()), folder: "/other".into() },
        agent_session: Some("id-7".into()),
        context: Context::Holds,
        begun_by: BegunBy::Us,
        last_folder: None,
        started_at: NOW,
        asleep: Some(AsleepWhy::Stopped),
        ended: Some(SessionEnd::UserAsked),
    }
}

fn new_state() -> ConversationState {
    state_with(rules())
}

fn state_with(rules: AgentRules) -> ConversationState {
    let record = ConversationRecord {
        id: ConversationId(1),
        title: Title::Unset,
        wanted: Fingerprint { agent: "a".into(), model: None, folder: "/w".into() },
        fresh_wanted: FreshWanted::No,
        queue_held: None,
        tab: Tab::Open { place: 1 },
        unread: None,
        draft: String::new(),
        begun: Begun::New,
        worktree: None,
        spent: Usage::default(),
        created_at: NOW,
        active_at: NOW,
    };
    ConversationState::new(record, rules)
}

fn submit(text: &str) -> Input {
    Input::Submit { ask: Ask(1), text: text.into(), place: Place::Behind }
}

fn event(state: &ConversationState, event: SessionEvent) -> Input {
    Input::Session { generation: Generation(state.generations), event }
}

fn seen(signal: Signal) -> SessionEvent {
    SessionEvent::Seen(Seen { signal, evidence: evidence(Source::ShellMark, NOW, "mark") })
}

fn started(turn: u32) -> SessionEvent {
    seen(Signal::TurnStarted { turn: Some(TurnNumber(turn)), text: None })
}

fn ended(turn: u32, status: i32) -> SessionEvent {
    seen(Signal::TurnEnded {
        turn: Some(TurnNumber(turn)),
        ending: Ending::Status(status),
        answer: Some(Answer::default()),
    })
}

fn exited(exit: Exit) -> SessionEvent {
    SessionEvent::Exited { exit, said: String::new() }
}

/// Applies one session event of the living process.
fn hear(state: &mut ConversationState, what: SessionEvent) -> Vec<Action> {
    let input = event(state, what);
    state.apply(input, NOW)
}

/// Starts turn 1 and brings it to work.
fn working() -> ConversationState {
    let mut state = new_state();
    state.apply(submit("one"), NOW);
    hear(&mut state, seen(Signal::Ready));
    hear(&mut state, SessionEvent::Written { turn: TurnNumber(1) });
    hear(&mut state, started(1));
    state
}

fn idle() -> ConversationState {
    let mut state = working();
    hear(&mut state, ended(1, 0));
    hear(&mut state, seen(Signal::Ready));
    state
}

fn asks(kind: RequestKind, text: &str) -> SessionEvent {
    seen(Signal::Asks { kind, text: text.into() })
}

fn identity(id: &str) -> SessionEvent {
    seen(Signal::Identity(id.into()))
}

fn agent_ended(ending: Ending) -> SessionEvent {
    seen(Signal::TurnEnded { turn: None, ending, answer: None })
}

/// A coding agent at work on turn 1, in its session `id-1`.
fn agent_working() -> ConversationState {
    let mut state = state_with(agent_rules());
    state.apply(submit("one"), NOW);
    hear(&mut state, SessionEvent::Started { pid: Some(9), agent_session: Some("id-1".into()) });
    hear(&mut state, seen(Signal::Ready));
    hear(&mut state, SessionEvent::Written { turn: TurnNumber(1) });
    hear(&mut state, started(1));
    state
}

fn agent_idle() -> ConversationState {
    let mut state = agent_working();
    hear(&mut state, agent_ended(Ending::Completed));
    hear(&mut state, seen(Signal::Ready));
    state
}

/// The states a conversation can be in, by name.
fn states() -> Vec<(&'static str, ConversationState)> {
    let apply = |mut state: ConversationState, inputs: Vec<Input>| {
        for input in inputs {
            state.apply(input, NOW);
        }
        state
    };
    let held = apply(new_state(), vec![submit("one")]);
    let mut writing = held.clone();
    hear(&mut writing, seen(Signal::Ready));
    let mut written = writing.clone();
    hear(&mut written, SessionEvent::Written { turn: TurnNumber(1) });
    let queue_of_two = apply(working(), vec![submit("two"), submit("three")]);
    let interrupting = apply(working(), vec![Input::Interrupt { ask: Ask(1) }]);
    let mut after_turn = working();
    hear(&mut after_turn, ended(1, 0));
    let mut typed = idle();
    hear(&mut typed, seen(Signal::TurnStarted { turn: None, text: Some("ls".into()) }));
    let mut asleep = idle();
    hear(&mut asleep, exited(Exit::Code(0)));
    let fresh_wanted = apply(idle(), vec![Input::Fresh { ask: Ask(1), running: RunningTurn::Refuse }]);
    let mut queue_held = apply(held.clone(), vec![submit("two")]);
    hear(&mut queue_held, SessionEvent::CouldNotStart { why: "no program".into(), trouble: StartTrouble::Other });
    let mut asking = agent_working();
    hear(&mut asking, asks(RequestKind::Permission, "run ls"));
    let mut resuming = agent_idle();
    hear(&mut resuming, exited(Exit::Signal(9)));
    resuming.apply(submit("two"), NOW);
    vec![
        ("empty", new_state()),
        ("starting, message held", held),
        ("writing", writing),
        ("written", written),
        ("working", working()),
        ("working, two queued", queue_of_two),
        ("interrupting", interrupting),
        ("after turn", after_turn),
        ("idle", idle()),
        ("typed turn", typed),
        ("asleep", asleep),
        ("fresh wanted", fresh_wanted),
        ("queue held", queue_held),
        ("agent needs approval", asking),
        ("agent idle", agent_idle()),
        ("agent resuming", resuming),
    ]
}

fn inputs(state: &ConversationState) -> Vec<(&'static str, Input)> {
    let ask = Ask(7);
    let newest = TurnNumber(state.turns);
    let generation = Generation(state.generations);
    vec![
        ("submit", submit("more")),
        ("submit, interrupting", Input::Submit { ask, text: "more".into(), place: Place::InterruptAndSendNow }),
        ("submit nothing", submit("  \n")),
        ("fresh", Input::Fresh { ask, running: RunningTurn::Refuse }),
        ("fresh, stopping", Input::Fresh { ask, running: RunningTurn::Stop }),
        ("interrupt", Input::Interrupt { ask }),
        ("stop session", Input::StopSession { ask }),
        ("edit newest", Input::EditQueued { ask, turn: newest, text: "edited".into() }),
        ("remove newest", Input::RemoveQueued { ask, turn: newest }),
        ("send newest now", Input::SendNow { ask, turn: newest }),
        ("draft", Input::SaveDraft { ask, text: "dra".into() }),
        ("rename", Input::Rename { ask, title: " name ".into() }),
        ("close tab", Input::SetTab { ask, tab: Tab::Closed }),
        ("watch", Input::Watch(Watched::Yes)),
        ("host ending", Input::HostEnding),
        ("started", event(state, SessionEvent::Started { pid: Some(9), agent_session: None })),
        (
            "could not start",
            event(state, SessionEvent::CouldNotStart { why: "no".into(), trouble: StartTrouble::FolderGone }),
        ),
        ("written", event(state, SessionEvent::Written { turn: newest })),
        ("not written", event(state, SessionEvent::NotWritten { turn: newest })),
        ("ready", event(state, seen(Signal::Ready))),
        ("wants more", event(state, seen(Signal::WantsMore))),
        ("turn started", event(state, started(state.turns))),
        ("typed turn started", event(state, seen(Signal::TurnStarted { turn: None, text: Some("ls".into()) }))),
        ("turn ended 0", event(state, ended(state.turns, 0))),
        ("turn ended 1", event(state, ended(state.turns, 1))),
        ("turn ended 130", event(state, ended(state.turns, 130))),
        (
            "turn ended, no status",
            event(
                state,
                seen(Signal::TurnEnded { turn: None, ending: Ending::NotTold, answer: Some(Answer::default()) }),
            ),
        ),
        ("folder", event(state, seen(Signal::Folder("/elsewhere".into())))),
        ("asks permission", event(state, asks(RequestKind::Permission, "run rm"))),
        ("asks a question", event(state, asks(RequestKind::Question, "which one?"))),
        ("goes on", event(state, seen(Signal::GoesOn))),
        ("doing", event(state, seen(Signal::Doing("reads a file".into())))),
        ("detail", event(state, seen(Signal::Detail(Detail { answer: Some("42".into()), ..Detail::default() })))),
        ("identity", event(state, identity("id-1"))),
        ("another identity", event(state, identity("id-2"))),
        ("completed", event(state, agent_ended(Ending::Completed))),
        ("interrupted in screen", event(state, agent_ended(Ending::Interrupted))),
        ("allow", Input::AnswerRequest { ask, turn: None, request: None, choice: Choice::Allow }),
        (
            "answer in words",
            Input::AnswerRequest { ask, turn: None, request: None, choice: Choice::Text("red".into()) },
        ),
        (
            "answer of no request",
            Input::AnswerRequest { ask, turn: None, request: Some(RequestNumber(9)), choice: Choice::Allow },
        ),
        ("answer typed", event(state, SessionEvent::AnswerTyped(RequestNumber(1)))),
        ("shell replaced", event(state, SessionEvent::ShellReplaced)),
        ("not killed", event(state, SessionEvent::NotKilled { pid: 9 })),
        ("set model", Input::SetModel { ask, model: Some("m".into()) }),
        ("set agent", Input::SetAgent { ask, agent: "b".into(), rules: Box::new(rules()) }),
        (
            "take up an earlier session",
            Input::TakeUpEarlier { ask, session: Box::new(earlier_session()), rules: Box::new(agent_rules()) },
        ),
        ("exited 0", event(state, exited(Exit::Code(0)))),
        ("killed", event(state, exited(Exit::Signal(9)))),
        ("ready is late", Input::Timer(Timer::Ready { turn: newest, generation })),
        ("prompt is late", Input::Timer(Timer::Prompt { turn: newest, generation })),
        ("start is late", Input::Timer(Timer::Start { turn: newest })),
        ("going on is late", Input::Timer(Timer::GoesOn { turn: newest, request: RequestNumber(1) })),
        ("end is late", Input::Timer(Timer::InterruptStep { turn: newest, step: 0 })),
    ]
}

/// An action in a few words, for the table.
fn words(action: &Action) -> String {
    match action {
        Action::Save(Change::Conversation(_)) => "save conversation".into(),
        Action::Save(Change::ConversationRemoved(_)) => "save removal".into(),
        Action::Save(Change::Session(_, session)) => match (&session.ended, &session.asleep) {
            (Some(end), _) => format!("save session {} ended {end:?}", session.number),
            (None, Some(why)) => format!("save session {} asleep {why:?}", session.number),
            (None, None) => format!("save session {} awake", session.number),
        },
        Action::Save(Change::Turn(_, turn)) => {
            format!("save turn {} {} {:?}", turn.number, turn.state.word(), turn.delivery)
        }
        Action::Save(Change::TurnDetail(_, turn, ..)) => format!("save detail of turn {turn}"),
        Action::Save(Change::TurnTrees(_, turn, _)) => format!("save files of turn {turn}"),
        Action::Save(Change::TurnRemoved(_, turn)) => format!("save turn {turn} removed"),
        Action::Save(Change::Decision(_, made)) => {
            format!("decide turn {} {}", made.turn, made.decision.continuity.word())
        }
        Action::Answer(_, Outcome::Submitted { turn, decision, .. }) => {
            format!("ANSWER turn {turn} {} ({})", decision.continuity.word(), decision.why.code())
        }
        Action::Answer(_, Outcome::MessageRefused(why)) => format!("ANSWER refused ({})", why.code()),
        Action::Answer(_, other) => format!("ANSWER {other:?}"),
        Action::Start(order) => format!("START session {} in {}", order.session, order.folder),
        Action::Write { turn, .. } => format!("WRITE turn {turn}"),
        Action::Interrupt { step, .. } => format!("INTERRUPT step {step}"),
        Action::AnswerRequest { request, choice, .. } => format!("TYPE {choice:?} for request {}", request.0),
        Action::GiveUp { generation } => format!("GIVE UP {}", generation.0),
        Action::Stop { generation } => format!("STOP {}", generation.0),
        Action::SetTimer { timer, .. } => {
            format!("TIMER {timer:?}").replace("TurnNumber", "").replace("Generation", "").replace("RequestNumber", "")
        }
        Action::TellEnded(turn) => match &turn.state {
            TurnState::Ended(end) => format!("TELL turn {} {} ({})", turn.number, end.word(), end.code()),
            other => format!("TELL turn {} {}", turn.number, other.word()),
        },
    }
}

#[test]
fn every_state_meets_every_input_as_written_down() {
    let mut table = String::new();
    for (name, state) in states() {
        let _ = writeln!(table, "== {name}");
        for (input_name, input) in inputs(&state) {
            let actions: Vec<String> = state.clone().apply(input, NOW).iter().map(words).collect();
            let said = if actions.is_empty() { "nothing".to_owned() } else { actions.join("; ") };
            let _ = writeln!(table, "{input_name:22} {said}");
        }
    }
    insta::assert_snapshot!(table);
}

/// What the person is told of the newest decision.
fn decided(state: &ConversationState) -> (Continuity, &'static str) {
    let made = state.decisions.back().unwrap();
    (made.decision.continuity, made.decision.why.code())
}

fn all_words(actions: &[Action]) -> Vec<String> {
    actions.iter().map(words).collect()
}

#[test]
fn an_agent_killed_in_mid_turn_fails_it_and_the_follow_up_resumes_by_id() {
    let mut state = agent_working();
    let said = all_words(&hear(&mut state, exited(Exit::Signal(9))));
    assert!(said.contains(&"TELL turn 1 failed (agent_exited)".to_owned()), "{said:?}");
    let actions = state.apply(submit("go on"), NOW);
    assert_eq!(decided(&state), (Continuity::Resumed, "agent_exited"));
    let order = actions.iter().find_map(|action| match action {
        Action::Start(order) => Some((order.session, order.resume.clone())),
        _ => None,
    });
    assert_eq!(order, Some((SessionNumber(1), Some("id-1".into()))));
    assert_eq!(state.live.as_ref().map(|live| live.taken_up), Some(TakenUp::NotVerified));
    hear(&mut state, identity("id-1"));
    assert_eq!(state.live.as_ref().map(|live| live.taken_up), Some(TakenUp::Verified));
}

/// The broken one waited for its end for ever, and so did the turn and what waited in line.
#[test]
fn a_process_that_cannot_be_killed_is_given_up_in_words_and_the_conversation_goes_on() {
    let mut state = working();
    state.apply(submit("two"), NOW);
    state.apply(Input::StopSession { ask: Ask(1) }, NOW);
    let said = all_words(&hear(&mut state, SessionEvent::NotKilled { pid: 9 }));
    assert!(said.contains(&"TELL turn 1 interrupted (session_stopped)".to_owned()), "{said:?}");
    assert_eq!(decided(&state), (Continuity::Fresh, "not_killed"));
    assert_eq!(state.current.as_ref().map(|current| current.turn.prompt.as_str()), Some("two"));
    let words = state.decisions.back().unwrap().decision.why.text();
    assert!(words.starts_with("process 9 could not be killed: it hangs in the system"), "{words}");
}

#[test]
fn a_message_that_has_no_room_ends_in_words_and_what_waits_is_held() {
    let mut state = idle();
    state.apply(submit("two"), NOW);
    state.apply(submit("three"), NOW);
    let said = all_words(&hear(&mut state, SessionEvent::NotWritten { turn: TurnNumber(2) }));
    assert!(said.contains(&"TELL turn 2 failed (not_delivered)".to_owned()), "{said:?}");
    assert_eq!(state.record.queue_held, Some(QueueHeld::NotStarted));
    assert_eq!(state.queue.iter().map(|turn| turn.prompt.as_str()).collect::<Vec<_>>(), ["three"]);
    let again = all_words(&hear(&mut state, SessionEvent::NotWritten { turn: TurnNumber(2) }));
    assert!(again.is_empty(), "it ends once: {again:?}");
}

#[test]
fn a_replaced_shell_ends_its_turn_and_takes_no_message() {
    let mut state = working();
    let said = all_words(&hear(&mut state, SessionEvent::ShellReplaced));
    assert!(said.contains(&"TELL turn 1 outcome unknown (shell_replaced)".to_owned()), "{said:?}");
    state.apply(submit("two"), NOW);
    assert_eq!(state.current.as_ref().map(|current| current.turn.delivery), Some(Delivery::Held));
    let generation = Generation(state.generations);
    state.apply(Input::Timer(Timer::Ready { turn: TurnNumber(2), generation }), NOW);
    assert_eq!(state.current.as_ref().map(|current| current.turn.state.clone()), Some(TurnState::NeedsAnswer));
}

#[test]
fn a_refused_resume_keeps_id_and_message_and_waits_for_the_person() {
    let mut state = agent_idle();
    hear(&mut state, exited(Exit::Signal(9)));
    state.apply(submit("two"), NOW);
    let refusal = SessionEvent::Exited { exit: Exit::Code(1), said: "no conversation found".into() };
    let said = all_words(&hear(&mut state, refusal.clone()));
    assert!(!said.iter().any(|word| word.starts_with("START") || word.starts_with("TELL")), "{said:?}");
    assert_eq!(state.queue.iter().map(|turn| turn.prompt.as_str()).collect::<Vec<_>>(), ["two"]);
    assert_eq!(state.record.queue_held, Some(QueueHeld::ResumeRefused));
    let session = state.session.as_ref().unwrap();
    assert_eq!(session.agent_session.as_deref(), Some("id-1"));
    assert_eq!(session.asleep, Some(AsleepWhy::ResumeRefused("no conversation found (exit 1)".into())));

    // Sent again, the same session is tried again; that is no loop, for a person did it.
    let mut again = state.clone();
    again.apply(Input::SendNow { ask: Ask(1), turn: TurnNumber(2) }, NOW);
    assert_eq!(decided(&again), (Continuity::Resumed, "resume_refused"));
    hear(&mut again, refusal);
    assert_eq!(again.record.queue_held, Some(QueueHeld::ResumeRefused));

    // A fresh session is the person's word, and what waited goes to it.
    state.apply(Input::Fresh { ask: Ask(1), running: RunningTurn::Refuse }, NOW);
    assert_eq!(decided(&state), (Continuity::Fresh, "user_asked"));
    assert_eq!(state.current.as_ref().map(|current| current.turn.prompt.as_str()), Some("two"));
}

#[test]
fn a_process_that_took_up_another_session_gets_no_message() {
    let mut state = agent_idle();
    hear(&mut state, exited(Exit::Signal(9)));
    state.apply(submit("two"), NOW);
    let said = all_words(&hear(&mut state, identity("id-9")));
    assert!(said.contains(&"STOP 2".to_owned()), "{said:?}");
    hear(&mut state, seen(Signal::Ready));
    hear(&mut state, exited(Exit::Code(0)));
    assert_eq!(state.record.queue_held, Some(QueueHeld::ResumeRefused));
    assert_eq!(state.session.as_ref().unwrap().agent_session.as_deref(), Some("id-1"));
}

#[test]
fn another_model_is_taken_along_by_one_process_after_the_other() {
    let mut state = agent_idle();
    state.apply(Input::SetModel { ask: Ask(1), model: Some("m".into()) }, NOW);
    assert_eq!(state.next_decision().why.text(), "model default -> m: context kept");
    let said = all_words(&state.apply(submit("two"), NOW));
    assert!(said.contains(&"STOP 1".to_owned()) && !said.iter().any(|word| word.starts_with("START")), "{said:?}");
    assert_eq!(decided(&state), (Continuity::Resumed, "model_switched"));
    // What the ending process still says starts nothing.
    let said = all_words(&hear(&mut state, seen(Signal::Ready)));
    assert!(!said.iter().any(|word| word.starts_with("WRITE")), "{said:?}");
    let actions = hear(&mut state, exited(Exit::Code(143)));
    let started = actions.iter().any(|action| {
        matches!(action, Action::Start(order)
            if order.model.as_deref() == Some("m") && order.resume.as_deref() == Some("id-1"))
    });
    assert!(started, "{actions:?}");
    assert_eq!(state.session.as_ref().unwrap().number, SessionNumber(1));
}

#[test]
fn a_session_that_the_person_began_in_the_agents_screen_is_fresh_with_that_reason() {
    let mut state = agent_idle();
    hear(&mut state, identity("id-2"));
    let session = state.session.as_ref().unwrap();
    assert_eq!((session.number, session.agent_session.as_deref()), (SessionNumber(2), Some("id-2")));
    let said = all_words(&state.apply(submit("two"), NOW));
    assert_eq!(decided(&state), (Continuity::Fresh, "begun_in_screen"));
    assert!(said.contains(&"WRITE turn 2".to_owned()) && !said.iter().any(|word| word.starts_with("STOP")), "{said:?}");
    hear(&mut state, SessionEvent::Written { turn: TurnNumber(2) });
    hear(&mut state, started(2));
    hear(&mut state, agent_ended(Ending::Completed));
    hear(&mut state, seen(Signal::Ready));
    state.apply(submit("three"), NOW);
    assert_eq!(decided(&state), (Continuity::Reused, "agent_alive"));
}

/// Seen of an agent that makes the session of its `/new` only with the next message: that was called reused, and its model knew nothing.
#[test]
fn a_message_that_turns_out_to_begin_a_session_is_said_to_be_fresh() {
    let mut state = agent_idle();
    state.apply(submit("two"), NOW);
    assert_eq!(decided(&state), (Continuity::Reused, "agent_alive"));
    hear(&mut state, SessionEvent::Written { turn: TurnNumber(2) });
    hear(&mut state, started(2));
    hear(&mut state, identity("id-2"));
    assert_eq!(decided(&state), (Continuity::Fresh, "begun_in_screen"));
    assert_eq!(state.current.as_ref().unwrap().turn.session, Some(SessionNumber(2)));
    hear(&mut state, agent_ended(Ending::Completed));
    hear(&mut state, seen(Signal::Ready));
    state.apply(submit("three"), NOW);
    assert_eq!(decided(&state), (Continuity::Reused, "agent_alive"));
}

#[test]
fn requests_are_answered_one_by_one_and_go_with_their_turn() {
    let mut state = agent_working();
    hear(&mut state, asks(RequestKind::Permission, "run ls"));
    hear(&mut state, asks(RequestKind::Question, "which one?"));
    let open = |state: &ConversationState| {
        let turn = &state.current.as_ref().unwrap().turn;
        turn.requests.iter().map(|request| request.state.word()).collect::<Vec<_>>()
    };
    assert_eq!(open(&state), ["open", "open"]);
    // What is no answer to a question or permission waits.
    let allow =
        Input::AnswerRequest { ask: Ask(1), turn: None, request: Some(RequestNumber(1)), choice: Choice::Allow };
    let said = all_words(&state.apply(allow.clone(), NOW));
    assert!(said.contains(&"TYPE Allow for request 1".to_owned()), "{said:?}");
    assert_eq!(open(&state), ["answering", "open"]);
    hear(&mut state, seen(Signal::GoesOn));
    assert_eq!(open(&state), ["allowed", "answered in the agent's screen"]);
    let stale = all_words(&state.apply(allow, NOW));
    assert_eq!(stale, ["ANSWER NotAsked"]);

    hear(&mut state, asks(RequestKind::Permission, "run rm"));
    hear(&mut state, agent_ended(Ending::Completed));
    assert_eq!(state.newest_ended.as_ref().unwrap().requests[2].state.word(), "expired");
}

#[test]
fn an_answer_that_moved_nothing_is_said_and_the_request_is_open_again() {
    let mut state = agent_working();
    hear(&mut state, asks(RequestKind::Permission, "run ls"));
    state.apply(Input::AnswerRequest { ask: Ask(1), turn: None, request: None, choice: Choice::Allow }, NOW);
    hear(&mut state, SessionEvent::AnswerTyped(RequestNumber(1)));
    state.apply(Input::Timer(Timer::GoesOn { turn: TurnNumber(1), request: RequestNumber(1) }), NOW);
    let turn = &state.current.as_ref().unwrap().turn;
    assert_eq!(turn.requests[0].state.word(), "open");
    assert!(turn.evidence.as_ref().unwrap().text.contains("did not go on"));
}

#[test]
fn an_agent_that_only_looks_done_was_interrupted_where_that_was_asked() {
    let mut state = agent_working();
    state.apply(Input::Interrupt { ask: Ask(1) }, NOW);
    let said = all_words(&hear(&mut state, agent_ended(Ending::LooksDone)));
    assert!(said.contains(&"TELL turn 1 interrupted (by_person)".to_owned()), "{said:?}");
    let said = all_words(&hear(&mut agent_working(), agent_ended(Ending::LooksDone)));
    assert!(said.contains(&"TELL turn 1 completed (completed)".to_owned()), "{said:?}");
}

#[test]
fn a_denial_that_ends_the_turn_is_told_as_that() {
    let mut state = agent_working();
    hear(&mut state, asks(RequestKind::Permission, "run ls"));
    state.apply(Input::AnswerRequest { ask: Ask(1), turn: None, request: None, choice: Choice::Deny }, NOW);
    let said = all_words(&hear(&mut state, agent_ended(Ending::Interrupted)));
    assert!(said.contains(&"TELL turn 1 interrupted (denied)".to_owned()), "{said:?}");
}

#[test]
fn a_message_answers_an_open_question_and_waits_for_an_open_permission() {
    let mut state = agent_working();
    hear(&mut state, asks(RequestKind::Permission, "run ls"));
    let said = all_words(&state.apply(submit("and then"), NOW));
    assert!(said.contains(&"ANSWER turn 2 queued (turn_running)".to_owned()), "{said:?}");
    let mut state = agent_working();
    hear(&mut state, asks(RequestKind::Question, "which one?"));
    let said = all_words(&state.apply(submit("the red one"), NOW));
    assert!(said.contains(&"ANSWER turn 1 answer (answers_question)".to_owned()), "{said:?}");
    assert!(said.contains(&"TYPE Text(\"the red one\") for request 1".to_owned()), "{said:?}");
}

#[test]
fn a_dialog_before_the_first_prompt_holds_the_message_and_shows_what_is_asked() {
    let mut state = state_with(agent_rules());
    state.apply(submit("one"), NOW);
    let said = all_words(&hear(&mut state, asks(RequestKind::Permission, "trust this folder")));
    assert!(said.iter().all(|word| !word.starts_with("WRITE")), "{said:?}");
    assert_eq!(state.current.as_ref().unwrap().turn.state, TurnState::NeedsApproval);
    let said = all_words(&hear(&mut state, seen(Signal::Ready)));
    assert!(said.contains(&"WRITE turn 1".to_owned()), "{said:?}");
}

#[test]
fn a_message_lost_to_a_dialog_at_the_prompt_is_said_when_the_dialog_is_gone() {
    let mut state = agent_idle();
    state.apply(submit("two"), NOW);
    hear(&mut state, SessionEvent::Written { turn: TurnNumber(2) });
    hear(&mut state, asks(RequestKind::Question, "dialog open"));
    assert_eq!(state.current.as_ref().unwrap().turn.state, TurnState::NeedsAnswer);
    let late = Input::Timer(Timer::Start { turn: TurnNumber(2) });
    let said = all_words(&state.apply(late.clone(), NOW));
    assert_eq!(said, ["TIMER Start { turn: (2) }"], "the dialog is in its way");
    hear(&mut state, seen(Signal::Ready));
    assert_eq!(state.current.as_ref().unwrap().turn.state, TurnState::Sending);
    let said = all_words(&state.apply(late, NOW));
    assert!(said.contains(&"TELL turn 2 failed (not_started)".to_owned()), "{said:?}");
}

#[test]
fn another_agent_is_started_by_its_own_rules_and_the_old_one_ends_by_its_own() {
    let mut state = agent_working();
    state.apply(Input::SetAgent { ask: Ask(1), agent: "b".into(), rules: Box::new(rules()) }, NOW);
    assert_eq!(state.rules.resume, CanResume::Yes);
    hear(&mut state, agent_ended(Ending::Completed));
    hear(&mut state, seen(Signal::Ready));
    state.apply(submit("two"), NOW);
    assert_eq!(decided(&state), (Continuity::Fresh, "agent_changed"));
    assert_eq!(state.rules.resume, CanResume::No);
}

#[test]
fn what_is_told_late_belongs_to_the_turn_that_ended_and_keeps_its_answer() {
    let mut state = agent_idle();
    let usage = Some(crate::domain::turn::Usage { input_tokens: 5, output_tokens: 7, cost_micros: None });
    let said = hear(&mut state, seen(Signal::Detail(Detail { usage, ..Detail::default() })));
    assert!(
        matches!(&said[..], [Action::Save(Change::TurnDetail(_, TurnNumber(1), None, work)), Action::Save(Change::Conversation(_))]
            if work.usage == usage),
        "{said:?}"
    );
}

/// The broken one gave it to the message that was about to be sent.
#[test]
fn what_is_told_late_is_not_the_answer_to_a_message_that_waits_for_the_prompt() {
    let mut state = working();
    hear(&mut state, ended(1, 0));
    state.apply(submit("two"), NOW);
    assert_eq!(state.current().map(|current| current.turn.delivery), Some(Delivery::Held));
    let said = hear(&mut state, seen(Signal::Detail(Detail { answer: Some("42".into()), ..Detail::default() })));
    assert!(matches!(&said[..], [Action::Save(Change::TurnDetail(_, TurnNumber(1), Some(_), _))]), "{said:?}");
}

#[test]
fn what_turns_used_is_counted_once_however_often_it_is_told() {
    let mut state = agent_working();
    let used = |tokens| Usage { input_tokens: tokens, output_tokens: 1, cost_micros: None };
    let tell = |state: &mut ConversationState, tokens| {
        let detail = Detail { usage: Some(used(tokens)), ..Detail::default() };
        hear(state, seen(Signal::Detail(detail)));
    };
    tell(&mut state, 5);
    tell(&mut state, 6);
    assert_eq!((state.spent(), state.record().spent), (used(6), Usage::default()), "it runs");
    hear(&mut state, agent_ended(Ending::Completed));
    assert_eq!((state.spent(), state.record().spent), (used(6), used(6)));
    tell(&mut state, 9);
    tell(&mut state, 9);
    assert_eq!(state.record().spent, used(9), "told late");
    hear(&mut state, seen(Signal::Ready));
    state.apply(submit("two"), NOW);
    assert_eq!(state.spent(), used(9));
}

#[test]
fn the_follow_up_of_any_end_goes_to_the_same_session() {
    for end in [ended(1, 0), ended(1, 1), ended(1, 130)] {
        let mut state = working();
        hear(&mut state, end.clone());
        hear(&mut state, seen(Signal::Ready));
        let actions = state.apply(submit("make the button green"), NOW);
        let decision = state.decisions.back().map(|made| made.decision.continuity);
        assert_eq!(decision, Some(Continuity::Reused), "{end:?}: {actions:?}");
        assert_eq!(state.session.as_ref().map(|session| session.number), Some(SessionNumber(1)));
    }
}

#[test]
fn a_fresh_session_keeps_the_turns_and_ends_the_old_session_by_name() {
    let mut state = idle();
    state.apply(Input::Fresh { ask: Ask(1), running: RunningTurn::Refuse }, NOW);
    let said: Vec<String> = state.apply(submit("again"), NOW).iter().map(words).collect();
    assert!(said.contains(&"save session 1 ended UserAsked".to_owned()), "{said:?}");
    assert!(said.contains(&"STOP 1".to_owned()) && said.contains(&"START session 2 in /w".to_owned()), "{said:?}");
    assert_eq!(state.turns, 2);
}

#[test]
fn a_shell_that_left_starts_again_in_its_last_folder() {
    let mut state = idle();
    hear(&mut state, seen(Signal::Folder("/tmp".into())));
    hear(&mut state, exited(Exit::Code(0)));
    let said: Vec<String> = state.apply(submit("again"), NOW).iter().map(words).collect();
    assert!(said.contains(&"START session 2 in /tmp".to_owned()), "{said:?}");
}

#[test]
fn a_folder_that_is_gone_is_replaced_by_the_conversations_own_and_that_is_said() {
    let mut state = idle();
    hear(&mut state, seen(Signal::Folder("/gone".into())));
    hear(&mut state, exited(Exit::Signal(9)));
    state.apply(submit("again"), NOW);
    let gone = SessionEvent::CouldNotStart { why: "folder /gone is gone".into(), trouble: StartTrouble::FolderGone };
    let said: Vec<String> = hear(&mut state, gone.clone()).iter().map(words).collect();
    assert!(said.contains(&"START session 2 in /w".to_owned()), "{said:?}");
    let why = state.decisions.back().map(|made| made.decision.why.text());
    let text = "the agent was ended by signal 9; cannot be resumed: folder /gone is gone, starts in /w, variables gone";
    assert_eq!(why.as_deref(), Some(text));
    // Gone as well: now the turn fails, once.
    let said: Vec<String> = hear(&mut state, gone).iter().map(words).collect();
    assert!(said.contains(&"TELL turn 2 failed (folder_gone)".to_owned()), "{said:?}");
}

#[test]
fn a_message_to_a_session_that_is_ending_waits_for_its_end() {
    let mut state = idle();
    state.apply(Input::StopSession { ask: Ask(1) }, NOW);
    let said: Vec<String> = state.apply(submit("after"), NOW).iter().map(words).collect();
    assert!(said.contains(&"ANSWER turn 2 queued (session_ending)".to_owned()), "{said:?}");
    let said: Vec<String> = hear(&mut state, exited(Exit::Signal(1))).iter().map(words).collect();
    assert!(said.contains(&"START session 2 in /w".to_owned()), "{said:?}");
}

#[test]
fn an_interrupt_before_the_turn_was_seen_starting_ends_it_as_interrupted() {
    for last in [seen(Signal::Ready), exited(Exit::Signal(9))] {
        let mut state = new_state();
        state.apply(submit("one"), NOW);
        hear(&mut state, seen(Signal::Ready));
        hear(&mut state, SessionEvent::Written { turn: TurnNumber(1) });
        state.apply(Input::Interrupt { ask: Ask(1) }, NOW);
        let mut late = state.clone();
        let timed: Vec<String> =
            late.apply(Input::Timer(Timer::Start { turn: TurnNumber(1) }), NOW).iter().map(words).collect();
        let heard: Vec<String> = hear(&mut state, last).iter().map(words).collect();
        for said in [heard, timed] {
            assert!(said.contains(&"TELL turn 1 interrupted (by_person)".to_owned()), "{said:?}");
        }
    }
}

#[test]
fn a_message_from_elsewhere_leaves_a_half_typed_draft_alone() {
    let mut state = idle();
    state.apply(Input::SaveDraft { ask: Ask(1), text: "half typed thou".into() }, NOW);
    state.apply(submit("from a script"), NOW);
    assert_eq!(state.record.draft, "half typed thou");
    hear(&mut state, ended(2, 0));
    state.apply(submit("half typed thou"), NOW);
    assert_eq!(state.record.draft, "");
}

#[test]
fn what_waits_in_line_stays_short_enough_to_be_told() {
    let mut state = working();
    let long = "x".repeat(MAX_QUEUE_BYTES / 2 + 1);
    state.apply(submit(&long), NOW);
    let said: Vec<String> = state.apply(submit(&long), NOW).iter().map(words).collect();
    assert_eq!(said, ["ANSWER refused (queue_full)"]);
    assert_eq!((state.queue.len(), state.turns), (1, 2));
}

/// The broken one counted texts alone: thousands of short ones were more than a frame holds, and nobody could be told of the conversation.
#[test]
fn many_short_messages_fill_the_line_as_well() {
    let mut state = working();
    let taken = (0..10_000).take_while(|_| {
        let said: Vec<String> = state.apply(submit("short"), NOW).iter().map(words).collect();
        said != ["ANSWER refused (queue_full)"]
    });
    let taken = taken.count();
    assert!((500..1000).contains(&taken), "{taken}");
    assert_eq!(state.queue.len(), taken);
}

/// The broken one saved the whole line with each that was sent: seconds where thousands waited.
#[test]
fn sending_the_first_in_line_saves_none_of_those_behind_it() {
    let mut state = working();
    for _ in 0..20 {
        state.apply(submit("short"), NOW);
    }
    let mut out = hear(&mut state, ended(1, 0));
    out.extend(hear(&mut state, seen(Signal::Ready)));
    let waiting =
        |action: &&Action| matches!(action, Action::Save(Change::Turn(_, turn)) if turn.state == TurnState::Queued);
    assert_eq!((state.queue.len(), out.iter().filter(waiting).count()), (19, 0));
    let places: Vec<u32> = state.queue.iter().map(|turn| turn.queue_place).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn a_queue_of_three_is_sent_in_order_and_can_be_changed() {
    let mut state = working();
    for text in ["two", "three", "four"] {
        state.apply(submit(text), NOW);
    }
    state.apply(Input::EditQueued { ask: Ask(2), turn: TurnNumber(3), text: "three, mended".into() }, NOW);
    state.apply(Input::RemoveQueued { ask: Ask(3), turn: TurnNumber(2) }, NOW);
    let mut sent = Vec::new();
    for turn in [1, 3, 4] {
        let mut out = hear(&mut state, ended(turn, 0));
        out.extend(hear(&mut state, seen(Signal::Ready)));
        for action in out {
            if let Action::Write { turn, text, .. } = action {
                sent.push(text);
                hear(&mut state, SessionEvent::Written { turn });
                hear(&mut state, started(turn.0));
            }
        }
    }
    assert_eq!(sent, ["three, mended", "four"]);
}

/// What the store would hold after these actions.
fn keep(
    kept: &mut BTreeMap<u32, TurnRecord>,
    session: &mut Option<SessionRecord>,
    record: &mut ConversationRecord,
    actions: &[Action],
) {
    for action in actions {
        match action {
            Action::Save(Change::Turn(_, turn)) => {
                kept.insert(turn.number.0, turn.clone());
            }
            Action::Save(Change::TurnRemoved(_, turn)) => {
                kept.remove(&turn.0);
            }
            Action::Save(Change::Session(_, saved)) => {
                *session = saved.ended.is_none().then(|| saved.clone());
            }
            Action::Save(Change::Conversation(saved)) => *record = saved.clone(),
            _ => {}
        }
    }
}

#[test]
fn after_the_host_died_a_delivered_turn_is_unknown_and_an_undelivered_one_waits_for_the_person() {
    for (name, state) in states() {
        let open: Vec<TurnRecord> =
            state.current.iter().map(|current| current.turn.clone()).chain(state.queue.iter().cloned()).collect();
        let kept = Kept {
            record: state.record.clone(),
            session: state.session.clone(),
            open_turns: open,
            newest_ended: state.newest_ended.clone(),
            decisions: state.decisions.iter().cloned().collect(),
            turns: state.turns,
            sessions: state.sessions,
        };
        let (restored, actions) = ConversationState::restore(kept, |_| rules(), None, NOW);
        assert!(restored.current.is_none(), "{name}: no turn is working without a process behind it");
        assert!(!actions.iter().any(|action| matches!(action, Action::Write { .. } | Action::Start(_))), "{name}");
        assert_eq!(restored.queue.is_empty(), restored.record.queue_held.is_none(), "{name}");
        match state.current.as_ref().map(|current| current.turn.delivery) {
            Some(Delivery::Held) => assert_eq!(restored.queue[0].prompt, state.current.as_ref().unwrap().turn.prompt),
            Some(_) => assert_eq!(
                restored.newest_ended.map(|turn| turn.state),
                Some(TurnState::Ended(TurnEnd::Unknown(UnknownWhy::HostEnded))),
                "{name}"
            ),
            None => assert_eq!(restored.newest_ended, state.newest_ended, "{name}"),
        }
    }
}

/// The broken one had the command in the record twice.
#[test]
fn what_an_earlier_host_told_of_a_typed_turn_makes_no_second_one() {
    let at = |at: i64, signal: Signal| Seen { signal, evidence: evidence(Source::ShellMark, Timestamp(at), "mark") };
    let begins = |ms: i64| at(ms, Signal::TurnStarted { turn: None, text: Some("ls".into()) });
    let ends =
        |ms: i64| at(ms, Signal::TurnEnded { turn: None, ending: Ending::Status(0), answer: Some(Answer::default()) });
    let mut state = idle();
    let first = NOW.0 + 10;
    hear(&mut state, SessionEvent::Seen(begins(first)));
    hear(&mut state, SessionEvent::SeenAgain(begins(first)));
    assert_eq!((state.turns, state.current().is_some()), (2, true), "it goes on");
    hear(&mut state, SessionEvent::Seen(ends(first + 1)));
    for seen in [begins(first), ends(first + 1)] {
        hear(&mut state, SessionEvent::SeenAgain(seen));
        assert_eq!((state.turns, state.current().is_some()), (2, false), "it is in the record");
    }
    hear(&mut state, SessionEvent::SeenAgain(begins(first + 2)));
    assert_eq!((state.turns, state.current().is_some()), (3, true), "what was told and not saved is new");
    // A late word of the one before ends nothing of this one.
    hear(&mut state, SessionEvent::SeenAgain(ends(first + 1)));
    assert!(state.current().is_some());
    hear(&mut state, SessionEvent::SeenAgain(ends(first + 3)));
    assert_eq!((state.turns, state.current().is_some()), (3, false));
}

fn any_input() -> impl Strategy<Value = (u8, u8, u8)> {
    (0u8..26, any::<u8>(), any::<u8>())
}

/// Makes an input from three numbers, aimed at what exists so that most of them mean something.
fn aimed(state: &ConversationState, (kind, pick, extra): (u8, u8, u8)) -> Input {
    let all = inputs(state);
    match kind {
        // Stale: an older process, an older or unknown turn.
        0 => Input::Session {
            generation: Generation(state.generations.saturating_sub(1 + u64::from(pick % 3))),
            event: if extra % 2 == 0 { exited(Exit::Signal(9)) } else { seen(Signal::Ready) },
        },
        1 => event(state, ended(u32::from(pick), i32::from(extra))),
        2 => event(state, started(u32::from(pick))),
        3 => Input::Timer(Timer::Start { turn: TurnNumber(u32::from(pick)) }),
        4 => Input::Timer(Timer::InterruptStep { turn: TurnNumber(state.turns), step: usize::from(pick % 3) }),
        5..=9 => submit(&format!("message {pick} {extra}")),
        10..=13 => event(state, seen(Signal::Ready)),
        14..=16 => event(
            state,
            SessionEvent::Written { turn: state.current.as_ref().map_or(TurnNumber(0), |current| current.turn.number) },
        ),
        17..=19 => event(state, started(state.current.as_ref().map_or(0, |current| current.turn.number.0))),
        20..=21 => {
            event(state, ended(state.current.as_ref().map_or(0, |current| current.turn.number.0), i32::from(pick % 2)))
        }
        _ => all[usize::from(pick) % all.len()].1.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_life_keeps_the_promises(
        script in proptest::collection::vec(any_input(), 1..120),
        agent_rules in proptest::sample::select(vec![rules(), agent_rules()]),
    ) {
        let mut state = state_with(agent_rules);
        let mut accepted: BTreeSet<u32> = BTreeSet::new();
        let mut removed: BTreeSet<u32> = BTreeSet::new();
        let mut ended_turns: BTreeMap<u32, TurnState> = BTreeMap::new();
        let mut written: BTreeSet<u32> = BTreeSet::new();
        let mut stopped: BTreeSet<u64> = BTreeSet::new();
        let (mut kept, mut session, mut record) = (BTreeMap::new(), None, state.record.clone());
        for step in script {
            let input = aimed(&state, step);
            let stale = matches!(&input, Input::Session { generation, .. }
                if state.live.as_ref().is_none_or(|live| live.generation != *generation));
            let before = state.clone();
            let actions = state.apply(input.clone(), NOW);
            if stale {
                prop_assert!(actions.is_empty(), "a stale event did {actions:?}");
                prop_assert_eq!(&state, &before);
            }
            let mut saved: BTreeMap<u32, TurnRecord> = BTreeMap::new();
            let mut decided_fresh = false;
            for action in &actions {
                match action {
                    Action::Save(Change::Turn(_, turn)) => {
                        accepted.insert(turn.number.0);
                        if let Some(end) = ended_turns.get(&turn.number.0) {
                            prop_assert_eq!(end, &turn.state, "a turn that ended changed");
                        }
                        saved.insert(turn.number.0, turn.clone());
                    }
                    Action::Save(Change::TurnRemoved(_, turn)) => { removed.insert(turn.0); }
                    Action::Save(Change::Decision(_, made)) => {
                        decided_fresh |= made.decision.continuity == Continuity::Fresh;
                    }
                    Action::Answer(_, Outcome::Submitted { turn, .. }) => {
                        prop_assert!(saved.contains_key(&turn.0), "acknowledged before it was saved");
                    }
                    Action::Stop { generation } => { stopped.insert(generation.0); }
                    Action::Write { turn, text, generation } => {
                        prop_assert!(!stopped.contains(&generation.0), "written to a process that was told to end");
                        prop_assert!(written.insert(turn.0), "turn {turn} was written twice");
                        let turn = saved.get(&turn.0);
                        prop_assert!(turn.is_some_and(|turn| turn.delivery == Delivery::Writing && &turn.prompt == text));
                    }
                    Action::TellEnded(turn) => {
                        prop_assert!(ended_turns.insert(turn.number.0, turn.state.clone()).is_none(), "ended twice");
                        prop_assert_eq!(saved.get(&turn.number.0), Some(turn), "shown before it was saved");
                    }
                    _ => {}
                }
            }
            // The person may begin one within the agent's screen, or pick one that was left.
            decided_fresh |= actions.iter().any(|action| {
                matches!(action, Action::Save(Change::Session(_, session))
                    if session.ended.is_none()
                        && (session.begun_by == BegunBy::AgentScreen || session.asleep == Some(AsleepWhy::PickedAgain)))
            });
            let ends_a_session = actions.iter().any(|action| {
                matches!(action, Action::Save(Change::Session(_, session)) if session.ended.is_some())
            });
            prop_assert!(!ends_a_session || decided_fresh, "a session ended without another one in its place");
            keep(&mut kept, &mut session, &mut record, &actions);

            let waiting: BTreeSet<u32> = state.queue.iter().map(|turn| turn.number.0).collect();
            let current = state.current.as_ref().map(|current| current.turn.number.0);
            for turn in &accepted {
                let places = usize::from(waiting.contains(turn)) + usize::from(current == Some(*turn))
                    + usize::from(ended_turns.contains_key(turn)) + usize::from(removed.contains(turn));
                prop_assert_eq!(places, 1, "turn {} is in {} places after {:?}", turn, places, input);
            }
            // What is in memory is what the store would give back.
            prop_assert_eq!(&record, &state.record);
            prop_assert_eq!(&session, &state.session);
            let open: BTreeMap<u32, TurnRecord> = state.queue.iter().chain(state.current.iter().map(|current| &current.turn))
                .map(|turn| (turn.number.0, turn.clone())).collect();
            let open_kept: BTreeMap<u32, TurnRecord> = kept.iter()
                .filter(|(_, turn)| !matches!(turn.state, TurnState::Ended(_)))
                .map(|(number, turn)| (*number, turn.clone())).collect();
            prop_assert_eq!(open, open_kept);
        }
    }
}

/// What an answer would come to.
fn answer(state: &ConversationState, turn: u32, request: Option<u32>, choice: Choice) -> Vec<String> {
    let request = request.map(RequestNumber);
    let input = Input::AnswerRequest { ask: Ask(1), turn: Some(TurnNumber(turn)), request, choice };
    let actions = state.clone().apply(input, NOW);
    actions.iter().filter(|action| !matches!(action, Action::Save(_))).map(words).collect()
}

#[test]
fn an_answer_reaches_only_what_it_was_meant_for_and_once() {
    let mut state = agent_working();
    hear(&mut state, asks(RequestKind::Permission, "run ls"));
    hear(&mut state, asks(RequestKind::Question, "which colour"));
    let [nothing, allows, answers] =
        ["ANSWER NotAsked", "TYPE Allow for request 1", "TYPE Text(\"red\") for request 2"];
    let red = || Choice::Text("red".into());
    assert_eq!(answer(&state, 2, Some(1), Choice::Allow), [nothing], "another turn");
    assert_eq!(answer(&state, 1, Some(3), Choice::Allow), [nothing]);
    assert_eq!(answer(&state, 1, None, red()), ["ANSWER DoesNotAnswer(Permission)"]);
    assert_eq!(answer(&state, 1, Some(2), Choice::Deny), ["ANSWER DoesNotAnswer(Question)"]);
    assert_eq!(answer(&state, 1, Some(1), Choice::Allow), ["ANSWER Done", allows]);
    state.apply(Input::AnswerRequest { ask: Ask(1), turn: None, request: None, choice: Choice::Allow }, NOW);
    assert_eq!(answer(&state, 1, Some(1), Choice::Deny), [nothing], "it was answered and the agent has not gone on");
    // The next one that is open is the oldest now.
    assert_eq!(state.next_decision().continuity, Continuity::Answer);
    assert_eq!(answer(&state, 1, None, red()), ["ANSWER Done", answers]);
}

#[test]
fn a_queued_message_moves_to_another_place_and_is_sent_there() {
    let mut state = idle();
    for text in ["runs", "one", "two", "three"] {
        state.apply(submit(text), NOW);
    }
    let waiting = |state: &ConversationState| state.queue.iter().map(|turn| turn.prompt.clone()).collect::<Vec<_>>();
    let last = state.queue[2].number;
    let actions = state.apply(Input::MoveQueued { ask: Ask(1), turn: last, to: 0 }, NOW);
    assert_eq!(waiting(&state), ["three", "one", "two"]);
    let saved = actions.iter().filter(|action| matches!(action, Action::Save(Change::Turn(..)))).count();
    assert_eq!(saved, 2, "those that it overtook are behind it: {actions:?}");
    let places: Vec<u32> = state.queue.iter().map(|turn| turn.queue_place).collect();
    assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
    state.apply(Input::MoveQueued { ask: Ask(2), turn: last, to: 9 }, NOW);
    assert_eq!(waiting(&state), ["one", "two", "three"]);
    let gone = state.apply(Input::MoveQueued { ask: Ask(3), turn: TurnNumber(1), to: 0 }, NOW);
    assert!(matches!(gone[..], [Action::Answer(Ask(3), Outcome::NotQueued(TurnNumber(1)))]), "{gone:?}");
}

#[test]
fn an_earlier_session_that_is_picked_is_resumed_by_the_next_message_and_the_other_one_can_be_picked_in_its_turn() {
    let mut state = agent_idle();
    state.apply(Input::Fresh { ask: Ask(1), running: RunningTurn::Refuse }, NOW);
    let pick = |session: SessionRecord| Input::TakeUpEarlier {
        ask: Ask(1),
        session: Box::new(session),
        rules: Box::new(agent_rules()),
    };
    let left = state.session().unwrap().clone();
    let said = state.apply(pick(earlier_session()), NOW);
    assert!(said.iter().any(|action| matches!(action, Action::Stop { .. })), "its process is not needed: {said:?}");
    assert!(
        said.iter().any(|action| matches!(action, Action::Save(Change::Session(_, old))
            if old.number == left.number && old.ended == Some(SessionEnd::EarlierPicked))),
        "{said:?}"
    );
    assert_eq!(state.record().wanted, earlier_session().fingerprint, "it goes on with what it had");
    let said = state.apply(submit("go on"), NOW);
    assert_eq!(decided(&state), (Continuity::Resumed, "picked_again"));
    let order = said.iter().find_map(|action| match action {
        Action::Start(order) => Some(order),
        _ => None,
    });
    let order = order.expect("it is started");
    assert_eq!((order.session, order.resume.as_deref()), (SessionNumber(7), Some("id-7")));

    let busy = state.apply(pick(left.clone()), NOW);
    assert!(matches!(&busy[..], [Action::Answer(_, Outcome::TurnRuns(_))]), "{busy:?}");
}

#[test]
fn picking_the_session_that_goes_on_takes_the_wish_for_a_fresh_one_back() {
    let mut state = agent_idle();
    let own = state.session().unwrap().clone();
    state.apply(Input::HandOver { ask: Ask(1), running: RunningTurn::Refuse }, NOW);
    state.apply(Input::SetAgent { ask: Ask(1), agent: "b".into(), rules: Box::new(rules()) }, NOW);
    let pick = Input::TakeUpEarlier { ask: Ask(1), session: Box::new(own), rules: Box::new(agent_rules()) };
    let said = state.apply(pick, NOW);
    assert!(!said.iter().any(|action| matches!(action, Action::Stop { .. })), "{said:?}");
    state.apply(submit("go on"), NOW);
    assert_eq!(decided(&state), (Continuity::Reused, "agent_alive"));
}

#[test]
fn what_cannot_be_resumed_is_not_picked() {
    for (session, rules, why) in [
        (earlier_session(), rules(), NotResumable::AgentCannot),
        (SessionRecord { agent_session: None, ..earlier_session() }, agent_rules(), NotResumable::IdUnknown),
        (SessionRecord { context: Context::Empty, ..earlier_session() }, agent_rules(), NotResumable::Empty),
    ] {
        let mut state = agent_idle();
        let before = state.clone();
        let pick = Input::TakeUpEarlier { ask: Ask(1), session: Box::new(session), rules: Box::new(rules) };
        let said = state.apply(pick, NOW);
        assert_eq!(said, [Action::Answer(Ask(1), Outcome::CannotResume(SessionNumber(7), why))]);
        assert_eq!(state, before);
    }
}
