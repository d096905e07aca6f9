//! The overview of all conversations and the way back of a closed tab.

use super::super::super::app::{App, Page};
use super::super::super::event::{Effect, Event, Purpose};
use super::super::super::overview::{self, Doing, HadTab, Order};
use super::super::super::testing::{Window, ago, asking, asleep, draft, ended, id, idle, with_queue, working};
use crate::domain::conversation::Tab;
use crate::domain::id::ConversationId;
use crate::domain::turn::{FailedWhy, TurnEnd};
use crate::protocol::message::{
    Conversation, Event as HostEvent, Overview, Place, Refusal, Reply, Request, Rest, RunningTurn,
};
use crate::terminal::keys::{MouseAction, MouseButton};

fn closed(number: i64, title: &str) -> Conversation {
    Conversation { tab: Tab::Closed, ..asleep(number, title) }
}

fn failed(number: i64, title: &str) -> Conversation {
    let turn = ended(6, "run the tests", TurnEnd::Failed(FailedWhy::ExitStatus(1)));
    Conversation { turn: Some(turn), ..closed(number, title) }
}

/// Three tabs and two closed conversations; the page is open and knows all.
fn window() -> Window {
    let open = vec![idle(1, "fix login"), working(2, "docs"), asking(3, "api")];
    let mut window = Window::with(80, 24, open.clone());
    window.press("<prefix>w");
    let mut conversations = open;
    conversations.extend([closed(4, "Notes of June"), failed(5, "build")]);
    window.answer(Purpose::List, Reply::Overview(Overview { conversations, rest: Rest::None }));
    window.take();
    window
}

fn page(app: &App) -> &overview::Overview {
    match &app.page {
        Some(Page::Overview(page)) => page,
        _ => panic!("the overview is open"),
    }
}

fn rows(window: &Window) -> Vec<i64> {
    overview::rows(&window.app, page(&window.app)).0.iter().map(|one| one.id.0).collect()
}

fn chosen(window: &Window) -> Option<ConversationId> {
    overview::chosen(&window.app).map(|one| one.id)
}

#[test]
fn the_list_is_asked_for_once_and_kept_up_to_date_by_events() {
    let mut window = window();
    assert_eq!(rows(&window), [5, 4, 3, 2, 1], "the newest activity first");
    window.press("<esc><prefix>w");
    assert_eq!(window.requests(), [], "what is known is not asked for again");
    window.told(Conversation { active_at: ago(0), title: "renamed".into(), ..closed(4, "") });
    assert_eq!(rows(&window), [4, 5, 3, 2, 1]);
    assert!(window.picture().contains("renamed"), "{}", window.picture());
    window.event(Event::Told(HostEvent::Removed(id(5))));
    assert_eq!(rows(&window), [4, 3, 2, 1]);
}

#[test]
fn after_a_lost_link_it_is_asked_for_again() {
    let mut window = window();
    window.event(Event::LinkLost("gone".into())).event(Event::Linked);
    let conversations = vec![idle(1, "fix login")];
    window.answer(Purpose::Subscribe, Reply::Overview(Overview { conversations, rest: Rest::None }));
    assert!(window.requests().contains(&Request::List));
    assert_eq!(rows(&window), [1]);
}

/// A list has drafts cut; one that came into a composer would be saved so.
#[test]
fn a_listed_draft_never_comes_into_a_composer() {
    let mut window = Window::with(80, 24, vec![idle(1, "a")]);
    window.press("<prefix>w");
    let listed = Conversation { draft: "the beginning of a long dr…".into(), ..closed(9, "b") };
    let conversations = vec![idle(1, "a"), listed];
    window.answer(Purpose::List, Reply::Overview(Overview { conversations, rest: Rest::None }));
    assert!(!window.app.desks.contains_key(&id(9)) && !window.app.conversations.contains_key(&id(9)));
}

#[test]
fn words_and_states_filter() {
    for (typed, left) in [
        ("", &[5, 4, 3, 2, 1][..]),
        ("notes", &[4]),
        ("NOTES of", &[4]),
        ("green", &[3, 2]),
        ("is:working", &[3, 2]),
        ("is:asks", &[3]),
        ("is:failed", &[5]),
        ("is:closed", &[5, 4]),
        ("is:open is:idle", &[1]),
        ("agent:coder", &[3]),
        ("in:/home fix", &[1]),
        ("in:elsewhere", &[]),
        ("is:", &[5, 4, 3, 2, 1]),
        ("since:", &[5, 4, 3, 2, 1]),
    ] {
        let mut window = window();
        window.press(typed);
        assert_eq!(rows(&window), left, "{typed}");
    }
}

#[test]
fn a_state_that_there_is_none_of_is_said() {
    let mut window = window();
    window.press("is:purple");
    assert!(window.picture().contains("is:purple is no state; there are: working asks"), "{}", window.picture());
}

#[test]
fn tab_changes_the_order() {
    let mut window = window();
    window.press("<tab>");
    assert_eq!((page(&window.app).order, rows(&window)), (Order::Title, vec![3, 5, 2, 1, 4]));
    window.press("<tab>");
    assert_eq!((page(&window.app).order, rows(&window)), (Order::State, vec![3, 2, 1, 5, 4]));
    window.press("<tab>");
    assert_eq!(page(&window.app).order, Order::Activity);
}

#[test]
fn enter_shows_an_open_one_and_opens_the_tab_of_a_closed_one_first() {
    let mut window = window();
    window.press("docs<enter>");
    assert_eq!((window.app.active, window.app.page.is_none()), (Some(id(2)), true));
    window.take();
    window.press("<prefix>wnotes<enter>");
    assert_eq!(window.requests(), [Request::OpenTab { conversation: id(4) }]);
    assert_eq!(window.app.active, Some(id(2)), "not before it has its tab");
    window.answer(Purpose::OpenTab(id(4)), Reply::Done);
    assert_eq!(window.app.active, Some(id(4)));
    assert!(window.requests().contains(&Request::Show { conversation: id(4) }));
    window.told(Conversation { tab: Tab::Open { place: 9 }, draft: "kept".into(), ..closed(4, "Notes of June") });
    assert_eq!((window.app.active, window.text()), (Some(id(4)), "kept".into()));
}

#[test]
fn the_chosen_row_stays_chosen_when_others_move() {
    let mut window = window();
    window.press("<down><down>");
    assert_eq!(chosen(&window), Some(id(3)));
    window.told(Conversation { active_at: ago(0), ..idle(1, "fix login") });
    assert_eq!((rows(&window), chosen(&window)), (vec![1, 5, 4, 3, 2], Some(id(3))));
    window.press("<ctrl-end>");
    assert_eq!(chosen(&window), Some(id(2)));
    window.press("<down><pgdn>");
    assert_eq!(chosen(&window), Some(id(2)));
    window.press("<ctrl-home>");
    assert_eq!(chosen(&window), Some(id(1)));
}

#[test]
fn a_reply_goes_to_the_chosen_one_without_opening_it() {
    let mut window = window();
    let environment = window.app.environment.clone();
    window.press("docs<ctrl-r>and the readme<enter>");
    let text = "and the readme".to_owned();
    let request = Request::Submit { conversation: id(2), text: text.clone(), place: Place::Behind, environment };
    assert_eq!(window.requests(), [request]);
    assert_eq!(window.app.active, Some(id(3)), "the tab beneath stays");
    assert!(matches!(page(&window.app).doing, Doing::Choosing));
    let why = Refusal::StoreTrouble("disk full".into());
    window.answer(Purpose::Submit { conversation: id(2), text }, Reply::Refused { why });
    assert_eq!(window.app.desks[&id(2)].composer.text(), "and the readme", "nothing that was typed is lost");
}

/// Its draft must be known before a refused text can come in front of it.
#[test]
fn before_a_reply_to_a_closed_one_it_is_asked_for_whole() {
    let mut window = window();
    window.press("notes<ctrl-r>");
    assert_eq!(window.requests(), [Request::Show { conversation: id(4) }]);
    window.press("hello<esc>");
    assert_eq!(window.requests(), [], "Esc sends nothing");
    assert_eq!(rows(&window), [4], "and the filter stays");
}

#[test]
fn what_keys_do_with_the_chosen_one() {
    let done = |keys: &str| {
        let mut window = window();
        window.press(keys);
        (window.requests(), window.app.notice.map(|notice| notice.text).unwrap_or_default())
    };
    assert_eq!(done("docs<ctrl-s>").0, [Request::Interrupt { conversation: id(2) }]);
    let fresh = Request::Fresh { conversation: id(1), running: RunningTurn::Refuse, agent: None, model: None };
    assert_eq!(done("login<ctrl-n>").0, [fresh]);
    assert_eq!(done("docs<ctrl-n>"), (vec![], "a turn runs there; interrupt it first".into()));
    assert_eq!(done("docs<ctrl-x>").0, [Request::CloseTab { conversation: id(2) }]);
    assert_eq!(done("notes<ctrl-x>"), (vec![], "it has no tab that could be closed".into()));
    let renamed = Request::Rename { conversation: id(2), title: "docs of it".into() };
    assert_eq!(done("docs<ctrl-t> of it<enter>").0, [renamed]);
    assert_eq!(done("docs<ctrl-t><ctrl-u><enter>").0, []);
    assert_eq!(done("no such words<ctrl-r>"), (vec![], "no conversation is chosen".into()));
}

#[test]
fn deleting_wants_the_first_word_of_the_title_or_yes() {
    for (typed, deletes) in
        [("notes", true), ("YES", true), ("", false), ("y", false), ("of", false), ("Notes of", false)]
    {
        let mut window = window();
        window.press(&format!("notes<ctrl-d>{typed}<enter>"));
        let wanted = if deletes { vec![Request::Remove { conversation: id(4) }] } else { vec![] };
        assert_eq!(window.requests(), wanted, "{typed}");
    }
}

#[test]
fn what_was_chosen_is_deleted_though_rows_moved_meanwhile() {
    let mut window = window();
    window.press("<ctrl-d>");
    window.told(Conversation { active_at: ago(0), ..idle(1, "fix login") });
    window.press("yes<enter>");
    assert_eq!(window.requests(), [Request::Remove { conversation: id(5) }]);
}

#[test]
fn the_page_stays_when_the_tab_beneath_it_goes() {
    let mut window = window();
    window.event(Event::Told(HostEvent::Removed(id(3))));
    assert_ne!(window.app.active, Some(id(3)));
    assert_eq!(rows(&window), [5, 4, 2, 1]);
}

#[test]
fn a_click_chooses_and_a_second_one_opens() {
    let mut window = window();
    window.mouse(MouseAction::Press(MouseButton::Left), 20, 5);
    assert_eq!(chosen(&window), Some(id(2)));
    window.mouse(MouseAction::WheelDown, 20, 5);
    assert_eq!(chosen(&window), Some(id(1)));
    window.mouse(MouseAction::Press(MouseButton::Left), 20, 6);
    assert_eq!((window.app.active, window.app.page.is_none()), (Some(id(1)), true));
}

#[test]
fn of_many_rows_the_chosen_one_is_always_seen() {
    let mut window = Window::with(80, 24, vec![idle(1, "title 1")]);
    window.press("<prefix>w");
    let conversations = (1..=500).map(|number| idle(number, &format!("title {number}"))).collect();
    window.answer(Purpose::List, Reply::Overview(Overview { conversations, rest: Rest::None }));
    for _ in 0..60 {
        window.press("<pgdn>");
        let title = format!("title {} ", chosen(&window).expect("one is chosen").0);
        assert!(window.picture().contains(&title), "{title}\n{}", window.picture());
    }
    assert_eq!(chosen(&window), Some(id(1)), "the oldest is the last");
    window.press("<ctrl-home>");
    assert!(window.picture().contains("title 500 "), "{}", window.picture());
}

#[test]
fn the_tab_that_was_closed_last_comes_back() {
    let mut window = Window::with(80, 24, vec![idle(1, "a"), idle(2, "b"), with_queue(idle(3, "c"), &[])]);
    window.take();
    window.press("<prefix>u");
    assert_eq!(window.requests(), []);
    assert!(window.picture().contains("no tab was closed"), "{}", window.picture());
    for number in [1, 2] {
        window.told(Conversation { tab: Tab::Closed, ..idle(number, "a") });
    }
    window.take();
    window.press("<prefix>u");
    let back =
        |number, to| [Request::OpenTab { conversation: id(number) }, Request::MoveTab { conversation: id(number), to }];
    assert_eq!(window.requests(), back(2, 0), "the first one was closed before it");
    window.told(Conversation { tab: Tab::Open { place: 9 }, ..idle(2, "b") });
    window.answer(Purpose::OpenTab(id(2)), Reply::Done);
    assert_eq!(window.app.active, Some(id(2)));
    window.take();
    window.press("<prefix>u");
    assert_eq!(window.requests(), back(1, 0));
    window.event(Event::Told(HostEvent::Removed(id(1))));
    window.take();
    window.press("<prefix>u");
    assert_eq!(window.requests(), [], "what is forgotten cannot come back");
}

#[test]
fn an_untouched_draft_is_deleted_with_the_same_question() {
    let mut window = Window::with(80, 24, vec![draft(1, "app"), idle(2, "b")]);
    window.press("<prefix>wis:draft<ctrl-d>yes<enter>");
    assert!(window.requests().contains(&Request::Remove { conversation: id(1) }));
}

#[test]
fn an_archived_conversation_leaves_the_list_until_it_is_asked_for_and_comes_back() {
    let mut window = window();
    window.press("notes<ctrl-a>");
    assert_eq!(window.requests(), [Request::Archive { conversation: id(4) }]);
    window.answer(Purpose::Archive { conversation: id(4), had_tab: HadTab::No }, Reply::Done);
    window.told(Conversation { tab: Tab::Archived, ..closed(4, "Notes of June") });
    assert_eq!(rows(&window), [] as [i64; 0]);
    assert!(window.status().contains("Ctrl+Z brings it back"), "{}", window.status());
    window.press("<ctrl-u>is:archived");
    assert_eq!(rows(&window), [4]);
    window.press("<ctrl-a>");
    assert_eq!(window.requests(), [Request::Unarchive { conversation: id(4) }]);
}

#[test]
fn undoing_an_archive_gives_the_conversation_what_it_had() {
    let mut window = window();
    window.press("fix<ctrl-a>");
    window.told(Conversation { tab: Tab::Archived, ..closed(1, "fix") });
    window.answer(Purpose::Archive { conversation: id(1), had_tab: HadTab::Yes }, Reply::Done);
    window.take();
    window.press("<ctrl-z>");
    let back = [Request::OpenTab { conversation: id(1) }, Request::MoveTab { conversation: id(1), to: 0 }];
    assert_eq!(window.requests(), back);
    window.press("<ctrl-z>");
    assert_eq!(window.requests(), []);
    assert!(window.status().contains("nothing was archived here"), "{}", window.status());
}

#[test]
fn what_is_read_follows_the_chosen_row_and_what_is_said_in_it() {
    let mut window = window();
    let asked = |window: &mut Window| -> Vec<(ConversationId, crate::domain::id::Timestamp)> {
        let purposes = window.take().into_iter().filter_map(|effect| match effect {
            Effect::Ask(Purpose::Peek { conversation, at }, _) => Some((conversation, at)),
            _ => None,
        });
        purposes.collect()
    };
    window.press("<ctrl-p>");
    let first = asked(&mut window);
    assert_eq!(first.iter().map(|(id, _)| id.0).collect::<Vec<_>>(), [5]);
    window.press("<down>");
    assert_eq!(asked(&mut window).len(), 1, "another row is chosen");
    // What was asked for the row that was left comes late.
    let (conversation, at) = first[0];
    let turn = ended(6, "a late answer", TurnEnd::Completed);
    window.answer(Purpose::Peek { conversation, at }, Reply::Turns(vec![turn]));
    assert!(!window.picture().contains("a late answer"), "{}", window.picture());
    window.told(Conversation { active_at: ago(0), ..closed(4, "Notes of June") });
    assert_eq!(asked(&mut window).first(), Some(&(id(4), ago(0))), "more was said in it");
    window.press("<ctrl-p><down>");
    assert_eq!(asked(&mut window), []);
}
