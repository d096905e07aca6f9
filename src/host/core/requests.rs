//! What each request of a client means.

use super::views;
use super::{Effect, HostCore, StoreState, Waiter};
use crate::domain::change::Change;
use crate::domain::continuity::{Continuity, Decision, Why};
use crate::domain::conversation::{Begun, ConversationRecord, FreshWanted, Tab, Title};
use crate::domain::conversation_state::{Ask, ConversationState, Input};
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::{ConversationId, Timestamp, TurnNumber};
use crate::domain::search::{self, NoMeaning};
use crate::domain::turn::Usage;
use crate::host::effect::{Lookup, Query, SessionOrder, Wanted};
use crate::host::event::ClientId;
use crate::protocol::message::{
    Environment, Event as ClientEvent, HostReport, Overview, Place, Refusal, Reply, Request, Rest, RunningTurn,
    Submitted, WhenAsked,
};

/// How many conversations go into one reply; with drafts and prompts of usual length that is far below a frame.
const OVERVIEW_CHUNK: usize = 100;
/// The same by size, for unusual ones.
const OVERVIEW_CHUNK_BYTES: usize = 256 * 1024;
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
    fn ask(
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

    /// A conversation that is spoken to has a tab again.
    fn open_closed_tab(&mut self, conversation: ConversationId, now: Timestamp) -> Vec<Effect> {
        match self.conversations.get(&conversation).map(|state| state.record().tab) {
            Some(Tab::Closed | Tab::Archived) => {
                let tab = self.next_tab();
                self.tell(conversation, now, |ask| Input::SetTab { ask, tab })
            }
            Some(Tab::Open { .. }) | None => Vec::new(),
        }
    }

    pub(super) fn new_conversation(
        &mut self,
        client: ClientId,
        id: u64,
        wanted: Wanted,
        now: Timestamp,
    ) -> Vec<Effect> {
        let Wanted { agent, model, title, folder, begun, worktree } = wanted;
        let agent = agent.unwrap_or_else(|| self.agents.default_agent.clone());
        if !self.agents.rules.contains_key(&agent) {
            let reply = Reply::Refused { why: Refusal::UnknownAgent(agent) };
            return vec![Effect::Reply { client, id, reply }];
        }
        let conversation = self.next_conversation;
        self.next_conversation = ConversationId(conversation.0 + 1);
        let rules = self.rules_of(&agent);
        let record = ConversationRecord {
            id: conversation,
            title,
            wanted: Fingerprint { agent, model, folder },
            fresh_wanted: FreshWanted::No,
            queue_held: None,
            tab: self.next_tab(),
            unread: None,
            draft: String::new(),
            begun,
            worktree,
            spent: Usage::default(),
            created_at: now,
            active_at: now,
        };
        let save = Effect::Save(Change::Conversation(record.clone()));
        let is_draft = record.begun == Begun::New && record.worktree.is_none();
        self.conversations.insert(conversation, ConversationState::new(record, rules));
        // A fork or a worktree is made on purpose, so it does not go with its window.
        if is_draft && self.subscribers.contains(&client) {
            self.drafts_of.insert(conversation, client);
        }
        let mut effects = vec![save, Effect::Reply { client, id, reply: Reply::Created { conversation } }];
        effects.extend(self.tell_changed(conversation));
        effects.extend(self.count_worktree(conversation));
        effects
    }

    fn newest_in(&self, folder: &str) -> Option<ConversationId> {
        let here = self.conversations.values().map(ConversationState::record);
        let here = here.filter(|record| record.tab != Tab::Archived);
        let newest =
            here.filter(|record| record.wanted.folder == folder).max_by_key(|record| (record.active_at, record.id));
        newest.map(|record| record.id)
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

    fn close_tab(&mut self, client: ClientId, id: u64, conversation: ConversationId, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.looks.get(&client) == Some(&conversation) {
            effects.extend(self.look(client, None, now));
        }
        // What a script made is its own to forget.
        let forgotten = match self.drafts_of.contains_key(&conversation) {
            true => self.forget_if_untouched(conversation),
            false => Vec::new(),
        };
        if forgotten.is_empty() {
            effects.extend(self.ask(client, id, conversation, now, |ask| Input::SetTab { ask, tab: Tab::Closed }));
        } else {
            effects.extend(forgotten);
            effects.push(Effect::Reply { client, id, reply: Reply::Done });
        }
        effects
    }

    /// What runs or waits would go on unseen, so it is not put away.
    fn archive(&mut self, client: ClientId, id: u64, conversation: ConversationId, now: Timestamp) -> Vec<Effect> {
        let Some(state) = self.conversations.get(&conversation) else { return Vec::new() };
        let in_the_way = match (state.current(), state.queue().len()) {
            (Some(current), _) => Some(Refusal::TurnRuns(current.turn.number)),
            (None, 0) => None,
            (None, waiting) => Some(Refusal::MessagesWait(u32::try_from(waiting).unwrap_or(u32::MAX))),
        };
        if let Some(why) = in_the_way {
            return vec![Effect::Reply { client, id, reply: Reply::Refused { why } }];
        }
        let mut effects = Vec::new();
        if self.looks.get(&client) == Some(&conversation) {
            effects.extend(self.look(client, None, now));
        }
        self.drafts_of.remove(&conversation);
        effects.extend(self.ask(client, id, conversation, now, |ask| Input::SetTab { ask, tab: Tab::Archived }));
        effects
    }

    /// Those between the old and the new place move by one. Everybody keeps a place that somebody had, so that no other tab is touched.
    fn move_tab(
        &mut self,
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        to: u32,
        now: Timestamp,
    ) -> Vec<Effect> {
        let place_of = |state: &ConversationState| match state.record().tab {
            Tab::Open { place } => Some((place, state.record().id)),
            Tab::Closed | Tab::Archived => None,
        };
        let mut row: Vec<(u32, ConversationId)> = self.conversations.values().filter_map(place_of).collect();
        row.sort_unstable();
        let Some(at) = row.iter().position(|(_, tab)| *tab == conversation) else {
            return vec![Effect::Reply { client, id, reply: Reply::Refused { why: Refusal::NoTab(conversation) } }];
        };
        let places: Vec<u32> = row.iter().map(|(place, _)| *place).collect();
        let moved = row.remove(at);
        let to = usize::try_from(to).unwrap_or(usize::MAX).min(row.len());
        row.insert(to, moved);
        let mut effects = Vec::new();
        for (place, (had, tab)) in places.into_iter().zip(row) {
            let input = |ask| Input::SetTab { ask, tab: Tab::Open { place } };
            // Also where nothing moves there is something to answer.
            if tab == conversation {
                effects.extend(self.ask(client, id, tab, now, input));
            } else if had != place {
                effects.extend(self.tell(tab, now, input));
            }
        }
        effects
    }

    fn overview(&self, client: ClientId, id: u64, tabs: Tabs) -> Vec<Effect> {
        let mut states: Vec<&ConversationState> = self
            .conversations
            .values()
            .filter(|state| tabs == Tabs::All || matches!(state.record().tab, Tab::Open { .. }))
            .collect();
        states.sort_by_key(|state| match state.record().tab {
            Tab::Open { place } => (0, i64::from(place)),
            Tab::Closed | Tab::Archived => (1, -state.record().active_at.0),
        });
        let mut chunks: Vec<Vec<_>> = vec![Vec::new()];
        let mut bytes = 0;
        for state in states {
            let conversation = match tabs {
                Tabs::Open => views::conversation(state),
                Tabs::All => views::listed(state),
            };
            let size =
                conversation.draft.len() + conversation.queue.iter().map(|turn| turn.prompt.len()).sum::<usize>();
            let full = chunks.last().is_some_and(|chunk| {
                chunk.len() >= OVERVIEW_CHUNK || (!chunk.is_empty() && bytes + size > OVERVIEW_CHUNK_BYTES)
            });
            if full {
                chunks.push(Vec::new());
                bytes = 0;
            }
            bytes += size;
            if let Some(chunk) = chunks.last_mut() {
                chunk.push(conversation);
            }
        }
        let last = chunks.len() - 1;
        (0..)
            .zip(chunks)
            .map(|(number, conversations)| {
                let rest = if number == last { Rest::None } else { Rest::Follows };
                Effect::Reply { client, id, reply: Reply::Overview(Overview { conversations, rest }) }
            })
            .collect()
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tabs {
    Open,
    All,
}

/// The reply to a message that was not taken.
pub(super) fn refused_message(conversation: ConversationId, why: Why) -> Reply {
    let decision = Decision { continuity: Continuity::Refused, why };
    Reply::Submitted(Submitted { conversation, session: None, turn: None, state: None, decision })
}

/// The conversation that a request is about, which must exist.
fn subject_of(request: &Request) -> Option<ConversationId> {
    match request {
        Request::Show { conversation }
        | Request::Submit { conversation, .. }
        | Request::Wait { conversation, .. }
        | Request::Fresh { conversation, .. }
        | Request::HandOver { conversation, .. }
        | Request::Interrupt { conversation }
        | Request::StopSession { conversation }
        | Request::SetModel { conversation, .. }
        | Request::SetAgent { conversation, .. }
        | Request::AnswerRequest { conversation, .. }
        | Request::Brief { conversation }
        | Request::Fork { conversation, .. }
        | Request::RemoveWorktree { conversation, .. }
        | Request::Past { conversation, .. }
        | Request::EditQueued { conversation, .. }
        | Request::RemoveQueued { conversation, .. }
        | Request::SendNow { conversation, .. }
        | Request::MoveQueued { conversation, .. }
        | Request::SaveDraft { conversation, .. }
        | Request::Rename { conversation, .. }
        | Request::OpenTab { conversation }
        | Request::CloseTab { conversation }
        | Request::Archive { conversation }
        | Request::Unarchive { conversation }
        | Request::MoveTab { conversation, .. }
        | Request::Remove { conversation }
        | Request::Turns { conversation, .. }
        | Request::DecisionsOf { conversation, .. }
        | Request::Diff { conversation, .. }
        | Request::Why { conversation } => Some(*conversation),
        // A view names its conversation on its own connection; a look at what has just been removed is no error.
        Request::Subscribe
        | Request::List
        | Request::New { .. }
        | Request::NewestIn { .. }
        | Request::AgentSessions { .. }
        | Request::Adopt { .. }
        | Request::NewInWorktree { .. }
        | Request::Look { .. }
        // A hook that calls late is no error.
        | Request::Signal { .. }
        | Request::Search { .. }
        | Request::Prompts { .. }
        | Request::Agents
        | Request::HostStatus
        | Request::HostStop
        | Request::HostRestart
        | Request::View { .. } => None,
    }
}

/// Whether a request can be carried out by a host that does not know its conversations yet.
fn needs_no_store(request: &Request) -> bool {
    // A hook of an agent that outlived its host comes too early; it is no error.
    matches!(
        request,
        Request::Subscribe
            | Request::Look { .. }
            | Request::Signal { .. }
            | Request::Agents
            | Request::HostStatus
            | Request::HostStop
    )
}

/// Whether a request is answered only after something was saved.
fn saves(request: &Request) -> bool {
    match request {
        Request::New { .. }
        | Request::NewestIn { .. }
        | Request::Fork { .. }
        | Request::Adopt { .. }
        | Request::NewInWorktree { .. }
        | Request::RemoveWorktree { .. }
        | Request::Submit { .. }
        | Request::Fresh { .. }
        | Request::HandOver { .. }
        | Request::SetModel { .. }
        | Request::SetAgent { .. }
        | Request::AnswerRequest { .. }
        | Request::EditQueued { .. }
        | Request::RemoveQueued { .. }
        | Request::SendNow { .. }
        | Request::MoveQueued { .. }
        | Request::SaveDraft { .. }
        | Request::Rename { .. }
        | Request::OpenTab { .. }
        | Request::CloseTab { .. }
        | Request::Archive { .. }
        | Request::Unarchive { .. }
        | Request::MoveTab { .. }
        | Request::Remove { .. } => true,
        Request::Subscribe
        | Request::List
        | Request::Show { .. }
        | Request::Wait { .. }
        | Request::Interrupt { .. }
        | Request::StopSession { .. }
        | Request::Look { .. }
        | Request::Turns { .. }
        | Request::DecisionsOf { .. }
        | Request::Diff { .. }
        | Request::Brief { .. }
        | Request::Past { .. }
        | Request::AgentSessions { .. }
        | Request::Signal { .. }
        | Request::Why { .. }
        | Request::Search { .. }
        | Request::Prompts { .. }
        | Request::Agents
        | Request::HostStatus
        | Request::HostStop
        | Request::HostRestart
        | Request::View { .. } => false,
    }
}
