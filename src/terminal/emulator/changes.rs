//! Brings a picture up to date by the rows that changed: after a key that is one row instead of a whole screen.
//!
//! The emulator notes which rows it touched; text that goes past its parser (`plain_text.rs`) is written in the cursor's row, which it
//! notes always. Not here: what a row looks like (`cells.rs`), or making a whole picture (`picture.rs`).

use alacritty_terminal::index::Line as GridLine;
use alacritty_terminal::term::TermDamage;

use super::Screen;
use super::cells::scan;
use super::emulation::Emulation;
use crate::terminal::frame::{Frame, FrameDelta};

/// For each row of the live screen the revision at which it was last found touched. Several viewers look at different times.
#[derive(Debug, Default)]
pub(super) struct Changes {
    touched: Vec<u64>,
}

impl Changes {
    /// Takes over what the emulator has noted since this was called last.
    fn collect(&mut self, damage: TermDamage<'_>, height: usize, revision: u64) {
        match damage {
            TermDamage::Partial(lines) if self.touched.len() == height => {
                for line in lines {
                    // Writing over a wide character changes what the row above says of its end, which is not noted.
                    for touched in self.touched.iter_mut().take(line.line + 1).skip(line.line.saturating_sub(1)) {
                        *touched = revision;
                    }
                }
            }
            TermDamage::Partial(_) | TermDamage::Full => {
                self.touched.clear();
                self.touched.resize(height, revision);
            }
        }
    }
}

impl Screen {
    /// Makes a picture of the live screen, taken at this revision or later, the present one, and returns what differs; none where nothing
    /// does. A picture of another size or another place cannot be brought up to date (`frame` makes a new one).
    pub fn update(&mut self, seen: &mut Frame, since: u64) -> Option<FrameDelta> {
        let revision = self.engine.revision;
        self.engine.emulation.update(seen, since, revision)
    }
}

impl Emulation {
    fn update(&mut self, seen: &mut Frame, since: u64, revision: u64) -> Option<FrameDelta> {
        self.changes.collect(self.term.damage(), usize::from(seen.size.rows), revision);
        self.term.reset_damage();
        let mut rows = Vec::new();
        for ((number, touched), shown) in (0u16..).zip(&self.changes.touched).zip(&mut seen.rows) {
            if *touched > since {
                scan(&self.term.grid()[GridLine(i32::from(number))], &mut self.scratch);
                let row = self.scratch.row();
                if row != *shown {
                    shown.clone_from(&row);
                    rows.push((number, row));
                }
            }
        }
        let (cursor, scroll, clicks) = (self.cursor(), self.scroll_position(0), self.clicks());
        let same = rows.is_empty() && cursor == seen.cursor && scroll == seen.scroll && clicks == seen.clicks;
        (seen.cursor, seen.scroll, seen.clicks) = (cursor, scroll, clicks);
        (!same).then_some(FrameDelta { size: seen.size, rows, cursor, scroll, clicks })
    }
}
