//! Questions of programs, and the closed list of answers.

use super::*;
use crate::terminal::frame::Frame;

#[test]
fn questions_are_answered_from_the_list_in_their_order() {
    let mut screen = screen(80, 24);
    for (question, answer) in [
        ("\x1b[c", "\x1b[?62;22c"),
        ("\x1b[0c\x1bZ", "\x1b[?62;22c\x1b[?62;22c"),
        ("\x1b[>c", "\x1b[>1;1;0c"),
        ("\x1b[=c", ""),
        ("\x1b[5n", "\x1b[0n"),
        ("ab\x1b[6n", "\x1b[1;3R"),
        ("\x1b[?2026$p", "\x1b[?2026;2$y"),
        ("\x1b[?2026h\x1b[?2026$p\x1b[?2026l", "\x1b[?2026;1$y"),
        ("\x1b[?2027$p", "\x1b[?2027;0$y"),
        ("\x1b[?2004h\x1b[?2004$p", "\x1b[?2004;1$y"),
        ("\x1b[4$p", "\x1b[4;2$y"),
        ("\x1b[?u", "\x1b[?0u"),
        ("\x1b[>5u\x1b[?u\x1b[<u\x1b[?u", "\x1b[?5u\x1b[?0u"),
        ("\x1b[18t", "\x1b[8;24;80t"),
        ("\x1b[14t\x1b[20t\x1b[21t", ""),
        ("\x1b[>q\x1b[>0q", "\x1bP>|threadkeep\x1b\\\x1bP>|threadkeep\x1b\\"),
        ("\x1b]11;?\x07\x1b]4;1;?\x07", ""),
        ("\x1b]52;c;?\x07\x1bP$qm\x1b\\\x1bP+q544e\x1b\\\x05", ""),
        ("\x1b[5n\x1b[>q\x1b[c", "\x1b[0n\x1bP>|threadkeep\x1b\\\x1b[?62;22c"),
    ] {
        feed(&mut screen, question);
        assert_eq!(String::from_utf8_lossy(&screen.take_replies()), answer, "{question:?}");
    }
    let mut colors = Colors { background: Some(Rgb(0, 0x12, 0xff)), ..Colors::default() };
    colors.palette[1] = Some(Rgb(1, 2, 3));
    screen.set_colors(colors);
    feed(&mut screen, "\x1b]10;?\x07\x1b]11;?\x07\x1b]10;?;?\x1b\\\x1b]4;0;?;1;?\x07\x1b]11;red\x07");
    let answer = "\x1b]11;rgb:0000/1212/ffff\x07\x1b]11;rgb:0000/1212/ffff\x1b\\\x1b]4;1;rgb:0101/0202/0303\x07";
    assert_eq!(String::from_utf8_lossy(&screen.take_replies()), answer);
}

/// What programs write at their start in one piece, seen in recordings.
#[test]
fn a_start_is_answered_in_the_order_of_its_questions_and_shows_nothing() {
    let colors = Colors { foreground: Some(Rgb(1, 2, 3)), background: Some(Rgb(0, 0x12, 0xff)), ..Colors::default() };
    let version = "\x1bP>|threadkeep\x1b\\";
    let status = "\x1b]7501;?\x1b\\";
    let attributes = "\x1b[?62;22c";
    let foreground = "\x1b]10;rgb:0101/0202/0303\x1b\\";
    let background = "\x1b]11;rgb:0000/1212/ffff\x1b\\";
    for (start, answers) in [
        ("\x1b[>0q\x1b[?u\x1b]7501;?\x07\x1b[c", [version, "\x1b[?0u", status, attributes].concat()),
        (
            "\x1b[?2026$p\x1b[?1016$p\x1b[16t\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[c",
            ["\x1b[?2026;2$y", "\x1b[?1016;0$y", attributes].concat(),
        ),
        (
            "\x1b[?u\x1b[c\x1b[6n\x1b]10;?\x1b\\\x1b]11;?\x1b\\",
            ["\x1b[?0u", attributes, "\x1b[1;1R", foreground, background].concat(),
        ),
        (
            "\x1b[?2004h\x1b[?1004$p\x1b[?2004$p\x1b[?2027$p\x1b[?2031$p\x1b]12;?\x1b\\\x1bP+q4d73\x1b\\\x1b[14t\x1b]66;w=1; \x1b\\\x1b[5n",
            ["\x1b[?1004;2$y", "\x1b[?2004;1$y", "\x1b[?2027;0$y", "\x1b[?2031;0$y", "\x1b[0n"].concat(),
        ),
        ("\x1b^pm\x1b\\\x1bXsos\x1b\\\x1bPdcs\x1b\\\x1b[?996n\x1b]7501;?\x1b\\\x1b[c", [status, attributes].concat()),
    ] {
        for cut in 0..start.len() {
            let mut screen = screen(80, 24);
            screen.set_colors(colors.clone());
            let told: Vec<Told> =
                [&start[..cut], &start[cut..]].iter().flat_map(|piece| feed(&mut screen, piece)).collect();
            assert_eq!(String::from_utf8_lossy(&screen.take_replies()), answers, "{start:?} cut at {cut}");
            let others = told.iter().filter(|told| !matches!(told, Told::BracketedPaste(_)));
            assert_eq!(others.count(), 0, "{told:?}");
            assert_eq!(screen.frame(0).rows, Frame::blank(screen.size()).rows, "{start:?}");
        }
    }
}

#[test]
fn answers_that_nobody_takes_are_dropped_and_counted() {
    let mut screen = screen(80, 24);
    feed(&mut screen, "\x1b[6n".repeat(200_000));
    assert!(screen.dropped_replies() > 180_000);
    assert!(screen.take_replies().len() <= 64 * 1024);
    feed(&mut screen, "\x1b[5n");
    assert_eq!(screen.take_replies(), b"\x1b[0n");
}

/// Takes one answer of the list off the front.
fn one_reply(replies: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(replies).ok()?;
    let number = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
    let shapes: &[&[&str]] = &[
        &["\x1b[?62;22c"],
        &["\x1b[>1;1;0c"],
        &["\x1b[0n"],
        &["\x1bP>|threadkeep\x1b\\"],
        &["\x1b]7501;?\x1b\\"],
        &["\x1b[", "#", ";", "#", "R"],
        &["\x1b[?", "#", ";", "#", "$y"],
        &["\x1b[", "#", ";", "#", "$y"],
        &["\x1b[?", "#", "u"],
        &["\x1b[8;", "#", ";", "#", "t"],
        &["\x1b]10;rgb:0101/0202/0303\x07"],
        &["\x1b]10;rgb:0101/0202/0303\x1b\\"],
    ];
    shapes.iter().find_map(|shape| {
        let mut at = 0;
        for part in *shape {
            let rest = text.get(at..)?;
            at += match *part {
                "#" => Some(number(rest)).filter(|digits| (1..=5).contains(digits))?,
                constant => rest.starts_with(constant).then_some(constant.len())?,
            };
        }
        Some(at)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_and_sizes_never_panic_and_answers_have_their_shape(
        steps in proptest::collection::vec((stream(), 0u16..140, 0u16..60), 1..6)
    ) {
        let mut screen = screen(80, 24);
        screen.set_colors(Colors { foreground: Some(Rgb(1, 2, 3)), ..Colors::default() });
        let mut scrolled = 0;
        for (bytes, columns, rows) in steps {
            let mark = screen.mark();
            feed(&mut screen, &bytes);
            let mut replies = &screen.take_replies()[..];
            while !replies.is_empty() {
                let length = one_reply(replies);
                prop_assert!(length.is_some_and(|length| length < 64), "{:?}", String::from_utf8_lossy(replies));
                replies = &replies[length.unwrap_or(1)..];
            }
            let before = screen.scrolled_rows();
            screen.resize(Size { columns, rows });
            prop_assert_eq!(screen.scrolled_rows(), before);
            screen.text_since(&mark, Cap { head: 10, tail: 10 });
            prop_assert_eq!(screen.visible_text(), lines(&screen, 0));
            let most = screen.frame(0).scroll.most;
            for up in [0, 1, most / 2, most] {
                let frame = screen.frame(up);
                prop_assert_eq!(frame.rows.len(), usize::from(frame.size.rows));
            }
            prop_assert!(screen.scrolled_rows() >= scrolled);
            scrolled = screen.scrolled_rows();
        }
        prop_assert_eq!(screen.panics(), 0);
    }
}
