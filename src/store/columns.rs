//! How values of the domain stand in columns.
//!
//! Numbers and moments are integers. An enum without content is its word (`queued`), one with content is JSON of the domain type
//! (`{"agent_exited":{"code":1}}`), both under the names that serde gives them: readable for scripts, and the domain says them once. The state
//! of a turn is three plain columns, for scripts ask for it: `state`, `outcome`, and the cause as JSON.
//!
//! Forward compatibility: the number of the schema tells which words may stand here. Whoever gives the domain a new variant or field that is
//! saved adds the next schema file (it may hold a comment alone) and the golden store of it, so that an older build refuses the store as newer
//! instead of stumbling over a word in the middle of it; new fields get `#[serde(default)]`, and no variant is ever renamed. A word that is
//! not known all the same is an error that names it, never a guess.

use crate::domain::id::{ConversationId, SessionNumber, Timestamp, TurnNumber};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An enum without content, as its word.
pub struct Word<T>(pub T);

/// Anything else of the domain, as JSON.
pub struct Json<T>(pub T);

#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not known to this build; use a newer threadkeep")]
struct NotKnown {
    text: String,
    source: serde_json::Error,
}

impl<T: Serialize> ToSql for Word<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(take_apart(&self.0)?.0.into())
    }
}

impl<T: DeserializeOwned> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word = value.as_str()?;
        serde_json::from_value(Value::from(word)).map(Word).map_err(|source| not_known(word, source))
    }
}

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(serde_json::to_string(&self.0).map_err(not_written)?.into())
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        serde_json::from_str(text).map(Json).map_err(|source| not_known(text, source))
    }
}

/// The word of an enum, and JSON of its content where the variant has one.
pub fn take_apart<T: Serialize>(value: &T) -> rusqlite::Result<(String, Option<String>)> {
    match serde_json::to_value(value).map_err(not_written)? {
        Value::String(word) => Ok((word, None)),
        Value::Object(variant) if variant.len() == 1 => {
            Ok(variant.into_iter().next().map(|(word, content)| (word, Some(content.to_string()))).unwrap_or_default())
        }
        other => Err(not_written(format!("{other} is not an enum"))),
    }
}

/// The enum that `take_apart` made these of.
pub fn put_together<T: DeserializeOwned>(word: String, content: Option<String>) -> FromSqlResult<T> {
    let value = match &content {
        None => Value::from(word.as_str()),
        Some(json) => {
            let content: Value = serde_json::from_str(json).map_err(|source| not_known(json, source))?;
            Value::from(serde_json::Map::from_iter([(word.clone(), content)]))
        }
    };
    serde_json::from_value(value)
        .map_err(|source| not_known(&format!("{word} {}", content.as_deref().unwrap_or("")), source))
}

fn not_known(text: &str, source: serde_json::Error) -> FromSqlError {
    let text = text.chars().take(80).collect();
    FromSqlError::Other(Box::new(NotKnown { text, source }))
}

fn not_written(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(why.into())
}

/// A number of the domain is the integer in it.
macro_rules! integer_columns {
    ($($number:ident),*) => { $(
        impl ToSql for $number {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }
        impl FromSql for $number {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                FromSql::column_result(value).map($number)
            }
        }
    )* };
}
integer_columns!(ConversationId, SessionNumber, TurnNumber, Timestamp);
