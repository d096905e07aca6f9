//! Answers typed into screens like those of real agents, which are played in `tests/it/recordings.rs`.

use super::super::profile::Variant;
use super::*;

const ONE: &str =
    "Which colour?\n\n❯ 1. Red\n     what Red is\n  2. Blue\n  3. Type something.\n  4. Chat\n\nEnter to select";
const FIRST: &str = "Colour  Shape  ✔ Submit\n\n❯ 1. Red\n  2. Blue\n  3. Type something.\n\nEnter to select";
const SECOND: &str = "Colour  Shape  ✔ Submit\n\n❯ 1. Round\n  2. Square\n  3. Type something.\n\nEnter to select";
const REVIEW: &str = "Review your answers\n❯ 1. Submit answers\n  2. Cancel";

fn rules(question: &str) -> RequestRules {
    toml::from_str(&format!("options = 'Yes'\npermission = {{ allow = \"1\", deny = \"n\" }}\n{question}")).unwrap()
}

fn dialog() -> RequestRules {
    rules(
        "[question]\noptions = 'Enter to select'\nchoose = \"digit\"\ntext = \"paste\"\n\
         own = { shown = '(\\d)\\. Type something', keys = \"$1\" }\nseveral = '✔ Submit'\n\
         confirm = { shown = '1\\. Submit answers', keys = \"1\" }\nonly_on_screen = '\\[ \\]'",
    )
}

fn variant() -> Variant {
    toml::from_str("submit = { gap_ms = 0, pad_end = \" \" }").unwrap()
}

/// What is typed into these screens, one after the other; `-` where the dialog of the step does not stand.
fn typed(rules: &RequestRules, choice: Choice, screens: &[&str]) -> Option<Vec<String>> {
    let mut answer = Answer::new(rules, &variant(), &choice)?;
    let mut into = |screen: &&str| {
        if !answer.stands(rules, screen) {
            return "-".to_owned();
        }
        match answer.next(rules, &variant(), screen) {
            Next::Cannot(why) => why.to_owned(),
            Next::Type(steps) => {
                let bytes: Vec<u8> = steps.into_iter().flat_map(|step| step.bytes).collect();
                String::from_utf8(bytes).unwrap().replace("\u{1b}[200~", "<").replace("\u{1b}[201~", ">")
            }
        }
    };
    Some(screens.iter().map(&mut into).collect())
}

fn text(text: &str) -> Choice {
    Choice::Text(text.into())
}

#[test]
fn an_answer_is_taken_only_where_the_profile_says_how() {
    let none = toml::from_str::<RequestRules>("").unwrap();
    let words = rules("[question]\ntext = \"paste\"");
    let numbers = rules("[question]\nchoose = \"digit-enter\"");
    let table = [
        (&none, Choice::Allow, None),
        (&none, text("1"), None),
        (&words, Choice::Allow, Some("1")),
        (&words, Choice::Deny, Some("n")),
        (&words, text("2"), Some("<2 >\r")),
        (&words, text("/red"), Some("</red >\r")),
        (&numbers, text("2\n"), Some("2\r")),
        (&numbers, text("0"), None),
        (&numbers, text("red"), None),
    ];
    for (rules, choice, wanted) in table {
        let wanted = wanted.map(|keys| vec![keys.to_owned()]);
        assert_eq!(typed(rules, choice.clone(), &["Yes"]), wanted, "{choice:?}");
    }
}

#[test]
fn nothing_is_typed_into_a_screen_that_does_not_show_the_question() {
    assert_eq!(typed(&dialog(), text("1"), &["1. Red", "Yes"]).unwrap(), ["-", "-"]);
    assert_eq!(typed(&dialog(), Choice::Allow, &[ONE]).unwrap(), ["-"], "a permission is another dialog");
}

#[test]
fn an_option_is_chosen_by_its_number_or_its_label_and_all_else_is_words() {
    let table: [(&str, &[&str]); 6] = [
        ("2", &["2"]),
        ("blue ", &["2"]),
        ("7", &["3", "<7>", "\r"]),
        ("dark red", &["3", "<dark red>", "\r"]),
        ("/x\\", &["3", "</x\\>", "\r"]),
        ("3", &["that option is the place for your own words; write those"]),
    ];
    for (answer, wanted) in table {
        assert_eq!(typed(&dialog(), text(answer), &vec![ONE; wanted.len()]).unwrap(), wanted, "{answer}");
    }
}

#[test]
fn several_questions_are_answered_by_a_line_each_and_confirmed() {
    let screens = [FIRST, SECOND, SECOND, SECOND, REVIEW];
    let wanted = ["2", "3", "<an oval>", "\r", "1"];
    assert_eq!(typed(&dialog(), text("Blue\n\nan oval\n"), &screens).unwrap(), wanted);
    // One line for two questions: the page that confirms does not come.
    assert_eq!(typed(&dialog(), text("Blue"), &[FIRST, SECOND]).unwrap(), ["2", "-"]);
    assert_eq!(
        typed(&dialog(), text("Blue"), &[SECOND.replace("Round", "Blue").as_str(), REVIEW]).unwrap(),
        ["1", "1"]
    );
    // Of one question all lines are its answer.
    assert_eq!(typed(&dialog(), text("a\nb"), &[ONE; 3]).unwrap(), ["3", "<a\nb>", "\r"]);
}

#[test]
fn what_this_dialog_does_not_take_is_said() {
    let several = ONE.replace("1. Red", "1. [ ] Red");
    assert_eq!(typed(&dialog(), text("1"), &[&several]).unwrap(), [SEVERAL_OPTIONS]);
    let fixed = ONE.replace("3. Type something.", "3. Green");
    let wanted = ["there is no place for words of your own; choose an option"];
    assert_eq!(typed(&dialog(), text("pink"), &[&fixed]).unwrap(), wanted);
}

#[test]
fn options_are_read_off_a_frame_and_older_ones_are_left_out() {
    let screen = "1. old\n2. older\n┃  1. Red   what it is\n┃ ❯ 2. Blue  ┃\n 3. [x] Both\nno 4. one\n10. Ten";
    let wanted = [('1', "Red"), ('2', "Blue"), ('3', "[x] Both")].map(|(number, label)| (number, label.to_owned()));
    assert_eq!(options_on(screen), wanted);
}

#[test]
fn several_options_are_ticked_one_by_one_and_what_is_no_option_is_said() {
    let rules = rules(
        "[question]\noptions = 'Enter to select'\nchoose = \"digit\"\ntext = \"paste\"\nseveral = '✔ Submit'\n\
         own = { shown = '(\\d)\\. (\\[.\\] )?Type something', keys = \"$1\" }\n\
         multiple = { shown = '\\d\\. \\[.\\] ', go_on = \"→\" }\n\
         confirm = { shown = '1\\. Submit answers', keys = \"y\" }",
    );
    let screen = "Sizes  ✔ Submit\n\n❯ 1. [ ] Small\n  2. [✔] Medium\n  3. [ ] Large, too\n  4. [ ] Type something\n\
                  \n  5. Chat\n\nEnter to select";
    let table: [(&str, &[&str]); 7] = [
        ("1, 3", &["1", "2", "3", "→"]),
        ("Large, too", &["2", "3", "→"]),
        ("medium", &["→"]),
        ("2,small,", &["1", "→"]),
        ("1, huge", &[NO_OPTION]),
        ("4", &[NO_OPTION]),
        ("5", &[NO_OPTION]),
    ];
    for (answer, wanted) in table {
        assert_eq!(typed(&rules, text(answer), &vec![screen; wanted.len()]).unwrap(), wanted, "{answer}");
    }
    let wanted = ["1", "2", "→", "y"];
    assert_eq!(typed(&rules, text("small"), &[screen, screen, screen, REVIEW]).unwrap(), wanted);
}
