//! The Chat Completions wire: `POST /v1/chat/completions`.

use super::asked::{Asked, ToolCall};
use super::wire::{Event, new_id, text, texts, tokens};
use serde_json::{Value, json};

/// How requests begin that an agent adds to the conversation for a moment: a proposal for the next message, and notes for its memory.
const AGENTS_OWN_ERRANDS: [&str; 2] = ["[SUGGESTION MODE", "Managed memory has"];

pub fn read(body: &Value) -> Asked {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut asked = Asked { model: text(&body["model"]), stream: body["stream"] == true, ..Asked::default() };
    asked.tools = list(&body["tools"]).iter().map(|tool| text(&tool["function"]["name"])).collect();
    for message in list(&body["messages"]) {
        match message["role"].as_str() {
            Some("tool") => asked.tool_result = Some(texts(&message["content"]).join("\n")),
            Some("user") => {
                for said in texts(&message["content"]) {
                    asked.hear(said);
                }
            }
            _ => {}
        }
    }
    // Titles and summaries are asked for without tools; what else an agent wants on its own account begins in these ways.
    let is_own = |start: &&str| asked.last().starts_with(*start);
    asked.aside = asked.tools.is_empty() || AGENTS_OWN_ERRANDS.iter().any(is_own);
    asked
}

fn usage(asked: &Asked) -> Value {
    let count = tokens(asked);
    json!({ "prompt_tokens": count, "completion_tokens": 9, "total_tokens": count + 9 })
}

fn body(asked: &Asked, kind: &str, choices: &Value) -> Value {
    json!({ "id": new_id("chatcmpl"), "object": kind, "created": 0, "model": asked.model, "choices": choices })
}

fn chunk(asked: &Asked, delta: &Value, finish: Option<&str>) -> Event {
    let choice = json!([{ "index": 0, "delta": delta, "finish_reason": finish }]);
    Event { name: None, data: body(asked, "chat.completion.chunk", &choice).to_string() }
}

pub fn begin(asked: &Asked) -> Vec<Event> {
    vec![chunk(asked, &json!({ "role": "assistant", "content": "" }), None)]
}

pub fn piece(asked: &Asked, text: &str) -> Vec<Event> {
    vec![chunk(asked, &json!({ "content": text }), None)]
}

pub fn end(asked: &Asked, finish: &str) -> Vec<Event> {
    let mut counted = body(asked, "chat.completion.chunk", &json!([]));
    counted["usage"] = usage(asked);
    vec![
        chunk(asked, &json!({}), Some(finish)),
        Event { name: None, data: counted.to_string() },
        Event { name: None, data: "[DONE]".into() },
    ]
}

pub fn call(asked: &Asked, call: &ToolCall) -> Vec<Event> {
    let function = json!({ "name": call.name, "arguments": call.arguments.to_string() });
    let calls = json!([{ "index": 0, "id": new_id("call"), "type": "function", "function": function }]);
    let mut events = vec![chunk(asked, &json!({ "tool_calls": calls }), None)];
    events.extend(end(asked, "tool_calls"));
    events
}

pub fn whole(asked: &Asked, said: &str) -> Value {
    let message = json!({ "role": "assistant", "content": said });
    let mut whole =
        body(asked, "chat.completion", &json!([{ "index": 0, "message": message, "finish_reason": "stop" }]));
    whole["usage"] = usage(asked);
    whole
}
