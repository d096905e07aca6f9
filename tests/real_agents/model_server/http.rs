//! As much of HTTP/1.1 as the agents use: bodies by length or in chunks, one JSON answer, or a stream of events.
//!
//! Change here: what is taken and sent. Not here: what it means.

use super::wire::Event;
use serde_json::Value;
use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;

pub const OK: u16 = 200;
pub const NOT_FOUND: u16 = 404;
pub const OVERLOADED: u16 = 529;

/// No agent sends that much; what claims more is not one.
const MOST_BODY_BYTES: usize = 64 * 1024 * 1024;

pub struct Request {
    pub method: String,
    pub path: String,
    pub body: Vec<u8>,
    pub keep_alive: bool,
}

/// Reads one request; none where the client has closed the connection in good order.
pub fn read(reader: &mut impl BufRead, writer: &mut impl Write) -> io::Result<Option<Request>> {
    let first = line(reader)?;
    let mut words = first.split(' ').map(str::to_owned);
    let (Some(method), Some(path)) = (words.next().filter(|method| !method.is_empty()), words.next()) else {
        return Ok(None);
    };
    let mut headers = Vec::new();
    loop {
        let header = line(reader)?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').ok_or_else(|| wrong("a header without a colon"))?;
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    let of = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    if of("content-encoding").is_some_and(|encoding| encoding != "identity") {
        return Err(wrong("a packed body"));
    }
    if of("expect").is_some() {
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let body = if of("transfer-encoding").is_some_and(|encoding| encoding.eq_ignore_ascii_case("chunked")) {
        chunks(reader)?
    } else {
        let length = of("content-length").map_or(Ok(0), str::parse).map_err(|_| wrong("a length"))?;
        take(reader, length)?
    };
    let keep_alive = !of("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Ok(Some(Request { method, path, body, keep_alive }))
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).into())
}

fn take(reader: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    if length > MOST_BODY_BYTES {
        return Err(wrong("a body that is too long"));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

fn chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let head = line(reader)?;
        let size = head.split(';').next().unwrap_or_default().trim();
        let length = usize::from_str_radix(size, 16).map_err(|_| wrong("a chunk's length"))?;
        body.extend(take(reader, length)?);
        // The empty line after each chunk; after the last one it ends the body.
        line(reader)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// One JSON answer; without one only its head.
pub fn write_json(writer: &mut impl Write, status: u16, body: Option<&Value>) -> io::Result<()> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let length = body.len();
    let head = format!("HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    writer.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
    writer.flush()
}

/// A stream of events, in chunks, so that a broken one can be told from its end.
pub struct Sink<'a> {
    stream: &'a TcpStream,
}

impl<'a> Sink<'a> {
    pub fn open(mut stream: &'a TcpStream) -> io::Result<Sink<'a>> {
        let head = "HTTP/1.1 200 -\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes())?;
        Ok(Sink { stream })
    }

    pub fn send_all(&mut self, events: Vec<Event>) -> io::Result<()> {
        for Event { name, data } in events {
            let name = name.map_or_else(String::new, |name| format!("event: {name}\n"));
            let text = format!("{name}data: {data}\n\n");
            self.stream.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes())?;
        }
        self.stream.flush()
    }

    pub fn close(self) -> io::Result<()> {
        let mut stream = self.stream;
        stream.write_all(b"0\r\n\r\n")
    }
}
