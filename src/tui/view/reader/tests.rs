//! The record as a page: what stands where, and that its length costs nothing.

use super::super::super::event::{Event, Purpose};
use super::super::super::testing::{Window, asleep, ended, id, idle, working};
use super::*;
use crate::domain::continuity::{Continuity, Why};
use crate::domain::turn::{Answer, Evidence, TurnEnd};
use crate::protocol::message::{Conversation, Event as HostEvent, Reply, Request};

const ANSWER: &str = "I changed **two** files:\n\n1. `src/button.rs`\n2. `src/main.rs`, see [the rules](https://example.org/rules)\n\n\
    ```rust\nfn colour() -> Colour {\n    Colour::Green // as asked\n}\n```\n\n| file | lines |\n|---|--:|\n| button.rs | 12 |\n\n> Run the tests.";

/// A turn of a coding agent, whose answer is Markdown.
fn answered(number: u32, answer: &str) -> TurnRecord {
    let turn = ended(number, &format!("prompt {number}"), TurnEnd::Completed);
    let evidence = turn.evidence.clone().map(|seen| Evidence { source: Source::Hook, text: "Stop".into(), ..seen });
    TurnRecord { evidence, answer: Some(Answer { text: answer.into(), cut_bytes: 0 }), ..turn }
}

fn window(conversation: Conversation, turns: Vec<TurnRecord>) -> Window {
    let mut window = Window::with(80, 24, vec![conversation]);
    window.answer(Purpose::EarlierTurns(id(1)), Reply::Turns(turns));
    window
}

fn of(turns: u32, conversation: Conversation) -> Conversation {
    let newest = ended(turns, "newest", TurnEnd::Completed);
    Conversation { turns, turn: Some(TurnRecord { answer: None, ..newest }), ..conversation }
}

#[test]
fn an_answer_in_markdown_is_a_page() {
    for (columns, rows) in [(80, 24), (120, 40), (40, 12)] {
        let mut window = window(asleep(1, "fix login"), vec![answered(5, "short"), answered(6, ANSWER)]);
        window.event(Event::Resized(crate::terminal::frame::Size { columns, rows }));
        window.press("<prefix>v");
        insta::assert_snapshot!(format!("record_{columns}x{rows}"), window.picture());
        window.press("<enter>");
        insta::assert_snapshot!(format!("answer_{columns}x{rows}"), window.picture());
    }
}

#[test]
fn stepping_down_and_up_again_comes_to_the_same_places() {
    let turns: Vec<TurnRecord> = (1..=6).map(|number| answered(number, &ANSWER.repeat(number as usize))).collect();
    let window = window(idle(1, "a"), turns);
    let reading = Reading::new(&window.app, Scope::Conversation, 60);
    let mut spots = vec![reading.start().expect("there are turns")];
    while let Some(next) = reading.down(spots[spots.len() - 1], 1) {
        spots.push(next);
    }
    let texts = reading.seen(Standing::Start, u16::MAX);
    assert_eq!(texts.len(), spots.len());
    for (at, spot) in spots.iter().enumerate() {
        for step in [0, 1, 7, 40] {
            assert_eq!(reading.up(*spot, step), spots[at.saturating_sub(step)], "{at} up {step}");
            assert_eq!(reading.down(*spot, step), spots.get(at + step).copied(), "{at} down {step}");
        }
        assert_eq!(texts[at].spot, *spot);
    }
    assert_eq!(reading.end(10), spots.get(spots.len() - 10).copied());
}

/// Every row of all of this would be minutes of work.
#[test]
fn ten_thousand_turns_and_an_answer_of_megabytes_are_read_at_once() {
    let mut turns: Vec<TurnRecord> = (1..=10_000).map(|number| answered(number, ANSWER)).collect();
    turns[9_999].answer = Some(Answer { text: "*a* `b` [c](d) ".repeat(350_000), cut_bytes: 0 });
    let mut window = window(of(10_000, idle(1, "a")), turns);
    window.press("<prefix>v");
    for keys in ["<pgup><pgup><pgdn>", "[[", "<home>", "]]<pgdn>", "<end>", "<enter><pgdn><end><pgup><esc>"] {
        window.press(keys);
        window.picture();
    }
    let kept = &window.app.desk().expect("a tab").record.rendered;
    assert!(kept.rows.borrow().len() < 60, "{}", kept.rows.borrow().len());
}

#[test]
fn the_end_is_followed_and_a_place_further_up_stays() {
    let mut window = window(working(1, "a"), (1..=6).map(|number| answered(number, ANSWER)).collect());
    window.press("<prefix>v");
    let mut more = working(1, "a");
    if let Some(turn) = &mut more.turn {
        turn.prompt = "a newer prompt".into();
    }
    window.told(more.clone());
    assert!(window.picture().contains("> a newer prompt"), "{}", window.picture());
    window.press("<up><up><up>");
    let before: Vec<String> =
        window.picture().lines().skip(1).take(15).map(|row| row.chars().take(45).collect()).collect();
    window.event(Event::Told(HostEvent::TurnEnded { conversation: id(1), turn: Box::new(answered(7, ANSWER)) }));
    window.told(of(7, idle(1, "a")));
    let after: Vec<String> =
        window.picture().lines().skip(1).take(15).map(|row| row.chars().take(45).collect()).collect();
    assert_eq!(after, before);
}

#[test]
fn keys_go_from_turn_to_turn_and_older_ones_are_fetched_at_the_start() {
    let mut window = window(of(60, idle(1, "a")), (51..=60).map(|number| answered(number, ANSWER)).collect());
    window.press("<prefix>v");
    assert_eq!(current(&window.app), Some(TurnNumber(60)));
    window.press("[[[");
    assert_eq!(current(&window.app), Some(TurnNumber(57)));
    window.press("]");
    assert_eq!(current(&window.app), Some(TurnNumber(58)));
    window.take();
    window.press("<home>");
    let older = Request::Turns { conversation: id(1), before: Some(TurnNumber(51)), most: 50 };
    assert!(
        window
            .take()
            .iter()
            .any(|effect| matches!(effect, super::super::super::event::Effect::Ask(_, request) if *request == older))
    );
    // What came stands above, and the place is the same.
    window.press("]");
    let turn = current(&window.app);
    window.answer(Purpose::EarlierTurns(id(1)), Reply::Turns((1..=50).map(|number| answered(number, "x")).collect()));
    assert_eq!(current(&window.app), turn);
    window.press("<home>");
    assert_eq!(current(&window.app), Some(TurnNumber(1)));
}

#[test]
fn words_are_found_from_the_end_upwards_and_marked() {
    let mut turns: Vec<TurnRecord> = (1..=20).map(|number| answered(number, ANSWER)).collect();
    turns[3].answer = Some(Answer { text: "the Needle\n\nno\n\nanother needle".into(), cut_bytes: 0 });
    turns[11].prompt = "where is the needle".into();
    let mut window = window(of(20, idle(1, "a")), turns);
    window.press("<prefix>v/needle<enter>");
    assert_eq!(window.app.desk().and_then(|desk| desk.found_at).map(|spot| spot.turn), Some(TurnNumber(12)));
    assert!(window.picture().contains("where is the needle"), "{}", window.picture());
    window.press("N");
    assert!(window.picture().contains("another needle"), "{}", window.picture());
    window.press("NN");
    assert!(window.status().contains("not found further up: needle"), "{}", window.status());
    window.press("nn");
    assert_eq!(window.app.desk().and_then(|desk| desk.found_at).map(|spot| spot.turn), Some(TurnNumber(12)));
    window.press("<esc><esc>");
    assert_eq!(window.app.keyboard(), Keyboard::Composer);
}

#[test]
fn a_session_is_told_with_its_reason_however_old_it_is() {
    let mut window = window(of(60, idle(1, "a")), (11..=60).map(|number| answered(number, "x")).collect());
    let asked = Request::DecisionsOf { conversation: id(1), from: TurnNumber(11), to: TurnNumber(60) };
    assert!(
        window
            .take()
            .iter()
            .any(|effect| matches!(effect, super::super::super::event::Effect::Ask(_, request) if *request == asked))
    );
    let began = super::super::super::testing::decided(3, 12, Continuity::Fresh, Why::UserAsked);
    window.answer(Purpose::Decisions(id(1)), Reply::Decisions(vec![began]));
    window.press("<prefix>v");
    window.press(&"[".repeat(49));
    assert!(window.picture().contains("── session 2 · fresh: you asked for a fresh"), "{}", window.picture());
}

#[test]
fn a_click_marks_a_turn_and_the_wheel_scrolls() {
    let mut window = window(asleep(1, "a"), (1..=6).map(|number| answered(number, "one row")).collect());
    let row = window.picture().lines().position(|row| row.starts_with("> prompt 4")).expect("it is seen");
    let press = crate::terminal::keys::MouseAction::Press(crate::terminal::keys::MouseButton::Left);
    window.mouse(press, 3, u16::try_from(row).expect("small"));
    assert_eq!((window.app.keyboard(), current(&window.app)), (Keyboard::Record, Some(TurnNumber(4))));
    let before = window.picture();
    window.mouse(crate::terminal::keys::MouseAction::WheelUp, 3, 3);
    assert!(window.picture() != before);
}
