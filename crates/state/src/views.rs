//! Saved views: a page with its query, under a name.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use thiserror::Error;

use crate::error::StateError;
use crate::state::{State, within};
use crate::text::{TextError, line};

/// Most views.
pub const VIEWS_MAX: usize = 200;
/// Longest name, in characters.
pub const NAME_CHARS_MAX: usize = 100;
/// Longest query, in bytes.
pub const QUERY_BYTES_MAX: usize = 2_048;
/// Longest path of a page, in bytes.
pub const PAGE_BYTES_MAX: usize = 64;
/// Longest name of whoever made something, in characters; more of it is left out.
pub(crate) const MAKER_CHARS_MAX: usize = 100;

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Its number, which no other gets.
    pub id: i64,
    /// Its name; no other has it.
    pub name: String,
    /// The path of the page.
    pub page: String,
    /// The query as the page writes it, without `?`; empty for none.
    pub query: String,
    /// The name of the key that it was made with; `None` where none was needed.
    pub made_by: Option<String>,
    /// Microseconds since 1970.
    pub made_at: i64,
}

/// A view to be saved.
#[derive(Clone, Copy, Debug)]
pub struct NewView<'a> {
    /// 1 to [`NAME_CHARS_MAX`] characters.
    pub name: &'a str,
    /// The path of the page.
    pub page: &'a str,
    /// At most [`QUERY_BYTES_MAX`] bytes.
    pub query: &'a str,
    /// The name of a key.
    pub made_by: Option<&'a str>,
}

/// Why a view wasn't saved or renamed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ViewError {
    /// The name isn't one.
    #[error(transparent)]
    Name(#[from] TextError),
    /// Another view has the name.
    #[error("there is a view of this name; choose another name, or delete that view first")]
    NameTaken,
    /// There are too many.
    #[error("there are {VIEWS_MAX} saved views, which is the most; delete one that nobody needs")]
    TooMany,
    /// The query is too long.
    #[error("the view's query has {bytes} bytes; at most {QUERY_BYTES_MAX} are kept: take some filters away")]
    QueryTooLong {
        /// What it has.
        bytes: usize,
    },
    /// There is no such view.
    #[error("there is no such view; it may have been deleted")]
    Unknown,
    /// The file failed.
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<sqlx::Error> for ViewError {
    fn from(error: sqlx::Error) -> ViewError {
        ViewError::State(error.into())
    }
}

/// All views, by name.
///
/// # Errors
/// The file failed.
pub async fn list(state: &State) -> Result<Vec<View>, StateError> {
    within(async {
        let mut reader = state.reader().await?;
        let rows =
            sqlx::query("select id, name, page, query, made_by, made_at from views order by name collate nocase, name")
                .fetch_all(&mut *reader)
                .await?;
        Ok(rows.iter().map(view).collect::<Result<_, sqlx::Error>>()?)
    })
    .await
}

/// The view of this name.
///
/// # Errors
/// The file failed.
pub async fn by_name(state: &State, name: &str) -> Result<Option<View>, StateError> {
    within(async {
        let mut reader = state.reader().await?;
        let row = sqlx::query("select id, name, page, query, made_by, made_at from views where name = ?")
            .bind(name)
            .fetch_optional(&mut *reader)
            .await?;
        Ok(row.as_ref().map(view).transpose()?)
    })
    .await
}

/// Saves a view; it is durable when this returns.
///
/// # Errors
/// It isn't as it has to be, or the file failed.
pub async fn save(state: &State, new: NewView<'_>) -> Result<View, ViewError> {
    let name = line("the name", new.name, NAME_CHARS_MAX)?;
    checked_query(new.query).map_err(|bytes| ViewError::QueryTooLong { bytes })?;
    let made_at = state.now_micros();
    let made_by = maker(new.made_by);
    within(async {
        let mut write = state.transaction().await?;
        if is_taken(&mut write, name, None).await? {
            return Err(ViewError::NameTaken);
        }
        let count: i64 = sqlx::query_scalar("select count(*) from views").fetch_one(&mut *write).await?;
        if count >= VIEWS_MAX as i64 {
            return Err(ViewError::TooMany);
        }
        let id = sqlx::query("insert into views (name, page, query, made_by, made_at) values (?, ?, ?, ?, ?)")
            .bind(name)
            .bind(new.page)
            .bind(new.query)
            .bind(&made_by)
            .bind(made_at)
            .execute(&mut *write)
            .await?
            .last_insert_rowid();
        write.commit().await?;
        let (name, page, query) = (name.to_owned(), new.page.to_owned(), new.query.to_owned());
        Ok(View { id, name, page, query, made_by: made_by.clone(), made_at })
    })
    .await
}

/// Gives a view another name.
///
/// # Errors
/// The name isn't one or is taken, there is no such view, or the file failed.
pub async fn rename(state: &State, id: i64, name: &str) -> Result<(), ViewError> {
    let name = line("the name", name, NAME_CHARS_MAX)?;
    within(async {
        let mut write = state.transaction().await?;
        if is_taken(&mut write, name, Some(id)).await? {
            return Err(ViewError::NameTaken);
        }
        let changed = sqlx::query("update views set name = ? where id = ?")
            .bind(name)
            .bind(id)
            .execute(&mut *write)
            .await?
            .rows_affected();
        write.commit().await?;
        if changed == 0 { Err(ViewError::Unknown) } else { Ok(()) }
    })
    .await
}

/// Deletes a view; whether there was one.
///
/// # Errors
/// The file failed.
pub async fn delete(state: &State, id: i64) -> Result<bool, StateError> {
    state.delete_one("delete from views where id = ?", id).await
}

async fn is_taken(
    write: &mut sqlx::Transaction<'static, sqlx::Sqlite>,
    name: &str,
    besides: Option<i64>,
) -> Result<bool, sqlx::Error> {
    let found: Option<i64> =
        sqlx::query_scalar("select id from views where name = ?").bind(name).fetch_optional(&mut **write).await?;
    Ok(found.is_some_and(|id| Some(id) != besides))
}

fn view(row: &SqliteRow) -> Result<View, sqlx::Error> {
    Ok(View {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        page: row.try_get(2)?,
        query: row.try_get(3)?,
        made_by: row.try_get(4)?,
        made_at: row.try_get(5)?,
    })
}

/// # Errors
/// The bytes of one that is too long.
pub(crate) fn checked_query(query: &str) -> Result<(), usize> {
    if query.len() > QUERY_BYTES_MAX { Err(query.len()) } else { Ok(()) }
}

/// Whoever made something, as far as there is room.
pub(crate) fn maker(name: Option<&str>) -> Option<String> {
    name.map(|name| name.chars().take(MAKER_CHARS_MAX).collect())
}
