//! The secret of one session's process: a mark that carries it came from our own integration, not from a program's output.
//!
//! It limits mistakes and forged output. It does not stop a hostile process of the same user, who can read the agent's memory.

/// The bytes that a token is made of: 128 bits from the system's random source, which the caller asks.
pub const TOKEN_BYTES: usize = 16;

/// 32 lower-case hexadecimal digits, so that it needs no quoting anywhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    pub fn new(random: [u8; TOKEN_BYTES]) -> Token {
        Token(random.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// One that was made before, and kept; none where this cannot be one.
    pub fn known(text: String) -> Option<Token> {
        let is_one =
            text.len() == 2 * TOKEN_BYTES && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_one.then_some(Token(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Never the token itself: it must not reach a log.
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_plain_digits_and_does_not_show_itself() {
        let token = Token::new([0xa5; TOKEN_BYTES]);
        assert_eq!(token.as_str(), "a5".repeat(16));
        assert_eq!(format!("{token:?}"), "Token(..)");
        assert_eq!(Token::known(token.as_str().to_owned()), Some(token));
        for none in ["", "a5", &"A5".repeat(16), &"a5".repeat(17)] {
            assert_eq!(Token::known(none.to_owned()), None);
        }
    }
}
