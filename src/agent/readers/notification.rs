//! Notices for the desktop: OSC 9, OSC 777 and OSC 99, each as one text.
//!
//! Not here: OSC 9 with a number, which is something else (`progress.rs` reads the one that matters).

use crate::agent::base64::decoded_text;
use crate::agent::means::plain;
use serde::{Deserialize, Serialize};

/// What is kept of a notice.
const MOST_BYTES: usize = 4 * 1024;

/// An OSC 99 notice that comes in pieces.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Notices {
    id: String,
    title: String,
    body: String,
}

impl Notices {
    /// The text of a notice that is whole with this OSC: `title: body`, or the one that there is.
    pub fn see(&mut self, payload: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(payload).ok()?;
        let notice = match text.split_once(';')? {
            ("9", body) if !is_command(body) => body.to_owned(),
            ("777", rest) => {
                let mut parts = rest.strip_prefix("notify;")?.splitn(2, ';');
                together(parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
            }
            ("99", rest) => self.see_piece(rest)?,
            _ => return None,
        };
        Some(plain(&notice, MOST_BYTES)).filter(|notice| !notice.is_empty())
    }

    /// `i=ID:d=0|1:p=title|body:e=1;PAYLOAD`. It is whole unless `d=0` says that more comes.
    fn see_piece(&mut self, rest: &str) -> Option<String> {
        let (keys, payload) = rest.split_once(';')?;
        let value = |name: &str| {
            keys.split(':').filter_map(|key| key.split_once('=')).find(|(key, _)| *key == name).map(|(_, v)| v)
        };
        let text = match value("e") {
            Some("1") => decoded_text(payload.as_bytes())?,
            Some(_) | None => payload.to_owned(),
        };
        let id = value("i").unwrap_or_default();
        if id != self.id {
            *self = Notices { id: id.to_owned(), ..Notices::default() };
        }
        let part = match value("p") {
            None | Some("title") => &mut self.title,
            Some("body") => &mut self.body,
            // Icons, buttons, closing, questions to the terminal.
            Some(_) => return None,
        };
        if part.len() + text.len() <= MOST_BYTES {
            part.push_str(&text);
        }
        if value("d") == Some("0") {
            return None;
        }
        let whole = std::mem::take(self);
        Some(together(&whole.title, &whole.body))
    }
}

/// OSC 9 with a number first is a command of another terminal: progress, a sleep, a prompt.
fn is_command(body: &str) -> bool {
    let number = body.split(';').next().unwrap_or_default();
    body.contains(';') && !number.is_empty() && number.len() <= 2 && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn together(title: &str, body: &str) -> String {
    match (title.is_empty(), body.is_empty()) {
        (false, false) => format!("{title}: {body}"),
        (false, true) => title.to_owned(),
        (true, _) => body.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn notices_are_texts() {
        let table: [(&[&str], &[&str]); 12] = [
            (&["9;Approval requested: ls"], &["Approval requested: ls"]),
            (&["9;4;3", "9;4;0;", "9;12;x", "9;"], &[]),
            (&["9;2026;x"], &["2026;x"]),
            (&["9;4"], &["4"]),
            (&["777;notify;Agent;Session done"], &["Agent: Session done"]),
            (&["777;notify;Agent"], &["Agent"]),
            (&["777;other;x", "7;x", "99", "99;x", "0;title"], &[]),
            (&["99;;Hello"], &["Hello"]),
            (&["99;i=1:d=0;Ti", "99;i=1:d=0;tle", "99;i=1:d=1:p=body;Body"], &["Title: Body"]),
            (&["99;i=1:d=0;old", "99;i=2;new"], &["new"]),
            (&["99;i=1:e=1;SGk=", "99;e=1;%"], &["Hi"]),
            (&["99;i=1:p=icon;x", "99;p=?;"], &[]),
        ];
        for (payloads, wanted) in table {
            let mut notices = Notices::default();
            let told: Vec<String> = payloads.iter().filter_map(|payload| notices.see(payload.as_bytes())).collect();
            assert_eq!(told, wanted, "{payloads:?}");
        }
        assert_eq!(Notices::default().see(b"9;a\x1b[31m\xc2\x9bb").as_deref(), Some("a[31mb"));
    }

    proptest! {
        #[test]
        fn rubbish_is_bounded(payloads in proptest::collection::vec("(99;|9;|777;notify;|i=1|:|d=0|;|p=body|e=1|\\PC){0,10}", 0..20)) {
            let mut notices = Notices::default();
            for payload in payloads {
                notices.see(payload.as_bytes());
                prop_assert!(notices.title.len() <= MOST_BYTES && notices.body.len() <= MOST_BYTES);
            }
        }
    }
}
