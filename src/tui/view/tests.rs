//! Pictures of the window. Look at a changed one before taking it over: INSTA_UPDATE=always.

mod changes;
mod copy;
mod overview;
mod palette;
mod readme_picture;
mod rest;
mod search;
mod writing;

use super::super::app::FreshOf;
use super::super::event::{Event, Purpose};
use super::super::testing::{
    Window, agents, ago, asking, asks_login, asleep, decided, draft, ended, id, idle, not_resumed, of, turn,
    with_queue, working,
};
use crate::domain::continuity::{Carried, Continuity, Decision, Why};
use crate::domain::conversation::{Begun, Fork, QueueHeld};
use crate::domain::id::{SessionNumber, TurnNumber};
use crate::domain::request::{Choice, RequestState};
use crate::domain::session::{AsleepWhy, Exit};
use crate::domain::turn::{Evidence, FailedWhy, InterruptedBy, Source, TurnEnd, TurnRecord, TurnState, UnknownWhy};
use crate::domain::worktree::{BranchBy, Work, Worktree};
use crate::protocol::message::{
    Conversation, Event as HostEvent, PastTurn, Process, Refusal, Reply, RunningTurn, Session, Status, TakenUp,
    ViewOutput,
};
use crate::terminal::frame::{ScrollPosition, Size};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (40, 12)];

/// The same story at every size.
fn check(name: &str, conversations: &[Conversation], story: impl Fn(&mut Window)) {
    for (columns, rows) in SIZES {
        let mut window = Window::with(columns, rows, conversations.to_vec());
        story(&mut window);
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), window.picture());
    }
}

fn shell_screen(window: &mut Window) {
    window.frame(
        &["me@host:~/app$ make test", "running 12 tests", "test colours ... ok", "me@host:~/app$ "],
        Some((15, 3)),
    );
}

fn earlier() -> Vec<TurnRecord> {
    let in_first = |turn: TurnRecord| TurnRecord { session: Some(SessionNumber(1)), ..turn };
    vec![
        in_first(ended(1, "look around", TurnEnd::Completed)),
        in_first(ended(2, "a long prompt that does not fit into the panel", TurnEnd::Unknown(UnknownWhy::HostEnded))),
        ended(3, "run the tests", TurnEnd::Failed(FailedWhy::ExitStatus(1))),
        ended(4, "try again", TurnEnd::Interrupted(InterruptedBy::Person)),
        ended(5, "sleep", TurnEnd::Failed(FailedWhy::AgentExited(Exit::Signal(9)))),
        ended(6, "add a button", TurnEnd::Completed),
    ]
}

fn with_earlier(window: &mut Window) {
    window.answer(Purpose::EarlierTurns(id(1)), Reply::Turns(earlier()));
    let decisions = vec![
        decided(1, 1, Continuity::Fresh, Why::FirstMessage),
        decided(3, 3, Continuity::Fresh, Why::UserAsked),
        decided(
            6,
            6,
            Continuity::Resumed,
            Why::Asleep { cause: AsleepWhy::AgentExited(Exit::Signal(9)), carried: Carried::Context },
        ),
    ];
    window.answer(Purpose::Decisions(id(1)), Reply::Decisions(decisions));
}

#[test]
fn a_draft_says_what_to_do() {
    check("draft", &[draft(1, "app")], |_| {});
}

#[test]
fn a_running_turn_and_its_queue() {
    let conversation = with_queue(working(1, "fix login"), &["and make it round", "then run\nthe tests"]);
    check("running", &[conversation], |window| {
        shell_screen(window);
        with_earlier(window);
        window.press("and then");
    });
}

#[test]
fn a_held_queue_says_why() {
    let mut conversation = with_queue(asleep(1, "fix login"), &["and make it round"]);
    conversation.queue_held = Some(QueueHeld::HostEnded);
    check("held", &[conversation], with_earlier);
}

#[test]
fn earlier_turns_with_every_end_and_the_sessions_between() {
    check("earlier", &[idle(1, "fix login")], |window| {
        shell_screen(window);
        with_earlier(window);
    });
}

#[test]
fn a_chosen_turn_is_shown() {
    check("chosen", &[idle(1, "fix login")], |window| {
        shell_screen(window);
        with_earlier(window);
        window.press("<prefix>q<down><down><down>");
    });
}

#[test]
fn a_chosen_queued_message_is_shown_with_what_can_be_done() {
    check("chosen_queued", &[with_queue(working(1, "fix login"), &["and make it round", "then run it"])], |window| {
        shell_screen(window);
        with_earlier(window);
        window.press("<prefix>q<down>");
    });
}

/// An agent's own screen with its own dialog.
fn agent_screen(window: &mut Window) {
    let dialog = ["* looking at the colours", "", "Do you want to run this command?", "> 1. Yes", "  2. No"];
    window.frame(&dialog, Some((2, 3)));
}

#[test]
fn what_an_agent_asks_without_a_turn_stands_in_the_panel() {
    check("asks_login", &[asks_login(1, "fix login")], |_| {});
}

#[test]
fn what_an_agent_asks_stands_in_the_panel() {
    check("asks", &[asking(1, "fix login")], |window| {
        agent_screen(window);
        with_earlier(window);
    });
}

#[test]
fn a_permission_is_answered_on_its_own() {
    check("asks_permission", &[asking(1, "fix login")], |window| {
        agent_screen(window);
        window.press("<prefix>y");
    });
}

#[test]
fn a_question_is_answered_in_words() {
    check("asks_question", &[asking(1, "fix login")], |window| {
        agent_screen(window);
        window.press("<prefix>y<down>dark red");
    });
}

#[test]
fn an_answer_that_is_on_its_way_and_one_that_did_not_take() {
    let mut conversation = asking(1, "fix login");
    let turn = conversation.turn.as_mut().expect("a turn runs");
    turn.requests[1].state = RequestState::Answering(Choice::Deny);
    check("asks_answering", &[conversation.clone()], |window| {
        agent_screen(window);
    });
    let turn = conversation.turn.as_mut().expect("a turn runs");
    turn.requests[1].state = RequestState::Open;
    let text = "the answer was typed, and the agent did not go on; look at its screen".into();
    turn.evidence = Some(Evidence { source: Source::Host, at: ago(1), text });
    check("asks_not_taken", &[conversation], |window| {
        agent_screen(window);
        window.press("<prefix>y");
    });
}

#[test]
fn the_page_of_a_turn_has_what_was_asked_and_done() {
    let asked = asking(1, "x").turn.expect("a turn runs");
    let mut turn =
        TurnRecord { requests: asked.requests, work: asked.work, ..ended(6, "add a button", TurnEnd::Completed) };
    turn.requests[1].state = RequestState::AnsweredInScreen;
    turn.requests[2].state = RequestState::Answered(Choice::Text("dark red".into()));
    turn.work.steps_left_out = 3;
    check("asked_page", &[idle(1, "fix login")], |window| {
        let turns = vec![ended(5, "sleep", TurnEnd::Completed), turn.clone()];
        window.answer(Purpose::EarlierTurns(id(1)), Reply::Turns(turns));
        window.press("<prefix>q<enter>");
    });
}

#[test]
fn the_page_of_a_turn() {
    check("turn_page", &[idle(1, "fix login")], |window| {
        with_earlier(window);
        window.press("<prefix>q<down><enter>");
    });
}

#[test]
fn asleep_shows_the_record_and_what_comes_next() {
    check("asleep", &[asleep(1, "fix login")], with_earlier);
}

#[test]
fn asleep_after_it_was_seen_keeps_the_last_picture() {
    check("last_picture", &[idle(1, "fix login")], |window| {
        shell_screen(window);
        window.event(Event::Viewed(of(1, 1), ViewOutput::Ended));
        window.told(asleep(1, "fix login"));
    });
}

#[test]
fn which_key_lists_the_commands() {
    check("which_key", &[idle(1, "fix login")], |window| {
        shell_screen(window);
        window.press("<prefix>").after(400);
    });
}

#[test]
fn help_is_made_from_the_keymap() {
    check("help", &[idle(1, "fix login")], |window| {
        window.press("<prefix>?");
    });
}

#[test]
fn a_lost_host_is_told_and_everything_stays() {
    check("host_gone", &[idle(1, "fix login")], |window| {
        shell_screen(window);
        window.press("half a thought").event(Event::LinkLost("connection reset by peer".into()));
    });
}

#[test]
fn a_stopped_host_is_told_with_the_way_to_start_it() {
    check("host_stopped", &[idle(1, "fix login")], |window| {
        shell_screen(window);
        window.press("half a thought").event(Event::Told(HostEvent::HostEnding));
        window.event(Event::LinkLost("the host ended".into()));
    });
}

#[test]
fn the_end_of_the_help() {
    check("help_end", &[idle(1, "fix login")], |window| {
        window.press("<prefix>?<end>");
    });
}

#[test]
fn a_fresh_session_is_confirmed_while_a_turn_runs() {
    check("confirm_fresh", &[working(1, "fix login")], |window| {
        shell_screen(window);
        window.press("<ctrl-n>");
    });
}

#[test]
fn stopping_is_confirmed() {
    check("confirm_stop", &[idle(1, "fix login")], |window| {
        shell_screen(window);
        window.press("<prefix>R");
    });
}

#[test]
fn why_tells_decisions_with_their_evidence() {
    let mut conversation = idle(1, "fix login");
    if let Some(session) = &mut conversation.session {
        session.agent_session = Some("8a5e2d6c-0f4b-4c55-9a53-1f6f0c6d2b11".into());
        let evidence = |source, seconds, text: &str| Evidence { source, at: ago(seconds), text: text.into() };
        session.heard = vec![evidence(Source::Hook, 100, "Stop"), evidence(Source::Title, 3, "idle")];
    }
    check("why", &[conversation], |window| {
        with_earlier(window);
        window.press("<prefix>s");
    });
}

#[test]
fn a_scrolled_pane_says_how_far_and_how_back() {
    check("scrolled", &[idle(1, "fix login")], |window| {
        window.scrolled_frame(&["older row", "another"], None, ScrollPosition { up: 120, most: 500, left: 12 });
    });
}

#[test]
fn the_keyboard_in_the_agents_screen() {
    check("agent", &[idle(1, "fix login")], |window| {
        shell_screen(window);
        window.press("<tab>");
    });
}

#[test]
fn the_agent_has_the_keyboard_and_the_composer_rests_with_its_text() {
    check("agent_and_text", &[idle(1, "fix login")], |window| {
        shell_screen(window);
        window.press("half a thought<prefix>o");
    });
}

#[test]
fn wide_characters_and_emoji_keep_their_cells() {
    check("wide", &[idle(1, "日本語の会話 😀")], |window| {
        window.frame(&["日本語|", "a😀b|", "ascii|"], Some((7, 0)));
        window.press("日本👩‍👩‍👧 ok");
    });
}

#[test]
fn a_long_message_wraps_and_grows_to_a_third() {
    check("long", &[idle(1, "fix login")], |window| {
        shell_screen(window);
        let text = "one two three four five six seven eight nine ten eleven twelve\n".repeat(9);
        window.event(Event::Paste(text));
    });
}

#[test]
fn many_tabs_scroll_with_counts() {
    let mut tabs: Vec<Conversation> = (1..=12).map(|number| idle(number, &format!("conversation {number}"))).collect();
    tabs[1].status = Status::NeedsAnswer;
    tabs[2].status = Status::NeedsApproval;
    tabs[3].unread = Some(TurnEnd::Completed);
    tabs[4].unread = Some(TurnEnd::Failed(FailedWhy::ExitStatus(2)));
    tabs[5] = asleep(6, "sleepy");
    tabs[6].unread = Some(TurnEnd::Unknown(UnknownWhy::HostEnded));
    tabs[7] = working(8, "busy");
    check("tabs", &tabs, |window| {
        window.press("<alt-5>");
    });
}

#[test]
fn the_overlaid_panel_in_a_narrow_window() {
    let mut window = Window::with(60, 16, vec![with_queue(working(1, "fix login"), &["next"])]);
    shell_screen(&mut window);
    insta::assert_snapshot!("narrow_without_panel", window.picture());
    window.press("<prefix>t");
    insta::assert_snapshot!("narrow_with_panel", window.picture());
}

#[test]
fn zoom_leaves_pane_and_composer() {
    check("zoom", &[idle(1, "fix login")], |window| {
        window.press("<prefix>z");
        shell_screen(window);
    });
}

#[test]
fn renaming_asks_in_one_line() {
    check("rename", &[idle(1, "fix login")], |window| {
        window.press("<prefix>, now");
    });
}

#[test]
fn exporting_asks_for_the_file_with_a_name_to_take() {
    check("export", &[idle(1, "fix login")], |window| {
        window.press("<prefix>e");
    });
}

#[test]
fn the_reason_is_never_what_is_lost_at_80_columns() {
    let cause = AsleepWhy::AgentExited(Exit::Signal(9));
    for (continuity, why) in [
        (Continuity::Fresh, Why::ModelChanged { from: Some("model-a".into()), to: Some("model-b".into()) }),
        (Continuity::Resumed, Why::Asleep { cause: cause.clone(), carried: Carried::Context }),
        (Continuity::Queued, Why::TurnRunning { turn: crate::domain::id::TurnNumber(7), place: 2 }),
        (Continuity::Fresh, Why::UserAsked),
    ] {
        let mut conversation = idle(1, "fix login");
        conversation.wanted.agent = "a-rather-long-agent-name".into();
        conversation.decision = Some(decided(7, 7, continuity, why.clone()));
        if continuity == Continuity::Queued {
            conversation.queue = vec![turn(8, "before it", TurnState::Queued), turn(7, "it", TurnState::Queued)];
        }
        let window = Window::with(80, 24, vec![conversation]);
        let status = window.status();
        assert!(status.contains(&why.text()), "{status}");
        assert!(status.contains(continuity.word()), "{status}");
    }
}

#[test]
fn what_a_resume_cannot_bring_back_is_said_at_80_columns_and_whole_in_the_record() {
    let folder = "/home/me/projects/with/a/long/path/app".to_owned();
    for cause in [AsleepWhy::HostEnded, AsleepWhy::AgentExited(Exit::Signal(9))] {
        let why = Why::Asleep { cause, carried: Carried::FolderOnly(folder.clone()) };
        let mut conversation = asleep(1, "fix login");
        conversation.status = Status::AsleepCannotResume;
        conversation.next = Decision { continuity: Continuity::Fresh, why: why.clone() };
        conversation.decision = Some(decided(6, 6, Continuity::Fresh, why.clone()));
        let mut window = Window::with(80, 24, vec![conversation]);
        let status = window.status();
        assert!(status.contains("cannot be resumed") && status.contains("variables gone"), "{status}");
        window.press("<prefix>t");
        let unbroken = window.picture().replace('\n', " ");
        assert!(unbroken.contains(&format!("session 2 · fresh: {}", why.text())), "{unbroken}");
    }
}

/// An idle agent that was resumed, as far as its own words confirm that.
fn resumed(taken_up: TakenUp) -> Conversation {
    let why = Why::Asleep { cause: AsleepWhy::AgentExited(Exit::Signal(9)), carried: Carried::Context };
    let mut conversation = idle(1, "fix login");
    conversation.decision = Some(decided(6, 6, Continuity::Resumed, why));
    if let Some(Session { process: Process::Alive { taken_up: told, .. }, .. }) = &mut conversation.session {
        *told = taken_up;
    }
    conversation
}

#[test]
fn a_resume_is_called_one_when_the_agent_confirmed_it() {
    let status = |conversation| Window::with(80, 24, vec![conversation]).status();
    let told = status(resumed(TakenUp::NotVerified));
    assert!(told.contains("resumed, not verified · ") && told.contains("signal 9"), "{told}");
    let told = status(resumed(TakenUp::Verified));
    assert!(told.contains("resumed · ") && told.contains("signal 9"), "{told}");
    let mut later = resumed(TakenUp::NotVerified);
    later.decision = Some(decided(7, 6, Continuity::Reused, Why::AgentAlive));
    assert!(status(later.clone()).contains("reused, resume not verified"), "{}", status(later));
    // A decision of another session says nothing of this one.
    let mut other = resumed(TakenUp::NotVerified);
    other.decision.as_mut().expect("one was made").session = Some(SessionNumber(1));
    assert!(status(other.clone()).contains("resumed · "), "{}", status(other));
}

#[test]
fn what_another_model_will_do_is_said_before_the_next_message() {
    let (from, to) = (Some("small".to_owned()), Some("large".to_owned()));
    let mut conversation = idle(1, "fix login");
    let why = Why::ModelSwitched { from: from.clone(), to: to.clone() };
    conversation.next = Decision { continuity: Continuity::Resumed, why };
    let status = Window::with(80, 24, vec![conversation.clone()]).status();
    assert!(status.contains("next message: resumes") && status.contains("small -> large: context kept"), "{status}");
    conversation.next = Decision { continuity: Continuity::Fresh, why: Why::ModelChanged { from, to } };
    let status = Window::with(80, 24, vec![conversation]).status();
    assert!(status.contains("next message: fresh · model small -> large: not compatible"), "{status}");
}

#[test]
fn a_refused_resume_offers_the_ways_on() {
    check("not_resumed", &[not_resumed(1, "fix login")], with_earlier);
}

#[test]
fn the_agents_are_listed_with_what_they_can_do_here() {
    check("agents", &[draft(1, "app")], |window| {
        window.press("<prefix>C").answer(Purpose::Agents, Reply::Agents(agents())).press("<down>");
    });
}

#[test]
fn a_model_is_written_in_one_line() {
    let mut conversation = idle(1, "fix login");
    conversation.wanted.agent = "coder".into();
    conversation.wanted.model = Some("large".into());
    check("model", &[conversation], |window| {
        shell_screen(window);
        window.press("<prefix>m-2");
    });
}

#[test]
fn a_draft_names_its_agent_and_model() {
    let mut conversation = draft(1, "app");
    conversation.wanted.agent = "coder".into();
    conversation.wanted.model = Some("large".into());
    check("draft_model", &[conversation], |_| {});
}

#[test]
fn a_brief_stands_in_the_composer_to_be_read() {
    let text = "This is what was said in an earlier session. Take it as the context of what follows.\n\n## Turn 6 (completed)\n\nAsked:\nadd a button\n";
    check("brief", &[idle(1, "fix login")], |window| {
        shell_screen(window);
        window.press("half a thought<prefix>b");
        let purpose = Purpose::FreshWithBrief { conversation: id(1), brief: text.to_owned(), of: FreshOf::SameAgent };
        window.answer(purpose, Reply::Done);
    });
    check("brief_held", &[not_resumed(1, "fix login")], |window| {
        with_earlier(window);
        let purpose = Purpose::Brief { conversation: id(1), running: RunningTurn::Refuse, of: FreshOf::SameAgent };
        window.answer(purpose, Reply::Brief { text: text.to_owned() });
    });
}

#[test]
fn nothing_breaks_at_any_size() {
    let stories: [(&str, Conversation); 7] = [
        ("", not_resumed(1, "fix")),
        ("<prefix>y", asking(1, "fix")),
        ("<prefix>y<down>red<prefix>t", asking(1, "fix")),
        ("", draft(1, "日本語")),
        ("wide 日本 text", with_queue(working(1, "fix"), &["a", "b"])),
        ("<prefix>q<down>", idle(1, "fix login")),
        ("text", asleep(1, "fix")),
    ];
    for (keys, conversation) in stories {
        for end in [
            "",
            "<prefix>?",
            "<prefix>y<down>red<pgup>",
            "<prefix>C",
            "<prefix>w",
            "<prefix>/fix",
            "<prefix>:f",
            "<prefix>wfix<ctrl-d>no",
            "<prefix>mx",
            "<prefix>s",
            "<prefix>,",
            "<prefix>R",
            "<ctrl-n>",
            "<prefix>t",
            "<prefix>z",
            "<prefix>o",
        ] {
            let mut window = Window::with(80, 24, vec![conversation.clone(), idle(2, "other")]);
            window.press("<alt-1>");
            with_earlier(&mut window);
            if window.app.view.is_some() {
                window.frame(&["日本語日本語日本語", "two"], Some((40, 15)));
            }
            window.press(keys).press(end);
            for (columns, rows) in [(0, 0), (1, 1), (2, 1), (1, 9), (3, 3), (5, 2), (20, 5), (21, 8), (69, 7), (300, 3)]
            {
                window.event(Event::Resized(Size { columns, rows }));
                window.picture();
                window.press("<shift-pgup><shift-pgdn>");
                window.mouse(crate::terminal::keys::MouseAction::WheelUp, columns / 2, rows / 2);
            }
            window.press("<prefix>").after(500).picture();
        }
    }
}

#[test]
fn twenty_by_five_shows_something_sane() {
    let mut window = Window::with(20, 5, vec![idle(1, "fix login")]);
    window.frame(&["me@host:~/app$ "], Some((15, 0)));
    window.press("hello");
    insta::assert_snapshot!("tiny", window.picture());
}

#[test]
fn the_newest_turn_stands_once_in_the_panel() {
    let mut window = Window::with(80, 24, vec![idle(1, "fix login")]);
    shell_screen(&mut window);
    with_earlier(&mut window);
    let picture = window.picture();
    assert_eq!(picture.matches("add a button").count(), 1, "{picture}");
    assert!(picture.contains("└ session 2 · resumed"), "{picture}");
}

#[test]
fn a_queued_turn_has_no_end() {
    assert_eq!(super::record::state_words(&turn(1, "x", TurnState::Queued)), "queued");
    assert_eq!(
        super::record::worked_ms(&TurnRecord { started_at: Some(ago(1)), ..turn(1, "x", TurnState::Working) }),
        None
    );
}

/// Rows and columns of the screen are 16 bits wide, a text may have more lines.
#[test]
fn a_text_of_more_lines_than_a_screen_can_count_breaks_nothing() {
    for text in ["\n".repeat(80_000), "x\n".repeat(80_000), "x".repeat(300_000)] {
        let mut window = Window::with(80, 24, vec![idle(1, "fix login")]);
        shell_screen(&mut window);
        window.event(Event::Paste(text));
        window.picture();
        window.press("yz<left><up><down><home><end>");
        window.picture();
        window.press("<enter>");
        assert_eq!(window.text(), "", "all of it is sent");
        window.press("<ctrl-z>").picture();
        assert!(!window.text().is_empty());
    }
}

#[test]
fn a_fork_shows_what_was_said_before_it() {
    let begun = Begun::Forked(Fork { from: id(1), title: "fix login".into(), turn: TurnNumber(2) });
    let fork = Conversation { begun, title: "fix login (fork)".into(), ..draft(2, "") };
    check("fork", &[fork], |window| {
        let past = vec![ended(1, "look at the login", TurnEnd::Completed), ended(2, "fix it", TurnEnd::Completed)];
        window.answer(Purpose::EarlierTurns(id(2)), Reply::Turns(Vec::new()));
        let past = past.into_iter().map(|turn| PastTurn { conversation: id(1), turn });
        window.answer(Purpose::Past(id(2)), Reply::Past(past.collect()));
        window.answer(Purpose::ForkBrief(id(2)), Reply::Brief { text: "This was said.\n\nAsked:\nfix it".into() });
    });
}

#[test]
fn a_conversation_in_a_worktree_says_so_in_the_row_of_tabs() {
    let worktree = Worktree {
        path: "/t/app-fix".into(),
        repository: "/home/me/app".into(),
        branch: "fix-login".into(),
        branch_by: BranchBy::Us,
    };
    let work = Work { changed: 3, untracked: 1, ahead: 2 };
    let conversation = Conversation { worktree: Some(worktree), tree_work: Some(work), ..idle(1, "fix login") };
    check("worktree", &[conversation], |window| {
        window.press("<prefix>Wy");
        let why = Refusal::WorktreeHasWork { path: "/t/app-fix".into(), work };
        window.answer(Purpose::RemoveWorktree(id(1)), Reply::Refused { why });
    });
}

/// Beside many tabs it was cut to `on …`.
#[test]
fn where_the_tabs_leave_no_room_for_a_branch_none_is_begun() {
    let branch = "fix-the-login".to_owned();
    let worktree = Worktree { path: "/t/a".into(), repository: "/a".into(), branch, branch_by: BranchBy::Us };
    let conversation = Conversation { worktree: Some(worktree), ..idle(1, "fix the login of all") };
    for (columns, is_shown) in [(80, true), (40, false)] {
        let window = Window::with(columns, 24, vec![conversation.clone()]);
        let row = window.picture().lines().next().unwrap_or_default().to_owned();
        assert_eq!(row.contains(" on "), is_shown, "{row}");
    }
}
