//! The answer of an agent that serves its events over HTTP (server-sent events): bytes in, whole events out.
//!
//! Bounded in all that it keeps, since whatever listens at that port may say anything. Not here: asking for it (`host/session/event_stream.rs`), or
//! what an event means (`json_rule.rs`).

use serde_json::{Value, json};
use std::mem;

/// A longer head of an answer is none that we asked for.
const MOST_HEAD_BYTES: usize = 16 * 1024;
/// An event that is longer holds a picture or a whole file; no rule asks for those.
const MOST_EVENT_BYTES: usize = 1024 * 1024;
/// The line that says how long a chunk is.
const MOST_SIZE_BYTES: usize = 256;

/// Why an answer is no stream of events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoStream {
    #[error("its answer has no end of its head")]
    LongHead,
    #[error("it answered: {0}")]
    Status(String),
    #[error("what it serves is no stream of events")]
    OtherContent,
    #[error("its chunks do not fit together")]
    Chunks,
}

#[derive(Debug, Default)]
pub struct EventStream {
    stage: Stage,
    event: Event,
}

#[derive(Debug)]
enum Stage {
    Head(Vec<u8>),
    /// The body until the connection ends.
    Plain,
    /// A line with the length of the next chunk, as far as it came.
    ChunkSize(Vec<u8>),
    /// So many bytes of a chunk are to come.
    Chunk(usize),
    /// The line end behind a chunk.
    ChunkEnd,
    /// The last chunk came.
    Over,
}

impl Default for Stage {
    fn default() -> Stage {
        Stage::Head(Vec::new())
    }
}

/// The event whose lines are coming.
#[derive(Debug, Default)]
struct Event {
    line: Vec<u8>,
    name: String,
    data: Vec<String>,
    bytes: usize,
    /// It goes beyond the cap and is passed over to its end.
    too_long: bool,
}

impl EventStream {
    /// The events that are whole with these bytes, each as `{"event": NAME, "data": VALUE}`; data that is no JSON is a text.
    pub fn take(&mut self, mut bytes: &[u8]) -> Result<Vec<String>, NoStream> {
        let mut events = Vec::new();
        while let Some(first) = bytes.first().copied() {
            match &mut self.stage {
                Stage::Head(head) => {
                    head.push(first);
                    bytes = &bytes[1..];
                    if head.ends_with(b"\r\n\r\n") {
                        self.stage = body_of(&String::from_utf8_lossy(head))?;
                    } else if head.len() > MOST_HEAD_BYTES {
                        return Err(NoStream::LongHead);
                    }
                }
                Stage::Plain => {
                    self.event.take(bytes, &mut events);
                    bytes = &[];
                }
                Stage::ChunkSize(line) => {
                    line.push(first);
                    bytes = &bytes[1..];
                    if first == b'\n' {
                        self.stage = chunk_of(&String::from_utf8_lossy(line))?;
                    } else if line.len() > MOST_SIZE_BYTES {
                        return Err(NoStream::Chunks);
                    }
                }
                Stage::Chunk(left) => {
                    let (here, behind) = bytes.split_at(bytes.len().min(*left));
                    *left -= here.len();
                    if *left == 0 {
                        self.stage = Stage::ChunkEnd;
                    }
                    self.event.take(here, &mut events);
                    bytes = behind;
                }
                Stage::ChunkEnd => {
                    match first {
                        b'\r' => {}
                        b'\n' => self.stage = Stage::ChunkSize(Vec::new()),
                        _ => return Err(NoStream::Chunks),
                    }
                    bytes = &bytes[1..];
                }
                Stage::Over => bytes = &[],
            }
        }
        Ok(events)
    }
}

fn body_of(head: &str) -> Result<Stage, NoStream> {
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        return Err(NoStream::Status(status.chars().filter(|character| !character.is_control()).take(100).collect()));
    }
    let fields = || lines.clone().filter_map(|line| line.split_once(':'));
    let says = |name: &str, value: &str| {
        fields().any(|(field, said)| field.eq_ignore_ascii_case(name) && said.to_ascii_lowercase().contains(value))
    };
    match (says("content-type", "text/event-stream"), says("transfer-encoding", "chunked")) {
        (false, _) => Err(NoStream::OtherContent),
        (true, true) => Ok(Stage::ChunkSize(Vec::new())),
        (true, false) => Ok(Stage::Plain),
    }
}

fn chunk_of(line: &str) -> Result<Stage, NoStream> {
    let size = line.split(';').next().unwrap_or_default().trim();
    match usize::from_str_radix(size, 16) {
        Ok(0) => Ok(Stage::Over),
        Ok(size) => Ok(Stage::Chunk(size)),
        Err(_) => Err(NoStream::Chunks),
    }
}

impl Event {
    fn take(&mut self, bytes: &[u8], events: &mut Vec<String>) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, is_end) = piece.strip_suffix(b"\n").map_or((piece, false), |text| (text, true));
            if self.bytes + text.len() > MOST_EVENT_BYTES {
                self.too_long = true;
                self.data = Vec::new();
                // Whether the line is empty must be known all the same.
                self.line.truncate(1);
                self.line.extend(text.first().filter(|_| self.line.is_empty()));
            } else {
                self.bytes += text.len();
                self.line.extend_from_slice(text);
            }
            if is_end {
                events.extend(self.end_line());
            }
        }
    }

    fn end_line(&mut self) -> Option<String> {
        let line = mem::take(&mut self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        if line.is_empty() {
            return mem::take(self).whole();
        }
        // Not UTF-8: no text of an event.
        let (field, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" if !self.too_long => self.data.push(value.to_owned()),
            "event" => self.name = value.to_owned(),
            // A comment, a number, a time to wait: nothing for a rule.
            _ => {}
        }
        None
    }

    fn whole(self) -> Option<String> {
        if self.too_long || self.data.is_empty() {
            return None;
        }
        let data = self.data.join("\n");
        let data = serde_json::from_str::<Value>(&data).unwrap_or(Value::String(data));
        let name = if self.name.is_empty() { "message" } else { &self.name };
        Some(json!({ "event": name, "data": data }).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n";

    fn read(answer: &str) -> Result<Vec<String>, NoStream> {
        EventStream::default().take(answer.as_bytes())
    }

    #[test]
    fn events_come_out_whole_with_name_and_data() {
        let body = ": hello\r\n\r\ndata: {\"type\":\"idle\"}\n\nevent: done\nid: 3\ndata: a\ndata: b\n\ndata:{\"n\":1}\n\ndata: half";
        let wanted = [
            r#"{"data":{"type":"idle"},"event":"message"}"#,
            r#"{"data":"a\nb","event":"done"}"#,
            r#"{"data":{"n":1},"event":"message"}"#,
        ];
        assert_eq!(read(&format!("{HEAD}\r\n{body}")).unwrap(), wanted);
    }

    #[test]
    fn chunks_are_put_together() {
        let answer = format!(
            "{HEAD}transfer-encoding: Chunked\r\n\r\n7\r\ndata: {{\r\nD;x=y\r\n\"a\":\"é\"}}\n\nda\r\n8\r\nta: 1\r\n\n\r\n0\r\n\r\nrubbish"
        );
        let wanted = [r#"{"data":{"a":"é"},"event":"message"}"#, r#"{"data":1,"event":"message"}"#];
        assert_eq!(read(&answer).unwrap(), wanted);
    }

    #[test]
    fn what_is_no_stream_of_events_is_refused() {
        let long = "x".repeat(2 * MOST_HEAD_BYTES);
        let table = [
            ("HTTP/1.1 404 Not Found\r\n\r\n".to_owned(), NoStream::Status("HTTP/1.1 404 Not Found".into())),
            ("SSH-2.0-x\r\n\r\n".into(), NoStream::Status("SSH-2.0-x".into())),
            ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>".into(), NoStream::OtherContent),
            (long, NoStream::LongHead),
            (format!("{HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n"), NoStream::Chunks),
            (format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\nab"), NoStream::Chunks),
            (format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{}", "0".repeat(300)), NoStream::Chunks),
        ];
        for (answer, wanted) in table {
            assert_eq!(read(&answer), Err(wanted), "{answer:.60}");
        }
    }

    #[test]
    fn an_endless_event_costs_no_memory_and_harms_no_other() {
        let mut stream = EventStream::default();
        stream.take(format!("{HEAD}\r\ndata: ").as_bytes()).unwrap();
        for _ in 0..40 {
            assert_eq!(stream.take(&[b'x'; 64 * 1024]).unwrap(), Vec::<String>::new());
            let kept = stream.event.line.len() + stream.event.data.iter().map(String::len).sum::<usize>();
            assert!(kept <= MOST_EVENT_BYTES);
        }
        let many = format!("\n{}\n", "data: y\n".repeat(MOST_EVENT_BYTES / 4));
        assert_eq!(stream.take(many.as_bytes()).unwrap(), Vec::<String>::new());
        assert_eq!(stream.take(b"data: 2\n\n").unwrap(), [r#"{"data":2,"event":"message"}"#]);
    }

    proptest! {
        #[test]
        fn the_pieces_in_which_bytes_come_do_not_matter(
            chunks in proptest::collection::vec("(data: [0-9]|\n|\r\n|x){1,6}", 0..6),
            cuts in proptest::collection::vec(0usize..400, 0..8),
        ) {
            let chunk = |text: &String| format!("{:x}\r\n{text}\r\n", text.len());
            let chunks: String = chunks.iter().map(chunk).collect();
            let all = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{chunks}");
            let mut at: Vec<usize> = cuts.into_iter().map(|cut| cut.min(all.len())).collect();
            at.sort();
            at.push(all.len());
            let (mut stream, mut from, mut events) = (EventStream::default(), 0, Vec::new());
            for to in at {
                events.extend(stream.take(&all.as_bytes()[from..to]).unwrap());
                from = to;
            }
            prop_assert_eq!(events, read(&all).unwrap());
        }
    }
}
