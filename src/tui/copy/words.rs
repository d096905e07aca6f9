//! Moves by words, and the word under a click.

use super::text::{Place, Text};

/// Beside letters and digits, what a double click takes for a part of a word: paths, addresses and options stay whole.
const IN_CLICKED_WORDS: &str = "_-./~:@%+=#&?";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    Word,
    Sign,
}

fn kind(text: &Text, place: Place) -> Kind {
    match text.at(place).and_then(|one| one.text.chars().next()) {
        None => Kind::Blank,
        Some(char) if char.is_whitespace() => Kind::Blank,
        Some(char) if char.is_alphanumeric() || char == '_' => Kind::Word,
        Some(_) => Kind::Sign,
    }
}

/// Whether the end of a line lies between two neighbours.
fn is_apart(text: &Text, one: Place, next: Place) -> bool {
    one.row != next.row && !text.goes_on(one.row)
}

/// The beginning of the next word.
pub fn right(text: &Text, from: Place) -> Place {
    let (mut at, first) = (from, kind(text, from));
    while let Some(next) = text.next(at) {
        let new = is_apart(text, at, next) || kind(text, next) != kind(text, at);
        at = next;
        if new && kind(text, at) != Kind::Blank {
            return at;
        }
    }
    // No word follows: the last character, unless it is the same word's.
    if first == Kind::Blank { from } else { at }
}

/// The beginning of this word, or of the one before.
pub fn left(text: &Text, from: Place) -> Place {
    let Some(mut at) = text.previous(from) else { return from };
    while kind(text, at) == Kind::Blank {
        let Some(before) = text.previous(at) else { return at };
        at = before;
    }
    while let Some(before) = text.previous(at) {
        if is_apart(text, before, at) || kind(text, before) != kind(text, at) {
            break;
        }
        at = before;
    }
    at
}

/// The end of this word, or of the next.
pub fn end(text: &Text, from: Place) -> Place {
    let Some(mut at) = text.next(from) else { return from };
    while kind(text, at) == Kind::Blank {
        let Some(next) = text.next(at) else { return from };
        at = next;
    }
    while let Some(next) = text.next(at) {
        if is_apart(text, at, next) || kind(text, next) != kind(text, at) {
            break;
        }
        at = next;
    }
    at
}

/// The first and the last cell of what a double click takes.
pub fn clicked(text: &Text, at: Place) -> (Place, Place) {
    let is_part = |place: Place| {
        let first = text.at(place).and_then(|one| one.text.chars().next());
        first.is_some_and(|char| char.is_alphanumeric() || IN_CLICKED_WORDS.contains(char))
    };
    let (mut first, mut last) = (text.settle(at), text.settle(at));
    if !is_part(at) {
        return (first, last);
    }
    while let Some(before) = text.previous(first).filter(|one| is_part(*one) && !is_apart(text, *one, first)) {
        first = before;
    }
    while let Some(next) = text.next(last).filter(|one| is_part(*one) && !is_apart(text, last, *one)) {
        last = next;
    }
    (first, last)
}

#[cfg(test)]
mod tests {
    use super::super::text::text;
    use super::*;

    fn walk(text: &Text, from: (usize, usize), step: fn(&Text, Place) -> Place) -> Vec<(usize, usize)> {
        let mut at = Place { row: from.0, column: from.1 };
        let mut seen = Vec::new();
        loop {
            let next = step(text, at);
            if next == at {
                return seen;
            }
            seen.push((next.row, next.column));
            at = next;
        }
    }

    #[test]
    fn words_begin_and_end_where_a_person_says_so() {
        let text = text(&["let x=foo_1;", "", "  日本 wra\\", "pped", "end"]);
        assert_eq!(
            walk(&text, (0, 0), right),
            [(0, 4), (0, 5), (0, 6), (0, 11), (2, 2), (2, 7), (4, 0), (4, 2)],
            "a wrapped word is one"
        );
        assert_eq!(walk(&text, (4, 2), left), [(4, 0), (2, 7), (2, 2), (0, 11), (0, 6), (0, 5), (0, 4), (0, 0)]);
        assert_eq!(walk(&text, (0, 0), end), [(0, 2), (0, 4), (0, 5), (0, 10), (0, 11), (2, 4), (3, 3), (4, 2)]);
    }

    #[test]
    fn a_double_click_takes_paths_and_addresses_whole_also_where_they_are_wrapped() {
        let text = text(&["see (src/main.rs:12), ht\\", "tps://a.b/c?d=1"]);
        let cut = |row, column| {
            let (first, last) = clicked(&text, Place { row, column });
            ((first.row, first.column), (last.row, last.column))
        };
        assert_eq!(cut(0, 8), ((0, 5), (0, 18)));
        assert_eq!(cut(1, 0), ((0, 22), (1, 14)));
        assert_eq!(cut(0, 3), ((0, 3), (0, 3)), "a blank is itself");
    }
}
