//! What each request of a client means.
//!
//! Not here: tabs and the overview (`requests/tabs.rs`); what kind of thing a request is (`requests/kinds.rs`).

mod kinds;
mod tabs;

use super::views;
use super::{Effect, HostCore, StoreState, Waiter};
use crate::domain::continuity::{Continuity, Decision, Why};
use crate::domain::conversation::{Begun, Tab, Title};
use crate::domain::conversation_state::{Ask, ConversationState, Input};
use crate::domain::id::{ConversationId, Timestamp, TurnNumber};
use crate::domain::search::{self, NoMeaning};
use crate::host::effect::{Lookup, Query, SessionOrder, Wanted};
use crate::host::event::ClientId;
use crate::protocol::message::{
    Environment, Event as ClientEvent, HostReport, Place, Refusal, Reply, Request, RunningTurn, Submitted, WhenAsked,
};
use kinds::{needs_no_store, saves, subject_of};
use tabs::Tabs;

/// The most turns that one `Turns` request brings.
const MOST_TURNS: u32 = 500;
/// The most turns that one search brings: nobody reads more, and that is far below a frame.
const MOST_FOUND: u32 = 200;

/// The most messages that one `Prompts` request brings.
const MOST_PROMPTS: u32 = 5_000;

impl HostCore {
    pub(super) fn asked(&mut self, client: ClientId, id: u64, request: Request, now: Timestamp) -> Vec<Effect> {
        let reply = |reply| vec![Effect::Reply { client, id, reply }];
        let now_reply = |reply| vec![Effect::ReplyNow { client, id, reply }];
        if let Some(refusal) = self.refusal(&request) {
            return now_reply(refusal);
        }
        match request {
            Request::Subscribe => self.subscribe(client, id),
            Request::Follow { conversation } => {
                self.followers.insert((conversation, client));
                reply(Reply::Done)
            }
            Request::List => self.overview(client, id, Tabs::All),
            Request::Show { conversation } => reply(match self.conversations.get(&conversation) {
                Some(state) => Reply::Conversation(Box::new(views::conversation(state))),
                None => Reply::Refused { why: Refusal::NoConversation(conversation) },
            }),
            Request::New { agent, model, folder, title } => {
                let title = title.map_or(Title::Unset, Title::ByPerson);
                let wanted = Wanted { agent, model, title, folder, begun: Begun::New, worktree: None };
                self.new_conversation(client, id, wanted, now)
            }
            Request::NewestIn { folder } => match self.newest_in(&folder) {
                Some(conversation) => reply(Reply::Created { conversation }),
                None => {
                    let wanted = Wanted {
                        agent: None,
                        model: None,
                        title: Title::Unset,
                        folder,
                        begun: Begun::New,
                        worktree: None,
                    };
                    self.new_conversation(client, id, wanted, now)
                }
            },
            Request::Fork { conversation, turn, agent, model, title } => {
                self.fork(client, id, conversation, turn, (agent, model, title), now)
            }
            Request::NewInWorktree { agent, model, folder, title, branch } => {
                let title = title.map_or(Title::Unset, Title::ByPerson);
                let wanted = Wanted { agent, model, title, folder, begun: Begun::New, worktree: None };
                self.new_in_worktree(client, id, wanted, branch)
            }
            Request::RemoveWorktree { conversation, work } => self.remove_worktree(client, id, conversation, work, now),
            Request::AgentSessions { agent, folder, environment } => {
                let known = self.sessions_of(&agent);
                vec![Effect::ListSessions { client, id, lookup: Lookup { agent, folder, environment }, known }]
            }
            Request::Adopt { agent, session, folder, title, environment } => {
                let lookup = Lookup { agent, folder, environment };
                vec![Effect::LookForSession { client, id, lookup, session, title }]
            }
            Request::Past { conversation, most } => {
                let query = Query::Past { before: self.past(conversation), most: most.min(MOST_TURNS) };
                vec![Effect::Query { client, id, query }]
            }
            Request::Submit { conversation, text, place, environment } => {
                self.submit(client, id, conversation, text, place, environment, now)
            }
            Request::Wait { conversation, turn, asked } => self.wait(client, id, conversation, turn, asked),
            Request::Fresh { conversation, running, agent, model } => {
                let fresh = move |ask| Input::Fresh { ask, running };
                self.begin_anew(client, id, conversation, running, (agent, model), fresh, now)
            }
            Request::HandOver { conversation, agent, model, running } => {
                let has = self.conversations.get(&conversation).map(ConversationState::agent);
                if has == Some(agent.as_str()) {
                    return reply(Reply::Refused { why: Refusal::HasAgent(agent) });
                }
                let hand_over = move |ask| Input::HandOver { ask, running };
                self.begin_anew(client, id, conversation, running, (Some(agent), model), hand_over, now)
            }
            Request::Resume { conversation, session } => self.resume_earlier(client, id, conversation, session, now),
            Request::Interrupt { conversation } => {
                self.ask(client, id, conversation, now, |ask| Input::Interrupt { ask })
            }
            Request::StopSession { conversation } => {
                self.ask(client, id, conversation, now, |ask| Input::StopSession { ask })
            }
            Request::SetModel { conversation, model } => {
                self.ask(client, id, conversation, now, |ask| Input::SetModel { ask, model })
            }
            Request::SetAgent { conversation, agent } => match self.agents.rules.get(&agent).cloned() {
                Some(rules) => {
                    let rules = Box::new(rules);
                    self.ask(client, id, conversation, now, |ask| Input::SetAgent { ask, agent, rules })
                }
                None => reply(Reply::Refused { why: Refusal::UnknownAgent(agent) }),
            },
            Request::AnswerRequest { conversation, turn, request, choice } => {
                self.ask(client, id, conversation, now, |ask| Input::AnswerRequest { ask, turn, request, choice })
            }
            Request::Brief { conversation } => {
                let query = Query::Brief { conversation, before: self.past(conversation) };
                vec![Effect::Query { client, id, query }]
            }
            Request::Signal { conversation, token, payload } => {
                let mut effects = now_reply(Reply::Done);
                effects.extend(self.hook(conversation, token, payload));
                effects
            }
            Request::EditQueued { conversation, turn, text } => {
                self.ask(client, id, conversation, now, |ask| Input::EditQueued { ask, turn, text })
            }
            Request::RemoveQueued { conversation, turn } => {
                self.ask(client, id, conversation, now, |ask| Input::RemoveQueued { ask, turn })
            }
            Request::SendNow { conversation, turn } => {
                self.ask(client, id, conversation, now, |ask| Input::SendNow { ask, turn })
            }
            Request::MoveQueued { conversation, turn, to } => {
                self.ask(client, id, conversation, now, |ask| Input::MoveQueued { ask, turn, to })
            }
            Request::SaveDraft { conversation, text } => {
                self.ask(client, id, conversation, now, |ask| Input::SaveDraft { ask, text })
            }
            Request::Rename { conversation, title } => {
                self.ask(client, id, conversation, now, |ask| Input::Rename { ask, title })
            }
            Request::OpenTab { conversation } => {
                let tab = match self.conversations.get(&conversation).map(|state| state.record().tab) {
                    Some(open @ Tab::Open { .. }) => open,
                    Some(Tab::Closed | Tab::Archived) | None => self.next_tab(),
                };
                self.ask(client, id, conversation, now, |ask| Input::SetTab { ask, tab })
            }
            Request::CloseTab { conversation } => self.close_tab(client, id, conversation, now),
            Request::Archive { conversation } => self.archive(client, id, conversation, now),
            Request::Unarchive { conversation } => {
                let tab = match self.conversations.get(&conversation).map(|state| state.record().tab) {
                    Some(open @ Tab::Open { .. }) => open,
                    Some(Tab::Closed | Tab::Archived) | None => Tab::Closed,
                };
                self.ask(client, id, conversation, now, |ask| Input::SetTab { ask, tab })
            }
            Request::MoveTab { conversation, to } => self.move_tab(client, id, conversation, to, now),
            Request::Look { conversation } => {
                let mut effects = self.look(client, conversation, now);
                effects.push(Effect::Reply { client, id, reply: Reply::Done });
                effects.extend(conversation.and_then(|shown| self.count_worktree(shown)));
                effects
            }
            Request::Remove { conversation } => {
                let mut effects = self.forget(conversation);
                effects.push(Effect::Reply { client, id, reply: Reply::Done });
                effects
            }
            Request::Turns { conversation, before, most } => {
                let most = most.min(MOST_TURNS);
                vec![Effect::Query { client, id, query: Query::Turns { conversation, before, most } }]
            }
            Request::Diff { conversation, turn, span } => vec![self.diff(client, id, conversation, turn, span)],
            Request::Why { conversation } => reply(match self.conversations.get(&conversation) {
                Some(state) => Reply::Decisions(state.decisions().iter().cloned().collect()),
                None => Reply::Refused { why: Refusal::NoConversation(conversation) },
            }),
            Request::DecisionsOf { conversation, from, to } => {
                vec![Effect::Query { client, id, query: Query::DecisionsOf { conversation, from, to } }]
            }
            Request::Search { text, most } => match search::Query::parse(&text, now) {
                Ok(query) => vec![Effect::Search { client, id, query, most: most.min(MOST_FOUND) }],
                Err(NoMeaning::State(state)) => now_reply(Reply::Refused { why: Refusal::NoSuchState(state) }),
                Err(NoMeaning::Time(time)) => now_reply(Reply::Refused { why: Refusal::NoSuchTime(time) }),
            },
            Request::Prompts { most } => vec![Effect::Prompts { client, id, most: most.min(MOST_PROMPTS) }],
            Request::Agents => vec![Effect::DescribeAgents { client, id }],
            Request::HostStatus => now_reply(Reply::Host(self.report())),
            Request::HostStop => {
                let mut effects = now_reply(Reply::Done);
                effects.extend(self.end(now));
                effects
            }
            Request::HostRestart => {
                let mut effects = now_reply(Reply::Done);
                effects.extend(self.make_room());
                effects
            }
            // A view is asked for as the first request of its own connection, where the socket deals with it.
            Request::View { .. } => reply(Reply::Refused { why: Refusal::NotUnderstood }),
        }
    }

    /// Where the store is not open yet, the overview comes once it is: a window that was told of no conversation would make a new one.
    fn subscribe(&mut self, client: ClientId, id: u64) -> Vec<Effect> {
        self.subscribers.insert(client);
        self.notifier.focused(client);
        match (self.store, &self.store_trouble) {
            (StoreState::Open, _) | (StoreState::NotYet, None) => self.overview_of_tabs(client, id),
            (StoreState::NotYet, Some(cause)) => {
                let event = ClientEvent::Notice(format!("the store cannot be opened: {cause}"));
                self.early.push((client, id));
                vec![Effect::TellNow { clients: vec![client], event }]
            }
        }
    }

    pub(super) fn overview_of_tabs(&self, client: ClientId, id: u64) -> Vec<Effect> {
        self.overview(client, id, Tabs::Open)
    }

    /// Why this request cannot be carried out as things stand; none where it can.
    fn refusal(&self, request: &Request) -> Option<Reply> {
        if self.ending {
            return Some(Reply::Refused { why: Refusal::Ending });
        }
        if let (StoreState::NotYet, Some(cause)) = (self.store, &self.store_trouble)
            && !needs_no_store(request)
        {
            return Some(Reply::Refused { why: Refusal::StoreTrouble(cause.clone()) });
        }
        if let Some(conversation) = subject_of(request)
            && !self.conversations.contains_key(&conversation)
        {
            return Some(Reply::Refused { why: Refusal::NoConversation(conversation) });
        }
        match (&self.store_trouble, request) {
            (Some(cause), Request::Submit { conversation, .. }) => {
                Some(refused_message(*conversation, Why::StoreTrouble(cause.clone())))
            }
            (Some(_), Request::NewestIn { folder }) if self.newest_in(folder).is_some() => None,
            (Some(cause), request) if saves(request) => {
                Some(Reply::Refused { why: Refusal::StoreTrouble(cause.clone()) })
            }
            _ => None,
        }
    }

    /// Gives the input to the conversation with an ask that finds its way back to the client.
    pub(super) fn ask(
        &mut self,
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        now: Timestamp,
        input: impl FnOnce(Ask) -> Input,
    ) -> Vec<Effect> {
        self.next_ask += 1;
        let ask = Ask(self.next_ask);
        self.asks.insert(ask, (client, id));
        self.apply(conversation, input(ask), now)
    }

    /// A hook's call goes to the session's thread, which knows whether its token is the right one. Whoever called is told nothing of that.
    fn hook(&self, conversation: ConversationId, token: String, payload: String) -> Option<Effect> {
        let live = self.conversations.get(&conversation)?.live()?;
        let order = SessionOrder::Hook { token, payload };
        Some(Effect::ToSession { conversation, generation: live.generation, order })
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one request and who asked it")]
    fn submit(
        &mut self,
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        text: String,
        place: Place,
        environment: Environment,
        now: Timestamp,
    ) -> Vec<Effect> {
        let agent = self.conversations.get(&conversation).map(|state| state.record().wanted.agent.clone());
        if let Some(agent) = agent.filter(|agent| !self.agents.rules.contains_key(agent)) {
            let reply = refused_message(conversation, Why::UnknownAgent(agent));
            return vec![Effect::Reply { client, id, reply }];
        }
        self.environments.insert(conversation, environment);
        self.drafts_of.remove(&conversation);
        let mut effects = self.open_closed_tab(conversation, now);
        effects.extend(self.ask(client, id, conversation, now, |ask| Input::Submit { ask, text, place }));
        effects
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one request and who asked it")]
    fn begin_anew(
        &mut self,
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        running: RunningTurn,
        (agent, model): (Option<String>, Option<String>),
        input: impl FnOnce(Ask) -> Input,
        now: Timestamp,
    ) -> Vec<Effect> {
        let rules = agent.as_ref().map(|agent| self.agents.rules.get(agent).cloned());
        if let (Some(agent), Some(None)) = (&agent, &rules) {
            let why = Refusal::UnknownAgent(agent.clone());
            return vec![Effect::Reply { client, id, reply: Reply::Refused { why } }];
        }
        let runs = self.conversations.get(&conversation).is_some_and(|state| state.current().is_some());
        let mut effects = Vec::new();
        // What will be refused changes nothing. What is not may send the first in line at once, so agent and model come before it.
        if !runs || running == RunningTurn::Stop {
            if let Some((agent, rules)) = agent.zip(rules.flatten()) {
                let rules = Box::new(rules);
                effects.extend(self.tell(conversation, now, |ask| Input::SetAgent { ask, agent, rules }));
            }
            if model.is_some() {
                effects.extend(self.tell(conversation, now, |ask| Input::SetModel { ask, model }));
            }
        }
        effects.extend(self.ask(client, id, conversation, now, input));
        effects
    }

    /// Gives the input to the conversation in nobody's name: nobody is told that it is done.
    pub(super) fn tell(
        &mut self,
        conversation: ConversationId,
        now: Timestamp,
        input: impl FnOnce(Ask) -> Input,
    ) -> Vec<Effect> {
        self.next_ask += 1;
        let input = input(Ask(self.next_ask));
        self.apply(conversation, input, now)
    }

    fn wait(
        &mut self,
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        turn: Option<TurnNumber>,
        asked: WhenAsked,
    ) -> Vec<Effect> {
        let Some(state) = self.conversations.get(&conversation) else {
            return Vec::new();
        };
        if let Some(turn) = turn.filter(|turn| turn.0 == 0 || turn.0 > state.turns()) {
            return vec![Effect::ReplyNow { client, id, reply: Reply::Refused { why: Refusal::NoTurn(turn) } }];
        }
        if let Some(held) = turn.and_then(|turn| views::is_held(state, turn)) {
            return vec![Effect::Reply { client, id, reply: Reply::Refused { why: Refusal::Held(held) } }];
        }
        let over = match turn {
            Some(turn) => (!views::is_open(state, turn)).then_some(turn),
            None if views::is_quiet(state) => match state.newest_ended() {
                Some(ended) => Some(ended.number),
                None => {
                    return vec![Effect::Reply { client, id, reply: Reply::Ended { turn: None } }];
                }
            },
            None => None,
        };
        match over {
            Some(turn) => {
                vec![Effect::Query { client, id, query: Query::EndedTurn { conversation, turn } }]
            }
            None => {
                self.waiters.push(Waiter { client, id, conversation, turn, asked, told: None });
                self.tell_waiters_what_is_asked(conversation)
            }
        }
    }

    fn report(&self) -> HostReport {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let states = || self.conversations.values();
        HostReport {
            pid: self.host.pid,
            build: self.host.build.clone(),
            started_at: self.host.started_at,
            conversations: count(self.conversations.len()),
            sessions: count(states().filter(|state| state.live().is_some()).count()),
            turns_running: count(states().filter(|state| state.current().is_some()).count()),
            clients: count(self.subscribers.len()),
            store_trouble: self.store_trouble.clone(),
            counts: views::counts(states()),
            // The driver knows.
            holder: None,
            unheld: 0,
        }
    }
}

/// The reply to a message that was not taken.
pub(super) fn refused_message(conversation: ConversationId, why: Why) -> Reply {
    let decision = Decision { continuity: Continuity::Refused, why };
    Reply::Submitted(Submitted { conversation, session: None, turn: None, state: None, decision })
}
