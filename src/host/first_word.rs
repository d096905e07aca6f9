//! The first word of a host to who launched it, over its standard output: whether it serves. After it that output leads nowhere.
//!
//! Both sides are the same build, as a host is launched by its own program; still it is one line of text that a person can read.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

const SERVING: &str = "serving";
const CANNOT: &str = "cannot: ";
/// A reason is some hundred bytes; whatever else writes there must not fill the memory.
const MOST_BYTES: u64 = 16 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstWord {
    /// It serves, or another one does.
    Serving,
    /// The text says why not.
    Cannot(String),
}

impl FirstWord {
    /// Says it, and lets go of what it was said to.
    pub fn tell(&self) {
        let mut stdout = io::stdout();
        // Who launched us may be gone; then nobody wants to know.
        let _ = writeln!(stdout, "{}", self.line()).and_then(|()| stdout.flush());
        match OpenOptions::new().write(true).open(Path::new("/dev/null")) {
            Ok(nowhere) => {
                if let Err(error) = rustix::stdio::dup2_stdout(&nowhere) {
                    tracing::warn!(%error, "could not let go of the standard output");
                }
            }
            Err(error) => tracing::warn!(%error, "could not let go of the standard output"),
        }
    }

    /// Waits for it. None where the other side ended without one.
    pub fn hear(from: impl Read) -> io::Result<Option<FirstWord>> {
        let mut line = String::new();
        BufReader::new(from.take(MOST_BYTES)).read_line(&mut line)?;
        Ok(FirstWord::parse(line.trim_end()))
    }

    fn line(&self) -> String {
        match self {
            FirstWord::Serving => SERVING.to_owned(),
            FirstWord::Cannot(why) => format!("{CANNOT}{}", why.replace(['\n', '\r'], " ")),
        }
    }

    fn parse(line: &str) -> Option<FirstWord> {
        if line == SERVING {
            return Some(FirstWord::Serving);
        }
        line.strip_prefix(CANNOT).map(|why| FirstWord::Cannot(why.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_heard_as_one_line() {
        let heard = |text: &str| FirstWord::hear(text.as_bytes()).expect("it can be read");
        assert_eq!(heard(&format!("{}\nmore", FirstWord::Serving.line())), Some(FirstWord::Serving));
        let cannot = FirstWord::Cannot("two\nlines".into());
        assert_eq!(heard(&cannot.line()), Some(FirstWord::Cannot("two lines".into())));
        for nothing in ["", "\n", "serv", "something else"] {
            assert_eq!(heard(nothing), None, "{nothing:?}");
        }
    }
}
