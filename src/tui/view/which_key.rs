//! The list of keys that comes up when one waits after the prefix. Its words are the keymap's.

use super::super::app::App;
use super::super::keymap::{Command, Place, key_name};
use super::{accent, draw_box, put_line, strong, text};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns of one entry: enough for the longest words at 80 columns in two columns.
const ENTRY_COLUMNS: u16 = 38;

pub fn draw(app: &App, buffer: &mut Buffer) {
    let entries = app.keymap.lines(Place::Prefix);
    let inner_columns = app.size.columns.saturating_sub(2).max(1);
    let across = (inner_columns / ENTRY_COLUMNS).max(1);
    let rows = u16::try_from(entries.len()).unwrap_or(u16::MAX).div_ceil(across);
    let height = (rows + 2).min(app.size.rows);
    let area = Rect::new(0, app.size.rows - height, app.size.columns, height);
    let prefix = key_name(app.config.prefix);
    let inside = draw_box(buffer, area, &format!(" {prefix} then ... ({} lists all keys) ", help_key(app)), accent());
    let width = inside.width / across;
    for (index, (keys, words)) in (0u16..).zip(&entries) {
        let place = Rect { x: inside.x + index / rows * width, width, ..inside };
        let words = text::cut_end(words, usize::from(width.saturating_sub(8)));
        let line = Line::from(vec![Span::styled(format!("{keys:>6} "), strong()), Span::raw(words)]);
        put_line(buffer, place, index % rows, &line);
    }
}

/// What is pressed next for the help.
fn help_key(app: &App) -> String {
    let way = app.way(Command::Help);
    way.strip_prefix(&format!("{} ", key_name(app.config.prefix))).unwrap_or(&way).to_owned()
}
