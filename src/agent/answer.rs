//! An answer to what the agent asks, step by step: what is typed next depends on what its dialog shows then.
//!
//! Change here: how an answer is put into a dialog. Not here: when the dialog has stood long enough, and typing (host).

use super::profile::{ChooseKeys, Multiple, OwnWords, QuestionKeys, RequestRules, Submit, TextKeys, Variant};
use super::submit::{self, Typing};
use crate::domain::request::Choice;
use std::collections::VecDeque;

/// So many steps an answer may have; nobody is asked as many questions at once.
const MOST_STEPS: usize = 100;

/// What is left of an answer on its way. Has no `Debug`: it holds what a person wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    steps: VecDeque<Step>,
    /// Whether a key of it was typed.
    pub has_begun: bool,
}

/// One thing to type, once its dialog stands.
#[derive(Clone, PartialEq, Eq)]
enum Step {
    /// These keys: a permission.
    Keys(String),
    /// What the person wrote, not yet looked at beside the questions: one line for each of several.
    Words(String),
    /// The answer to one question.
    One(String),
    /// Words into the place for them that was opened.
    Own(String),
    /// Keys for the question that still stands.
    Press(String),
    /// The page that asks whether all answers are right.
    Confirm,
}

/// What to type now.
#[derive(Clone, PartialEq, Eq)]
pub enum Next {
    Type(Vec<Typing>),
    /// This dialog does not take the answer; the words are for the person.
    Cannot(&'static str),
}

impl Answer {
    /// None where this agent takes such an answer in its own screen only.
    pub fn new(rules: &RequestRules, variant: &Variant, choice: &Choice) -> Option<Answer> {
        let step = match (choice, &rules.permission, &rules.question) {
            (Choice::Allow, Some(keys), _) => Step::Keys(keys.allow.clone()),
            (Choice::Deny, Some(keys), _) => Step::Keys(keys.deny.clone()),
            (Choice::Text(text), _, Some(question)) => {
                let pastes = question.text.is_some() && matches!(variant.submit, Submit::Paste(_));
                let chooses = question.choose.is_some();
                // Words need a place; a number needs keys that choose.
                if !pastes && !(chooses && (question.options.is_some() || is_number(text))) {
                    return None;
                }
                Step::Words(text.clone())
            }
            (Choice::Allow | Choice::Deny, None, _) | (Choice::Text(_), _, None) => return None,
        };
        Some(Answer { steps: VecDeque::from([step]), has_begun: false })
    }

    pub fn is_over(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether only the page at the end is still to come, which not every dialog shows.
    pub fn waits_for_confirmation(&self) -> bool {
        self.steps.front() == Some(&Step::Confirm)
    }

    /// Whether the screen shows the dialog that the next step is for.
    pub fn stands(&self, rules: &RequestRules, screen: &str) -> bool {
        self.steps.front().is_some_and(|step| stands(step, rules, screen))
    }

    /// Says what is typed next into what the screen shows. What is typed is no step any more.
    pub fn next(&mut self, rules: &RequestRules, variant: &Variant, screen: &str) -> Next {
        let Some(step) = self.steps.pop_front() else {
            return Next::Type(Vec::new());
        };
        let next = match (step, &rules.question) {
            (Step::Keys(keys), _) | (Step::Press(keys), _) => Next::Type(typed(&keys)),
            (Step::Words(text), Some(question)) => self.split(question, text, variant, screen),
            (Step::One(text), Some(question)) => self.one(question, text, variant, screen),
            (Step::Own(text), Some(_)) => Next::Type(pasted(variant, &text)),
            (Step::Confirm, Some(QuestionKeys { confirm: Some(confirm), .. })) => Next::Type(typed(&confirm.keys)),
            (Step::Words(_) | Step::One(_) | Step::Own(_) | Step::Confirm, _) => Next::Cannot(ON_SCREEN),
        };
        self.has_begun |= matches!(next, Next::Type(_));
        next
    }

    /// Several questions are answered by a line each.
    fn split(&mut self, question: &QuestionKeys, text: String, variant: &Variant, screen: &str) -> Next {
        let are_several = question.several.as_ref().is_some_and(|several| several.is_match(screen));
        if !are_several {
            return self.one(question, text, variant, screen);
        }
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(MOST_STEPS);
        self.steps.extend(lines.map(|line| Step::One(line.to_owned())));
        if question.confirm.is_some() {
            self.steps.push_back(Step::Confirm);
        }
        match self.steps.pop_front() {
            Some(Step::One(first)) => self.one(question, first, variant, screen),
            Some(_) | None => Next::Cannot("the answer is empty"),
        }
    }

    fn one(&mut self, question: &QuestionKeys, text: String, variant: &Variant, screen: &str) -> Next {
        let own = question.own.as_ref().and_then(|own| own.keys_on(screen));
        if let (Some(multiple), Some(choose)) = (&question.multiple, question.choose)
            && multiple.shown.is_match(screen)
        {
            return self.tick(multiple, choose, &text, own.as_deref(), screen);
        }
        if question.only_on_screen.as_ref().is_some_and(|only| only.is_match(screen)) {
            return Next::Cannot(SEVERAL_OPTIONS);
        }
        if let Some(number) = option_of(&text, screen)
            && let Some(choose) = question.choose
        {
            let is_place_for_words = own.as_deref().is_some_and(|own| own.starts_with(number));
            return match is_place_for_words {
                true => Next::Cannot("that option is the place for your own words; write those"),
                false => Next::Type(typed(&choosing(choose, number))),
            };
        }
        match (question.text, &question.own, own, &variant.submit) {
            (Some(TextKeys::Paste), None, _, Submit::Paste(paste)) => Next::Type(submit::pasted_and_sent(paste, &text)),
            (Some(TextKeys::Paste), Some(OwnWords { .. }), Some(keys), Submit::Paste(paste)) => {
                self.steps.push_front(Step::Press(paste.keys.clone()));
                self.steps.push_front(Step::Own(text));
                Next::Type(typed(&keys))
            }
            (Some(TextKeys::Paste), Some(_), None, _) => {
                Next::Cannot("there is no place for words of your own; choose an option")
            }
            (Some(_), _, _, Submit::File { .. }) | (None, _, _, _) => Next::Cannot(ON_SCREEN),
        }
    }

    /// Ticks what was meant and unticks all else, box by box, then goes on.
    fn tick(&mut self, multiple: &Multiple, choose: ChooseKeys, text: &str, own: Option<&str>, screen: &str) -> Next {
        let mut boxes = boxes_on(screen);
        boxes.retain(|one| own.is_none_or(|own| !own.starts_with(one.number)));
        let Some(meant) = meant_of(text, &boxes) else {
            return Next::Cannot(NO_OPTION);
        };
        let wrong = boxes.iter().filter(|one| one.is_ticked != meant.contains(&one.number));
        let mut keys: VecDeque<String> = wrong.map(|one| choosing(choose, one.number)).collect();
        keys.push_back(multiple.go_on.clone());
        let first = keys.pop_front().unwrap_or_default();
        for later in keys.into_iter().rev() {
            self.steps.push_front(Step::Press(later));
        }
        Next::Type(typed(&first))
    }
}

/// The keys that choose an option.
fn choosing(choose: ChooseKeys, number: char) -> String {
    match choose {
        ChooseKeys::Digit => number.to_string(),
        ChooseKeys::DigitEnter => format!("{number}\r"),
    }
}

const ON_SCREEN: &str = "this agent takes that answer on its own screen only";
const SEVERAL_OPTIONS: &str = "more than one option can be chosen: answer it on the agent's screen";

const NO_OPTION: &str = "several options can be chosen here: give their numbers or labels with commas between; words of your own go on the agent's screen";

/// Whether the screen shows the dialog of this step.
fn stands(step: &Step, rules: &RequestRules, screen: &str) -> bool {
    let question = rules.question.as_ref();
    match step {
        Step::Keys(_) => rules.shows_options(screen),
        Step::Words(_) | Step::One(_) | Step::Own(_) | Step::Press(_) => rules.shows_question(screen),
        Step::Confirm => question
            .and_then(|question| question.confirm.as_ref())
            .is_some_and(|confirm| confirm.shown.is_match(screen)),
    }
}

fn typed(keys: &str) -> Vec<Typing> {
    vec![Typing::at_once(keys)]
}

/// Into a place for words nothing is a command, so nothing is padded.
fn pasted(variant: &Variant, text: &str) -> Vec<Typing> {
    match &variant.submit {
        Submit::Paste(paste) => vec![Typing::at_once(submit::in_brackets(paste, text))],
        Submit::File { .. } => Vec::new(),
    }
}

fn is_number(text: &str) -> bool {
    matches!(text.trim().as_bytes(), [b'1'..=b'9'])
}

/// The number of the option that is meant, by its number or its label. Where the screen shows no options, any digit is one.
fn option_of(text: &str, screen: &str) -> Option<char> {
    let options = options_on(screen);
    let meant = text.trim();
    let by_label = options.iter().find(|(_, label)| label.to_lowercase() == meant.to_lowercase());
    let number = meant.chars().next().filter(|_| is_number(meant));
    let by_number = number.filter(|number| options.is_empty() || options.iter().any(|(known, _)| known == number));
    by_label.map(|(number, _)| *number).or(by_number)
}

/// An option that can be ticked.
struct TickBox {
    number: char,
    is_ticked: bool,
    label: String,
}

/// The options with a box, `2. [x] Blue`; an empty box has a space in it.
fn boxes_on(screen: &str) -> Vec<TickBox> {
    let one = |(number, label): (char, String)| {
        let (sign, label) = label.strip_prefix('[')?.split_once(']')?;
        Some(TickBox { number, is_ticked: !sign.trim().is_empty(), label: label.trim().to_owned() })
    };
    options_on(screen).into_iter().filter_map(one).collect()
}

/// The numbers of all boxes that are meant, by number or label with commas between. A label may have a comma itself. None where one part is no
/// option, or none is meant.
fn meant_of(text: &str, boxes: &[TickBox]) -> Option<Vec<char>> {
    let find = |part: &str| {
        let fits = |one: &&TickBox| one.label.to_lowercase() == part.to_lowercase() || part == one.number.to_string();
        boxes.iter().find(fits).map(|one| one.number)
    };
    if let Some(only) = find(text.trim()) {
        return Some(vec![only]);
    }
    let parts = text.split([',', '\n']).map(str::trim).filter(|part| !part.is_empty());
    let meant: Vec<char> = parts.map(find).collect::<Option<_>>()?;
    (!meant.is_empty()).then_some(meant)
}

/// The numbered lines on a screen, each with its label: `❯ 2. Blue   what Blue is`, in a frame or not. What stands higher up belongs to what was
/// said before, so of two lines with one number the lower one counts.
fn options_on(screen: &str) -> Vec<(char, String)> {
    let mut options: Vec<(char, String)> = Vec::new();
    for line in screen.lines() {
        let line = line.trim_start_matches(|character: char| !character.is_alphanumeric());
        let mut characters = line.chars();
        let Some(number @ '1'..='9') = characters.next() else { continue };
        let Some(rest) = characters.as_str().strip_prefix(". ") else { continue };
        let label = rest.trim_start().split("  ").next().unwrap_or_default();
        let label = label.trim_end_matches(|character: char| character.is_whitespace() || "│┃|".contains(character));
        if number == '1' {
            options.clear();
        }
        options.retain(|(known, _)| *known != number);
        options.push((number, label.to_owned()));
    }
    options
}

#[cfg(test)]
mod tests;
