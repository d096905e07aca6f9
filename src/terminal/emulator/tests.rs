//! Bytes in, pictures, answers and texts out; and what hostile bytes must not do.

use proptest::prelude::*;

use super::*;
use crate::terminal::frame::Row;
use crate::terminal::replies::Rgb;

mod answers;
mod history;
mod hostile;
mod pictures;
mod places;
mod plain_text;
mod resizing;
mod told;

const WIDE: Cap = Cap { head: 1 << 20, tail: 1 << 20 };

fn screen(columns: u16, rows: u16) -> Screen {
    Screen::new(Size { columns, rows })
}

/// Feeds everything and returns what was told.
fn feed(screen: &mut Screen, bytes: impl AsRef<[u8]>) -> Vec<Told> {
    let (mut rest, mut told) = (bytes.as_ref(), Vec::new());
    while !rest.is_empty() {
        let fed = screen.feed(rest);
        assert!(fed.used > 0);
        rest = &rest[fed.used..];
        told.extend(fed.told);
    }
    told
}

fn lines(screen: &Screen, up: u32) -> Vec<String> {
    screen.frame(up).rows.iter().map(Row::text).collect()
}

/// All rows from the oldest, read page by page.
fn all_rows(screen: &Screen) -> Vec<String> {
    let most = screen.frame(0).scroll.most;
    let height = u32::from(screen.size().rows);
    let mut rows: Vec<String> = Vec::new();
    let mut up = most;
    loop {
        let page = lines(screen, up);
        let overlap = rows.len() as u32 - (most - up);
        rows.extend(page.into_iter().skip(overlap as usize));
        if up == 0 {
            return rows;
        }
        up = up.saturating_sub(height);
    }
}

fn text_since(screen: &Screen, mark: &Mark) -> String {
    screen.text_since(mark, WIDE).expect("the mark is there").0
}

/// Pieces of streams that programs really send, broken and whole.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        "[a-z日é ]{0,30}".prop_map(String::into_bytes),
        "\x1b\\[[0-9;?>]{0,6}[@A-Za-z]".prop_map(String::into_bytes),
        "\x1b\\[[?]?[0-9]{1,4}\\$p".prop_map(String::into_bytes),
        "\x1b\\][0-9]{0,4};[a-z?;0-9]{0,10}(\x07|\x1b\\\\)?".prop_map(String::into_bytes),
        "\x1b[P_^XcDEMZ78=>]".prop_map(String::into_bytes),
        Just(b"\r\n".to_vec()),
        Just("日\u{301}🦀".into()),
        Just(b"\x1b[?1049h".to_vec()),
        Just(b"\x1b[?1049l".to_vec()),
        Just(b"\x1b[2J\x1b[3J".to_vec()),
        Just(b"\x1b[?2004h".to_vec()),
        Just(b"\x1b[?2004;1l".to_vec()),
        Just(b"\x1b]7501;?\x07".to_vec()),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}
