//! The stored turns as a page to read: what began a session, prompt, state, what was asked, the answer, what it took.
//!
//! Change here: which blocks a turn has and how each looks. Only the blocks that are seen are made into rows, and those of ended turns are kept
//! beside the record (`Rendered`). Not here: Markdown (`prose.rs`), or moving about (`update/reading.rs`).

use super::super::app::{App, Keyboard};
use super::super::reader::record::Fetched;
use super::super::reader::{FindState, PAST, Scope, Spot, Standing};
use super::prose::{self, Form, Piece};
use super::record::{session_words, state_words};
use super::{chosen, put_line, quiet, requests, strong, text, turn_mark, work};
use crate::domain::conversation::Begun;
use crate::domain::id::TurnNumber;
use crate::domain::turn::{Source, TurnRecord, TurnState};
use crate::domain::when;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// What stands before each row of a prompt or an answer.
const INDENT: usize = 2;
/// Of a text before a fork so many rows; the whole stands where it was said.
const PAST_ROWS: usize = 10;
/// Pieces that are kept as rows: many screens of them. Beyond that all are made anew.
const MOST_KEPT: usize = 256;

/// Rows that were made from ended turns, until one of these is told anew.
#[derive(Default)]
pub struct Rendered {
    pieces: RefCell<HashMap<(TurnNumber, Part), Pieces>>,
    rows: RefCell<HashMap<RowsOf, Rows>>,
}

type Pieces = Rc<Vec<Piece>>;
type Rows = Rc<Vec<Line<'static>>>;
/// Turn, part, piece and width.
type RowsOf = (TurnNumber, Part, usize, usize);

impl Rendered {
    /// The turn was told anew.
    pub fn forget(&mut self, turn: TurnNumber) {
        self.pieces.get_mut().retain(|(number, _), _| *number != turn);
        self.rows.get_mut().retain(|(number, ..), _| *number != turn);
    }
}

/// The long texts of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    Prompt,
    Answer,
}

/// A part of a turn that is made into rows by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Block {
    /// That there are older turns which are not here yet, or some between.
    Older,
    /// Where this conversation was forked, and one turn of before.
    Fork,
    Past(usize),
    Session,
    Text(Part, usize),
    State,
    /// Bytes that were not kept, what the agent did, and what showed the end.
    Foot,
    Gap,
}

/// One row that is seen, and the turn it belongs to.
pub struct SeenRow {
    pub spot: Spot,
    pub line: Line<'static>,
}

fn text_of(turn: &TurnRecord, part: Part) -> (&str, Form) {
    match part {
        Part::Prompt if turn.prompt.is_empty() => ("(typed in the agent's screen)", Form::Plain),
        Part::Prompt => (turn.prompt.trim_end(), Form::Plain),
        Part::Answer => {
            // What a command wrote is no Markdown; its end was told by the shell's own mark.
            let plain = turn.evidence.as_ref().is_some_and(|evidence| evidence.source == Source::ShellMark);
            let form = if plain { Form::Plain } else { Form::Markdown };
            (turn.answer.as_ref().map_or("", |answer| answer.text.trim_end()), form)
        }
    }
}

/// The pieces of a text, kept for the turns of the record.
fn pieces(app: &App, turn: &TurnRecord, part: Part) -> Pieces {
    let make = || {
        let (text, form) = text_of(turn, part);
        Rc::new(prose::pieces(text, form))
    };
    match rendered(app, turn.number) {
        Some(kept) => kept.pieces.borrow_mut().entry((turn.number, part)).or_insert_with(make).clone(),
        None => make(),
    }
}

fn rendered(app: &App, turn: TurnNumber) -> Option<&Rendered> {
    let record = &app.desk()?.record;
    record.turns.contains_key(&turn).then_some(&record.rendered)
}

fn blocks(app: &App, scope: Scope, turn: &TurnRecord) -> Vec<Block> {
    let mut blocks = Vec::new();
    let is_oldest = app.first_turn() == Some(turn.number) && turn.number != TurnNumber(1);
    if scope == Scope::Conversation && (is_oldest || has_gap_before(app, turn.number)) {
        blocks.push(Block::Older);
    }
    blocks.push(Block::Session);
    blocks.extend((0..pieces(app, turn, Part::Prompt).len()).map(|piece| Block::Text(Part::Prompt, piece)));
    blocks.push(Block::State);
    blocks.extend((0..pieces(app, turn, Part::Answer).len()).map(|piece| Block::Text(Part::Answer, piece)));
    blocks.push(Block::Foot);
    if scope == Scope::Conversation {
        blocks.push(Block::Gap);
    }
    blocks
}

fn rows(app: &App, scope: Scope, turn: &TurnRecord, block: &Block, width: usize) -> Rows {
    match block {
        Block::Text(part, piece) => text_rows(app, turn, *part, *piece, width),
        Block::Older if has_gap_before(app, turn.number) => Rc::new(vec![gap_line(app)]),
        Block::Older => Rc::new(vec![older_line(app)]),
        Block::Session => Rc::new(session_lines(app, turn, width)),
        Block::State => Rc::new(state_lines(turn, width)),
        Block::Foot => Rc::new(foot_lines(app, scope, turn, width)),
        Block::Gap => Rc::new(vec![Line::default()]),
        // They belong to no turn of this conversation.
        Block::Fork | Block::Past(_) => Rc::default(),
    }
}

fn text_rows(app: &App, turn: &TurnRecord, part: Part, piece: usize, width: usize) -> Rows {
    let key = (turn.number, part, piece, width);
    let kept = rendered(app, turn.number);
    if let Some(rows) = kept.and_then(|kept| kept.rows.borrow().get(&key).cloned()) {
        return rows;
    }
    let (text, form) = text_of(turn, part);
    let Some(piece_of) = pieces(app, turn, part).get(piece).cloned() else { return Rc::default() };
    let rows = prose::rows(text, &piece_of, form, width.saturating_sub(INDENT)).into_iter().enumerate();
    let lead = |index| if part == Part::Prompt && piece == 0 && index == 0 { "> " } else { "  " };
    let rows: Rows = Rc::new(rows.map(|(index, row)| led(lead(index), part, row)).collect());
    if let Some(kept) = kept {
        let mut kept = kept.rows.borrow_mut();
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(key, rows.clone());
    }
    rows
}

fn has_gap_before(app: &App, turn: TurnNumber) -> bool {
    app.desk().is_some_and(|desk| desk.record.has_gap_before(turn))
}

fn gap_line(app: &App) -> Line<'static> {
    let words = match app.desk().map(|desk| desk.record.fetched) {
        Some(Fetched::Asked) => " ┄┄ fetching the turns between ... ┄┄",
        Some(Fetched::Nothing | Fetched::Newest | Fetched::All) | None => {
            " ┄┄ turns between are not here yet: scroll on ┄┄"
        }
    };
    Line::styled(words, quiet())
}

fn older_line(app: &App) -> Line<'static> {
    let words = match app.desk().map(|desk| desk.record.fetched) {
        Some(Fetched::Newest) => " earlier turns: scroll up",
        Some(Fetched::Nothing) => " earlier turns are not here yet",
        Some(Fetched::Asked) => " fetching earlier turns ...",
        Some(Fetched::All) | None => " this is the first turn that is kept",
    };
    Line::styled(words, quiet())
}

/// What was said before a fork. Quiet, for it is another conversation's: its agent knows of it only what it was told here.
fn past_lines(app: &App, block: &Block, width: usize) -> Vec<Line<'static>> {
    let Some((Begun::Forked(fork), desk)) = app.active().map(|shown| &shown.begun).zip(app.desk()) else {
        return Vec::new();
    };
    let past = desk.past.as_deref().unwrap_or_default();
    let title = text::clean(&fork.title);
    let Block::Past(at) = block else {
        let head = match past.is_empty() {
            true => format!("── forked from \"{title}\" at turn {} ──", fork.turn),
            false => format!("── before the fork, in \"{title}\" ──"),
        };
        return text::wrap(&head, width).into_iter().map(|row| Line::styled(row, quiet())).collect();
    };
    let Some(turn) = past.get(*at) else { return Vec::new() };
    let mut lines = turn_lines(turn, width, PAST_ROWS);
    lines.push(Line::default());
    lines.into_iter().map(|line| line.patch_style(quiet())).collect()
}

/// A turn in so many rows of its prompt and of its answer, where it is not read but shown beside something else.
pub fn turn_lines(turn: &TurnRecord, width: usize, most_rows: usize) -> Vec<Line<'static>> {
    let mut lines = beginning(turn, Part::Prompt, width, most_rows);
    lines.extend(state_lines(turn, width));
    lines.extend(beginning(turn, Part::Answer, width, most_rows));
    lines
}

fn beginning(turn: &TurnRecord, part: Part, width: usize, most_rows: usize) -> Vec<Line<'static>> {
    let (text, form) = text_of(turn, part);
    let pieces = prose::pieces(text, form);
    let rows = pieces.iter().flat_map(|piece| prose::rows(text, piece, form, width.saturating_sub(INDENT)));
    let mut lines: Vec<Line> = rows.take(most_rows + 1).map(|row| led("  ", part, row)).collect();
    if let Some(first) = lines.first_mut().filter(|_| part == Part::Prompt)
        && let Some(lead) = first.spans.first_mut()
    {
        *lead = Span::raw("> ");
    }
    if lines.len() > most_rows {
        lines.truncate(most_rows);
        lines.push(Line::styled("  …", quiet()));
    }
    lines
}

fn led(lead: &'static str, part: Part, mut row: Line<'static>) -> Line<'static> {
    row.spans.insert(0, Span::raw(lead));
    match part {
        Part::Prompt => row.style(strong()),
        Part::Answer => row,
    }
}

/// What began a session, whole: its reason must not be cut where there are rows enough.
fn session_lines(app: &App, turn: &TurnRecord, width: usize) -> Vec<Line<'static>> {
    let Some(desk) = app.desk() else { return Vec::new() };
    let before = app.turn_before(turn.number).filter(|_| !has_gap_before(app, turn.number));
    let before = before.and_then(|number| app.turn(number));
    let Some(words) = session_words(desk, turn, before) else { return Vec::new() };
    let age = match desk.began(turn.number) {
        Some(record) => format!(" · {}", when::past(app.now.wall, record.at)),
        None => String::new(),
    };
    let mut rows = text::wrap(&format!("── {words}{age}"), width);
    // The line's end never stands alone in a row.
    if let Some(last) = rows.last_mut().filter(|last| text::columns(last) + 3 <= width) {
        last.push_str(" ──");
    }
    rows.into_iter().map(|row| Line::styled(row, quiet())).collect()
}

/// The state in a row, then what was asked and what became of it.
fn state_lines(turn: &TurnRecord, width: usize) -> Vec<Line<'static>> {
    let room = width.saturating_sub(INDENT + 1);
    let mut words = text::wrap(&format!("turn {} · {}", turn.number, state_words(turn)), room.max(1)).into_iter();
    let first = format!(" {}", words.next().unwrap_or_default());
    let mut lines = vec![Line::from(vec![Span::raw("  "), turn_mark(&turn.state), Span::styled(first, quiet())])];
    lines.extend(words.map(|words| Line::styled(format!("    {words}"), quiet())));
    lines.extend(requests::asked_lines(turn, width.saturating_sub(INDENT)));
    lines
}

fn foot_lines(app: &App, scope: Scope, turn: &TurnRecord, width: usize) -> Vec<Line<'static>> {
    let width = width.saturating_sub(INDENT).max(1);
    let mut lines = Vec::new();
    let mut put = |words: &str| {
        let rows = text::wrap(words, width).into_iter();
        lines.extend(rows.map(|row| Line::styled(format!("  {row}"), quiet())));
    };
    if let Some(answer) = turn.answer.as_ref().filter(|answer| answer.cut_bytes > 0) {
        put(&format!("({} bytes of the middle are left out)", answer.cut_bytes));
    }
    if let Some(count) = turn.trees.as_ref().and_then(|trees| trees.count) {
        put(&count.words());
    }
    match scope {
        Scope::Conversation => work::used_words(&turn.work).into_iter().for_each(|words| put(&words)),
        Scope::Turn(_) => {
            let work = work::lines(turn, width);
            if !work.is_empty() {
                put("");
                work.iter().for_each(|words| put(words));
            }
            if let Some(evidence) = &turn.evidence {
                let seen = when::past(app.now.wall, evidence.at);
                let source = evidence.source.word();
                put("");
                put(&format!("{} · seen by: {source}, {}, {seen}", state_words(turn), text::clean(&evidence.text)));
            }
        }
    }
    lines
}

/// Reading a scope at a width.
pub struct Reading<'a> {
    app: &'a App,
    scope: Scope,
    width: usize,
}

impl<'a> Reading<'a> {
    pub fn new(app: &'a App, scope: Scope, columns: u16) -> Reading<'a> {
        Reading { app, scope, width: usize::from(columns.saturating_sub(1)).max(1) }
    }

    fn blocks(&self, turn: TurnNumber) -> Vec<Block> {
        if turn == PAST {
            let past = self.app.desk().and_then(|desk| desk.past.as_ref()).map_or(0, Vec::len);
            return std::iter::once(Block::Fork).chain((0..past).map(Block::Past)).collect();
        }
        self.app.turn(turn).map(|turn| blocks(self.app, self.scope, turn)).unwrap_or_default()
    }

    fn rows(&self, turn: TurnNumber, block: &Block) -> Rows {
        if turn == PAST {
            return Rc::new(past_lines(self.app, block, self.width));
        }
        self.app.turn(turn).map(|turn| rows(self.app, self.scope, turn, block, self.width)).unwrap_or_default()
    }

    fn rows_at(&self, spot: Spot) -> Rows {
        self.blocks(spot.turn).get(spot.block).map(|block| self.rows(spot.turn, block)).unwrap_or_default()
    }

    fn first(&self) -> Option<TurnNumber> {
        match self.scope {
            Scope::Conversation => self.app.first_turn(),
            Scope::Turn(turn) => Some(turn).filter(|turn| self.app.turn(*turn).is_some()),
        }
    }

    fn last(&self) -> Option<TurnNumber> {
        match self.scope {
            Scope::Conversation => self.app.last_turn(),
            Scope::Turn(_) => self.first(),
        }
    }

    fn before(&self, turn: TurnNumber) -> Option<TurnNumber> {
        match self.scope {
            Scope::Conversation => self.app.turn_before(turn),
            Scope::Turn(_) => None,
        }
    }

    fn after(&self, turn: TurnNumber) -> Option<TurnNumber> {
        match self.scope {
            Scope::Conversation => self.app.turn_after(turn),
            Scope::Turn(_) => None,
        }
    }

    fn start(&self) -> Option<Spot> {
        self.first().map(Spot::start_of)
    }

    /// The first row of the next block; none behind the last one.
    fn next_block(&self, spot: Spot) -> Option<Spot> {
        match spot.block + 1 < self.blocks(spot.turn).len() {
            true => Some(Spot { block: spot.block + 1, row: 0, ..spot }),
            false => self.after(spot.turn).map(Spot::start_of),
        }
    }

    /// The row behind the last one of the block before.
    fn block_before(&self, spot: Spot) -> Option<Spot> {
        let (turn, block) = match spot.block.checked_sub(1) {
            Some(block) => (spot.turn, block),
            None => {
                let turn = self.before(spot.turn)?;
                (turn, self.blocks(turn).len().checked_sub(1)?)
            }
        };
        let spot = Spot { turn, block, row: 0 };
        Some(Spot { row: self.rows_at(spot).len(), ..spot })
    }

    /// So many rows further up, or the start.
    pub fn up(&self, mut spot: Spot, mut count: usize) -> Spot {
        while count > spot.row {
            count -= spot.row;
            match self.block_before(spot) {
                Some(before) => spot = before,
                None => return Spot { row: 0, ..spot },
            }
        }
        Spot { row: spot.row - count, ..spot }
    }

    /// So many rows further down; none where that is behind the end.
    pub fn down(&self, mut spot: Spot, mut count: usize) -> Option<Spot> {
        loop {
            let left = self.rows_at(spot).len().saturating_sub(spot.row);
            if count < left {
                return Some(Spot { row: spot.row + count, ..spot });
            }
            count -= left;
            spot = self.next_block(spot)?;
        }
    }

    /// The first row of the last screen.
    pub fn end(&self, height: u16) -> Option<Spot> {
        let turn = self.last()?;
        let block = self.blocks(turn).len().checked_sub(1)?;
        let last = Spot { turn, block, row: 0 };
        let behind = Spot { row: self.rows_at(last).len(), ..last };
        Some(self.up(behind, usize::from(height)))
    }

    /// The first row that is seen. What was there before a resize, or before the turn was told anew, may be shorter now.
    pub fn top(&self, standing: Standing, height: u16) -> Option<Spot> {
        match standing {
            Standing::End => self.end(height),
            Standing::Start => self.start(),
            Standing::At(spot) if self.blocks(spot.turn).is_empty() => self.end(height),
            Standing::At(spot) => {
                let blocks = self.blocks(spot.turn).len();
                let spot = if spot.block < blocks { spot } else { Spot::start_of(spot.turn) };
                let most = self.rows_at(spot).len().saturating_sub(1);
                let spot = Spot { row: spot.row.min(most), ..spot };
                match self.down(spot, usize::from(height).saturating_sub(1)) {
                    Some(_) => Some(spot),
                    None => self.end(height),
                }
            }
        }
    }

    /// The rows from the first that is seen.
    pub fn seen(&self, standing: Standing, height: u16) -> Vec<SeenRow> {
        let height = usize::from(height);
        let mut seen = Vec::new();
        let mut spot = self.top(standing, u16::try_from(height).unwrap_or(u16::MAX));
        while let Some(at) = spot.filter(|_| seen.len() < height) {
            let rows = self.rows_at(at);
            let more = rows.iter().enumerate().skip(at.row).take(height - seen.len());
            seen.extend(more.map(|(row, line)| SeenRow { spot: Spot { row, ..at }, line: line.clone() }));
            spot = self.next_block(at);
        }
        seen
    }

    /// Whether there is something above and below of what is seen.
    pub fn more(&self, standing: Standing, height: u16) -> (bool, bool) {
        let Some(top) = self.top(standing, height) else { return (false, false) };
        (Some(top) != self.start(), self.down(top, usize::from(height)).is_some())
    }

    /// The next row with these words, from one row on: forwards or backwards. Turns whose texts have no such words are passed over.
    pub fn find(&self, words: &str, from: Spot, way: Way) -> Option<Spot> {
        let words = words.to_lowercase();
        let mut turn = from.turn;
        loop {
            let rows = self.rows_with(turn, &words);
            let place = |spot: &Spot| (spot.block, spot.row);
            let is_here = |spot: &Spot| turn != from.turn || way.is_beyond(place(spot), place(&from));
            let found = match way {
                Way::Down => rows.into_iter().find(is_here),
                Way::Up => rows.into_iter().rev().find(is_here),
            };
            if found.is_some() {
                return found;
            }
            turn = match way {
                Way::Down => self.after(turn)?,
                Way::Up => self.before(turn)?,
            };
        }
    }

    fn rows_with(&self, turn: TurnNumber, words: &str) -> Vec<Spot> {
        let Some(record) = self.app.turn(turn) else { return Vec::new() };
        let has = |part: Part| text_of(record, part).0.to_lowercase().contains(words);
        let (prompt, answer) = (has(Part::Prompt), has(Part::Answer));
        let mut spots = Vec::new();
        for (block, one) in self.blocks(turn).iter().enumerate() {
            let may = match one {
                Block::Text(Part::Prompt, _) => prompt,
                Block::Text(Part::Answer, _) => answer,
                Block::Older
                | Block::Fork
                | Block::Past(_)
                | Block::Session
                | Block::State
                | Block::Foot
                | Block::Gap => false,
            };
            if may {
                let rows = self.rows(turn, one);
                let with =
                    rows.iter().enumerate().filter(|(_, line)| text_of_line(line).to_lowercase().contains(words));
                spots.extend(with.map(|(row, _)| Spot { turn, block, row }));
            }
        }
        spots
    }
}

/// Which way is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Up,
    Down,
}

impl Way {
    fn is_beyond(self, place: (usize, usize), from: (usize, usize)) -> bool {
        match self {
            Way::Up => place < from,
            Way::Down => place > from,
        }
    }
}

fn text_of_line(line: &Line) -> String {
    line.spans.iter().map(|span| span.content.as_ref()).collect()
}

/// The record in the pane. The turn that keys are about is marked where the keyboard is here.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let Some(desk) = app.desk() else { return };
    let reading = Reading::new(app, Scope::Conversation, area.width);
    let marked = (app.keyboard() == Keyboard::Record).then(|| current(app)).flatten();
    let words = desk.find.as_ref().map(|find| find.words.text()).filter(|words| !words.trim().is_empty());
    let found = desk.found_at.filter(|_| desk.find.as_ref().is_some_and(|find| find.state == FindState::Done));
    let seen = reading.seen(desk.record_at, area.height);
    if seen.is_empty() {
        put_line(buffer, area, 0, &older_line(app));
    }
    for (y, row) in (0..area.height).zip(seen) {
        put_line(buffer, area, y, &row.line);
        let whole = Rect { y: area.y + y, height: 1, ..area };
        if marked == Some(row.spot.turn) && is_head(&row.line) {
            buffer.set_style(whole, chosen());
        }
        if let Some(words) = &words {
            mark_words(&row.line, words, whole, buffer, found == Some(row.spot));
        }
    }
}

/// The first row of a prompt.
fn is_head(line: &Line) -> bool {
    line.spans.first().is_some_and(|span| span.content == "> ")
}

/// Underlines what was looked for; in the row one stands at it is turned around.
pub fn mark_words(line: &Line, words: &str, area: Rect, buffer: &mut Buffer, here: bool) {
    let row = text_of_line(line).to_lowercase();
    let words = words.to_lowercase();
    let look = if here { Modifier::REVERSED } else { Modifier::UNDERLINED };
    for (at, _) in row.match_indices(&words) {
        let left = u16::try_from(text::columns(&row[..at])).unwrap_or(u16::MAX);
        let width = u16::try_from(text::columns(&words)).unwrap_or(u16::MAX);
        let part = Rect { x: area.x.saturating_add(left), width, ..area }.intersection(area);
        buffer.set_style(part, ratatui::style::Style::new().add_modifier(look));
    }
}

/// One turn: what is chosen in the list, or the page of a turn.
pub fn draw_turn(app: &App, number: TurnNumber, standing: Standing, area: Rect, buffer: &mut Buffer) {
    if app.turn(number).is_none() {
        return put_line(buffer, area, 0, &Line::styled(" this turn is not known any more", quiet()));
    }
    let reading = Reading::new(app, Scope::Turn(number), area.width);
    for (y, row) in (0..area.height).zip(reading.seen(standing, area.height)) {
        put_line(buffer, area, y, &row.line);
    }
}

/// The turn that keys are about in the record: the one that was gone to, while it is seen,
/// else the first that is seen, and at the end the last.
pub fn current(app: &App) -> Option<TurnNumber> {
    let desk = app.desk()?;
    let pane = super::super::layout::layout(app).pane;
    let seen = Reading::new(app, Scope::Conversation, pane.width).seen(desk.record_at, pane.height);
    let has_head = |turn: TurnNumber| seen.iter().any(|row| row.spot.turn == turn && is_head(&row.line));
    let marked = desk.marked.filter(|marked| seen.iter().any(|row| row.spot.turn == *marked));
    let heads = |row: &&SeenRow| has_head(row.spot.turn);
    let seen_first = match desk.record_at {
        Standing::End => seen.last(),
        Standing::Start | Standing::At(_) => seen.iter().find(heads).or(seen.first()),
    };
    marked.or(seen_first.map(|row| row.spot.turn)).filter(|turn| *turn != PAST)
}

/// The turn in this row of the pane.
pub fn turn_at(app: &App, row: u16) -> Option<TurnNumber> {
    let pane = super::super::layout::layout(app).pane;
    let seen = Reading::new(app, Scope::Conversation, pane.width).seen(app.desk()?.record_at, pane.height);
    seen.get(usize::from(row)).map(|row| row.spot.turn)
}

/// What can be done with a turn, for the last row of its page, in as many words as there is room for.
pub fn action_words(turn: &TurnRecord, width: usize) -> &'static str {
    let longest_first: &[&str] = match turn.state {
        TurnState::Queued => &[
            "e edits it, x removes it, s interrupts and sends it now, Y copies it, J K move it",
            "e edits it, x removes it, s interrupts and sends it now",
            "e edit  x remove  s send now",
        ],
        TurnState::Ended(_) => &[
            "y copies the answer, Y the prompt, b the code; r sends it again, e edits it first; d shows what it changed; g goes to its place",
            "y copy answer  Y prompt  b code  r send again  e edit  d changes  g place",
            "y copy  r again  e edit  d changes",
            "y copy  r again",
        ],
        TurnState::Sending | TurnState::Working | TurnState::NeedsApproval | TurnState::NeedsAnswer => &[""],
    };
    longest_first.iter().find(|words| text::columns(words) <= width).or(longest_first.last()).copied().unwrap_or("")
}

#[cfg(test)]
mod tests;
