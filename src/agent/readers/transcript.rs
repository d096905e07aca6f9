//! The lines of a transcript as they are appended: never half a line, never an endless one.
//!
//! Not here: what a line means (`json_rule.rs`), or following the file (host).

use serde::{Deserialize, Serialize};
use std::mem;

/// A line that is longer holds a picture or a whole file; no rule asks for those.
const MOST_LINE_BYTES: usize = 1024 * 1024;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Lines {
    /// The beginning of a line whose end was not written yet.
    part: Vec<u8>,
    /// The line goes beyond the cap and is passed over to its end.
    too_long: bool,
}

impl Lines {
    /// The lines that are whole with these bytes; those that are not UTF-8 are left out.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.add(&rest[..end]);
            rest = &rest[end + 1..];
            let line = mem::take(&mut self.part);
            if !mem::take(&mut self.too_long) && !line.is_empty() {
                lines.extend(String::from_utf8(line));
            }
        }
        self.add(rest);
        lines
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.too_long || self.part.len() + bytes.len() > MOST_LINE_BYTES {
            self.too_long = true;
            self.part = Vec::new();
        } else {
            self.part.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_whole_lines_come_out() {
        let mut lines = Lines::default();
        assert_eq!(lines.take(b"{\"a\":"), Vec::<String>::new());
        assert_eq!(lines.take(b"1}\n\n\xff\nx\nhal"), ["{\"a\":1}", "x"]);
        assert_eq!(lines.take(b"f\n"), ["half"]);
    }

    #[test]
    fn an_endless_line_costs_no_memory_and_harms_no_other() {
        let mut lines = Lines::default();
        for _ in 0..40 {
            assert_eq!(lines.take(&[b'x'; 64 * 1024]), Vec::<String>::new());
            assert!(lines.part.len() <= MOST_LINE_BYTES);
        }
        assert_eq!(lines.take(b"end\nnext\n"), ["next"]);
        let whole = [&[b'y'; MOST_LINE_BYTES][..], b"\n"].concat();
        assert_eq!(lines.take(&whole)[0].len(), MOST_LINE_BYTES);
    }

    proptest! {
        #[test]
        fn the_pieces_in_which_bytes_come_do_not_matter(text in "[ab\n]{0,60}", cuts in proptest::collection::vec(0usize..60, 0..6)) {
            let mut at: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            at.sort();
            at.push(text.len());
            let mut pieces = Lines::default();
            let mut from = 0;
            let mut read = Vec::new();
            for to in at {
                read.extend(pieces.take(&text.as_bytes()[from..to]));
                from = to;
            }
            prop_assert_eq!(read, Lines::default().take(text.as_bytes()));
        }
    }
}
