//! Going back to an earlier session from a turn, and taking the wish for a fresh one back.

use super::super::super::app::Keyboard;
use super::super::super::event::Purpose;
use super::super::super::testing::{Window, ended, id, idle};
use super::one;
use crate::domain::continuity::{Continuity, Decision, Why};
use crate::domain::id::SessionNumber;
use crate::domain::turn::{TurnEnd, TurnRecord};
use crate::protocol::message::{Conversation, Reply, Request};

fn window_with(conversation: Conversation) -> Window {
    let mut window = one(conversation);
    let of_session = |number, session| TurnRecord {
        session: Some(SessionNumber(session)),
        ..ended(number, "run the tests", TurnEnd::Completed)
    };
    window.answer(Purpose::EarlierTurns(id(1)), Reply::Turns(vec![of_session(5, 7), of_session(6, 9)]));
    window.take();
    window
}

fn resume(session: Option<u32>) -> Request {
    Request::Resume { conversation: id(1), session: session.map(SessionNumber) }
}

#[test]
fn the_session_of_the_turn_that_is_chosen_or_read_goes_on() {
    for keys in ["<prefix>q<down>R", "<prefix>q<down><enter>R"] {
        let mut window = window_with(idle(1, "fix"));
        window.press(keys);
        assert_eq!(window.requests(), [resume(Some(7))], "{keys}");
        assert!(window.app.page.is_none(), "{keys}");
        assert_eq!(window.app.keyboard(), Keyboard::Composer, "{keys}");
    }
}

#[test]
fn asking_for_a_fresh_one_again_takes_the_wish_back() {
    let wished = Decision { continuity: Continuity::Fresh, why: Why::UserAsked };
    let mut window = window_with(Conversation { next: wished, ..idle(1, "fix") });
    window.press("<prefix>N");
    assert_eq!(window.requests(), [resume(None)]);
}
