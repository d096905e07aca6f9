//! One session alone in the person's terminal, without the window's frame: keys straight through, its picture over the whole screen.
//!
//! Change here: what the keys after the prefix do there. Not here: the words before and after it (`cli/attach.rs`).

use super::TuiError;
use super::event::Event;
use super::guard::Guard;
use super::input::Input;
use super::keymap::{key_name, short_key_name};
use super::layout::frame_offset;
use super::screen::Screen;
use super::signals::{Signals, drain};
use super::tty::{ESCAPE_MS, READ_BYTES, is_writable, now, window_size};
use super::update::keys::paste_pieces;
use super::view::pane;
use crate::client::{ClientError, View};
use crate::domain::id::ConversationId;
use crate::paths::Paths;
use crate::protocol::message::{ViewInput, ViewOutput};
use crate::terminal::frame::{Frame, Size};
use crate::terminal::keys::{Key, KeyCode, Modifiers, Mouse};
use ratatui::layout::{Position, Rect};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::isatty;
use std::os::fd::AsFd;
use std::time::Instant;

/// How long the way out is shown at first; the first key ends it sooner.
const HINT_MS: u64 = 4_000;

/// How it was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// The session goes on.
    ByPerson,
    /// Its process is gone.
    SessionEnded,
}

#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    #[error("{0}")]
    Tui(#[from] TuiError),
    #[error("{0}")]
    Client(#[from] ClientError),
}

/// Shows the session until the person leaves it or its process ends. The terminal is given back either way.
pub fn attach(paths: &Paths, prefix: Key, conversation: ConversationId) -> Result<Left, AttachError> {
    if !isatty(rustix::stdio::stdin()) || !isatty(rustix::stdio::stdout()) {
        return Err(TuiError::NoTerminal.into());
    }
    let size = window_size();
    // Before the terminal is taken: a refusal is read where the person is.
    let view = View::open(paths, conversation, size)?;
    let mut signals = Signals::listen().map_err(|source| TuiError::Signals { source })?;
    let _guard = Guard::take().map_err(|source| TuiError::Take { source })?;
    Attached::new(view, prefix, size).run(&mut signals)
}

struct Attached {
    view: View,
    frame: Frame,
    size: Size,
    input: Input,
    /// Since when a sequence of the terminal is incomplete.
    waiting_since_ms: Option<u64>,
    keys: PrefixKeys,
    hint_until_ms: Option<u64>,
    stale: bool,
    began: Instant,
    left: Option<Left>,
}

/// What the person's keys mean here.
struct PrefixKeys {
    prefix: Key,
    pressed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    ForAgent(Key),
    Leave,
    Nothing,
}

impl PrefixKeys {
    /// After the prefix, d leaves and the prefix is sent on; anything else does nothing, so that a slip reaches no agent.
    fn key(&mut self, key: Key) -> Means {
        match (std::mem::take(&mut self.pressed), key) {
            (false, key) if key == self.prefix => {
                self.pressed = true;
                Means::Nothing
            }
            (true, key) if key == self.prefix => Means::ForAgent(key),
            (true, Key { code: KeyCode::Char('d'), modifiers: Modifiers::NONE }) => Means::Leave,
            (true, _) => Means::Nothing,
            (false, key) => Means::ForAgent(key),
        }
    }
}

impl Attached {
    fn new(view: View, prefix: Key, size: Size) -> Attached {
        Attached {
            view,
            frame: Frame::blank(size),
            size,
            input: Input::default(),
            waiting_since_ms: None,
            keys: PrefixKeys { prefix, pressed: false },
            hint_until_ms: Some(HINT_MS),
            stale: true,
            began: Instant::now(),
            left: None,
        }
    }

    fn run(mut self, signals: &mut Signals) -> Result<Left, AttachError> {
        let mut screen = Screen::new(self.size);
        self.receive()?;
        loop {
            if let Some(left) = self.left {
                return Ok(left);
            }
            // A terminal that takes nothing at present gets the newest picture later.
            if self.stale && is_writable() {
                self.stale = false;
                self.draw(&mut screen).map_err(|source| TuiError::Draw { source })?;
            }
            let ready = self.wait(signals)?;
            if ready.ended {
                self.left = Some(Left::ByPerson);
            }
            if ready.terminal {
                self.read_terminal()?;
            }
            if ready.resized {
                drain(&mut signals.resized);
                self.size = window_size();
                self.stale = true;
                self.view.send(&ViewInput::Resize(self.size))?;
            }
            self.settle()?;
            self.receive()?;
        }
    }

    fn draw(&self, screen: &mut Screen) -> std::io::Result<()> {
        let hint = self.hint();
        let cursor = self.frame.cursor.filter(|_| hint.is_none());
        screen.draw_picture(self.size, cursor, |buffer| {
            let area = Rect::new(0, 0, self.size.columns, self.size.rows);
            let position = pane::draw_frame(&self.frame, area, buffer);
            match hint {
                Some(words) => {
                    pane::draw_hint(&words, area, buffer);
                    None::<Position>
                }
                None => position,
            }
        })
    }

    /// What stands in the last row for a while: at first, and after the prefix.
    fn hint(&self) -> Option<String> {
        let (name, short) = (key_name(self.keys.prefix), short_key_name(self.keys.prefix));
        if self.keys.pressed {
            return Some(format!(" {name} then: d leaves · {short} sends it to the agent "));
        }
        self.hint_until_ms.map(|_| format!(" {name} d leaves; the agent keeps running "))
    }

    /// Waits until there is something to do.
    fn wait(&self, signals: &Signals) -> Result<Ready, AttachError> {
        let (input, output) = (rustix::stdio::stdin(), rustix::stdio::stdout());
        let mut fds = vec![
            PollFd::new(&input, PollFlags::IN),
            PollFd::new(&signals.resized, PollFlags::IN),
            PollFd::new(&signals.ended, PollFlags::IN),
            PollFd::from_borrowed_fd(self.view.as_fd(), PollFlags::IN),
        ];
        if self.stale {
            fds.push(PollFd::new(&output, PollFlags::OUT));
        }
        let timeout = self.timeout();
        while let Err(errno) = poll(&mut fds, timeout.as_ref()) {
            if errno != Errno::INTR {
                return Err(TuiError::Wait { source: errno.into() }.into());
            }
        }
        let is_ready = |at: usize| fds.get(at).is_some_and(|fd| !fd.revents().is_empty());
        Ok(Ready { terminal: is_ready(0), resized: is_ready(1), ended: is_ready(2) })
    }

    /// Until the next deadline; none where nothing moves.
    fn timeout(&self) -> Option<Timespec> {
        let escape = self.waiting_since_ms.map(|since| since + ESCAPE_MS);
        let due_ms = [escape, self.hint_until_ms].into_iter().flatten().min()?;
        let ms = due_ms.saturating_sub(now(self.began).steady_ms);
        // Both deadlines are seconds away at most.
        Some(Timespec {
            tv_sec: (ms / 1000).try_into().unwrap_or(1),
            tv_nsec: (ms % 1000 * 1_000_000).try_into().unwrap_or(0),
        })
    }

    fn read_terminal(&mut self) -> Result<(), ClientError> {
        let mut bytes = [0; READ_BYTES];
        match rustix::io::read(rustix::stdio::stdin(), &mut bytes) {
            Ok(0) => self.left = Some(Left::ByPerson),
            Ok(count) => {
                for event in self.input.feed(bytes.get(..count).unwrap_or_default()) {
                    self.take(event)?;
                }
                self.waiting_since_ms = self.input.is_waiting().then(|| now(self.began).steady_ms);
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => self.left = Some(Left::ByPerson), // The terminal is gone.
        }
        Ok(())
    }

    /// What a deadline brings: an escape that nothing followed is a key, and the hint goes.
    fn settle(&mut self) -> Result<(), ClientError> {
        let now_ms = now(self.began).steady_ms;
        if self.hint_until_ms.is_some_and(|until| until <= now_ms) {
            self.hint_until_ms = None;
            self.stale = true;
        }
        if self.waiting_since_ms.is_some_and(|since| since + ESCAPE_MS <= now_ms) {
            self.waiting_since_ms = None;
            if let Some(event) = self.input.settle() {
                self.take(event)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, event: Event) -> Result<(), ClientError> {
        match event {
            Event::Key(key) => self.key(key),
            Event::Paste(text) => {
                paste_pieces(&text).try_for_each(|piece| self.send(ViewInput::Paste(piece.to_owned())))
            }
            Event::Mouse(mouse) => {
                let (left, top) = frame_offset(&self.frame, Rect::new(0, 0, self.size.columns, self.size.rows));
                self.send(ViewInput::Mouse(Mouse { column: mouse.column + left, row: mouse.row + top, ..mouse }))
            }
            Event::Focus(focus) => self.send(ViewInput::Focus(focus)),
            // The bytes of a terminal mean nothing else.
            _ => Ok(()),
        }
    }

    fn key(&mut self, key: Key) -> Result<(), ClientError> {
        let showed = self.hint();
        self.hint_until_ms = None;
        let means = self.keys.key(key);
        self.stale |= self.hint() != showed;
        match means {
            Means::ForAgent(key) => self.send(ViewInput::Key(key)),
            Means::Leave => {
                self.left = Some(Left::ByPerson);
                Ok(())
            }
            Means::Nothing => Ok(()),
        }
    }

    /// What follows the way out in one read is for nobody.
    fn send(&mut self, input: ViewInput) -> Result<(), ClientError> {
        if self.left.is_some() { Ok(()) } else { self.view.send(&input) }
    }

    fn receive(&mut self) -> Result<(), ClientError> {
        while self.left.is_none() {
            match self.view.receive() {
                Ok(None) => break,
                Ok(Some(ViewOutput::Frame(delta))) => {
                    self.frame.apply(delta);
                    self.stale = true;
                }
                // Nobody asks here for the place of a turn, or for text.
                Ok(Some(ViewOutput::NoPlace { .. } | ViewOutput::Text { .. })) => {}
                // Whether the session's thread or the whole host is gone, whoever tells of it asks the host.
                Ok(Some(ViewOutput::Ended)) | Err(ClientError::Ended) => self.left = Some(Left::SessionEnded),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What poll found, beside the view.
struct Ready {
    terminal: bool,
    resized: bool,
    ended: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_prefix_and_what_follows_it_are_kept_from_the_agent() {
        let plain = |sign| Key { code: KeyCode::Char(sign), modifiers: Modifiers::NONE };
        let prefix = Key { code: KeyCode::Char(']'), modifiers: Modifiers::CONTROL };
        let mut keys = PrefixKeys { prefix, pressed: false };
        let mut means = |key| keys.key(key);
        assert_eq!(means(plain('d')), Means::ForAgent(plain('d')));
        assert_eq!([means(prefix), means(prefix)], [Means::Nothing, Means::ForAgent(prefix)]);
        assert_eq!(means(plain('d')), Means::ForAgent(plain('d')), "the prefix was used up");
        assert_eq!([means(prefix), means(plain('x'))], [Means::Nothing, Means::Nothing]);
        assert_eq!(means(plain('d')), Means::ForAgent(plain('d')), "a slip ends it as well");
        assert_eq!([means(prefix), means(plain('d'))], [Means::Nothing, Means::Leave]);
    }
}
