//! Text in cells: cleaning, cutting, wrapping, and durations as people say them.

use crate::domain::id::Timestamp;
use crate::domain::when;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// In fewer cells a folder cannot be recognised.
const LEAST_FOLDER: usize = 12;
/// In fewer cells a cause tells nothing.
const LEAST_CAUSE: usize = 8;

/// The cells that a text takes.
pub fn columns(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// One line that no terminal takes amiss: control characters and line ends become spaces.
pub fn clean(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

/// The first line with something in it.
pub fn first_line(text: &str) -> String {
    clean(text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim())
}

/// At most so many cells from the start; `…` says that something was cut.
pub fn cut_end(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    if most == 0 {
        return String::new();
    }
    take_cells(text.graphemes(true), most - 1) + "…"
}

/// At most so many cells; what is cut out is the middle.
pub fn cut_middle(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    if most < 4 {
        return cut_end(text, most);
    }
    let head = (most - 1) / 2;
    let tail: Vec<&str> = {
        let mut cells = 0;
        let mut kept: Vec<&str> = text
            .graphemes(true)
            .rev()
            .take_while(|one| {
                cells += one.width();
                cells <= most - 1 - head
            })
            .collect();
        kept.reverse();
        kept
    };
    format!("{}…{}", take_cells(text.graphemes(true), head), tail.concat())
}

/// A reason in at most so many cells. Folders lose their middle first, then what stands between the last `: ` and the last comma goes,
/// then the cause loses its end. What follows the last comma is what the person has lost (`variables gone`) and stays to the last.
pub fn cut_reason(reason: &str, most: usize) -> String {
    let reason = with_short_folders(reason, most);
    if columns(&reason) <= most {
        return reason;
    }
    let Some((head, end)) = reason.rsplit_once(", ") else { return cut_middle(&reason, most) };
    let Some(room) = most.checked_sub(columns(end) + 2) else { return cut_middle(end, most) };
    let (before, between) = head.rsplit_once(": ").unwrap_or((head, ""));
    let cause_room = |kept: &str| room.checked_sub(columns(kept) + 2).filter(|room| *room >= LEAST_CAUSE);
    match (room.checked_sub(columns(before) + 2), before.split_once("; ")) {
        (Some(left), _) if left > 0 && !between.is_empty() => format!("{before}: {}, {end}", cut_end(between, left)),
        (_, Some((cause, kept))) => match cause_room(kept) {
            Some(left) => format!("{}; {kept}, {end}", cut_end(cause, left)),
            None if room >= LEAST_CAUSE => format!("{}, {end}", cut_end(cause, room)),
            None => end.to_owned(),
        },
        (_, None) if room >= LEAST_CAUSE => format!("{}, {end}", cut_middle(head, room)),
        (_, None) => end.to_owned(),
    }
}

fn with_short_folders(reason: &str, most: usize) -> String {
    let words = reason.split([' ', ',', ';']);
    words.filter(|word| word.starts_with('/')).fold(reason.to_owned(), |shorter, folder| {
        let over = columns(&shorter).saturating_sub(most);
        let room = columns(folder).saturating_sub(over).max(LEAST_FOLDER);
        shorter.replacen(folder, &cut_middle(folder, room), 1)
    })
}

fn take_cells<'t>(graphemes: impl Iterator<Item = &'t str>, most: usize) -> String {
    let mut cells = 0;
    graphemes
        .take_while(|one| {
            cells += one.width();
            cells <= most
        })
        .collect()
}

/// Lines of at most so many cells, broken between words where it can be.
pub fn wrap(text: &str, most: usize) -> Vec<String> {
    let most = most.max(1);
    let mut rows = Vec::new();
    for line in text.lines() {
        wrap_line(&clean(&line.replace('\t', "    ")), most, &mut rows);
    }
    if rows.is_empty() {
        rows.push(String::new());
    }
    rows
}

fn wrap_line(line: &str, most: usize, rows: &mut Vec<String>) {
    let mut row = String::new();
    let mut cells = 0;
    for word in line.split_inclusive(' ') {
        let bare = columns(word.trim_end());
        if cells + bare > most && cells > 0 {
            rows.push(std::mem::take(&mut row).trim_end().to_owned());
            cells = 0;
        }
        if cells + bare <= most {
            row.push_str(word);
            cells += columns(word);
            continue;
        }
        for one in word.graphemes(true) {
            if cells + one.width() > most && cells > 0 {
                rows.push(std::mem::take(&mut row));
                cells = 0;
            }
            row.push_str(one);
            cells += one.width();
        }
    }
    rows.push(row.trim_end().to_owned());
}

/// A running time: `0:14`, `2:03:04`.
pub fn clock(ms: u64) -> String {
    let seconds = ms / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, m, s) => format!("{m}:{s:02}"),
        (h, m, s) => format!("{h}:{m:02}:{s:02}"),
    }
}

/// `2s ago`; an age that is none is `now`. Only for what is drawn anew each second.
pub fn age(now: Timestamp, at: Timestamp) -> String {
    match now.since(at) {
        0..1000 => "now".to_owned(),
        ms => format!("{} ago", when::duration(ms)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_counts_cells_and_never_halves_a_character() {
        assert_eq!(cut_end("日本語", 5), "日本…");
        assert_eq!(cut_end("日本語", 4), "日…");
        assert_eq!(cut_end("abc", 3), "abc");
        assert_eq!(cut_end("abc", 0), "");
        assert_eq!(cut_middle("abcdefghij", 7), "abc…hij");
        assert_eq!(cut_middle("日本語日本語", 7), "日…語");
    }

    #[test]
    fn a_reason_keeps_what_is_lost_longest() {
        let reason = "the agent was ended by signal 9; cannot be resumed: folder /home/me/projects/app/src restored, variables gone";
        assert_eq!(cut_reason(reason, 200), reason);
        for (most, cut) in [
            (
                100,
                "the agent was ended by signal 9; cannot be resumed: folder /home/m…/app/src restored, variables gone",
            ),
            (80, "the agent was ended by signal 9; cannot be resumed: folder /hom…, variables gone"),
            (68, "the agent was ended by signal 9; cannot be resumed, variables gone"),
            (57, "the agent was ended b…; cannot be resumed, variables gone"),
            (30, "the agent was…, variables gone"),
            (16, "variables gone"),
        ] {
            assert_eq!(cut_reason(reason, most), cut, "{most}");
        }
        for most in 14..110 {
            let cut = cut_reason(reason, most);
            assert!(columns(&cut) <= most && cut.ends_with("variables gone"), "{most}: {cut}");
        }
    }

    #[test]
    fn wrapping_breaks_between_words_and_inside_only_what_is_too_long() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("日本語", 5), ["日本", "語"]);
        assert_eq!(wrap("a\n\nb", 5), ["a", "", "b"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn a_running_time_is_short() {
        assert_eq!([clock(14_000), clock(7_384_000)], ["0:14", "2:03:04"]);
    }
}
