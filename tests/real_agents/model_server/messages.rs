//! The Messages wire: `POST /v1/messages`.

use super::asked::{Asked, ToolCall};
use super::wire::{Event, event, new_id, text, texts, tokens};
use serde_json::{Value, json};

pub fn read(body: &Value) -> Asked {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut asked = Asked { model: text(&body["model"]), stream: body["stream"] == true, ..Asked::default() };
    asked.tools = list(&body["tools"]).iter().map(|tool| text(&tool["name"])).collect();
    // Titles and summaries are asked for without tools.
    asked.aside = asked.tools.is_empty();
    for message in list(&body["messages"]) {
        if message["role"] != "user" {
            asked.tool_result = None;
            continue;
        }
        for block in list(&message["content"]) {
            if block["type"] == "tool_result" {
                asked.tool_result = Some(texts(&block["content"]).join("\n"));
            }
        }
        for said in texts(&message["content"]) {
            asked.hear(said);
        }
    }
    asked
}

fn message(asked: &Asked, content: &Value, stop: Option<&str>) -> Value {
    json!({
        "id": new_id("msg"), "type": "message", "role": "assistant", "model": asked.model, "content": content,
        "stop_reason": stop, "stop_sequence": null, "usage": { "input_tokens": tokens(asked), "output_tokens": 9 },
    })
}

pub fn begin(asked: &Asked) -> Vec<Event> {
    vec![event("message_start", json!({ "message": message(asked, &json!([]), None) }))]
}

pub fn begin_text() -> Vec<Event> {
    vec![event("content_block_start", json!({ "index": 0, "content_block": { "type": "text", "text": "" } }))]
}

pub fn piece(text: &str) -> Vec<Event> {
    vec![event("content_block_delta", json!({ "index": 0, "delta": { "type": "text_delta", "text": text } }))]
}

pub fn end() -> Vec<Event> {
    finish("end_turn")
}

pub fn call(call: &ToolCall) -> Vec<Event> {
    let block = json!({ "type": "tool_use", "id": new_id("toolu"), "name": call.name, "input": {} });
    let delta = json!({ "type": "input_json_delta", "partial_json": call.arguments.to_string() });
    let mut events = vec![
        event("content_block_start", json!({ "index": 0, "content_block": block })),
        event("content_block_delta", json!({ "index": 0, "delta": delta })),
    ];
    events.extend(finish("tool_use"));
    events
}

fn finish(stop: &str) -> Vec<Event> {
    let delta = json!({ "stop_reason": stop, "stop_sequence": null });
    vec![
        event("content_block_stop", json!({ "index": 0 })),
        event("message_delta", json!({ "delta": delta, "usage": { "output_tokens": 9 } })),
        event("message_stop", json!({})),
    ]
}

pub fn whole(asked: &Asked, said: &str) -> Value {
    message(asked, &json!([{ "type": "text", "text": said }]), Some("end_turn"))
}

pub fn failure(status: u16) -> Value {
    let kind = match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    json!({ "type": "error", "error": { "type": kind, "message": format!("ordered to fail with {status}") } })
}
