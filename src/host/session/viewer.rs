//! One view of the session: its keys in, its pictures out. Pictures are made from what the viewer saw last, so a slow one only skips some.

use super::Handover;
use super::agent_io::AgentIo;
use crate::domain::id::{Timestamp, TurnNumber};
use crate::host::socket::{Guest, Place};
use crate::protocol::codec::{self, Decoder};
use crate::protocol::message::{Rest, Scroll, Told, ViewInput, ViewOutput};
use crate::terminal::emulator::Screen;
use crate::terminal::frame::{Frame, Size};
use crate::terminal::keys::{self, MouseAction, WheelMeans};
use crate::terminal::paste;
use rustix::event::{PollFd, PollFlags};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// At most one picture in this time, that is 60 a second: more is not seen.
const PICTURE_EVERY: Duration = Duration::from_millis(16);
/// A viewer gets at most so many bytes in a millisecond over time: after a large picture the next one waits for longer.
const BYTES_A_MS: usize = 600;
/// For so long after a key every change is shown at once, so that typing feels direct.
const BOOST: Duration = Duration::from_millis(50);
/// Keys are a few bytes each; a long paste comes in several reads.
const READ_BYTES: usize = 4 * 1024;
/// A piece of the whole text; a frame holds twice as much.
const TEXT_PIECE_BYTES: usize = 512 * 1024;
/// What a row takes on the wire beside its text, at most.
const ROW_BYTES: usize = 24;

pub struct Viewer {
    stream: UnixStream,
    _place: Place,
    decoder: Decoder,
    /// The last read left room: there is no more to read for now.
    drained: bool,
    /// Bytes that the socket had no room for. While there are some, no picture is made.
    out: Vec<u8>,
    seen: Option<Frame>,
    seen_revision: u64,
    last_picture: Option<Instant>,
    /// From the last picture to the next one.
    pause: Duration,
    size: Size,
    /// Rows above the live screen, and how many rows had left the screen when that was counted.
    up: u32,
    scrolled: u64,
    typed: bool,
    /// It takes no pictures any more. What it typed before it left may still wait to be read.
    deaf: bool,
    gone: bool,
}

impl Viewer {
    /// Greets a connection that has just become a view.
    pub fn welcome(handover: Handover) -> io::Result<Viewer> {
        let Guest { stream, place } = handover.guest;
        stream.set_nonblocking(true)?;
        let told = Told::Reply { id: handover.id, reply: handover.reply };
        let mut viewer = Viewer {
            stream,
            _place: place,
            decoder: Decoder::default(),
            drained: false,
            out: codec::encode(&told).map_err(io::Error::other)?,
            seen: None,
            seen_revision: 0,
            last_picture: None,
            pause: PICTURE_EVERY,
            size: handover.size,
            up: 0,
            scrolled: 0,
            typed: false,
            deaf: false,
            gone: false,
        };
        viewer.flush();
        Ok(viewer)
    }

    pub fn poll_fd(&self) -> PollFd<'_> {
        let out = if self.out.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        PollFd::new(&self.stream, PollFlags::IN | out)
    }

    pub fn is_gone(&self) -> bool {
        self.gone
    }

    pub fn size(&self) -> Size {
        self.size
    }

    /// Whether the last input was one that the agent answers on its screen. Asking forgets it.
    pub fn typed(&mut self) -> bool {
        std::mem::take(&mut self.typed)
    }

    /// The next input that has come in whole.
    pub fn next_input(&mut self) -> Option<ViewInput> {
        loop {
            match self.decoder.take() {
                Ok(Some(input)) => return Some(input),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "a viewer sent rubbish");
                    self.gone = true;
                    return None;
                }
            }
            if std::mem::take(&mut self.drained) {
                return None;
            }
            let mut buffer = [0; READ_BYTES];
            match self.stream.read(&mut buffer) {
                Ok(0) => {
                    self.gone = true;
                    return None;
                }
                Ok(bytes) => {
                    self.drained = bytes < READ_BYTES;
                    self.decoder.push(&buffer[..bytes]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.gone |= error.kind() != io::ErrorKind::WouldBlock;
                    return None;
                }
            }
        }
    }

    /// Does what the input says. Returns a size that is wanted now.
    pub fn take(&mut self, input: ViewInput, agent: &mut AgentIo) -> Option<Size> {
        match input {
            ViewInput::Key(key) => {
                let bytes = keys::encode_key(key, &agent.screen.modes());
                self.give_to_agent(&bytes, agent);
            }
            ViewInput::Paste(text) => {
                let bytes = paste::encode_paste(&text, &agent.screen.modes());
                if agent.takes_lines_of(&bytes) {
                    self.give_to_agent(&bytes, agent);
                }
            }
            ViewInput::Mouse(mouse) => self.mouse(mouse, agent),
            ViewInput::Focus(focus) => {
                if let Some(bytes) = keys::encode_focus(focus, &agent.screen.modes()) {
                    agent.push(&bytes);
                }
            }
            ViewInput::Resize(size) => {
                self.size = size;
                return Some(size);
            }
            ViewInput::Scroll(scroll) => self.scroll(scroll, agent),
            ViewInput::ToTurn { turn, started_at } => self.go_to(turn, started_at, agent),
            ViewInput::ReadText => self.send_text(&agent.screen),
        }
        None
    }

    /// What is typed goes to the live screen, so the view goes there too.
    fn give_to_agent(&mut self, bytes: &[u8], agent: &mut AgentIo) {
        self.typed = true;
        self.up = 0;
        agent.type_keys(bytes);
    }

    fn mouse(&mut self, mouse: keys::Mouse, agent: &mut AgentIo) {
        let modes = agent.screen.modes();
        if let Some(wheel) = keys::wheel_means(mouse, &modes) {
            match wheel {
                WheelMeans::Program(bytes) => self.give_to_agent(&bytes, agent),
                WheelMeans::ScrollView if mouse.action == MouseAction::WheelUp => {
                    self.scroll(Scroll::Up(u32::from(keys::WHEEL_ROWS)), agent);
                }
                WheelMeans::ScrollView => self.scroll(Scroll::Down(u32::from(keys::WHEEL_ROWS)), agent),
            }
        } else if let Some(bytes) = keys::encode_mouse(mouse, &modes) {
            self.typed = true;
            agent.push(&bytes);
        }
    }

    fn scroll(&mut self, scroll: Scroll, agent: &AgentIo) {
        self.keep_still(&agent.screen);
        let page = u32::from(self.size.rows.saturating_sub(1).max(1));
        let most = agent.screen.frame(u32::MAX).scroll.most;
        self.up = match scroll {
            Scroll::Up(rows) => self.up.saturating_add(rows),
            Scroll::Down(rows) => self.up.saturating_sub(rows),
            Scroll::PageUp => self.up.saturating_add(page),
            Scroll::PageDown => self.up.saturating_sub(page),
            Scroll::Top => u32::MAX,
            Scroll::Live => 0,
            Scroll::ToRow(row) => {
                let left = i64::try_from(agent.screen.scrolled_rows()).unwrap_or(i64::MAX);
                u32::try_from(left.saturating_sub(row).max(0)).unwrap_or(u32::MAX)
            }
        }
        .min(most);
        // The person turned the wheel: the picture follows at once.
        self.last_picture = None;
        self.seen_revision = 0;
    }

    fn go_to(&mut self, turn: TurnNumber, started_at: Option<Timestamp>, agent: &AgentIo) {
        let place = agent.place_of(turn, started_at);
        match place.and_then(|mark| agent.screen.rows_up_to(&mark)) {
            Some(up) => {
                self.scrolled = agent.screen.scrolled_rows();
                self.up = up;
                self.last_picture = None;
                self.seen_revision = 0;
            }
            None => drop(self.send(&ViewOutput::NoPlace { turn })),
        }
    }

    /// The whole text, in pieces that fit into a frame each.
    fn send_text(&mut self, screen: &Screen) {
        let (first, mut rows) = screen.whole_text();
        loop {
            let mut bytes = 0;
            let piece = rows.iter().take_while(|row| {
                bytes += row.text.len() + ROW_BYTES;
                bytes <= TEXT_PIECE_BYTES
            });
            // A row of a screen is far shorter than a piece.
            let later = rows.split_off(piece.count().max(1).min(rows.len()));
            let rest = if later.is_empty() { Rest::None } else { Rest::Follows };
            self.send(&ViewOutput::Text { first, rows, rest });
            if later.is_empty() {
                return;
            }
            rows = later;
        }
    }

    /// A view that is scrolled up shows the same rows when new ones come.
    fn keep_still(&mut self, screen: &Screen) {
        let scrolled = screen.scrolled_rows();
        if self.up > 0 {
            let new = u32::try_from(scrolled.saturating_sub(self.scrolled)).unwrap_or(u32::MAX);
            self.up = self.up.saturating_add(new);
        }
        self.scrolled = scrolled;
    }

    /// When the next picture is due; none where this viewer has the newest.
    pub fn next_due(
        &self,
        screen: &Screen,
        hold: Option<Instant>,
        last_input: Option<Instant>,
        now: Instant,
    ) -> Option<Instant> {
        if self.deaf || !self.out.is_empty() || (self.seen.is_some() && self.seen_revision == screen.revision()) {
            return None;
        }
        let boosted = last_input.is_some_and(|at| now < at + BOOST);
        let due = match self.last_picture {
            Some(last) if !boosted => last + self.pause,
            _ => now,
        };
        Some(hold.map_or(due, |hold| due.max(hold)))
    }

    pub fn send_picture(
        &mut self,
        screen: &mut Screen,
        hold: Option<Instant>,
        last_input: Option<Instant>,
        now: Instant,
    ) {
        self.flush();
        if self.next_due(screen, hold, last_input, now).is_some_and(|due| due <= now) {
            self.picture(screen);
            self.last_picture = Some(now);
        }
    }

    fn picture(&mut self, screen: &mut Screen) {
        self.keep_still(screen);
        let delta = match &mut self.seen {
            Some(seen) if self.up == 0 && seen.scroll.up == 0 && seen.size == screen.size() => {
                screen.update(seen, self.seen_revision)
            }
            seen => {
                let frame = screen.frame(self.up);
                self.up = frame.scroll.up;
                let blank = Frame::blank(Size { columns: 0, rows: 0 });
                let delta = frame.delta_from(seen.as_ref().unwrap_or(&blank));
                *seen = Some(frame);
                delta
            }
        };
        self.seen_revision = screen.revision();
        self.pause = PICTURE_EVERY;
        if let Some(delta) = delta {
            let bytes = self.send(&ViewOutput::Frame(delta));
            self.pause = self.pause.max(Duration::from_millis((bytes / BYTES_A_MS) as u64));
        }
    }

    /// The last picture, and that nothing follows.
    pub fn say_ended(&mut self, screen: &mut Screen) {
        self.picture(screen);
        self.send(&ViewOutput::Ended);
    }

    /// Returns how many bytes it takes.
    fn send(&mut self, output: &ViewOutput) -> usize {
        let bytes = match codec::encode(output) {
            Ok(frame) => {
                self.out.extend_from_slice(&frame);
                frame.len()
            }
            Err(error) => {
                // Only a screen far beyond any terminal's size makes a picture that is too long.
                tracing::warn!(%error, "a picture could not be sent");
                0
            }
        };
        self.flush();
        bytes
    }

    fn flush(&mut self) {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(written) => {
                    self.out.drain(..written);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    self.deaf = true;
                    self.out.clear();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::message::Reply;
    use crate::terminal::keys::{Key, KeyCode, Modifiers};
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;

    #[test]
    fn what_was_typed_before_a_viewer_left_is_read_although_it_takes_no_pictures_any_more() {
        let (stream, mut window) = UnixStream::pair().expect("a pair of sockets");
        let size = Size { columns: 80, rows: 24 };
        let guest = Guest { stream, place: Place::take(&Arc::default()) };
        let mut viewer = Viewer::welcome(Handover { id: 1, guest, reply: Reply::Done, size }).expect("it is here");
        let key = ViewInput::Key(Key { code: KeyCode::Char('c'), modifiers: Modifiers::CONTROL });
        window.write_all(&codec::encode(&key).expect("it is short")).expect("there is room");
        drop(window);
        viewer.send(&ViewOutput::Ended);
        assert!(!viewer.is_gone());
        assert_eq!(viewer.next_input(), Some(key));
        while viewer.next_input().is_some() {}
        viewer.next_input();
        assert!(viewer.is_gone());
    }
}
