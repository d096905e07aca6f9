//! What passes on a view: the keys of one session in, its pictures out.

use super::Rest;
use crate::domain::id::{Timestamp, TurnNumber};
use crate::terminal::frame::{FrameDelta, Size, TextRow};
use crate::terminal::keys::{Focus, Key, Mouse};
use serde::{Deserialize, Serialize};

/// From a client on a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewInput {
    Key(Key),
    Paste(String),
    Mouse(Mouse),
    Focus(Focus),
    Resize(Size),
    /// Moves this view in the scrollback; other views stay where they are.
    Scroll(Scroll),
    /// Moves this view to where this turn began, which is told in a picture, or by `ViewOutput::NoPlace`.
    ToTurn {
        turn: TurnNumber,
        started_at: Option<Timestamp>,
    },
    /// All rows of the session as text, those above the screen too. Brings `ViewOutput::Text`.
    ReadText,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scroll {
    Up(u32),
    Down(u32),
    PageUp,
    PageDown,
    Top,
    /// Back to the live screen.
    Live,
    /// The row with this number (`ScrollPosition::left`) is the first that is shown, as far as there are rows.
    ToRow(i64),
}

/// From the host on a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewOutput {
    Frame(FrameDelta),
    /// Where this turn began is not known, or not kept any more; the view stays where it is.
    NoPlace {
        turn: TurnNumber,
    },
    /// The rows follow those of the part before; `first` is the number of the very first one.
    Text {
        first: i64,
        rows: Vec<TextRow>,
        rest: Rest,
    },
    /// The process is gone; nothing follows.
    Ended,
}
