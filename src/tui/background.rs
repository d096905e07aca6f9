//! Whether the person's terminal is dark or light: what it is asked, and what it answers.
//!
//! Why two questions: terminals that know mode 2031 tell of a change by themselves and answer `CSI ? 996 n`; most others answer only for the
//! color of their background (OSC 11). One that answers nothing keeps its sixteen colors.
//! Not here: what follows for the theme (`theme.rs`).

/// Tell of changes from now on; what are you now; and what is your background.
pub const QUESTION: &[u8] = b"\x1b[?2031h\x1b[?996n\x1b]11;?\x1b\\";

/// An answer is `ESC ] 11 ; rgb:RRRR/GGGG/BBBB` and its end; a longer one is none.
const ANSWER_BYTES: usize = 64;
const ANSWER: &[u8] = b"\x1b]11;rgb";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    Dark,
    Light,
}

/// What stands at the start of bytes that begin with `ESC ]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// So many bytes, which tell this, if anything.
    Whole(usize, Option<Background>),
    Incomplete,
    /// A key of the person and what was typed behind it.
    No,
}

/// Reads an answer for the color of the background.
pub fn answer(bytes: &[u8]) -> Answer {
    let common = bytes.len().min(ANSWER.len());
    if bytes.get(..common) != ANSWER.get(..common) {
        return Answer::No;
    }
    let rest = bytes.get(ANSWER.len()..).unwrap_or_default();
    let end = rest.iter().position(|byte| *byte == 0x07 || *byte == 0x1b);
    match end.and_then(|at| Some((at, *rest.get(at)?))) {
        None if bytes.len() > ANSWER_BYTES => Answer::No,
        None => Answer::Incomplete,
        Some((at, 0x1b)) if rest.get(at + 1) == Some(&b'\\') => {
            Answer::Whole(ANSWER.len() + at + 2, color(rest.get(..at).unwrap_or_default()))
        }
        Some((at, 0x1b)) if rest.len() == at + 1 => Answer::Incomplete,
        Some((at, _)) => Answer::Whole(ANSWER.len() + at + 1, color(rest.get(..at).unwrap_or_default())),
    }
}

/// `:RRRR/GGGG/BBBB`, behind `rgb`, or `a:` with a fourth part that says nothing of light; each part has one to four digits.
fn color(text: &[u8]) -> Option<Background> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.strip_prefix('a').unwrap_or(text).strip_prefix(':')?;
    let mut parts = text.split('/').map(|part| {
        let most = 16_u32.checked_pow(u32::try_from(part.len()).ok()?)?.checked_sub(1).filter(|most| *most > 0)?;
        Some(u32::from_str_radix(part, 16).ok()? * 1000 / most)
    });
    let mut next = || parts.next().flatten();
    let (red, green, blue) = (next()?, next()?, next()?);
    // How bright the eye takes them for, in thousandths.
    let light = (red * 299 + green * 587 + blue * 114) / 1000;
    Some(if light < 500 { Background::Dark } else { Background::Light })
}

/// The parameters of a report that ends with `n`: `?997;1` or `?997;2`.
pub fn report(parameters: &[u8]) -> Option<Background> {
    match parameters {
        b"?997;1" => Some(Background::Dark),
        b"?997;2" => Some(Background::Light),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_terminals_are_read_whole_and_in_parts() {
        let (dark, light) = (Some(Background::Dark), Some(Background::Light));
        for (text, told) in [
            ("\x1b]11;rgb:0000/0000/0000\x1b\\", dark),
            ("\x1b]11;rgb:1e1e/1e1e/2e2e\x07", dark),
            ("\x1b]11;rgb:ff/ff/ff\x07", light),
            ("\x1b]11;rgb:f/f/d\x07", light),
            ("\x1b]11;rgba:fdfd/f6f6/e3e3/ffff\x1b\\", light),
            ("\x1b]11;rgb:zz/zz/zz\x07", None),
            ("\x1b]11;rgb:\x07", None),
            ("\x1b]11;rgb:ffffffffff/0/0\x07", None),
        ] {
            let bytes = text.as_bytes();
            assert_eq!(answer(&[bytes, b"x"].concat()), Answer::Whole(bytes.len(), told), "{text:?}");
            for cut in 2..bytes.len() {
                assert_eq!(answer(&bytes[..cut]), Answer::Incomplete, "{text:?} {cut}");
            }
        }
        for text in ["\x1b]x", "\x1b]11 ", "\x1b]12;rgb:0/0/0\x07"] {
            assert_eq!(answer(text.as_bytes()), Answer::No, "{text:?}");
        }
        assert_eq!(answer(&[b"\x1b]11;rgb:".as_slice(), &[b'0'; 99]].concat()), Answer::No);
        assert_eq!((report(b"?997;1"), report(b"?997;2"), report(b"0")), (dark, light, None));
    }
}
