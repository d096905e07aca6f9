//! Drives the parser over an emulation, and starts over should the emulator panic.
//!
//! Change here: what happens on a panic. Not here: which bytes come (`filter.rs`), or what they do (`control.rs`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use alacritty_terminal::vte::ansi::{Processor, Timeout};

use super::super::frame::Size;
use super::emulation::Emulation;
use super::plain_text::Shortcut;

/// The parser with what it works on, kept alive over a panic.
pub(super) struct Engine {
    parser: Processor<NeverWait>,
    pub(super) shortcut: Shortcut,
    pub(super) emulation: Emulation,
    size: Size,
    pub(super) revision: u64,
    pub(super) panics: u64,
}

impl Engine {
    pub(super) fn new(size: Size) -> Engine {
        Engine {
            parser: Processor::new(),
            shortcut: Shortcut::default(),
            emulation: Emulation::new(size),
            size,
            revision: 0,
            panics: 0,
        }
    }

    pub(super) fn advance(&mut self, bytes: &[u8]) {
        self.guard(|parser, shortcut, emulation| shortcut.advance(parser, emulation, bytes));
    }

    /// REP, as often as it can be seen.
    pub(super) fn repeat(&mut self, count: usize) {
        let count = count.min(self.emulation.repeats_seen());
        self.advance(format!("\x1b[{count}b").as_bytes());
    }

    pub(super) fn resize(&mut self, size: Size) {
        self.size = size;
        self.guard(|_, _, emulation| emulation.resize(size));
    }

    /// A panic in the emulator costs this screen its content, not the host its life.
    pub(super) fn guard(&mut self, work: impl FnOnce(&mut Processor<NeverWait>, &mut Shortcut, &mut Emulation)) {
        self.revision += 1;
        let Engine { parser, shortcut, emulation, .. } = self;
        // What the emulator may leave broken is thrown away below.
        if catch_unwind(AssertUnwindSafe(|| work(parser, shortcut, emulation))).is_err() {
            self.panics += 1;
            self.parser = Processor::new();
            self.shortcut = Shortcut::default();
            self.emulation.start_over(self.size);
        }
    }
}

/// Never lets the parser hold bytes back in a synchronized update: marks in it would be told before the text around them shows.
/// The owner holds pictures back instead (`Modes::sync`).
#[derive(Debug, Default)]
pub(super) struct NeverWait;

impl Timeout for NeverWait {
    fn set_timeout(&mut self, _: Duration) {}
    fn clear_timeout(&mut self) {}
    fn pending_timeout(&self) -> bool {
        false
    }
}
