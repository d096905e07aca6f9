//! What is told, at its exact place, wherever the bytes are cut.

use super::*;
use crate::terminal::modes::{CursorKeys, Keypad, MouseEncoding, MouseMode};

#[test]
fn every_cut_of_the_stream_gives_the_same_screen() {
    let text = "é日本🦀 e\u{301}x\x1b[1;32m日\x1b[m\x1b]2;tïtle\x07\x1b]133;A\x1b\\$ \x1b[?2026hö\x1b[?2026l\r\nlast日";
    let told = |screen: &mut Screen, pieces: &[&[u8]]| -> Vec<Told> {
        pieces.iter().flat_map(|piece| feed(screen, piece)).collect()
    };
    let mut whole = screen(12, 4);
    let heard = told(&mut whole, &[text.as_bytes()]);
    assert_eq!(heard, [Told::Title("tïtle".into()), Told::Osc(b"133;A".to_vec())]);
    for cut in 0..=text.len() {
        let mut pieces = screen(12, 4);
        let (first, second) = text.as_bytes().split_at(cut);
        assert_eq!(told(&mut pieces, &[first, second]), heard);
        assert_eq!(pieces.frame(0), whole.frame(0), "cut at {cut}");
    }
}

#[test]
fn marks_are_told_at_their_exact_place_even_in_a_synchronized_update() {
    let mut screen = screen(20, 4);
    let stream = b"one\x1b[?2026h\x1b[1mtwo\x1b]133;C\x07three\x1b[?2026l four\x07five";
    let mut rest = &stream[..];
    let mut seen = Vec::new();
    while !rest.is_empty() {
        let fed = screen.feed(rest);
        rest = &rest[fed.used..];
        seen.push((lines(&screen, 0)[0].clone(), fed.told, screen.modes().sync));
    }
    let mark = Some(Told::Osc(b"133;C".to_vec()));
    assert_eq!(
        seen,
        [
            ("onetwo".into(), mark, true),
            ("onetwothree four".into(), Some(Told::Bell), false),
            ("onetwothree fourfive".into(), None, false)
        ]
    );
}

#[test]
fn what_a_program_says_of_itself_is_told_whole() {
    let report = format!("7501;state=working:app=x:title={}", "QUJD".repeat(1_010));
    assert!((4_000..4_096).contains(&report.len()));
    for payload in [
        "7501;state=blocked:kind=permission:msg=YXBwcm92ZQ==",
        &report,
        "9;build done",
        "9;4;3",
        "9;4;0",
        "99;i=1:d=0;Title",
        "777;notify;Title;Session done",
        "133;D;0;aid=7",
        "7501;?:more",
    ] {
        for end in ["\x07", "\x1b\\"] {
            let stream = format!("a\x1b]{payload}{end}b");
            for cut in [0, 1, 3, 7, stream.len() - 2, stream.len() - 1] {
                let mut screen = screen(80, 24);
                let (first, second) = stream.as_bytes().split_at(cut);
                let told: Vec<Told> = [first, second].iter().flat_map(|piece| feed(&mut screen, piece)).collect();
                assert_eq!(told, [Told::Osc(payload.into())], "cut at {cut}");
                assert_eq!(lines(&screen, 0)[0], "ab");
                assert!(screen.take_replies().is_empty());
            }
        }
    }
    let mut screen = screen(80, 24);
    let titles = feed(&mut screen, "\x1b]0;✳ name\x07\x1b]2;other\x1b\\\x1b]0;\x07\x1b]2;\x1b\\");
    assert_eq!(titles, ["✳ name", "other", "", ""].map(|title| Told::Title(title.into())));
}

#[test]
fn a_change_of_the_paste_mode_and_a_reset_are_told_at_their_place() {
    let mut screen = screen(40, 4);
    let stream =
        b"one\x1b[?2004h\x1b[?1;2004htwo\x1b[?25;2004lthree\x1b[?2004l\x1b[?2004h\x1b]9;x\x07\x1bcfour\x1b[?2004lfive";
    let mut rest = &stream[..];
    let mut seen = Vec::new();
    while !rest.is_empty() {
        let fed = screen.feed(rest);
        rest = &rest[fed.used..];
        seen.push((lines(&screen, 0)[0].clone(), fed.told, screen.modes().bracketed_paste));
    }
    let (on, off) = (Some(Told::BracketedPaste(Switched::On)), Some(Told::BracketedPaste(Switched::Off)));
    assert_eq!(
        seen,
        [
            ("one".into(), on.clone(), true),
            ("onetwo".into(), off, false),
            ("onetwothree".into(), on, true),
            ("onetwothree".into(), Some(Told::Osc(b"9;x".to_vec())), true),
            (String::new(), Some(Told::Reset), false),
            ("fourfive".into(), None, false),
        ]
    );
}

#[test]
fn modes_are_told() {
    let mut screen = screen(80, 24);
    assert_eq!(screen.modes(), Modes { alternate_scroll: true, ..Modes::default() });
    feed(&mut screen, "\x1b[?1;1004;1002;1006;2004;1049h\x1b=\x1b[>3u\x1b[?2026h");
    let all = Modes {
        cursor_keys: CursorKeys::Application,
        keypad: Keypad::Application,
        bracketed_paste: true,
        mouse: MouseMode::Drag,
        mouse_encoding: MouseEncoding::Sgr,
        focus_events: true,
        alternate_screen: true,
        alternate_scroll: true,
        kitty: 3,
        sync: true,
    };
    assert_eq!(screen.modes(), all);
    screen.end_sync();
    feed(&mut screen, "\x1b[?1049l");
    assert_eq!(screen.modes(), Modes { alternate_screen: false, kitty: 0, sync: false, ..all });
    feed(&mut screen, "\x1bc");
    assert_eq!(screen.modes(), Modes { alternate_scroll: true, ..Modes::default() });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_cuts_of_a_stream_do_not_matter(bytes in stream(), cuts in proptest::collection::vec(1usize..9, 1..40)) {
        let (mut whole, mut pieces) = (screen(20, 6), screen(20, 6));
        let mut told = feed(&mut whole, &bytes);
        let mut told_in_pieces = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            let (piece, more) = rest.split_at((*cut).min(rest.len()));
            told_in_pieces.extend(feed(&mut pieces, piece));
            rest = more;
            if rest.is_empty() {
                break;
            }
        }
        // Bells in a row are told once if they come together.
        told.dedup_by(|bell, last| *bell == Told::Bell && *last == Told::Bell);
        told_in_pieces.dedup_by(|bell, last| *bell == Told::Bell && *last == Told::Bell);
        prop_assert_eq!(told, told_in_pieces);
        prop_assert_eq!(whole.frame(0), pieces.frame(0));
        prop_assert_eq!(whole.modes(), pieces.modes());
        prop_assert_eq!(whole.take_replies(), pieces.take_replies());
    }
}
