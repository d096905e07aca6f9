//! Whether a multiplexer around this terminal takes our prefix before we see it.

use super::finding::Finding;
use super::program::ask;
use crate::terminal::keys::{Key, KeyCode, Modifiers};

const ABOUT: &str = "outside";

/// None where there is none that is known.
pub fn look(prefix: Key) -> Option<Finding> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set("TMUX") {
        let own: Vec<String> = ["prefix", "prefix2"]
            .iter()
            .filter_map(|option| ask("tmux", &["show-options", "-gqv", option]))
            .map(|name| name.trim().to_owned())
            .collect();
        let bound = ask("tmux", &["list-keys", "-T", "root"]).unwrap_or_default();
        return Some(in_tmux(prefix, &own, &bound));
    }
    let other = [("ZELLIJ", "Zellij"), ("STY", "screen")].into_iter().find(|(name, _)| is_set(name))?;
    Some(
        Finding::unknown(ABOUT, format!("{} is around this terminal, and some keys may be its own", other.1))
            .with_next_step("threadkeep doctor keys shows which arrive"),
    )
}

fn in_tmux(prefix: Key, own: &[String], bound: &str) -> Finding {
    let Some(name) = tmux_name(prefix) else {
        return Finding::unknown(ABOUT, "tmux is around this terminal").with_next_step("see threadkeep doctor keys");
    };
    let change = format!("set another `prefix` in the configuration, or in tmux; or press it twice ({name} {name})");
    if own.contains(&name) {
        return Finding::trouble(ABOUT, format!("{name} is tmux's prefix as well, so it does not arrive"), change);
    }
    if bound.lines().any(|line| is_bound(line, &name)) {
        return Finding::trouble(ABOUT, format!("tmux has a binding of its own for {name}"), change);
    }
    Finding::well(ABOUT, format!("tmux; it leaves {name} to us"))
}

/// Whether this line of `list-keys` is about the key: `bind-key -T root C-] ...`, with flags before the key.
fn is_bound(line: &str, name: &str) -> bool {
    let mut words = line.split_whitespace().skip_while(|word| *word != "root").skip(1);
    words.next().is_some_and(|key| key.trim_start_matches('\\').trim_matches('"') == name)
}

/// The key as tmux names it.
fn tmux_name(key: Key) -> Option<String> {
    let mut name = String::new();
    for (modifier, letter) in [(Modifiers::CONTROL, "C-"), (Modifiers::ALT, "M-"), (Modifiers::SHIFT, "S-")] {
        if key.modifiers.has(modifier) {
            name.push_str(letter);
        }
    }
    match key.code {
        KeyCode::Char(' ') => name.push_str("Space"),
        KeyCode::Char(sign) => name.push(sign),
        KeyCode::Function(number) => name.push_str(&format!("F{number}")),
        _ => return None,
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_prefix_that_tmux_takes_is_told() {
        let key = |sign| Key { code: KeyCode::Char(sign), modifiers: Modifiers::CONTROL };
        let own = ["C-b".to_owned(), "None".to_owned()];
        let bound = "bind-key    -T root         MouseDown1Pane         select-pane\nbind-key -T root C-o display x\n";
        assert_eq!(in_tmux(key(']'), &own, bound).state, State::Well);
        assert!(in_tmux(key('b'), &own, bound).text.contains("tmux's prefix as well"));
        assert!(in_tmux(key('o'), &own, bound).text.contains("a binding of its own"));
        let space = Key { code: KeyCode::Char(' '), modifiers: Modifiers::ALT };
        assert_eq!(tmux_name(space).as_deref(), Some("M-Space"));
    }
}
