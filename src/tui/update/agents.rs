//! The list of agents: which one a new conversation has.

use super::super::app::{Agents, App, NewPlace, Page, Sessions, running};
use super::super::event::{Effect, Purpose};
use super::super::keymap::Motion;
use super::command::{is_untouched, order};
use super::{ask, brief, overview, say};
use crate::protocol::message::{AgentReport, AgentSession, Request};

/// Said until the tab is there.
pub const MAKES_WORKTREE: &str = "git makes a worktree ...";

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
    if let Some(sessions) = &mut agents.sessions {
        let last = sessions.known.as_ref().map_or(0, |known| known.len().saturating_sub(1));
        sessions.chosen = step(sessions.chosen, last, motion);
        return;
    }
    let last = agents.reports.as_ref().map_or(0, |reports| reports.len().saturating_sub(1));
    agents.chosen = step(agents.chosen, last, motion);
}

fn step(at: usize, last: usize, motion: Motion) -> usize {
    match motion {
        Motion::Up => at.saturating_sub(1),
        Motion::Down => (at + 1).min(last),
        Motion::Top | Motion::PageUp => 0,
        Motion::Bottom | Motion::PageDown => last,
    }
}

/// Asks for the sessions that the chosen agent keeps of the folder.
pub fn list_sessions(app: &mut App, out: &mut Vec<Effect>) {
    let folder = folder(app);
    let Some(Page::Agents(agents)) = &mut app.page else { return };
    let Some(report) = agents.reports.as_ref().and_then(|reports| reports.get(agents.chosen)) else { return };
    if agents.sessions.is_some() {
        return;
    }
    let agent = report.name.clone();
    agents.sessions = Some(Sessions { agent: agent.clone(), folder: folder.clone(), known: None, chosen: 0 });
    let request = Request::AgentSessions { agent: agent.clone(), folder, environment: app.environment.clone() };
    ask(app, out, Purpose::AgentSessions(agent), request);
}

pub fn sessions_came(app: &mut App, agent: &str, known: Vec<AgentSession>) {
    if let Some(Page::Agents(Agents { sessions: Some(sessions), .. })) = &mut app.page
        && sessions.agent == agent
    {
        sessions.known = Some(known);
    }
}

/// Back from an agent's sessions to the agents; false where none are shown.
pub fn leave_sessions(app: &mut App) -> bool {
    match &mut app.page {
        Some(Page::Agents(agents)) => agents.sessions.take().is_some(),
        Some(_) | None => false,
    }
}

/// A conversation is made that goes on with the chosen one.
fn adopt(app: &mut App, out: &mut Vec<Effect>) {
    let Some(Page::Agents(Agents { sessions: Some(sessions), .. })) = &app.page else { return };
    let Some(session) = sessions.known.as_ref().and_then(|known| known.get(sessions.chosen)) else { return };
    let request = Request::Adopt {
        agent: sessions.agent.clone(),
        session: session.id.clone(),
        folder: sessions.folder.clone(),
        title: None,
        environment: app.environment.clone(),
    };
    if let Some(conversation) = session.conversation {
        app.page = None;
        return overview::show(app, out, conversation);
    }
    if let Some(pid) = session.held_by {
        return say(
            app,
            format!("process {pid} has that session; end it first, for two at once would lose what one says"),
        );
    }
    app.page = None;
    ask(app, out, Purpose::NewTab, request);
}

fn folder(app: &App) -> String {
    app.active().map_or(app.folder.clone(), |conversation| conversation.wanted.folder.clone())
}

/// The chosen agent goes on with the conversation that is shown. The person reads the brief before it is sent.
pub fn hand_over(app: &mut App, out: &mut Vec<Effect>) {
    let Some(Page::Agents(agents)) = &app.page else { return };
    if agents.sessions.is_some() {
        return;
    }
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

pub fn toggle_worktree(app: &mut App) {
    let Some(Page::Agents(agents)) = &mut app.page else { return };
    agents.place = match agents.place {
        NewPlace::Folder => NewPlace::Worktree,
        NewPlace::Worktree => NewPlace::Folder,
    };
}

/// A draft takes the chosen agent; elsewhere a new tab has it.
pub fn take(app: &mut App, out: &mut Vec<Effect>) {
    let Some(Page::Agents(agents)) = &app.page else { return };
    if agents.sessions.is_some() {
        return adopt(app, out);
    }
    let Some(report) = agents.reports.as_ref().and_then(|reports| reports.get(agents.chosen)) else { return };
    let agent = report.name.clone();
    if report.program.is_none() {
        return say(app, format!("{agent} cannot be started here; threadkeep doctor tells more"));
    }
    let place = agents.place;
    app.page = None;
    if place == NewPlace::Worktree {
        let folder = folder(app);
        let request = Request::NewInWorktree { agent: Some(agent), model: None, folder, title: None, branch: None };
        ask(app, out, Purpose::NewTab, request);
        return say(app, MAKES_WORKTREE);
    }
    let draft = app.active().filter(|conversation| is_untouched(conversation)).map(|conversation| conversation.id);
    let folder = folder(app);
    match draft {
        Some(conversation) => order(app, out, Request::SetAgent { conversation, agent }, ""),
        None => {
            let request = Request::New { agent: Some(agent), model: None, folder, title: None };
            ask(app, out, Purpose::NewTab, request);
        }
    }
}
