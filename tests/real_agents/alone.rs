//! Each agent alone, driven as a person drives it: proof that it runs here, and that what its profile relies on is still so.
//!
//! Change here: how a person drives an agent (`Manners`) and what is played. With `THREADKEEP_RECORD=1` the play is written down as the
//! recordings (`recordings.rs`).
//! Not here: threadkeep (`matrix.rs`).

use crate::agents::{Agent, Trust};
use crate::drive::{Driven, Sight};
use crate::model_server::Outcome;
use crate::recordings::{self, Part};
use crate::sandbox::Sandbox;
use std::time::Duration;

/// When an agent wrote nothing for so long, it has drawn what it had to draw.
const SETTLED: Duration = Duration::from_millis(400);

/// Keys, and what the screen shows, or the title begins with, when they were taken.
type Keys = (&'static str, &'static str);

/// How a person drives an agent.
pub struct Manners {
    pub arguments: &'static [&'static str],
    /// On the screen when it takes messages.
    pub ready: &'static str,
    /// Whether it reports its state by OSC 7501.
    reports: bool,
    interrupt: &'static [Keys],
    /// Its dialog before a command; none where it runs commands unasked.
    approval: Option<Dialog>,
    /// Its dialog with a question; none where the model cannot ask one.
    question: Option<Dialog>,
    /// A status of the model after which it does not try again, or only once.
    fatal: u16,
    failed: &'static str,
}

struct Dialog {
    /// On the screen from when on keys are taken.
    open: &'static str,
    accept: &'static [Keys],
    deny: &'static [Keys],
}

/// What the model says after a tool has run.
const GOES_ON: &str = "The tool said";
const ESCAPE: &str = "\x1b";

pub fn manners(agent: Agent) -> Manners {
    match agent {
        Agent::Claude => Manners {
            arguments: &["--session-id", "11111111-2222-4333-8444-555555555555"],
            ready: "manual mode on",
            reports: true,
            interrupt: &[(ESCAPE, "What should Claude do instead?")],
            approval: Some(Dialog {
                open: "Esc to cancel · Tab to amend",
                accept: &[("1", GOES_ON)],
                deny: &[(ESCAPE, "Did not run 1 call")],
            }),
            question: Some(Dialog {
                open: "Enter to select · ↑/↓ to navigate · Esc to cancel",
                accept: &[("2", GOES_ON)],
                deny: &[],
            }),
            fatal: 500,
            failed: "API Error: 500",
        },
        Agent::Codex => Manners {
            arguments: &["--no-daemon"],
            ready: "Ask Codex to do anything",
            reports: true,
            interrupt: &[(ESCAPE, "Conversation interrupted")],
            approval: Some(Dialog {
                open: "Press enter to confirm or esc to cancel",
                accept: &[("y", GOES_ON)],
                deny: &[(ESCAPE, "You canceled the request")],
            }),
            question: Some(Dialog { open: "enter to submit answer", accept: &[("2", GOES_ON)], deny: &[] }),
            fatal: 500,
            failed: "experiencing high demand",
        },
        Agent::Opencode => Manners {
            arguments: &[],
            ready: "Ask anything",
            reports: false,
            interrupt: &[(ESCAPE, "esc again to interrupt"), (ESCAPE, "interrupted")],
            approval: Some(Dialog {
                open: "⇆ select  enter confirm",
                accept: &[("\r", GOES_ON)],
                deny: &[(ESCAPE, "ctrl+p commands")],
            }),
            question: Some(Dialog {
                open: "↑↓ select  enter submit  esc dismiss",
                accept: &[("\x1b[B", "Blue"), ("\r", GOES_ON)],
                deny: &[],
            }),
            fatal: 400,
            failed: "ordered to fail with 400",
        },
        Agent::Qwen => Manners {
            arguments: &["--session-id", "11111111-2222-4333-8444-555555555555"],
            ready: "Type your message",
            reports: false,
            // The message comes back into the composer; Ctrl-U takes it out again. A second Esc would do so too, but is lost now and then.
            interrupt: &[(ESCAPE, "Request cancelled."), ("", "Qwen - "), ("\x15", "Type your message")],
            approval: Some(Dialog {
                open: "4. No, suggest changes (esc)",
                accept: &[("1", GOES_ON)],
                deny: &[(ESCAPE, "Type your message")],
            }),
            question: Some(Dialog { open: "Enter: Select | Esc: Cancel", accept: &[("2", GOES_ON)], deny: &[] }),
            fatal: 400,
            failed: "[API Error: 400",
        },
        Agent::Pi => Manners {
            arguments: &["--session-id", "loopback", "--offline"],
            ready: "0.0%/128k",
            reports: true,
            interrupt: &[(ESCAPE, "Operation aborted")],
            approval: None,
            question: None,
            fatal: 500,
            failed: "Error: 500",
        },
    }
}

#[test]
fn claude_runs_alone() {
    play(Agent::Claude);
}

#[test]
fn codex_runs_alone() {
    play(Agent::Codex);
}

#[test]
fn opencode_runs_alone() {
    play(Agent::Opencode);
}

#[test]
fn qwen_runs_alone() {
    play(Agent::Qwen);
}

#[test]
fn pi_runs_alone() {
    play(Agent::Pi);
}

#[test]
fn claude_asks_for_trust() {
    ask_for_trust(Agent::Claude, "Enter to confirm · Esc to cancel");
}

#[test]
fn codex_asks_for_trust() {
    ask_for_trust(Agent::Codex, "Trust and continue");
}

/// One session of an agent, part by part.
struct Play<'a> {
    sandbox: &'a Sandbox,
    driven: Driven,
    manners: Manners,
    parts: Vec<(Part, Vec<u8>)>,
    /// Where the part that is played begins.
    since: usize,
}

fn play(agent: Agent) {
    let Some(sandbox) = Sandbox::with(agent, Trust::Given) else { return };
    let manners = manners(agent);
    let driven = Driven::start(&sandbox, manners.arguments);
    let mut play = Play { sandbox: &sandbox, driven, manners, parts: Vec::new(), since: 0 };
    play.until("it is ready", play.manners.ready);
    play.ends(Part::Start, &["idle"]);

    play.submit("remember alpha [[hold:first]]");
    play.until("it works", "first 1.");
    play.ends(Part::Working, &["working"]);
    sandbox.model.open("first");
    play.until("it answers", "I see 1 by you.");
    play.ends(Part::Done, &["done"]);

    play.approvals();
    play.questions();
    play.interrupts();
    let (fatal, failed) = (play.manners.fatal, play.manners.failed);
    play.submit(&format!("this goes wrong [[fail:{fatal}]]"));
    play.until("it failed", failed);
    play.ends(Part::Failed, &["working", "error"]);

    let last = sandbox.model.asked().pop().expect("it was asked");
    assert_eq!(last.users[0].trim_end(), "remember alpha [[hold:first]]", "the agent still knows the first message");
    recordings::keep(&sandbox, &play.parts);
}

impl Play<'_> {
    fn approvals(&mut self) {
        let file = |name: &str| self.sandbox.home.file(name);
        let (allowed, denied) = (file("allowed"), file("denied"));
        self.submit("you may [[tool:allowed]]");
        let Some(dialog) = &self.manners.approval else {
            self.until("it ran the command", GOES_ON);
            assert!(allowed.exists());
            return self.ends(Part::Allowed, &["working", "done"]);
        };
        let (open, accept, deny) = (dialog.open, dialog.accept, dialog.deny);
        self.until("it asks", open);
        assert!(!allowed.exists());
        self.ends(Part::Asking, &["working", "blocked"]);
        self.press(accept);
        assert!(allowed.exists());
        self.ends(Part::Allowed, &["working", "done"]);

        self.submit("you may not [[tool:denied]]");
        self.until("it asks", open);
        self.settle();
        self.press(deny);
        self.settle();
        assert!(!denied.exists());
        self.ends(Part::Denied, &["working", "blocked", "idle"]);
    }

    fn questions(&mut self) {
        let Some(Dialog { open, accept, .. }) = self.manners.question else { return };
        self.submit("ask me [[question]]");
        self.until("it asks", open);
        self.ends(Part::Question, &["working", "blocked"]);
        self.press(accept);
        self.ends(Part::Answered, &["working", "done"]);
        let answered = self.sandbox.model.asked().pop().expect("it was asked");
        assert!(answered.tool_result.is_some_and(|result| result.contains("Blue")), "the answer arrived");
    }

    fn interrupts(&mut self) {
        let text = "go on and on [[hold:never]]";
        self.submit(text);
        self.sandbox.model.wait_until_speaking(text);
        self.until("it works", "never 2.");
        self.press(self.manners.interrupt);
        self.ends(Part::Interrupted, &["working", "idle"]);
        self.sandbox.model.wait_for("the agent lets go of the reply", |seen| {
            seen.iter().find(|seen| seen.last() == text && seen.outcome == Outcome::ClientGone).map(|_| ())
        });
    }

    fn submit(&self, text: &str) {
        self.driven.submit(text);
    }

    /// Waits until the screen shows this because of what was written in this part.
    fn until(&self, what: &str, text: &str) {
        let since = self.since;
        let is_so = |sight: &Sight| sight.shows(text) || sight.title().starts_with(text);
        self.driven.wait_until(&format!("{what} ({text:?})"), |sight| sight.length > since && is_so(sight));
    }

    fn press(&self, keys: &[Keys]) {
        for (keys, shown) in keys {
            self.driven.keys(keys.as_bytes());
            self.until("the keys were taken", shown);
            // Without keys this is a pause: an agent that is about to be ready loses keys until it has drawn that.
            if keys.is_empty() {
                self.settle();
            }
        }
    }

    fn settle(&self) {
        self.driven.wait_for_quiet(SETTLED);
    }

    /// The part is over when the agent has reported these states, in this order, with others between, and its screen has settled.
    fn ends(&mut self, part: Part, states: &[&str]) {
        let since = self.since;
        if self.manners.reports {
            self.driven.wait_until(&format!("{part:?} is reported as {states:?}"), |sight: &Sight| {
                let reported = sight.states(since);
                let mut rest = reported.iter();
                states.iter().all(|state| rest.any(|reported| reported == state)) && reported.last() == states.last()
            });
        }
        self.settle();
        let bytes = self.driven.bytes();
        self.parts.push((part, bytes[since..].to_vec()));
        self.since = bytes.len();
    }
}

/// In a folder it has not seen, an agent asks before it takes anything.
fn ask_for_trust(agent: Agent, open: &str) {
    let Some(sandbox) = Sandbox::with(agent, Trust::Asked) else { return };
    let driven = Driven::start(&sandbox, manners(agent).arguments);
    driven.wait_until("it asks for trust", |sight| sight.shows(open));
    driven.wait_for_quiet(SETTLED);
    recordings::keep(&sandbox, &[(Part::Trust, driven.bytes())]);
}
