//! The emulator's screen with what we keep and answer beside it, and its change to the alternate screen and back.
//!
//! Change here: what belongs to a screen and how it begins. Not here: what changes it (`control.rs`, `plain_text.rs`, `resize.rs`), or looking
//! at it (`picture.rs`, `place.rs`).

use alacritty_terminal::event::VoidListener;
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::term::{Config, Term, TermMode};
use alacritty_terminal::vte::ansi::{Handler, NamedPrivateMode};

use super::super::frame::Size;
use super::super::line::Line;
use super::super::modes::Switched;
use super::super::replies::{Colors, Replies};
use super::super::scrollback::Scrollback;
use super::changes::Changes;
use super::history::NO_LIMIT;
use super::keyboard::Keyboard;
use super::margins::Margins;
use super::resize::Dimension;

/// The emulator's screen with what we keep and answer beside it.
pub(super) struct Emulation {
    pub(super) term: Term<VoidListener>,
    pub(super) scrollback: Scrollback,
    pub(super) replies: Replies,
    pub(super) colors: Colors,
    pub(super) keyboard: Keyboard,
    /// The keyboard of the screen that does not show.
    pub(super) other_keyboard: Keyboard,
    pub(super) margins: Margins,
    pub(super) sync: bool,
    /// Bracketed paste as it was told last.
    pub(super) told_paste: bool,
    /// Rows taken out of the emulator's history, packed or cleared.
    pub(super) taken_rows: u64,
    /// Rows of the primary screen's history while the alternate one shows.
    pub(super) parked_history: usize,
    /// Rows of history that the primary screen can hold before the emulator allocates.
    pub(super) room: usize,
    /// Rows by which resizing has made the history shorter; they have not come back to be counted twice.
    pub(super) resized_rows: i64,
    pub(super) changes: Changes,
    /// Spared allocations.
    pub(super) scratch: Line,
}

impl Emulation {
    pub(super) fn new(size: Size) -> Emulation {
        Emulation {
            term: new_term(size),
            scrollback: Scrollback::new(usize::from(size.columns)),
            replies: Replies::default(),
            colors: Colors::default(),
            keyboard: Keyboard::default(),
            other_keyboard: Keyboard::default(),
            margins: Margins::default(),
            sync: false,
            told_paste: false,
            taken_rows: 0,
            parked_history: 0,
            room: 0,
            resized_rows: 0,
            changes: Changes::default(),
            scratch: Line::default(),
        }
    }

    /// An empty screen in the place of a broken one. Packed rows stay.
    pub(super) fn start_over(&mut self, size: Size) {
        // The history that is lost has scrolled all the same.
        self.taken_rows = self.scrolled_rows();
        self.resized_rows = 0;
        self.term = new_term(size);
        self.keyboard = Keyboard::default();
        self.other_keyboard = Keyboard::default();
        self.margins = Margins::default();
        self.sync = false;
        self.told_paste = false;
        self.parked_history = 0;
        self.room = 0;
        self.scrollback.set_columns(usize::from(size.columns));
    }

    pub(super) fn has(&self, mode: TermMode) -> bool {
        self.term.mode().contains(mode)
    }

    pub(super) fn shows_alternate(&self) -> bool {
        self.has(TermMode::ALT_SCREEN)
    }

    /// How often a character can be repeated before nothing else is to be seen: no sequence does more work than a screen is large. While
    /// inserting, each one moves the rest of its row, and a row of them is as much work as a screen.
    pub(super) fn repeats_seen(&self) -> usize {
        let rows = if self.has(TermMode::INSERT) { 1 } else { self.term.screen_lines() };
        rows * self.term.columns()
    }

    /// How bracketed paste has changed since the last call or reset.
    pub(super) fn take_paste_switch(&mut self) -> Option<Switched> {
        let paste = self.has(TermMode::BRACKETED_PASTE);
        let was = std::mem::replace(&mut self.told_paste, paste);
        (paste != was).then_some(if paste { Switched::On } else { Switched::Off })
    }

    pub(super) fn enter_alternate(&mut self) {
        if !self.shows_alternate() {
            self.parked_history = self.term.history_size();
            self.term.set_private_mode(NamedPrivateMode::SwapScreenAndSetRestoreCursor.into());
            std::mem::swap(&mut self.keyboard, &mut self.other_keyboard);
        }
    }

    pub(super) fn leave_alternate(&mut self) {
        if self.shows_alternate() {
            let left = self.left_rows();
            self.term.unset_private_mode(NamedPrivateMode::SwapScreenAndSetRestoreCursor.into());
            std::mem::swap(&mut self.keyboard, &mut self.other_keyboard);
            // It may have been resized meanwhile.
            self.count_resized(left);
            self.drop_spare_rows();
        }
    }
}

fn new_term(size: Size) -> Term<VoidListener> {
    // The emulator answers nothing by itself: its events go nowhere.
    let config = Config { scrolling_history: NO_LIMIT, ..Config::default() };
    Term::new(config, &Dimension(size), VoidListener)
}

pub(super) fn as_line(rows: usize) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
}
