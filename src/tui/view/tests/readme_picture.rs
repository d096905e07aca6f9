//! The picture in the README, `assets/screen.svg`: the real views with a story like those of the frame pictures, their cells as SVG text.
//!
//! Made anew by: INSTA_UPDATE=always cargo test --lib readme_picture
//! Change here: what the picture tells, and how a cell becomes SVG. Not here: how anything looks (`view`, `config/theme.rs`).

use super::super::super::app::App;
use super::super::super::event::{Event, Purpose};
use super::super::super::testing::{Window, ago, asleep, decided, ended, id, idle, turn, with_queue, working};
use super::super::{draw, text};
use crate::config::theme::{DARK, ThemeChoice};
use crate::domain::continuity::{Carried, Continuity, Why};
use crate::domain::session::{AsleepWhy, Exit};
use crate::domain::turn::{Evidence, FailedWhy, Source, TurnEnd, TurnRecord, TurnState, Usage, Work};
use crate::protocol::message::{Conversation, Reply, Status, ViewOutput};
use crate::terminal::emulator::Screen;
use crate::terminal::frame::{Frame, Size};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier};
use std::fmt::Write;
use std::path::Path;

const COLUMNS: u16 = 96;
const ROWS: u16 = 24;
/// One cell and the margin around all of them, in units of the picture. Each text is stretched to its cells, so that any font fits.
const CELL: (f32, f32) = (8.4, 18.0);
const MARGIN: f32 = 10.0;
/// From a row's upper edge to the line that its letters stand on.
const BASELINE: f32 = 13.5;
const BACKGROUND: &str = "#14171c";
const FOREGROUND: &str = "#d4d8df";
/// The terminal's own sixteen, as a person may have set them.
const SIXTEEN: [&str; 16] = [
    "#14171c", "#f37b84", "#8fcf86", "#e8c36a", "#86abf5", "#c59cee", "#74c7ec", "#c3c8d0", "#6c7482", "#f7a1a8",
    "#b0dfa8", "#f0d698", "#aac5f8", "#d8bdf4", "#9fd8f2", "#f2f4f7",
];

/// What a coding agent draws on its own screen.
const AGENT: &str = "\x1b[1m> make the login button green, and run the tests\x1b[0m\r\n\r\n\
    The color stands in \x1b[36msrc/theme.css\x1b[0m; the button reads it.\r\n\r\n\
    \x1b[32m*\x1b[0m \x1b[1mEdit\x1b[0m src/theme.css\r\n\
    \x1b[31m    12 - --button: #8a8f98;\x1b[0m\r\n\
    \x1b[32m    12 + --button: #2f9e44;\x1b[0m\r\n\r\n\
    \x1b[32m*\x1b[0m \x1b[1mRun\x1b[0m make test\r\n\
    \x1b[90m    running 48 tests\x1b[0m\r\n\
    \x1b[90m    ............................\x1b[0m\r\n\r\n\
    \x1b[36mWorking (0:14)\x1b[0m\r\n";

fn coder(conversation: Conversation) -> Conversation {
    let mut coder = conversation;
    coder.wanted.agent = "coder".into();
    coder.wanted.model = Some("large".into());
    if let Some(session) = &mut coder.session {
        session.fingerprint = coder.wanted.clone();
    }
    coder
}

fn shown() -> Conversation {
    let mut shown = coder(with_queue(working(1, "login page"), &["and make it round"]));
    shown.turn = Some(TurnRecord {
        started_at: Some(ago(14)),
        evidence: Some(Evidence { source: Source::Hook, at: ago(2), text: "tool started".into() }),
        work: Work {
            model: Some("large-1".into()),
            usage: Some(Usage { input_tokens: 12_345, output_tokens: 801, cost_micros: Some(42_000) }),
            steps: vec!["edits src/theme.css".into(), "runs make test".into()],
            steps_left_out: 0,
        },
        ..turn(7, "make the login button green, and run the tests", TurnState::Working)
    });
    shown
}

fn earlier() -> Vec<TurnRecord> {
    let failed = TurnEnd::Failed(FailedWhy::AgentExited(Exit::Signal(9)));
    let lasting = |turn: TurnRecord, seconds: i64| TurnRecord { started_at: Some(ago(100 + seconds)), ..turn };
    vec![
        lasting(ended(3, "sketch a login page", TurnEnd::Completed), 188),
        lasting(ended(4, "wire it to the API", TurnEnd::Completed), 421),
        lasting(ended(5, "run all tests in the browser", failed), 12),
        lasting(ended(6, "go on", TurnEnd::Completed), 62),
    ]
}

/// A window on four conversations, one of which is at work.
fn window() -> Window {
    let all = vec![
        shown(),
        coder(Conversation { status: Status::NeedsApproval, ..idle(2, "release notes") }),
        coder(Conversation { unread: Some(TurnEnd::Completed), ..idle(3, "flaky test") }),
        asleep(4, "notes"),
    ];
    let mut window = Window::with(COLUMNS, ROWS, all);
    window.app.config.theme = ThemeChoice::One(DARK);
    let resumed = Why::Asleep { cause: AsleepWhy::AgentExited(Exit::Signal(9)), carried: Carried::Context };
    window.answer(Purpose::EarlierTurns(id(1)), Reply::Turns(earlier()));
    window.answer(
        Purpose::Decisions(id(1)),
        Reply::Decisions(vec![
            decided(3, 3, Continuity::Fresh, Why::UserAsked),
            decided(6, 6, Continuity::Resumed, resumed),
        ]),
    );
    window.press("<alt-1>");
    agents_screen(&mut window);
    window.press("then open a pull request");
    window
}

fn agents_screen(window: &mut Window) {
    let view = window.app.view.expect("a view is open");
    let mut screen = Screen::new(view.size);
    screen.feed(AGENT.as_bytes());
    let nothing = Frame::blank(Size { columns: 0, rows: 0 });
    let delta = screen.frame(0).delta_from(&nothing).expect("it differs from nothing");
    window.event(Event::Viewed(view.of, ViewOutput::Frame(delta)));
}

/// Neighbouring cells that look the same.
struct Stretch<'b> {
    column: u16,
    columns: u16,
    text: String,
    like: &'b Cell,
}

/// The colors as they are drawn.
fn colors(cell: &Cell) -> (String, String) {
    let named = |color: Color, default: &str| match color {
        Color::Reset => default.to_owned(),
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        Color::Indexed(number) if number < 16 => SIXTEEN[usize::from(number)].to_owned(),
        other => panic!("the picture has no color for {other:?}"),
    };
    let (text, behind) = (named(cell.fg, FOREGROUND), named(cell.bg, BACKGROUND));
    if cell.modifier.contains(Modifier::REVERSED) { (behind, text) } else { (text, behind) }
}

fn stretches(buffer: &Buffer, row: u16) -> Vec<Stretch<'_>> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut column = 0;
    while column < buffer.area.width {
        let cell = &buffer[(column, row)];
        let columns = u16::try_from(text::columns(cell.symbol())).expect("a cell is narrow").max(1);
        let alike = |one: &Stretch| (one.like.fg, one.like.bg, one.like.modifier) == (cell.fg, cell.bg, cell.modifier);
        match stretches.last_mut().filter(|last| alike(last)) {
            Some(last) => {
                last.text.push_str(cell.symbol());
                last.columns += columns;
            }
            None => stretches.push(Stretch { column, columns, text: cell.symbol().into(), like: cell }),
        }
        column += columns;
    }
    stretches
}

fn left(column: u16) -> f32 {
    MARGIN + f32::from(column) * CELL.0
}

fn top(row: u16) -> f32 {
    MARGIN + f32::from(row) * CELL.1
}

/// Words with more than one blank between them are texts of their own: viewers differ in what they make of blanks.
fn put_texts(svg: &mut String, stretch: &Stretch, row: u16) {
    let (fill, _) = colors(stretch.like);
    let mut looks = format!(" fill=\"{fill}\"");
    for (modifier, words) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::DIM, " opacity=\".65\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
    ] {
        if stretch.like.modifier.contains(modifier) {
            looks.push_str(words);
        }
    }
    let mut column = stretch.column;
    for piece in stretch.text.split_inclusive("  ") {
        let words = piece.trim_start();
        let blanks = u16::try_from(piece.len() - words.len()).expect("a row is short");
        let words = words.trim_end();
        let width = text::columns(words);
        if !words.is_empty() {
            let (x, y, length) = (left(column + blanks), top(row) + BASELINE, width as f32 * CELL.0);
            let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{length:.1}\"{looks}>{words}</text>");
        }
        column += u16::try_from(text::columns(piece)).expect("a row is short");
    }
}

/// Lines that are drawn with signs would have gaps between them as text.
fn put_lines(svg: &mut String, buffer: &Buffer) {
    let mut path = String::new();
    for position in buffer.area.positions() {
        let (x, y) = (left(position.x), top(position.y));
        let _ = match buffer[position].symbol() {
            "─" => write!(path, "M{x:.1} {:.1}h{}", y + CELL.1 / 2.0, CELL.0),
            "│" => write!(path, "M{:.1} {y:.1}v{}", x + CELL.0 / 2.0, CELL.1),
            _ => Ok(()),
        };
    }
    let _ = writeln!(svg, "<path d=\"{path}\" stroke=\"#5a6270\" fill=\"none\"/>");
}

fn svg(app: &App) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, COLUMNS, ROWS));
    let cursor = draw(&mut buffer, app);
    let (width, height) = (left(COLUMNS) + MARGIN, top(ROWS) + MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" font-size=\"14\" \
         font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\">\n\
         <title>threadkeep: four conversations in tabs, an agent at work, its turn panel, the composer and the status line</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    put_lines(&mut svg, &buffer);
    for row in 0..ROWS {
        for mut stretch in stretches(&buffer, row) {
            let (_, behind) = colors(stretch.like);
            if behind != BACKGROUND {
                let (x, y, width) = (left(stretch.column), top(row), f32::from(stretch.columns) * CELL.0);
                let _ = writeln!(
                    svg,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{behind}\"/>",
                    CELL.1
                );
            }
            stretch.text = stretch.text.replace(['─', '│'], " ");
            put_texts(&mut svg, &stretch, row);
        }
    }
    put_cursor(&mut svg, cursor);
    svg + "</svg>\n"
}

fn put_cursor(svg: &mut String, cursor: Option<Position>) {
    if let Some(Position { x, y }) = cursor {
        let (x, y) = (left(x), top(y));
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{}\" height=\"{}\" fill=\"{FOREGROUND}\"/>",
            CELL.0, CELL.1
        );
    }
}

#[test]
fn the_readme_picture_is_what_the_window_shows() {
    let svg = svg(&window().app);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/screen.svg");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &svg).expect("the picture can be written");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == svg,
        "{} is not what the window shows; the head of this file says how it is made anew",
        path.display()
    );
}
