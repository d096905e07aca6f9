//! Code in colours: what each part of a line is, by the grammars that are built in. They are loaded when the first block of code is shown.
//!
//! Change here: which parts have which role, and what is not worth the time. Not here: the colours (`prose.rs`).

use super::flow::{Ink, add};
use super::{Role, style};
use ratatui::style::Style;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

/// A longer line is no code that somebody reads, and a grammar may take long for it.
const LINE_BYTES: usize = 500;
/// What is left of a block after this has no colours: a grammar can be made to take very long, and the window waits for it.
/// The tests run on machines that are busy with others.
const BUDGET: Duration = if cfg!(test) { Duration::from_secs(600) } else { Duration::from_millis(150) };

static GRAMMARS: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// From the more special to the more general: the first that fits the innermost scope counts.
static ROLES: LazyLock<Vec<(Scope, Option<Role>)>> = LazyLock::new(|| {
    let roles = [
        ("comment", Some(Role::Comment)),
        ("punctuation.definition.comment", Some(Role::Comment)),
        ("markup.inserted", Some(Role::Added)),
        ("markup.deleted", Some(Role::Removed)),
        ("meta.diff", Some(Role::Type)),
        ("constant.character.escape", Some(Role::Number)),
        ("string", Some(Role::Text)),
        ("punctuation.definition.string", Some(Role::Text)),
        ("constant", Some(Role::Number)),
        ("keyword.operator", None),
        ("keyword", Some(Role::Keyword)),
        ("storage.type.function", Some(Role::Keyword)),
        ("storage", Some(Role::Keyword)),
        ("entity.name.function", Some(Role::Function)),
        ("support.function", Some(Role::Function)),
        ("variable.function", Some(Role::Function)),
        ("entity.name.tag", Some(Role::Keyword)),
        ("entity.other.attribute-name", Some(Role::Type)),
        ("entity.name", Some(Role::Type)),
        ("support.type", Some(Role::Type)),
        ("support.class", Some(Role::Type)),
    ];
    roles.iter().filter_map(|(scope, role)| Some((Scope::new(scope).ok()?, *role))).collect()
});

/// The lines of a block of code, in colours where its language is known.
pub fn paint(code: &str, language: &str) -> Vec<Vec<Ink>> {
    match grammar(language) {
        Some(grammar) => paint_by(code, grammar, Instant::now() + BUDGET),
        None => code.lines().map(bare).collect(),
    }
}

fn bare(line: &str) -> Vec<Ink> {
    vec![(line.to_owned(), Style::new())]
}

fn grammar(language: &str) -> Option<&'static SyntaxReference> {
    if language.is_empty() {
        return None;
    }
    let language = language.to_lowercase();
    // Names that people write and the built-in grammars do not know, with the nearest that they do.
    let known = match language.as_str() {
        "ts" | "tsx" | "jsx" | "typescript" | "javascriptreact" | "typescriptreact" | "mjs" => "js",
        "shell" | "console" | "shellsession" => "sh",
        "jsonc" | "json5" | "jsonl" => "json",
        "kotlin" | "kt" => "java",
        "golang" => "go",
        "c++" | "cxx" => "cpp",
        "patch" => "diff",
        other => other,
    };
    GRAMMARS.find_syntax_by_token(known)
}

fn paint_by(code: &str, grammar: &SyntaxReference, until: Instant) -> Vec<Vec<Ink>> {
    let mut state = ParseState::new(grammar);
    let mut stack = ScopeStack::new();
    let mut lines = Vec::new();
    for line in code.lines() {
        let painted = (line.len() <= LINE_BYTES && Instant::now() < until)
            .then(|| paint_line(line, &mut state, &mut stack))
            .flatten();
        lines.push(painted.unwrap_or_else(|| bare(line)));
    }
    lines
}

/// None where the grammar itself is at fault; then the line has no colours.
fn paint_line(line: &str, state: &mut ParseState, stack: &mut ScopeStack) -> Option<Vec<Ink>> {
    // The grammars want to see the line's end.
    let with_end = format!("{line}\n");
    let changes = state.parse_line(&with_end, &GRAMMARS).ok()?;
    let mut inks = Vec::new();
    let mut from = 0;
    for (at, change) in changes {
        let at = at.min(line.len());
        add_part(&mut inks, line.get(from..at)?, stack);
        from = at;
        stack.apply(&change).ok()?;
    }
    add_part(&mut inks, line.get(from..)?, stack);
    Some(inks)
}

fn add_part(inks: &mut Vec<Ink>, part: &str, stack: &ScopeStack) {
    if !part.is_empty() {
        add(inks, part, role(stack).map(style).unwrap_or_default());
    }
}

fn role(stack: &ScopeStack) -> Option<Role> {
    let known = |scope: &Scope| ROLES.iter().find(|(known, _)| known.is_prefix_of(*scope)).map(|(_, role)| *role);
    stack.as_slice().iter().rev().find_map(known).flatten()
}
