//! Cleans text that a program chose before a person sees it: titles, names, lines of a log.
//!
//! Change here: which characters may never pass. Not here: capping strings on their way in (`filter.rs`).

use unicode_width::UnicodeWidthChar;

/// A title or name longer than this serves nobody and could push everything else off the screen.
pub const COLUMNS_CAP: usize = 200;

/// One line without control characters, bidi controls and zero-width characters, at most `COLUMNS_CAP` columns.
///
/// What separates words (tab, newline, line separators) becomes one space, so that words do not run together.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::new();
    let mut columns = 0;
    for character in text.chars() {
        let character = match character {
            '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            other if is_unsafe(other) => continue,
            other => other,
        };
        if character == ' ' && cleaned.ends_with(' ') {
            continue;
        }
        columns += character.width().unwrap_or(0);
        if columns > COLUMNS_CAP {
            break;
        }
        cleaned.push(character);
    }
    cleaned.trim().to_owned()
}

/// Text of many lines without what commands a terminal or reorders what is read. What joins parts of a character stays.
pub fn clean_lines(text: &str) -> String {
    let commands = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    let reorders = |character: char| matches!(character, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|character| !commands(*character) && !reorders(*character)).collect()
}

/// Whether a character can hide, reorder or command instead of being seen.
pub fn is_unsafe(character: char) -> bool {
    match character {
        // Combining marks stay: names in many languages need them. The format characters below do not.
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
        // Zero-width space, joiners and directional marks; bidi embeddings, overrides and isolates; invisible operators.
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        // Fillers that look like nothing, interlinear annotation, tags.
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_lines_only_what_commands_or_reorders_goes() {
        let family = "\u{1f468}\u{200d}\u{1f469}";
        let text = format!("a\u{1b}[31m\tb\r\n\u{9b}2J\u{202e}{family}\u{7}\0");
        assert_eq!(clean_lines(&text), format!("a[31m\tb\n2J{family}"));
    }

    #[test]
    fn what_hides_reorders_or_commands_is_removed() {
        for (text, cleaned) in [
            ("plain title", "plain title"),
            ("  many\t\n words ", "many words"),
            ("a\x1b[31mb\x07c", "a[31mbc"),
            ("c1 \u{9b}31m", "c1 31m"),
            ("file\u{202e}txt.exe", "filetxt.exe"),
            ("zero\u{200b}wi\u{200d}dth\u{feff}", "zerowidth"),
            ("e\u{301}t\u{e9}", "e\u{301}t\u{e9}"),
            ("日本", "日本"),
        ] {
            assert_eq!(clean(text), cleaned, "{text:?}");
        }
    }

    #[test]
    fn the_cap_counts_columns() {
        assert_eq!(clean(&"x".repeat(500)).len(), COLUMNS_CAP);
        assert_eq!(clean(&"日".repeat(500)).chars().count(), COLUMNS_CAP / 2);
    }
}
