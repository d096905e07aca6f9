//! Pictures of the overview of all conversations.

use super::super::super::event::Purpose;
use super::super::super::testing::{
    Window, ago, asking, asleep, draft, ended, id, idle, not_resumed, with_queue, working,
};
use super::check;
use crate::domain::conversation::Tab;
use crate::domain::fingerprint::Fingerprint;
use crate::domain::turn::{FailedWhy, InterruptedBy, TurnEnd, Usage};
use crate::protocol::message::{Conversation, Overview, Reply, Rest};

/// One of each kind, and many like the last.
fn all() -> Vec<Conversation> {
    let elsewhere = Fingerprint {
        agent: "coder".into(),
        model: Some("large".into()),
        folder: "/home/me/projects/a-rather-long-name/backend".into(),
    };
    let mut all = vec![
        with_queue(working(1, "fix login"), &["and make it round"]),
        asking(2, "api"),
        Conversation { unread: Some(TurnEnd::Interrupted(InterruptedBy::Person)), ..idle(3, "docs") },
        draft(4, "app"),
        Conversation {
            tab: Tab::Closed, wanted: elsewhere, active_at: ago(200_000), ..not_resumed(5, "Büro 日本語")
        },
    ];
    all.push(Conversation {
        tab: Tab::Archived,
        active_at: ago(250_000),
        spent: Usage { input_tokens: 1_200_000, output_tokens: 34_000, cost_micros: Some(2_345_000) },
        ..asleep(70, "put away")
    });
    for number in 6..60 {
        let active_at = ago(300_000 + number);
        all.push(Conversation { tab: Tab::Closed, active_at, ..asleep(number, &format!("older {number}")) });
    }
    all
}

fn open(window: &mut Window) {
    window.press("<prefix>w");
    let overview = Overview { conversations: all(), rest: Rest::None };
    window.answer(Purpose::List, Reply::Overview(overview));
}

#[test]
fn all_conversations() {
    check("overview", &all()[..4], open);
}

#[test]
fn all_conversations_filtered() {
    check("overview_filtered", &all()[..4], |window| {
        open(window);
        window.press("is:closed agent:coder");
    });
}

#[test]
fn archived_conversations_with_what_they_used() {
    check("overview_archived", &all()[..4], |window| {
        open(window);
        window.press("is:archived");
    });
}

#[test]
fn a_conversation_that_is_read_without_being_opened() {
    check("overview_peek", &all()[..4], |window| {
        open(window);
        window.press("<down><ctrl-p>");
        let of = window.app.conversations[&id(3)].active_at;
        let turns = vec![
            ended(5, "run the tests", TurnEnd::Failed(FailedWhy::ExitStatus(1))),
            ended(6, "add a button", TurnEnd::Completed),
        ];
        window.answer(Purpose::Peek { conversation: id(3), at: of }, Reply::Turns(turns));
    });
}

#[test]
fn all_conversations_with_one_to_be_deleted() {
    check("overview_delete", &all()[..4], |window| {
        open(window);
        window.press("büro<ctrl-d>bü");
    });
}

#[test]
fn all_conversations_with_a_reply() {
    check("overview_reply", &all()[..4], |window| {
        open(window);
        window.press("<down><ctrl-r>and then the tests");
    });
}
