//! What passes and what is heard, however the bytes are cut.

use super::strings::{MARK_BYTES, TITLE_BYTES};
use super::*;

/// What passes and what is heard, with the places of the heard in the passed bytes.
fn filter(pieces: &[&[u8]]) -> (Vec<u8>, Vec<(usize, Heard)>, Filter) {
    let (mut filter, mut passed, mut all) = (Filter::default(), Vec::new(), Vec::new());
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let (used, heard) = filter.feed(rest, |bytes| passed.extend_from_slice(bytes));
            assert!(used > 0, "the filter stands still at {rest:?}");
            rest = &rest[used..];
            all.extend(heard.map(|heard| (passed.len(), heard)));
        }
    }
    (passed, all, filter)
}

fn mark(text: &str) -> Heard {
    Heard::Mark(text.as_bytes().to_vec())
}

#[test]
fn strings_are_taken_out_at_their_place_wherever_the_stream_is_cut() {
    let title = |text: &str| Heard::Title(text.as_bytes().to_vec());
    let (paste, reset) = (|| Heard::PasteMode, || Heard::Reset);
    let st = Terminator::StringTerminator;
    type Case<'a> = (&'a str, &'a str, &'a [(usize, Heard)]);
    let table: &[Case] = &[
        ("plain \x1b[31mred\x1b[m", "plain \x1b[31mred\x1b[m", &[]),
        ("a\x1b]133;A\x07b", "a\x1b\\b", &[(3, mark("133;A"))]),
        ("a\x1b]133;C\x1b\\b", "a\x1b\\b", &[(3, mark("133;C"))]),
        ("\x1b]7501;?\x07\x1b[c", "\x1b\\\x1b[c", &[(2, mark("7501;?"))]),
        ("\x1b]2;hi;ho\x07", "\x1b\\", &[(2, title("hi;ho"))]),
        ("\x1b]0;日\x1b\\x", "\x1b\\x", &[(2, title("日"))]),
        ("\x1b]1;icon\x07\x1b]52;c;aGk=\x07\x1b]8;;http://x\x07y", "\x1b\\\x1b\\\x1b\\y", &[]),
        ("\x1b]133\x07\x1b]13345;A\x07\x1b]x\x07.", "\x1b\\\x1b\\\x1b\\.", &[]),
        ("\x1b]11;?\x1b\\", "\x1b\\", &[(2, Heard::Colors(b"11;?".to_vec(), st))]),
        ("\x1b]9;given up\x18x", "\x1b\\x", &[]),
        ("\x1b]9;given up\x1ax", "\x1b\\x", &[]),
        ("\x1b]9;given up\x1b[1mx", "\x1b\\\x1b[1mx", &[]),
        ("\x1b]9;one\x1b]9;two\x07", "\x1b\\\x1b\\", &[(4, mark("9;two"))]),
        ("\x1bPq\x07sixel\x1b\\x\x1b_apc\x1b\\y\x1b^pm\x1b\\\x1bXsos\x1b\\z", "\x1b\\x\x1b\\y\x1b\\\x1b\\z", &[]),
        ("a\x07\x07b\x1b\x1b[1m", "ab\x1b\x1b[1m", &[(1, Heard::Bell)]),
        ("\x1b[3\x1b]133;D;0\x07", "\x1b[3\x1b\\", &[(5, mark("133;D;0"))]),
        ("\x1b\x01]133;A\x07x", "\x1b\x01\x1b\\x", &[(4, mark("133;A"))]),
        (
            "\x1b\x07\x7f\x1b\n]0;t\x07\x1b\r[1mx",
            "\x1b\x7f\x1b\n\x1b\\\x1b\r\x1b[1mx",
            &[(1, Heard::Bell), (6, title("t"))],
        ),
        ("\x1bé_apc\x1b\\x\x1b\x01\x18]x", "\x1bé\x1b\\x\x1b\x01\x1b\x18]x", &[]),
        ("\x1b[>q\x1b[>0qx", "\x1b[>q\x1b[>0qx", &[(4, Heard::VersionQuery), (9, Heard::VersionQuery)]),
        ("\x1b[>4;2m\x1b[>1u\x1b[>1q", "\x1b[>4;2m\x1b[>1u\x1b[>1q", &[]),
        ("\x1b[?2004hx\x1b[?1;2004;25lx", "\x1b[?2004hx\x1b[?1;2004;25lx", &[(8, paste()), (22, paste())]),
        ("\x1b[?2004$p\x1b[2004h\x1b[?25h", "\x1b[?2004$p\x1b[2004h\x1b[?25h", &[]),
        ("\x1b[?20\n0\x07é4\x7fhé", "\x1b[?20\n04\x7fhé", &[(7, Heard::Bell), (10, paste())]),
        ("\x1b[?2004\x18h\x1b[?2004\x1b[?2004h", "\x1b[?2004\x18h\x1b[?2004\x1b[?2004h", &[(24, paste())]),
        (
            "a\x1bcb\x1b\x1bc\x1b(c\x1b\nc",
            "a\x1bcb\x1b\x1bc\x1b(c\x1b\n\x1bc",
            &[(3, reset()), (7, reset()), (14, reset())],
        ),
        ("x\x1b[99bx\x1b[1000;1bx", "x\x1b[99bx\x1b[1000;1\x18x", &[(16, Heard::Repeat(1000))]),
        ("x\x1b[6\n5é5\x7f35bx\x1b[100\x18b", "x\x1b[6\n55\x7f35\x18x\x1b[100\x18b", &[(11, Heard::Repeat(65_535))]),
        ("日本\x1b]133;B\x07語", "日本\x1b\\語", &[(8, mark("133;B"))]),
    ];
    for (input, passes, hears) in table {
        for cut in 0..input.len() {
            let (first, second) = input.as_bytes().split_at(cut);
            let (passed, heard, filter) = filter(&[first, second]);
            let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            assert_eq!(told(&passed), *passes, "{input:?} cut at {cut}");
            // Bells in a row are one unless the stream is cut between them.
            let bells = input.contains("\x07\x07");
            assert!(bells || heard == *hears, "{input:?} cut at {cut}: {heard:?}");
            assert_eq!(filter.held_bytes(), 0, "{input:?}");
        }
    }
}

#[test]
fn a_character_is_never_passed_in_pieces() {
    let text = "aé日本🦀e\u{301}z".as_bytes();
    for first in 0..text.len() {
        for second in first..text.len() {
            let pieces = [&text[..first], &text[first..second], &text[second..]];
            let (mut filter, mut passed) = (Filter::default(), Vec::new());
            for piece in pieces {
                filter.feed(piece, |bytes| {
                    std::str::from_utf8(bytes).expect("whole characters only");
                    passed.extend_from_slice(bytes);
                });
            }
            assert_eq!(passed, text, "cut at {first} and {second}");
        }
    }
}

#[test]
fn broken_characters_show_as_replacements_and_lose_nothing_after_them() {
    for (pieces, passes) in [
        (&[&b"\xe2\x82"[..], b"A"][..], "\u{fffd}A"),
        (&[b"\xf0\x9f", b"\xa6", b"\x1b[m"], "\u{fffd}\x1b[m"),
        (&[b"\xe2\x82\x1b]133;A\x07x"], "\u{fffd}\x1b\\x"),
        (&[b"\xe2\x82\x07\xe2\x82", b"\xac"], "\u{fffd}€"),
        (&[b"\xe2", b"\xe2\x82\xac"], "\u{fffd}€"),
        (&[b"a\xe2\x82\xc2\xc3", b"\xa9"], "a\u{fffd}\u{fffd}é"),
    ] {
        let (passed, _, _) = filter(pieces);
        assert_eq!(String::from_utf8_lossy(&passed), passes, "{pieces:?}");
    }
}

#[test]
fn strings_without_an_end_need_no_memory() {
    for begin in ["\x1b]2;", "\x1b]133;C;", "\x1b]52;c;", "\x1bPq", "\x1b_G", "\x1b]"] {
        let mut filter = Filter::default();
        let chunk = vec![b'x'; 1 << 20];
        filter.feed(begin.as_bytes(), |_| ());
        for _ in 0..64 {
            let (used, heard) = filter.feed(&chunk, |_| panic!("a string leaks to the screen"));
            assert_eq!((used, heard), (chunk.len(), None));
            assert!(filter.held_bytes() <= 2 * MARK_BYTES, "{} bytes held in {begin:?}", filter.held_bytes());
        }
        let mut passed = Vec::new();
        filter.feed(b"\x1b\\after", |bytes| passed.extend_from_slice(bytes));
        if passed.is_empty() {
            filter.feed(b"after", |bytes| passed.extend_from_slice(bytes));
        }
        assert_eq!(passed, b"after");
    }
}

#[test]
fn a_title_is_cut_and_a_mark_is_dropped_at_the_cap() {
    let (_, heard, _) = filter(&[b"\x1b]2;", &[b'x'; 5000], b"\x07"]);
    assert_eq!(heard, [(2, Heard::Title(vec![b'x'; TITLE_BYTES - 2]))]);
    let (_, heard, _) = filter(&[b"\x1b]133;", &[b'x'; MARK_BYTES], b"\x07"]);
    assert_eq!(heard, []);
    let (_, heard, _) = filter(&[b"\x1b]133;", &vec![b'x'; MARK_BYTES - 4], b"\x07"]);
    assert_eq!(heard.len(), 1);
}
