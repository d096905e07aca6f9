//! What a journal remembers beside output: what happened at which place of it. One mark a line, a person can read them.
//!
//! Who reads takes what it can: a line that was cut off by a crash or that a newer build wrote is left out.

/// Something that happened at a place of the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// The pty had this size from here on.
    Size { columns: u16, rows: u16 },
    /// From here on this turn of ours was expected to start: its text was about to be written.
    Expect(u32),
    /// And from here on it was not any more.
    ExpectNothing,
    /// All that the output said before this place is on the disk elsewhere; the text is the host's own state at it.
    Settled(String),
    /// The host's own state at this place, where what led to it was cut off.
    State(String),
    /// From here on nobody answered the program: no host served.
    Alone,
    /// A host was about to tell of something that has no number of its own, as seen at this time. Those that follow what is settled may be on the
    /// disk or not.
    Told(i64),
}

impl Mark {
    /// The line of a mark at this place.
    pub fn line(&self, at: u64) -> String {
        match self {
            Mark::Size { columns, rows } => format!("{at} size {columns} {rows}\n"),
            Mark::Expect(turn) => format!("{at} expect {turn}\n"),
            Mark::ExpectNothing => format!("{at} expect-nothing\n"),
            Mark::Settled(state) => format!("{at} settled {}\n", one_line(state)),
            Mark::State(state) => format!("{at} state {}\n", one_line(state)),
            Mark::Alone => format!("{at} alone\n"),
            Mark::Told(seen_at) => format!("{at} told {seen_at}\n"),
        }
    }

    /// Reads a line; none where it is not whole or not known.
    pub fn parse(line: &str) -> Option<(u64, Mark)> {
        let (at, rest) = line.split_once(' ')?;
        let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let mark = match word {
            "size" => {
                let (columns, rows) = rest.split_once(' ')?;
                Mark::Size { columns: columns.parse().ok()?, rows: rows.parse().ok()? }
            }
            "expect" => Mark::Expect(rest.parse().ok()?),
            "expect-nothing" => Mark::ExpectNothing,
            "settled" => Mark::Settled(rest.to_owned()),
            "state" => Mark::State(rest.to_owned()),
            "alone" => Mark::Alone,
            "told" => Mark::Told(rest.parse().ok()?),
            _ => return None,
        };
        Some((at.parse().ok()?, mark))
    }
}

/// JSON has no line ends outside of its escapes; whatever else comes must not begin a mark of its own.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_and_what_is_none_is_left_out() {
        let marks = [
            Mark::Size { columns: 80, rows: 24 },
            Mark::Expect(7),
            Mark::ExpectNothing,
            Mark::Settled(String::new()),
            Mark::Settled("{\"a\": \"b c\"}".into()),
            Mark::State("{}".into()),
            Mark::Alone,
            Mark::Told(1_700_000_000_000),
        ];
        for mark in marks {
            let line = mark.line(12);
            assert_eq!(Mark::parse(line.trim_end_matches('\n')), Some((12, mark)), "{line}");
        }
        assert_eq!(Mark::Settled("a\n9 alone".into()).line(1).lines().count(), 1);
        for line in ["", "12", "12 siz", "x alone", "12 size 80", "12 size 80 y", "12 expect", "12 of-a-newer-build 1"]
        {
            assert_eq!(Mark::parse(line), None, "{line}");
        }
    }
}
