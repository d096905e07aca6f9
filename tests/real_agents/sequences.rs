//! Finds the control sequences in an agent's output, as far as a terminal must answer them or a test wants to know of them.
//!
//! Change here: another kind of sequence. Not here: what is answered (`drive.rs`).

/// A sequence with what stands between its start and its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sequence {
    /// `ESC [`, with the final sign.
    Csi(String),
    /// `ESC ]`, without its end.
    Osc(String),
}

/// Takes output piece by piece; a sequence may be cut anywhere.
#[derive(Debug, Default)]
pub struct Scanner {
    state: State,
    text: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Plain,
    Escape,
    Csi,
    Osc,
    /// A string of another kind, which is passed over.
    Other,
    /// An escape within a string: its end, if a backslash follows.
    OscEnd,
    OtherEnd,
}

impl Scanner {
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Sequence> {
        bytes.iter().filter_map(|byte| self.step(*byte)).collect()
    }

    fn step(&mut self, byte: u8) -> Option<Sequence> {
        let (state, found) = match (self.state, byte) {
            (State::Plain | State::Escape | State::Csi, 0x1b) => (State::Escape, None),
            (State::Plain, _) => (State::Plain, None),
            (State::Escape, b'[') => (State::Csi, None),
            (State::Escape, b']') => (State::Osc, None),
            (State::Escape, b'P' | b'_' | b'^' | b'X') => (State::Other, None),
            (State::Escape, _) => (State::Plain, None),
            (State::Csi, 0x40..=0x7e) => {
                self.text.push(byte);
                (State::Plain, Some(Sequence::Csi(self.take_text())))
            }
            (State::Osc, 0x07) | (State::OscEnd, b'\\') => (State::Plain, Some(Sequence::Osc(self.take_text()))),
            (State::Osc, 0x1b) => (State::OscEnd, None),
            (State::Csi | State::Osc, _) => {
                self.text.push(byte);
                (self.state, None)
            }
            (State::Other, 0x1b) => (State::OtherEnd, None),
            (State::Other, 0x07) | (State::OtherEnd, b'\\') => (State::Plain, None),
            (State::Other | State::OtherEnd, _) => (State::Other, None),
            (State::OscEnd, _) => (State::Plain, None),
        };
        if matches!(state, State::Plain | State::Escape) && found.is_none() {
            self.text.clear();
        }
        self.state = state;
        found
    }

    fn take_text(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.text)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_found_however_the_output_is_cut() {
        let output = b"a\x1b[>0q\x1b[?u\x1b]7501;?\x07b\x1b_Gi=1\x1b\\\x1bP+q\x1b\\\x1b]0;t\x1b\\\x1b[c\x1b[1\x1b[6n";
        let wanted = [
            Sequence::Csi(">0q".into()),
            Sequence::Csi("?u".into()),
            Sequence::Osc("7501;?".into()),
            Sequence::Osc("0;t".into()),
            Sequence::Csi("c".into()),
            Sequence::Csi("6n".into()),
        ];
        for cut in 0..output.len() {
            let mut scanner = Scanner::default();
            let mut found = scanner.take(&output[..cut]);
            found.extend(scanner.take(&output[cut..]));
            assert_eq!(found, wanted, "cut at {cut}");
        }
    }
}
