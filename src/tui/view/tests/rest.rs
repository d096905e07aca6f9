//! Pictures of what is seen seldom: pages behind pages, the record with words looked for and with a gap, the first moment, and every theme.

use super::super::super::app::Page;
use super::super::super::event::{Event, Purpose, ThenRead};
use super::super::super::testing::{Window, agents, ago, asking, asleep, draft, ended, id, idle};
use super::{SIZES, check, shell_screen, with_earlier};

use crate::config::theme::{BUILT_IN, ThemeChoice};
use crate::domain::id::TurnNumber;
use crate::domain::turn::TurnEnd;
use crate::domain::worktree::{BranchBy, Worktree};
use crate::protocol::message::{AgentSession, Conversation, Reply};

#[test]
fn the_keys_that_had_no_room_are_on_more_pages() {
    let mut window = Window::with(40, 12, vec![idle(1, "fix login")]);
    window.press("<prefix>").after(400).press(" ");
    insta::assert_snapshot!("which_key_more_40x12", window.picture());
    let is_first = |window: &mut Window| window.press(" ").picture().contains("then 1/");
    assert!((0..9).any(|_| is_first(&mut window)), "the first comes behind the last: {}", window.picture());
    window.press("w");
    assert!(matches!(window.app.page, Some(Page::Overview(_))));
}

#[test]
fn a_tab_is_asked_for_by_its_number() {
    check("go_to", &[idle(1, "fix login"), idle(2, "docs")], |window| {
        window.press("<alt-1>");
        shell_screen(window);
        window.press("<prefix>'1");
    });
}

#[test]
fn the_sessions_that_an_agent_keeps_itself() {
    let session = |sign: &str, held_by, conversation| AgentSession {
        id: sign.repeat(20),
        at: ago(60),
        prompt: "make the login page work with a rather long name, and then the rest of it".into(),
        held_by,
        conversation,
    };
    check("adopt", &[draft(1, "app")], |window| {
        window.press("<prefix>C");
        window.answer(Purpose::Agents, Reply::Agents(agents()));
        window.press("<down>s");
        let known = vec![session("a", None, None), session("b", Some(77), None), session("c", None, Some(id(1)))];
        window.answer(Purpose::AgentSessions("coder".into()), Reply::AgentSessions(known));
        window.press("<down>");
    });
}

#[test]
fn an_agent_keeps_no_session_here() {
    check("adopt_none", &[draft(1, "app")], |window| {
        window.press("<prefix>C");
        window.answer(Purpose::Agents, Reply::Agents(agents()));
        window.press("<down>s");
        window.answer(Purpose::AgentSessions("coder".into()), Reply::AgentSessions(Vec::new()));
    });
}

#[test]
fn removing_a_worktree_is_confirmed() {
    let worktree = Worktree {
        path: "/home/me/.local/share/worktrees/app-fix-login".into(),
        repository: "/home/me/app".into(),
        branch: "fix-login".into(),
        branch_by: BranchBy::Us,
    };
    check("confirm_worktree", &[Conversation { worktree: Some(worktree), ..idle(1, "fix login") }], |window| {
        shell_screen(window);
        window.press("<prefix>W");
    });
}

#[test]
fn words_are_typed_and_found_in_the_record() {
    check("record_find", &[asleep(1, "fix login")], |window| {
        with_earlier(window);
        window.press("<prefix>v/rows");
    });
    check("record_found", &[asleep(1, "fix login")], |window| {
        with_earlier(window);
        window.press("<prefix>v/row<enter>N");
    });
}

#[test]
fn the_record_and_the_panel_say_where_turns_are_missing() {
    check("record_gap", &[idle(1, "fix login")], |window| {
        let turn = |number| ended(number, "an old prompt", TurnEnd::Completed);
        window.answer(Purpose::EarlierTurns(id(1)), Reply::Turns((5..=6).map(turn).collect()));
        let before = TurnNumber(3);
        let then = ThenRead::At(TurnNumber(2));
        let purpose = Purpose::TurnsBefore { conversation: id(1), before, then };
        window.answer(purpose, Reply::Turns((1..=2).map(turn).collect()));
    });
}

#[test]
fn a_conversation_is_renamed_in_the_overview() {
    check("overview_rename", &[idle(1, "fix login"), idle(2, "docs")], |window| {
        window.press("<prefix>w<ctrl-t> now");
    });
}

#[test]
fn before_the_first_answer_of_the_host() {
    for (columns, rows) in SIZES {
        let mut window = Window::new(columns, rows);
        window.press("typed early");
        insta::assert_snapshot!(format!("connecting_{columns}x{rows}"), window.picture());
    }
    for (columns, rows) in SIZES {
        let mut window = Window::new(columns, rows);
        window.event(Event::LinkLost("connection refused".into()));
        insta::assert_snapshot!(format!("no_host_{columns}x{rows}"), window.picture());
    }
}

/// The same window in each theme: the text is one, the hash of its looks another.
#[test]
fn every_theme_draws_the_same_words_in_its_own_colors() {
    let mut pictures = Vec::new();
    for (name, theme) in BUILT_IN {
        let mut window = Window::with(80, 24, vec![asking(1, "fix login"), asleep(2, "docs")]);
        window.press("<alt-1>");
        window.app.config.theme = ThemeChoice::One(theme);
        shell_screen(&mut window);
        with_earlier(&mut window);
        let picture = window.picture();
        insta::assert_snapshot!(format!("theme_{name}"), picture);
        pictures.push(picture);
    }
    let words = |picture: &String| picture.split("styles ").next().map(str::to_owned);
    assert!(pictures.iter().all(|picture| words(picture) == words(&pictures[0])));
    let looks: std::collections::BTreeSet<&String> = pictures.iter().collect();
    assert_eq!(looks.len(), BUILT_IN.len(), "no two themes look alike");
}
