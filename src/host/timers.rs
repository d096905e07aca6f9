//! The deadlines that are set. One whose turn has ended would find nothing to do, so it is not waited for either: an idle host sleeps.
//!
//! Change here: how a deadline is waited for. Not here: which there are and what follows from them (`domain/conversation_state.rs`).

use super::driver::Incoming;
use super::event::Event;
use crate::domain::conversation_state::Timer;
use crate::domain::id::{ConversationId, TurnNumber};
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

pub struct Timers {
    incoming: Sender<Incoming>,
    set: Vec<(ConversationId, TurnNumber, JoinHandle<()>)>,
}

impl Timers {
    pub fn new(incoming: Sender<Incoming>) -> Timers {
        Timers { incoming, set: Vec::new() }
    }

    /// It comes back as `Event::TimerDue` then.
    pub fn set(&mut self, conversation: ConversationId, timer: Timer, after_ms: u64) {
        self.set.retain(|(_, _, waiting)| !waiting.is_finished());
        let incoming = self.incoming.clone();
        let waiting = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
            // The receiver is gone only when the host has ended.
            let _ = incoming.send(Incoming::Event(Event::TimerDue { conversation, timer })).await;
        });
        self.set.push((conversation, timer.turn(), waiting));
    }

    /// The turn has ended: none of its deadlines matters any more.
    pub fn cancel(&mut self, conversation: ConversationId, turn: TurnNumber) {
        self.set.retain(|(of, its_turn, waiting)| {
            let over = (*of, *its_turn) == (conversation, turn);
            if over {
                waiting.abort();
            }
            !over && !waiting.is_finished()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_cancelled_never_comes() {
        let (incoming, mut receiver) = tokio::sync::mpsc::channel(8);
        let mut timers = Timers::new(incoming);
        let start = |turn| Timer::Start { turn: TurnNumber(turn) };
        let (one, two) = (ConversationId(1), ConversationId(2));
        timers.set(one, start(1), 5);
        timers.set(one, start(2), 10);
        timers.set(two, start(1), 15);
        timers.cancel(one, TurnNumber(1));
        let mut due = Vec::new();
        while due.len() < 2 {
            if let Some(Incoming::Event(Event::TimerDue { conversation, timer })) = receiver.recv().await {
                due.push((conversation, timer));
            }
        }
        assert_eq!(due, [(one, start(2)), (two, start(1))]);
        timers.cancel(one, TurnNumber(2));
        timers.cancel(two, TurnNumber(1));
        assert!(timers.set.is_empty(), "what came is forgotten");
    }
}
