//! What a person's message orders the model to do: words in double brackets anywhere in it.
//!
//! | order | the model |
//! |---|---|
//! | `[[slow:3]]` | speaks for so many seconds before it answers |
//! | `[[hold:NAME]]` | speaks (`NAME 1.`, `NAME 2.` ...) until the test opens that gate |
//! | `[[long:200]]` | adds so many paragraphs |
//! | `[[fail:500]]` | fails with this HTTP status, each time |
//! | `[[flaky:2]]` | is overloaded so many times, then answers |
//! | `[[drop]]` | breaks the connection in the middle of its answer |
//! | `[[tool:NAME]]` | wants to run `touch NAME`, which a person must allow |
//! | `[[look]]` | wants to run a command that agents run unasked |
//! | `[[question]]` | asks the person which colour, where the agent has a tool for that |
//! | `[[questions]]` | asks two things at once: a colour and a shape |
//! | `[[choices]]` | asks which sizes, of which several can be chosen, where the agent has a tool for that |
//!
//! Change here: an order. Not here: how it is carried out (`mod.rs`), or how a tool is called (`asked.rs`).

use std::time::Duration;

/// A longer message orders nothing: it may be an agent's own request that quotes the person.
const MOST_BYTES: usize = 1000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    pub slow: Duration,
    pub hold: Option<String>,
    pub long: usize,
    pub fail: Option<u16>,
    pub flaky: Option<u32>,
    pub is_drop: bool,
    pub tool: Option<Tool>,
}

/// A tool the model is to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tool {
    /// `touch` of a file of this name.
    Touch(String),
    Look,
    Question,
    /// Several at once.
    Questions,
    /// One of which several options can be chosen.
    Choices,
}

impl Script {
    /// Reads the orders in a message. One that is not known is none.
    pub fn of(message: &str) -> Script {
        let mut script = Script::default();
        if message.len() > MOST_BYTES {
            return script;
        }
        for order in message.split("[[").skip(1).filter_map(|rest| rest.split_once("]]")).map(|(order, _)| order) {
            let (name, argument) = order.split_once(':').unwrap_or((order, ""));
            match name {
                "slow" => script.slow = Duration::from_secs(argument.parse().unwrap_or(5)),
                "hold" => script.hold = Some(argument.into()),
                "long" => script.long = argument.parse().unwrap_or(200),
                "fail" => script.fail = Some(argument.parse().unwrap_or(500)),
                "flaky" => script.flaky = Some(argument.parse().unwrap_or(1)),
                "drop" => script.is_drop = true,
                "tool" => script.tool = Some(Tool::Touch(argument.into())),
                "look" => script.tool = Some(Tool::Look),
                "question" => script.tool = Some(Tool::Question),
                "questions" => script.tool = Some(Tool::Questions),
                "choices" => script.tool = Some(Tool::Choices),
                _ => {}
            }
        }
        script
    }
}
