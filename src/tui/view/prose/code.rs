//! Code in colours: what each part of a line is, by the grammars that are built in. They are loaded when the first block of code is shown.
//!
//! Change here: which parts have which role, and what is not worth the time. Not here: the colours (`prose.rs`).

use super::flow::{Ink, add};
use super::{Role, style};
use ratatui::style::Style;
use std::sync::LazyLock;
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

/// A longer line is no code that somebody reads, and a grammar may take long for it.
const LINE_BYTES: usize = 500;
/// What is left of a block after so much has no colours: grammars are slow, and the window waits for them. More than a thousand lines.
const PAINTED_BYTES: usize = 32 * 1024;

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
        Some(grammar) => paint_by(code, grammar),
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

fn paint_by(code: &str, grammar: &SyntaxReference) -> Vec<Vec<Ink>> {
    let mut state = ParseState::new(grammar);
    let mut stack = ScopeStack::new();
    let mut lines = Vec::new();
    let mut seen = 0;
    for line in code.lines() {
        seen += line.len();
        let painted = (line.len() <= LINE_BYTES && seen <= PAINTED_BYTES)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn is_painted(line: &[Ink]) -> bool {
        line.iter().any(|(_, style)| *style != Style::new())
    }

    #[test]
    fn a_block_has_colours_as_far_as_is_worth_the_time_and_all_of_its_text() {
        let line = "let x = 1;";
        let lines = PAINTED_BYTES / line.len() + 10;
        let painted = paint(&format!("{line}\n").repeat(lines), "rust");
        assert_eq!(painted.len(), lines);
        assert!(is_painted(&painted[0]) && is_painted(&painted[lines - 20]) && !is_painted(&painted[lines - 1]));
        assert_eq!(painted[lines - 1][0].0, line);
    }

    #[test]
    fn what_has_no_grammar_and_lines_that_nobody_reads_have_no_colours() {
        assert!(!is_painted(&paint("let x = 1;", "no such language")[0]));
        let long = format!("let x = \"{}\";", "y".repeat(LINE_BYTES));
        let painted = paint(&format!("{long}\nlet y = 2;"), "rust");
        assert!(!is_painted(&painted[0]) && is_painted(&painted[1]));
    }
}
