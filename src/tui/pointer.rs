//! What the mouse has done so far, as far as the next event of it depends on that.
//!
//! Not here: what a click means (`update/mouse.rs`).

use super::app::Keyboard;
use crate::domain::id::ConversationId;
use crate::terminal::keys::MouseButton;

/// Presses at one place that follow each other faster count together; as most desktops have it.
const AGAIN_MS: u64 = 400;
/// A fourth click begins anew.
const MOST_CLICKS: u8 = 3;

#[derive(Default)]
pub struct Pointer {
    /// The button whose press the agent got; without that it gets no drag and no release either.
    pub agent_button: Option<MouseButton>,
    last: Option<Press>,
    /// A press on the agent's picture that the agent did not get: dragging from there selects.
    pub pane: Option<PanePress>,
    /// The tab that is held, and the one whose place it was last given.
    pub tab: Option<(ConversationId, Option<ConversationId>)>,
}

struct Press {
    column: u16,
    row: u16,
    at_ms: u64,
    count: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PanePress {
    /// The cell of the picture.
    pub column: u16,
    pub row: u16,
    /// Where the keyboard was before: selecting does not move it.
    pub keyboard: Keyboard,
}

impl Pointer {
    /// Which click of a row of clicks this press is: 1, 2 or 3.
    pub fn press(&mut self, column: u16, row: u16, now_ms: u64) -> u8 {
        let before = self.last.take().filter(|last| {
            (last.column, last.row) == (column, row) && now_ms <= last.at_ms + AGAIN_MS && last.count < MOST_CLICKS
        });
        let count = before.map_or(1, |last| last.count + 1);
        self.last = Some(Press { column, row, at_ms: now_ms, count });
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_presses_at_one_place_count_together_up_to_three() {
        let mut pointer = Pointer::default();
        let presses = [(1, 1, 0), (1, 1, 300), (1, 1, 700), (1, 1, 800), (1, 1, 1_201), (2, 1, 1_300), (2, 1, 1_400)];
        assert_eq!(presses.map(|(column, row, at)| pointer.press(column, row, at)), [1, 2, 3, 1, 1, 1, 2]);
    }
}
