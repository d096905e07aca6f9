//! What coding agents bring: requests to answer, models, briefs, and the choice of an agent.

use super::super::super::app::{AfterEdit, FreshOf, Page};
use super::super::super::event::{Effect, Purpose};
use super::super::super::testing::{Window, agents, ago, asking, draft, id, idle, not_resumed, working};
use super::one;
use crate::domain::id::TurnNumber;
use crate::domain::request::{Choice, RequestNumber, RequestState};
use crate::domain::worktree::{BranchBy, Work, Worktree};
use crate::protocol::message::{
    AgentReport, AgentSession, Conversation, Refusal, Reply, Request, RunningTurn, Status, WorkInIt,
};
use crate::terminal::keys::{MouseAction, MouseButton};

fn answer(turn: u32, request: u32, choice: Choice) -> Request {
    let (turn, request) = (Some(TurnNumber(turn)), Some(RequestNumber(request)));
    Request::AnswerRequest { conversation: id(1), turn, request, choice }
}

#[test]
fn each_request_is_answered_by_itself_with_its_turn_and_number() {
    let mut window = one(asking(1, "fix"));
    window.press("<prefix>ya");
    assert_eq!(window.requests(), [answer(7, 2, Choice::Allow)]);
    // The question is open as well, so the list stays, on the one that was answered.
    window.press("a");
    let mut answering = asking(1, "fix");
    answering.turn.as_mut().expect("a turn runs").requests[1].state = RequestState::Answering(Choice::Allow);
    window.told(answering);
    window.take();
    window.press("ad");
    assert_eq!(window.requests(), [], "a key too many answers nothing else");
    assert!(window.status().contains("on its way"), "{}", window.status());
    window.press("<down>ad<enter>");
    assert_eq!(window.requests(), [answer(7, 3, Choice::Text("ad".into()))]);
    assert!(window.app.page.is_none(), "nothing else is open");
    assert_eq!(window.text(), "");
}

#[test]
fn an_answer_to_what_is_not_asked_any_more_is_not_sent() {
    let mut window = one(asking(1, "fix"));
    window.press("<prefix>y");
    let mut next = asking(1, "fix");
    next.turn.as_mut().expect("a turn runs").number = TurnNumber(8);
    window.told(next).take();
    window.press("a");
    assert_eq!(window.requests(), [], "the same number of the next turn is another request");
    assert!(window.status().contains("not asked any more"), "{}", window.status());
    let mut answered = asking(1, "fix");
    answered.turn.as_mut().expect("a turn runs").requests[1].state = RequestState::AnsweredInScreen;
    window.told(answered).take();
    window.press("d");
    assert_eq!(window.requests(), []);
    window.press("<esc>");
    assert!(window.app.page.is_none());
}

#[test]
fn a_refused_answer_is_said_and_words_are_no_answer_to_a_permission() {
    let mut window = one(asking(1, "fix"));
    window.press("<prefix>y<enter>");
    assert_eq!(window.requests(), []);
    assert!(window.status().contains("a allows it"), "{}", window.status());
    window.press("<down><enter>");
    assert_eq!(window.requests(), []);
    assert!(window.status().contains("write the answer first"), "{}", window.status());
    window.answer(Purpose::Order { done: "" }, Reply::Refused { why: Refusal::NotAsked });
    assert!(window.status().contains("not asked (any more)"), "{}", window.status());
}

#[test]
fn nothing_asked_opens_no_list_and_a_silent_dialog_leads_to_the_agents_screen() {
    let mut window = one(working(1, "fix"));
    window.press("<prefix>y");
    assert!(window.app.page.is_none() && window.status().contains("asks nothing"), "{}", window.status());
    let mut silent = working(1, "fix");
    silent.status = Status::NeedsAnswer;
    window.told(silent).press("<prefix>y");
    assert!(window.app.page.is_none() && window.status().contains("agent's own screen"), "{}", window.status());
}

#[test]
fn requests_are_opened_chosen_and_answered_by_mouse() {
    let press = MouseAction::Press(MouseButton::Left);
    let mut window = one(asking(1, "fix"));
    let row_of = |window: &Window, words: &str| {
        let picture = window.picture();
        let row = picture.lines().position(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}: {picture}"));
        u16::try_from(row).expect("small")
    };
    let row = row_of(&window, "? 3 Which");
    window.mouse(press, 60, row);
    assert_eq!(window.app.chosen_request().map(|request| request.number), Some(RequestNumber(3)));
    let row = row_of(&window, "2 permission");
    window.mouse(press, 10, row);
    let row = row_of(&window, "d  deny");
    window.mouse(press, 10, row);
    assert_eq!(window.requests(), [answer(7, 2, Choice::Deny)]);
    window.mouse(press, 10, 1);
    assert!(window.app.page.is_none(), "the upper line of the box leaves it");
}

fn set_model(model: Option<&str>) -> Request {
    Request::SetModel { conversation: id(1), model: model.map(str::to_owned) }
}

#[test]
fn a_model_is_chosen_in_one_line_and_empty_means_the_agents_own() {
    let mut conversation = idle(1, "fix");
    conversation.wanted.model = Some("small".into());
    let mut window = one(conversation);
    window.press("half a thought<prefix>m<enter>");
    assert_eq!(window.requests(), [], "it is the same one");
    window.press("<prefix>m<ctrl-u>large<enter>");
    assert_eq!(window.requests(), [set_model(Some("large"))]);
    window.press("<prefix>m<ctrl-u> <enter>");
    assert_eq!(window.requests(), [set_model(None)]);
    window.press("<prefix>mx<esc>");
    assert_eq!(window.requests(), []);
    assert_eq!(window.text(), "half a thought");
}

#[test]
fn a_model_chosen_in_mid_turn_says_that_the_turn_keeps_its_own() {
    let mut window = one(working(1, "fix"));
    window.press("<prefix>mlarge<enter>");
    let Some(Effect::Ask(purpose, request)) = window.take().pop() else { panic!("it was asked") };
    assert_eq!(request, set_model(Some("large")));
    window.answer(purpose, Reply::Done);
    assert!(window.status().contains("the turn that runs keeps its model"), "{}", window.status());
}

fn fresh(running: RunningTurn) -> Request {
    Request::Fresh { conversation: id(1), running, agent: None, model: None }
}

fn brief_purpose(running: RunningTurn) -> Purpose {
    Purpose::Brief { conversation: id(1), running, of: FreshOf::SameAgent }
}

fn brief() -> Reply {
    Reply::Brief { text: "This was said.\n\nAsked:\nadd a button\n".into() }
}

#[test]
fn a_brief_is_put_in_front_of_the_draft_and_never_sent_by_itself() {
    let mut window = one(idle(1, "fix"));
    window.press("half a thought<prefix>b");
    let asked = window.take().pop();
    assert_eq!(asked, Some(Effect::Ask(brief_purpose(RunningTurn::Refuse), Request::Brief { conversation: id(1) })));
    window.answer(brief_purpose(RunningTurn::Refuse), brief());
    assert_eq!(window.text(), "half a thought", "before the fresh session is asked for nothing changes");
    let Some(Effect::Ask(purpose, request)) = window.take().pop() else { panic!("it was asked") };
    assert_eq!(request, fresh(RunningTurn::Refuse));
    window.answer(purpose, Reply::Done);
    assert_eq!(window.text(), "This was said.\n\nAsked:\nadd a button\n\nhalf a thought");
    let sent = window.requests().into_iter().filter(|request| matches!(request, Request::Submit { .. })).count();
    assert_eq!(sent, 0);
    assert!(window.status().contains("read the brief"), "{}", window.status());
}

#[test]
fn a_brief_in_mid_turn_asks_first_and_a_refused_one_changes_nothing() {
    let mut window = one(working(1, "fix"));
    window.press("<prefix>b");
    assert!(matches!(window.app.page, Some(Page::Confirm(_))) && window.requests().is_empty());
    window.press("b");
    assert_eq!(window.requests(), [Request::Brief { conversation: id(1) }]);
    window.answer(brief_purpose(RunningTurn::Stop), brief());
    assert_eq!(window.requests(), [fresh(RunningTurn::Stop)]);
    window.press("<prefix>N<esc>");
    window.answer(brief_purpose(RunningTurn::Refuse), Reply::Refused { why: Refusal::NothingSaid });
    assert_eq!((window.requests(), window.text()), (vec![], String::new()));
    assert!(window.status().contains("nothing was said"), "{}", window.status());
    // Ending the process has no brief.
    window.press("<prefix>Rb");
    assert!(matches!(window.app.page, Some(Page::Confirm(_))) && window.requests().is_empty());
}

#[test]
fn a_message_held_by_a_refused_resume_gets_its_brief_in_its_own_place() {
    let mut window = one(not_resumed(1, "fix"));
    window.press("half a thought<prefix>b").answer(brief_purpose(RunningTurn::Refuse), brief());
    assert_eq!(window.text(), "This was said.\n\nAsked:\nadd a button\n\nmake the button green");
    assert!(!window.requests().iter().any(|request| matches!(request, Request::Fresh { .. })), "nothing before Enter");
    window.press("<enter>");
    let text = "This was said.\n\nAsked:\nadd a button\n\nmake the button green".to_owned();
    let turn = TurnNumber(8);
    let edit = Request::EditQueued { conversation: id(1), turn, text: text.clone() };
    assert_eq!(window.requests(), [edit]);
    assert_eq!(window.text(), "half a thought");
    let purpose = Purpose::EditQueued { conversation: id(1), turn, text, then: AfterEdit::Fresh(FreshOf::SameAgent) };
    window.answer(purpose, Reply::Done);
    assert_eq!(window.requests(), [fresh(RunningTurn::Refuse)]);
}

#[test]
fn leaving_the_brief_of_a_held_message_leaves_all_as_it_was() {
    let mut window = one(not_resumed(1, "fix"));
    window.press("half a thought<prefix>b").answer(brief_purpose(RunningTurn::Refuse), brief());
    window.take();
    window.press("<esc>");
    let changes = window.requests();
    assert!(!changes.iter().any(|request| matches!(request, Request::EditQueued { .. } | Request::Fresh { .. })));
    assert_eq!(window.text(), "half a thought");
}

#[test]
fn a_draft_takes_the_chosen_agent_and_another_tab_opens_a_new_one() {
    let mut window = one(draft(1, "app"));
    window.press("half a thought<prefix>C").answer(Purpose::Agents, Reply::Agents(agents()));
    window.take();
    window.press("<down><down><enter>");
    assert_eq!(window.requests(), [], "one that is not there cannot be chosen");
    assert!(window.status().contains("missing cannot be started here"), "{}", window.status());
    window.press("<up><enter>");
    assert_eq!(window.requests(), [Request::SetAgent { conversation: id(1), agent: "coder".into() }]);
    assert_eq!(window.text(), "half a thought");
    let mut window = one(idle(1, "fix"));
    window.press("<prefix>C").answer(Purpose::Agents, Reply::Agents(agents()));
    window.take();
    window.press("<down><enter>");
    let (agent, folder) = (Some("coder".into()), "/home/me/app".into());
    assert_eq!(window.requests(), [Request::New { agent, model: None, folder, title: None }]);
}

#[test]
fn tab_in_an_empty_draft_lists_the_agents_and_a_second_click_takes_one() {
    let press = MouseAction::Press(MouseButton::Left);
    let mut window = one(draft(1, "app"));
    window.press("<tab>");
    assert_eq!(window.requests(), [Request::Agents]);
    window.answer(Purpose::Agents, Reply::Agents(agents()));
    let picture = window.picture();
    let row = picture.lines().position(|line| line.contains("coder")).expect("it is listed");
    let row = u16::try_from(row).expect("small");
    window.mouse(press, 5, row);
    assert_eq!(window.requests(), []);
    let picture = window.picture();
    let row = picture.lines().position(|line| line.contains("coder")).expect("it is listed");
    window.mouse(press, 5, u16::try_from(row).expect("small"));
    assert_eq!(window.requests(), [Request::SetAgent { conversation: id(1), agent: "coder".into() }]);
}

/// The list of agents is open, and the one in this place is chosen.
fn choosing_agent(conversation: Conversation, down: usize) -> Window {
    let mut window = one(conversation);
    window.press("<prefix>C").answer(Purpose::Agents, Reply::Agents(reports()));
    window.press("<home>").press(&"<down>".repeat(down));
    window.take();
    window
}

fn said(window: &Window) -> &str {
    window.app.notice.as_ref().map_or("", |notice| &notice.text)
}

fn reports() -> Vec<AgentReport> {
    let report = |name: &str, program: Option<&str>| AgentReport {
        name: name.into(),
        title: name.into(),
        program: program.map(str::to_owned),
        warning: None,
        notes: Vec::new(),
    };
    vec![report("coder", Some("/bin/coder")), report("gone", None), report("shell", Some("/bin/sh"))]
}

#[test]
fn a_conversation_is_handed_over_with_a_brief_that_is_read_first() {
    let mut window = choosing_agent(idle(1, "fix"), 0);
    window.press("h");
    assert_eq!(window.requests(), [Request::Brief { conversation: id(1) }]);
    let of = FreshOf::Other("coder".into());
    window.answer(Purpose::Brief { conversation: id(1), running: RunningTurn::Refuse, of }, brief());
    let Some(Effect::Ask(purpose, request)) = window.take().pop() else { panic!("it was asked") };
    let hand_over =
        Request::HandOver { conversation: id(1), agent: "coder".into(), model: None, running: RunningTurn::Refuse };
    assert_eq!(request, hand_over);
    window.answer(purpose, Reply::Done);
    assert_eq!(window.text(), "This was said.\n\nAsked:\nadd a button\n");
    assert!(said(&window).contains("hands the conversation over to coder"), "{}", said(&window));
    assert!(!window.requests().iter().any(|request| matches!(request, Request::Submit { .. })));
}

#[test]
fn nothing_is_handed_over_where_that_would_mean_nothing() {
    for (conversation, down, words) in [
        (idle(1, "fix"), 1, "gone cannot be started"),
        (idle(1, "fix"), 2, "it has shell already"),
        (draft(1, "new"), 0, "nothing was said here yet"),
        (working(1, "fix"), 0, "turn 7 runs"),
    ] {
        let mut window = choosing_agent(conversation, down);
        window.press("h");
        assert_eq!(window.requests(), [], "{words}");
        assert!(said(&window).contains(words), "{words}: {}", said(&window));
    }
}

#[test]
fn a_held_message_is_handed_over_in_its_own_place() {
    let mut window = choosing_agent(not_resumed(1, "fix"), 0);
    window.press("h");
    let of = FreshOf::Other("coder".into());
    let purpose = Purpose::Brief { conversation: id(1), running: RunningTurn::Refuse, of: of.clone() };
    window.answer(purpose, brief()).press("<enter>");
    let Some(Effect::Ask(purpose, Request::EditQueued { .. })) =
        window.take().into_iter().find(|effect| matches!(effect, Effect::Ask(Purpose::EditQueued { .. }, _)))
    else {
        panic!("its change is asked for")
    };
    window.answer(purpose, Reply::Done);
    assert!(matches!(&window.requests()[..], [Request::HandOver { agent, .. }] if agent == "coder"));
}

#[test]
fn an_agents_session_is_adopted_by_a_pick_and_one_in_use_is_not() {
    let mut window = choosing_agent(idle(1, "fix"), 0);
    window.press("s");
    let asked = window.requests();
    assert!(matches!(&asked[..], [Request::AgentSessions { agent, .. }] if agent == "coder"), "{asked:?}");
    let session = |id: &str, held_by, conversation| AgentSession {
        id: id.into(),
        at: ago(60),
        prompt: format!("prompt of {id}"),
        held_by,
        conversation,
    };
    let known = vec![session("free", None, None), session("held", Some(77), None), session("known", None, Some(id(1)))];
    window.answer(Purpose::AgentSessions("coder".into()), Reply::AgentSessions(known));
    assert!(
        window.picture().contains("prompt of held · a process has it") || window.picture().contains("a process has it")
    );
    window.press("<down><enter>");
    assert_eq!(window.requests(), []);
    assert!(said(&window).contains("process 77 has that session"), "{}", said(&window));
    window.press("<up><enter>");
    let asked = window.requests();
    assert!(matches!(&asked[..], [Request::Adopt { session, .. }] if session == "free"), "{asked:?}");
    // Esc goes back to the agents, then away.
    let mut window = choosing_agent(idle(1, "fix"), 0);
    window.press("s<esc>");
    assert!(matches!(&window.app.page, Some(Page::Agents(agents)) if agents.sessions.is_none()));
    window.press("<esc>");
    assert!(window.app.page.is_none());
}

#[test]
fn a_worktree_is_made_only_where_it_was_asked_for_and_removed_only_after_a_yes() {
    let mut window = choosing_agent(idle(1, "fix"), 0);
    window.press("tt<enter>");
    assert!(matches!(&window.requests()[..], [Request::New { .. }]), "the folder is what is usual");
    let mut window = choosing_agent(idle(1, "fix"), 0);
    window.press("t<enter>");
    let asked = window.requests();
    assert!(matches!(&asked[..], [Request::NewInWorktree { branch: None, .. }]), "{asked:?}");
    assert!(said(&window).contains("git makes a worktree"), "{}", said(&window));
    window.answer(Purpose::NewTab, Reply::Created { conversation: id(2) });
    assert!(!window.status().contains("git makes"), "{}", window.status());

    let mut window = one(idle(1, "fix"));
    window.press("<prefix>W");
    assert!(window.app.page.is_none() && said(&window).contains("no git worktree"), "{}", said(&window));
    let worktree =
        Worktree { path: "/t/w".into(), repository: "/r".into(), branch: "b".into(), branch_by: BranchBy::Us };
    let with_worktree = || Conversation { worktree: Some(worktree.clone()), ..idle(1, "fix") };
    let mut window = one(with_worktree());
    let remove = |work| Request::RemoveWorktree { conversation: id(1), work };
    window.press("<prefix>Wn");
    assert_eq!(window.requests(), []);
    window.press("<prefix>Wy");
    assert_eq!(window.requests(), [remove(WorkInIt::Refuse)]);
    let work = Work { changed: 1, untracked: 0, ahead: 0 };
    let why = Refusal::WorktreeHasWork { path: "/t/w".into(), work };
    window.press("y");
    assert_eq!(window.requests(), [], "there is nothing to say yes to before git answers");
    window.answer(Purpose::RemoveWorktree(id(1)), Reply::Refused { why: why.clone() });
    assert_eq!(window.requests(), [], "work is never given up by itself");
    assert!(window.picture().contains("1 changed"), "{}", window.picture());
    window.press("y");
    assert_eq!(window.requests(), [remove(WorkInIt::Save)]);

    // Whoever did not wait is told, and types on: the y of a message is no answer.
    let mut window = one(with_worktree());
    window.press("<prefix>Wy<esc>");
    window.requests();
    window.answer(Purpose::RemoveWorktree(id(1)), Reply::Refused { why });
    assert!(said(&window).contains("nothing was removed"), "{}", said(&window));
    window.press("yes");
    assert!(window.app.page.is_none());
    assert_eq!(window.requests(), []);
}
