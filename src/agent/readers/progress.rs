//! The progress report of a program (OSC 9;4): busy, not busy, failed.

use crate::agent::claim::Claim;

/// `9;4;STATE[;PERCENT]`: 0 none, 1 so far, 2 failed, 3 busy, 4 paused, which says nothing of a turn.
pub fn read(payload: &[u8]) -> Option<(Claim, String)> {
    let state = payload.strip_prefix(b"9;4;")?.split(|byte| *byte == b';').next()?;
    let (claim, words) = match state {
        b"0" => (Claim::Idle, "not busy"),
        b"1" | b"3" => (Claim::Working { doing: None }, "busy"),
        b"2" => (Claim::Failed { text: String::new() }, "failed"),
        _ => return None,
    };
    Some((claim, words.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_claims() {
        let claim = |payload: &str| read(payload.as_bytes()).map(|(claim, _)| claim);
        assert_eq!(claim("9;4;0"), Some(Claim::Idle));
        assert_eq!(claim("9;4;0;"), Some(Claim::Idle));
        assert_eq!(claim("9;4;1;50"), Some(Claim::Working { doing: None }));
        assert_eq!(claim("9;4;3"), Some(Claim::Working { doing: None }));
        assert_eq!(claim("9;4;2;7"), Some(Claim::Failed { text: String::new() }));
        for payload in ["9;4;4", "9;4;", "9;4", "9;4;31", "9;40;3", "x"] {
            assert_eq!(claim(payload), None, "{payload}");
        }
    }
}
