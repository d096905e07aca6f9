//! The matrix: every agent that runs offline, in every case a conversation must come through. Each cell is all right, truthfully not (the agent
//! cannot, and threadkeep says so), not applicable with a reason, or failed. One failed cell fails the test of its agent.
//!
//! Change here: a case is a variant; the compiler shows the rest. `THREADKEEP_MATRIX=killed,fresh` plays only cases with such words in their names.
//! Not here: what is proved of every turn (`talk.rs`).

use crate::agents::{Agent, Trust};
use crate::home::{Sent, Signal, Tab, kill, wait_until, wait_until_or};
use crate::model_server::{MODELS, Outcome, Seen as Asked};
use crate::screen::{Screen, Seen};
use crate::talk::{Talk, one_line, wait_for_all, wait_for_request};
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Which cases are played; without it all.
const ONLY: &str = "THREADKEEP_MATRIX";
/// A message of this size is longer than any terminal takes at once, and than any agent shows.
const BIG_BYTES: usize = 200 * 1024;
/// Its lines are so long.
const BIG_LINE: usize = 80;

/// In the order they are played; those that need no home of their own go on in the conversation of the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Case {
    FirstMessage,
    FollowUp,
    TenShort,
    Failed,
    RateLimited,
    LoginRefused,
    Interrupted,
    InterruptedAtOnce,
    Allowed,
    Denied,
    Question,
    Questions,
    Choices,
    Queue,
    ModelSwitched,
    Traps,
    SixtyLines,
    Big,
    KilledMidTurn,
    KilledBetween,
    HostKilled,
    Reboot,
    ProgramMissing,
    ProgramTooOld,
    FolderGone,
    RecordGone,
    Fresh,
    Clear,
    Trust,
}

#[derive(Debug, Clone)]
enum Verdict {
    Ok,
    /// The agent cannot, and threadkeep says so.
    TruthfullyNot(String),
    NotApplicable(&'static str),
    Failed(String),
}

impl Case {
    const ALL: [Case; 29] = [
        Case::FirstMessage,
        Case::FollowUp,
        Case::TenShort,
        Case::Failed,
        Case::RateLimited,
        Case::LoginRefused,
        Case::Interrupted,
        Case::InterruptedAtOnce,
        Case::Allowed,
        Case::Denied,
        Case::Question,
        Case::Questions,
        Case::Choices,
        Case::Queue,
        Case::ModelSwitched,
        Case::Traps,
        Case::SixtyLines,
        Case::Big,
        Case::KilledMidTurn,
        Case::KilledBetween,
        Case::HostKilled,
        Case::Reboot,
        Case::ProgramMissing,
        Case::ProgramTooOld,
        Case::FolderGone,
        Case::RecordGone,
        Case::Fresh,
        Case::Clear,
        Case::Trust,
    ];

    fn name(self) -> &'static str {
        match self {
            Case::FirstMessage => "first message",
            Case::FollowUp => "follow-up",
            Case::TenShort => "ten short follow-ups",
            Case::Failed => "failed, then follow-up",
            Case::RateLimited => "rate limit, then follow-up",
            Case::LoginRefused => "login refused, then follow-up",
            Case::Interrupted => "interrupted, then follow-up",
            Case::InterruptedAtOnce => "interrupted at once",
            Case::Allowed => "approval allowed",
            Case::Denied => "approval denied",
            Case::Question => "question answered",
            Case::Questions => "two questions answered",
            Case::Choices => "several options chosen",
            Case::Queue => "queue of three",
            Case::ModelSwitched => "model switched",
            Case::Traps => "trap texts",
            Case::SixtyLines => "60 lines",
            Case::Big => "200 KB",
            Case::KilledMidTurn => "agent killed in mid-turn",
            Case::KilledBetween => "agent killed between turns",
            Case::HostKilled => "host killed in mid-turn",
            Case::Reboot => "reboot in mid-turn",
            Case::ProgramMissing => "program missing",
            Case::ProgramTooOld => "program too old",
            Case::FolderGone => "folder gone",
            Case::RecordGone => "record gone, resume refused",
            Case::Fresh => "fresh session wanted",
            Case::Clear => "cleared in its own screen",
            Case::Trust => "asks for trust",
        }
    }

    /// Why an agent has no such case.
    fn gap(self, agent: Agent) -> Option<&'static str> {
        match (self, agent) {
            (Case::Allowed | Case::Denied, Agent::Pi) => Some("runs commands unasked"),
            (Case::Question | Case::Questions | Case::Choices, Agent::Pi) => Some("its model has no tool to ask"),
            (Case::Choices, Agent::Codex) => Some("its tool asks for one option only"),
            (Case::Trust, Agent::Opencode | Agent::Qwen | Agent::Pi) => Some("has no such dialog"),
            (Case::ProgramTooOld, Agent::Codex | Agent::Opencode | Agent::Qwen) => {
                Some("no version is known to be too old")
            }
            (Case::RecordGone, Agent::Opencode) => Some("its sessions lie in one database"),
            _ => None,
        }
    }

    fn play(self, talk: &mut Talk) -> Verdict {
        match self {
            Case::FirstMessage => first_message(talk),
            Case::FollowUp => follow_up(talk),
            Case::TenShort => ten_short(talk),
            Case::Failed => failed(talk, fatal(talk.sandbox.agent), "api_error"),
            Case::RateLimited if tries_without_end(talk.sandbox.agent) => tries_again(talk, 429),
            Case::RateLimited => failed(talk, 429, "rate_limit"),
            Case::LoginRefused => failed(talk, 401, "login_needed"),
            Case::Interrupted => interrupted(talk),
            Case::InterruptedAtOnce => interrupted_at_once(talk),
            Case::Allowed => allowed(talk),
            Case::Denied => denied(talk),
            Case::Question => question(talk),
            Case::Questions => questions(talk),
            Case::Choices => choices(talk),
            Case::Queue => queue(talk),
            Case::ModelSwitched => model_switched(talk),
            Case::Traps => traps(talk),
            Case::SixtyLines => sixty_lines(talk),
            Case::Big => big(talk),
            Case::KilledMidTurn => killed_mid_turn(talk),
            Case::KilledBetween => killed_between(talk),
            Case::HostKilled => host_killed(talk),
            Case::Reboot => reboot(talk),
            Case::ProgramMissing => program_missing(talk),
            Case::ProgramTooOld => program_too_old(talk),
            Case::FolderGone => folder_gone(talk),
            Case::RecordGone => record_gone(talk),
            Case::Fresh => fresh(talk),
            Case::Clear => clear(talk),
            Case::Trust => trust(talk),
        }
    }
}

#[test]
fn claude_keeps_its_conversations() {
    play(Agent::Claude);
}

#[test]
fn codex_keeps_its_conversations() {
    play(Agent::Codex);
}

#[test]
fn opencode_keeps_its_conversations() {
    play(Agent::Opencode);
}

#[test]
fn qwen_keeps_its_conversations() {
    play(Agent::Qwen);
}

#[test]
fn pi_keeps_its_conversations() {
    play(Agent::Pi);
}

/// Plays all cases of an agent, one after the other.
fn play(agent: Agent) {
    let only = std::env::var(ONLY).unwrap_or_default();
    let is_wanted = |case: &Case| only.split(',').any(|word| case.name().contains(word));
    let mut talk = None;
    let mut row = BTreeMap::new();
    for case in Case::ALL.into_iter().filter(is_wanted) {
        let verdict = match case.gap(agent) {
            Some(reason) => Verdict::NotApplicable(reason),
            None => cell(agent, case, &mut talk),
        };
        row.insert(case, verdict);
    }
    // Its end proves that nothing is left behind.
    let left = catch_unwind(AssertUnwindSafe(|| drop(talk)));
    print_table(agent, &row);
    let failed: Vec<String> = row.iter().filter_map(|(case, verdict)| failure(*case, verdict)).collect();
    assert!(
        failed.is_empty(),
        "{}: {} of {} cells failed\n{}",
        agent.name(),
        failed.len(),
        row.len(),
        failed.join("\n")
    );
    assert!(left.is_ok(), "{} left something behind: {}", agent.name(), left.err().map_or(String::new(), message));
}

/// Plays one case. After a failure the next one begins anew, so that one does not fail for another.
fn cell(agent: Agent, case: Case, talk: &mut Option<Talk>) -> Verdict {
    let played = catch_unwind(AssertUnwindSafe(|| {
        if matches!(case, Case::FirstMessage | Case::Trust) {
            *talk = None;
        }
        if talk.is_none() {
            let trust = if case == Case::Trust { Trust::Asked } else { Trust::Given };
            match Talk::begin(agent, trust) {
                Ok(begun) => *talk = Some(begun),
                Err(gap) => return Verdict::NotApplicable(gap),
            }
        }
        let Some(talk) = talk else { unreachable!("it was begun above") };
        if talk.known.is_empty() && !matches!(case, Case::FirstMessage | Case::Trust) {
            talk.say("remember the word alpha").is("fresh", "first_message", "completed");
        }
        case.play(talk)
    }));
    played.unwrap_or_else(|panic| {
        let said = message(panic);
        // What it looked like, and what is left behind, is told with it.
        let picture = catch_unwind(AssertUnwindSafe(|| talk.as_ref().map(Talk::picture)));
        let left = catch_unwind(AssertUnwindSafe(|| *talk = None)).err().map(message);
        let more = [picture.unwrap_or_else(|panic| Some(message(panic))), left];
        Verdict::Failed(more.into_iter().flatten().fold(said, |said, more| format!("{said}\n{more}")))
    })
}

fn message(panic: Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

fn failure(case: Case, verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Failed(why) => Some(format!("== {}: {why}", case.name())),
        Verdict::Ok | Verdict::TruthfullyNot(_) | Verdict::NotApplicable(_) => None,
    }
}

/// The whole table as far as it is known, past the capture of tests: it is a result, not a message of a failure.
fn print_table(agent: Agent, row: &BTreeMap<Case, Verdict>) {
    static ROWS: Mutex<BTreeMap<Agent, BTreeMap<Case, Verdict>>> = Mutex::new(BTreeMap::new());
    let mut rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
    rows.insert(agent, row.clone());
    let mut text = format!("\n{:30}", "");
    let mut notes = String::new();
    rows.keys().for_each(|agent| text.push_str(&format!("{:12}", agent.name())));
    for case in Case::ALL {
        text.push_str(&format!("\n{:30}", case.name()));
        for (agent, row) in rows.iter() {
            let (word, note) = match row.get(&case) {
                Some(Verdict::Ok) => ("ok", ""),
                Some(Verdict::TruthfullyNot(why)) => ("said not", why.as_str()),
                Some(Verdict::NotApplicable(why)) => ("n.a.", *why),
                Some(Verdict::Failed(why)) => ("FAILED", why.lines().next().unwrap_or_default()),
                None => ("-", ""),
            };
            text.push_str(&format!("{word:12}"));
            if !note.is_empty() {
                notes.push_str(&format!("\n  {} · {}: {word}: {note}", agent.name(), case.name()));
            }
        }
    }
    // A closed output is no reason to fail.
    let _ = writeln!(std::io::stderr(), "{text}{notes}\n");
}

fn first_message(talk: &mut Talk) -> Verdict {
    let sent = talk.say("remember the word alpha").is("fresh", "first_message", "completed");
    let answer = one_line(sent.answer());
    assert!(answer.contains("I see 1 by you."), "the answer is the model's: {sent:?}");
    assert_eq!((sent.number("turn"), sent.number("session")), (1, 1));
    Verdict::Ok
}

fn follow_up(talk: &mut Talk) -> Verdict {
    let before = talk.agent_session();
    talk.say_and_go_on("make the button green");
    assert!(before.is_some(), "the agent's own session is known: {:?}", talk.tab().state());
    assert_eq!(talk.agent_session(), before, "it is the same one");
    Verdict::Ok
}

fn ten_short(talk: &mut Talk) -> Verdict {
    for number in 1..=10 {
        talk.say_and_go_on(&format!("short {number}"));
    }
    Verdict::Ok
}

/// The status that this agent does not try again for long.
fn fatal(agent: Agent) -> u16 {
    match agent {
        Agent::Claude | Agent::Codex | Agent::Pi => 500,
        Agent::Opencode | Agent::Qwen => 400,
    }
}

/// Whether the agent asks again and again while its model's service is overloaded, and never ends the turn.
fn tries_without_end(agent: Agent) -> bool {
    match agent {
        Agent::Opencode | Agent::Qwen => true,
        Agent::Claude | Agent::Codex | Agent::Pi => false,
    }
}

/// Its tries are told with what the service said, as far as it tells of them, and the person can end them.
fn tries_again(talk: &mut Talk, status: u16) -> Verdict {
    let text = format!("this goes wrong on and on [[fail:{status}]]");
    talk.tab().send_on(&text);
    let is_failed = |seen: &&Asked| seen.outcome == Outcome::Failed(status);
    talk.sandbox.model.wait_for("it tried again", |seen| (seen.iter().filter(is_failed).count() > 1).then_some(()));
    if talk.sandbox.agent == Agent::Opencode {
        wait_for_tries(talk, status);
    }
    interrupt(talk);
    follow_up_on_wordless(talk, &text, "and after its tries");
    Verdict::TruthfullyNot("it tries again without an end; an interrupt ends it".into())
}

fn wait_for_tries(talk: &Talk, status: u16) {
    let told = |turn: &serde_json::Value| {
        let steps = turn["work"]["steps"].as_array().cloned().unwrap_or_default();
        steps.iter().any(|step| step.as_str().is_some_and(|step| step.contains(&status.to_string()))).then_some(())
    };
    let last = || talk.tab().log().pop().unwrap_or_default();
    wait_until_or("its tries are told", || told(&last()), last);
}

/// Each kind of failure is told by a reason of its own, and the next message goes on.
fn failed(talk: &mut Talk, status: u16, why: &str) -> Verdict {
    let text = format!("this goes wrong [[fail:{status}]]");
    let sent = talk.say(&text).is("reused", "agent_alive", "failed");
    assert_eq!((sent.text("end_why"), sent.code), (why, 1), "{sent:?}");
    talk.say_and_go_on(&format!("and after the failure with {status}"));
    Verdict::Ok
}

fn interrupted(talk: &mut Talk) -> Verdict {
    let text = "go on until I say stop [[hold:endless]]";
    talk.say_and_hold(text);
    talk.wait_until_shown("endless 2.");
    interrupt(talk);
    talk.prove(text, "interrupted");
    talk.say_and_go_on("and after the interruption");
    Verdict::Ok
}

/// Before its first words some agents take the message back, out of what the model sees and into the composer; what follows must not be glued to it.
fn interrupted_at_once(talk: &mut Talk) -> Verdict {
    let text = "stop this before a word [[hold:wordless]]";
    talk.tab().send_on(text);
    talk.sandbox
        .model
        .wait_for("the model is asked", |seen| seen.iter().find(|seen| seen.last().contains(text)).map(|_| ()));
    interrupt(talk);
    follow_up_on_wordless(talk, text, "and after the early interruption");
    talk.say_and_go_on("and once more");
    Verdict::Ok
}

/// Goes on after a message that was interrupted before the model said a word: it may be taken back, or not.
fn follow_up_on_wordless(talk: &mut Talk, interrupted: &str, text: &str) {
    talk.say(text).reused();
    if talk.seen_with(text).users.iter().any(|said| said.contains(interrupted)) {
        let last = talk.known.len() - 1;
        talk.known.insert(last, interrupted.into());
    }
}

fn interrupt(talk: &Talk) {
    let ended = talk.tab().run("interrupt", &["--json"]).done().json();
    assert_eq!((&ended["state"], &ended["end_why"]), (&"interrupted".into(), &"by_person".into()), "{ended:#?}");
}

fn allowed(talk: &mut Talk) -> Verdict {
    let text = "you may [[tool:allowed]]";
    talk.tab().send_on(text);
    talk.known.push(text.into());
    let request = wait_for_request(talk, "needs approval");
    assert_eq!(request["kind"], "permission", "{request:#?}");
    wait_for_words(talk, "touch allowed");
    assert!(!talk.sandbox.home.file("allowed").exists(), "not before it is allowed");
    talk.tab().run("answer", &["allow"]).done();
    let ended = wait_for_all(talk);
    assert_eq!(ended["state"], "completed", "{ended:#?}");
    assert!(talk.sandbox.home.file("allowed").exists(), "the command ran");
    talk.prove(text, "completed");
    talk.say_and_go_on("and after it was allowed");
    Verdict::Ok
}

/// What is asked may stand on the agent's screen only, a moment after it was reported.
fn wait_for_words(talk: &Talk, words: &str) {
    let has_words = |turn: &serde_json::Value| {
        turn["requests"][0]["text"].as_str().is_some_and(|text| text.contains(words)).then_some(())
    };
    let last = || talk.tab().log().pop().unwrap_or_default();
    wait_until_or(&format!("{words:?} is asked"), || has_words(&last()), last);
}

fn denied(talk: &mut Talk) -> Verdict {
    let text = "you may not [[tool:denied]]";
    talk.tab().send_on(text);
    talk.known.push(text.into());
    wait_for_request(talk, "needs approval");
    talk.tab().run("answer", &["deny"]).done();
    let ended = wait_for_all(talk);
    assert_eq!((&ended["state"], &ended["end_why"]), (&"interrupted".into(), &"denied".into()), "{ended:#?}");
    assert!(!talk.sandbox.home.file("denied").exists(), "the command did not run");
    talk.prove(text, "interrupted");
    talk.say_and_go_on("and after it was denied");
    Verdict::Ok
}

fn question(talk: &mut Talk) -> Verdict {
    answered(talk, "ask me which colour [[question]]", "2", &["Blue"]);
    answered(talk, "ask me again which colour [[question]]", "a dark é", &["a dark é"]);
    talk.say_and_go_on("and after the question");
    Verdict::Ok
}

/// One line for each; an option by its label, and words of one's own.
fn questions(talk: &mut Talk) -> Verdict {
    answered(talk, "ask me two things [[questions]]", "blue\nan oval", &["Blue", "an oval"]);
    talk.say_and_go_on("and after the questions");
    Verdict::Ok
}

/// By number and by label; what is not among the options is refused with words, and nothing is typed.
fn choices(talk: &mut Talk) -> Verdict {
    if talk.sandbox.agent == Agent::Qwen {
        return only_on_screen(talk, "ask me which sizes [[choices]]", "1, large");
    }
    let text = "ask me which sizes [[choices]]";
    ask(talk, text, "Which sizes?");
    talk.tab().run("answer", &["1, huge"]).done();
    wait_for_said(talk, "several options can be chosen here");
    talk.tab().run("answer", &["1, large"]).done();
    answer_arrived(talk, text, &["Small", "Large"]);
    let result = talk.seen_with(text).tool_result.unwrap_or_default();
    assert!(!result.contains("Medium"), "only what was chosen: {result:?}");
    talk.say_and_go_on("and after the choices");
    Verdict::Ok
}

/// The person is told that this is answered on the agent's screen, and does so.
fn only_on_screen(talk: &mut Talk, text: &str, answer: &str) -> Verdict {
    ask(talk, text, "Which sizes?");
    talk.tab().run("answer", &[answer]).done();
    wait_for_said(talk, "answer it on the agent's screen");
    interrupt(talk);
    talk.say_and_go_on("and after the choices");
    Verdict::TruthfullyNot("the person is told to answer it on the agent's screen".into())
}

/// Waits until it is said why an answer was not typed.
fn wait_for_said(talk: &Talk, words: &str) {
    let last = || talk.tab().log().pop().unwrap_or_default();
    let is_said = |turn: &serde_json::Value| turn["evidence"]["text"].to_string().contains(words).then_some(());
    wait_until_or(&format!("{words:?} is said"), || is_said(&last()), last);
}

fn answered(talk: &mut Talk, text: &str, answer: &str, arrives: &[&str]) {
    ask(talk, text, "Which colour?");
    talk.tab().run("answer", &[answer]).done();
    answer_arrived(talk, text, arrives);
}

fn ask(talk: &mut Talk, text: &str, asked: &str) {
    talk.tab().send_on(text);
    talk.known.push(text.into());
    let request = wait_for_request(talk, "needs answer");
    assert_eq!(request["kind"], "question", "{request:#?}");
    wait_for_words(talk, asked);
}

fn answer_arrived(talk: &mut Talk, text: &str, arrives: &[&str]) {
    let ended = wait_for_all(talk);
    assert_eq!(ended["state"], "completed", "{ended:#?}");
    assert_eq!(ended["requests"].as_array().map(Vec::len), Some(1), "asked once: {ended:#?}");
    assert_eq!(ended["requests"][0]["state"], "answered", "{ended:#?}");
    let result = talk.seen_with(text).tool_result.unwrap_or_default();
    assert!(arrives.iter().all(|answer| result.contains(answer)), "the model got the answer: {result:?}");
    talk.prove(text, "completed");
}

fn queue(talk: &mut Talk) -> Verdict {
    let held = "the queue waits for this [[hold:queue]]";
    talk.say_and_hold(held);
    let queued = ["second in line", "third in line", "fourth in line"];
    for (place, text) in (1..).zip(queued) {
        let sent = talk.tab().send_on(text);
        assert_eq!((sent.text("decision"), sent.text("state")), ("queued", "queued"), "place {place}: {sent:?}");
    }
    assert!(!talk.sandbox.model.asked().iter().any(|seen| queued.contains(&seen.last())), "nothing was typed ahead");
    talk.sandbox.model.open("queue");
    wait_for_all(talk);
    talk.prove(held, "completed");
    for text in queued {
        talk.known.push(text.into());
        talk.prove(text, "completed");
    }
    let log = talk.tab().log();
    let order: Vec<_> =
        log.iter().rev().take(4).rev().map(|turn| turn["prompt"].as_str().unwrap_or_default()).collect();
    assert_eq!(order, [held, queued[0], queued[1], queued[2]]);
    assert!(log.iter().rev().take(3).all(|turn| turn["session"] == log[0]["session"]), "one session: {log:#?}");
    talk.say_and_go_on("and after the queue");
    Verdict::Ok
}

fn model_switched(talk: &mut Talk) -> Verdict {
    let other = if talk.model == MODELS[0] { MODELS[1] } else { MODELS[0] };
    let told = talk.sandbox.agent.model(other);
    talk.tab().run("model", &[&told]).done();
    talk.model = other.into();
    let known = std::mem::take(&mut talk.known);
    let sent = talk.say("which model are you");
    assert_eq!(sent.text("state"), "completed", "{sent:?}");
    let (decision, why) = talk.last_why();
    talk.known.splice(0..0, known);
    match decision.as_str() {
        "fresh" => {
            assert_eq!(why, "model_changed", "{sent:?}");
            talk.known = vec!["which model are you".into()];
            Verdict::TruthfullyNot("fresh: model_changed".into())
        }
        "reused" | "resumed" => {
            talk.prove("which model are you", "completed");
            talk.say_and_go_on("and with the other model");
            Verdict::Ok
        }
        other => Verdict::Failed(format!("decided {other} because of {why}")),
    }
}

fn traps(talk: &mut Talk) -> Verdict {
    let texts = [
        "/etc/hosts is a file",
        "! do not run this",
        "-rf is an option",
        "--version is another",
        "@nobody is nobody",
        "# this is no heading",
        "this ends with a backslash \\",
        "this costs $",
        "$HOME and $(id) and `id` stay as they are",
        "who is @work",
        "two\nlines",
        "日本語で書かれた文",
        "family 👩‍👩‍👧 and party 🎉",
    ];
    for text in texts {
        talk.say_and_go_on(text);
    }
    Verdict::Ok
}

fn sixty_lines(talk: &mut Talk) -> Verdict {
    let lines: Vec<String> = (1..=60).map(|number| format!("line {number} of a long paste")).collect();
    talk.say_and_go_on(&lines.join("\n"));
    talk.say_and_go_on("and after the long paste");
    Verdict::Ok
}

fn big(talk: &mut Talk) -> Verdict {
    let line = |number: usize| format!("{number:0width$}\n", width = BIG_LINE - 1);
    let text: String = (0..BIG_BYTES / BIG_LINE).map(line).collect();
    talk.say_and_go_on(text.trim_end());
    talk.say_and_go_on("and after the big one");
    Verdict::Ok
}

fn killed_mid_turn(talk: &mut Talk) -> Verdict {
    let text = "killed in the middle of this [[hold:killed]]";
    talk.say_and_hold(text);
    kill(talk.tab().pid(), Signal::KILL);
    let ended = wait_for_all(talk);
    assert_eq!((&ended["state"], &ended["end_why"]), (&"failed".into(), &"agent_exited".into()), "{ended:#?}");
    resumed(talk, "agent_exited", text, "failed")
}

fn killed_between(talk: &mut Talk) -> Verdict {
    kill(talk.tab().pid(), Signal::KILL);
    talk.tab()
        .wait_for("its session sleeps", |state| state["state"].as_str().is_some_and(|word| word.starts_with("asleep")));
    goes_on_resumed(talk, "agent_exited")
}

fn host_killed(talk: &mut Talk) -> Verdict {
    let text = "the host dies in the middle of this [[hold:host]]";
    talk.say_and_hold(text);
    let agent = talk.tab().pid();
    talk.kill_host();
    talk.tab().wait_for("the turn goes on", |state| state["turn_state"] == "working");
    talk.sandbox.model.open("host");
    wait_for_all(talk);
    talk.prove(text, "completed");
    assert_eq!(talk.tab().pid(), agent, "the agent lived on");
    talk.say("and again under the next host").is("reused", "agent_lived_on", "completed");
    talk.say_and_go_on("and once more under it");
    Verdict::Ok
}

fn reboot(talk: &mut Talk) -> Verdict {
    let text = "all dies in the middle of this [[hold:reboot]]";
    talk.say_and_hold(text);
    let all = talk.sandbox.home.processes();
    assert!(all.len() >= 2, "the host and the agent run: {all:?}");
    // At once: a holder that saw its host die alone would start another one.
    all.iter().for_each(|pid| kill(*pid, Signal::STOP));
    talk.forget_host();
    all.into_iter().for_each(|pid| kill(pid, Signal::KILL));
    wait_until("nothing lives", || talk.sandbox.home.processes().is_empty());
    resumed(talk, "host_ended", text, "outcome unknown")
}

/// After a turn that broke off: its end is told truthfully, and the next message is resumed with all that was said.
fn resumed(talk: &mut Talk, why: &str, broken: &str, state: &str) -> Verdict {
    let log = talk.tab().log();
    let turn = log.iter().find(|turn| turn["prompt"] == broken).expect("it is in the log");
    assert_eq!(turn["state"], state, "{turn:#?}");
    if talk.sandbox.agent == Agent::Qwen {
        return resumed_perhaps_without(talk, why, broken);
    }
    goes_on_resumed(talk, why)
}

/// It writes a message down a little later than it takes it: killed before that, it does not know of it.
fn resumed_perhaps_without(talk: &mut Talk, why: &str, broken: &str) -> Verdict {
    let place = talk.known.iter().rposition(|said| said == broken).expect("it was said");
    talk.known.remove(place);
    let verdict = goes_on_resumed(talk, why);
    let asked = talk.sandbox.model.asked().pop().expect("it was asked");
    if !asked.users.iter().any(|said| said.contains(broken)) {
        return Verdict::TruthfullyNot(
            "a message that it had not written down when it was killed is lost to it".into(),
        );
    }
    talk.known.insert(place, broken.into());
    verdict
}

fn goes_on_resumed(talk: &mut Talk, why: &str) -> Verdict {
    let text = format!("and again after {} turns", talk.known.len());
    let before = talk.agent_session();
    talk.say(&text).is("resumed", why, "completed");
    assert_eq!(talk.agent_session(), before, "the agent's own session is the same");
    assert_eq!(talk.tab().state()["verified"], true, "the agent said so itself");
    talk.say_and_go_on(&format!("and once more after {} turns", talk.known.len()));
    Verdict::Ok
}

/// The agent is gone and its session sleeps.
fn put_to_sleep(tab: &Tab) {
    kill(tab.pid(), Signal::KILL);
    tab.wait_for("its session sleeps", |state| state["state"] == "asleep (will resume)");
}

/// A message that could not be given to the agent: a reason of its own, and what a person does about it.
fn is_told(sent: &Sent, why: &str, words: &str) {
    assert_eq!((sent.text("state"), sent.text("end_why"), sent.code), ("failed", why, 1), "{sent:?}");
    assert!(sent.text("end_text").contains(words), "{words:?} in {sent:?}");
}

fn program_missing(talk: &mut Talk) -> Verdict {
    put_to_sleep(&talk.tab());
    let (program, away) = (talk.sandbox.program(), talk.sandbox.home.own().join("away"));
    std::fs::rename(&program, &away).expect("it can be moved");
    is_told(
        &talk.tab().send("nobody hears this"),
        "program_missing",
        "was not found on PATH; install it, or name another",
    );
    std::fs::rename(&away, &program).expect("it can be moved");
    goes_on_resumed(talk, "could_not_start")
}

/// An older one runs as well as it can, and its tab and `doctor` say that it is too old.
fn program_too_old(talk: &mut Talk) -> Verdict {
    put_to_sleep(&talk.tab());
    let (program, away) = (talk.sandbox.program(), talk.sandbox.home.own().join("away"));
    std::fs::rename(&program, &away).expect("it can be moved");
    let text = format!("#!/bin/sh\n[ \"$1\" = --version ] && exec echo 0.1.0\nexec '{}' \"$@\"\n", away.display());
    std::fs::write(&program, text).expect("a file");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
    let verdict = goes_on_resumed(talk, "agent_exited");
    let says = |warning: &serde_json::Value| warning.as_str().is_some_and(|text| text.contains("0.1.0 is too old"));
    talk.tab().wait_for("its tab says so", |state| says(&state["warning"]));
    let known = talk.sandbox.home.run(&["doctor", "--json"]).done().json();
    let agents = known["agents"].as_array().expect("a list");
    assert!(
        agents.iter().any(|agent| agent["name"] == talk.sandbox.agent.name() && says(&agent["warning"])),
        "{known:#?}"
    );
    put_to_sleep(&talk.tab());
    std::fs::rename(&away, &program).expect("it can be moved");
    goes_on_resumed(talk, "agent_exited");
    verdict
}

/// In a conversation of its own, whose folder goes away while its agent sleeps.
fn folder_gone(talk: &mut Talk) -> Verdict {
    let home = &talk.sandbox.home;
    let (folder, away) = (home.file("project"), home.file("away"));
    std::fs::create_dir(&folder).expect("a folder");
    let made = home.call(&["new", "--agent", talk.sandbox.agent.name(), "--json"]).within(&folder).run().done().json();
    let tab = Tab { home, id: made["conversation"].to_string() };
    tab.send("this is said in a project").is("fresh", "first_message", "completed");
    put_to_sleep(&tab);
    std::fs::rename(&folder, &away).expect("it can be moved");
    is_told(&tab.send("nobody hears this"), "folder_gone", "is gone; make it again or choose another");
    std::fs::rename(&away, &folder).expect("it can be moved");
    tab.send("this is said there again").is("resumed", "could_not_start", "completed");
    let seen = talk.seen_with("this is said there again");
    assert!(seen.users.iter().any(|said| said.contains("this is said in a project")), "its context is kept: {seen:#?}");
    tab.run("rm", &["--yes"]).done();
    Verdict::Ok
}

/// Its own record of the session was taken away behind its back: nothing is lost silently. The message waits, the id is kept, and the person decides.
fn record_gone(talk: &mut Talk) -> Verdict {
    let before = talk.agent_session().expect("its session is known");
    put_to_sleep(&talk.tab());
    let records = files_named(&talk.sandbox.home.own(), &before);
    assert!(!records.is_empty(), "it has a record of {before}");
    records.iter().for_each(|record| std::fs::remove_file(record).expect("it can be removed"));
    let text = "what do you know by now";
    talk.tab().send_on(text);
    let held = |state: &serde_json::Value| state["queue_held"].is_string();
    let state = talk.tab().wait_for("the message waits for the person", held);
    assert_eq!(
        (state["queue_held"].as_str(), talk.agent_session()),
        (Some("resume_refused"), Some(before)),
        "{state:#?}"
    );
    let why = talk.tab().run("why", &[]).done();
    assert!(why.stdout.contains("would not resume"), "{why:?}");
    talk.tab().run("fresh", &[]).done();
    let ended = wait_for_all(talk);
    assert_eq!(ended["state"], "completed", "{ended:#?}");
    // It was sent, went back into the queue, and was sent again: that is no order of states for `prove`.
    talk.known = vec![text.into()];
    talk.prove_context(text);
    talk.say_and_go_on("and in a fresh session");
    Verdict::Ok
}

/// The records below a folder that have this in their names.
fn files_named(folder: &Path, part: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let found = entries.flat_map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files_named(&entry.path(), part),
        Ok(kind) if kind.is_file() => vec![entry.path()],
        Ok(_) | Err(_) => Vec::new(),
    });
    let is_record = |path: &PathBuf| path.to_string_lossy().ends_with(".jsonl");
    found.filter(|path| is_record(path) && path.to_string_lossy().contains(part)).collect()
}

fn fresh(talk: &mut Talk) -> Verdict {
    let before = talk.agent_session();
    talk.tab().run("fresh", &[]).done();
    talk.known.clear();
    talk.say("a new start").is("fresh", "user_asked", "completed");
    assert_eq!(talk.seen_with("a new start").users.len(), 1, "the model knows nothing of the old session");
    let now = talk.agent_session();
    assert!(now.is_some() && now != before, "it is another session of the agent: {before:?}, {now:?}");
    talk.say_and_go_on("and after the new start");
    Verdict::Ok
}

/// A dialog that was just drawn may be drawn anew, with the first entry chosen again and without the keys that came between.
fn wait_until_it_stays(window: &Screen, shown: &str) {
    const STAYS: Duration = Duration::from_millis(500);
    let mut since = Instant::now();
    wait_until(&format!("{shown:?} stays on the screen"), || {
        if !window.seen().has(shown) {
            since = Instant::now();
        }
        since.elapsed() > STAYS
    });
}

/// A tab in which a person is needed may have given it away by itself.
fn give_keyboard_to_agent(window: &mut Screen) {
    let has = |seen: &Seen| seen.status().contains("AGENT");
    let is_ready = |seen: &Seen| !seen.has("connecting") && (has(seen) || seen.status().contains("TYPING"));
    if !has(&window.wait_until("the window is ready", is_ready)) {
        window.keys("<prefix>o");
    }
    window.wait_until("the agent has the keyboard", has);
}

/// How a person clears the context in the agent's own screen, and what the screen then shows.
fn clearing(agent: Agent) -> &'static str {
    match agent {
        Agent::Claude | Agent::Codex | Agent::Qwen => "/clear",
        Agent::Opencode | Agent::Pi => "/new",
    }
}

fn clear(talk: &mut Talk) -> Verdict {
    let before = talk.agent_session();
    let last = talk.known.last().cloned().unwrap_or_default();
    let mut window = Screen::open(&talk.sandbox.home, 120, 40);
    give_keyboard_to_agent(&mut window);
    window.wait_for(&last);
    window.keys(clearing(talk.sandbox.agent));
    window.wait_for(clearing(talk.sandbox.agent));
    window.keys("<enter>");
    // Some make the new session only with its first message.
    window.wait_until("its screen is cleared", |seen| !seen.pane().contains(&last));
    if matches!(talk.sandbox.agent, Agent::Claude | Agent::Codex | Agent::Qwen | Agent::Pi) {
        talk.tab()
            .wait_for("the agent has another session", |state| state["agent_session"].as_str() != before.as_deref());
    }
    drop(window);
    talk.known.clear();
    let sent = talk.say("what do you know");
    assert_eq!(sent.text("state"), "completed", "{sent:?}");
    assert_eq!(talk.seen_with("what do you know").users.len(), 1, "the model knows nothing any more");
    let (decision, why) = talk.last_why();
    assert_eq!((decision.as_str(), why.as_str()), ("fresh", "begun_in_screen"), "what was lost is said");
    talk.say_and_go_on("and after it was cleared");
    Verdict::Ok
}

/// How a person says in the agent's own screen that the folder can be trusted: keys, and what is shown before each of them.
fn trusting(agent: Agent) -> &'static [(&'static str, &'static str)] {
    match agent {
        Agent::Claude => &[("❯ No, exit", "<down>"), ("❯ Yes, I trust this folder", "<enter>")],
        Agent::Codex => &[("Trust and continue", "<enter>")],
        Agent::Opencode | Agent::Qwen | Agent::Pi => &[],
    }
}

fn trust(talk: &mut Talk) -> Verdict {
    let text = "remember the word alpha";
    let sent = talk.tab().send_on(text);
    assert_eq!((sent.text("decision"), sent.text("why")), ("fresh", "first_message"), "{sent:?}");
    talk.known.push(text.into());
    let waits = |state: &serde_json::Value| state["turn_state"].as_str().is_some_and(|word| word.starts_with("needs "));
    talk.tab().wait_for("the person is needed", waits);
    let mut window = Screen::open(&talk.sandbox.home, 120, 40);
    give_keyboard_to_agent(&mut window);
    for (shown, keys) in trusting(talk.sandbox.agent) {
        wait_until_it_stays(&window, shown);
        window.keys(keys);
    }
    let ended = wait_for_all(talk);
    drop(window);
    assert_eq!(ended["state"], "completed", "{ended:#?}");
    talk.prove(text, "completed");
    talk.say_and_go_on("and after it was trusted");
    Verdict::Ok
}
