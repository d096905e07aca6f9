//! Decides what is said of turns that nobody looks at: to whom, by which ways, and when it is better to be silent.
//!
//! Change here: what is worth a word. Not here: saying it (`host/notifier.rs`, and the window for its terminal) or what is configured
//! (`config/notify.rs`).

use crate::config::notify::{Desktop, Notify, Ways};
use crate::domain::conversation_state::ConversationState;
use crate::domain::id::Timestamp;
use crate::domain::turn::{TurnEnd, TurnRecord, TurnState};
use crate::host::effect::{Announce, Effect};
use crate::host::event::ClientId;
use crate::protocol::message::{Event as ClientEvent, Notification, NotificationKind};
use std::collections::VecDeque;

/// Nobody reads more; a program that fails in a loop must not ring for ever.
const MOST_A_MINUTE: usize = 10;
const MINUTE_MS: u64 = 60_000;
/// A reason or a question that is longer is read in the window.
const MOST_TEXT_CHARACTERS: usize = 500;

pub struct Notifier {
    pub settings: Notify,
    /// The windows, the one that had the focus last at the end.
    windows: Vec<ClientId>,
    /// When something was said within the last minute, oldest first.
    said: VecDeque<Timestamp>,
}

/// Whether a focused window shows the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookedAt {
    Yes,
    No,
}

impl Notifier {
    pub fn new(settings: Notify) -> Notifier {
        Notifier { settings, windows: Vec::new(), said: VecDeque::new() }
    }

    /// This window was opened or got the focus.
    pub fn focused(&mut self, client: ClientId) {
        self.gone(client);
        self.windows.push(client);
    }

    pub fn gone(&mut self, client: ClientId) {
        self.windows.retain(|window| *window != client);
    }

    /// What is done about a turn that has just ended, or whose agent has just asked something.
    pub fn tell(
        &mut self,
        state: &ConversationState,
        turn: &TurnRecord,
        looked_at: LookedAt,
        now: Timestamp,
    ) -> Vec<Effect> {
        let Some(notification) = notification(state, turn, now) else { return Vec::new() };
        let short = notification.elapsed_ms <= u64::from(self.settings.after_seconds) * 1000;
        let (ways, silent) = match notification.kind {
            NotificationKind::Done => (self.settings.done, short),
            NotificationKind::Failed => (self.settings.failed, short),
            // The agent stands still until then, however short it has worked.
            NotificationKind::NeedsYou => (self.settings.needs_you, false),
        };
        let effects = self.effects(ways, &notification);
        if looked_at == LookedAt::Yes || silent || effects.is_empty() || !self.may_say(now) {
            return Vec::new();
        }
        effects
    }

    fn effects(&self, ways: Ways, notification: &Notification) -> Vec<Effect> {
        let window = self.windows.last().copied();
        let terminal = window.filter(|_| ways.terminal).map(|window| Effect::Tell {
            clients: vec![window],
            event: ClientEvent::Notify(Box::new(notification.clone())),
        });
        let desktop = ways.desktop
            && match self.settings.desktop {
                Desktop::Always => true,
                Desktop::NoWindow => window.is_none(),
            };
        let command = if ways.command { self.settings.command.clone() } else { Vec::new() };
        let beside = (desktop || !command.is_empty()).then(|| {
            let notification = notification.clone();
            Effect::Announce(Box::new(Announce { notification, desktop, command }))
        });
        terminal.into_iter().chain(beside).collect()
    }

    fn may_say(&mut self, now: Timestamp) -> bool {
        while self.said.front().is_some_and(|said| now.since(*said) >= MINUTE_MS) {
            self.said.pop_front();
        }
        let may = self.said.len() < MOST_A_MINUTE;
        if may {
            self.said.push_back(now);
        }
        may
    }
}

/// What there is to say of a turn; none where the person did it, or where it goes on.
fn notification(state: &ConversationState, turn: &TurnRecord, now: Timestamp) -> Option<Notification> {
    let (kind, text) = match &turn.state {
        TurnState::Ended(end @ TurnEnd::Completed) => (NotificationKind::Done, end.told()),
        TurnState::Ended(end @ (TurnEnd::Failed(_) | TurnEnd::Unknown(_))) => (NotificationKind::Failed, end.told()),
        TurnState::NeedsApproval | TurnState::NeedsAnswer => (NotificationKind::NeedsYou, asked(turn)),
        TurnState::Ended(TurnEnd::Interrupted(_)) | TurnState::Queued | TurnState::Sending | TurnState::Working => {
            return None;
        }
    };
    let record = state.record();
    Some(Notification {
        conversation: record.id,
        title: record.title_text().to_owned(),
        agent: record.wanted.agent.clone(),
        folder: record.wanted.folder.clone(),
        turn: turn.number,
        kind,
        state: turn.state.word().to_owned(),
        elapsed_ms: turn.ended_at.unwrap_or(now).since(turn.started_at.unwrap_or(turn.accepted_at)),
        text: text.chars().take(MOST_TEXT_CHARACTERS).collect(),
    })
}

/// The newest thing that is asked.
fn asked(turn: &TurnRecord) -> String {
    turn.requests.iter().rev().find(|request| request.is_open()).map(|request| request.text.clone()).unwrap_or_default()
}
