//! Copies a text to the person's clipboard, by way of the terminal (OSC 52), so that it works over any line.
//!
//! Not here: what is copied (`update`) or writing it out (`mod.rs`).

/// Terminals take so much (hterm, and others after it: 100,000 bytes in all); a longer one would be cut or dropped without a word.
pub const MOST_BYTES: usize = 74_994;

/// Whether another program stands between us and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outer {
    Terminal,
    /// tmux takes the sequence itself where `set-clipboard` is on, and lets it through where `allow-passthrough` is.
    Tmux,
}

impl Outer {
    pub fn from_env() -> Outer {
        if std::env::var_os("TMUX").is_some() { Outer::Tmux } else { Outer::Terminal }
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has {bytes} bytes, and terminals take {MOST_BYTES} at most; nothing was copied")]
pub struct TooLong {
    pub bytes: usize,
}

/// What the terminal must be sent.
pub fn sequence(text: &str, outer: Outer) -> Result<String, TooLong> {
    if text.len() > MOST_BYTES {
        return Err(TooLong { bytes: text.len() });
    }
    let plain = format!("\x1b]52;c;{}\x07", base64(text.as_bytes()));
    Ok(match outer {
        Outer::Terminal => plain,
        Outer::Tmux => format!("{plain}\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")),
    })
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let [first, second, third] = [0, 1, 2].map(|at| three.get(at).copied().unwrap_or(0));
        let bits = u32::from_be_bytes([0, first, second, third]);
        for at in 0..4_usize {
            let sign = SIGNS[(bits >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= three.len() { char::from(sign) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_goes_out_in_base64() {
        for (text, wanted) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("日本", "5pel5pys")] {
            assert_eq!(sequence(text, Outer::Terminal), Ok(format!("\x1b]52;c;{wanted}\x07")), "{text}");
        }
    }

    #[test]
    fn tmux_is_asked_both_ways() {
        let sent = sequence("f", Outer::Tmux).expect("short");
        assert_eq!(sent, "\x1b]52;c;Zg==\x07\x1bPtmux;\x1b\x1b]52;c;Zg==\x07\x1b\\");
    }

    #[test]
    fn what_no_terminal_takes_is_refused() {
        assert!(sequence(&"x".repeat(MOST_BYTES), Outer::Terminal).is_ok());
        assert_eq!(sequence(&"x".repeat(MOST_BYTES + 1), Outer::Terminal), Err(TooLong { bytes: MOST_BYTES + 1 }));
    }
}
