//! Requests and events in, effects out: what clients are told, and when.

mod notify;

use super::*;
use crate::domain::changes::{NotNoted, Noted, Span, Trees};
use crate::domain::continuity::{CanResume, Continuity, ModelSwitch};
use crate::domain::conversation_state::{ExitMeans, QuestionTakes, SessionEvent};
use crate::domain::id::Generation;
use crate::domain::session::Exit;
use crate::domain::signal::{Ending, Seen, Signal};
use crate::domain::turn::{Answer, Evidence, Source, TurnEnd, TurnState};
use crate::host::effect::Query;
use crate::protocol::message::{HostReport, Place, Request, Rest, RunningTurn};

const NOW: Timestamp = Timestamp(1_000);
const WINDOW: ClientId = ClientId(1);
const SCRIPT: ClientId = ClientId(2);
const ONE: ConversationId = ConversationId(1);

fn core() -> HostCore {
    let rules = AgentRules {
        resume: CanResume::No,
        model_switch: ModelSwitch::Fresh,
        question: QuestionTakes::Nothing,
        exit: ExitMeans::TurnStatus,
        interrupted_statuses: vec![130],
        interrupt_step_ms: vec![1_000],
        start_deadline_ms: 1_000,
        ready_deadline_ms: 1_000,
        goes_on_deadline_ms: 1_000,
    };
    let rules = BTreeMap::from([("a".into(), rules.clone()), ("b".into(), rules)]);
    let agents = Agents { rules, default_agent: "a".into() };
    let host = HostFacts { pid: 7, build: "test".into(), started_at: NOW };
    HostCore::restore(agents, Vec::new(), BTreeMap::new(), ONE, host, NOW).0
}

fn ask(core: &mut HostCore, client: ClientId, request: Request) -> Vec<Effect> {
    core.handle(Event::Asked { client, id: 9, request }, NOW)
}

fn new_conversation(core: &mut HostCore, client: ClientId) -> Vec<Effect> {
    ask(core, client, Request::New { agent: None, model: None, folder: "/w".into(), title: None })
}

fn submit(core: &mut HostCore, text: &str) -> Vec<Effect> {
    let request = Request::Submit {
        conversation: ONE,
        text: text.into(),
        place: Place::Behind,
        environment: Environment(vec![("A".into(), "b".into())]),
    };
    ask(core, SCRIPT, request)
}

fn wait(turn: Option<TurnNumber>) -> Request {
    Request::Wait { conversation: ONE, turn, asked: WhenAsked::Nothing }
}

fn hear(core: &mut HostCore, event: SessionEvent) -> Vec<Effect> {
    core.handle(Event::Session { conversation: ONE, generation: Generation(1), event }, NOW)
}

fn seen(signal: Signal) -> SessionEvent {
    SessionEvent::Seen(Seen { signal, evidence: Evidence { source: Source::ShellMark, at: NOW, text: "mark".into() } })
}

/// Brings turn 1 of conversation 1 to its end and returns the effects of that.
fn complete_first_turn(core: &mut HostCore) -> Vec<Effect> {
    submit(core, "one");
    hear(core, seen(Signal::Ready));
    hear(core, SessionEvent::Written { turn: TurnNumber(1) });
    hear(core, seen(Signal::TurnStarted { turn: Some(TurnNumber(1)), text: None }));
    let answer = Answer { text: "done".into(), cut_bytes: 0 };
    hear(core, seen(Signal::TurnEnded { turn: Some(TurnNumber(1)), ending: Ending::Status(0), answer: Some(answer) }))
}

fn replies(effects: &[Effect]) -> Vec<&Reply> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Reply { reply, .. } | Effect::ReplyNow { reply, .. } => Some(reply),
            _ => None,
        })
        .collect()
}

fn place_of(effects: &[Effect], what: impl Fn(&Effect) -> bool) -> usize {
    effects.iter().position(what).unwrap_or_else(|| panic!("not among {effects:?}"))
}

#[test]
fn a_message_is_saved_then_acknowledged_then_its_session_starts() {
    let mut core = core();
    new_conversation(&mut core, SCRIPT);
    let effects = submit(&mut core, "one");
    let saved = place_of(&effects, |effect| matches!(effect, Effect::Save(Change::Turn(ONE, _))));
    let acknowledged = place_of(&effects, |effect| {
        matches!(effect, Effect::Reply { client: SCRIPT, id: 9, reply: Reply::Submitted(_) })
    });
    let started = place_of(&effects, |effect| matches!(effect, Effect::StartSession { .. }));
    assert!(saved < acknowledged && acknowledged < started, "{effects:?}");
    let Effect::StartSession { environment, order, .. } = &effects[started] else { unreachable!() };
    assert_eq!(environment.0, [("A".to_owned(), "b".to_owned())]);
    assert_eq!(order.folder, "/w");
}

/// The broken one woke an idle host for each of them.
#[test]
fn deadlines_of_a_turn_end_with_it() {
    let mut core = core();
    new_conversation(&mut core, SCRIPT);
    let effects = complete_first_turn(&mut core);
    assert!(effects.contains(&Effect::CancelTimers { conversation: ONE, turn: TurnNumber(1) }), "{effects:?}");
}

#[test]
fn files_are_noted_when_a_turn_begins_and_when_it_ended() {
    let noted = |effects: &[Effect]| {
        let words = |effect: &Effect| match effect {
            Effect::NoteBegan { turn, folder, last, .. } => Some(format!("{turn} began in {folder} after {last:?}")),
            Effect::NoteEnded { turn, trees, .. } => Some(format!("{turn} ended {trees:?}")),
            _ => None,
        };
        effects.iter().filter_map(words).collect::<Vec<_>>()
    };
    let mut core = core();
    new_conversation(&mut core, SCRIPT);
    assert_eq!(noted(&submit(&mut core, "one")), ["1 began in /w after None"]);
    assert_eq!(noted(&submit(&mut core, "two")), Vec::<String>::new());
    hear(&mut core, seen(Signal::Ready));
    hear(&mut core, SessionEvent::Written { turn: TurnNumber(1) });
    hear(&mut core, seen(Signal::Folder("/w/sub".into())));
    hear(&mut core, seen(Signal::TurnStarted { turn: Some(TurnNumber(1)), text: None }));
    let trees = Trees { top: "/w".into(), began: Noted::Not(NotNoted::NoGit), ended: None, count: None };
    let event = Event::TreesNoted { conversation: ONE, turn: TurnNumber(1), trees: trees.clone() };
    let effects = core.handle(event, NOW);
    assert!(effects.contains(&Effect::Save(Change::TurnTrees(ONE, TurnNumber(1), trees))), "{effects:?}");
    let ended =
        hear(&mut core, seen(Signal::TurnEnded { turn: Some(TurnNumber(1)), ending: Ending::Status(0), answer: None }));
    let [end, begin] = &noted(&ended)[..] else { panic!("{ended:?}") };
    assert!(
        end.starts_with("1 ended Some(Trees") && begin.starts_with("2 began in /w/sub after Some(Trees"),
        "{begin}"
    );
}

/// What is not there any more, or not yet, has changed nothing.
#[test]
fn what_a_turn_changed_is_told_of_turns_that_began() {
    let mut core = core();
    new_conversation(&mut core, SCRIPT);
    let diff = |turn: Option<u32>| Request::Diff { conversation: ONE, turn: turn.map(TurnNumber), span: Span::Turn };
    let refused = |effects: &[Effect]| match replies(effects)[..] {
        [Reply::Refused { why }] => why.clone(),
        ref other => panic!("{other:?}"),
    };
    assert_eq!(refused(&ask(&mut core, SCRIPT, diff(None))), Refusal::NothingSaid);
    submit(&mut core, "one");
    submit(&mut core, "two");
    assert_eq!(refused(&ask(&mut core, SCRIPT, diff(Some(2)))), Refusal::NotBegun(TurnNumber(2)));
    assert_eq!(refused(&ask(&mut core, SCRIPT, diff(Some(3)))), Refusal::NoTurn(TurnNumber(3)));
    let effects = ask(&mut core, SCRIPT, diff(None));
    let of_first = |effect: &Effect| {
        matches!(effect, Effect::Query { query: Query::Diff { turn: TurnNumber(1), span: Span::Turn, .. }, .. })
    };
    assert!(effects.iter().any(of_first), "{effects:?}");
}

#[test]
fn whoever_waits_for_a_turn_gets_its_end_with_the_answer_once() {
    let mut core = core();
    new_conversation(&mut core, SCRIPT);
    submit(&mut core, "one");
    assert_eq!(ask(&mut core, SCRIPT, wait(Some(TurnNumber(1)))), []);
    hear(&mut core, seen(Signal::Ready));
    hear(&mut core, SessionEvent::Written { turn: TurnNumber(1) });
    hear(&mut core, seen(Signal::TurnStarted { turn: Some(TurnNumber(1)), text: None }));
    let answer = Answer { text: "42".into(), cut_bytes: 0 };
    let effects = hear(
        &mut core,
        seen(Signal::TurnEnded { turn: Some(TurnNumber(1)), ending: Ending::Status(0), answer: Some(answer) }),
    );
    let [Reply::Ended { turn: Some(turn) }] = replies(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(turn.answer.as_ref().map(|answer| answer.text.as_str()), Some("42"));

    // Asked after the end, the store knows it.
    let late = ask(&mut core, SCRIPT, wait(Some(TurnNumber(1))));
    let query = Query::EndedTurn { conversation: ONE, turn: TurnNumber(1) };
    assert_eq!(late, [Effect::Query { client: SCRIPT, id: 9, query }]);
}

#[test]
fn whoever_waits_for_a_message_that_is_taken_back_is_told_so() {
    let mut core = core();
    new_conversation(&mut core, SCRIPT);
    submit(&mut core, "one");
    submit(&mut core, "two");
    ask(&mut core, SCRIPT, wait(Some(TurnNumber(2))));
    let effects = ask(&mut core, WINDOW, Request::RemoveQueued { conversation: ONE, turn: TurnNumber(2) });
    assert!(replies(&effects).contains(&&Reply::Ended { turn: None }), "{effects:?}");
}

#[test]
fn an_end_that_no_window_shows_is_unread_until_one_looks() {
    let mut core = core();
    ask(&mut core, WINDOW, Request::Subscribe);
    new_conversation(&mut core, SCRIPT);
    complete_first_turn(&mut core);
    assert_eq!(core.conversations[&ONE].record().unread, Some(TurnEnd::Completed));
    ask(&mut core, WINDOW, Request::Look { conversation: Some(ONE) });
    assert_eq!(core.conversations[&ONE].record().unread, None);
}

#[test]
fn an_end_that_a_window_shows_is_read() {
    let mut core = core();
    ask(&mut core, WINDOW, Request::Subscribe);
    new_conversation(&mut core, SCRIPT);
    ask(&mut core, WINDOW, Request::Look { conversation: Some(ONE) });
    let effects = complete_first_turn(&mut core);
    assert_eq!(core.conversations[&ONE].record().unread, None);
    let told = effects.iter().any(|effect| {
        matches!(effect, Effect::Tell { event: ClientEvent::TurnEnded { turn, .. }, .. }
            if turn.state == TurnState::Ended(TurnEnd::Completed))
    });
    assert!(told, "{effects:?}");
}

#[test]
fn a_turn_that_ends_in_a_closed_tab_is_unread_and_a_message_opens_the_tab_again() {
    let mut core = core();
    ask(&mut core, WINDOW, Request::Subscribe);
    new_conversation(&mut core, SCRIPT);
    ask(&mut core, WINDOW, Request::Look { conversation: Some(ONE) });
    submit(&mut core, "one");
    ask(&mut core, WINDOW, Request::CloseTab { conversation: ONE });
    assert_eq!(core.conversations[&ONE].record().tab, Tab::Closed);
    hear(&mut core, seen(Signal::Ready));
    hear(&mut core, SessionEvent::Written { turn: TurnNumber(1) });
    hear(&mut core, seen(Signal::TurnStarted { turn: Some(TurnNumber(1)), text: None }));
    hear(
        &mut core,
        seen(Signal::TurnEnded {
            turn: Some(TurnNumber(1)),
            ending: Ending::Status(0),
            answer: Some(Answer::default()),
        }),
    );
    assert_eq!(core.conversations[&ONE].record().unread, Some(TurnEnd::Completed));
    submit(&mut core, "two");
    assert!(matches!(core.conversations[&ONE].record().tab, Tab::Open { .. }));
}

#[test]
fn whoever_waits_for_quiet_gets_the_last_turn_from_the_store_with_its_answer() {
    let mut core = core();
    new_conversation(&mut core, SCRIPT);
    submit(&mut core, "one");
    assert_eq!(ask(&mut core, SCRIPT, wait(None)), []);
    hear(&mut core, seen(Signal::Ready));
    hear(&mut core, SessionEvent::Written { turn: TurnNumber(1) });
    hear(&mut core, seen(Signal::TurnStarted { turn: Some(TurnNumber(1)), text: None }));
    let answer = Answer { text: "42".into(), cut_bytes: 0 };
    let effects = hear(
        &mut core,
        seen(Signal::TurnEnded { turn: Some(TurnNumber(1)), ending: Ending::Status(0), answer: Some(answer) }),
    );
    let query = Query::EndedTurn { conversation: ONE, turn: TurnNumber(1) };
    assert!(effects.contains(&Effect::Query { client: SCRIPT, id: 9, query }), "{effects:?}");
    let effects = ask(&mut core, SCRIPT, wait(Some(TurnNumber(99))));
    assert_eq!(replies(&effects), [&Reply::Refused { why: Refusal::NoTurn(TurnNumber(99)) }]);
}

#[test]
fn an_untouched_draft_goes_with_its_window_and_a_touched_one_stays() {
    let mut core = core();
    ask(&mut core, WINDOW, Request::Subscribe);
    new_conversation(&mut core, WINDOW);
    new_conversation(&mut core, WINDOW);
    ask(&mut core, WINDOW, Request::SaveDraft { conversation: ConversationId(2), text: "half a tho".into() });
    let effects = core.handle(Event::ClientGone(WINDOW), NOW);
    assert!(effects.contains(&Effect::Save(Change::ConversationRemoved(ONE))), "{effects:?}");
    assert_eq!(core.conversations.keys().copied().collect::<Vec<_>>(), [ConversationId(2)]);
    // A number that was given is never given again.
    let effects = new_conversation(&mut core, SCRIPT);
    assert!(replies(&effects).contains(&&Reply::Created { conversation: ConversationId(3) }));
}

#[test]
fn a_conversation_of_a_script_stays_though_nothing_was_said_in_it() {
    let mut core = core();
    new_conversation(&mut core, SCRIPT);
    core.handle(Event::ClientGone(SCRIPT), NOW);
    assert!(core.conversations.contains_key(&ONE));
}

#[test]
fn while_nothing_can_be_saved_nothing_is_accepted_and_reading_goes_on() {
    let mut core = core();
    new_conversation(&mut core, SCRIPT);
    core.handle(Event::StoreTrouble("disk full".into()), NOW);
    let effects = submit(&mut core, "one");
    let [Reply::Submitted(submitted)] = replies(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((submitted.turn, submitted.decision.why.code()), (None, "store_trouble"));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Save(_))));
    let effects = ask(
        &mut core,
        SCRIPT,
        Request::Fresh { conversation: ONE, running: RunningTurn::Stop, agent: None, model: None },
    );
    assert_eq!(replies(&effects), [&Reply::Refused { why: Refusal::StoreTrouble("disk full".into()) }]);
    let effects = ask(&mut core, SCRIPT, Request::List);
    assert!(matches!(replies(&effects)[..], [Reply::Overview(_)]));
    core.handle(Event::StoreWell, NOW);
    assert!(submit(&mut core, "one").iter().any(|effect| matches!(effect, Effect::StartSession { .. })));
}

#[test]
fn a_long_list_comes_in_pieces_and_says_when_it_ends() {
    let mut core = core();
    for _ in 0..250 {
        new_conversation(&mut core, SCRIPT);
    }
    let effects = ask(&mut core, SCRIPT, Request::List);
    let pieces: Vec<(usize, Rest)> = replies(&effects)
        .iter()
        .map(|reply| match reply {
            Reply::Overview(overview) => (overview.conversations.len(), overview.rest),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(pieces, [(100, Rest::Follows), (100, Rest::Follows), (50, Rest::None)]);
}

#[test]
fn what_does_not_exist_is_refused_by_name() {
    let mut core = core();
    let nobody = ConversationId(77);
    let effects = ask(&mut core, SCRIPT, Request::Interrupt { conversation: nobody });
    assert_eq!(replies(&effects), [&Reply::Refused { why: Refusal::NoConversation(nobody) }]);
    let request = Request::New { agent: Some("zz".into()), model: None, folder: "/".into(), title: None };
    let effects = ask(&mut core, SCRIPT, request);
    assert_eq!(replies(&effects), [&Reply::Refused { why: Refusal::UnknownAgent("zz".into()) }]);
}

#[test]
fn a_host_that_ends_saves_what_ran_as_interrupted_tells_everybody_and_accepts_nothing_more() {
    let mut core = core();
    ask(&mut core, WINDOW, Request::Subscribe);
    new_conversation(&mut core, SCRIPT);
    submit(&mut core, "one");
    hear(&mut core, seen(Signal::Ready));
    let effects = ask(&mut core, SCRIPT, Request::HostStop);
    let saved = place_of(
        &effects,
        |effect| matches!(effect, Effect::Save(Change::Turn(_, turn)) if turn.state.word() == "interrupted"),
    );
    let told = place_of(&effects, |effect| matches!(effect, Effect::TellNow { event: ClientEvent::HostEnding, .. }));
    assert!(saved < told && effects.last() == Some(&Effect::End), "{effects:?}");
    let refused = submit(&mut core, "two");
    assert_eq!(replies(&refused), [&Reply::Refused { why: Refusal::Ending }]);
}

/// The states of the turns that whoever waits was told of as needing the person.
fn needs_told(effects: &[Effect]) -> Vec<&str> {
    let needs = replies(effects).into_iter().filter_map(|reply| match reply {
        Reply::NeedsPerson { turn } => Some(turn.state.word()),
        _ => None,
    });
    needs.collect()
}

#[test]
fn whoever_waits_is_told_once_of_each_thing_that_the_agent_asks_and_then_of_the_end() {
    use crate::domain::request::RequestKind;
    let asks = |kind, text: &str| seen(Signal::Asks { kind, text: text.into() });
    let mut core = core();
    new_conversation(&mut core, SCRIPT);
    submit(&mut core, "one");
    hear(&mut core, seen(Signal::Ready));
    hear(&mut core, SessionEvent::Written { turn: TurnNumber(1) });
    hear(&mut core, seen(Signal::TurnStarted { turn: Some(TurnNumber(1)), text: None }));
    ask(&mut core, WINDOW, wait(None));
    let turn = Some(TurnNumber(1));
    ask(&mut core, SCRIPT, Request::Wait { conversation: ONE, turn, asked: WhenAsked::Tell });
    assert_eq!(needs_told(&hear(&mut core, asks(RequestKind::Permission, "run ls"))), ["needs approval"]);
    assert_eq!(needs_told(&hear(&mut core, asks(RequestKind::Permission, "run ls"))), [""; 0]);
    assert_eq!(needs_told(&hear(&mut core, asks(RequestKind::Question, "which one"))), ["needs answer"]);
    assert_eq!(needs_told(&hear(&mut core, seen(Signal::GoesOn))), [""; 0]);
    assert_eq!(needs_told(&hear(&mut core, asks(RequestKind::Permission, "run ls"))), ["needs approval"]);
    // Who comes while it is asked is told at once.
    let late = ask(&mut core, SCRIPT, Request::Wait { conversation: ONE, turn, asked: WhenAsked::Tell });
    assert_eq!(needs_told(&late), ["needs approval"]);
    let end = Signal::TurnEnded { turn, ending: Ending::Completed, answer: None };
    let ended = hear(&mut core, seen(end));
    let ends = replies(&ended).into_iter().filter(|reply| matches!(reply, Reply::Ended { .. })).count();
    assert_eq!(ends, 2, "{ended:?}");
}

#[test]
fn a_fresh_session_of_another_agent_is_one_request_that_changes_all_or_nothing() {
    let wanted = |core: &HostCore| core.conversations[&ONE].record().wanted.clone();
    let fresh = |agent: &str, running| Request::Fresh {
        conversation: ONE,
        running,
        agent: Some(agent.into()),
        model: Some("m".into()),
    };
    let mut core = core();
    new_conversation(&mut core, SCRIPT);
    complete_first_turn(&mut core);
    let before = wanted(&core);
    let effects = ask(&mut core, SCRIPT, fresh("nobody", RunningTurn::Refuse));
    assert_eq!(replies(&effects), [&Reply::Refused { why: Refusal::UnknownAgent("nobody".into()) }]);
    assert_eq!(wanted(&core), before);
    hear(&mut core, seen(Signal::Ready));
    submit(&mut core, "two");
    let effects = ask(&mut core, SCRIPT, fresh("b", RunningTurn::Refuse));
    assert_eq!(replies(&effects), [&Reply::Refused { why: Refusal::TurnRuns(TurnNumber(2)) }]);
    assert_eq!(wanted(&core), before);
    let effects = ask(&mut core, SCRIPT, fresh("b", RunningTurn::Stop));
    assert_eq!(replies(&effects), [&Reply::Done]);
    assert_eq!((wanted(&core).agent.as_str(), wanted(&core).model.as_deref()), ("b", Some("m")));
    hear(&mut core, SessionEvent::Exited { exit: Exit::Signal(1), said: String::new() });
    let next = core.conversations[&ONE].next_decision();
    assert_eq!((next.continuity, next.why.text().as_str()), (Continuity::Fresh, "agent a -> b"));
}

/// The conversations in the order of their tabs.
fn row(core: &mut HostCore) -> Vec<i64> {
    let effects = ask(core, WINDOW, Request::List);
    let listed = effects.iter().filter_map(|effect| match effect {
        Effect::Reply { reply: Reply::Overview(overview), .. } => Some(&overview.conversations),
        _ => None,
    });
    let open = listed.flatten().filter(|one| matches!(one.tab, Tab::Open { .. }));
    open.map(|one| one.id.0).collect()
}

#[test]
fn a_tab_moves_and_those_between_make_room() {
    let mut core = core();
    for _ in 0..4 {
        new_conversation(&mut core, SCRIPT);
    }
    ask(&mut core, SCRIPT, Request::CloseTab { conversation: ConversationId(2) });
    assert_eq!(row(&mut core), [1, 3, 4]);
    for (moved, to, wanted) in
        [(4, 0, [4, 1, 3]), (4, 1, [1, 4, 3]), (4, 1, [1, 4, 3]), (1, 99, [4, 3, 1]), (1, 0, [1, 4, 3])]
    {
        let effects = ask(&mut core, SCRIPT, Request::MoveTab { conversation: ConversationId(moved), to });
        let done = effects.iter().filter(|effect| matches!(effect, Effect::Reply { reply: Reply::Done, .. })).count();
        assert_eq!((row(&mut core), done), (wanted.to_vec(), 1), "{moved} to {to}");
    }
    let effects = ask(&mut core, SCRIPT, Request::MoveTab { conversation: ConversationId(2), to: 0 });
    let why = Refusal::NoTab(ConversationId(2));
    assert_eq!(effects, [Effect::Reply { client: SCRIPT, id: 9, reply: Reply::Refused { why } }]);
    assert_eq!(row(&mut core), [1, 4, 3]);
}

#[test]
fn a_search_goes_to_the_store_and_a_filter_that_means_nothing_is_refused_at_once() {
    let mut core = core();
    let search = |text: &str| Request::Search { text: text.into(), most: u32::MAX };
    let effects = ask(&mut core, SCRIPT, search("fix is:failed"));
    assert!(matches!(effects.as_slice(), [Effect::Search { most: 200, query, .. }] if query.typed.words == ["fix"]));
    let why = Refusal::NoSuchState("purple".into());
    let refused = Effect::ReplyNow { client: SCRIPT, id: 9, reply: Reply::Refused { why } };
    assert_eq!(ask(&mut core, SCRIPT, search("is:purple")), [refused]);
    let why = Refusal::NoSuchTime("soon".into());
    let refused = Effect::ReplyNow { client: SCRIPT, id: 9, reply: Reply::Refused { why } };
    assert_eq!(ask(&mut core, SCRIPT, search("since:soon")), [refused]);
}

fn restored(conversations: i64) -> Vec<Kept> {
    let mut core = core();
    (0..conversations).for_each(|_| drop(new_conversation(&mut core, SCRIPT)));
    let kept = |state: &ConversationState| Kept {
        record: state.record().clone(),
        session: None,
        sessions: 0,
        open_turns: Vec::new(),
        newest_ended: None,
        turns: 0,
        decisions: Vec::new(),
    };
    core.conversations.values().map(kept).collect()
}

#[test]
fn a_host_whose_store_does_not_open_says_why_and_takes_everything_up_when_it_does() {
    let HostCore { agents, host, .. } = core();
    let mut core = HostCore::without_store(agents, "the disk is full".into(), host);
    let trouble = || Reply::Refused { why: Refusal::StoreTrouble("the disk is full".into()) };
    for request in [Request::List, wait(None), Request::Why { conversation: ONE }] {
        assert_eq!(replies(&ask(&mut core, SCRIPT, request)), [&trouble()], "no word of what is not known");
    }
    assert_eq!(replies(&new_conversation(&mut core, SCRIPT)), [&trouble()]);
    assert_eq!(replies(&submit(&mut core, "one")), [&trouble()]);
    let effects = ask(&mut core, SCRIPT, Request::HostStatus);
    assert!(matches!(replies(&effects)[..], [Reply::Host(HostReport { store_trouble: Some(_), .. })]), "{effects:?}");

    let effects = ask(&mut core, WINDOW, Request::Subscribe);
    let told = |text: &str| {
        let event = ClientEvent::Notice(text.into());
        Effect::TellNow { clients: vec![WINDOW], event }
    };
    assert_eq!(effects, [told("the store cannot be opened: the disk is full")], "its overview waits");

    let effects =
        core.handle(Event::StoreOpened { kept: restored(2), lived_on: BTreeMap::new(), next: ConversationId(3) }, NOW);
    let [Reply::Overview(overview)] = replies(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(overview.conversations.len(), 2);
    assert!(effects.contains(&told("the store is open again, with everything in it")));
    let effects = new_conversation(&mut core, SCRIPT);
    assert_eq!(replies(&effects), [&Reply::Created { conversation: ConversationId(3) }]);
}
