//! What Markdown becomes, and that nothing hostile is more work than a screen of it.

use super::*;

fn shown(text: &str, width: usize) -> Vec<String> {
    let pieces = pieces(text, Form::Markdown);
    let rows = pieces.iter().flat_map(|piece| rows(text, piece, Form::Markdown, width));
    rows.map(|line| line.spans.iter().map(|span| span.content.as_ref()).collect::<String>()).collect()
}

const ALL: &str = "# Title

Some *words* with `code` and a [link](https://example.org/a) and <https://example.org>.
- one
- two with many words that go on
  1. inner
  2. second

> quoted
> more

```rust
fn main() { println!(\"hello\"); } // a comment

```
| name | count |
|:-----|------:|
| 日本 | 12 |
| b | **3** |

- [x] done
---
<b>tag</b>
";

#[test]
fn every_element_has_its_look() {
    insta::assert_snapshot!("prose_40", shown(ALL, 40).join("\n"));
    insta::assert_snapshot!("prose_14", shown(ALL, 14).join("\n"));
}

#[test]
fn no_row_is_wider_than_the_window() {
    let deep = format!("{}deep words here\n\n", "> ".repeat(40));
    let lists: String = (0..30).map(|depth| format!("{}- item {depth}\n", "  ".repeat(depth))).collect();
    for text in [ALL, &deep, &lists, "日本語日本語日本語 日本", "a\u{301}".repeat(100).as_str(), &"x".repeat(500)]
    {
        for width in 1..60 {
            for row in shown(text, width) {
                let most = width.max(6);
                assert!(super::super::text::columns(&row) <= most, "{width}: {row:?}");
            }
        }
    }
}

#[test]
fn what_hides_or_commands_is_not_shown() {
    let text = "a\u{1b}[31mb \u{202e}c\n\n```sh\nls \u{1b}]52;c;x\u{7}\u{9b}0m\n```\n[l](http://a\u{202e}b)";
    let all = shown(text, 60).join("\n");
    assert!(all.chars().all(|char| char == '\n' || !is_unsafe(char)), "{all:?}");
    assert!(all.contains("a[31mb c") && all.contains("ls ]52;c;x0m"), "{all}");
}

#[test]
fn pieces_are_the_whole_text_and_none_is_long() {
    let lines: String = (0..3_000).map(|number| format!("line {number} of many words\n\n")).collect();
    let fenced = format!("```rust\n{}```\nend\n", "let a = 1; // one\n\n".repeat(3_000));
    let one_line = "日".repeat(200_000);
    for text in [lines.as_str(), &fenced, &one_line, "", "short"] {
        for form in [Form::Markdown, Form::Plain] {
            let pieces = pieces(text, form);
            let joined: String = pieces.iter().map(|piece| &text[piece.range.clone()]).collect();
            assert!(joined == text);
            assert!(pieces.iter().all(|piece| piece.range.len() <= PIECE_MOST_BYTES + LINE_MOST_BYTES));
        }
    }
}

#[test]
fn code_that_was_cut_goes_on_as_code() {
    let text = format!("```rust\n{}```\n\n# After\n", "let a = 1;\n".repeat(3_000));
    let pieces = pieces(&text, Form::Markdown);
    assert!(pieces.len() > 2);
    let rows: Vec<_> = pieces.iter().flat_map(|piece| rows(&text, piece, Form::Markdown, 40)).collect();
    let keywords = rows.iter().filter(|row| row.spans.iter().any(|span| span.content == "let")).count();
    assert_eq!(keywords, 3_000);
    assert!(rows.iter().any(|row| row.spans.iter().any(|span| span.content == "After")));
}

#[test]
fn code_has_the_colours_of_its_parts() {
    let text = "```rust\nlet text = \"a\"; // why\n```";
    let piece = &pieces(text, Form::Markdown)[0];
    let rows = rows(text, piece, Form::Markdown, 60);
    let of = |words: &str| rows[1].spans.iter().find(|span| span.content.contains(words)).map(|span| span.style);
    assert_eq!(of("let"), Some(style(Role::Keyword)));
    assert_eq!(of("\"a\""), Some(style(Role::Text)));
    assert_eq!(of("// why"), Some(style(Role::Comment)));
}

#[test]
fn a_text_that_is_no_markdown_keeps_its_signs() {
    let text = "* a\n# b\n  c  d";
    let rows = rows(text, &pieces(text, Form::Plain)[0], Form::Plain, 40);
    let text: Vec<String> =
        rows.iter().map(|row| row.spans.iter().map(|span| span.content.as_ref()).collect()).collect();
    assert_eq!(text, ["* a", "# b", "  c  d"]);
}

#[test]
fn the_blocks_of_code_are_found_without_their_fences() {
    assert_eq!(code_blocks("a\n```sh\nls\n```\nb\n\n    four\n"), ["ls\n", "four\n"]);
}
