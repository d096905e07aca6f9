//! The newest messages of all conversations, for the history of the composer.

use crate::domain::prompt::Prompt;
use rusqlite::Connection;
use std::collections::HashSet;

/// Characters of a message that are told: more than anybody reads in a list. The rest is asked for when it is taken.
const MOST_CHARACTERS: usize = 4_096;
/// Half a frame.
const MOST_BYTES: usize = 512 * 1024;
/// Turns that are read: of a message sent over and over only the newest counts.
const MOST_READ: usize = 20_000;

/// At most so many, each text once, newest first.
pub fn newest(connection: &Connection, most: usize) -> rusqlite::Result<Vec<Prompt>> {
    let sql = format!(
        "SELECT conversation, number, accepted_at, substr(prompt, 1, {MOST_CHARACTERS}) AS text,
             length(CAST(prompt AS BLOB)) AS bytes
         FROM turns WHERE prompt <> '' ORDER BY id DESC LIMIT {MOST_READ}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    let (mut prompts, mut seen, mut bytes_told) = (Vec::new(), HashSet::new(), 0);
    while prompts.len() < most
        && let Some(row) = rows.next()?
    {
        let text: String = row.get("text")?;
        let bytes = u64::try_from(row.get::<_, i64>("bytes")?).unwrap_or(0);
        bytes_told += text.len();
        if bytes_told > MOST_BYTES {
            break;
        }
        if seen.insert((text.clone(), bytes)) {
            let (conversation, turn, at) = (row.get("conversation")?, row.get("number")?, row.get("accepted_at")?);
            prompts.push(Prompt { conversation, turn, text, bytes, at });
        }
    }
    Ok(prompts)
}
