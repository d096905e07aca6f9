//! Tabs and the lists of them: opening, closing, moving, archiving, and the overview in pieces.

use crate::domain::change::Change;
use crate::domain::conversation::{Begun, ConversationRecord, FreshWanted, Tab};
use crate::domain::conversation_state::{ConversationState, Input, bytes_of};
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::{ConversationId, Timestamp};
use crate::domain::turn::Usage;
use crate::host::core::views;
use crate::host::core::{Effect, HostCore};
use crate::host::effect::Wanted;
use crate::host::event::ClientId;
use crate::protocol::message::{Overview, Refusal, Reply, Rest};

/// How many conversations go into one reply; with drafts and prompts of usual length that is far below a frame.
const OVERVIEW_CHUNK: usize = 100;
/// The same by size, for unusual ones.
const OVERVIEW_CHUNK_BYTES: usize = 256 * 1024;

impl HostCore {
    /// A conversation that is spoken to has a tab again.
    pub(in crate::host::core) fn open_closed_tab(
        &mut self,
        conversation: ConversationId,
        now: Timestamp,
    ) -> Vec<Effect> {
        match self.conversations.get(&conversation).map(|state| state.record().tab) {
            Some(Tab::Closed | Tab::Archived) => {
                let tab = self.next_tab();
                self.tell(conversation, now, |ask| Input::SetTab { ask, tab })
            }
            Some(Tab::Open { .. }) | None => Vec::new(),
        }
    }

    pub(in crate::host::core) fn new_conversation(
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

    pub(super) fn newest_in(&self, folder: &str) -> Option<ConversationId> {
        let here = self.conversations.values().map(ConversationState::record);
        let here = here.filter(|record| record.tab != Tab::Archived);
        let newest =
            here.filter(|record| record.wanted.folder == folder).max_by_key(|record| (record.active_at, record.id));
        newest.map(|record| record.id)
    }

    pub(super) fn close_tab(
        &mut self,
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        now: Timestamp,
    ) -> Vec<Effect> {
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
    pub(super) fn archive(
        &mut self,
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        now: Timestamp,
    ) -> Vec<Effect> {
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
    pub(super) fn move_tab(
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

    pub(super) fn overview(&self, client: ClientId, id: u64, tabs: Tabs) -> Vec<Effect> {
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
            let size = conversation.draft.len() + conversation.queue.iter().map(bytes_of).sum::<usize>();
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tabs {
    Open,
    All,
}
