//! One row of a screen as text with styles: what the emulator's cells, the scrollback's blocks and the rows of a frame have in common.
//!
//! Change here: how a row is encoded in the scrollback, and how text is laid in cells when it is shown or wrapped anew.
//! Not here: keeping encoded rows (`scrollback.rs`).

use std::str::Chars;

use unicode_width::UnicodeWidthChar;

use super::frame::{Color, Row, Run, RunWidth, Style};

/// A row. Blanks at its end that look like nothing are left out, unless the next row continues the line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    pub text: String,
    /// Styles from the left; text beyond the last span has the default style.
    pub spans: Vec<Span>,
    /// The next row continues this line.
    pub wrapped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub bytes: u32,
    pub style: Style,
}

/// A character with its combining marks, and the cells it fills.
struct Cluster<'a> {
    text: &'a str,
    cells: usize,
}

/// Cuts text into what fills one cell or two.
struct Clusters<'a>(Chars<'a>);

impl<'a> Iterator for Clusters<'a> {
    type Item = Cluster<'a>;

    fn next(&mut self) -> Option<Cluster<'a>> {
        let whole = self.0.as_str();
        let cells = cells_of(self.0.next()?);
        let mut rest = self.0.as_str();
        // Whatever has no width of its own belongs to the character before it, as in the emulator.
        while !rest.is_empty() && self.0.next().is_some_and(|next| cells_of(next) == 0) {
            rest = self.0.as_str();
        }
        self.0 = rest.chars();
        Some(Cluster { text: &whole[..whole.len() - rest.len()], cells: cells.max(1) })
    }
}

/// The emulator's own rule for widths.
fn cells_of(character: char) -> usize {
    if character.is_ascii() { 1 } else { character.width().unwrap_or(0) }
}

impl Line {
    pub fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
        self.wrapped = false;
    }

    /// Gives everything from `from` to the end of the text this style.
    pub fn end_span(&mut self, from: usize, style: Style) {
        if let Ok(bytes) = u32::try_from(self.text.len() - from)
            && bytes > 0
        {
            self.spans.push(Span { bytes, style });
        }
    }

    pub fn cells(&self) -> usize {
        text_cells(&self.text)
    }

    /// The row as a frame has it.
    pub fn row(&self) -> Row {
        let mut runs = Vec::with_capacity(self.spans.len());
        for (style, text) in self.pieces() {
            push_runs(&mut runs, style, text);
        }
        Row { runs }
    }

    /// Joins the row that continues this line.
    pub fn append(&mut self, next: &Line) {
        let styled: usize = self.spans.iter().map(|span| span.bytes as usize).sum();
        if styled < self.text.len() && !next.spans.is_empty() {
            self.end_span(styled, Style::default());
        }
        self.text.push_str(&next.text);
        self.spans.extend_from_slice(&next.spans);
        self.wrapped = next.wrapped;
    }

    /// The line cut into rows of so many columns; never none.
    pub fn wrap(&self, columns: usize) -> Vec<Row> {
        let (mut rows, mut runs, mut filled) = (Vec::new(), Vec::new(), 0);
        for (style, text) in self.pieces() {
            let mut begin = 0;
            let mut at = 0;
            for cluster in Clusters(text.chars()) {
                if filled > 0 && filled + cluster.cells > columns {
                    push_runs(&mut runs, style, &text[begin..at]);
                    rows.push(Row { runs: std::mem::take(&mut runs) });
                    (begin, filled) = (at, 0);
                }
                filled += cluster.cells;
                at += cluster.text.len();
            }
            push_runs(&mut runs, style, &text[begin..]);
        }
        rows.push(Row { runs });
        rows
    }

    /// How many rows `wrap` makes.
    pub fn wrapped_rows(&self, columns: usize) -> usize {
        if self.text.is_ascii() {
            return self.text.len().div_ceil(columns.max(1)).max(1);
        }
        let (mut rows, mut filled) = (1, 0);
        for cluster in Clusters(self.text.chars()) {
            if filled > 0 && filled + cluster.cells > columns {
                (rows, filled) = (rows + 1, 0);
            }
            filled += cluster.cells;
        }
        rows
    }

    fn pieces(&self) -> impl Iterator<Item = (Style, &str)> {
        let mut at = 0usize;
        let spans = self.spans.iter().map(|span| (span.style, span.bytes as usize));
        // The last piece is what no span covers.
        spans.chain([(Style::default(), usize::MAX)]).filter_map(move |(style, bytes)| {
            let end = at.saturating_add(bytes).min(self.text.len());
            let piece = self.text.get(at..end).filter(|piece| !piece.is_empty())?;
            at = end;
            Some((style, piece))
        })
    }
}

/// A character with its combining marks, and where it lies in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellText<'t> {
    pub text: &'t str,
    /// Its first byte in the row's text.
    pub byte: usize,
    pub column: usize,
    pub cells: usize,
}

/// What fills the cells of a row, from the left.
pub fn cell_texts(text: &str) -> impl Iterator<Item = CellText<'_>> {
    let (mut byte, mut column) = (0, 0);
    Clusters(text.chars()).map(move |cluster| {
        let one = CellText { text: cluster.text, byte, column, cells: cluster.cells };
        (byte, column) = (byte + cluster.text.len(), column + cluster.cells);
        one
    })
}

pub fn text_cells(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { Clusters(text.chars()).map(|cluster| cluster.cells).sum() }
}

/// What is left of a text after its first cells. A wide character that is cut through goes too.
pub fn skip_cells(text: &str, cells: usize) -> &str {
    let mut skipped = 0;
    let mut bytes = 0;
    for cluster in Clusters(text.chars()) {
        if skipped >= cells {
            break;
        }
        skipped += cluster.cells;
        bytes += cluster.text.len();
    }
    &text[bytes..]
}

fn push_runs(runs: &mut Vec<Run>, style: Style, text: &str) {
    if text.is_ascii() {
        if !text.is_empty() {
            push_run(runs, style, RunWidth::Narrow, text);
        }
        return;
    }
    for Cluster { text, cells } in Clusters(text.chars()) {
        let is_one = text.chars().nth(1).is_none();
        let width = match (is_one, cells) {
            (true, 1) => RunWidth::Narrow,
            (true, _) => RunWidth::Wide,
            (false, cells) => RunWidth::Cluster(if cells == 1 { 1 } else { 2 }),
        };
        push_run(runs, style, width, text);
    }
}

fn push_run(runs: &mut Vec<Run>, style: Style, width: RunWidth, text: &str) {
    match runs.last_mut() {
        Some(last) if last.style == style && last.width == width && !matches!(width, RunWidth::Cluster(_)) => {
            last.text.push_str(text);
        }
        _ => runs.push(Run { style, width, text: text.to_owned() }),
    }
}

// A record: a number (text bytes, whether styled, whether wrapped), the text, and if styled the number of spans and the spans:
// bytes, flags, what kinds of colours, the colours. Numbers are little-endian groups of seven bits.

const WRAPPED: u32 = 1;
const STYLED: u32 = 2;
const RECORD_FLAGS: u32 = 2;

/// Adds a line to a block of records.
pub fn encode(line: &Line, block: &mut Vec<u8>) {
    let styled = line.spans.iter().any(|span| span.style != Style::default());
    // A row has at most 1,000 cells of at most 17 characters: the length has room.
    let length = u32::try_from(line.text.len()).unwrap_or(0);
    let flags = if line.wrapped { WRAPPED } else { 0 } | if styled { STYLED } else { 0 };
    push_number(block, (length << RECORD_FLAGS) | flags);
    block.extend_from_slice(line.text.as_bytes());
    if styled {
        push_number(block, u32::try_from(line.spans.len()).unwrap_or(0));
        for span in &line.spans {
            push_number(block, span.bytes);
            let Style { foreground, background, flags } = span.style;
            block.extend_from_slice(&[flags.to_le_bytes()[0], kind(foreground) | (kind(background) << 4)]);
            push_color(block, foreground);
            push_color(block, background);
        }
    }
}

/// A record in a block: its text is borrowed, its styles are decoded when asked for.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    pub text: &'a str,
    pub wrapped: bool,
    styles: &'a [u8],
    spans: u32,
}

impl Record<'_> {
    pub fn line(&self) -> Line {
        let mut styles = Bytes(self.styles);
        let spans = (0..self.spans).map_while(|_| styles.span()).collect();
        Line { text: self.text.to_owned(), spans, wrapped: self.wrapped }
    }
}

/// The records of a block in order. Bytes that are no record end it.
pub fn records(block: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut bytes = Bytes(block);
    std::iter::from_fn(move || bytes.record())
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn record(&mut self) -> Option<Record<'a>> {
        let head = self.number()?;
        let text = std::str::from_utf8(self.take((head >> RECORD_FLAGS) as usize)?).ok()?;
        let spans = if head & STYLED != 0 { self.number()? } else { 0 };
        let begin = self.0;
        for _ in 0..spans {
            self.span()?;
        }
        let styles = &begin[..begin.len() - self.0.len()];
        Some(Record { text, wrapped: head & WRAPPED != 0, styles, spans })
    }

    fn span(&mut self) -> Option<Span> {
        let bytes = self.number()?;
        let &[flags, kinds] = self.take(2)? else { return None };
        let foreground = self.color(kinds & 0xf)?;
        let background = self.color(kinds >> 4)?;
        Some(Span { bytes, style: Style { foreground, background, flags: u16::from(flags) } })
    }

    fn color(&mut self, kind: u8) -> Option<Color> {
        Some(match *self.take(usize::from(kind))? {
            [index] => Color::Indexed(index),
            [red, green, blue] => Color::Rgb(red, green, blue),
            _ => Color::Default,
        })
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let &[byte] = self.take(1)? else { return None };
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }
}

fn push_number(block: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        block.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    block.push(number.to_le_bytes()[0]);
}

/// A colour's kind is how many bytes it takes.
fn kind(color: Color) -> u8 {
    match color {
        Color::Default => 0,
        Color::Indexed(_) => 1,
        Color::Rgb(..) => 3,
    }
}

fn push_color(block: &mut Vec<u8>, color: Color) {
    match color {
        Color::Default => (),
        Color::Indexed(index) => block.push(index),
        Color::Rgb(red, green, blue) => block.extend_from_slice(&[red, green, blue]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOLD: Style = Style { foreground: Color::Rgb(1, 2, 3), background: Color::Indexed(200), flags: Style::BOLD };

    fn line(pieces: &[(&str, Style)], wrapped: bool) -> Line {
        let mut line = Line { wrapped, ..Line::default() };
        for (text, style) in pieces {
            let from = line.text.len();
            line.text.push_str(text);
            line.end_span(from, *style);
        }
        line
    }

    #[test]
    fn records_come_back_as_they_were() {
        let long = "x".repeat(300);
        let lines = [
            line(&[("plain", Style::default())], false),
            Line::default(),
            line(&[("日本", BOLD), (" and ", Style::default()), (&long, BOLD)], true),
            line(&[("é", Style { flags: Style::STRIKEOUT, ..Style::default() })], false),
        ];
        let mut block = Vec::new();
        lines.iter().for_each(|line| encode(line, &mut block));
        let decoded: Vec<Line> = records(&block).map(|record| record.line()).collect();
        assert_eq!(decoded.len(), lines.len());
        for (decoded, line) in decoded.iter().zip(&lines) {
            assert_eq!((&decoded.text, decoded.row(), decoded.wrapped), (&line.text, line.row(), line.wrapped));
        }
        block.truncate(block.len() - 1);
        assert_eq!(records(&block).count(), lines.len() - 1, "a torn block ends early");
    }

    #[test]
    fn wrapping_fills_rows_and_never_cuts_a_character() {
        for (text, columns, rows) in [
            ("", 4, &[""][..]),
            ("abcd", 4, &["abcd"]),
            ("abcde", 4, &["abcd", "e"]),
            ("a日本語", 4, &["a日", "本語"]),
            ("日本語", 2, &["日", "本", "語"]),
            ("abe\u{301}de", 4, &["abe\u{301}d", "e"]),
        ] {
            let line = line(&[(text, BOLD)], false);
            let wrapped: Vec<String> = line.wrap(columns).iter().map(Row::text).collect();
            assert_eq!(wrapped, rows, "{text:?} at {columns}");
            assert_eq!(line.wrapped_rows(columns), rows.len());
        }
    }

    #[test]
    fn runs_say_how_text_lies_in_cells() {
        let row = line(&[("ab日e\u{301}", BOLD), ("c", Style::default())], false).row();
        let widths: Vec<(&str, RunWidth)> = row.runs.iter().map(|run| (run.text.as_str(), run.width)).collect();
        let narrow = RunWidth::Narrow;
        assert_eq!(widths, [("ab", narrow), ("日", RunWidth::Wide), ("e\u{301}", RunWidth::Cluster(1)), ("c", narrow)]);
        assert_eq!(skip_cells("a日b", 2), "b");
        assert_eq!(skip_cells("a日b", 9), "");
        assert_eq!(text_cells("a日e\u{301}"), 4);
    }
}
