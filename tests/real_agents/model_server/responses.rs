//! The Responses wire: `POST /v1/responses`.

use super::asked::{Asked, ToolCall};
use super::wire::{Event, event, new_id, text, texts, tokens};
use serde_json::{Value, json};

/// A reply has one item; its pieces name it.
const ITEM: &str = "item_loopback";

pub fn read(body: &Value) -> Asked {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut asked = Asked { model: text(&body["model"]), stream: body["stream"] == true, ..Asked::default() };
    asked.tools = list(&body["tools"]).iter().map(|tool| text(&tool["name"])).collect();
    // A title is asked for in a shape of its own.
    asked.aside = body["text"]["format"]["type"] == "json_schema";
    if let Value::String(said) = &body["input"] {
        asked.hear(said);
    }
    for item in list(&body["input"]) {
        match item["type"].as_str().unwrap_or("message") {
            "message" if item["role"] == "user" => {
                for said in texts(&item["content"]) {
                    asked.hear(said);
                }
            }
            "function_call_output" | "custom_tool_call_output" => {
                let output = &item["output"];
                asked.tool_result = Some(output.as_str().map_or_else(|| output.to_string(), str::to_owned));
            }
            _ => {}
        }
    }
    asked
}

fn response(asked: &Asked, status: &str, output: &Value) -> Value {
    let count = tokens(asked);
    json!({
        "id": new_id("resp"), "object": "response", "created_at": 0, "status": status, "model": asked.model, "output": output,
        "usage": { "input_tokens": count, "output_tokens": 9, "total_tokens": count + 9 },
    })
}

fn message(status: &str, content: &Value) -> Value {
    json!({ "type": "message", "id": ITEM, "role": "assistant", "status": status, "content": content })
}

fn done(asked: &Asked, item: &Value) -> Vec<Event> {
    vec![
        event("response.output_item.done", json!({ "output_index": 0, "item": item })),
        event("response.completed", json!({ "response": response(asked, "completed", &json!([item])) })),
    ]
}

pub fn begin(asked: &Asked) -> Vec<Event> {
    vec![event("response.created", json!({ "response": response(asked, "in_progress", &json!([])) }))]
}

pub fn begin_text() -> Vec<Event> {
    let item = message("in_progress", &json!([]));
    vec![event("response.output_item.added", json!({ "output_index": 0, "item": item }))]
}

pub fn piece(text: &str) -> Vec<Event> {
    let place = json!({ "item_id": ITEM, "output_index": 0, "content_index": 0, "delta": text });
    vec![event("response.output_text.delta", place)]
}

pub fn end(asked: &Asked, said: &str) -> Vec<Event> {
    done(asked, &message("completed", &json!([{ "type": "output_text", "text": said }])))
}

pub fn call(asked: &Asked, call: &ToolCall) -> Vec<Event> {
    let mut item = json!({
        "type": "function_call", "id": new_id("fc"), "call_id": new_id("call"), "status": "in_progress",
        "name": call.name, "arguments": call.arguments.to_string(),
    });
    let mut events = vec![event("response.output_item.added", json!({ "output_index": 0, "item": item }))];
    item["status"] = "completed".into();
    events.extend(done(asked, &item));
    events
}

pub fn whole(asked: &Asked, said: &str) -> Value {
    let item = message("completed", &json!([{ "type": "output_text", "text": said }]));
    response(asked, "completed", &json!([item]))
}

pub fn failure(status: u16) -> Value {
    let code = match status {
        400 => "invalid_request_error",
        401 => "invalid_api_key",
        429 => "rate_limit_exceeded",
        529 => "server_is_overloaded",
        _ => "server_error",
    };
    json!({ "error": { "type": code, "code": code, "message": format!("ordered to fail with {status}") } })
}
