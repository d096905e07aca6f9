//! Text that goes past the parser must come to the same as text that goes through it.

use alacritty_terminal::grid::{Dimensions, Row as GridRow};
use alacritty_terminal::index::Line as GridLine;
use alacritty_terminal::term::cell::Cell;

use super::*;

/// Pieces that find a way past the parser or just miss it.
pub(super) fn text_stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => "[ -~]{0,60}".prop_map(String::into_bytes),
        2 => "[a-c]{90,200}".prop_map(String::into_bytes),
        3 => "(\r\n|\n|\r|\t|\u{8}|\u{b}|\u{7f}|\u{0}|\u{18}|\u{1a}|\u{e}|\u{f}){1,3}".prop_map(String::into_bytes),
        2 => "[日é🦀\u{301}\u{200d}a]{0,30}".prop_map(String::into_bytes),
        2 => proptest::collection::vec(any::<u8>(), 0..6),
        4 => "\x1b\\[[0-9;:]{0,6}m".prop_map(String::into_bytes),
        4 => "\x1b\\[((3|4|9|10|2)?[0-9]|[34]8;5;[0-9]{1,3}|[34]8;2(;[0-9]{1,3}){3}|[0-9]{0,3})(;[0-9]{0,2}){0,3}m".prop_map(String::into_bytes),
        2 => "\x1b\\[[0-9]{0,4}b".prop_map(String::into_bytes),
        4 => "\x1b\\[[0-9]{0,2}(;[0-9]{1,2})?[@A-PSTXZ`adefgrsu]".prop_map(String::into_bytes),
        2 => "\x1b\\[(4|20|\\?7|\\?6|\\?1049|\\?25)[hl]".prop_map(String::into_bytes),
        2 => "\x1b[()*+][0AB]".prop_map(String::into_bytes),
        1 => "\x1b[cDEHM78#nP\\]X^_\\\\]".prop_map(String::into_bytes),
        // Cut off, mixed up with controls, or nearly a string.
        2 => "\x1b(\\[[0-9?;]{0,3})?[\u{1}\n\u{18}\u{1a}\u{1b} #é]{0,2}".prop_map(String::into_bytes),
        2 => "\x1b[\u{1}\u{7}\u{7f}é\u{1b}\u{18}]{1,2}[\\]PX^_\\[0c]".prop_map(String::into_bytes),
        1 => "\x1b\\[58;5;[0-9]m".prop_map(String::into_bytes),
        1 => "\x1b\\[[23]J".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Everything in the emulator that any later byte could bring to light.
fn cells(screen: &Screen) -> Vec<&GridRow<Cell>> {
    let grid = screen.engine.emulation.term.grid();
    (grid.topmost_line().0..=grid.bottommost_line().0).map(|line| &grid[GridLine(line)]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn text_that_goes_past_the_parser_comes_to_the_same(
        steps in proptest::collection::vec((text_stream(), 1usize..4000, 2u16..100, 2u16..12), 1..6)
    ) {
        let (mut fast, mut slow) = (screen(40, 6), screen(40, 6));
        slow.engine.shortcut.closed = true;
        for (bytes, cut, columns, rows) in steps {
            let mark = fast.mark();
            for piece in bytes.chunks(cut) {
                feed(&mut fast, piece);
                feed(&mut slow, piece);
            }
            prop_assert_eq!(fast.frame(0), slow.frame(0));
            prop_assert_eq!(cells(&fast), cells(&slow));
            let cursor = |screen: &Screen| screen.engine.emulation.term.grid().cursor.clone();
            prop_assert_eq!(cursor(&fast).point, cursor(&slow).point);
            prop_assert_eq!(cursor(&fast).input_needs_wrap, cursor(&slow).input_needs_wrap);
            prop_assert_eq!(fast.modes(), slow.modes());
            prop_assert_eq!(fast.mark(), slow.mark());
            prop_assert_eq!(fast.text_since(&mark, WIDE), slow.text_since(&mark, WIDE));
            // Not every page: each one is unpacked and wrapped anew.
            let most = fast.frame(0).scroll.most;
            for up in [1, most / 3, most / 2, most] {
                prop_assert_eq!(fast.frame(up), slow.frame(up));
            }
            fast.resize(Size { columns, rows });
            slow.resize(Size { columns, rows });
        }
        prop_assert_eq!(fast.take_replies(), slow.take_replies());
        prop_assert_eq!((fast.panics(), slow.panics()), (0, 0));
    }
}
