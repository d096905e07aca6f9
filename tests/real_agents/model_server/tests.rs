//! The model server as an agent meets it: over a socket.

use super::{MODELS, ModelServer, Outcome};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

/// Each wire: its path, a body with these messages of the person, and where its tools stand.
const PATHS: [&str; 3] = ["/v1/messages", "/v1/responses", "/v1/chat/completions"];

fn body(path: &str, users: &[&str], stream: bool) -> Value {
    let user = |text: &&str| json!({ "role": "user", "content": [{ "type": "text", "text": text }] });
    let messages: Vec<Value> = users.iter().map(user).collect();
    let (list, tool) = match path {
        "/v1/messages" => ("messages", json!({ "name": "Bash" })),
        "/v1/responses" => ("input", json!({ "type": "function", "name": "exec_command" })),
        _ => ("messages", json!({ "type": "function", "function": { "name": "bash" } })),
    };
    json!({ "model": MODELS[0], "stream": stream, list: messages, "tools": [tool] })
}

/// Sends a request and reads to the connection's end.
fn ask(server: &ModelServer, path: &str, body: &Value) -> String {
    let mut stream = send(server, path, body);
    let mut answer = String::new();
    // A reply that was ordered to break off ends like this one.
    let _ = stream.read_to_string(&mut answer);
    answer
}

fn send(server: &ModelServer, path: &str, body: &Value) -> TcpStream {
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).expect("it listens");
    let body = body.to_string();
    let head = format!("POST {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).expect("it reads");
    stream
}

#[test]
fn each_wire_echoes_how_much_of_the_conversation_it_sees() {
    let server = ModelServer::start();
    for path in PATHS {
        for stream in [true, false] {
            let answer = ask(&server, path, &body(path, &["alpha", "beta", "gamma"], stream));
            assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
            assert!(
                answer.contains("I see 3 by you. Model loopback-a. First: alpha. Last: gamma."),
                "{path}: {answer}"
            );
        }
        let seen = server.asked().pop().expect("it was seen");
        assert_eq!(
            (seen.users, seen.outcome),
            (vec!["alpha".into(), "beta".into(), "gamma".into()], Outcome::Finished)
        );
    }
}

#[test]
fn what_the_agent_says_in_the_persons_name_is_not_counted() {
    let server = ModelServer::start();
    let said = [
        "<environment_context>\nhere\n</environment_context>",
        "<b>bold</b> and more",
        "[Request interrupted by user]",
        "<command-name>/clear</command-name>\n<command-args></command-args>",
    ];
    ask(&server, PATHS[0], &body(PATHS[0], &said, true));
    let pasted = "\n<pasted_content id=\"1\">\na long paste\n</pasted_content id=\"1\">\n";
    ask(&server, PATHS[0], &body(PATHS[0], &[pasted], true));
    let users: Vec<_> = server.asked().into_iter().map(|seen| seen.users).collect();
    assert_eq!(users, [vec!["<b>bold</b> and more".to_owned()], vec!["a long paste".to_owned()]]);
    assert_eq!(server.asked()[0].raw.len(), 4);
}

#[test]
fn each_wire_fails_as_ordered_and_is_flaky_as_often_as_ordered() {
    let server = ModelServer::start();
    for path in PATHS {
        let failed = ask(&server, path, &body(path, &["please [[fail:429]]"], true));
        assert!(failed.starts_with("HTTP/1.1 429") && failed.contains("rate_limit"), "{path}: {failed}");
        let flaky = body(path, &[&format!("{path} [[flaky:2]]")], true);
        let starts: Vec<_> = (0..3).map(|_| ask(&server, path, &flaky)[..12].to_owned()).collect();
        assert_eq!(starts, ["HTTP/1.1 529", "HTTP/1.1 529", "HTTP/1.1 200"], "{path}");
    }
}

#[test]
fn each_wire_calls_a_tool_and_answers_its_result() {
    let server = ModelServer::start();
    for path in PATHS {
        let mut body = body(path, &["please [[tool:made]]"], true);
        let called = ask(&server, path, &body);
        assert!(called.contains("touch made"), "{path}: {called}");
        let result = match path {
            "/v1/messages" => {
                json!({ "role": "user", "content": [{ "type": "tool_result", "content": "it is made" }] })
            }
            "/v1/responses" => json!({ "type": "function_call_output", "output": "it is made" }),
            _ => json!({ "role": "tool", "content": "it is made" }),
        };
        let list = if path == "/v1/responses" { "input" } else { "messages" };
        body[list].as_array_mut().expect("a list").push(result);
        let answered = ask(&server, path, &body);
        assert!(answered.contains("The tool said: it is made."), "{path}: {answered}");
    }
}

#[test]
fn a_reply_waits_at_its_gate() {
    let server = ModelServer::start();
    std::thread::scope(|scope| {
        let held = scope.spawn(|| ask(&server, PATHS[0], &body(PATHS[0], &["wait [[hold:gate]]"], true)));
        server.wait_until_speaking("[[hold:gate]]");
        assert!(!held.is_finished());
        server.open("gate");
        let answer = held.join().expect("no panic");
        assert!(answer.contains("message_stop"), "{answer}");
    });
}

#[test]
fn a_reply_breaks_off_as_ordered() {
    let server = ModelServer::start();
    for path in PATHS {
        let answer = ask(&server, path, &body(path, &["now [[drop]]"], true));
        assert!(answer.contains("about to break off") && !answer.contains("I see"), "{path}: {answer}");
    }
    assert!(server.asked().iter().all(|seen| seen.outcome == Outcome::Dropped));
}

#[test]
fn an_agent_that_goes_away_is_noticed() {
    let server = ModelServer::start();
    let stream = send(&server, PATHS[0], &body(PATHS[0], &["wait [[hold:never]]"], true));
    server.wait_until_speaking("[[hold:never]]");
    drop(stream);
    server.wait_for("the client is seen gone", |seen| (seen[0].outcome == Outcome::ClientGone).then_some(()));
}

#[test]
fn a_body_in_chunks_is_read_whole() {
    let server = ModelServer::start();
    let text = "x".repeat(200_000);
    let body = body(PATHS[2], &[&text], true).to_string();
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).expect("it listens");
    let head = format!("POST {} HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n", PATHS[2]);
    stream.write_all(head.as_bytes()).expect("it reads");
    for part in body.as_bytes().chunks(70_000) {
        stream.write_all(format!("{:x}\r\n", part.len()).as_bytes()).expect("it reads");
        stream.write_all(part).expect("it reads");
        stream.write_all(b"\r\n").expect("it reads");
    }
    stream.write_all(b"0\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(answer.contains("I see 1 by you."), "{answer}");
    assert_eq!(server.asked()[0].users, [text]);
}

#[test]
fn an_unknown_path_is_remembered_as_such() {
    let server = ModelServer::start();
    let answer = ask(&server, "/v1/elsewhere", &json!({}));
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert_eq!((server.seen()[0].outcome, server.seen()[0].path.as_str()), (Outcome::Unknown, "/v1/elsewhere"));
}
