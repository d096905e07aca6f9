//! Reports in, claims out: all states, all limits, and rubbish.

use super::*;
use proptest::prelude::*;

fn encoded(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32, at: u32| char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize]);
    let group = |bytes: &[u8]| {
        let bits = bytes.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - bytes.len()));
        (0..=bytes.len() as u32).map(|at| digit(bits, at)).collect::<String>()
    };
    text.as_bytes().chunks(3).map(group).collect()
}

fn claims(reports: &[&str]) -> Vec<Claim> {
    let mut seen = StatusReports::default();
    let payloads = reports.iter().map(|report| format!("7501;{report}"));
    payloads.flat_map(|payload| seen.see(payload.as_bytes())).map(|(claim, _)| claim).collect()
}

fn asks(kind: RequestKind, text: &str) -> Claim {
    Claim::Asks { kind, text: text.into() }
}

#[test]
fn every_state_of_the_root_is_a_claim() {
    let table = [
        ("state=idle:app=a", vec![Claim::Idle]),
        ("state=working", vec![Claim::Working { doing: None }]),
        ("state=working:msg=cnVucyBscw==", vec![Claim::Working { doing: Some("runs ls".into()) }]),
        ("state=blocked:kind=permission:msg=YQ==", vec![asks(RequestKind::Permission, "a")]),
        ("state=blocked:kind=question", vec![asks(RequestKind::Question, "")]),
        ("state=blocked:kind=auth", vec![asks(RequestKind::Login, "")]),
        ("state=blocked", vec![asks(RequestKind::Question, "")]),
        ("state=blocked:kind=new", vec![asks(RequestKind::Question, "")]),
        ("state=done:progress=100", vec![Claim::Done]),
        ("state=error:msg=NTAw", vec![Claim::Failed { text: "500".into() }]),
        ("state=error", vec![Claim::Failed { text: String::new() }]),
        ("state=clear", vec![]),
        ("new=1:state=idle::x", vec![Claim::Idle]),
        ("state=done:state=idle", vec![Claim::Idle]),
    ];
    for (report, wanted) in table {
        assert_eq!(claims(&[report]), wanted, "{report}");
    }
}

#[test]
fn a_wrong_report_says_nothing() {
    let long_id = ["a".repeat(32), "b".repeat(32), "c".repeat(32), "d".repeat(30)].join("/");
    let wrong = [
        "".to_owned(),
        "?".into(),
        "state=".into(),
        "state=sleeping".into(),
        "app=a".into(),
        "state=done:msg=%%%".into(),
        "state=done:msg=Y".into(),
        format!("state=done:msg={}", encoded("a\u{1b}[31m")),
        format!("state=done:title={}", encoded("a\u{9b}b")),
        format!("state=done:msg={}", encoded(&"a".repeat(2049))),
        format!("state=done:title={}", encoded(&"a".repeat(193))),
        format!("state=done:id={}", "a".repeat(33)),
        format!("state=done:id={long_id}"),
        "state=done:id=".into(),
        "state=done:id=a//b".into(),
        format!("state=done:x={}", "y".repeat(4096)),
    ];
    for report in &wrong {
        assert_eq!(claims(&[report]), [], "{report}");
    }
    let whole = format!("state=done:msg={}:title={}", encoded(&"a".repeat(2048)), encoded(&"b".repeat(192)));
    assert_eq!(claims(&[&whole]), [Claim::Done]);
    assert_eq!(StatusReports::default().see(b"9;4;3"), []);
    assert_eq!(StatusReports::default().see(b"7501;state=\xff"), []);
}

#[test]
fn children_count_as_background_work_until_they_are_cleared() {
    let background = |count| Claim::Background { count };
    let table: [(&[&str], Vec<Claim>); 5] = [
        (
            &["state=working:id=a", "state=working:id=a:title=YQ==", "state=clear:id=a"],
            vec![background(1), background(0)],
        ),
        (
            &["state=working:id=a", "state=blocked:id=b", "state=done:id=a"],
            vec![background(1), background(2), background(1)],
        ),
        (
            &["state=working:id=a/b", "state=working:id=ab", "state=clear:id=a"],
            vec![background(1), background(2), background(1)],
        ),
        (&["state=working:id=a", "state=idle", "state=clear"], vec![background(1), Claim::Idle, background(0)]),
        (&["state=clear:id=none", "state=idle:id=a"], vec![]),
    ];
    for (reports, wanted) in table {
        assert_eq!(claims(reports), wanted, "{reports:?}");
    }
}

#[test]
fn a_reset_forgets_all_and_records_are_limited() {
    let mut seen = StatusReports::default();
    for number in 0..300 {
        seen.see(format!("7501;state=working:id=n{number}").as_bytes());
    }
    assert_eq!(seen.children_at_work(), 256);
    // A record that is there can still change, and a full table never hides the agent itself.
    assert_eq!(seen.see(b"7501;state=idle").len(), 1);
    assert_eq!(seen.see(b"7501;state=done:id=n7").len(), 1);
    assert_eq!(seen.reset(), [(Claim::Background { count: 0 }, "0 in the background".to_owned())]);
    assert!(seen.records.is_empty());
}

#[test]
fn the_words_tell_what_was_reported() {
    let mut seen = StatusReports::default();
    let report = format!("7501;state=blocked:kind=permission:msg={}", encoded("touch x"));
    let (_, words) = seen.see(report.as_bytes()).remove(0);
    assert_eq!(words, "blocked, permission: touch x");
}

proptest! {
    #[test]
    fn rubbish_never_harms(reports in proptest::collection::vec("(state=|id=|msg=|idle|working|clear|:|;|/|[ -~]|\\PC){0,12}", 0..12)) {
        let mut seen = StatusReports::default();
        for report in reports {
            for (claim, _) in seen.see(format!("7501;{report}").as_bytes()) {
                if let Claim::Working { doing: Some(text) } | Claim::Asks { text, .. } | Claim::Failed { text } = claim {
                    prop_assert!(text.len() <= MOST_MESSAGE_BYTES && !text.chars().any(char::is_control));
                }
            }
            prop_assert!(seen.records.len() <= MOST_RECORDS + 1);
        }
    }

    #[test]
    fn any_bytes_never_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        StatusReports::default().see(&[b"7501;".as_slice(), &bytes].concat());
    }
}
