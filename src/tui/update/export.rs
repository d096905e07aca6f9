//! The record of a conversation to a file that the person names: the page that asks for it, and what came of it.
//!
//! Not here: writing it (`export`, on a thread of its own).

use super::super::app::{App, Page};
use super::super::composer::Composer;
use super::super::event::Effect;
use super::{say, say_trouble};
use crate::domain::id::ConversationId;

/// A longer name helps nobody.
const NAME_CHARACTERS: usize = 40;

/// Asks for the file, with a name that can be taken as it is.
pub fn open(app: &mut App) {
    let Some(conversation) = app.active() else { return };
    if conversation.turns == 0 {
        return say(app, "nothing was said here yet, so there is nothing to export");
    }
    let file = format!("{}.md", file_name(&conversation.title));
    app.page = Some(Page::Export(Box::new(Composer::with_text(&file))));
}

pub fn write(app: &mut App, out: &mut Vec<Effect>, conversation: ConversationId, file: &str) {
    if file.is_empty() {
        return say(app, "no file was named, so nothing was exported");
    }
    say(app, "exporting ...");
    out.push(Effect::Export { conversation, file: whole(&app.folder, file) });
}

/// A name starts in the folder that the window was started in.
fn whole(folder: &str, file: &str) -> String {
    match file.starts_with('/') {
        true => file.to_owned(),
        false => format!("{}/{file}", folder.trim_end_matches('/')),
    }
}

pub fn done(app: &mut App, conversation: ConversationId, file: &str, result: Result<(), String>) {
    match result {
        Ok(()) => say(app, format!("the record is in {file}")),
        Err(why) => {
            // The name can be mended where nothing else was begun meanwhile.
            if app.page.is_none() && app.active == Some(conversation) {
                let folder = format!("{}/", app.folder.trim_end_matches('/'));
                let named = file.strip_prefix(&folder).unwrap_or(file);
                app.page = Some(Page::Export(Box::new(Composer::with_text(named))));
            }
            say_trouble(app, format!("not exported: {why}"));
        }
    }
}

/// The title as a name that no shell minds.
fn file_name(title: &str) -> String {
    let mut name = String::new();
    for sign in title.chars() {
        match sign {
            sign if sign.is_alphanumeric() => name.extend(sign.to_lowercase()),
            _ if name.ends_with('-') || name.is_empty() => {}
            _ => name.push('-'),
        }
        if name.chars().count() >= NAME_CHARACTERS {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "conversation".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::super::event::{Effect, Event};
    use super::super::super::testing::{Window, id, idle};
    use super::*;

    #[test]
    fn the_name_that_is_offered_can_be_taken_as_it_is() {
        for (title, name) in [
            ("Fix the login!", "fix-the-login"),
            ("  ../../etc/passwd", "etc-passwd"),
            ("日本 $(rm -rf)", "日本-rm-rf"),
            ("!!!", "conversation"),
        ] {
            assert_eq!(file_name(title), name);
        }
        assert_eq!(file_name(&"a".repeat(99)).len(), NAME_CHARACTERS);
    }

    #[test]
    fn what_is_named_is_written_and_a_name_that_is_taken_can_be_mended() {
        let mut window = Window::with(80, 24, vec![idle(1, "fix login")]);
        window.press("<prefix>e<enter>");
        let file = "/home/me/app/fix-login.md".to_owned();
        let wanted = Effect::Export { conversation: id(1), file: file.clone() };
        assert!(window.ordered.contains(&wanted), "{:?}", window.ordered);
        let result = Err("it is there already".to_owned());
        window.event(Event::Exported { conversation: id(1), file: file.clone(), result });
        assert!(window.picture().contains("not exported: it is there already"), "{}", window.picture());
        window.take();
        window.press("<backspace><backspace>json<enter>");
        let file = "/home/me/app/fix-login.json".to_owned();
        assert!(window.ordered.contains(&Effect::Export { conversation: id(1), file: file.clone() }));
        window.event(Event::Exported { conversation: id(1), file, result: Ok(()) });
        assert!(window.app.page.is_none() && window.picture().contains("fix-login.json"));
    }

    #[test]
    fn a_file_without_a_folder_lies_where_the_window_was_started() {
        let mut window = Window::with(80, 24, vec![idle(1, "fix login")]);
        window.press("<prefix>e<ctrl-u>x.md<enter>");
        assert!(window.ordered.contains(&Effect::Export { conversation: id(1), file: "/home/me/app/x.md".into() }));
        window.press("<prefix>e<ctrl-u><enter>");
        assert!(window.app.page.is_none() && window.picture().contains("no file was named"));
    }
}
