//! Writes plain text, coloured or not, into the grid past the parser: most of what a flood is, and several times as fast.
//!
//! Change here: which bytes go past the parser and how they fill cells. Not here: what any other byte does (the parser's `Handler`),
//! which attributes are read (`sgr.rs`).
//!
//! The result must be what the parser and `Term::input` make of the same bytes; `tests.rs` compares the two. Text is plain only in the parser's
//! ground state, and there is no asking it. But `filter.rs` lets no string through, so a letter ends whatever sequence there is, and after
//! it only an ESC begins one. Where that does not tell, the bytes go to the parser.

use alacritty_terminal::grid::{Charsets, Dimensions};
use alacritty_terminal::index::Column;
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::vte::ansi::{Handler, Processor};

use super::emulation::Emulation;
use super::engine::NeverWait;
use super::sgr::Sgr;

const ESCAPE: u8 = 0x1b;
/// Bytes looked at in one go, without a branch for each. Text shorter than that is as fast through the parser.
const SIXTEEN: usize = 16;
/// The parser (vte 0.15) looks for the next ESC in all that it is given, again behind each byte that is no UTF-8: a screenful of those in one
/// read cost it seconds a megabyte. In pieces of this size it costs nothing that is felt.
const PARSED_AT_ONCE: usize = 512;
/// Writing over half a wide character changes the other half too.
const WIDE: Flags = Flags::WIDE_CHAR.union(Flags::WIDE_CHAR_SPACER);

/// How much of these bytes the parser is given, cut between characters.
fn piece_end(bytes: &[u8]) -> usize {
    if bytes.len() <= PARSED_AT_ONCE {
        return bytes.len();
    }
    let is_within = |end: &usize| matches!(bytes[*end], 0x80..=0xbf);
    // A character has four bytes at most; where more of these follow each other they are none.
    (PARSED_AT_ONCE - 3..=PARSED_AT_ONCE).rev().find(|end| !is_within(end)).unwrap_or(PARSED_AT_ONCE)
}

/// The way of plain text past one parser.
#[derive(Debug, Default)]
pub(super) struct Shortcut {
    /// The parser is known to be in its ground state.
    is_ground: bool,
    /// The last character that went past the parser, which it must know should a REP come (`CSI b`).
    unseen: Option<u8>,
    /// Everything goes to the parser.
    #[cfg(test)]
    pub closed: bool,
}

impl Shortcut {
    /// Takes bytes that end with a whole character.
    pub fn advance(&mut self, parser: &mut Processor<NeverWait>, emulation: &mut Emulation, bytes: &[u8]) {
        #[cfg(test)]
        if self.closed {
            return parser.advance(emulation, bytes);
        }
        let mut rest = bytes;
        loop {
            if self.is_ground {
                let plain = self.write_plain(emulation, rest);
                rest = &rest[plain..];
            }
            if rest.is_empty() {
                return;
            }
            if let Some(unseen) = self.unseen.take() {
                parser.advance(&mut Nothing, &[unseen]);
            }
            let others = self.before_plain(rest);
            let mut parsed = 0;
            while parsed < others {
                let piece = &rest[parsed..others];
                let piece = &piece[..piece_end(piece)];
                parser.advance(emulation, piece);
                parsed += piece.len();
            }
            rest = &rest[others..];
        }
    }

    /// Writes the plain text that comes first, up to another byte. Returns how long it is.
    fn write_plain(&mut self, emulation: &mut Emulation, bytes: &[u8]) -> usize {
        let mut used = 0;
        while let Some(byte) = bytes.get(used) {
            match byte {
                b' '..=b'~' => {
                    let run = &bytes[used..used + count_printable(&bytes[used..])];
                    emulation.write_run(run);
                    self.unseen = run.last().copied();
                    used += run.len();
                    continue;
                }
                b'\n' => emulation.linefeed(),
                b'\r' => emulation.carriage_return(),
                b'\t' => emulation.put_tab(1),
                &ESCAPE => {
                    let Some(sgr) = Sgr::read(&bytes[used..]) else { break };
                    used += sgr.bytes;
                    sgr.attributes().for_each(|attribute| emulation.terminal_attribute(attribute));
                    continue;
                }
                _ => break,
            }
            used += 1;
        }
        used
    }

    /// How many bytes the parser must have before plain text comes that is worth the shortcut.
    fn before_plain(&mut self, bytes: &[u8]) -> usize {
        let mut from = 0;
        while let Some(some) = bytes[from..].first_chunk::<SIXTEEN>() {
            // After a byte above ASCII the parser may hold a cut character; it takes the next byte to know.
            let is_whole = from == 0 || bytes[from - 1] < 0x80;
            if self.is_ground && is_whole && are_all(some, is_plain) {
                return from;
            }
            self.follow(some);
            from += SIXTEEN;
        }
        self.follow(&bytes[from..]);
        bytes.len()
    }

    /// Knows more or less after these bytes.
    fn follow(&mut self, bytes: &[u8]) {
        let after_escape = match memchr::memrchr(ESCAPE, bytes) {
            Some(escape) => {
                self.is_ground = false;
                &bytes[escape + 1..]
            }
            None => bytes,
        };
        self.is_ground |= !are_all(after_escape, |byte| !ends_sequence(byte));
    }
}

/// Whether this byte leaves the parser in its ground state wherever it was. All of vte's do that from 0x30 after `ESC`, from 0x40 after
/// `ESC [`; not those that begin something longer.
fn ends_sequence(byte: u8) -> bool {
    matches!(byte, b'@'..=b'O' | b'Q'..=b'W' | b'Y' | b'Z' | b'\\' | b'`'..=b'~')
}

fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

fn is_plain(byte: u8) -> bool {
    is_printable(byte) | matches!(byte, b'\t' | b'\n' | b'\r')
}

#[inline]
fn are_all(bytes: &[u8], is_so: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(true, |all, byte| all & is_so(*byte))
}

fn count_printable(bytes: &[u8]) -> usize {
    let count = SIXTEEN * bytes.chunks_exact(SIXTEEN).take_while(|some| are_all(some, is_printable)).count();
    count + bytes[count..].iter().take_while(|byte| is_printable(**byte)).count()
}

/// Sees what the parser reads and does nothing.
struct Nothing;

impl Handler for Nothing {}

impl Emulation {
    /// Writes printable ASCII at the cursor, as so many calls of `input` would.
    fn write_run(&mut self, mut run: &[u8]) {
        while let Some(first) = run.first() {
            let written = self.write_in_row(run);
            if written == 0 {
                self.input(char::from(*first));
            }
            run = &run[written.max(1)..];
        }
    }

    /// Writes what fits into the row, up to the first cell that takes more than writing. Returns how much.
    fn write_in_row(&mut self, run: &[u8]) -> usize {
        let is_inserting = self.has(TermMode::INSERT);
        let columns = self.term.columns();
        let grid = self.term.grid_mut();
        let cursor = &grid.cursor;
        let template = &cursor.template;
        let is_plain = template.extra.is_none() && cursor.charsets == Charsets::default();
        if is_inserting || cursor.input_needs_wrap || !is_plain {
            return 0;
        }
        let (line, column) = (cursor.point.line, cursor.point.column.0);
        let (foreground, background, flags) = (template.fg, template.bg, template.flags);
        let fitting = run.len().min(columns - column);
        let cells = &mut grid[line][Column(column)..Column(column + fitting)];
        let is_simple = cells.iter().fold(true, |all, cell| all & !cell.flags.intersects(WIDE) & cell.extra.is_none());
        let writable = if is_simple {
            fitting
        } else {
            cells.iter().position(|cell| cell.flags.intersects(WIDE) || cell.extra.is_some()).unwrap_or(fitting)
        };
        for (cell, byte) in cells.iter_mut().zip(&run[..writable]) {
            cell.c = char::from(*byte);
            cell.fg = foreground;
            cell.bg = background;
            cell.flags = flags;
        }
        let cursor = &mut grid.cursor;
        cursor.input_needs_wrap = column + writable == columns;
        cursor.point.column = Column((column + writable).min(columns - 1));
        writable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parser_gets_pieces_of_whole_characters() {
        for text in ["x", "é", "日", "🦀"] {
            for before in ["", "a", "ab", "abc"] {
                let bytes = format!("{before}{}", text.repeat(PARSED_AT_ONCE)).into_bytes();
                let end = piece_end(&bytes);
                assert!((PARSED_AT_ONCE - 3..=PARSED_AT_ONCE).contains(&end), "{text} {end}");
                assert!(std::str::from_utf8(&bytes[..end]).is_ok(), "{before}{text}");
            }
        }
        assert_eq!(piece_end(&[0x80; 4096]), PARSED_AT_ONCE);
        assert_eq!(piece_end(b"short"), 5);
    }
}
