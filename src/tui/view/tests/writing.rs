//! Pictures of writing: offered files, and earlier messages.

use super::super::super::event::{Event, Purpose};
use super::super::super::files::Files;
use super::super::super::testing::{ago, id, idle};
use super::{check, shell_screen};
use crate::domain::id::TurnNumber;
use crate::domain::prompt::Prompt;
use crate::protocol::message::Reply;

#[test]
fn files_that_match_a_name() {
    check("completion", &[idle(1, "fix login")], |window| {
        shell_screen(window);
        window.press("look at @s");
        let paths = ["src/", "src/main.rs", "docs/a few notes on style.md", "tests/日本語.rs", "assets/x.svg"];
        let paths = paths.map(str::to_owned).to_vec();
        window.event(Event::Files(Files { folder: "/home/me/app".into(), paths }));
        window.press("<down>");
    });
}

#[test]
fn earlier_messages_with_the_chosen_one_below() {
    check("history", &[idle(1, "fix login")], |window| {
        window.press("<ctrl-r>");
        let prompt = |(turn, text): (u32, &str)| Prompt {
            conversation: id(1),
            turn: TurnNumber(turn),
            text: text.to_owned(),
            bytes: text.len() as u64,
            at: ago(i64::from(turn) * 5_000),
        };
        let prompts = [
            (
                2,
                "make the button green\nand the other one, which is rather long to say in one row of such a window, red",
            ),
            (7, "run the tests"),
            (9, "日本語 の ボタン"),
        ];
        window.answer(Purpose::Prompts, Reply::Prompts(prompts.map(prompt).to_vec()));
        window.press("t");
    });
}
