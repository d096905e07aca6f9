//! The text of a turn or a command, put together from rows: whole lines, and of too much the beginning and the end.
//!
//! Change here: how rows become lines of text and what is left out. Not here: which rows (`emulator/place.rs`).

use super::line;

/// How many bytes of a text are kept at its beginning and at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    pub head: usize,
    pub tail: usize,
}

/// A text while it is put together. Never holds much more than its cap.
#[derive(Debug)]
pub struct Excerpt {
    cap: Cap,
    /// Cells of the first line that lie before the place where the text begins.
    skip: u64,
    head: String,
    head_is_full: bool,
    tail: String,
    cut_bytes: u64,
    /// Blanks that count only if more of the line follows.
    blanks: usize,
}

impl Excerpt {
    /// A text that begins so many cells into its first line.
    pub fn new(cap: Cap, skip: u64) -> Excerpt {
        Excerpt { cap, skip, head: String::new(), head_is_full: false, tail: String::new(), cut_bytes: 0, blanks: 0 }
    }

    /// Counts text that was there and is gone.
    pub fn miss(&mut self, bytes: u64) {
        self.cut_bytes += bytes;
    }

    /// Adds a row that ends its line, or does not.
    pub fn row(&mut self, text: &str, wrapped: bool) {
        self.part(text);
        if !wrapped {
            self.skip = 0;
            self.blanks = 0;
            self.push("\n");
        }
    }

    /// Adds text of a line that goes on.
    pub fn part(&mut self, text: &str) {
        let mut text = text;
        if self.skip > 0 {
            let cells = line::text_cells(text) as u64;
            text = line::skip_cells(text, usize::try_from(self.skip).unwrap_or(usize::MAX));
            self.skip = self.skip.saturating_sub(cells);
        }
        let trimmed = text.trim_end_matches(' ');
        if !trimmed.is_empty() {
            self.push_blanks();
            self.push(trimmed);
        }
        self.blanks += text.len() - trimmed.len();
    }

    /// The text, and how many bytes were left out of it after its head.
    pub fn finish(mut self) -> (String, u64) {
        self.cut_tail(self.cap.tail);
        self.head.push_str(&self.tail);
        (self.head, self.cut_bytes)
    }

    fn push_blanks(&mut self) {
        const BLANKS: &str = "                                                                ";
        while self.blanks > 0 {
            let some = self.blanks.min(BLANKS.len());
            self.push(&BLANKS[..some]);
            self.blanks -= some;
        }
    }

    fn push(&mut self, text: &str) {
        let mut rest = text;
        if !self.head_is_full {
            let fits = text.floor_char_boundary(self.cap.head - self.head.len());
            let (fitting, over) = text.split_at(fits);
            self.head.push_str(fitting);
            self.head_is_full = !over.is_empty();
            rest = over;
        }
        self.tail.push_str(rest);
        // Cutting now and then costs less than cutting every time.
        if self.tail.len() > 2 * self.cap.tail + 1024 {
            self.cut_tail(self.cap.tail);
        }
    }

    fn cut_tail(&mut self, keep: usize) {
        let cut = self.tail.ceil_char_boundary(self.tail.len().saturating_sub(keep));
        self.tail.drain(..cut);
        self.cut_bytes += cut as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Cap = Cap { head: 100, tail: 100 };

    #[test]
    fn rows_become_lines_without_blanks_at_their_ends() {
        let mut excerpt = Excerpt::new(WIDE, 2);
        for (text, wrapped) in [("$ ab  ", true), ("  cd  ", false), ("   ", false), ("e", false)] {
            excerpt.row(text, wrapped);
        }
        excerpt.part("last ");
        assert_eq!(excerpt.finish(), ("ab    cd\n\ne\nlast".to_owned(), 0));
    }

    #[test]
    fn head_and_tail_stay_and_no_character_is_cut() {
        let cap = Cap { head: 4, tail: 5 };
        for count in 0..12 {
            let text = "日".repeat(count);
            let mut excerpt = Excerpt::new(cap, 0);
            excerpt.part(&text);
            let (kept, cut) = excerpt.finish();
            assert_eq!(kept.len() as u64 + cut, text.len() as u64, "{count}");
            assert_eq!(cut > 0, count > 2, "{count}: {kept}");
        }
        let mut excerpt = Excerpt::new(cap, 0);
        (0..10_000).for_each(|number| excerpt.row(&format!("{number:04}"), false));
        assert_eq!(excerpt.finish(), ("00009999\n".to_owned(), 49_991));
    }
}
