//! What is said of turns that nobody looks at: to whom, and when nothing is.

use super::*;
use crate::config::notify::{Desktop, Ways};
use crate::domain::request::RequestKind;
use crate::host::effect::Announce;
use crate::protocol::message::{Notification, NotificationKind};

const LATER: Timestamp = Timestamp(61_000);
const OTHER: ClientId = ClientId(3);

/// A host with a command, one conversation, and turn 1 of it at work since `NOW`.
fn working(settings: Notify) -> HostCore {
    let mut core = core();
    core.notifier = Notifier::new(Notify { command: vec!["tell".into(), "-x".into()], ..settings });
    new_conversation(&mut core, SCRIPT);
    submit(&mut core, "one");
    hear(&mut core, seen(Signal::Ready));
    hear(&mut core, SessionEvent::Written { turn: TurnNumber(1) });
    hear(&mut core, seen(Signal::TurnStarted { turn: Some(TurnNumber(1)), text: None }));
    core
}

fn happens(core: &mut HostCore, signal: Signal, now: Timestamp) -> Vec<Effect> {
    let evidence = Evidence { source: Source::ShellMark, at: now, text: "mark".into() };
    let event = SessionEvent::Seen(Seen { signal, evidence });
    core.handle(Event::Session { conversation: ONE, generation: Generation(1), event }, now)
}

fn ends(core: &mut HostCore, status: i32, now: Timestamp) -> Vec<Effect> {
    let answer = Answer { text: "done".into(), cut_bytes: 0 };
    let ending = Ending::Status(status);
    happens(core, Signal::TurnEnded { turn: Some(TurnNumber(1)), ending, answer: Some(answer) }, now)
}

fn asks(core: &mut HostCore, text: &str, now: Timestamp) -> Vec<Effect> {
    happens(core, Signal::Asks { kind: RequestKind::Permission, text: text.into() }, now)
}

fn to_windows(effects: &[Effect]) -> Vec<(ClientId, Notification)> {
    let notify = |effect: &Effect| match effect {
        Effect::Tell { clients, event: ClientEvent::Notify(notification) } => {
            Some(clients.iter().map(|client| (*client, (**notification).clone())).collect::<Vec<_>>())
        }
        _ => None,
    };
    effects.iter().filter_map(notify).flatten().collect()
}

fn announced(effects: &[Effect]) -> Vec<Announce> {
    let announce = |effect: &Effect| match effect {
        Effect::Announce(announce) => Some((**announce).clone()),
        _ => None,
    };
    effects.iter().filter_map(announce).collect()
}

fn open_window(core: &mut HostCore, client: ClientId, look: Option<ConversationId>) {
    ask(core, client, Request::Subscribe);
    ask(core, client, Request::Look { conversation: look });
}

#[test]
fn without_a_window_the_desktop_and_the_command_are_told_after_the_end_is_saved() {
    let mut core = working(Notify::default());
    let effects = ends(&mut core, 0, LATER);
    let saved = place_of(&effects, |effect| matches!(effect, Effect::Save(Change::Turn(ONE, _))));
    let told = place_of(&effects, |effect| matches!(effect, Effect::Announce(_)));
    assert!(saved < told, "{effects:?}");
    assert_eq!(to_windows(&effects), []);
    let [Announce { notification, desktop: true, command }] = &announced(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(command, &["tell", "-x"]);
    let Notification { title, kind, state, elapsed_ms, turn, .. } = notification;
    assert_eq!((title.as_str(), kind, state.as_str()), ("one", &NotificationKind::Done, "completed"));
    assert_eq!((*elapsed_ms, *turn), (60_000, TurnNumber(1)));
}

#[test]
fn the_window_that_had_the_focus_last_is_told_and_the_desktop_is_not() {
    let mut core = working(Notify::default());
    open_window(&mut core, WINDOW, None);
    open_window(&mut core, OTHER, None);
    let effects = asks(&mut core, "Bash: make", NOW);
    let told = to_windows(&effects);
    assert!(matches!(&told[..], [(OTHER, told)] if told.text == "Bash: make" && told.state == "needs approval"));
    assert!(!announced(&effects)[0].desktop);
    // The first one gets the focus on another conversation, then loses it; it is still the last that had it.
    ask(&mut core, WINDOW, Request::Look { conversation: Some(ConversationId(9)) });
    ask(&mut core, WINDOW, Request::Look { conversation: None });
    assert_eq!(to_windows(&asks(&mut core, "Bash: test", NOW))[0].0, WINDOW);
    core.handle(Event::ClientGone(WINDOW), NOW);
    assert_eq!(to_windows(&ends(&mut core, 0, LATER))[0].0, OTHER);
}

#[test]
fn what_a_focused_window_shows_is_silent() {
    let mut core = working(Notify::default());
    open_window(&mut core, WINDOW, Some(ONE));
    let effects = [asks(&mut core, "Bash: make", NOW), ends(&mut core, 1, LATER)].concat();
    assert_eq!((to_windows(&effects).len(), announced(&effects).len()), (0, 0));
    // The same one, as the window has lost the focus.
    let mut core = working(Notify::default());
    open_window(&mut core, WINDOW, Some(ONE));
    ask(&mut core, WINDOW, Request::Look { conversation: None });
    assert_eq!(to_windows(&ends(&mut core, 1, LATER)).len(), 1);
}

#[test]
fn a_short_turn_ends_in_silence_and_what_is_asked_never_is() {
    for (settings, at, said) in [
        (Notify::default(), 11_000, 0),
        (Notify::default(), 11_001, 1),
        (Notify { after_seconds: 0, ..Notify::default() }, 1_001, 1),
    ] {
        assert_eq!(announced(&ends(&mut working(settings.clone()), 0, Timestamp(at))).len(), said, "{at}");
        assert_eq!(announced(&ends(&mut working(settings), 1, Timestamp(at))).len(), said, "{at}");
    }
    assert_eq!(announced(&asks(&mut working(Notify::default()), "Bash: make", NOW)).len(), 1);
}

#[test]
fn the_same_question_is_said_once() {
    let mut core = working(Notify::default());
    assert_eq!(announced(&asks(&mut core, "Bash: make", NOW)).len(), 1);
    assert_eq!(announced(&happens(&mut core, Signal::Doing("waits".into()), NOW)).len(), 0);
    assert_eq!(announced(&asks(&mut core, "Bash: test", NOW)).len(), 1);
}

#[test]
fn an_interrupted_turn_and_the_end_of_the_host_are_no_news() {
    let mut core = working(Notify::default());
    ask(&mut core, SCRIPT, Request::Interrupt { conversation: ONE });
    assert_eq!(announced(&ends(&mut core, 130, LATER)), []);
    let mut core = working(Notify::default());
    assert_eq!(announced(&core.handle(Event::EndAsked, LATER)), []);
}

#[test]
fn each_state_has_its_ways() {
    let none = Notify { done: Ways::NONE, failed: Ways { desktop: true, ..Ways::NONE }, ..Notify::default() };
    assert_eq!(announced(&ends(&mut working(none.clone()), 0, LATER)), []);
    let failed = announced(&ends(&mut working(none), 1, LATER));
    assert!(failed[0].desktop && failed[0].command.is_empty() && failed[0].notification.text == "exit 1", "{failed:?}");
    let always = Notify { desktop: Desktop::Always, ..Notify::default() };
    let mut core = working(always);
    open_window(&mut core, WINDOW, None);
    let effects = ends(&mut core, 0, LATER);
    assert!(announced(&effects)[0].desktop && to_windows(&effects).len() == 1);
}

#[test]
fn more_than_ten_in_a_minute_are_not_said() {
    let mut core = working(Notify::default());
    let said = |core: &mut HostCore, count: usize, now: Timestamp| {
        (0..count).map(|number| announced(&asks(core, &format!("{number} at {now:?}"), now)).len()).sum::<usize>()
    };
    assert_eq!(said(&mut core, 15, NOW), 10);
    assert_eq!(said(&mut core, 5, NOW.plus_ms(59_999)), 0);
    assert_eq!(said(&mut core, 5, NOW.plus_ms(60_000)), 5);
}

#[test]
fn a_changed_configuration_is_in_force_for_the_next_turn() {
    let mut core = working(Notify::default());
    let quiet = crate::config::Config {
        default_agent: "b".into(),
        notify: Notify { done: Ways::NONE, ..Notify::default() },
        ..crate::config::Config::default()
    };
    core.handle(Event::Configured(Box::new(quiet)), NOW);
    assert_eq!(announced(&ends(&mut core, 0, LATER)), []);
    assert_eq!(core.agents.default_agent, "b");
}
