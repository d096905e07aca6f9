//! What the person's terminal can do, asked of the terminal itself.
//!
//! All questions go out in one write; the last one is one that every terminal answers, so that nobody waits for those that stay silent.
//! Change here: what is asked, and what an answer means.

use super::finding::Finding;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcsetattr};
use std::io;
use std::time::{Duration, Instant};

const ABOUT: &str = "terminal";
/// Its name, kitty's keyboard protocol, synchronized output, word of light and dark, and at last what it is.
const QUESTIONS: &[u8] = b"\x1b[>0q\x1b[?u\x1b[?2026$p\x1b[?2031$p\x1b[c";
/// Over a slow line an answer takes some hundred milliseconds.
const LIMIT: Duration = Duration::from_secs(1);
/// Far more than all answers together.
const MOST_BYTES: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Features {
    name: Option<String>,
    kitty_keyboard: bool,
    synchronized: bool,
    tells_theme: bool,
    /// It answered the question that every terminal answers.
    answered: bool,
}

pub fn look() -> Finding {
    if !isatty(rustix::stdio::stdin()) || !isatty(rustix::stdio::stdout()) {
        return Finding::unknown(ABOUT, "input or output is no terminal, so none was asked");
    }
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    match ask() {
        Ok(answer) => finding(&read(&answer), &variable("TERM"), &variable("COLORTERM")),
        Err(error) => Finding::unknown(ABOUT, format!("it could not be asked: {error}")),
    }
}

fn finding(features: &Features, term: &str, colorterm: &str) -> Finding {
    let yes = |has: bool| if has { "yes" } else { "no" };
    let colours = matches!(colorterm, "truecolor" | "24bit") || term.ends_with("-direct");
    let name = features.name.as_deref().unwrap_or("no name told");
    let text = format!(
        "{term} ({name}) · keys told apart {} · pictures in one piece {} · light or dark told {} · 24-bit colours {}",
        yes(features.kitty_keyboard),
        yes(features.synchronized),
        yes(features.tells_theme),
        yes(colours),
    );
    match (features.answered, features.kitty_keyboard) {
        (false, _) => Finding::unknown(ABOUT, format!("{term} answered nothing within {} s", LIMIT.as_secs())),
        (true, true) => Finding::well(ABOUT, text),
        (true, false) => Finding::well(ABOUT, text)
            .with_next_step("Shift+Enter arrives as Enter here; Alt+Enter and Ctrl+J make a new line"),
    }
}

/// The terminal without echo and lines; as it was before when this is dropped.
struct Raw(Termios);

impl Raw {
    fn take() -> io::Result<Raw> {
        let before = tcgetattr(rustix::stdio::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Flush, &raw)?;
        Ok(Raw(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // A late answer must not be read as typed; where this fails the terminal is gone.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Flush, &self.0);
    }
}

/// All that came back until the last question was answered.
fn ask() -> io::Result<Vec<u8>> {
    let _raw = Raw::take()?;
    rustix::io::write(rustix::stdio::stdout(), QUESTIONS)?;
    let until = Instant::now() + LIMIT;
    let mut answer = Vec::new();
    while !read(&answer).answered && answer.len() < MOST_BYTES {
        let left = until.saturating_duration_since(Instant::now());
        let limit = Timespec::try_from(left).map_err(io::Error::other)?;
        let input = rustix::stdio::stdin();
        if left.is_zero() || poll(&mut [PollFd::new(&input, PollFlags::IN)], Some(&limit))? == 0 {
            break;
        }
        let mut buffer = [0; 256];
        match rustix::io::read(input, &mut buffer)? {
            0 => break,
            count => answer.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
    }
    Ok(answer)
}

fn read(answer: &[u8]) -> Features {
    let text = String::from_utf8_lossy(answer);
    let mut features = Features::default();
    for piece in text.split('\x1b') {
        if let Some(name) = piece.strip_prefix("P>|") {
            features.name = Some(crate::terminal::clean::clean(name));
        }
        let Some(sequence) = piece.strip_prefix("[?") else { continue };
        // What a person typed meanwhile may follow.
        let Some(end) = sequence.find(|sign: char| sign.is_ascii_alphabetic()) else { continue };
        let (parameters, letter) = (&sequence[..end], &sequence[end..=end]);
        match letter {
            "u" => features.kitty_keyboard = true,
            "c" => features.answered = true,
            "y" => match parameters.trim_end_matches('$').split_once(';') {
                // 0: not known. 4: never on.
                Some(("2026", state)) => features.synchronized = matches!(state, "1" | "2" | "3"),
                Some(("2031", state)) => features.tells_theme = matches!(state, "1" | "2" | "3"),
                Some(_) | None => {}
            },
            _ => {}
        }
    }
    features
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart_and_the_last_one_ends_the_wait() {
        let all = read(b"\x1bP>|kitty(0.40)\x1b\\\x1b[?0u\x1b[?2026;2$y\x1b[?2031;1$y\x1b[?62;c");
        let name = Some("kitty(0.40)".to_owned());
        let wanted = Features { kitty_keyboard: true, synchronized: true, tells_theme: true, answered: true, name };
        assert_eq!(all, wanted);
        let few = read(b"x\x1b[?2026;0$y\x1b[?2031;4$yq\x1b[?1;2c");
        assert_eq!(few, Features { answered: true, ..Features::default() });
        assert!(!read(b"\x1b[?6").answered && !read(b"").answered);
    }

    #[test]
    fn what_is_missing_is_said_with_what_can_be_pressed_instead() {
        let features = Features { answered: true, name: Some("tmux 3.3a".into()), ..Features::default() };
        let told = finding(&features, "tmux-256color", "truecolor");
        assert_eq!(
            told.text,
            "tmux-256color (tmux 3.3a) · keys told apart no · pictures in one piece no · light or dark told no · 24-bit colours yes"
        );
        assert!(told.next_step.is_some_and(|words| words.contains("Alt+Enter")));
        assert!(finding(&Features::default(), "dumb", "").text.contains("answered nothing"));
    }
}
