//! What the window does, one test a behaviour.

mod agents;
mod changes;
mod configuration;
mod copy;
mod deletion;
mod earlier;
mod fork;
mod overview;
mod palette;
mod search;
mod tabs;
mod turn_actions;
mod writing;

use super::super::app::{AfterEdit, Keyboard, Link, Page, Prefix};
use super::super::event::{Effect, Event, Purpose, ThenRead};
use super::super::keymap::Command;
use super::super::testing::{Window, ago, asleep, decided, draft, ended, id, idle, of, with_queue, working};
use crate::client::Absent;
use crate::domain::continuity::{Continuity, Decision, DecisionRecord, Why};
use crate::domain::conversation::Tab;
use crate::domain::conversation_state::MAX_MESSAGE_BYTES;
use crate::domain::id::TurnNumber;
use crate::domain::turn::{TurnEnd, TurnRecord, TurnState};
use crate::protocol::message::{
    Counts, Event as HostEvent, HostReport, Overview, Place, Refusal, Reply, Request, Rest, RunningTurn, Scroll,
    Submitted, ViewInput, ViewOutput,
};
use crate::terminal::frame::{ScrollPosition, Size};
use crate::terminal::keys::{Focus, Key, KeyCode, Modifiers, MouseAction, MouseButton};

fn one(conversation: crate::protocol::message::Conversation) -> Window {
    let mut window = Window::with(80, 24, vec![conversation]);
    if window.app.view.is_some() {
        window.frame(&["$ "], Some((2, 0)));
    }
    window.take();
    window
}

fn submitted(text: &str, continuity: Continuity, why: Why) -> (Purpose, Reply) {
    let purpose = Purpose::Submit { conversation: id(1), text: text.into() };
    let decision = Decision { continuity, why };
    let reply = Submitted { conversation: id(1), session: None, turn: None, state: None, decision };
    (purpose, Reply::Submitted(reply))
}

fn draft_saved(text: &str) -> Request {
    Request::SaveDraft { conversation: id(1), text: text.into() }
}

fn alive(
    generation: crate::domain::id::Generation,
    since: crate::domain::id::Timestamp,
) -> crate::protocol::message::Process {
    let taken_up = crate::protocol::message::TakenUp::New;
    crate::protocol::message::Process::Alive { generation, since, pid: None, taken_up, background: 0 }
}

#[test]
fn it_starts_on_the_tab_of_this_folder_that_was_active_last() {
    let mut elsewhere = idle(3, "elsewhere");
    elsewhere.wanted.folder = "/other".into();
    let window = Window::with(80, 24, vec![idle(1, "old"), idle(2, "new"), elsewhere]);
    assert_eq!(window.app.active, Some(id(2)));
    assert_eq!(window.app.keyboard(), Keyboard::Composer);
    let look = Request::Look { conversation: Some(id(2)) };
    assert!(window.ordered.contains(&Effect::Ask(Purpose::Order { done: "" }, look)));
}

#[test]
fn what_is_typed_before_there_is_a_tab_stands_in_its_composer() {
    let mut window = Window::with(80, 24, vec![]);
    window.press("early bird");
    window.answer(Purpose::NewTab, Reply::Created { conversation: id(9) });
    window.told(draft(9, "app"));
    assert_eq!(window.app.desk().map(|desk| desk.composer.text()), Some("early bird".into()));
}

#[test]
fn without_a_tab_of_this_folder_it_opens_a_draft() {
    let mut elsewhere = idle(3, "elsewhere");
    elsewhere.wanted.folder = "/other".into();
    let mut window = Window::with(80, 24, vec![elsewhere]);
    let new = Request::New { agent: Some("shell".into()), model: None, folder: "/home/me/app".into(), title: None };
    assert_eq!(window.requests(), [Request::Subscribe, new]);
    window.answer(Purpose::NewTab, Reply::Created { conversation: id(9) });
    window.told(draft(9, "app"));
    assert_eq!(window.app.active, Some(id(9)));
    window.press("hi");
    assert_eq!(window.text(), "hi");
}

#[test]
fn enter_sends_with_the_environment_and_empties_the_composer() {
    let mut window = one(idle(1, "a"));
    window.press("hello<enter>");
    let environment = window.app.environment.clone();
    let request = Request::Submit { conversation: id(1), text: "hello".into(), place: Place::Behind, environment };
    assert_eq!(window.requests(), [request]);
    assert_eq!(window.text(), "");
    let (purpose, reply) = submitted("hello", Continuity::Reused, Why::AgentAlive);
    window.answer(purpose, reply);
    assert_eq!(window.text(), "");
}

#[test]
fn a_refused_message_comes_back_in_front_of_what_was_typed_since() {
    let mut window = one(idle(1, "a"));
    window.press("hello<enter>more");
    let (purpose, reply) = submitted("hello", Continuity::Refused, Why::StoreTrouble("disk full".into()));
    window.answer(purpose, reply);
    assert_eq!(window.text(), "hello\nmore");
    let all = "refused · nothing can be saved now (disk full); free the disk or mend the\n folder, then send again";
    assert!(window.picture().contains(all), "{}", window.picture());
}

#[test]
fn a_refused_request_to_send_gives_the_text_back_too() {
    let mut window = one(idle(1, "a"));
    window.press("hello<enter>");
    let purpose = Purpose::Submit { conversation: id(1), text: "hello".into() };
    window.answer(purpose, Reply::Refused { why: Refusal::Ending });
    assert_eq!(window.text(), "hello");
    assert!(window.status().contains("the host is ending"), "{}", window.status());
}

#[test]
fn nothing_is_sent_where_nothing_was_typed() {
    let mut window = one(idle(1, "a"));
    window.press("  <enter>");
    assert_eq!(window.requests(), []);
    assert!(window.status().contains("nothing to send"));
}

#[test]
fn three_keys_make_a_new_line() {
    let mut window = one(idle(1, "a"));
    window.press("1<alt-enter>2<shift-enter>3<ctrl-j>4");
    assert_eq!(window.text(), "1\n2\n3\n4");
}

#[test]
fn up_and_down_go_through_the_prompts_and_back_to_the_draft() {
    let mut window = one(with_queue(idle(1, "a"), &["queued"]));
    let turns = vec![ended(1, "first", TurnEnd::Completed), ended(2, "two\nlines", TurnEnd::Completed)];
    window.answer(Purpose::EarlierTurns(id(1)), Reply::Turns(turns));
    let seen: Vec<String> = (0..5)
        .map(|_| {
            window.press("<up>");
            window.picture();
            window.text()
        })
        .collect();
    // From the last of two lines Up first goes to the first one.
    assert_eq!(seen, ["queued", "add a button", "two\nlines", "two\nlines", "first"]);
    window.press("<up>");
    assert_eq!(window.text(), "first");
    window.press("<down><down><down><down><down><down>");
    assert_eq!(window.text(), "");
}

#[test]
fn a_draft_is_saved_when_typing_pauses_and_only_then() {
    let mut window = one(idle(1, "a"));
    window.press("ab");
    window.after(200).press("c");
    window.after(200);
    assert_eq!(window.requests(), []);
    window.after(100);
    assert_eq!(window.requests(), [draft_saved("abc")]);
    window.after(5_000);
    assert_eq!(window.requests(), []);
}

#[test]
fn a_draft_is_saved_on_tab_switch_and_each_tab_has_its_own() {
    let mut window = Window::with(80, 24, vec![idle(1, "a"), idle(2, "b")]);
    window.press("<alt-1>one");
    window.requests();
    window.press("<alt-2>");
    assert_eq!(window.requests(), [draft_saved("one")]);
    assert_eq!(window.text(), "");
    window.press("two<alt-1>");
    assert_eq!(window.text(), "one");
}

#[test]
fn a_draft_is_saved_on_leaving() {
    let mut window = one(idle(1, "a"));
    window.press("half<prefix>d");
    assert_eq!(window.take().last(), Some(&Effect::Leave));
    let mut window = one(idle(1, "a"));
    window.press("half");
    window.event(Event::Terminated);
    assert_eq!(window.requests(), [draft_saved("half")]);
    assert!(window.app.leaving);
}

#[test]
fn another_windows_draft_is_taken_over_only_where_nothing_was_typed() {
    let with_draft = |text: &str| {
        let mut conversation = idle(1, "a");
        conversation.draft = text.into();
        conversation
    };
    let mut window = one(idle(1, "a"));
    window.told(with_draft("theirs"));
    assert_eq!(window.text(), "theirs");
    window.press("!");
    window.told(with_draft("newer"));
    assert_eq!(window.text(), "theirs!");
}

#[test]
fn an_older_draft_that_comes_while_ours_is_being_saved_takes_nothing_away() {
    let mut window = one(idle(1, "a"));
    window.press("abc").after(300);
    window.told(idle(1, "a"));
    assert_eq!(window.text(), "abc");
    window.answer(Purpose::SaveDraft(id(1)), Reply::Done);
    assert_eq!(window.text(), "abc");
}

#[test]
fn fresh_asks_first_while_a_turn_runs_and_not_otherwise() {
    let fresh = |running| Request::Fresh { conversation: id(1), running, agent: None, model: None };
    let mut window = one(idle(1, "a"));
    window.press("<ctrl-n>");
    assert_eq!(window.requests(), [fresh(RunningTurn::Refuse)]);
    let mut window = one(working(1, "a"));
    window.press("<prefix>N");
    assert_eq!(window.requests(), []);
    window.press("n<prefix>Ny");
    assert_eq!(window.requests(), [fresh(RunningTurn::Stop)]);
    let mut window = one(draft(1, "a"));
    window.press("<ctrl-n>");
    assert_eq!(window.requests(), []);
    assert!(window.picture().contains("a fresh one anyway"), "{}", window.picture());
}

#[test]
fn after_fresh_the_status_line_tells_what_the_next_message_does() {
    let mut window = one(idle(1, "a"));
    let mut conversation = idle(1, "a");
    conversation.next = Decision { continuity: Continuity::Fresh, why: Why::UserAsked };
    window.told(conversation);
    assert!(window.status().contains("next message: fresh · you asked for a fresh session"), "{}", window.status());
}

#[test]
fn interrupting_where_nothing_runs_says_so() {
    let mut window = one(idle(1, "a"));
    window.press("<prefix>i");
    assert_eq!(window.requests(), [Request::Interrupt { conversation: id(1) }]);
    window.answer(Purpose::Interrupt, Reply::Interrupting { turn: None });
    assert!(window.status().contains("nothing runs here"));
}

#[test]
fn interrupt_and_send_now_takes_the_text_or_else_the_first_in_line() {
    let mut window = one(with_queue(working(1, "a"), &["next", "last"]));
    window.press("now<prefix><enter>");
    let environment = window.app.environment.clone();
    let place = Place::InterruptAndSendNow;
    let request = Request::Submit { conversation: id(1), text: "now".into(), place, environment };
    assert_eq!(window.requests(), [request]);
    window.press("<prefix><enter>");
    assert_eq!(window.requests(), [Request::SendNow { conversation: id(1), turn: TurnNumber(8) }]);
}

#[test]
fn queued_messages_are_chosen_edited_removed_and_sent() {
    let mut window = one(with_queue(working(1, "a"), &["next", "last"]));
    window.press("my draft<prefix>q<down>");
    assert_eq!(window.app.keyboard(), Keyboard::Turns);
    window.press("x");
    assert_eq!(window.requests(), [Request::RemoveQueued { conversation: id(1), turn: TurnNumber(9) }]);
    window.press("<up>s");
    let now = Request::SendNow { conversation: id(1), turn: TurnNumber(8) };
    assert_eq!(window.requests(), [now]);
    window.press("e");
    assert_eq!((window.text(), window.app.keyboard()), ("next".to_owned(), Keyboard::Composer));
    window.press("!<enter>");
    let edited = Request::EditQueued { conversation: id(1), turn: TurnNumber(8), text: "next!".into() };
    assert_eq!(window.requests(), [edited]);
    assert_eq!(window.text(), "my draft");
}

#[test]
fn the_change_of_a_queued_message_that_was_not_confirmed_stands_in_the_composer_again() {
    let mut window = one(with_queue(working(1, "a"), &["next"]));
    window.press("mine<prefix>qe!<enter>");
    assert_eq!(window.text(), "mine");
    window.event(Event::LinkLost("gone".into()));
    assert_eq!(window.text(), "next!\nmine");
    assert!(window.picture().contains("went away before it confirmed"), "{}", window.picture());
    let mut window = one(with_queue(working(1, "a"), &["next"]));
    window.press("mine<prefix>qe!<enter>");
    let purpose = Purpose::EditQueued {
        conversation: id(1),
        turn: TurnNumber(8),
        text: "next!".into(),
        then: AfterEdit::Nothing,
    };
    window.answer(purpose, Reply::Done).event(Event::LinkLost("gone".into()));
    assert_eq!(window.text(), "mine");
}

#[test]
fn a_message_that_was_sent_while_it_was_edited_leaves_its_text_as_a_draft() {
    let mut window = one(with_queue(working(1, "a"), &["next"]));
    window.press("mine<prefix>qe!");
    window.told(working(1, "a"));
    assert_eq!(window.text(), "next!\nmine");
    let mut window = one(with_queue(working(1, "a"), &["next"]));
    window.press("mine<prefix>qe!<esc>");
    assert_eq!(window.text(), "mine");
}

#[test]
fn the_keyboard_goes_to_the_agent_and_back() {
    let mut window = one(idle(1, "a"));
    window.press("<tab>");
    assert_eq!(window.app.keyboard(), Keyboard::Agent);
    assert_eq!(
        window.inputs(),
        [ViewInput::Focus(Focus::Gained), ViewInput::Resize(Size { columns: 48, rows: 21 })]
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
    );
    window.press("ls<enter><ctrl-n><tab>");
    assert_eq!(window.inputs().len(), 5);
    window.event(Event::Paste("many\nlines".into()));
    assert_eq!(window.inputs(), [ViewInput::Paste("many\nlines".into())]);
    window.event(Event::Focus(Focus::Lost));
    assert_eq!(window.inputs(), [ViewInput::Focus(Focus::Lost)]);
    window.event(Event::Focus(Focus::Gained));
    window.take();
    window.press("<prefix>o");
    assert_eq!(window.app.keyboard(), Keyboard::Composer);
    assert!(window.inputs().contains(&ViewInput::Focus(Focus::Lost)));
}

#[test]
fn the_prefix_twice_is_sent_on() {
    let mut window = one(idle(1, "a"));
    window.press("<prefix>o");
    window.take();
    window.press("<prefix><prefix>");
    let prefix = Key { code: KeyCode::Char(']'), modifiers: Modifiers::CONTROL };
    assert_eq!(window.inputs(), [ViewInput::Key(prefix)]);
    assert_eq!(window.app.prefix, Prefix::None);
}

#[test]
fn tab_stays_in_a_composer_with_text() {
    let mut window = one(idle(1, "a"));
    window.press("x<tab>");
    assert_eq!((window.app.keyboard(), window.text()), (Keyboard::Composer, "x".to_owned()));
}

#[test]
fn keys_for_an_agent_that_has_left_never_fall_into_the_composer() {
    let mut window = one(idle(1, "a"));
    window.press("<tab>");
    window.event(Event::Viewed(of(1, 1), ViewOutput::Ended));
    window.told(asleep(1, "a"));
    window.take();
    window.press("rm x<enter>");
    assert_eq!((window.requests(), window.text()), (vec![], String::new()));
    assert!(window.status().contains("no process lives here"), "{}", window.status());
    window.press("<prefix>ohi");
    assert_eq!(window.text(), "hi");
}

#[test]
fn keys_for_an_agent_behind_a_lost_link_are_not_swallowed_in_silence() {
    let mut window = one(idle(1, "a"));
    window.press("<tab>");
    window.event(Event::LinkLost("gone".into()));
    window.take();
    window.press("x");
    assert_eq!(window.inputs(), []);
    assert!(window.picture().contains("the agent's screen is not connected, so keys go nowhere"));
}

#[test]
fn which_key_comes_after_a_while_and_goes_with_the_next_key() {
    let mut window = one(idle(1, "a"));
    window.press("<prefix>").after(399);
    assert_ne!(window.app.prefix, Prefix::Shown { page: 0 });
    assert_eq!(window.app.deadline_ms(), Some(window.now.steady_ms + 1));
    window.after(1);
    assert_eq!(window.app.prefix, Prefix::Shown { page: 0 });
    window.press("<esc>");
    assert_eq!(window.app.prefix, Prefix::None);
}

#[test]
fn typing_to_the_agent_returns_a_scrolled_screen_to_live() {
    let mut window = one(idle(1, "a"));
    window.press("<tab>");
    window.take();
    window.press("<shift-pgup>");
    assert_eq!(window.inputs(), [ViewInput::Scroll(Scroll::PageUp)]);
    window.scrolled_frame(&["old"], None, ScrollPosition { up: 10, most: 20, left: 20 });
    window.press("a");
    let key = Key { code: KeyCode::Char('a'), modifiers: Modifiers::NONE };
    assert_eq!(window.inputs(), [ViewInput::Scroll(Scroll::Live), ViewInput::Key(key)]);
}

#[test]
fn the_mouse_goes_where_it_points() {
    let mut window = Window::with(80, 24, vec![idle(1, "a"), idle(2, "b")]);
    window.frame(&["$ "], Some((2, 0)));
    window.take();
    let left = MouseAction::Press(MouseButton::Left);
    window.mouse(MouseAction::WheelUp, 3, 4);
    let wheel = window.inputs();
    assert!(matches!(wheel[..], [ViewInput::Mouse(mouse)] if (mouse.column, mouse.row) == (3, 3)), "{wheel:?}");
    window.mouse(left, 3, 4);
    assert_eq!(window.app.keyboard(), Keyboard::Agent);
    assert!(!window.inputs().iter().any(|input| matches!(input, ViewInput::Mouse(_))), "the first click only comes");
    window.mouse(MouseAction::Release(MouseButton::Left), 3, 4);
    assert_eq!(window.inputs(), [], "nor does its release press anything");
    window.takes_mouse();
    window.mouse(left, 3, 4);
    assert!(window.inputs().iter().any(|input| matches!(input, ViewInput::Mouse(_))));
    window.mouse(left, 10, 22);
    assert_eq!(window.app.keyboard(), Keyboard::Composer);
    window.mouse(left, 2, 0);
    assert_eq!(window.app.active, Some(id(1)));
    window.take();
    window.mouse(left, 78, 0);
    assert!(matches!(window.requests()[..], [Request::New { .. }]));
}

#[test]
fn the_status_line_and_a_pages_head_can_be_clicked() {
    let mut window = one(idle(1, "a"));
    let left = MouseAction::Press(MouseButton::Left);
    window.mouse(left, 2, 23);
    assert_eq!(window.app.keyboard(), Keyboard::Agent);
    window.mouse(left, 75, 23);
    assert_eq!(window.app.prefix, Prefix::Shown { page: 0 });
    window.press("?").mouse(left, 10, 0);
    assert!(window.app.page.is_none());
}

#[test]
fn a_click_in_the_panel_chooses_the_turn() {
    let mut window = one(with_queue(working(1, "a"), &["next", "last"]));
    let row = window.picture().lines().position(|line| line.contains("\"last\"")).expect("it is shown");
    window.mouse(MouseAction::Press(MouseButton::Left), 60, u16::try_from(row).expect("small"));
    assert_eq!(window.app.keyboard(), Keyboard::Turns);
    assert_eq!(window.app.desk().and_then(|desk| desk.chosen), Some(TurnNumber(9)));
}

#[test]
fn the_view_follows_the_active_tab_its_process_and_the_size() {
    let mut window = Window::with(80, 24, vec![idle(1, "a"), idle(2, "b")]);
    let size = Size { columns: 48, rows: 20 };
    assert!(window.take().contains(&Effect::OpenView(of(2, 1), size)));
    window.press("<alt-1>");
    assert!(window.take().contains(&Effect::OpenView(of(1, 1), size)));
    window.event(Event::Resized(Size { columns: 100, rows: 30 }));
    assert_eq!(window.inputs(), [ViewInput::Resize(Size { columns: 62, rows: 26 })]);
    window.told(asleep(1, "a"));
    assert_eq!(window.take(), [Effect::CloseView]);
    let mut again = idle(1, "a");
    if let Some(session) = &mut again.session {
        let generation = crate::domain::id::Generation(2);
        session.process = alive(generation, Default::default());
    }
    window.told(again);
    assert!(matches!(window.take()[..], [Effect::OpenView(view, _)] if view == of(1, 2)));
}

#[test]
fn a_lost_view_is_opened_again_while_the_process_lives_and_trouble_is_told_when_that_does_not_help() {
    let mut window = one(idle(1, "a"));
    for _ in 0..2 {
        window.event(Event::ViewLost(of(1, 1), "too slow".into()));
        assert!(
            !window.status().contains("too slow"),
            "it may be the end of its process, of which we hear in a moment"
        );
        assert_eq!(window.take(), []);
        window.after(1_000);
        assert!(matches!(window.take()[..], [Effect::OpenView(..)]));
    }
    window.event(Event::ViewLost(of(1, 1), "too slow".into()));
    assert!(window.status().contains("too slow"));
}

#[test]
fn pictures_of_an_older_process_are_dropped() {
    let mut window = one(idle(1, "a"));
    let ended = Event::Viewed(of(1, 0), ViewOutput::Ended);
    window.event(ended);
    assert!(window.app.live_screen().is_some());
}

#[test]
fn closing_a_tab_says_that_its_turn_goes_on_and_shows_the_neighbour() {
    let mut window = Window::with(80, 24, vec![idle(1, "a"), working(2, "b"), idle(3, "c")]);
    window.press("<alt-2>");
    window.requests();
    window.press("<prefix>x");
    assert_eq!(window.requests(), [Request::CloseTab { conversation: id(2) }]);
    assert!(window.status().contains("turn 7 goes on; the conversation stays"), "{}", window.status());
    let mut closed = working(2, "b");
    closed.tab = Tab::Closed;
    window.told(closed);
    assert_eq!(window.app.active, Some(id(3)));
    assert!(
        window
            .app
            .farewell()
            .contains("2 sessions keep running in open tabs and at least 1 in closed ones, 1 of them on a turn"),
        "{}",
        window.app.farewell()
    );
}

#[test]
fn closing_the_only_tab_opens_a_draft() {
    let mut window = one(draft(1, "a"));
    window.press("<prefix>x");
    window.requests();
    window.event(Event::Told(HostEvent::Removed(id(1))));
    assert!(matches!(window.requests()[..], [Request::New { .. }]));
}

#[test]
fn tabs_are_walked_by_number_order_and_memory() {
    let mut window = Window::with(80, 24, vec![idle(1, "a"), idle(2, "b"), idle(3, "c")]);
    for (keys, active) in [
        ("<alt-1>", 1),
        ("<ctrl-pgup>", 3),
        ("<ctrl-pgdn>", 1),
        ("<prefix>n", 2),
        ("<prefix>l", 1),
        ("<prefix>l", 2),
        ("<prefix>p", 1),
        ("<prefix>3", 3),
        ("<alt-9>", 3),
    ] {
        window.press(keys);
        assert_eq!(window.app.active, Some(id(active)), "{keys}");
    }
    assert!(window.status().contains("there is no tab 9"));
}

#[test]
fn the_next_tab_that_needs_its_person_is_found() {
    let mut done = idle(3, "c");
    done.unread = Some(TurnEnd::Completed);
    let mut window = Window::with(80, 24, vec![idle(1, "a"), idle(2, "b"), done]);
    window.press("<alt-1><prefix>a");
    assert_eq!(window.app.active, Some(id(3)));
}

#[test]
fn stopping_the_session_is_confirmed() {
    let mut window = one(idle(1, "a"));
    window.press("<prefix>R<esc>");
    assert_eq!(window.requests(), []);
    window.press("<prefix>Ry");
    assert_eq!(window.requests(), [Request::StopSession { conversation: id(1) }]);
}

#[test]
fn renaming_keeps_the_composer_as_it_was() {
    let mut window = one(idle(1, "a"));
    window.press("text<prefix>,<ctrl-u>new name<enter>");
    assert_eq!(window.requests(), [Request::Rename { conversation: id(1), title: "new name".into() }]);
    assert_eq!(window.text(), "text");
}

#[test]
fn a_lost_link_keeps_everything_and_comes_back() {
    let mut window = one(idle(1, "a"));
    window.press("sent<enter>typed");
    window.event(Event::LinkLost("connection reset".into()));
    assert_eq!(window.text(), "sent\ntyped");
    assert!(window.picture().contains("went away before it confirmed"), "{}", window.picture());
    window.take();
    window.press("!<enter>");
    assert_eq!(window.text(), "sent\ntyped!");
    window.after(11_000);
    assert!(window.take().contains(&Effect::Connect(Absent::Start)));
    let mut waits = Vec::new();
    for _ in 0..6 {
        let now_ms = window.now.steady_ms;
        window.event(Event::LinkLost("refused".into()));
        let Link::Down { again_ms: Some(again), .. } = window.app.link else { panic!("it is down") };
        waits.push(again - now_ms);
        window.after(again - now_ms);
    }
    assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    assert!(window.status().contains("host gone, trying again · refused"), "{}", window.status());
    window.take();
    window.event(Event::Linked);
    window
        .answer(Purpose::Subscribe, Reply::Overview(Overview { conversations: vec![idle(1, "a")], rest: Rest::None }));
    let ordered = window.take();
    assert!(ordered.iter().any(|effect| matches!(effect, Effect::OpenView(..))), "{ordered:?}");
    assert!(ordered.contains(&Effect::Ask(Purpose::SaveDraft(id(1)), draft_saved("sent\ntyped!"))), "{ordered:?}");
    assert_eq!(window.app.active, Some(id(1)));
}

/// A window whose host was stopped under it.
fn stopped() -> Window {
    let mut window = one(idle(1, "a"));
    window.event(Event::Told(HostEvent::HostEnding));
    window.event(Event::LinkLost("the host ended".into()));
    window.take();
    window
}

fn connects(window: &mut Window) -> Vec<Absent> {
    let connects = window.take().into_iter().filter_map(|effect| match effect {
        Effect::Connect(absent) => Some(absent),
        _ => None,
    });
    connects.collect()
}

#[test]
fn a_stopped_host_is_looked_for_and_not_started_until_the_person_acts() {
    let mut window = stopped();
    assert!(window.status().contains("the host was stopped; Enter (or any message) starts it again"));
    for _ in 0..20 {
        window.after(2_000);
        assert_eq!(connects(&mut window), [Absent::Fail]);
        window.event(Event::LinkLost("no host".into()));
    }
    window.press("typing starts nothing");
    assert_eq!(connects(&mut window), []);
    window.press("<enter>");
    assert_eq!(connects(&mut window), [Absent::Start]);
    assert_eq!(window.text(), "");
    window.after(4_000);
    assert!(window.status().contains("starting the host, then what you asked for is done"), "{}", window.status());
    window.event(Event::Linked);
    window.take();
    let overview = Overview { conversations: vec![idle(1, "a")], rest: Rest::None };
    window.answer(Purpose::Subscribe, Reply::Overview(overview));
    let sent: Vec<_> = window.requests().into_iter().filter(|one| matches!(one, Request::Submit { .. })).collect();
    assert!(matches!(&sent[..], [Request::Submit { text, .. }] if text == "typing starts nothing"), "{sent:?}");
    window.event(Event::LinkLost("killed".into())).after(200);
    assert_eq!(connects(&mut window), [Absent::Start], "one that did not say so is started again");
}

#[test]
fn a_stopped_host_is_started_by_enter_alone_by_a_tab_and_from_the_agents_screen() {
    for keys in ["<enter>", "<ctrl-t>", "<prefix>c", "<prefix>s", "<ctrl-n>"] {
        let mut window = stopped();
        window.press(keys);
        assert_eq!(connects(&mut window), [Absent::Start], "{keys}");
    }
    let mut window = one(idle(1, "a"));
    window.press("<tab>");
    window.event(Event::Told(HostEvent::HostEnding)).event(Event::LinkLost("the host ended".into())).take();
    window.press("ls");
    assert_eq!(connects(&mut window), []);
    window.press("<enter>");
    assert_eq!(connects(&mut window), [Absent::Start]);
}

#[test]
fn a_host_of_another_build_is_said_with_what_helps() {
    let mut window = Window::new(80, 24);
    window.event(Event::Linked).event(Event::OtherBuild("0.0.9+abc".into()));
    let said = notice(&window);
    let way = window.app.way(Command::RestartHost);
    assert!(said.contains("0.0.9+abc") && said.contains(&way) && way.contains('H'), "{said}");
}

/// Until now the person had to leave the window and know the verb.
#[test]
fn the_host_is_restarted_from_the_window_unless_that_would_cost_a_session() {
    let report = |unheld| {
        Reply::Host(HostReport {
            pid: 1,
            build: "0.0.9".into(),
            started_at: ago(1),
            conversations: 1,
            sessions: 1,
            turns_running: 0,
            clients: 1,
            store_trouble: None,
            counts: Counts::default(),
            holder: Some(2),
            unheld,
        })
    };
    let mut window = one(idle(1, "a"));
    window.press("<ctrl-]>H");
    assert_eq!(window.requests(), [Request::HostStatus]);
    window.answer(Purpose::LookBeforeRestart, report(2));
    assert_eq!(window.requests(), []);
    assert!(notice(&window).contains("2 sessions have lost their holder"), "{}", notice(&window));

    window.press("<ctrl-]>H").take();
    window.answer(Purpose::LookBeforeRestart, report(0));
    assert_eq!(window.requests(), [Request::HostRestart]);
    window.answer(Purpose::RestartHost, Reply::Done);
    assert!(notice(&window).contains("agents go on"), "{}", notice(&window));
    window.answer(Purpose::RestartHost, Reply::Refused { why: Refusal::NotUnderstood });
    assert!(notice(&window).contains("threadkeep host stop"), "{}", notice(&window));
}

fn notice(window: &Window) -> String {
    window.app.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default()
}

#[test]
fn a_message_for_a_stopped_host_that_cannot_be_started_comes_back() {
    let mut window = stopped();
    window.press("hello<enter>more");
    window.event(Event::LinkLost("no permission".into()));
    assert_eq!(window.text(), "hello\nmore");
    assert!(window.picture().contains("could not be started, so nothing was sent"), "{}", window.picture());
}

#[test]
fn what_was_written_in_a_draft_that_ended_with_its_host_goes_to_a_new_one() {
    let mut window = one(draft(1, "a"));
    window.event(Event::Told(HostEvent::HostEnding)).event(Event::LinkLost("the host ended".into()));
    window.press("hello<enter>").event(Event::Linked);
    window.take();
    let overview = Overview { conversations: vec![idle(2, "b")], rest: Rest::None };
    window.answer(Purpose::Subscribe, Reply::Overview(overview));
    assert!(matches!(&window.requests()[..], [Request::New { .. }]));
    window.answer(Purpose::NewTab, Reply::Created { conversation: id(9) });
    let requests = window.requests();
    let sent = |request: &Request| matches!(request, Request::Submit { conversation, text, .. } if *conversation == id(9) && text == "hello");
    assert!(requests.iter().any(sent), "{requests:?}");
}

#[test]
fn a_draft_whose_save_was_not_confirmed_is_not_replaced_by_an_older_one() {
    let overview = || Reply::Overview(Overview { conversations: vec![idle(1, "a")], rest: Rest::None });
    let mut window = one(idle(1, "a"));
    window.press("abc").after(300).event(Event::LinkLost("killed".into()));
    window.event(Event::Linked).answer(Purpose::Subscribe, overview());
    assert_eq!(window.text(), "abc");
    let mut window = one(idle(1, "a"));
    window.event(Event::Told(HostEvent::HostEnding)).press("abc").after(300);
    window.answer(Purpose::SaveDraft(id(1)), Reply::Refused { why: Refusal::Ending });
    window.event(Event::LinkLost("the host ended".into())).event(Event::Linked);
    window.answer(Purpose::Subscribe, overview());
    assert_eq!(window.text(), "abc");
}

#[test]
fn nothing_ticks_while_nothing_moves() {
    let window = one(draft(1, "a"));
    assert_eq!(window.app.deadline_ms(), None);
    let window = one(working(1, "a"));
    assert_eq!(window.app.deadline_ms(), Some(window.now.steady_ms + 1_000));
}

#[test]
fn ages_on_the_screen_go_on_by_minutes_and_those_of_evidence_by_seconds() {
    let mut window = one(asleep(1, "a"));
    let of = |window: &Window| window.app.deadline_ms().expect("an age is shown") - window.now.steady_ms;
    assert_eq!(of(&window), 60_000, "the record stands in the pane");
    let began = decided(6, 6, Continuity::Resumed, Why::UserAsked);
    window.answer(Purpose::Decisions(id(1)), Reply::Decisions(vec![began]));
    assert!(window.picture().contains("1m ago"), "{}", window.picture());
    let wait_ms = of(&window);
    window.after(wait_ms);
    assert!(window.picture().contains("2m ago"), "{}", window.picture());
    window.press("<prefix>s");
    assert_eq!(of(&window), 1_000);
}

#[test]
fn the_age_of_a_process_is_true_though_an_idle_window_ticks_once_a_minute() {
    let mut conversation = idle(1, "a");
    if let Some(session) = &mut conversation.session {
        let generation = crate::domain::id::Generation(1);
        session.process = alive(generation, ago(57));
    }
    let mut window = one(conversation);
    for alive in ["alive <1m", "alive 1m", "alive 2m"] {
        assert!(window.status().contains(alive), "{}", window.status());
        let wait_ms = window.app.deadline_ms().expect("the minute changes") - window.now.steady_ms;
        window.after(wait_ms - 1);
        assert!(window.status().contains(alive), "{}", window.status());
        window.after(1);
    }
    assert_eq!(window.now.steady_ms, 1_000 + 3_000 + 2 * 60_000, "it ticked three times");
}

#[test]
fn the_clock_of_a_queued_turn_counts_from_its_delivery() {
    let mut conversation = working(1, "a");
    conversation.turn = conversation.turn.map(|turn| TurnRecord {
        state: TurnState::Sending,
        accepted_at: ago(600),
        started_at: None,
        ..turn
    });
    let queued = Why::TurnRunning { turn: TurnNumber(6), place: 1 };
    conversation.decision = Some(DecisionRecord { at: ago(600), ..decided(7, 7, Continuity::Queued, queued) });
    let mut window = one(conversation.clone());
    conversation.decision = Some(DecisionRecord { at: ago(3), ..decided(8, 7, Continuity::Reused, Why::AgentAlive) });
    window.told(conversation);
    assert!(window.picture().contains("turn 7 · sending 0:03"), "{}", window.picture());
}

#[test]
fn focus_tells_the_host_what_is_looked_at() {
    let mut window = one(idle(1, "a"));
    let look = |conversation| Effect::Ask(Purpose::Order { done: "" }, Request::Look { conversation });
    window.event(Event::Focus(Focus::Lost));
    assert_eq!(window.take(), [look(None)]);
    window.event(Event::Focus(Focus::Gained));
    assert_eq!(window.take(), [look(Some(id(1)))]);
}

#[test]
fn older_turns_are_fetched_when_the_list_ends() {
    let mut window =
        one(crate::protocol::message::Conversation { turn: Some(ended(100, "x", TurnEnd::Completed)), ..idle(1, "a") });
    let turns: Vec<_> = (51..=100).map(|number| ended(number, "x", TurnEnd::Completed)).collect();
    window.answer(Purpose::EarlierTurns(id(1)), Reply::Turns(turns));
    window.press("<prefix>q<end>");
    let older = Request::Turns { conversation: id(1), before: Some(TurnNumber(51)), most: 50 };
    let purpose = Purpose::TurnsBefore { conversation: id(1), before: TurnNumber(51), then: ThenRead::On };
    assert!(window.take().contains(&Effect::Ask(purpose, older)));
}

#[test]
fn a_turn_is_opened_as_a_page_and_left_again() {
    let mut window = one(idle(1, "a"));
    window.press("<prefix>q<enter>");
    assert!(matches!(window.app.page, Some(Page::Turn { number: TurnNumber(6), .. })));
    window.press("<esc>");
    assert!(window.app.page.is_none());
    window.press("<esc>");
    assert_eq!(window.app.keyboard(), Keyboard::Composer);
}

#[test]
fn a_notice_goes_after_a_while_or_with_a_key() {
    let mut window = one(idle(1, "a"));
    window.event(Event::Told(HostEvent::Notice("the disk is nearly full".into())));
    assert!(window.status().contains("the disk is nearly full"));
    window.after(10_000);
    assert!(!window.status().contains("the disk"));
    window.event(Event::Told(HostEvent::Notice("again".into())));
    window.press("x");
    assert!(!window.status().contains("again"));
}

#[test]
fn the_record_is_shown_instead_of_the_live_screen_on_demand() {
    let mut window = one(idle(1, "a"));
    window.answer(Purpose::EarlierTurns(id(1)), Reply::Turns(vec![ended(6, "add a button", TurnEnd::Completed)]));
    window.press("<prefix>v");
    assert!(window.picture().contains("answer to turn 6"));
    window.press("<prefix>v");
    assert!(!window.picture().contains("answer to turn 6"));
}

#[test]
fn the_answer_of_a_turn_that_ends_while_one_looks_is_in_the_record_the_list_and_the_page() {
    let told_end =
        HostEvent::TurnEnded { conversation: id(1), turn: Box::new(ended(6, "add a button", TurnEnd::Completed)) };
    // The conversation is told without answers, before the end, after it, and again for any other reason.
    for again in [0, 1, 2] {
        let mut window = one(working(1, "a"));
        window.told(idle(1, "a"));
        window.event(Event::Told(told_end.clone()));
        for _ in 0..again {
            window.told(idle(1, "a"));
        }
        for keys in ["<prefix>v", "<prefix>q", "<enter>"] {
            window.press(keys);
            assert!(window.picture().contains("answer to turn 6"), "{keys}: {}", window.picture());
        }
    }
}

#[test]
fn enter_on_a_queued_message_only_opens_it_and_its_page_offers_what_can_be_done() {
    let queued = || one(with_queue(working(1, "a"), &["next", "last"]));
    let mut window = queued();
    window.press("<prefix>q<enter>");
    assert_eq!(window.requests(), []);
    assert!(matches!(window.app.page, Some(Page::Turn { number: TurnNumber(8), .. })));
    assert!(window.picture().contains("e edits it, x removes it, s interrupts"), "{}", window.picture());
    window.press("s");
    assert_eq!(window.requests(), [Request::SendNow { conversation: id(1), turn: TurnNumber(8) }]);
    assert!(window.app.page.is_none());
    let mut window = queued();
    window.press("<prefix>q<enter>x");
    assert_eq!(window.requests(), [Request::RemoveQueued { conversation: id(1), turn: TurnNumber(8) }]);
    let mut window = queued();
    window.press("<prefix>q<enter>e");
    assert_eq!((window.text(), window.app.keyboard()), ("next".to_owned(), Keyboard::Composer));
    // The page of a turn that has ended offers nothing of this.
    let mut window = one(idle(1, "a"));
    window.press("<prefix>q<enter>sxJK");
    assert_eq!(window.requests(), []);
    assert!(matches!(window.app.page, Some(Page::Turn { .. })));
}

#[test]
fn an_edit_that_came_too_late_is_said_until_its_text_is_sent_or_cleared() {
    let heading = "turn 8 was sent as it was; Enter sends this as a new message";
    let sent = || {
        let mut conversation = working(1, "a");
        conversation.turn = conversation.turn.map(|turn| TurnRecord { number: TurnNumber(8), ..turn });
        conversation
    };
    for (keys, stays) in [("", true), ("more<left>", true), ("<enter>", false), ("<esc>", false), ("<ctrl-c>", false)] {
        let mut window = one(with_queue(working(1, "a"), &["next"]));
        window.press("<prefix>qe!");
        window.told(sent());
        window.after(20_000).press(keys);
        assert_eq!(window.picture().contains(heading), stays, "{keys}: {}", window.picture());
    }
    // It was sent after Enter and before the change came to the host.
    let mut window = one(with_queue(working(1, "a"), &["next"]));
    window.press("<prefix>qe!<enter>").told(sent());
    let purpose = Purpose::EditQueued {
        conversation: id(1),
        turn: TurnNumber(8),
        text: "next!".into(),
        then: AfterEdit::Nothing,
    };
    window.answer(purpose, Reply::Refused { why: Refusal::NotQueued(TurnNumber(8)) });
    assert_eq!(window.text(), "next!");
    assert!(window.picture().contains(heading), "{}", window.picture());
}

#[test]
fn the_list_opens_on_the_first_queued_message_else_on_the_newest_turn() {
    let chosen = |window: &Window| window.app.desk().and_then(|desk| desk.chosen);
    let mut window = one(with_queue(working(1, "a"), &["next", "last"]));
    window.press("<prefix>q<down><esc><prefix>q");
    assert_eq!(chosen(&window), Some(TurnNumber(8)));
    window.press("<up>");
    assert_eq!(chosen(&window), Some(TurnNumber(7)), "the running turn can be read as well");
    let mut window = one(idle(1, "a"));
    let turns = vec![ended(5, "x", TurnEnd::Completed), ended(6, "add a button", TurnEnd::Completed)];
    window.answer(Purpose::EarlierTurns(id(1)), Reply::Turns(turns));
    window.press("<prefix>q<down><esc><prefix>q");
    assert_eq!(chosen(&window), Some(TurnNumber(6)));
}

#[test]
fn when_the_chosen_message_is_removed_its_neighbour_is_chosen() {
    let chosen = |window: &Window| window.app.desk().and_then(|desk| desk.chosen);
    let mut window = one(with_queue(working(1, "a"), &["first", "second", "third"]));
    window.press("<prefix>q<down>");
    let mut conversation = with_queue(working(1, "a"), &["first", "second", "third"]);
    for (removed, next) in [(1, 10), (1, 8), (0, 7)] {
        conversation.queue.remove(removed);
        window.told(conversation.clone());
        assert_eq!(chosen(&window), Some(TurnNumber(next)));
        assert!(!window.picture().contains("not known any more"), "{}", window.picture());
    }
}

#[test]
fn the_status_line_never_speaks_of_a_message_that_was_removed() {
    let queued = |number, turn, place| {
        let why = Why::TurnRunning { turn: TurnNumber(7), place };
        DecisionRecord { session: None, ..decided(number, turn, Continuity::Queued, why) }
    };
    let mut conversation = with_queue(working(1, "a"), &["first", "second"]);
    let mut window = one(conversation.clone());
    for decision in [queued(8, 8, 1), queued(9, 9, 2)] {
        conversation.decision = Some(decision);
        window.told(conversation.clone());
    }
    assert!(window.status().contains("queued · turn 9 · turn 7 is running; 2nd in line"), "{}", window.status());
    let mut without_first = conversation.clone();
    without_first.queue.remove(0);
    window.told(without_first);
    assert!(window.status().contains("queued · turn 9 · turn 7 is running; 1st in line"), "{}", window.status());
    conversation.queue.remove(1);
    window.told(conversation.clone());
    assert!(window.status().contains("queued · turn 8 · turn 7 is running; 1st in line"), "{}", window.status());
    conversation.queue.clear();
    window.told(conversation);
    assert!(window.status().contains("reused · session 2 · turn 7"), "{}", window.status());
}

#[test]
fn the_farewell_tells_of_which_tabs_it_speaks() {
    let closed = |conversation: crate::protocol::message::Conversation| crate::protocol::message::Conversation {
        tab: Tab::Closed,
        ..conversation
    };
    for (conversations, said) in [
        (vec![draft(1, "a")], "no session is running in open tabs;"),
        (vec![idle(1, "a"), asleep(2, "b")], "1 session keeps running in open tabs;"),
        (vec![working(1, "a")], "1 session keeps running in open tabs and works on a turn;"),
        (vec![working(1, "a"), idle(2, "b")], "2 sessions keep running in open tabs, 1 of them on a turn;"),
        (vec![draft(1, "a"), closed(idle(2, "b"))], "at least 1 session keeps running in closed tabs;"),
    ] {
        let farewell = Window::with(80, 24, conversations).app.farewell();
        assert!(farewell.starts_with(said), "{farewell}");
    }
}

#[test]
fn any_keys_in_any_order_break_nothing() {
    use proptest::prelude::*;
    let keys = [
        "<prefix>",
        "o",
        "q",
        "t",
        "v",
        "z",
        "x",
        "s",
        "?",
        "N",
        "c",
        "R",
        ",",
        "i",
        "n",
        "l",
        "a",
        "e",
        "y",
        "<enter>",
        "<esc>",
        "<tab>",
        "<up>",
        "<down>",
        "<left>",
        "<backspace>",
        "<pgup>",
        "<pgdn>",
        "<home>",
        "<end>",
        "日",
        "<shift-pgup>",
        "<ctrl-n>",
        "<ctrl-c>",
        "<ctrl-z>",
        "<alt-1>",
        "<alt-2>",
    ];
    proptest!(|(picks in proptest::collection::vec(0..keys.len(), 0..80), columns in 1u16..90, rows in 1u16..30)| {
        let mut window = Window::with(columns, rows, vec![with_queue(working(1, "a"), &["q"]), asleep(2, "b")]);
        for pick in picks {
            window.press(keys[pick]);
        }
        window.after(500).picture();
    });
}

#[test]
fn what_is_too_long_for_a_message_is_left_out_and_said_and_what_was_typed_stays() {
    let mut window = one(idle(1, "a"));
    window.press("typed ").event(Event::Paste("日".repeat(433_000)));
    let text = window.text();
    assert!(text.starts_with("typed 日日") && text.ends_with('日'), "characters stay whole");
    assert!((MAX_MESSAGE_BYTES - 3..=MAX_MESSAGE_BYTES).contains(&text.len()), "{}", text.len());
    assert!(window.picture().contains("at most 384 KiB"), "{}", window.picture());
    window.press("<alt-enter>xyz");
    assert!(window.text().len() <= MAX_MESSAGE_BYTES && window.text().starts_with(&text));
    assert!(window.picture().contains("1 B were left out"), "{}", window.picture());
}

#[test]
fn a_request_that_cannot_be_sent_gives_the_text_back_and_the_link_stays() {
    let mut window = one(with_queue(working(1, "a"), &["next"]));
    let why = || "it cannot be sent to the host".to_owned();
    window.press("hello<enter>");
    let purpose = Purpose::Submit { conversation: id(1), text: "hello".into() };
    window.event(Event::NotAsked(purpose, why()));
    assert_eq!((window.text(), &window.app.link), ("hello".to_owned(), &Link::Up));
    assert!(window.status().contains("refused · it cannot be sent to the host"), "{}", window.status());
    window.after(300).event(Event::NotAsked(Purpose::SaveDraft(id(1)), why()));
    assert!(window.picture().contains("the draft could not be saved: it cannot be sent"), "{}", window.picture());
    window.take();
    window.after(60_000);
    assert_eq!((window.requests(), window.text()), (vec![], "hello".to_owned()));
}

#[test]
fn a_long_paste_for_the_agent_goes_in_pieces_that_fit_and_add_up() {
    let mut window = one(idle(1, "a"));
    window.press("<tab>");
    for text in ["a line of text\r\n".repeat(90_000), "日".repeat(400_000), format!("{}\r\nx", "x".repeat(262_143))] {
        window.take();
        window.event(Event::Paste(text.clone()));
        let pieces: Vec<String> = window
            .inputs()
            .into_iter()
            .map(|input| match input {
                ViewInput::Paste(piece) => piece,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.len() <= 256 * 1024), "{}", pieces.len());
        assert!(pieces.windows(2).all(|two| !(two[0].ends_with('\r') && two[1].starts_with('\n'))));
        assert!(!text.contains('\n') || pieces[0].ends_with('\n') || pieces[1] == "\r\nx");
        assert_eq!(pieces.concat(), text);
    }
}
