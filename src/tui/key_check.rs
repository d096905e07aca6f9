//! Shows which of our keys arrive here: what the terminal, the desktop or a multiplexer around it keeps for itself never gets to a program.
//!
//! Change here: which keys are asked for. Not here: what they do (`keymap.rs`).

use super::TuiError;
use super::event::Event;
use super::guard::Guard;
use super::input::Input;
use super::keymap::{Binding, Keymap, Place, key_name};
use super::screen::Screen;
use super::signals::{Signals, drain};
use super::tty::{ESCAPE_MS, READ_BYTES, window_size};
use super::view::{put_line, quiet, strong, text};
use crate::config::Config;
use crate::terminal::keys::{Key, KeyCode, Modifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::isatty;

/// A row of the list has a mark, a key and its words; with less room the words are left out.
const WIDE_COLUMNS: u16 = 40;
const NARROW_COLUMNS: u16 = 20;
const KEY_COLUMNS: usize = 15;
/// Two lines above the list and two below.
const OTHER_ROWS: u16 = 4;
/// So many keys with the same words are one to try.
const ALIKE: usize = 5;

struct KeyCheck {
    wanted: Vec<Wanted>,
    /// The key that came last, and its bytes.
    last: Option<String>,
    over: bool,
}

struct Wanted {
    key: Key,
    words: &'static str,
    arrived: bool,
}

/// Runs until the person ends it; returns what is to be said of it.
pub fn run(config: &Config, keymap: &Keymap) -> Result<Vec<String>, TuiError> {
    if !isatty(rustix::stdio::stdin()) || !isatty(rustix::stdio::stdout()) {
        return Err(TuiError::NoTerminal);
    }
    let mut signals = Signals::listen().map_err(|source| TuiError::Signals { source })?;
    let guard = Guard::take().map_err(|source| TuiError::Take { source })?;
    let mut check = KeyCheck::new(config.prefix, keymap);
    let mut input = Input::default();
    let mut size = window_size();
    let mut screen = Screen::new(size);
    while !check.over {
        let paint = |buffer: &mut Buffer| {
            check.draw(Rect::new(0, 0, size.columns, size.rows), buffer);
            None
        };
        screen.draw_picture(size, None, paint).map_err(|source| TuiError::Draw { source })?;
        match wait(&signals, &input)? {
            Came::Keys(bytes) if bytes.is_empty() => check.over = true, // The terminal is gone.
            Came::Keys(bytes) => {
                let events = input.feed(&bytes);
                check.take(events, &bytes);
            }
            Came::Nothing => {
                let event = input.settle();
                check.take(event.into_iter().collect(), b"\x1b");
            }
            Came::Resized => {
                drain(&mut signals.resized);
                size = window_size();
            }
            Came::End => check.over = true,
        }
    }
    drop(guard);
    Ok(check.summary())
}

enum Came {
    Keys(Vec<u8>),
    /// Nothing followed what had begun.
    Nothing,
    Resized,
    End,
}

fn wait(signals: &Signals, input: &Input) -> Result<Came, TuiError> {
    let terminal = rustix::stdio::stdin();
    let mut fds = [
        PollFd::new(&terminal, PollFlags::IN),
        PollFd::new(&signals.resized, PollFlags::IN),
        PollFd::new(&signals.ended, PollFlags::IN),
    ];
    let settle = Timespec { tv_sec: 0, tv_nsec: (ESCAPE_MS * 1_000_000).try_into().unwrap_or(0) };
    let limit = input.is_waiting().then_some(&settle);
    loop {
        match poll(&mut fds, limit) {
            Err(Errno::INTR) => {}
            Err(errno) => return Err(TuiError::Wait { source: errno.into() }),
            Ok(0) => return Ok(Came::Nothing),
            Ok(_) => break,
        }
    }
    let [keys, resized, ended] = fds.map(|fd| !fd.revents().is_empty());
    if ended {
        return Ok(Came::End);
    }
    if resized || !keys {
        return Ok(Came::Resized);
    }
    let mut bytes = vec![0; READ_BYTES];
    // An error of a terminal is its end as well.
    let count = rustix::io::read(terminal, &mut bytes).unwrap_or(0);
    bytes.truncate(count);
    Ok(Came::Keys(bytes))
}

impl KeyCheck {
    /// The prefix, what goes everywhere, and what the composer has beside plain keys.
    fn new(prefix: Key, keymap: &Keymap) -> KeyCheck {
        let held = |binding: &&Binding| binding.key.modifiers != Modifiers::NONE && !binding.words.is_empty();
        let everywhere = keymap.of_place(Place::Anywhere).filter(held);
        let bindings: Vec<&Binding> = everywhere.chain(keymap.of_place(Place::Composer).filter(held)).collect();
        let alike = bindings.chunk_by(|one, other| one.words == other.words);
        let chosen = alike.flat_map(|alike| if alike.len() > ALIKE { &alike[..1] } else { alike });
        let mut wanted = vec![Wanted { key: prefix, words: "the prefix", arrived: false }];
        wanted.extend(chosen.map(|binding| Wanted { key: binding.key, words: binding.words, arrived: false }));
        KeyCheck { wanted, last: None, over: false }
    }

    fn take(&mut self, events: Vec<Event>, bytes: &[u8]) {
        let written: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        // Of several keys in one read nobody can tell whose bytes they are.
        let written = if events.len() == 1 { format!(" · bytes {}", written.join(" ")) } else { String::new() };
        for event in events {
            let Event::Key(key) = event else { continue };
            self.last = Some(format!("{}{written}", key_name(key)));
            self.over |= key == Key { code: KeyCode::Char('q'), modifiers: Modifiers::NONE };
            for wanted in self.wanted.iter_mut().filter(|wanted| wanted.key == key) {
                wanted.arrived = true;
            }
        }
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer) {
        let width = usize::from(area.width);
        let head = " q ends. Press each of these keys; what arrives is marked.";
        put_line(buffer, area, 0, &Line::styled(text::cut_end(head, width), strong()));
        let rows = usize::from(area.height.saturating_sub(OTHER_ROWS)).max(1);
        let column = if area.width >= 2 * WIDE_COLUMNS { WIDE_COLUMNS } else { NARROW_COLUMNS.min(area.width.max(1)) };
        let room = rows * usize::from(area.width / column);
        // Where not all fit, those that have arrived make room.
        let all = self.wanted.len() <= room;
        let shown = self.wanted.iter().filter(|wanted| all || !wanted.arrived).take(room);
        for (at, wanted) in shown.enumerate() {
            let (x, y) = (at / rows * usize::from(column), at % rows + 2);
            let (Ok(x), Ok(y)) = (u16::try_from(x), u16::try_from(y)) else { continue };
            let place = Rect { x: area.x + x, width: column.min(area.width.saturating_sub(x)), ..area };
            put_line(buffer, place, y, &wanted.line(column));
        }
        let arrived = self.wanted.iter().filter(|wanted| wanted.arrived).count();
        let last = self.last.as_deref().map(|last| format!(" · last: {last}")).unwrap_or_default();
        let foot = format!(" {arrived} of {} arrived{last}", self.wanted.len());
        put_line(buffer, area, area.height.saturating_sub(1), &Line::styled(text::cut_end(&foot, width), quiet()));
    }

    fn summary(&self) -> Vec<String> {
        let arrived = self.wanted.iter().filter(|wanted| wanted.arrived).count();
        let mut lines = vec![format!("{arrived} of {} keys arrived", self.wanted.len())];
        let missing: Vec<String> = self
            .wanted
            .iter()
            .filter(|wanted| !wanted.arrived)
            .map(|wanted| format!("  {} ({})", key_name(wanted.key), wanted.words))
            .collect();
        if !missing.is_empty() {
            lines.push("not seen:".to_owned());
            lines.extend(missing);
            lines.push(
                "one that you pressed is kept by the terminal, the desktop or a multiplexer; give its action another key in the configuration"
                    .to_owned(),
            );
        }
        lines
    }
}

impl Wanted {
    fn line(&self, columns: u16) -> Line<'static> {
        let mark = if self.arrived { '✓' } else { '·' };
        let key = key_name(self.key);
        let words = if columns >= WIDE_COLUMNS { self.words } else { "" };
        let line =
            text::cut_end(&format!(" {mark} {key:<KEY_COLUMNS$} {words}"), usize::from(columns.saturating_sub(1)));
        if self.arrived { Line::styled(line, strong()) } else { Line::raw(line) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn press(check: &mut KeyCheck, bytes: &[u8]) {
        let mut input = Input::default();
        let mut events = input.feed(bytes);
        events.extend(input.settle());
        check.take(events, bytes);
    }

    fn picture(check: &KeyCheck, columns: u16, rows: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("memory is a terminal");
        terminal.draw(|frame| check.draw(frame.area(), frame.buffer_mut())).expect("memory takes all");
        terminal.backend().to_string()
    }

    #[test]
    fn what_arrives_is_marked_and_what_does_not_is_told_at_the_end() {
        let prefix = Config::default().prefix;
        let mut check = KeyCheck::new(prefix, &Keymap::default());
        for bytes in [&b"\x1d"[..], b"\x1b1", b"\x1b[5;5~", b"x"] {
            press(&mut check, bytes);
        }
        assert!(!check.over);
        for (columns, rows) in [(80, 24), (120, 40), (40, 12)] {
            insta::assert_snapshot!(format!("keys_{columns}x{rows}"), picture(&check, columns, rows));
        }
        let told = check.summary();
        assert!(told[0].starts_with("3 of ") && told.contains(&"  Shift+Enter (new line)".to_owned()), "{told:?}");
        press(&mut check, b"q");
        assert!(check.over);
    }

    #[test]
    fn where_not_all_fit_those_that_arrived_make_room() {
        let mut check = KeyCheck::new(Config::default().prefix, &Keymap::default());
        assert!(picture(&check, 40, 12).contains("Ctrl+]"));
        press(&mut check, b"\x1d");
        let picture = picture(&check, 40, 12);
        assert!(!picture.contains("Ctrl+]  ") && picture.contains("1 of "), "{picture}");
    }
}
