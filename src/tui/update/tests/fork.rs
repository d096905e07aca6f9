//! Forking a conversation from the list of turns, from a turn that is read, and by its key.

use super::super::super::event::{Effect, Purpose};
use super::super::super::testing::{Window, draft, ended, id, idle, with_queue, working};
use super::one;
use crate::domain::conversation::{Begun, Fork};
use crate::domain::id::TurnNumber;
use crate::domain::turn::TurnEnd;
use crate::protocol::message::{Conversation, PastTurn, Reply, Request};

fn fork(turn: Option<u32>) -> Request {
    Request::Fork { conversation: id(1), turn: turn.map(TurnNumber), agent: None, model: None, title: None }
}

fn window() -> Window {
    let mut window = one(idle(1, "fix"));
    let turns = vec![ended(5, "run the tests", TurnEnd::Completed), ended(6, "add a button", TurnEnd::Completed)];
    window.answer(Purpose::EarlierTurns(id(1)), Reply::Turns(turns));
    window.take();
    window
}

#[test]
fn the_place_of_a_fork_is_the_turn_that_is_chosen_or_read_else_the_newest() {
    for (keys, turn) in [("<prefix>f", None), ("<prefix>q<down>f", Some(5)), ("<prefix>q<down><enter>f", Some(5))] {
        let mut window = window();
        window.press(keys);
        assert_eq!(window.requests(), [fork(turn)], "{keys}");
        assert!(window.app.page.is_none(), "{keys}");
    }
    // A queued one was not even sent.
    let mut window = one(with_queue(working(1, "fix"), &["later"]));
    window.press("<prefix>q<enter>f");
    assert_eq!(window.requests(), []);
}

#[test]
fn a_fork_is_shown_with_its_past_and_a_brief_that_nothing_sends() {
    let mut window = window();
    window.press("<prefix>f").answer(Purpose::Fork(id(1)), Reply::Created { conversation: id(2) });
    let begun = Begun::Forked(Fork { from: id(1), title: "fix".into(), turn: TurnNumber(6) });
    let made = Conversation { begun, ..draft(2, "fix (fork)") };
    window.answer(Purpose::Show, Reply::Conversation(Box::new(made)));
    assert_eq!(window.app.active, Some(id(2)));
    let asked: Vec<Purpose> = window
        .take()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Ask(purpose @ (Purpose::ForkBrief(_) | Purpose::Past(_)), _) => Some(purpose),
            _ => None,
        })
        .collect();
    assert_eq!(asked, [Purpose::ForkBrief(id(2)), Purpose::Past(id(2))]);
    window.answer(Purpose::ForkBrief(id(2)), Reply::Brief { text: "This was said.".into() });
    assert_eq!(window.text(), "This was said.\n");
    assert!(!window.requests().iter().any(|request| matches!(request, Request::Submit { .. })));
    let past = PastTurn { conversation: id(1), turn: ended(6, "add a button", TurnEnd::Completed) };
    window.answer(Purpose::Past(id(2)), Reply::Past(vec![past]));
    assert!(window.picture().contains("before the fork, in \"fix\""), "{}", window.picture());
    assert_eq!(window.after(1).take(), [], "it is asked once");
}
