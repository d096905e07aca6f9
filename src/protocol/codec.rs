//! How messages lie on the wire: four bytes of length (little endian), then MessagePack with named fields.
//!
//! A decoder takes bytes as they come and never allocates for a length it has not checked.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest frame; room for the longest message and an answer beside it.
pub const MAX_FRAME_BYTES: usize = 1024 * 1024;
const LENGTH_BYTES: usize = 4;

#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    #[error("a frame of {bytes} bytes is longer than {MAX_FRAME_BYTES}")]
    TooLong { bytes: usize },
    #[error("could not write a message: {0}")]
    Encode(#[from] rmp_serde::encode::Error),
    #[error("could not read a message: {0}")]
    Decode(#[from] rmp_serde::decode::Error),
}

/// A message as one frame.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, CodecError> {
    let mut frame = vec![0; LENGTH_BYTES];
    message.serialize(&mut rmp_serde::Serializer::new(&mut frame).with_struct_map())?;
    let bytes = frame.len() - LENGTH_BYTES;
    if bytes > MAX_FRAME_BYTES {
        return Err(CodecError::TooLong { bytes });
    }
    // Checked just above: it fits in 32 bits.
    let length = u32::try_from(bytes).unwrap_or(u32::MAX);
    frame[..LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
    Ok(frame)
}

/// A message out of the inside of a frame.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, CodecError> {
    Ok(rmp_serde::from_slice(body)?)
}

/// How many bytes follow this length.
pub fn body_length(length: [u8; LENGTH_BYTES]) -> Result<usize, CodecError> {
    let bytes = u32::from_le_bytes(length) as usize;
    if bytes > MAX_FRAME_BYTES { Err(CodecError::TooLong { bytes }) } else { Ok(bytes) }
}

/// Cuts a stream of bytes into frames.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    /// How much of the front was handed out already.
    taken: usize,
}

impl Decoder {
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether all that was pushed was taken.
    pub fn is_empty(&self) -> bool {
        self.bytes.len() == self.taken
    }

    /// The next whole message; none while it is still on its way.
    pub fn take<T: DeserializeOwned>(&mut self) -> Result<Option<T>, CodecError> {
        let rest = &self.bytes[self.taken..];
        let Some((length, rest)) = rest.split_first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let bytes = body_length(*length)?;
        let Some(body) = rest.get(..bytes) else {
            return Ok(None);
        };
        let message = decode(body);
        self.taken += LENGTH_BYTES + bytes;
        message.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{ConversationId, Timestamp, TurnNumber};
    use crate::domain::search::{Findings, Found, Looked, Piece};
    use crate::domain::turn::{TurnEnd, TurnState};
    use crate::protocol::message::{
        Asked, AskedId, Environment, Event, Hello, Notification, NotificationKind, Place, Prompt, Refusal, Reply,
        Request, Rest, RunningTurn, Scroll, Told, ViewInput, ViewOutput, WhenAsked,
    };
    use crate::terminal::frame::*;
    use crate::terminal::keys::{Key, KeyCode, Modifiers};
    use proptest::prelude::*;

    fn hello() -> Hello {
        Hello {
            magic: "threadkeep".into(),
            major: 1,
            minor: 0,
            build: "0.1.0".into(),
            pid: 7,
            started_at: Timestamp(5),
            busy: false,
        }
    }

    #[test]
    fn messages_cut_at_any_byte_come_out_whole_and_in_order() {
        let first = encode(&hello()).expect("encodes");
        let second =
            encode(&Told::Reply { id: 3, reply: Reply::Refused { why: Refusal::NoConversation(ConversationId(9)) } })
                .expect("encodes");
        let stream = [first.clone(), second].concat();
        for cut in 0..stream.len() {
            let mut decoder = Decoder::default();
            decoder.push(&stream[..cut]);
            let early: Option<Hello> = decoder.take().expect("no rubbish");
            assert_eq!(early.is_some(), cut >= first.len());
            decoder.push(&stream[cut..]);
            if early.is_none() {
                assert_eq!(decoder.take::<Hello>().expect("no rubbish"), Some(hello()));
            }
            let told: Option<Told> = decoder.take().expect("no rubbish");
            assert!(matches!(told, Some(Told::Reply { id: 3, .. })));
        }
    }

    #[test]
    fn a_length_over_the_cap_is_refused_before_anything_is_kept_for_it() {
        let mut decoder = Decoder::default();
        decoder.push(&u32::MAX.to_le_bytes());
        assert!(matches!(decoder.take::<Hello>(), Err(CodecError::TooLong { .. })));
    }

    /// A newer side may send fields that this build does not know.
    #[test]
    fn unknown_fields_are_passed_over() {
        #[derive(Serialize)]
        struct NewerHello {
            magic: &'static str,
            major: u16,
            minor: u16,
            build: &'static str,
            pid: u32,
            started_at: i64,
            mood: &'static str,
        }
        let newer =
            NewerHello { magic: "threadkeep", major: 1, minor: 0, build: "0.1.0", pid: 7, started_at: 5, mood: "fine" };
        let bytes = encode(&newer).expect("encodes");
        assert_eq!(decode::<Hello>(&bytes[4..]).expect("the rest is known"), hello());
    }

    #[test]
    fn of_an_unknown_request_the_id_can_be_read_and_what_follows_is_whole() {
        #[derive(Serialize)]
        struct NewerAsked {
            id: u64,
            request: NewerRequest,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "snake_case")]
        enum NewerRequest {
            Sing { song: &'static str },
        }
        let newer = encode(&NewerAsked { id: 5, request: NewerRequest::Sing { song: "la" } }).expect("encodes");
        let known = encode(&Asked { id: 6, request: Request::List }).expect("encodes");
        let mut decoder = Decoder::default();
        decoder.push(&[newer.clone(), known].concat());
        assert!(matches!(decoder.take::<Asked>(), Err(CodecError::Decode(_))));
        assert_eq!(decode::<AskedId>(&newer[4..]).expect("the id is there").id, 5);
        assert_eq!(decoder.take::<Asked>().expect("whole"), Some(Asked { id: 6, request: Request::List }));
    }

    /// A new shape comes with its golden bytes; an old one that changes cannot be read by the builds before.
    #[test]
    fn messages_lie_on_the_wire_as_the_golden_file_has_them() {
        let conversation = ConversationId(7);
        let submit = Request::Submit {
            conversation,
            text: "hi".into(),
            place: Place::Behind,
            environment: Environment(vec![("A".into(), "b".into())]),
        };
        let wait = Request::Wait { conversation, turn: Some(TurnNumber(2)), asked: WhenAsked::Tell };
        let agent = Some("a".to_owned());
        let fresh = Request::Fresh { conversation, running: RunningTurn::Refuse, agent, model: None };
        let refused = Reply::Refused { why: Refusal::NotQueued(TurnNumber(3)) };
        let golden = [
            ("hello", encode(&hello())),
            ("submit", encode(&Asked { id: 1, request: submit })),
            (
                "view",
                encode(&Asked { id: 2, request: Request::View { conversation, size: Size { columns: 80, rows: 24 } } }),
            ),
            ("wait", encode(&Asked { id: 3, request: wait })),
            ("fresh", encode(&Asked { id: 4, request: fresh })),
            ("search", encode(&Asked { id: 5, request: Request::Search { text: "fix is:failed".into(), most: 20 } })),
            ("prompts", encode(&Asked { id: 7, request: Request::Prompts { most: 20 } })),
            ("prompts_told", encode(&Told::Reply { id: 7, reply: Reply::Prompts(vec![a_prompt()]) })),
            ("move_tab", encode(&Asked { id: 6, request: Request::MoveTab { conversation, to: 2 } })),
            ("found", encode(&Told::Reply { id: 5, reply: Reply::Found(findings()) })),
            ("refused", encode(&Told::Reply { id: 1, reply: refused })),
            ("notify", encode(&Told::Event(Event::Notify(Box::new(a_notification()))))),
            ("ending", encode(&Told::Event(Event::HostEnding))),
            ("key", encode(&ViewInput::Key(Key { code: KeyCode::Char('a'), modifiers: Modifiers::CONTROL }))),
            ("scroll", encode(&ViewInput::Scroll(Scroll::Up(3)))),
            ("scroll_to", encode(&ViewInput::Scroll(Scroll::ToRow(-3)))),
            ("read_text", encode(&ViewInput::ReadText)),
            ("text", encode(&ViewOutput::Text { first: 7, rows: vec![a_text_row()], rest: Rest::None })),
            ("picture", encode(&ViewOutput::Frame(a_picture()))),
        ]
        .map(|(name, bytes)| format!("{name}: {}", readable(&bytes.expect("encodes"))));
        insta::assert_snapshot!(golden.join("\n"));
    }

    fn findings() -> Findings {
        let snippet = vec![Piece::Plain("to ".into()), Piece::Hit("fix".into())];
        let state = TurnState::Ended(TurnEnd::Completed);
        let (title, agent, folder) = ("t".into(), "a".into(), "/f".into());
        let (conversation, turn, at) = (ConversationId(7), TurnNumber(2), Timestamp(5));
        let found = vec![Found { conversation, turn, title, agent, folder, state, at, snippet }];
        Findings { found, looked: Looked::AtAll }
    }

    fn a_notification() -> Notification {
        Notification {
            conversation: ConversationId(7),
            title: "t".into(),
            agent: "a".into(),
            folder: "/f".into(),
            turn: TurnNumber(2),
            kind: NotificationKind::NeedsYou,
            state: "needs answer".into(),
            elapsed_ms: 5,
            text: "which?".into(),
        }
    }

    fn a_prompt() -> Prompt {
        let (conversation, turn) = (ConversationId(7), TurnNumber(2));
        Prompt { conversation, turn, text: "hi".into(), bytes: 2, at: Timestamp(5) }
    }

    fn a_text_row() -> TextRow {
        TextRow { text: "ok".into(), wrapped: true }
    }

    fn a_picture() -> FrameDelta {
        let style = Style { foreground: Color::Indexed(1), background: Color::Rgb(1, 2, 3), flags: Style::BOLD };
        let run = Run { style, width: RunWidth::Narrow, text: "ok".into() };
        FrameDelta {
            size: Size { columns: 80, rows: 24 },
            rows: vec![(3, Row { runs: vec![run] })],
            cursor: Some(Cursor { column: 1, row: 2, shape: CursorShape::Bar, blink: Blink::Steady }),
            scroll: ScrollPosition { up: 0, most: 9, left: 40 },
            clicks: ClicksGo::ToProgram,
        }
    }

    fn readable(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| std::ascii::escape_default(*byte).to_string()).collect()
    }

    proptest! {
        #[test]
        fn rubbish_is_an_error_and_never_more(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut decoder = Decoder::default();
            decoder.push(&bytes);
            while let Ok(Some(_)) = decoder.take::<Request>() {}
        }
    }
}
