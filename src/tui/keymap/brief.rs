//! The keys behind the prefix in few words and by what they are about, for the list that comes up while one waits.
//!
//! Change here: the groups, and the few words. An action of the prefix without any stands in the last group with the words of the table, so that none
//! is ever missing. Not here: which keys there are (`keymap.rs`) or looks (`view/which_key.rs`).

use super::{Command, Keymap, Place, key_name};

/// What a key is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Tabs,
    Conversation,
    Window,
}

pub const GROUPS: [(Group, &str); 3] =
    [(Group::Tabs, "tabs"), (Group::Conversation, "this conversation"), (Group::Window, "look and find")];

/// The longest words that stand in a third of 80 columns beside a key.
pub const MOST_COLUMNS: usize = 18;

const TO_TAB: &str = "go to that tab";
const BESIDE: &str = "next, previous";
const MOVE: &str = "move left, right";
const WIDTH: &str = "panel's width";

/// In the order in which they are shown. Neighbours with the same words are one line.
const BRIEFS: [(Command, Group, &str); 49] = [
    (Command::NewTab, Group::Tabs, "new tab"),
    (Command::NewTabWith, Group::Tabs, "new, other agent"),
    (Command::NextTab, Group::Tabs, BESIDE),
    (Command::PreviousTab, Group::Tabs, BESIDE),
    (Command::GoToTab(1), Group::Tabs, TO_TAB),
    (Command::GoToTab(2), Group::Tabs, TO_TAB),
    (Command::GoToTab(3), Group::Tabs, TO_TAB),
    (Command::GoToTab(4), Group::Tabs, TO_TAB),
    (Command::GoToTab(5), Group::Tabs, TO_TAB),
    (Command::GoToTab(6), Group::Tabs, TO_TAB),
    (Command::GoToTab(7), Group::Tabs, TO_TAB),
    (Command::GoToTab(8), Group::Tabs, TO_TAB),
    (Command::GoToTab(9), Group::Tabs, TO_TAB),
    (Command::GoToNumber, Group::Tabs, "go to a number"),
    (Command::LastTab, Group::Tabs, "the one before"),
    (Command::NextNeedingMe, Group::Tabs, "one that needs you"),
    (Command::MoveTabLeft, Group::Tabs, MOVE),
    (Command::MoveTabRight, Group::Tabs, MOVE),
    (Command::Rename, Group::Tabs, "rename"),
    (Command::CloseTab, Group::Tabs, "close, it stays"),
    (Command::UndoClose, Group::Tabs, "bring it back"),
    (Command::Overview, Group::Tabs, "all conversations"),
    (Command::SwitchKeyboard, Group::Conversation, "composer or agent"),
    (Command::Interrupt, Group::Conversation, "interrupt the turn"),
    (Command::SendNow, Group::Conversation, "interrupt and send"),
    (Command::Turns, Group::Conversation, "queue and turns"),
    (Command::Requests, Group::Conversation, "answer its request"),
    (Command::Fresh, Group::Conversation, "next one is fresh"),
    (Command::Brief, Group::Conversation, "fresh with a brief"),
    (Command::Fork, Group::Conversation, "fork behind a turn"),
    (Command::Changes, Group::Conversation, "what it changed"),
    (Command::Model, Group::Conversation, "model"),
    (Command::Why, Group::Conversation, "why reused, fresh"),
    (Command::StopSession, Group::Conversation, "end its process"),
    (Command::RemoveWorktree, Group::Conversation, "remove worktree"),
    (Command::ToggleRecord, Group::Window, "read the record"),
    (Command::CopyMode, Group::Window, "scroll and copy"),
    (Command::Search, Group::Window, "search all turns"),
    (Command::Palette, Group::Window, "every action"),
    (Command::Editor, Group::Window, "your own editor"),
    (Command::Export, Group::Window, "export the record"),
    (Command::TogglePanel, Group::Window, "turn panel"),
    (Command::PanelWider, Group::Window, WIDTH),
    (Command::PanelNarrower, Group::Window, WIDTH),
    (Command::Zoom, Group::Window, "zoom the pane"),
    (Command::Redraw, Group::Window, "draw it anew"),
    (Command::RestartHost, Group::Window, "restart the host"),
    (Command::Help, Group::Window, "all keys"),
    (Command::Leave, Group::Window, "leave, all goes on"),
];

/// The keys of a group as they are in force, with their words.
pub fn of_group(keymap: &Keymap, group: Group) -> Vec<(String, &'static str)> {
    let known = BRIEFS.iter().filter(|(_, of, _)| *of == group).flat_map(|(command, _, words)| {
        let keys = keymap.of_place(Place::Prefix).filter(move |binding| binding.command == *command);
        keys.map(|binding| (key_name(binding.key), *words))
    });
    let others = keymap.of_place(Place::Prefix).filter(|binding| {
        group == Group::Window
            && !binding.words.is_empty()
            && !BRIEFS.iter().any(|(known, ..)| *known == binding.command)
    });
    let all: Vec<(String, &str)> = known.chain(others.map(|binding| (key_name(binding.key), binding.words))).collect();
    all.chunk_by(|one, other| one.1 == other.1).filter_map(together).collect()
}

/// Keys with the same words on one line.
fn together(alike: &[(String, &'static str)]) -> Option<(String, &'static str)> {
    let (first, words) = alike.first()?;
    let keys = match alike {
        [_, .., (last, _)] if alike.len() > MOST_KEYS => format!("{first} .. {last}"),
        _ => alike.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(" "),
    };
    Some((keys, words))
}

/// More keys than this are told as from first to last.
pub const MOST_KEYS: usize = 5;

#[cfg(test)]
mod tests {
    use super::super::super::view::text;
    use super::super::TABLE;
    use super::*;

    #[test]
    fn the_few_words_are_few_and_of_keys_that_there_are() {
        for (command, _, words) in BRIEFS {
            assert!(text::columns(words) <= MOST_COLUMNS, "{words}");
            assert!(TABLE.iter().any(|one| (one.place, one.command) == (Place::Prefix, command)), "{words}");
        }
    }

    #[test]
    fn every_key_of_the_prefix_is_in_a_group_once() {
        let keymap = Keymap::default();
        let lines: usize = GROUPS.iter().map(|(group, _)| of_group(&keymap, *group).len()).sum();
        let tabs = of_group(&keymap, Group::Tabs);
        assert!(tabs.contains(&("1 .. 9".into(), TO_TAB)) && tabs.contains(&("n p".into(), BESIDE)), "{tabs:?}");
        let words: std::collections::BTreeSet<&str> = keymap.of_place(Place::Prefix).map(|one| one.words).collect();
        // Two pairs have words for each key in the table.
        assert_eq!(lines, words.len() - 2);
    }
}
