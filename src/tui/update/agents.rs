//! The list of agents: which one a new conversation has.

use super::super::app::{Agents, App, Page, running};
use super::super::event::{Effect, Purpose};
use super::super::keymap::Motion;
use super::command::{is_untouched, order};
use super::{ask, brief, say};
use crate::protocol::message::{AgentReport, Request};

pub fn open(app: &mut App, out: &mut Vec<Effect>) {
    app.page = Some(Page::Agents(Agents::default()));
    ask(app, out, Purpose::Agents, Request::Agents);
}

/// The host told them. The agent of the tab where one stands is chosen first.
pub fn came(app: &mut App, reports: Vec<AgentReport>) {
    let own = app.active().map(|conversation| conversation.wanted.agent.clone());
    if let Some(Page::Agents(agents)) = &mut app.page {
        agents.chosen = reports.iter().position(|report| Some(&report.name) == own.as_ref()).unwrap_or(0);
        agents.reports = Some(reports);
    }
}

pub fn choose(app: &mut App, motion: Motion) {
    let Some(Page::Agents(agents)) = &mut app.page else { return };
    let last = agents.reports.as_ref().map_or(0, |reports| reports.len().saturating_sub(1));
    agents.chosen = match motion {
        Motion::Up => agents.chosen.saturating_sub(1),
        Motion::Down => (agents.chosen + 1).min(last),
        Motion::Top | Motion::PageUp => 0,
        Motion::Bottom | Motion::PageDown => last,
    };
}

/// The chosen agent goes on with the conversation that is shown. The person reads the brief before it is sent.
pub fn hand_over(app: &mut App, out: &mut Vec<Effect>) {
    let Some(Page::Agents(agents)) = &app.page else { return };
    let Some(report) = agents.reports.as_ref().and_then(|reports| reports.get(agents.chosen)) else { return };
    let agent = report.name.clone();
    if report.program.is_none() {
        return say(app, format!("{agent} cannot be started here; threadkeep doctor tells more"));
    }
    let Some(conversation) = app.active() else { return };
    let has = conversation.session.as_ref().map_or(&conversation.wanted.agent, |session| &session.fingerprint.agent);
    if is_untouched(conversation) {
        return say(app, "nothing was said here yet; Enter begins with this agent");
    }
    if *has == agent {
        return say(app, format!("it has {agent} already; prefix b begins a fresh session of it with a brief"));
    }
    if let Some(turn) = running(conversation) {
        let turn = turn.number;
        return say(
            app,
            format!("turn {turn} runs; interrupt it or wait for its end, then hand the conversation over"),
        );
    }
    app.page = None;
    brief::ask_for_handover(app, out, agent);
}

/// A draft takes the chosen agent; elsewhere a new tab has it.
pub fn take(app: &mut App, out: &mut Vec<Effect>) {
    let Some(Page::Agents(agents)) = &app.page else { return };
    let Some(report) = agents.reports.as_ref().and_then(|reports| reports.get(agents.chosen)) else { return };
    let agent = report.name.clone();
    if report.program.is_none() {
        return say(app, format!("{agent} cannot be started here; threadkeep doctor tells more"));
    }
    app.page = None;
    let draft = app.active().filter(|conversation| is_untouched(conversation)).map(|conversation| conversation.id);
    let folder = app.active().map_or(app.folder.clone(), |conversation| conversation.wanted.folder.clone());
    match draft {
        Some(conversation) => order(app, out, Request::SetAgent { conversation, agent }, ""),
        None => {
            let request = Request::New { agent: Some(agent), model: None, folder, title: None };
            ask(app, out, Purpose::NewTab, request);
        }
    }
}
