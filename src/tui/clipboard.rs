//! Puts text into the clipboard of the person's terminal, also over SSH: OSC 52.
//!
//! The terminal answers nothing, so nobody can know whether it took it; some do only where their settings allow it.
//! Change here: the sequence and how long a text may be. Not here: what is copied (`copy.rs`), or the writing (`Effect::Copy`).

/// Of a longer sequence terminals keep nothing, or a part: tmux drops one of more than 1 MiB, and some stop far earlier.
pub const MOST_BYTES: usize = 512 * 1024;

/// What stands between us and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    Nothing,
    /// tmux. It takes the sequence for itself or drops it, as `set-clipboard` says; wrapped, it goes on to the terminal where
    /// `allow-passthrough` is on.
    Tmux,
}

/// Who takes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taker {
    Terminal,
    /// The person's own program (`copy_command`), for which no text is too long.
    Program,
}

/// How much of something was copied, for people; or why it was not.
pub fn words(text: &str, taker: Taker) -> Result<String, String> {
    if text.len() > MOST_BYTES && taker == Taker::Terminal {
        let (kib, most) = (text.len() / 1024, MOST_BYTES / 1024);
        return Err(format!(
            "not copied: {kib} KiB, and terminals take at most {most} KiB; select less, or set copy_command"
        ));
    }
    let count = text.chars().count();
    let what = if count == 1 { "character" } else { "characters" };
    Ok(match text.lines().count() {
        0 | 1 => format!("copied {count} {what}"),
        lines => format!("copied {lines} lines, {count} characters"),
    })
}

/// The bytes that make a terminal take the text.
pub fn sequence(text: &str, through: Through) -> Vec<u8> {
    let plain = format!("\x1b]52;c;{}\x07", base64::encode(text.as_bytes()));
    match through {
        Through::Nothing => plain.into_bytes(),
        // In both ways: which of them it allows cannot be seen.
        Through::Tmux => format!("{plain}\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")).into_bytes(),
    }
}

mod base64 {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    pub fn encode(bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
        for group in bytes.chunks(3) {
            let bits = (0..3).fold(0u32, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
            for at in 0..4 {
                let sign = SIGNS.get((bits >> (18 - 6 * at) & 63) as usize).map_or('=', |sign| char::from(*sign));
                text.push(if at <= group.len() { sign } else { '=' });
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_encoded_as_terminals_read_it() {
        for (text, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("日本\n", "5pel5pysCg==")]
        {
            assert_eq!(sequence(text, Through::Nothing), format!("\x1b]52;c;{encoded}\x07").into_bytes(), "{text}");
        }
    }

    #[test]
    fn tmux_gets_it_plain_and_wrapped() {
        let both = sequence("foo", Through::Tmux);
        assert_eq!(both, b"\x1b]52;c;Zm9v\x07\x1bPtmux;\x1b\x1b]52;c;Zm9v\x07\x1b\\");
    }

    #[test]
    fn how_much_was_copied_is_said_and_what_is_too_long_is_not_copied() {
        assert_eq!(words("a", Taker::Terminal), Ok("copied 1 character".into()));
        assert_eq!(words("日本", Taker::Terminal), Ok("copied 2 characters".into()));
        assert_eq!(words("a\nb\n", Taker::Terminal), Ok("copied 2 lines, 4 characters".into()));
        assert_eq!(words(&"x".repeat(MOST_BYTES), Taker::Terminal), Ok(format!("copied {MOST_BYTES} characters")));
        assert!(words(&"x".repeat(MOST_BYTES + 1), Taker::Program).is_ok());
        assert!(words(&"x".repeat(MOST_BYTES + 1), Taker::Terminal).is_err_and(|why| why.contains("512 KiB")));
    }
}
