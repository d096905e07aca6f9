//! Turns the bytes of a program into a screen: what others see of it. This folder alone names the emulator crate.
//!
//! Change here: what a screen can be asked for, and what it tells. Not here: what a control does (`emulator/control.rs`), what is taken out of
//! the bytes before (`filter.rs`), or packing old rows (`scrollback.rs`).
//!
//! What alacritty_terminal 0.26 needs and gets here: sizes of at least 2x2 (it loops without end on one column), no cut characters
//! (`filter.rs`), at most 16 combining marks a cell, at most a screen of repeats (REP), its history drained before it grows, its cursor put back
//! after a resize (`emulator/resize.rs`), and a new screen should it panic.

use super::clean::clean;
use super::excerpt::Cap;
use super::filter::{Filter, Heard};
use super::frame::{Frame, Size, TextRow};
use super::modes::{Modes, Switched};
use super::replies::Colors;
use emulation::Emulation;
use engine::Engine;
pub use place::Mark;
use resize::clamp;

mod cells;
mod changes;
mod control;
mod emulation;
mod engine;
mod history;
mod keyboard;
mod margins;
mod picture;
mod place;
mod plain_text;
mod resize;
mod sgr;

/// Whether the program status protocol is understood: answered here, not told.
const PROGRAM_STATUS_QUERY: &[u8] = b"7501;?";

/// The scrollback holds some 2 MB of usual text. This bounds what a hostile one costs whoever reads it as a whole.
const MOST_TEXT_BYTES: usize = 8 << 20;

/// The screen of one session.
pub struct Screen {
    size: Size,
    filter: Filter,
    engine: Engine,
}

/// What was used of the bytes, and what was told at that place.
#[derive(Debug, PartialEq, Eq)]
pub struct Fed {
    pub used: usize,
    pub told: Option<Told>,
}

/// What a program told its terminal beside text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The payload of OSC 7, 9, 99, 133, 777, 7501 or 7502: what stands between `ESC ]` and the terminator. Untrusted.
    /// Not the query of 7501, which is answered.
    Osc(Vec<u8>),
    /// A window title, cleaned; an empty one takes the title away.
    Title(String),
    /// One or more bells in a row.
    Bell,
    /// Bracketed paste is another way than before, but for a reset, which tells of itself.
    BracketedPaste(Switched),
    /// RIS: text, modes and whatever else was told before no longer hold.
    Reset,
}

impl Screen {
    pub fn new(size: Size) -> Screen {
        let size = clamp(size);
        Screen { size, filter: Filter::default(), engine: Engine::new(size) }
    }

    pub fn size(&self) -> Size {
        self.size
    }

    /// Gives the screen another size, within 2x2 and 1000x500; lines are wrapped anew.
    pub fn resize(&mut self, size: Size) {
        let size = clamp(size);
        if size != self.size {
            self.size = size;
            self.engine.resize(size);
        }
    }

    /// Takes bytes of the program up to and including the first thing told. Call again until all are used.
    ///
    /// Nothing waits in a buffer, not even in a synchronized update: when something is told, the screen shows exactly what came before it.
    pub fn feed(&mut self, bytes: &[u8]) -> Fed {
        let mut used = 0;
        while used < bytes.len() {
            let engine = &mut self.engine;
            let (more, heard) = self.filter.feed(&bytes[used..], |slice| engine.advance(slice));
            used += more;
            let Some(heard) = heard else { break };
            let Emulation { replies, colors, .. } = &mut engine.emulation;
            let told = match heard {
                Heard::Bell => Told::Bell,
                Heard::Mark(payload) if payload == PROGRAM_STATUS_QUERY => {
                    replies.program_status();
                    continue;
                }
                Heard::Mark(payload) => Told::Osc(payload),
                Heard::Title(title) => Told::Title(clean(&String::from_utf8_lossy(&title))),
                Heard::Colors(payload, terminator) => {
                    replies.colors(&payload, terminator, colors);
                    continue;
                }
                Heard::VersionQuery => {
                    replies.version();
                    continue;
                }
                Heard::PasteMode => match engine.emulation.take_paste_switch() {
                    Some(switched) => Told::BracketedPaste(switched),
                    None => continue,
                },
                Heard::Reset => Told::Reset,
                Heard::Repeat(count) => {
                    engine.repeat(usize::from(count));
                    continue;
                }
            };
            return Fed { used, told: Some(told) };
        }
        Fed { used, told: None }
    }

    /// Answers for the pty, in the order of the questions.
    pub fn take_replies(&mut self) -> Vec<u8> {
        self.engine.emulation.replies.take()
    }

    /// The colours that OSC 4, 10 and 11 questions are answered with; without them there is no answer.
    pub fn set_colors(&mut self, colors: Colors) {
        self.engine.emulation.colors = colors;
    }

    /// The picture `up` rows above the live screen, as far up as there are rows.
    pub fn frame(&self, up: u32) -> Frame {
        self.engine.emulation.frame(self.size, up)
    }

    /// The rows of the live screen as text, blanks at their ends left out: what `frame(0)` shows without its looks, for a fraction of the
    /// work. A row that wraps is not joined with the next one.
    pub fn visible_text(&self) -> Vec<String> {
        self.engine.emulation.visible_text()
    }

    /// Every row that is kept, as text, and the number of the first; of a very long text the newest rows.
    pub fn whole_text(&self) -> (i64, Vec<TextRow>) {
        self.engine.emulation.whole_text(MOST_TEXT_BYTES)
    }

    /// Another number whenever the picture may have changed.
    pub fn revision(&self) -> u64 {
        self.engine.revision
    }

    /// Rows that ever left the primary screen upwards. While it grows by n, a view `up` rows above shows the same text at `up` + n.
    pub fn scrolled_rows(&self) -> u64 {
        self.engine.emulation.scrolled_rows()
    }

    pub fn modes(&self) -> Modes {
        self.engine.emulation.modes()
    }

    /// Ends a synchronized update whose end did not come in time.
    pub fn end_sync(&mut self) {
        self.engine.emulation.sync = false;
    }

    /// The place of the cursor. On the alternate screen there is no place worth remembering.
    pub fn mark(&self) -> Mark {
        Mark(self.engine.emulation.place())
    }

    /// The text of the primary screen from a mark to the cursor, as lines, blanks at their ends left out.
    ///
    /// Longer text keeps `cap.head` bytes of its beginning and `cap.tail` of its end, the number of bytes between them told; characters
    /// stay whole. If the beginning is gone (older than the scrollback, or cleared), the text begins with the oldest line left
    /// and the lost bytes are in the number, which then is at least 1. None while the alternate screen shows, if it showed at the mark,
    /// and if the cursor stands before the mark, because the text was drawn over.
    pub fn text_since(&self, mark: &Mark, cap: Cap) -> Option<(String, u64)> {
        self.engine.emulation.text_since(&mark.0?, cap)
    }

    /// How far a view must go up for the place to stand in its first row; 0 where it stands on the live screen. None while the alternate
    /// screen shows, and where the place is older than the scrollback or was none.
    pub fn rows_up_to(&self, mark: &Mark) -> Option<u32> {
        self.engine.emulation.rows_up_to(&mark.0?)
    }

    /// Gives back memory before a long quiet: packs most rows and frees the emulator's spare ones. The next output takes some back.
    pub fn rest(&mut self) {
        self.engine.emulation.rest();
    }

    /// Panics of the emulator, each of which cost the screen's content.
    pub fn panics(&self) -> u64 {
        self.engine.panics
    }

    /// Answers dropped because nobody took those before them.
    pub fn dropped_replies(&self) -> u64 {
        self.engine.emulation.replies.dropped()
    }

    /// Memory of packed rows.
    pub fn scrollback_bytes(&self) -> usize {
        self.engine.emulation.scrollback.held_bytes()
    }
}

#[cfg(test)]
mod tests;
