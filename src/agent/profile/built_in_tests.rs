//! The built-in profiles against what the real programs were seen doing: lines, titles and payloads as they came, cut to what matters.

use super::*;
use crate::agent::answer::{Answer, Next};
use crate::agent::catalog::Catalog;
use crate::agent::claim::Claim;
use crate::agent::glob::Places;
use crate::agent::identity::AgentId;
use crate::agent::launch::{How, Launch, Start, launch};
use crate::agent::readers::{Readers, Seen, Want};
use crate::agent::submit::{self, Composer};
use crate::agent::token::Token;
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::request::{Choice, RequestKind};

const AGENTS: [&str; 5] = ["claude", "codex", "opencode", "qwen", "pi"];

fn profile(name: &str) -> Profile {
    Catalog::read(&[]).0.get(name).unwrap().clone()
}

/// What a source makes of this, in short words.
fn check(name: &str, table: &[(Seen, &str)]) {
    let mut readers = Readers::new(&profile(name));
    for (seen, wanted) in table {
        let claims: Vec<String> = readers.see(*seen).iter().map(|claimed| word(&claimed.claim)).collect();
        assert_eq!(claims.join(", "), *wanted, "{name}: {seen:?}");
    }
}

fn word(claim: &Claim) -> String {
    match claim {
        Claim::Idle => "idle".into(),
        Claim::Working { doing } => format!("working {}", doing.as_deref().unwrap_or_default()).trim().into(),
        Claim::Started { prompt } => format!("started {}", prompt.as_deref().unwrap_or_default()).trim().into(),
        Claim::Asks { kind: RequestKind::Permission, text } => format!("may {text}"),
        Claim::Asks { kind, text } => format!("{}? {text}", kind.word()),
        Claim::Done => "done".into(),
        Claim::Failed { text } => format!("failed {text}"),
        Claim::Interrupted => "interrupted".into(),
        Claim::Identity(id) => format!("id {id}"),
        Claim::Background { count } => format!("{count} behind"),
        Claim::Title(title) => format!("named {title}"),
        Claim::Detail(detail) => {
            let usage = detail.usage.map(|usage| format!("{}/{}", usage.input_tokens, usage.output_tokens));
            let parts = [detail.answer.clone(), detail.model.clone(), usage];
            format!("detail {}", parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
        }
    }
}

fn launched(name: &str, how: How, model: Option<&str>) -> Launch {
    let profile = profile(name);
    let env = [
        ("HOME", "/h"),
        ("CODEX_HOME", "/c"),
        ("CLAUDECODE", "1"),
        ("CLAUDE_CODE_MAX_RETRIES", "1"),
        ("CODEX_SANDBOX", "x"),
    ];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let fingerprint = Fingerprint { agent: name.into(), model: model.map(str::to_owned), folder: "/w".into() };
    launch(&Start {
        profile: &profile,
        how,
        candidate: profile.candidates(&env)[0],
        program: name,
        fingerprint: &fingerprint,
        dir: "/run/1",
        token: &Token::new([7; 16]),
        port: None,
        conversation: ConversationId(3),
        env: &env,
        threadkeep: "/bin/threadkeep",
        socket: "/run/socket",
    })
}

#[test]
fn a_new_session_and_a_resumed_one_are_started_as_measured() {
    let id = AgentId::try_from("0a-1".to_owned()).unwrap();
    let codex = r#"--no-daemon -c tui.terminal_title=["thread-id"]"#;
    let table = [
        (
            "claude",
            "--session-id 0a-1 --settings /run/1/hooks.json",
            "--resume 0a-1 --settings /run/1/hooks.json --model m",
        ),
        ("codex", codex, &format!("resume 0a-1 -C /w {codex} -m m")),
        ("opencode", "", "-s 0a-1 -m m"),
        ("qwen", "--session-id 0a-1", "--resume 0a-1 -m m"),
        ("pi", "--session-id 0a-1 -e /run/1/threadkeep.js", "--session-id 0a-1 -e /run/1/threadkeep.js --model m"),
    ];
    for (name, new, resumed) in table {
        let chosen = profile(name).identity.choose.is_some().then_some(&id);
        let launch = launched(name, How::New(chosen), None);
        assert_eq!(launch.args.join(" "), new);
        assert_eq!(launched(name, How::Resume(&id), Some("m")).args.join(" "), resumed);
        let token = Token::new([7; 16]);
        assert!(
            !launch.args.join(" ").contains(token.as_str())
                && launch.files.iter().all(|(_, text)| !text.contains(token.as_str()))
        );
    }
}

#[test]
fn each_agent_sees_its_own_settings_and_no_outer_session() {
    let names =
        |name: &str| launched(name, How::New(None), None).env.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let has = |name: &str, variable: &str| names(name).iter().any(|found| found == variable);
    assert!(has("claude", "CLAUDE_CODE_MAX_RETRIES") && !has("claude", "CLAUDECODE") && !has("claude", "CODEX_HOME"));
    assert!(has("codex", "CODEX_HOME") && !has("codex", "CODEX_SANDBOX") && !has("codex", "CLAUDE_CODE_MAX_RETRIES"));
    // Only where something calls us from within is the token in the environment.
    for name in AGENTS {
        let calls = profile(name).rank(Source::Hook).is_some();
        assert_eq!(has(name, "THREADKEEP_TOKEN"), calls, "{name}");
        assert_eq!(has(name, "THREADKEEP_SOCKET"), calls, "{name}");
    }
}

#[test]
fn a_message_that_looks_like_a_command_is_none() {
    let table = [("claude", " "), ("codex", " "), ("opencode", " "), ("qwen", "\u{200b}"), ("pi", "\u{200b}")];
    for (name, pad) in table {
        for text in ["/clear", "!rm -rf x"] {
            let profile = profile(name);
            let steps = submit::submit(&profile.variants[0], TurnNumber(1), text, Composer::Empty).steps;
            let typed: String = steps.iter().map(|step| String::from_utf8(step.bytes.clone()).unwrap()).collect();
            assert!(
                typed.starts_with(&format!("\u{1b}[200~{pad}{text}")) && typed.ends_with("\u{1b}[201~\r"),
                "{name}: {typed:?}"
            );
        }
    }
}

#[test]
fn claude_is_read_in_all_its_sources() {
    let title = |text: &'static str| Seen::Title(text);
    check(
        "claude",
        &[
            (Seen::Osc(b"7501;state=idle:app=claude-code"), "idle"),
            (
                Seen::Osc(b"7501;state=blocked:app=claude-code:kind=permission:msg=YXBwcm92ZSBCYXNoOiB0b3VjaCB4MQ=="),
                "may approve Bash: touch x1",
            ),
            (title("✳ Claude Code"), "idle"),
            (title("◐ fix login"), "working"),
            (title("⠂ Claude Code"), "working"),
            (title("Claude Code"), ""),
            (title(""), ""),
            (title("fix login"), "named fix login"),
            (
                Seen::Hook(r#"{"session_id":"a-1","hook_event_name":"SessionStart","source":"clear","model":"m"}"#),
                "detail m, id a-1",
            ),
            (Seen::Hook(r#"{"session_id":"a-1","hook_event_name":"UserPromptSubmit","prompt":"hi"}"#), "started hi"),
            (Seen::Hook(r#"{"hook_event_name":"UserPromptSubmit","prompt":"<task-notification>x"}"#), ""),
            (
                Seen::Hook(
                    r#"{"hook_event_name":"PermissionRequest","tool_name":"Bash","tool_input":{"command":"touch x1"}}"#,
                ),
                "may Bash: touch x1",
            ),
            (
                Seen::Hook(
                    r#"{"hook_event_name":"PermissionRequest","tool_name":"AskUserQuestion","tool_input":{"questions":[{"question":"Which?"}]}}"#,
                ),
                "question? Which?",
            ),
            (
                Seen::Hook(r#"{"hook_event_name":"Stop","last_assistant_message":"bye","background_tasks":[]}"#),
                "detail bye, done",
            ),
            (
                Seen::Hook(
                    r#"{"hook_event_name":"StopFailure","error":"server_error","last_assistant_message":"API Error: 500"}"#,
                ),
                "failed server_error: API Error: 500",
            ),
            (Seen::Hook(r#"{"hook_event_name":"StopFailure","error":"server_error","agent_id":"x"}"#), ""),
            (Seen::StateFile(r#"{"pid":1,"sessionId":"a-2","status":"idle"}"#), "id a-2, idle"),
            (
                Seen::StateFile(r#"{"sessionId":"a-2","status":"waiting","waitingFor":"dialog open"}"#),
                "id a-2, question? dialog open",
            ),
        ],
    );
    let lines = concat!(
        r#"{"type":"user","message":{"role":"user","content":"tool:x1 please"},"promptSource":"typed","isSidechain":false}"#,
        "\n",
        r#"{"type":"assistant","message":{"id":"m1","model":"o","content":[{"type":"text","text":"asking"}],"usage":{"input_tokens":20,"cache_read_input_tokens":5,"output_tokens":7}}}"#,
        "\n",
        r#"{"type":"assistant","message":{"id":"m1","model":"o","content":[{"type":"tool_use","name":"Bash"}],"usage":{"input_tokens":20,"output_tokens":7}}}"#,
        "\n",
        r#"{"type":"user","message":{"role":"user","content":[{"type":"tool_result","content":"ok"}]},"toolUseResult":{"stdout":""}}"#,
        "\n",
        r#"{"type":"assistant","isSidechain":true,"message":{"id":"m9","content":[{"type":"text","text":"child"}]}}"#,
        "\n",
        r#"{"type":"system","subtype":"turn_duration","durationMs":953}"#,
        "\n",
        r#"{"type":"assistant","isApiErrorMessage":true,"error":"server_error","message":{"model":"<synthetic>","content":[{"type":"text","text":"API Error: 500"}]}}"#,
        "\n",
        r#"{"type":"assistant","isAbortedMidStream":true,"message":{"id":"m2","model":"o","content":[{"type":"text","text":"tick0"}],"usage":{"input_tokens":40,"output_tokens":7}}}"#,
        "\n",
        r#"{"type":"user","message":{"content":[{"type":"text","text":"[Request interrupted by user for tool use]"}]}}"#,
        "\n",
    );
    let wanted = "started tool:x1 please, detail asking o 25/7, detail o, done, failed server_error: API Error: 500, \
                  detail tick0 o 40/7, interrupted, interrupted";
    check("claude", &[(Seen::Transcript(lines.as_bytes()), wanted)]);
}

#[test]
fn codex_is_read_in_all_its_sources() {
    let lines = concat!(
        r#"{"type":"session_meta","payload":{"id":"01"}}"#,
        "\n",
        r#"{"type":"event_msg","payload":{"type":"task_started","turn_id":"t"}}"#,
        "\n",
        r#"{"type":"turn_context","payload":{"model":"stub-a"}}"#,
        "\n",
        r#"{"type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}}"#,
        "\n",
        r#"{"type":"event_msg","payload":{"type":"item_completed","item":{"type":"UserMessage","content":[{"type":"text","text":"hi"}]}}}"#,
        "\n",
        r#"{"type":"event_msg","payload":{"type":"item_completed","item":{"type":"CommandExecution","command":["/bin/bash","-lc","touch x1"],"parsed_cmd":[{"type":"unknown","cmd":"touch x1"}]}}}"#,
        "\n",
        r#"{"type":"event_msg","payload":{"type":"item_completed","item":{"type":"AgentMessage","content":[{"type":"Text","text":"hello"}]}}}"#,
        "\n",
        r#"{"type":"token_usage_record","payload":{"response_id":"r1","usage":{"input_tokens":10,"output_tokens":7}}}"#,
        "\n",
        r#"{"type":"event_msg","payload":{"type":"task_complete","last_agent_message":"hello"}}"#,
        "\n",
        r#"{"type":"event_msg","payload":{"type":"task_complete","last_agent_message":null,"error":{"message":"high demand","codex_error_info":"internal_server_error"}}}"#,
        "\n",
        r#"{"type":"event_msg","payload":{"type":"turn_aborted","reason":"interrupted"}}"#,
        "\n",
    );
    let wanted = "working, detail stub-a, started hi, working touch x1, detail hello, detail 10/7, detail hello, done, \
                  failed internal_server_error: high demand, interrupted";
    check(
        "codex",
        &[
            (Seen::Osc(b"7501;state=error:app=codex"), "failed "),
            (Seen::Title("01a20918-3ba7-7810-996a-8ade2569b05a"), "id 01a20918-3ba7-7810-996a-8ade2569b05a"),
            (Seen::Title("some name"), ""),
            (Seen::Transcript(lines.as_bytes()), wanted),
        ],
    );
}

#[test]
fn the_id_of_codex_is_found_before_and_after_the_first_turn() {
    let mut readers = Readers::new(&profile("codex"));
    let places = Places { state: Some("/c"), home: Some("/h"), cwd: "/w", pid: Some(1), id: None, dir: "/run/1" };
    readers.see(Seen::Title("01a20918-3ba7-7810-996a-8ade2..."));
    let wants = readers.wants(&places);
    let [Want::OpenFile(open), Want::NamedFile(named)] = &wants[..] else { panic!("{wants:?}") };
    let id = "01a20918-3ba7-7810-996a-8ade2569b05a";
    for (glob, path) in [
        (open, format!("/c/thread-writer-locks/{id}.lock")),
        (named, format!("/c/sessions/2026/11/23/rollout-2026-11-23T15-48-32-{id}.jsonl")),
    ] {
        assert_eq!(glob.id_in(&path).as_ref().map(AgentId::as_str), Some(id), "{path}");
    }
}

#[test]
fn opencode_qwen_and_pi_are_read() {
    check(
        "opencode",
        &[
            (Seen::Title("OpenCode"), "idle"),
            (Seen::Hook(r#"{"event":"session","session":"ses_1"}"#), "id ses_1"),
            (Seen::Hook(r#"{"event":"started","session":"ses_1","text":"hi"}"#), "id ses_1, started hi"),
            (Seen::Hook(r#"{"event":"working","session":"ses_1","doing":"try 2: 500"}"#), "working try 2: 500"),
            (Seen::Hook(r#"{"event":"permission","kind":"bash","what":"touch x1"}"#), "may bash: touch x1"),
            (
                Seen::Hook(r#"{"event":"usage","message":"m","model":"a","input":10,"output":7,"cost":0}"#),
                "detail a 10/7",
            ),
            (Seen::Hook(r#"{"event":"done","answer":"bye"}"#), "detail bye, done"),
            (Seen::Hook(r#"{"event":"idle"}"#), "idle"),
            (Seen::Hook(r#"{"event":"interrupted"}"#), "interrupted"),
        ],
    );
    check(
        "qwen",
        &[
            (Seen::Title("Qwen - work"), ""),
            (Seen::Screen("│ >   Type your message or @path/to/file │"), "idle"),
            (Seen::Title("◐\u{fe0e} Qwen - work"), "working"),
            (Seen::Title("✳\u{fe0e} Qwen - work"), "may "),
            (Seen::Hook(r#"{"session_id":"q-1","hook_event_name":"SessionStart","model":"a"}"#), "detail a, id q-1"),
            (
                Seen::Hook(r#"{"hook_event_name":"UserPromptSubmit","prompt":"hi","submitted_prompt":"hi"}"#),
                "started hi",
            ),
            (Seen::Hook(r#"{"hook_event_name":"UserPromptSubmit","prompt":""}"#), "working"),
            (Seen::Hook(r#"{"hook_event_name":"Notification","notification_type":"permission_prompt"}"#), ""),
            (Seen::Hook(r#"{"hook_event_name":"Notification","notification_type":"idle_prompt"}"#), "interrupted"),
            (
                Seen::Hook(r#"{"hook_event_name":"StopFailure","error":"invalid_request","error_details":"400"}"#),
                "failed invalid_request: 400",
            ),
        ],
    );
    let lines = concat!(
        r#"{"type":"session","version":3,"id":"51f7"}"#,
        "
",
        r#"{"type":"message","id":"a","message":{"role":"user","content":[{"type":"text","text":"hi"}]}}"#,
        "
",
        r#"{"type":"message","id":"b","message":{"role":"assistant","content":[],"model":"m","usage":{"input":0,"output":0},"stopReason":"error","errorMessage":"400"}}"#,
        "
",
        r#"{"type":"message","id":"c","message":{"role":"assistant","content":[{"type":"text","text":"bye"}],"model":"m","usage":{"input":10,"cacheRead":2,"output":7,"cost":{"total":0.5}},"stopReason":"stop"}}"#,
        "
",
        r#"{"type":"message","id":"d","message":{"role":"assistant","content":[{"type":"text","text":"tick"}],"model":"m","stopReason":"aborted"}}"#,
        "
",
    );
    check(
        "pi",
        &[
            (Seen::Osc(b"7501;state=done:app=pi"), "done"),
            (
                Seen::Transcript(lines.as_bytes()),
                "id 51f7, started hi, detail m 0/0, detail bye m 12/7, done, detail tick m, interrupted",
            ),
        ],
    );
}

#[test]
fn a_permission_is_answered_only_while_its_options_are_shown() {
    let table = [
        ("claude", " Do you want to proceed?\n ❯ 1. Yes\n   2. Yes, and always allow", "❯ 1. one\n", "1"),
        ("codex", "› 1. Yes, proceed (y)\n  2. Yes, and don't ask again", "› tool:x1 please\n", "y"),
        ("qwen", "› 1.  Yes, allow once", "> hi", "1"),
        ("opencode", "Allow once   Allow always   Reject", "tool:x1", "\r"),
    ];
    for (name, dialog, other, allow) in table {
        let profile = profile(name);
        assert!(profile.request.shows_options(dialog) && !profile.request.shows_options(other), "{name}");
        let keys = |choice| {
            let mut answer = Answer::new(&profile.request, &profile.variants[0], &choice).unwrap();
            assert!(answer.stands(&profile.request, dialog) && !answer.stands(&profile.request, other), "{name}");
            let Next::Type(mut steps) = answer.next(&profile.request, &profile.variants[0], dialog) else {
                panic!("{name} takes it")
            };
            steps.remove(0).bytes
        };
        assert_eq!(keys(Choice::Allow), allow.as_bytes(), "{name}");
        assert_eq!(keys(Choice::Deny), b"\x1b", "{name}");
    }
}

#[test]
fn failures_are_told_apart() {
    let table = [
        ("claude", "API Error: 500 stub says 500", FailureKind::ApiError),
        ("claude", "rate_limit: API Error: 429", FailureKind::RateLimit),
        ("claude", "authentication_failed: Please run /login", FailureKind::LoginNeeded),
        ("claude", "something", FailureKind::Other),
        ("codex", "internal_server_error: We're currently experiencing high demand", FailureKind::ApiError),
        ("codex", "usage_limit_exceeded: x", FailureKind::RateLimit),
        ("pi", "400: {\"type\":\"server_error\"}", FailureKind::ApiError),
        ("shell", "API Error", FailureKind::Other),
    ];
    for (name, text, kind) in table {
        assert_eq!(profile(name).failure_of(text), kind, "{name}: {text}");
    }
}

#[test]
fn abilities_are_told_as_they_are() {
    use ModelChoice::{KeepsContext, NewSession, No};
    use Requests::{Answered, NotSeen, Seen};
    let table = [
        ("shell", Turns::Exact, CanResume::No, NotSeen, No),
        ("claude", Turns::Exact, CanResume::Yes, Answered, KeepsContext),
        ("codex", Turns::Exact, CanResume::Yes, Answered, KeepsContext),
        ("opencode", Turns::Exact, CanResume::Yes, Answered, NewSession),
        ("qwen", Turns::Exact, CanResume::Yes, Answered, KeepsContext),
        ("pi", Turns::Exact, CanResume::Yes, Seen, KeepsContext),
        ("generic", Turns::Guess, CanResume::No, NotSeen, No),
    ];
    for (name, turns, resume, requests, model) in table {
        assert_eq!(profile(name).abilities(), Abilities { turns, resume, requests, model }, "{name}");
    }
}
