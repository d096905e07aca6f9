//! Puts frames on the person's terminal: one write a frame, inside a synchronized update.
//!
//! Not here: what stands in a frame (`view`).

use super::app::{App, Keyboard};
use super::view;
use crate::terminal::frame::{Blink, Cursor, CursorShape, Size};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// Gathers a frame's bytes. Ratatui flushes several times a frame; only `Screen::draw` writes.
#[derive(Clone, Default)]
struct Gathered(Rc<RefCell<Vec<u8>>>);

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What must be drawn anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Stale {
    #[default]
    Nothing,
    /// These rows of the agent's picture, which stands whole and uncovered (`view::bare_pane`).
    Rows(Vec<u16>),
    All,
}

impl Stale {
    /// This and that.
    pub fn add(&mut self, other: Stale) {
        *self = match (std::mem::take(self), other) {
            (Stale::All, _) | (_, Stale::All) => Stale::All,
            (Stale::Nothing, stale) | (stale, Stale::Nothing) => stale,
            (Stale::Rows(mut rows), Stale::Rows(more)) => {
                rows.extend(more);
                Stale::Rows(rows)
            }
        };
    }
}

/// What the terminal shows, and how to change it.
pub struct Screen {
    gathered: Gathered,
    backend: CrosstermBackend<Gathered>,
    shown: Buffer,
    cursor: Option<Position>,
    cursor_style: &'static str,
}

impl Screen {
    pub fn new(size: Size) -> Screen {
        let gathered = Gathered::default();
        let backend = CrosstermBackend::new(gathered.clone());
        Screen { gathered, backend, shown: blank(size), cursor: None, cursor_style: cursor_style(None) }
    }

    pub fn draw(&mut self, app: &App, stale: Stale) -> io::Result<()> {
        match (stale, view::bare_pane(app)) {
            (Stale::Nothing, _) => return Ok(()),
            (Stale::Rows(rows), Some(pane)) if self.shown.area == blank(app.size).area => {
                self.begin();
                self.draw_rows(app, &rows, pane)?;
            }
            (Stale::Rows(_) | Stale::All, _) => {
                self.begin();
                self.draw_all(app)?;
            }
        }
        self.end(app)
    }

    fn begin(&mut self) {
        let mut bytes = self.gathered.0.borrow_mut();
        bytes.clear();
        bytes.extend_from_slice(BEGIN);
    }

    fn draw_all(&mut self, app: &App) -> io::Result<()> {
        let mut next = blank(app.size);
        if self.shown.area != next.area {
            self.shown = next.clone();
            self.gathered.0.borrow_mut().extend_from_slice(b"\x1b[0m\x1b[2J");
        }
        self.cursor = view::draw(&mut next, app);
        self.backend.draw(self.shown.diff(&next).into_iter())?;
        self.shown = next;
        Ok(())
    }

    /// A program that prints changes few rows at a time; drawing the rest of the window for each would cost more than all else.
    fn draw_rows(&mut self, app: &App, rows: &[u16], pane: Rect) -> io::Result<()> {
        let Some(screen) = app.live_screen() else {
            return Ok(());
        };
        for row in rows.iter().copied().filter(|row| *row < pane.height) {
            let area = Rect { y: pane.y + row, height: 1, ..pane };
            let (mut before, mut after) = (Buffer::empty(area), Buffer::empty(area));
            view::pane::draw_one_row(screen, row, &mut after);
            for position in area.positions() {
                if let (Some(cell), Some(shown)) = (before.cell_mut(position), self.shown.cell_mut(position)) {
                    std::mem::swap(cell, shown);
                }
            }
            self.backend.draw(before.diff(&after).into_iter())?;
            for position in area.positions() {
                if let (Some(cell), Some(shown)) = (after.cell_mut(position), self.shown.cell_mut(position)) {
                    std::mem::swap(cell, shown);
                }
            }
        }
        if app.keyboard() == Keyboard::Agent {
            self.cursor = view::pane::cursor(screen, pane);
        }
        Ok(())
    }

    /// The cursor, then one write.
    fn end(&mut self, app: &App) -> io::Result<()> {
        match self.cursor {
            Some(position) => {
                self.backend.set_cursor_position(position)?;
                self.backend.show_cursor()?;
            }
            None => self.backend.hide_cursor()?,
        }
        let mut bytes = self.gathered.0.borrow_mut();
        let style = cursor_style(view::agent_cursor(app));
        if self.cursor_style != style {
            self.cursor_style = style;
            bytes.extend_from_slice(style.as_bytes());
        }
        bytes.extend_from_slice(END);
        write_all(&bytes)
    }
}

fn blank(size: Size) -> Buffer {
    Buffer::empty(Rect::new(0, 0, size.columns, size.rows))
}

fn cursor_style(cursor: Option<Cursor>) -> &'static str {
    match cursor.map(|cursor| (cursor.shape, cursor.blink)) {
        None => "\x1b[0 q",
        Some((CursorShape::Block, Blink::Blinking)) => "\x1b[1 q",
        Some((CursorShape::Block, Blink::Steady)) => "\x1b[2 q",
        Some((CursorShape::Underline, Blink::Blinking)) => "\x1b[3 q",
        Some((CursorShape::Underline, Blink::Steady)) => "\x1b[4 q",
        Some((CursorShape::Bar, Blink::Blinking)) => "\x1b[5 q",
        Some((CursorShape::Bar, Blink::Steady)) => "\x1b[6 q",
    }
}

/// Straight to the terminal, past the buffer of the standard output. Someone else may have made it non-blocking.
fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    let out = rustix::stdio::stdout();
    while !bytes.is_empty() {
        match rustix::io::write(out, bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let _ = poll(&mut [PollFd::new(&out, PollFlags::OUT)], None); // A failed wait is followed by another try.
            }
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}
