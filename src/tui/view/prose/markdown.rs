//! Markdown to rows: headings, lists, quotes, tables, links with their address, code. What is no Markdown of ours is shown as it stands.
//!
//! Change here: what each element looks like. Not here: the colours (`prose.rs`), code (`code.rs`), breaking rows (`flow.rs`).

use super::flow::{Flow, Ink, Spaces, add, line};
use super::table::Table;
use super::{Role, code, language_of, style};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

/// Text keeps at least so many cells, however deep it lies in lists and quotes.
const LEAST_TEXT: usize = 16;
/// What bars and indents take of a narrow window, at most this part.
const LEAD_PART: usize = 2;

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

pub fn rows(text: &str, width: usize) -> Vec<Line<'static>> {
    let mut page = Page::new(width);
    for event in Parser::new_ext(text, options()) {
        page.take(event);
    }
    page.finish()
}

pub fn code_blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for event in Parser::new_ext(text, options()) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => open = Some(String::new()),
            Event::Text(text) => {
                if let Some(block) = &mut open {
                    block.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
            _ => {}
        }
    }
    blocks
}

/// What a quote or an item of a list puts before each row within it.
struct Lead {
    /// Before its first row; taken once.
    first: Option<Ink>,
    others: Ink,
}

/// The rows so far, and where in the document we are.
struct Page {
    width: usize,
    rows: Vec<Line<'static>>,
    leads: Vec<Lead>,
    /// The number that the next item of each open list has; none for one with bullets.
    lists: Vec<Option<u64>>,
    styles: Vec<Style>,
    inks: Vec<Ink>,
    /// Addresses of open links, and where in `inks` their words begin.
    links: Vec<(String, usize)>,
    code: Option<(String, String)>,
    table: Option<Table>,
    /// A blank row is due before the next block.
    gap: bool,
}

impl Page {
    fn new(width: usize) -> Page {
        Page {
            width,
            rows: vec![],
            leads: vec![],
            lists: vec![],
            styles: vec![],
            inks: vec![],
            links: vec![],
            code: None,
            table: None,
            gap: false,
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some((_, code)) => code.push_str(&text),
                None => self.words(&text, Style::new()),
            },
            Event::Code(text) => self.words(&text, style(Role::InlineCode)),
            // Tags are shown: an answer about HTML has them as its text.
            Event::Html(text) | Event::InlineHtml(text) => self.words(&text, style(Role::Mark)),
            Event::InlineMath(text) | Event::DisplayMath(text) => self.words(&text, Style::new()),
            Event::FootnoteReference(name) => self.words(&format!("[{name}]"), style(Role::Mark)),
            // Agents end lines where they mean it.
            Event::SoftBreak | Event::HardBreak => self.words("\n", Style::new()),
            Event::Rule => {
                self.begin_block();
                let rule = "─".repeat(self.text_width().min(40));
                self.put(vec![(rule, style(Role::Mark))]);
                self.gap = true;
            }
            Event::TaskListMarker(done) => self.words(if done { "[x] " } else { "[ ] " }, Style::new()),
        }
    }

    fn start(&mut self, tag: Tag) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.flush(),
            Tag::Heading { level, .. } => {
                self.flush();
                self.gap = !self.rows.is_empty();
                self.styles.push(style(if level == HeadingLevel::H1 { Role::Title } else { Role::Heading }));
            }
            Tag::BlockQuote(_) => {
                self.flush();
                self.begin_block();
                let bar = ("▌ ".to_owned(), style(Role::Mark));
                self.leads.push(Lead { first: None, others: bar });
                self.styles.push(style(Role::Quote));
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                let language = match kind {
                    CodeBlockKind::Fenced(info) => language_of(&info).to_owned(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((language, String::new()));
            }
            Tag::List(first) => {
                self.flush();
                // A list within an item stands close to its words.
                self.gap &= self.lists.is_empty();
                self.lists.push(first);
            }
            Tag::Item => self.start_item(),
            Tag::Table(alignments) => {
                self.flush();
                self.table = Some(Table { alignments, rows: Vec::new() });
            }
            Tag::TableHead => {
                self.styles.push(Style::new().add_modifier(Modifier::BOLD));
                self.start_row();
            }
            Tag::TableRow => self.start_row(),
            Tag::Emphasis => self.styles.push(Style::new().add_modifier(Modifier::ITALIC)),
            Tag::Strong => self.styles.push(Style::new().add_modifier(Modifier::BOLD)),
            Tag::Strikethrough => self.styles.push(Style::new().add_modifier(Modifier::CROSSED_OUT)),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.styles.push(style(Role::Link));
                self.links.push((dest_url.into_string(), self.inks.len()));
            }
            Tag::TableCell
            | Tag::Superscript
            | Tag::Subscript
            | Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::MetadataBlock(_) => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => {
                self.flush();
                self.gap = true;
            }
            TagEnd::Heading(_) => {
                self.flush();
                self.styles.pop();
                self.gap = true;
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.styles.pop();
                self.leads.pop();
                self.gap = true;
            }
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
                self.gap = self.lists.is_empty();
            }
            TagEnd::Item => {
                self.flush();
                // One without words has its bullet all the same.
                if self.leads.last().is_some_and(|lead| lead.first.is_some()) {
                    self.put(Vec::new());
                }
                self.leads.pop();
                self.gap = false;
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    self.begin_block();
                    let rows = table.lay_out(self.text_width());
                    rows.into_iter().for_each(|row| self.put(row));
                    self.gap = true;
                }
            }
            TagEnd::TableHead => drop(self.styles.pop()),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.inks);
                if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(cell);
                }
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => drop(self.styles.pop()),
            TagEnd::Link | TagEnd::Image => self.end_link(),
            TagEnd::TableRow
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::MetadataBlock(_) => {}
        }
    }

    fn start_row(&mut self) {
        if let Some(table) = &mut self.table {
            table.rows.push(Vec::new());
        }
    }

    fn start_item(&mut self) {
        self.flush();
        self.begin_block();
        let bullet = match self.lists.last_mut() {
            Some(Some(number)) => {
                let bullet = format!("{number}. ");
                *number = number.saturating_add(1);
                bullet
            }
            Some(None) | None => "• ".to_owned(),
        };
        let indent = " ".repeat(bullet.chars().count());
        self.leads.push(Lead { first: Some((bullet, style(Role::Mark))), others: (indent, Style::new()) });
    }

    /// The address of a link stands behind its words, unless they are the address.
    fn end_link(&mut self) {
        self.styles.pop();
        let Some((address, from)) = self.links.pop() else { return };
        let words: String = self.inks.iter().skip(from).map(|(text, _)| text.as_str()).collect();
        let same = address.strip_prefix("mailto:").unwrap_or(&address) == words;
        if !same && !address.is_empty() {
            self.words(&format!(" ({address})"), style(Role::Mark));
        }
    }

    fn words(&mut self, words: &str, own: Style) {
        let style = self.styles.iter().fold(Style::new(), |style, outer| style.patch(*outer)).patch(own);
        // What a link's words are is found again by their place, so they are not joined with what was before.
        if self.links.last().is_some_and(|(_, from)| *from == self.inks.len()) {
            self.inks.push((words.to_owned(), style));
        } else {
            add(&mut self.inks, words, style);
        }
    }

    /// Code keeps its lines and spaces. A line that is too long goes on behind another bar.
    fn end_code(&mut self) {
        let Some((language, code)) = self.code.take() else { return };
        self.begin_block();
        let mark = style(Role::Mark);
        self.put(vec![(format!("╭ {language}"), mark)]);
        for inks in code::paint(&code, &language) {
            let mut flow = Flow::new(self.text_width().saturating_sub(2), Spaces::Kept);
            inks.iter().for_each(|(text, style)| flow.push(text, *style));
            let rows = flow.finish();
            if rows.is_empty() {
                self.put(vec![("│".to_owned(), mark)]);
            }
            for (index, mut row) in rows.into_iter().enumerate() {
                row.insert(0, (if index == 0 { "│ " } else { "┊ " }.to_owned(), mark));
                self.put(row);
            }
        }
        self.put(vec![("╰".to_owned(), mark)]);
        self.gap = true;
    }

    /// Makes the words so far into rows.
    fn flush(&mut self) {
        if self.inks.is_empty() || self.table.is_some() {
            return;
        }
        self.begin_block();
        let mut flow = Flow::new(self.text_width(), Spaces::Prose);
        for (text, style) in std::mem::take(&mut self.inks) {
            flow.push(&text, style);
        }
        flow.finish().into_iter().for_each(|row| self.put(row));
    }

    fn begin_block(&mut self) {
        if std::mem::take(&mut self.gap) && !self.rows.is_empty() {
            let lead = self.lead(Which::Others);
            self.rows.push(line(&lead, Vec::new()));
        }
    }

    fn put(&mut self, row: Vec<Ink>) {
        let lead = self.lead(Which::Next);
        self.rows.push(line(&lead, row));
    }

    /// Of very deep ones the outer are left out, so that words keep their place.
    fn lead(&mut self, which: Which) -> Vec<Ink> {
        let room = self.lead_room();
        let mut lead = Vec::new();
        let mut columns = 0;
        for one in self.leads.iter_mut().rev() {
            let first = match which {
                Which::Next => one.first.take(),
                Which::Others => None,
            };
            let ink = first.unwrap_or_else(|| one.others.clone());
            columns += ink.0.chars().count();
            if columns <= room {
                lead.insert(0, ink);
            }
        }
        lead
    }

    fn lead_room(&self) -> usize {
        (self.width / LEAD_PART).min(self.width.saturating_sub(LEAST_TEXT.min(self.width / LEAD_PART)))
    }

    fn text_width(&self) -> usize {
        let leads: usize = self.leads.iter().map(|lead| lead.others.0.chars().count()).sum();
        self.width - leads.min(self.lead_room())
    }

    fn finish(mut self) -> Vec<Line<'static>> {
        self.flush();
        self.rows
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// The next row of the text, which takes the bullets that are due.
    Next,
    Others,
}
