//! What the three wires have in common: the conversation that a request carries, read for what the person said in it.
//!
//! Change here: which texts are the agent's own, and how a tool of an agent is called. Not here: JSON shapes of a wire.

use super::script::{Script, Tool};
use super::{Outcome, Seen};
use serde_json::{Value, json};

/// A quote in the echo has at most so many characters: it must fit on a screen.
const QUOTE_CHARACTERS: usize = 40;

/// How texts begin that agents put into the person's mouth without wrapping all of them into one tag.
const AGENTS_OWN: [&str; 5] =
    ["[Request interrupted", "# AGENTS.md", "This session is being continued", "<command-name>", "<local-command-"];

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    pub model: String,
    pub stream: bool,
    pub users: Vec<String>,
    pub raw: Vec<String>,
    pub tool_result: Option<String>,
    pub tools: Vec<String>,
    pub aside: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    pub name: String,
    pub arguments: Value,
}

impl Asked {
    /// Takes a text with the user's role. What the person said puts an earlier tool result behind it.
    pub fn hear(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        self.raw.push(text.into());
        if let Some(said) = said_by_person(text) {
            self.users.push(said.into());
            self.tool_result = None;
        }
    }

    pub fn last(&self) -> &str {
        self.users.last().map_or("", String::as_str)
    }

    pub fn script(&self) -> Script {
        if self.aside { Script::default() } else { Script::of(self.last()) }
    }

    pub fn seen(self, outcome: Outcome) -> Seen {
        let Asked { model, users, raw, tool_result, tools, aside, .. } = self;
        Seen { path: String::new(), model, users, raw, tool_result, tools, aside, outcome }
    }

    /// What the model answers: how many messages of the person it sees, and which were the first and the last.
    pub fn echo(&self) -> String {
        let quote = |text: &str| {
            let plain = text.split_whitespace().collect::<Vec<_>>().join(" ").replace(['[', ']', '`'], "");
            plain.chars().take(QUOTE_CHARACTERS).collect::<String>()
        };
        let first = quote(self.users.first().map_or("", String::as_str));
        let mut echo = format!("I see {} by you. Model {}. First: {first}.", self.users.len(), self.model);
        echo.push_str(&format!(" Last: {}.", quote(self.last())));
        if let Some(result) = &self.tool_result {
            echo.push_str(&format!(" The tool said: {}.", quote(result)));
        }
        echo
    }

    /// The call that the script orders, if the agent offers a tool for it and it was not made yet.
    pub fn tool_call(&self, script: &Script) -> Option<ToolCall> {
        let tool = script.tool.as_ref().filter(|_| self.tool_result.is_none())?;
        self.tools.iter().find_map(|name| {
            let arguments = arguments(name, tool)?;
            Some(ToolCall { name: name.clone(), arguments })
        })
    }
}

/// The person's words in a text, or none where the agent wrote all of it: such texts are wrapped into a tag of their own.
fn said_by_person(text: &str) -> Option<&str> {
    let trimmed = text.trim();
    if AGENTS_OWN.iter().any(|start| trimmed.starts_with(start)) {
        return None;
    }
    let Some((tag, rest)) = trimmed.strip_prefix('<').and_then(|rest| rest.split_once('>')) else {
        return Some(text);
    };
    let name = tag.split(' ').next().unwrap_or_default();
    // Some close a tag with all that they opened it with.
    let inner = [name, tag].iter().find_map(|closing| rest.strip_suffix(&format!("</{closing}>")));
    match inner {
        // A long paste is wrapped as well, on lines of its own, and it is the person's.
        Some(inner) if name == "pasted_content" => {
            let inner = inner.strip_prefix('\n').unwrap_or(inner);
            Some(inner.strip_suffix('\n').unwrap_or(inner))
        }
        Some(_) => None,
        None => Some(text),
    }
}

/// How a tool of this name wants to be called, if it can do what is ordered.
fn arguments(name: &str, tool: &Tool) -> Option<Value> {
    let command = match tool {
        Tool::Touch(file) => format!("touch {file}"),
        Tool::Look => "echo looked".into(),
        Tool::Question => return questions(name, &[COLOUR]),
        Tool::Questions => return questions(name, &[COLOUR, SHAPE]),
        Tool::Choices => return choices(name),
    };
    let needs_leave = matches!(tool, Tool::Touch(_));
    match name {
        "Bash" | "bash" => Some(json!({ "command": command, "description": "what the test ordered" })),
        "run_shell_command" => {
            Some(json!({ "command": command, "description": "what the test ordered", "is_background": false }))
        }
        // In its sandbox this agent asks nobody; the model must say that it wants out.
        "exec_command" if needs_leave => Some(
            json!({ "cmd": command, "sandbox_permissions": "require_escalated", "justification": "The test ordered it." }),
        ),
        "exec_command" => Some(json!({ "cmd": command })),
        _ => None,
    }
}

/// One question of which several options can be chosen; none where the tool asks no such thing.
fn choices(name: &str) -> Option<Value> {
    let several = several_field(name).filter(|several| *several != "isOther")?;
    let options: Vec<Value> = ["Small", "Medium", "Large"].iter().map(option).collect();
    let mut asked = json!({ "question": "Which sizes?", "header": "Sizes", "options": options });
    asked[several] = json!(true);
    Some(json!({ "questions": [asked] }))
}

/// How a tool of this name is told whether several options can be chosen, or that one's own words can be; none where it asks nothing.
fn several_field(name: &str) -> Option<&'static str> {
    match name {
        "AskUserQuestion" | "ask_user_question" => Some("multiSelect"),
        "question" => Some("multiple"),
        "request_user_input" => Some("isOther"),
        _ => None,
    }
}

fn option(label: &&str) -> Value {
    json!({ "label": label, "description": format!("what {label} is") })
}

/// What the model asks: the question, its short name, and the labels to choose from.
type Question = (&'static str, &'static str, [&'static str; 2]);
const COLOUR: Question = ("Which colour?", "Colour", ["Red", "Blue"]);
const SHAPE: Question = ("Which shape?", "Shape", ["Round", "Square"]);

fn questions(name: &str, asked: &[Question]) -> Option<Value> {
    let several = several_field(name)?;
    let one = |(question, header, labels): &Question| {
        let options: Vec<Value> = labels.iter().map(option).collect();
        let mut one = json!({ "question": question, "header": header, "options": options });
        match several {
            "isOther" => one["id"] = json!(header.to_lowercase()),
            several => one[several] = json!(false),
        }
        one
    };
    Some(json!({ "questions": asked.iter().map(one).collect::<Vec<_>>() }))
}
