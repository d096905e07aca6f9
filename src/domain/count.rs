//! How many there are of something, in words.

/// `1 turn`, `3 turns`. For words that take an s.
pub fn of(count: impl Into<u64>, one: &str) -> String {
    match count.into() {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        assert_eq!([0_u32, 1, 2].map(|count| of(count, "turn")), ["0 turns", "1 turn", "2 turns"]);
    }
}
