//! A session that a person began in the agent alone, gone on with in threadkeep: found in its folder, adopted by its id, taken up with all that was
//! said in it. Proof of the `[adopt]` tables.
//!
//! Not here: what of that is the same for every agent (`tests/it/moving_on.rs`).

use crate::agents::{Agent, Trust};
use crate::alone::manners;
use crate::drive::Driven;
use crate::sandbox::Sandbox;
use crate::talk::Talk;
use std::time::Duration;

const SAID: &str = "remember the word alpha";
/// When an agent wrote nothing for so long, its turn is over and in its files.
const SETTLED: Duration = Duration::from_millis(400);

#[test]
fn claude_is_adopted() {
    adopt(Agent::Claude);
}

#[test]
fn codex_is_adopted() {
    adopt(Agent::Codex);
}

#[test]
fn qwen_is_adopted() {
    adopt(Agent::Qwen);
}

#[test]
fn pi_is_adopted() {
    adopt(Agent::Pi);
}

fn adopt(agent: Agent) {
    let Some(sandbox) = Sandbox::with(agent, Trust::Given) else { return };
    begin_alone(&sandbox);
    let listed = sandbox.home.run(&["adopt", "--agent", agent.name(), "--json"]).done().json();
    assert_eq!((&listed["prompt"], &listed["held_by"]), (&SAID.into(), &().into()), "{listed:#?}");
    let id = listed["id"].as_str().expect("a text").to_owned();
    let adopted = sandbox.home.run(&["adopt", "--agent", agent.name(), &id, "--json"]).done().json();
    let mut talk = Talk::adopted(sandbox, &adopted["conversation"], SAID);
    talk.say("what do you know").is("resumed", "adopted", "completed");
    let state = talk.tab().state();
    assert_eq!((state["agent_session"].as_str(), &state["verified"]), (Some(id.as_str()), &true.into()), "{state:#?}");
    talk.say_and_go_on("and on in the same session");
}

/// One turn without threadkeep; the agent is gone at the end.
fn begin_alone(sandbox: &Sandbox) {
    let manners = manners(sandbox.agent);
    // All processes of the machine are looked at for an id, so this one is no other test's.
    let own = |argument: &&str| argument.replace("11111111", "22222222").replace("loopback", "adopted");
    let arguments: Vec<String> = manners.arguments.iter().map(own).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let driven = Driven::start(sandbox, &arguments);
    driven.wait_until("it is ready", |sight| sight.shows(manners.ready));
    driven.submit(SAID);
    driven.wait_until("it answers", |sight| sight.shows("I see 1 by you."));
    driven.wait_for_quiet(SETTLED);
}
