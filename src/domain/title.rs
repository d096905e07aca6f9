//! Which title is better: the one made from the first message, or the agent's own. The person's is better than both and not asked about.

/// What agents call a conversation that they have no name for yet.
const NAMELESS: [&str; 8] =
    ["new session", "new chat", "new conversation", "new thread", "untitled", "session", "conversation", "chat"];

/// In fewer letters nobody recognises a conversation.
const LEAST_LETTERS: usize = 3;

/// Names that say where the agent is or which one, and nothing of what it is about.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub agent: &'a str,
    pub folder: &'a str,
}

/// Whether the agent's own title says more of the conversation than the one that is shown.
pub fn is_better(own: &str, shown: &str, known: Known) -> bool {
    let own = plain(own);
    let shown = plain(shown);
    let letters = own.chars().filter(|sign| sign.is_alphabetic()).count();
    // One sign of Chinese or Japanese is as much as a word.
    let is_short = own.is_ascii() && letters < LEAST_LETTERS;
    let folder = super::conversation::folder_name(known.folder);
    let is_known = [known.agent, known.folder, folder].iter().any(|name| own == plain(name));
    let is_cut = shown.starts_with(own.trim_end_matches(['.', '…']).trim_end());
    let is_nameless = NAMELESS.iter().any(|name| {
        // Some put the date or a number behind it.
        own.strip_prefix(name).is_some_and(|rest| !rest.chars().any(char::is_alphabetic) || is_date(rest))
    });
    letters > 0 && !is_short && !is_known && !is_cut && !is_nameless
}

/// For comparing: small letters, one blank between words, no signs around them.
fn plain(title: &str) -> String {
    let words: Vec<String> = title.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ").trim_matches(|sign: char| !sign.is_alphanumeric() && sign != '…').to_owned()
}

/// ` - 2026-01-02t03:04:05.678z`
fn is_date(rest: &str) -> bool {
    rest.chars().all(|sign| sign.is_ascii_digit() || " -:.,tz()#".contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_that_says_what_it_is_about_is_better_and_a_name_for_anything_is_not() {
        let known = Known { agent: "coder", folder: "/home/me/web shop" };
        let shown = "please make the button on the first page green and";
        for own in ["Green button", "✳ Make button green", "按钮改成绿色", "Fix #12", "Session handling of logins"]
        {
            assert!(is_better(own, shown, known), "{own}");
        }
        for own in [
            "",
            "  ",
            "***",
            "ok",
            "Coder",
            "web shop",
            "/home/me/web shop",
            "New session",
            "New session - 2026-01-02T03:04:05.678Z",
            "Session 12",
            "untitled",
            "Please make the button on",
            "please  make the button…",
            shown,
        ] {
            assert!(!is_better(own, shown, known), "{own}");
        }
    }
}
