//! The list of keys that comes up when one waits after the prefix: a column a group where there is room, else page by page.
//!
//! Not here: the words (`keymap/brief.rs`).

use super::super::app::App;
use super::super::keymap::brief::{GROUPS, of_group};
use super::super::keymap::{Command, key_name};
use super::{accent, draw_box, put_line, quiet, strong, text};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// A key and its few words.
const COLUMN: u16 = 26;
const KEY_COLUMNS: usize = 6;

/// What stands on one page, column by column.
type Columns = Vec<Vec<Line<'static>>>;

pub fn draw(app: &App, page: usize, buffer: &mut Buffer) {
    let pages = pages(app);
    let Some(columns) = pages.get(page.min(pages.len().saturating_sub(1))) else { return };
    // All pages are as high as the highest, so that nothing jumps.
    let highest = pages.iter().flatten().map(Vec::len).max().unwrap_or(0);
    let rows = u16::try_from(highest).unwrap_or(u16::MAX);
    let height = rows.saturating_add(2).min(app.size.rows);
    let area = Rect::new(0, app.size.rows - height, app.size.columns, height);
    let inside = draw_box(buffer, area, &title(app, page, pages.len()), accent());
    let width = inside.width / u16::try_from(columns.len()).unwrap_or(1).max(1);
    for (x, lines) in (inside.x..).step_by(usize::from(width).max(1)).zip(columns) {
        let column = Rect { x, width, ..inside }.intersection(inside);
        for (row, line) in (0..).zip(lines) {
            put_line(buffer, column, row, line);
        }
    }
}

/// How many pages there are in this window.
pub fn page_count(app: &App) -> usize {
    pages(app).len()
}

fn title(app: &App, page: usize, pages: usize) -> String {
    let prefix = key_name(app.config.prefix);
    let more = if pages > 1 { format!(" {}/{pages}, Space: more", page + 1) } else { " ...".to_owned() };
    let help = format!(" ({} lists all keys) ", help_key(app));
    let short = format!(" {prefix} then{more}");
    let whole = format!("{short}{help}");
    if text::columns(&whole) + 2 <= usize::from(app.size.columns) { whole } else { short + " " }
}

fn pages(app: &App) -> Vec<Columns> {
    let rows = usize::from(app.size.rows.saturating_sub(2)).max(1);
    let inner = app.size.columns.saturating_sub(2);
    let across = usize::from(inner / COLUMN).max(1);
    let width = usize::from(inner) / across.min(GROUPS.len());
    let groups: Columns = GROUPS
        .iter()
        .map(|(group, name)| {
            let heading = Line::styled(format!(" {name}"), quiet());
            let entries = of_group(&app.keymap, *group);
            std::iter::once(heading).chain(entries.iter().map(|(keys, words)| entry(keys, words, width))).collect()
        })
        .collect();
    if across >= GROUPS.len() && groups.iter().all(|group| group.len() <= rows) {
        return vec![groups];
    }
    let lines: Vec<Line> = groups.into_iter().flatten().collect();
    let columns: Columns = lines.chunks(rows).map(<[Line]>::to_vec).collect();
    columns.chunks(across.min(GROUPS.len())).map(<[Vec<Line>]>::to_vec).collect()
}

fn entry(keys: &str, words: &str, width: usize) -> Line<'static> {
    let words = text::cut_end(words, width.saturating_sub(KEY_COLUMNS + 2));
    Line::from(vec![Span::styled(format!("{keys:>KEY_COLUMNS$} "), strong()), Span::raw(words)])
}

/// What is pressed next for the help.
fn help_key(app: &App) -> String {
    let way = app.way(Command::Help);
    way.strip_prefix(&format!("{} ", key_name(app.config.prefix))).unwrap_or(&way).to_owned()
}
