//! A conversation with a real agent through threadkeep, and the proof of each of its turns: what was decided, that it ended once and after
//! which states, and what the model saw.
//!
//! Change here: what is proved of every turn. Not here: what is tried (`matrix.rs`).

use crate::agents::{Agent, Trust};
use crate::home::{Sent, Tab, wait_until_or};
use crate::model_server::{MODELS, Seen, brief};
use crate::sandbox::Sandbox;
use crate::screen::Screen;
use serde_json::Value;
use std::collections::BTreeMap;
use threadkeep::client::Control;
use threadkeep::domain::turn::TurnRecord;
use threadkeep::protocol::message::{Event, Reply, Request, Told};

/// No turn takes so long. Its agent may have to be started first: a profile gives it 60 s until it is ready and 30 s more to begin, and beside other work
/// opencode was seen to need 47 s; a shorter limit here fails a test for what the program waits for.
const TURN_SECONDS: &str = "150";
/// The exit code that tells that a turn goes on.
const OVER_TIME: i32 = 4;

pub struct Talk {
    pub sandbox: Sandbox,
    id: String,
    watcher: Option<Watcher>,
    /// What the model must know: the messages of this context, in order.
    pub known: Vec<String>,
    pub model: String,
}

/// What the host tells of turns while they run.
struct Watcher {
    control: Control,
    states: BTreeMap<i64, Vec<&'static str>>,
    ends: BTreeMap<i64, u32>,
}

impl Talk {
    /// A new conversation in a home of its own; else why there is none.
    pub fn begin(agent: Agent, trust: Trust) -> Result<Talk, &'static str> {
        let sandbox = Sandbox::with(agent, trust).ok_or("its program could not be installed")?;
        let known = sandbox.home.run(&["doctor", "--json"]).done().json();
        let profiles = known["agents"].as_array().expect("a list of agents");
        if !profiles.iter().any(|profile| profile["name"] == agent.name()) {
            return Err("threadkeep has no profile for it");
        }
        let made = sandbox.home.run(&["new", "--agent", agent.name(), "--json"]).done().json();
        let id = made["conversation"].to_string();
        Ok(Talk { sandbox, id, watcher: None, known: Vec::new(), model: MODELS[0].into() })
    }

    /// The conversation of a session that was begun elsewhere, in which this was said.
    pub fn adopted(sandbox: Sandbox, conversation: &Value, said: &str) -> Talk {
        let known = vec![said.to_owned()];
        Talk { sandbox, id: conversation.to_string(), watcher: None, known, model: MODELS[0].into() }
    }

    pub fn tab(&self) -> Tab<'_> {
        Tab { home: &self.sandbox.home, id: self.id.clone() }
    }

    /// Sends, waits for the end and proves the turn.
    pub fn say(&mut self, text: &str) -> Sent {
        self.watch();
        let ran = self.tab().call("send", &["--wait", "--timeout", TURN_SECONDS, "--json", "-"]).input(text).run();
        let sent = Sent { value: ran.json(), code: ran.code };
        assert_ne!(sent.code, OVER_TIME, "the turn of {:?} ends: {:?}", short(text), self.tab().log().last());
        self.known.push(text.into());
        self.prove(text, sent.text("state"));
        sent
    }

    /// As most messages go: the same session, to a good end, and the model echoes that it knows all of the conversation.
    pub fn say_and_go_on(&mut self, text: &str) {
        let sent = self.say(text).reused();
        let (count, answer) = (self.seen_with(text).users.len(), one_line(sent.answer()));
        assert!(answer.contains(&format!("I see {count} by you.")), "the answer is the model's: {sent:?}");
    }

    /// Sends and returns when the model speaks and the turn is seen working.
    pub fn say_and_hold(&mut self, text: &str) -> Sent {
        self.watch();
        let sent = self.tab().send_on(text);
        self.known.push(text.into());
        self.sandbox.model.wait_until_speaking(text);
        self.tab().wait_for("the turn works", |state| state["turn_state"] == "working");
        sent
    }

    /// Proves a turn that is over: its record, its states, what the model saw.
    pub fn prove(&mut self, text: &str, state: &str) {
        let log = self.tab().log();
        let own: Vec<&Value> = log.iter().filter(|turn| turn["prompt"] == text).collect();
        assert_eq!(own.len(), 1, "one turn has this prompt: {log:#?}");
        let turn = own[0];
        assert_eq!(turn["state"], state, "the log and the reply agree: {turn:#?}");
        assert!(
            turn["ended_ms"].is_i64() && turn["evidence"]["source"].is_string(),
            "it ended, and who saw it: {turn:#?}"
        );
        self.prove_states(turn["turn"].as_i64().expect("a number"), state);
        self.prove_context(text);
    }

    /// The states came in order, with one end.
    fn prove_states(&mut self, turn: i64, end: &str) {
        let Some(watcher) = &mut self.watcher else { return };
        watcher.take();
        let ends = watcher.ends.get(&turn).copied().unwrap_or_default();
        let states = watcher.states.get(&turn).cloned().unwrap_or_default();
        assert_eq!(ends, 1, "turn {turn} ended once; its states: {states:?}");
        let rank = |state: &str| match state {
            "queued" => 0,
            "sending" => 1,
            "working" | "needs approval" | "needs answer" => 2,
            _ => 3,
        };
        assert!(states.is_sorted_by_key(|state| rank(state)), "the states of turn {turn} are in order: {states:?}");
        assert_eq!(
            states.last(),
            Some(&end).filter(|_| !states.is_empty()),
            "turn {turn} ended in its last state: {states:?}"
        );
    }

    /// The model was given the message byte for byte, and with it all that it must know.
    pub fn prove_context(&self, text: &str) {
        let asked = self.sandbox.model.asked();
        let found = asked.iter().rev().find(|seen| is_delivered(seen.last(), text));
        let Some(seen) = found else {
            panic!("the model was never given {:?}...; it saw {:#?}", short(text), brief(&asked));
        };
        assert_eq!(seen.model, self.model, "the model that was asked");
        if let Some(missing) = missing(seen, &self.known) {
            panic!("the model does not know {:?}; it saw {:#?}", short(missing), brief(std::slice::from_ref(seen)));
        }
    }

    /// The messages the model saw with this one.
    pub fn seen_with(&self, text: &str) -> Seen {
        let asked = self.sandbox.model.asked();
        let found = asked.iter().rev().find(|seen| is_delivered(seen.last(), text)).cloned();
        found.unwrap_or_else(|| panic!("the model was never given {:?}; it saw {:#?}", short(text), brief(&asked)))
    }

    /// The last decision with its reason.
    pub fn last_why(&self) -> (String, String) {
        let why = self.tab().why();
        let last = why.last().expect("something was decided");
        let text = |field: &str| last[field].as_str().unwrap_or_default().to_owned();
        (text("decision"), text("why"))
    }

    /// The agent's own name for its session.
    pub fn agent_session(&self) -> Option<String> {
        self.tab().state()["agent_session"].as_str().map(str::to_owned)
    }

    /// Kills the host as a crash would. Nobody watches any more.
    pub fn kill_host(&mut self) {
        self.watcher = None;
        self.sandbox.home.kill_host();
    }

    /// Nobody watches any more.
    pub fn forget_host(&mut self) {
        self.watcher = None;
    }

    /// Waits until a person sees this on the agent's screen.
    pub fn wait_until_shown(&self, text: &str) {
        let window = Screen::open(&self.sandbox.home, 120, 40);
        window.wait_until(&format!("{text:?} is on the agent's screen"), |seen| one_line(&seen.pane()).contains(text));
    }

    /// What a person sees at this moment, and what the model saw: for the message of a failure.
    pub fn picture(&self) -> String {
        let window = Screen::open(&self.sandbox.home, 120, 40);
        let seen = window
            .wait_until("the window shows the conversation", |seen| seen.has("turn ") || seen.has("next message"));
        let rows: Vec<String> = seen.text().lines().map(|row| row.trim_end().to_owned()).collect();
        let asked = brief(&self.sandbox.model.asked());
        format!("state: {}\nthe window:\n{}\nthe model saw at last: {:#?}", self.tab().state(), rows.join("\n"), asked)
    }

    /// Watches the turns from now on.
    fn watch(&mut self) {
        if self.watcher.is_some() {
            return;
        }
        // A verb starts the host where none runs.
        self.sandbox.home.run(&["host", "status"]).done();
        self.tab().state();
        let mut control = self.sandbox.home.control();
        let subscribed = control.ask(&Request::Subscribe, None).expect("the host runs");
        assert!(matches!(subscribed, Reply::Overview(_)));
        self.watcher = Some(Watcher { control, states: BTreeMap::new(), ends: BTreeMap::new() });
    }
}

impl Watcher {
    /// Takes what was told so far. What is told late is told before the reply to the question at its end.
    fn take(&mut self) {
        self.control.ask(&Request::HostStatus, None).expect("the host runs");
        while let Some(told) = self.control.receive().expect("the host runs") {
            match told {
                Told::Event(Event::Changed(conversation)) => {
                    conversation.queue.iter().chain(conversation.turn.as_ref()).for_each(|turn| self.note(turn));
                }
                Told::Event(Event::TurnEnded { turn, .. }) => {
                    *self.ends.entry(turn.number.0.into()).or_default() += 1;
                    self.note(&turn);
                }
                Told::Event(Event::Removed(_) | Event::Notice(_) | Event::Notify(_) | Event::HostEnding)
                | Told::Reply { .. } => {}
            }
        }
    }

    fn note(&mut self, turn: &TurnRecord) {
        let states = self.states.entry(turn.number.0.into()).or_default();
        let state = turn.state.word();
        if states.last() != Some(&state) {
            states.push(state);
        }
    }
}

/// Waits until all that is under way is over.
pub fn wait_for_all(talk: &Talk) -> Value {
    let ran = talk.tab().run("wait", &["--timeout", TURN_SECONDS, "--json"]);
    ran.json_lines().pop().unwrap_or_else(|| panic!("nothing was waited for: {ran:?}"))
}

/// Waits until an agent's request stands, and returns it.
pub fn wait_for_request(talk: &Talk, state: &str) -> Value {
    talk.tab().wait_for(&format!("the turn {state}"), |now| now["turn_state"] == state);
    let open = |turn: &Value| turn["requests"].as_array()?.iter().find(|request| request["state"] == "open").cloned();
    wait_until_or(
        "an open request is in the log",
        || talk.tab().log().last().and_then(open),
        || talk.tab().log().last().cloned(),
    )
}

/// Byte for byte, but for one sign at each end that takes the meaning out of the first or last one, and the end of a line behind it.
fn is_delivered(got: &str, text: &str) -> bool {
    const PADDING: [char; 2] = [' ', '\u{200b}'];
    let got = got.strip_suffix('\n').unwrap_or(got);
    let ends = |got: &str| got == text || got.strip_suffix(PADDING) == Some(text);
    ends(got) || got.strip_prefix(PADDING).is_some_and(ends)
}

/// The first message that the model was not given, or not in order. Some agents join messages, so they are looked for in all that was said.
fn missing<'a>(seen: &Seen, known: &'a [String]) -> Option<&'a str> {
    let all = seen.users.join("\n");
    let mut at = 0;
    known.iter().map(String::as_str).find(|text| match all[at..].find(*text) {
        Some(found) => {
            at += found + text.len();
            false
        }
        None => true,
    })
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

/// A screen breaks lines where it likes.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
