//! The host's one consistent view: all conversations, who watches them and who waits for what. An event in, effects out.
//!
//! Change here: what a request means. Not here: what a conversation does with it (`domain/conversation_state.rs`) or doing the
//! effects (`driver.rs`).

mod adopt;
mod changes;
mod earlier;
mod fork;
mod notify;
mod requests;
#[cfg(test)]
mod tests;
mod views;
mod worktree;

use super::effect::{Effect, Query, SessionOrder};
use super::event::{ClientId, Event};
use crate::config::Config;
use crate::config::notify::Notify;
use crate::domain::change::Change;
use crate::domain::conversation::Tab;
use crate::domain::conversation_state::{
    Action, AgentRules, Ask, ConversationState, Input, Kept, LivedOn, MAX_MESSAGE_BYTES, Outcome, Watched,
};
use crate::domain::id::{ConversationId, Generation, Timestamp, TurnNumber};
use crate::domain::turn::TurnRecord;
use crate::protocol::message::{Environment, Event as ClientEvent, Refusal, Reply, Submitted, WhenAsked, WorkInIt};
use crate::terminal::paste::COOKED_LINE_BYTES;
use notify::{LookedAt, Notifier};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What the core knows of each agent: how it behaves.
#[derive(Debug, Clone, Default)]
pub struct Agents {
    pub rules: BTreeMap<String, AgentRules>,
    pub default_agent: String,
}

pub struct HostCore {
    agents: Agents,
    conversations: BTreeMap<ConversationId, ConversationState>,
    next_conversation: ConversationId,
    subscribers: BTreeSet<ClientId>,
    /// Those that want to hear of the turns of one conversation, and are no windows.
    followers: BTreeSet<(ConversationId, ClientId)>,
    /// What each window shows.
    looks: HashMap<ClientId, ConversationId>,
    /// Drafts made for a window; forgotten with it if nothing was typed.
    drafts_of: HashMap<ConversationId, ClientId>,
    waiters: Vec<Waiter>,
    /// Who asked what is being decided; an outcome finds its way back by this.
    asks: HashMap<Ask, (ClientId, u64)>,
    next_ask: u64,
    /// The newest environment that a client gave for a conversation's session. Never stored.
    environments: HashMap<ConversationId, Environment>,
    store_trouble: Option<String>,
    notifier: Notifier,
    store: StoreState,
    /// Who subscribed before the store opened: the overview goes out then.
    early: Vec<(ClientId, u64)>,
    host: HostFacts,
    ending: bool,
}

/// Whether it is known yet which conversations there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StoreState {
    Open,
    NotYet,
}

/// What `host status` tells beside what is counted.
#[derive(Debug, Clone)]
pub struct HostFacts {
    pub pid: u32,
    pub build: String,
    pub started_at: Timestamp,
}

/// A client that waits for an end.
struct Waiter {
    client: ClientId,
    id: u64,
    conversation: ConversationId,
    /// None: until nothing is under way.
    turn: Option<TurnNumber>,
    asked: WhenAsked,
    /// What it was told last of what the agent asks.
    told: Option<views::Needs>,
}

impl HostCore {
    /// Takes up all conversations. The effects save what the end of the host before meant for them.
    pub fn restore(
        agents: Agents,
        kept: Vec<Kept>,
        lived_on: BTreeMap<ConversationId, LivedOn>,
        next_conversation: ConversationId,
        host: HostFacts,
        now: Timestamp,
    ) -> (HostCore, Vec<Effect>) {
        let mut core = HostCore::empty(agents, host);
        let effects = core.take_up(kept, lived_on, next_conversation, now);
        (core, effects)
    }

    /// A host whose store does not open: it can say so, and be ended.
    pub fn without_store(agents: Agents, cause: String, host: HostFacts) -> HostCore {
        let empty = HostCore::empty(agents, host);
        HostCore { store: StoreState::NotYet, store_trouble: Some(cause), ..empty }
    }

    fn empty(agents: Agents, host: HostFacts) -> HostCore {
        HostCore {
            agents,
            conversations: BTreeMap::new(),
            next_conversation: ConversationId(1),
            subscribers: BTreeSet::new(),
            followers: BTreeSet::new(),
            looks: HashMap::new(),
            drafts_of: HashMap::new(),
            waiters: Vec::new(),
            asks: HashMap::new(),
            next_ask: 0,
            environments: HashMap::new(),
            store_trouble: None,
            notifier: Notifier::new(Notify::default()),
            store: StoreState::Open,
            early: Vec::new(),
            host,
            ending: false,
        }
    }

    fn take_up(
        &mut self,
        kept: Vec<Kept>,
        mut lived_on: BTreeMap<ConversationId, LivedOn>,
        next_conversation: ConversationId,
        now: Timestamp,
    ) -> Vec<Effect> {
        self.next_conversation = next_conversation;
        let mut effects = Vec::new();
        for conversation in kept {
            let id = conversation.record.id;
            let lived_on = lived_on.remove(&id);
            let (state, actions) =
                ConversationState::restore(conversation, |agent| self.rules_of(agent), lived_on, now);
            self.conversations.insert(id, state);
            // What the files are now is not what they were when the host before ended, and a turn with it.
            let is_late = |effect: &Effect| matches!(effect, Effect::NoteEnded { .. });
            effects.extend(self.effects_of(id, actions).into_iter().filter(|effect| !is_late(effect)));
        }
        effects
    }

    /// From now on everything is as if the store had opened at once.
    fn store_opened(
        &mut self,
        kept: Vec<Kept>,
        lived_on: BTreeMap<ConversationId, LivedOn>,
        next: ConversationId,
        now: Timestamp,
    ) -> Vec<Effect> {
        self.store = StoreState::Open;
        self.store_trouble = None;
        let mut effects = self.take_up(kept, lived_on, next, now);
        for (client, id) in std::mem::take(&mut self.early) {
            effects.extend(self.overview_of_tabs(client, id));
        }
        effects.push(self.notice("the store is open again, with everything in it".into()));
        effects
    }

    /// Whether this is the process of the conversation's session.
    pub fn has_live(&self, id: ConversationId, generation: Generation) -> bool {
        let live = self.conversations.get(&id).and_then(ConversationState::live);
        live.is_some_and(|live| live.generation == generation)
    }

    /// The conversations that there are, and the first id that none has had; none while the store is not open.
    pub fn known(&self) -> Option<(BTreeSet<ConversationId>, ConversationId)> {
        let known = || (self.conversations.keys().copied().collect(), self.next_conversation);
        (self.store == StoreState::Open).then(known)
    }

    /// Applies one event and says what must be done about it.
    pub fn handle(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        match event {
            Event::Asked { client, id, request } => self.asked(client, id, request, now),
            Event::ViewAsked { client, id, conversation, size } => vec![self.view(client, id, conversation, size)],
            Event::ClientGone(client) => self.client_gone(client, now),
            Event::Session { conversation, generation, event } => {
                self.apply(conversation, Input::Session { generation, event }, now)
            }
            Event::KeysDropped(conversation) => vec![self.notice(format!(
                "the agent of conversation {conversation} does not read what is typed to it, so keys were dropped; look at its screen"
            ))],
            Event::LineTooLong(conversation) => vec![self.notice(format!(
                "the paste was not typed: a line of it is longer than the {COOKED_LINE_BYTES} bytes that the program in conversation {conversation} takes as it reads now; put it into a file"
            ))],
            Event::SessionLookedFor { client, id, lookup, title, found } => {
                self.session_looked_for(client, id, lookup, title, found, now)
            }
            Event::EarlierRead { client, id, conversation, found } => {
                self.earlier_read(client, id, conversation, found, now)
            }
            Event::WorktreeAdded { client, id, wanted, added } => self.worktree_added(client, id, wanted, added, now),
            Event::WorktreeCounted(conversation, work) => self.apply(conversation, Input::Counted(work), now),
            Event::WorktreeLookedInto { client, id, conversation, found: Ok(()) } => {
                self.leave_worktree(client, id, conversation, WorkInIt::Refuse, now)
            }
            // Nothing was ended, and nothing is.
            Event::WorktreeLookedInto { client, id, conversation, found: Err(why) } => {
                self.worktree_removed(client, id, conversation, Err(why), now)
            }
            Event::WorktreeRemoved { client, id, conversation, removed } => {
                self.worktree_removed(client, id, conversation, removed, now)
            }
            Event::TreesNoted { conversation, turn, trees } => {
                self.apply(conversation, Input::TreesNoted(turn, trees), now)
            }
            Event::TimerDue { conversation, timer } => self.apply(conversation, Input::Timer(timer), now),
            Event::StoreTrouble(cause) => {
                self.store_trouble = Some(cause.clone());
                // Whoever has just asked for something waits until it is saved, and must know for what.
                let text = format!("nothing can be saved now: {cause}; it is tried again until it can");
                vec![Effect::TellAll(ClientEvent::Notice(text))]
            }
            Event::StoreOpened { kept, lived_on, next } => self.store_opened(kept, lived_on, next, now),
            Event::StoreWell => {
                self.store_trouble = None;
                vec![Effect::TellAll(ClientEvent::Notice("saving works again".into()))]
            }
            Event::Configured(config) => {
                vec![self.configure(*config)]
            }
            Event::EndAsked => self.end(now),
        }
    }

    /// Takes over what of the configuration is the host's.
    pub fn configure(&mut self, config: Config) -> Effect {
        let Config { default_agent, notify, changes, .. } = config;
        self.agents.default_agent = default_agent;
        self.notifier.settings = notify;
        Effect::Noting(changes.noting)
    }

    fn notice(&self, text: String) -> Effect {
        Effect::TellNow { clients: self.subscribers.iter().copied().collect(), event: ClientEvent::Notice(text) }
    }

    /// The rules of an agent. A profile that is gone leaves the mildest ones; its sessions cannot be started anyway.
    fn rules_of(&self, agent: &str) -> AgentRules {
        self.agents.rules.get(agent).cloned().unwrap_or_else(AgentRules::unknown_agent)
    }

    /// Applies an input to a conversation and tells everybody what became of it.
    fn apply(&mut self, id: ConversationId, input: Input, now: Timestamp) -> Vec<Effect> {
        let Some(state) = self.conversations.get_mut(&id) else {
            return Vec::new();
        };
        let (before, needed) = (views::visible_of(state), views::needs(state));
        let ran = state.current().map(|current| current.turn.number);
        let actions = state.apply(input, now);
        let changed = views::visible_of(state) != before;
        let to_tell = worth_telling(state, needed.as_ref(), &actions);
        let mut effects = self.effects_of(id, actions);
        if changed {
            effects.extend(self.tell_changed(id));
        }
        effects.extend(self.note_began(id, ran, now));
        effects.extend(self.serve_waiters(id, &[]));
        effects.extend(self.tell_waiters_what_is_asked(id));
        effects.extend(to_tell.into_iter().flat_map(|turn| self.notify(id, &turn, now)));
        effects
    }

    /// Tells of a turn outside of what windows show, if it is worth that. The end of a host is no news of its turns.
    fn notify(&mut self, id: ConversationId, turn: &TurnRecord, now: Timestamp) -> Vec<Effect> {
        let looked_at = if self.looks.values().any(|looked| *looked == id) { LookedAt::Yes } else { LookedAt::No };
        match self.conversations.get(&id).filter(|_| !self.ending) {
            Some(state) => self.notifier.tell(state, turn, looked_at, now),
            None => Vec::new(),
        }
    }

    fn tell_changed(&self, id: ConversationId) -> Option<Effect> {
        let state = self.conversations.get(&id)?;
        if self.subscribers.is_empty() {
            return None;
        }
        let event = ClientEvent::Changed(Box::new(views::conversation(state)));
        Some(Effect::Tell { clients: self.subscribers.iter().copied().collect(), event })
    }

    /// Windows, and those that follow this conversation.
    fn listeners(&self, id: ConversationId) -> Vec<ClientId> {
        let followers = self.followers.iter().filter(|(of, _)| *of == id).map(|(_, client)| *client);
        let all: BTreeSet<ClientId> = self.subscribers.iter().copied().chain(followers).collect();
        all.into_iter().collect()
    }

    fn effects_of(&mut self, id: ConversationId, actions: Vec<Action>) -> Vec<Effect> {
        let mut effects = Vec::new();
        for action in actions {
            match action {
                Action::Save(change) => effects.push(Effect::Save(change)),
                Action::Answer(ask, outcome) => effects.extend(self.answer(id, ask, outcome)),
                Action::Start(order) => effects.push(Effect::StartSession {
                    conversation: id,
                    order,
                    environment: self.environments.get(&id).cloned().unwrap_or_default(),
                }),
                Action::Write { generation, turn, text } => {
                    effects.push(to_session(id, generation, SessionOrder::Write { turn, text }));
                }
                Action::Interrupt { generation, step } => {
                    effects.push(to_session(id, generation, SessionOrder::Interrupt { step }));
                }
                Action::AnswerRequest { generation, request, kind, choice } => {
                    effects.push(to_session(id, generation, SessionOrder::AnswerRequest { request, kind, choice }));
                }
                Action::GiveUp { generation } => effects.push(to_session(id, generation, SessionOrder::GiveUp)),
                Action::Stop { generation } => effects.push(to_session(id, generation, SessionOrder::Stop)),
                Action::SetTimer { after_ms, timer } => {
                    effects.push(Effect::SetTimer { after_ms, conversation: id, timer });
                }
                Action::TellEnded(turn) => {
                    effects.push(Effect::CancelTimers { conversation: id, turn: turn.number });
                    let event = ClientEvent::TurnEnded { conversation: id, turn: Box::new(turn.clone().told()) };
                    effects.push(Effect::Tell { clients: self.listeners(id), event });
                    let (number, trees) = (turn.number, turn.trees.clone());
                    effects.extend(self.serve_waiters(id, &[turn]));
                    effects.push(Effect::NoteEnded { conversation: id, turn: number, trees });
                    effects.extend(self.count_worktree(id));
                }
            }
        }
        effects
    }

    fn answer(&mut self, conversation: ConversationId, ask: Ask, outcome: Outcome) -> Option<Effect> {
        let (client, id) = self.asks.remove(&ask)?;
        let reply = match outcome {
            Outcome::Done => Reply::Done,
            Outcome::Submitted { turn, session, state, decision } => {
                Reply::Submitted(Submitted { conversation, session, turn: Some(turn), state: Some(state), decision })
            }
            Outcome::MessageRefused(why) => requests::refused_message(conversation, why),
            Outcome::Interrupting(turn) => Reply::Interrupting { turn },
            Outcome::TurnRuns(turn) => Reply::Refused { why: Refusal::TurnRuns(turn) },
            Outcome::NotQueued(turn) => Reply::Refused { why: Refusal::NotQueued(turn) },
            Outcome::CannotResume(session, why) => Reply::Refused { why: Refusal::CannotResume { session, why } },
            Outcome::NotAsked => Reply::Refused { why: Refusal::NotAsked },
            Outcome::OnlyOnScreen => Reply::Refused { why: Refusal::OnlyOnScreen },
            Outcome::DoesNotAnswer(kind) => Reply::Refused { why: Refusal::DoesNotAnswer(kind) },
            Outcome::TooLong { bytes } => {
                Reply::Refused { why: Refusal::TooLong { bytes, most: MAX_MESSAGE_BYTES as u64 } }
            }
        };
        Some(Effect::Reply { client, id, reply })
    }

    /// Replies to those whose turn is among `ended`, and to those who wait for quiet where it is quiet now.
    fn serve_waiters(&mut self, id: ConversationId, ended: &[TurnRecord]) -> Vec<Effect> {
        let Some(state) = self.conversations.get(&id) else {
            return Vec::new();
        };
        let mut effects = Vec::new();
        self.waiters.retain(|waiter| {
            if waiter.conversation != id {
                return true;
            }
            let reply = match waiter.turn {
                Some(turn) => match ended.iter().find(|record| record.number == turn) {
                    Some(record) => Some(Reply::Ended { turn: Some(Box::new(record.clone().told())) }),
                    None => match views::is_held(state, turn) {
                        // It would wait without an end, and the person must know why.
                        Some(held) => Some(Reply::Refused { why: Refusal::Held(held) }),
                        // Taken out of the queue: it will not end any more.
                        None => {
                            (ended.is_empty() && !views::is_open(state, turn)).then_some(Reply::Ended { turn: None })
                        }
                    },
                },
                None if views::is_quiet(state) => match state.newest_ended() {
                    // The answer is in the store, and by then so is the end.
                    Some(ended) => {
                        let query = Query::EndedTurn { conversation: id, turn: ended.number };
                        effects.push(Effect::Query { client: waiter.client, id: waiter.id, query });
                        return false;
                    }
                    None => Some(Reply::Ended { turn: None }),
                },
                None => None,
            };
            match reply {
                Some(reply) => {
                    effects.push(Effect::Reply { client: waiter.client, id: waiter.id, reply });
                    false
                }
                None => true,
            }
        });
        effects
    }

    /// Tells those who want to know that the agent waits for the person; the same thing once.
    fn tell_waiters_what_is_asked(&mut self, id: ConversationId) -> Vec<Effect> {
        let Some(state) = self.conversations.get(&id) else {
            return Vec::new();
        };
        let needs = views::needs(state);
        let mut effects = Vec::new();
        let of_this = |waiter: &&mut Waiter| waiter.conversation == id && waiter.asked == WhenAsked::Tell;
        for waiter in self.waiters.iter_mut().filter(of_this) {
            if waiter.told == needs {
                continue;
            }
            waiter.told = needs.clone();
            if let (Some(_), Some(turn)) = (&needs, views::current(state)) {
                let reply = Reply::NeedsPerson { turn: Box::new(turn) };
                effects.push(Effect::Reply { client: waiter.client, id: waiter.id, reply });
            }
        }
        effects
    }

    fn view(
        &self,
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        size: crate::terminal::frame::Size,
    ) -> Effect {
        let Some(state) = self.conversations.get(&conversation) else {
            return Effect::RefuseView { client, id, why: Refusal::NoConversation(conversation) };
        };
        match (state.live(), state.session()) {
            (Some(live), Some(session)) => {
                let generation = live.generation;
                let reply = Reply::Viewing { session: session.number, generation };
                Effect::View { client, id, conversation, generation, reply, size }
            }
            _ => Effect::RefuseView { client, id, why: Refusal::NotLive },
        }
    }

    fn client_gone(&mut self, client: ClientId, now: Timestamp) -> Vec<Effect> {
        self.subscribers.remove(&client);
        self.followers.retain(|(_, follower)| *follower != client);
        self.notifier.gone(client);
        self.early.retain(|(early, _)| *early != client);
        self.waiters.retain(|waiter| waiter.client != client);
        self.asks.retain(|_, (asker, _)| *asker != client);
        let mut effects = self.look(client, None, now);
        let drafts: Vec<ConversationId> =
            self.drafts_of.iter().filter(|(_, owner)| **owner == client).map(|(id, _)| *id).collect();
        for draft in drafts {
            self.drafts_of.remove(&draft);
            effects.extend(self.forget_if_untouched(draft));
        }
        effects
    }

    /// Forgets a draft in which nobody typed and at which nobody looks.
    fn forget_if_untouched(&mut self, id: ConversationId) -> Vec<Effect> {
        let looked_at = self.looks.values().any(|looked| *looked == id);
        match self.conversations.get(&id) {
            Some(state) if state.is_untouched() && !looked_at => self.forget(id),
            _ => Vec::new(),
        }
    }

    fn forget(&mut self, id: ConversationId) -> Vec<Effect> {
        let Some(state) = self.conversations.remove(&id) else {
            return Vec::new();
        };
        self.environments.remove(&id);
        self.drafts_of.remove(&id);
        let mut effects = vec![Effect::Save(Change::ConversationRemoved(id)), Effect::ForgetNotes(id)];
        self.waiters.retain(|waiter| {
            if waiter.conversation == id {
                effects.push(Effect::Reply {
                    client: waiter.client,
                    id: waiter.id,
                    reply: Reply::Ended { turn: None },
                });
            }
            waiter.conversation != id
        });
        if let Some(live) = state.live() {
            effects.push(to_session(id, live.generation, SessionOrder::Stop));
        }
        effects.push(Effect::Tell { clients: self.listeners(id), event: ClientEvent::Removed(id) });
        self.followers.retain(|(of, _)| *of != id);
        effects
    }

    /// Notes what a window shows, and what no window shows any more.
    fn look(&mut self, client: ClientId, at: Option<ConversationId>, now: Timestamp) -> Vec<Effect> {
        if at.is_some() && self.subscribers.contains(&client) {
            self.notifier.focused(client);
        }
        let before = match at {
            Some(id) => self.looks.insert(client, id),
            None => self.looks.remove(&client),
        };
        let mut effects = Vec::new();
        for id in [before, at].into_iter().flatten() {
            let watched = if self.looks.values().any(|looked| *looked == id) { Watched::Yes } else { Watched::No };
            effects.extend(self.apply(id, Input::Watch(watched), now));
        }
        effects
    }

    /// The sessions go on under the next host, so nothing of them is noted. Whoever waits comes back to that one.
    fn make_room(&mut self) -> Vec<Effect> {
        if self.ending {
            return Vec::new();
        }
        self.ending = true;
        vec![Effect::MakeRoom]
    }

    fn end(&mut self, now: Timestamp) -> Vec<Effect> {
        if self.ending {
            return Vec::new();
        }
        self.ending = true;
        let ids: Vec<ConversationId> = self.conversations.keys().copied().collect();
        let mut effects = Vec::new();
        for id in ids {
            effects.extend(self.apply(id, Input::HostEnding, now));
        }
        for waiter in std::mem::take(&mut self.waiters) {
            let reply = Reply::Refused { why: Refusal::Ending };
            effects.push(Effect::ReplyNow { client: waiter.client, id: waiter.id, reply });
        }
        let followers = self.followers.iter().map(|(_, client)| *client);
        let clients: BTreeSet<ClientId> = self.subscribers.iter().copied().chain(followers).collect();
        effects.push(Effect::TellNow { clients: clients.into_iter().collect(), event: ClientEvent::HostEnding });
        effects.push(Effect::End);
        effects
    }

    /// The place behind the last tab.
    fn next_tab(&self) -> Tab {
        let last = self.conversations.values().filter_map(|state| match state.record().tab {
            Tab::Open { place } => Some(place),
            Tab::Closed | Tab::Archived => None,
        });
        Tab::Open { place: last.max().unwrap_or(0).saturating_add(1) }
    }
}

/// The turns that ended, and the one whose agent asks something that it did not ask before.
fn worth_telling(state: &ConversationState, needed: Option<&views::Needs>, actions: &[Action]) -> Vec<TurnRecord> {
    let ended = actions.iter().filter_map(|action| match action {
        Action::TellEnded(turn) => Some(turn.clone()),
        Action::Save(_)
        | Action::Answer(..)
        | Action::Start(_)
        | Action::Write { .. }
        | Action::Interrupt { .. }
        | Action::AnswerRequest { .. }
        | Action::GiveUp { .. }
        | Action::Stop { .. }
        | Action::SetTimer { .. } => None,
    });
    let is_new = match (views::needs(state), needed) {
        (Some((turn, _, open)), Some((before, _, known))) => {
            turn != *before || open.iter().any(|request| !known.contains(request))
        }
        (Some(_), None) => true,
        (None, _) => false,
    };
    let asking = state.current().map(|current| current.turn.clone()).filter(|_| is_new);
    ended.chain(asking).collect()
}

fn to_session(conversation: ConversationId, generation: Generation, order: SessionOrder) -> Effect {
    Effect::ToSession { conversation, generation, order }
}
