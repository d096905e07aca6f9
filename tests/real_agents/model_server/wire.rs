//! The wires that agents speak: the same reply in three shapes.
//!
//! Change here: another wire is a variant; the compiler shows the rest. Not here: the shapes themselves.

use super::asked::{Asked, ToolCall};
use super::{chat, messages, responses};
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};

/// One server-sent event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: Option<&'static str>,
    pub data: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// `POST /v1/messages`
    Messages,
    /// `POST /v1/responses`
    Responses,
    /// `POST /v1/chat/completions`
    Chat,
}

impl Wire {
    pub fn of(path: &str) -> Option<Wire> {
        let ends = |end: &str| path.ends_with(end);
        match () {
            () if ends("/messages") => Some(Wire::Messages),
            () if ends("/responses") => Some(Wire::Responses),
            () if ends("/chat/completions") => Some(Wire::Chat),
            () => None,
        }
    }

    pub fn read(self, body: &Value) -> Asked {
        match self {
            Wire::Messages => messages::read(body),
            Wire::Responses => responses::read(body),
            Wire::Chat => chat::read(body),
        }
    }

    /// What comes before the reply.
    pub fn begin(self, asked: &Asked) -> Vec<Event> {
        match self {
            Wire::Messages => messages::begin(asked),
            Wire::Responses => responses::begin(asked),
            Wire::Chat => chat::begin(asked),
        }
    }

    pub fn begin_text(self, asked: &Asked) -> Vec<Event> {
        match self {
            Wire::Messages => messages::begin_text(),
            Wire::Responses => responses::begin_text(),
            Wire::Chat => chat::piece(asked, ""),
        }
    }

    pub fn piece(self, asked: &Asked, text: &str) -> Vec<Event> {
        match self {
            Wire::Messages => messages::piece(text),
            Wire::Responses => responses::piece(text),
            Wire::Chat => chat::piece(asked, text),
        }
    }

    /// The end of a reply that consists of a text.
    pub fn end(self, asked: &Asked, said: &str) -> Vec<Event> {
        match self {
            Wire::Messages => messages::end(),
            Wire::Responses => responses::end(asked, said),
            Wire::Chat => chat::end(asked, "stop"),
        }
    }

    /// A call of a tool, to the end of the reply.
    pub fn call(self, asked: &Asked, call: &ToolCall) -> Vec<Event> {
        match self {
            Wire::Messages => messages::call(call),
            Wire::Responses => responses::call(asked, call),
            Wire::Chat => chat::call(asked, call),
        }
    }

    /// The reply to a request that wants it in one piece.
    pub fn whole(self, asked: &Asked, said: &str) -> Value {
        match self {
            Wire::Messages => messages::whole(asked, said),
            Wire::Responses => responses::whole(asked, said),
            Wire::Chat => chat::whole(asked, said),
        }
    }

    pub fn failure(self, status: u16) -> Value {
        match self {
            Wire::Messages => messages::failure(status),
            Wire::Responses | Wire::Chat => responses::failure(status),
        }
    }
}

/// An event whose data name its kind as well.
pub fn event(name: &'static str, mut data: Value) -> Event {
    data["type"] = name.into();
    Event { name: Some(name), data: data.to_string() }
}

/// A name that no other thing of this run has.
pub fn new_id(kind: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{kind}_loopback{:06}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The texts of a message: a string, or the text blocks of a list.
pub fn texts(content: &Value) -> Vec<&str> {
    match content {
        Value::String(text) => vec![text],
        Value::Array(blocks) => blocks.iter().filter_map(|block| block["text"].as_str()).collect(),
        _ => Vec::new(),
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().into()
}

/// Tokens that grow with the conversation, so that an agent has something to count.
pub fn tokens(asked: &Asked) -> usize {
    10 * asked.users.len()
}
