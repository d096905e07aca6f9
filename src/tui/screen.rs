//! Puts frames on the person's terminal: one write a frame, inside a synchronized update.
//!
//! Not here: what stands in a frame (`view`).

use super::app::{App, Keyboard};
use super::view;
use super::view::text;
use crate::terminal::frame::{Blink, Cursor, CursorShape, Size};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";
/// All attributes off and the whole terminal blank.
const CLEAR: &[u8] = b"\x1b[0m\x1b[2J";
/// A row is wiped, and what the terminal takes for longer than we do stays in it.
const WIPE_ROW: &[u8] = b"\x1b[?7l\x1b[0m\x1b[2K";
const WRAP_AGAIN: &[u8] = b"\x1b[?7h";

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
    /// Room for the next picture of the window, and for two of one row: making such buffers costs more than filling them.
    next: Buffer,
    row: [Buffer; 2],
    cursor: Option<Position>,
    /// Where the terminal has it; none before the first picture.
    cursor_shown: Option<Option<Position>>,
    cursor_style: &'static str,
    /// How often the person had asked for everything anew when this was drawn last.
    redraws: u32,
}

impl Screen {
    pub fn new(size: Size) -> Screen {
        let gathered = Gathered::default();
        let backend = CrosstermBackend::new(gathered.clone());
        Screen {
            gathered,
            backend,
            shown: Buffer::empty(area(size)),
            next: Buffer::default(),
            row: <[Buffer; 2]>::default(),
            cursor: None,
            cursor_shown: None,
            cursor_style: cursor_style(None),
            redraws: 0,
        }
    }

    pub fn draw(&mut self, app: &App, stale: Stale) -> io::Result<()> {
        match (stale, view::bare_pane(app)) {
            (Stale::Nothing, _) => return Ok(()),
            (Stale::Rows(rows), Some(pane)) if self.shown.area == area(app.size) => {
                self.begin();
                self.draw_rows(app, &rows, pane)?;
            }
            (Stale::Rows(_) | Stale::All, _) => {
                self.begin();
                self.draw_all(app)?;
            }
        }
        self.end(view::agent_cursor(app))
    }

    /// Draws a picture that is not the window's, over the whole terminal. `cursor` is what the cursor looks like where `paint` says that it is.
    pub fn draw_picture(
        &mut self,
        size: Size,
        cursor: Option<Cursor>,
        paint: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<()> {
        self.begin();
        self.draw_whole(size, paint)?;
        self.end(cursor)
    }

    fn begin(&mut self) {
        let mut bytes = self.gathered.0.borrow_mut();
        bytes.clear();
        bytes.extend_from_slice(BEGIN);
    }

    fn draw_all(&mut self, app: &App) -> io::Result<()> {
        if self.redraws != app.redraws {
            self.redraws = app.redraws;
            self.shown = Buffer::default();
        }
        self.draw_whole(app.size, |buffer| view::draw(buffer, app))
    }

    fn draw_whole(&mut self, size: Size, paint: impl FnOnce(&mut Buffer) -> Option<Position>) -> io::Result<()> {
        if self.shown.area != area(size) {
            make_blank(&mut self.shown, area(size));
            self.gathered.0.borrow_mut().extend_from_slice(CLEAR);
        }
        make_blank(&mut self.next, area(size));
        self.cursor = paint(&mut self.next);
        std::mem::swap(&mut self.shown, &mut self.next);
        let (before, next) = (&self.next, &self.shown);
        let unsure: Vec<bool> = before
            .content
            .chunks(usize::from(next.area.width).max(1))
            .zip(next.content.chunks(usize::from(next.area.width).max(1)))
            .map(|(before, next)| before.iter().chain(next).any(is_unsure))
            .collect();
        let is_unsure_row = |y: u16| unsure.get(usize::from(y)).is_some_and(|unsure| *unsure);
        let mut rows = Vec::new();
        let mut sure = before.diff_iter(next).filter(|(_, y, _)| {
            if is_unsure_row(*y) && rows.last() != Some(y) {
                rows.push(*y);
            }
            !is_unsure_row(*y)
        });
        draw_some(&mut self.backend, &mut sure)?;
        drop(sure);
        rows.into_iter().try_for_each(|y| self.draw_unsure_row(y))
    }

    /// Terminals disagree about the width of clusters, seen with tmux 3.3a: what it draws wider or narrower than we think leaves halves
    /// of characters behind and moves the rest of the row. So the row is wiped and drawn whole, and after every such cell the cursor
    /// is put where the next one belongs.
    fn draw_unsure_row(&mut self, y: u16) -> io::Result<()> {
        self.backend.set_cursor_position(Position::new(0, y))?;
        self.gathered.0.borrow_mut().extend_from_slice(WIPE_ROW);
        let mut cells: Vec<(u16, u16, &Cell)> = Vec::new();
        let mut x = self.shown.area.left();
        while let Some(cell) = self.shown.cell(Position::new(x, y)) {
            cells.push((x, y, cell));
            x += u16::try_from(text::columns(cell.symbol())).unwrap_or(1).max(1);
        }
        for piece in cells.split_inclusive(|(_, _, cell)| is_unsure(cell)) {
            // Each call begins with an absolute place.
            self.backend.draw(piece.iter().copied())?;
        }
        self.gathered.0.borrow_mut().extend_from_slice(WRAP_AGAIN);
        Ok(())
    }

    /// A program that prints changes few rows at a time; drawing the rest of the window for each would cost more than all else.
    fn draw_rows(&mut self, app: &App, rows: &[u16], pane: Rect) -> io::Result<()> {
        let Some(screen) = app.live_screen() else {
            return Ok(());
        };
        for row in rows.iter().copied().filter(|row| *row < pane.height) {
            let area = Rect { y: pane.y + row, height: 1, ..pane };
            let [before, after] = &mut self.row;
            before.resize(area);
            make_blank(after, area);
            view::pane::draw_one_row(screen, row, after);
            let from = self.shown.index_of(area.x, area.y);
            let shown = &mut self.shown.content[from..from + usize::from(area.width)];
            if shown.iter().chain(&after.content).any(is_unsure) {
                return self.draw_all(app); // Such a row is drawn from one end of the window to the other.
            }
            before.content.swap_with_slice(shown);
            draw_some(&mut self.backend, &mut before.diff_iter(after))?;
            after.content.swap_with_slice(shown);
        }
        if app.keyboard() == Keyboard::Agent {
            self.cursor = view::pane::cursor(screen, pane);
        }
        Ok(())
    }

    /// The cursor, then one write; none where nothing differs from what stands there, so that what nobody sees costs nobody anything.
    fn end(&mut self, shape: Option<Cursor>) -> io::Result<()> {
        let is_blank = self.gathered.0.borrow().len() == BEGIN.len();
        let same_cursor = self.cursor_shown == Some(self.cursor) && self.cursor_style == cursor_style(shape);
        if is_blank && same_cursor {
            return Ok(());
        }
        self.cursor_shown = Some(self.cursor);
        match self.cursor {
            Some(position) => {
                self.backend.set_cursor_position(position)?;
                self.backend.show_cursor()?;
            }
            None => self.backend.hide_cursor()?,
        }
        let mut bytes = self.gathered.0.borrow_mut();
        let style = cursor_style(shape);
        if self.cursor_style != style {
            self.cursor_style = style;
            bytes.extend_from_slice(style.as_bytes());
        }
        bytes.extend_from_slice(END);
        write_all(&bytes)
    }
}

/// Draws cells, if there are any: the backend has something to say of no cells as well.
fn draw_some(
    backend: &mut CrosstermBackend<Gathered>,
    cells: &mut dyn Iterator<Item = (u16, u16, &Cell)>,
) -> io::Result<()> {
    let Some(first) = cells.next() else { return Ok(()) };
    backend.draw(std::iter::once(first).chain(cells))
}

/// Whether terminals disagree about the width of this: clusters, and what makes one with its neighbour (halves of flags, skin tones).
fn is_unsure(cell: &Cell) -> bool {
    if cell.symbol().len() <= 1 {
        return false; // Nearly every cell.
    }
    let mut chars = cell.symbol().chars();
    match (chars.next(), chars.next()) {
        (Some('\u{1F1E6}'..='\u{1F1FF}' | '\u{1F3FB}'..='\u{1F3FF}'), None) => true,
        (_, second) => second.is_some(),
    }
}

fn area(size: Size) -> Rect {
    Rect::new(0, 0, size.columns, size.rows)
}

/// Makes a buffer blank, of this size, in the memory that it has.
fn make_blank(buffer: &mut Buffer, area: Rect) {
    buffer.resize(area);
    buffer.reset();
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
pub fn write_all(mut bytes: &[u8]) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::super::testing::{Window, idle};
    use super::*;

    /// The bytes of one frame, without those that every frame has.
    fn draw(screen: &mut Screen, app: &App, stale: &Stale) -> String {
        screen.begin();
        match (stale, view::bare_pane(app)) {
            (Stale::Rows(rows), Some(pane)) => screen.draw_rows(app, rows, pane).expect("memory takes all"),
            (Stale::Nothing | Stale::Rows(_) | Stale::All, _) => screen.draw_all(app).expect("memory takes all"),
        }
        String::from_utf8_lossy(&screen.gathered.0.borrow()).into_owned()
    }

    #[test]
    fn after_a_cluster_the_cursor_is_placed_and_its_row_is_wiped_and_drawn_whole_when_it_changes() {
        let mut window = Window::with(80, 24, vec![idle(1, "a")]);
        window.frame(&["$ "], Some((2, 0)));
        let mut screen = Screen::new(window.app.size);
        draw(&mut screen, &window.app, &Stale::All);
        window.press("a👩‍👩‍👧bc का d");
        let bytes = draw(&mut screen, &window.app, &Stale::All);
        assert!(bytes.contains("\x1b[23;1H\x1b[?7l\x1b[0m\x1b[2K"), "{bytes:?}");
        let (_, after) = bytes.split_once("👩‍👩‍👧").expect("it is drawn");
        let move_to_b = after.find("\x1b[23;6H").expect("the cursor is placed");
        assert!(move_to_b < after.find('b').expect("it is drawn"), "{bytes:?}");
        assert!(after.contains("का"), "{bytes:?}");
        assert!(after.ends_with("\x1b[?7h"), "{bytes:?}");
        // One character changes, far from the cluster.
        window.press("e");
        let bytes = draw(&mut screen, &window.app, &Stale::All);
        assert!(bytes.contains("\x1b[2K") && bytes.contains("👩‍👩‍👧"), "{bytes:?}");
        // The row is wiped once more when the cluster goes, and then no more.
        window.press("<ctrl-u>");
        assert!(draw(&mut screen, &window.app, &Stale::All).contains("\x1b[2K"));
        window.press("x");
        assert!(!draw(&mut screen, &window.app, &Stale::All).contains("\x1b[2K"));
    }

    #[test]
    fn a_row_of_the_agents_picture_with_a_flag_is_drawn_across_the_window() {
        let mut window = Window::with(80, 24, vec![idle(1, "a")]);
        window.frame(&["$ "], Some((2, 0)));
        let mut screen = Screen::new(window.app.size);
        draw(&mut screen, &window.app, &Stale::All);
        for line in ["🇩🇪 x", "y"] {
            window.frame(&[line], Some((0, 0)));
            let bytes = draw(&mut screen, &window.app, &Stale::Rows(vec![0]));
            assert!(bytes.contains("\x1b[2;1H\x1b[?7l\x1b[0m\x1b[2K"), "{line}: {bytes:?}");
            assert!(bytes.contains('│'), "the panel's part of the row is drawn as well: {bytes:?}");
        }
        window.frame(&["z"], Some((0, 0)));
        let bytes = draw(&mut screen, &window.app, &Stale::Rows(vec![0]));
        assert!(!bytes.contains("\x1b[2K") && bytes.contains('z'), "{bytes:?}");
    }

    #[test]
    fn prefix_r_draws_everything_anew() {
        let mut window = Window::with(80, 24, vec![idle(1, "fix login")]);
        window.frame(&["$ "], Some((2, 0)));
        let mut screen = Screen::new(window.app.size);
        draw(&mut screen, &window.app, &Stale::All);
        assert!(!draw(&mut screen, &window.app, &Stale::All).contains("fix login"));
        window.press("<prefix>r");
        let bytes = draw(&mut screen, &window.app, &Stale::All);
        assert!(bytes.contains("\x1b[2J") && bytes.contains("fix login"), "{bytes:?}");
        assert!(!draw(&mut screen, &window.app, &Stale::All).contains("\x1b[2J"));
    }
}
