//! Notes on the time line: what happened on a day or at an instant, for whoever looks at the numbers.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use thiserror::Error;

use crate::error::StateError;
use crate::state::{State, within};
use crate::text::{TextError, line};
use crate::views::maker;

/// Most notes.
pub const NOTES_MAX: usize = 2_000;
/// Longest text, in characters.
pub const TEXT_CHARS_MAX: usize = 200;
/// Longest name of a datastream, in characters.
pub const DATASTREAM_CHARS_MAX: usize = 128;

/// A note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its number, which no other gets.
    pub id: i64,
    /// The instant, or midnight UTC of the day, in microseconds since 1970.
    pub at: i64,
    /// The day as `2026-11-29`, in whatever zone is looked at; `None` for a note on an instant.
    pub day: Option<String>,
    /// What happened.
    pub text: String,
    /// The only datastream that it is about.
    pub datastream: Option<String>,
    /// The name of the key that it was made with; `None` where none was needed.
    pub made_by: Option<String>,
    /// Microseconds since 1970.
    pub made_at: i64,
}

/// A note to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewNote<'a> {
    /// The instant, or midnight UTC of the day, in microseconds since 1970.
    pub at: i64,
    /// The day as `2026-11-29`; `None` for an instant.
    pub day: Option<&'a str>,
    /// 1 to [`TEXT_CHARS_MAX`] characters.
    pub text: &'a str,
    /// The only datastream that it is about.
    pub datastream: Option<&'a str>,
    /// The name of a key.
    pub made_by: Option<&'a str>,
}

/// Why a note wasn't kept.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NoteError {
    /// A text isn't one.
    #[error(transparent)]
    Text(#[from] TextError),
    /// There are too many.
    #[error("there are {NOTES_MAX} notes, which is the most; delete some of the oldest")]
    TooMany,
    /// The file failed.
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<sqlx::Error> for NoteError {
    fn from(error: sqlx::Error) -> NoteError {
        NoteError::State(error.into())
    }
}

/// The notes at these instants, the first inclusive and the last exclusive, oldest first. Whose days begin by another
/// clock than UTC's asks for a day more at both ends.
///
/// # Errors
/// The file failed.
pub async fn between(state: &State, since: i64, until: i64) -> Result<Vec<Note>, StateError> {
    within(async {
        let mut reader = state.reader().await?;
        let rows = sqlx::query(
            "select id, at, day, text, datastream, made_by, made_at from notes where at >= ? and at < ? order by at, id",
        )
        .bind(since)
        .bind(until)
        .fetch_all(&mut *reader)
        .await?;
        Ok(rows.iter().map(note).collect::<Result<_, sqlx::Error>>()?)
    })
    .await
}

/// All notes, the latest first.
///
/// # Errors
/// The file failed.
pub async fn list(state: &State) -> Result<Vec<Note>, StateError> {
    let mut notes = between(state, i64::MIN, i64::MAX).await?;
    notes.reverse();
    Ok(notes)
}

/// Keeps a note; it is durable when this returns.
///
/// # Errors
/// It isn't as it has to be, or the file failed.
pub async fn add(state: &State, new: NewNote<'_>) -> Result<Note, NoteError> {
    let text = line("the text", new.text, TEXT_CHARS_MAX)?;
    let datastream = match new.datastream {
        Some(name) => Some(line("the datastream", name, DATASTREAM_CHARS_MAX)?),
        None => None,
    };
    let made_at = state.now_micros();
    let made_by = maker(new.made_by);
    within(async {
        let mut write = state.transaction().await?;
        let count: i64 = sqlx::query_scalar("select count(*) from notes").fetch_one(&mut *write).await?;
        if count >= NOTES_MAX as i64 {
            return Err(NoteError::TooMany);
        }
        let id =
            sqlx::query("insert into notes (at, day, text, datastream, made_by, made_at) values (?, ?, ?, ?, ?, ?)")
                .bind(new.at)
                .bind(new.day)
                .bind(text)
                .bind(datastream)
                .bind(&made_by)
                .bind(made_at)
                .execute(&mut *write)
                .await?
                .last_insert_rowid();
        write.commit().await?;
        Ok(Note {
            id,
            at: new.at,
            day: new.day.map(str::to_owned),
            text: text.to_owned(),
            datastream: datastream.map(str::to_owned),
            made_by: made_by.clone(),
            made_at,
        })
    })
    .await
}

/// Deletes a note; whether there was one.
///
/// # Errors
/// The file failed.
pub async fn delete(state: &State, id: i64) -> Result<bool, StateError> {
    state.delete_one("delete from notes where id = ?", id).await
}

fn note(row: &SqliteRow) -> Result<Note, sqlx::Error> {
    Ok(Note {
        id: row.try_get(0)?,
        at: row.try_get(1)?,
        day: row.try_get(2)?,
        text: row.try_get(3)?,
        datastream: row.try_get(4)?,
        made_by: row.try_get(5)?,
        made_at: row.try_get(6)?,
    })
}
