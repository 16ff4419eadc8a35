//! Links to one view for people without a key. What lets somebody in is kept as a hash; the link itself is nowhere.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};
use thiserror::Error;

use crate::error::StateError;
use crate::state::{State, within};
use crate::text::{TextError, line};
use crate::views::{QUERY_BYTES_MAX, checked_query, maker};

/// Most links. Those that are over stay in the list while there is room.
pub const SHARES_MAX: usize = 500;
/// Longest label, in characters.
pub const LABEL_CHARS_MAX: usize = 100;
/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;
/// How long a link that is over stays in the list, in microseconds: 30 days.
pub const KEPT_MICROS: i64 = 30 * 24 * 60 * 60 * 1_000_000;

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The part of the link that names it.
    pub id: String,
    /// The hash of the part that is secret.
    pub secret_hash: [u8; HASH_BYTES],
    /// What it is for.
    pub label: String,
    /// The path of the page.
    pub page: String,
    /// The query as the page writes it, without `?`.
    pub query: String,
    /// The name of the key that it was made with; `None` where none was needed.
    pub made_by: Option<String>,
    /// The id of that key.
    pub key_id: Option<String>,
    /// Microseconds since 1970.
    pub made_at: i64,
    /// From which on it is over, in microseconds since 1970.
    pub expires_at: i64,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
}

/// A link to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewShare<'a> {
    /// The part of the link that names it.
    pub id: &'a str,
    /// The hash of the part that is secret.
    pub secret_hash: [u8; HASH_BYTES],
    /// 1 to [`LABEL_CHARS_MAX`] characters.
    pub label: &'a str,
    /// The path of the page.
    pub page: &'a str,
    /// At most [`QUERY_BYTES_MAX`] bytes.
    pub query: &'a str,
    /// The name of a key.
    pub made_by: Option<&'a str>,
    /// Its id.
    pub key_id: Option<&'a str>,
    /// Microseconds since 1970.
    pub expires_at: i64,
}

/// Why a link wasn't made.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ShareError {
    /// The label isn't one.
    #[error(transparent)]
    Label(#[from] TextError),
    /// There are too many.
    #[error("there are {SHARES_MAX} links, which is the most; revoke some")]
    TooMany,
    /// The query is too long.
    #[error("the view's query has {bytes} bytes; at most {QUERY_BYTES_MAX} are kept: take some filters away")]
    QueryTooLong {
        /// What it has.
        bytes: usize,
    },
    /// The file failed.
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<sqlx::Error> for ShareError {
    fn from(error: sqlx::Error) -> ShareError {
        ShareError::State(error.into())
    }
}

/// All links, the latest first.
///
/// # Errors
/// The file failed.
pub async fn list(state: &State) -> Result<Vec<Share>, StateError> {
    within(async {
        let mut reader = state.reader().await?;
        let rows = sqlx::query(
            "select id, secret_hash, label, page, query, made_by, key_id, made_at, expires_at, revoked_at \
             from shares order by made_at desc, id",
        )
        .fetch_all(&mut *reader)
        .await?;
        Ok(rows.iter().map(share).collect::<Result<_, sqlx::Error>>()?)
    })
    .await
}

/// Makes a link; it is durable when this returns. Those that were over for long are forgotten.
///
/// # Errors
/// It isn't as it has to be, or the file failed.
pub async fn make(state: &State, new: NewShare<'_>) -> Result<Share, ShareError> {
    let label = line("the label", new.label, LABEL_CHARS_MAX)?;
    checked_query(new.query).map_err(|bytes| ShareError::QueryTooLong { bytes })?;
    let made_at = state.now_micros();
    let made_by = maker(new.made_by);
    within(async {
        let mut write = state.transaction().await?;
        sqlx::query("delete from shares where min(expires_at, coalesce(revoked_at, expires_at)) < ?")
            .bind(made_at.saturating_sub(KEPT_MICROS))
            .execute(&mut *write)
            .await?;
        if count(&mut write).await? >= SHARES_MAX {
            // Those that are over make room before their time.
            sqlx::query("delete from shares where min(expires_at, coalesce(revoked_at, expires_at)) <= ?")
                .bind(made_at)
                .execute(&mut *write)
                .await?;
        }
        if count(&mut write).await? >= SHARES_MAX {
            return Err(ShareError::TooMany);
        }
        sqlx::query(
            "insert into shares (id, secret_hash, label, page, query, made_by, key_id, made_at, expires_at) \
             values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.id)
        .bind(&new.secret_hash[..])
        .bind(label)
        .bind(new.page)
        .bind(new.query)
        .bind(&made_by)
        .bind(new.key_id)
        .bind(made_at)
        .bind(new.expires_at)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(Share {
            id: new.id.to_owned(),
            secret_hash: new.secret_hash,
            label: label.to_owned(),
            page: new.page.to_owned(),
            query: new.query.to_owned(),
            made_by: made_by.clone(),
            key_id: new.key_id.map(str::to_owned),
            made_at,
            expires_at: new.expires_at,
            revoked_at: None,
        })
    })
    .await
}

/// Revokes a link; whether there was one that wasn't revoked.
///
/// # Errors
/// The file failed.
pub async fn revoke(state: &State, id: &str) -> Result<bool, StateError> {
    let now = state.now_micros();
    within(async {
        let mut write = state.transaction().await?;
        let changed = sqlx::query("update shares set revoked_at = ? where id = ? and revoked_at is null")
            .bind(now)
            .bind(id)
            .execute(&mut *write)
            .await?;
        write.commit().await?;
        Ok(changed.rows_affected() > 0)
    })
    .await
}

async fn count(write: &mut Transaction<'static, Sqlite>) -> Result<usize, sqlx::Error> {
    let count: i64 = sqlx::query_scalar("select count(*) from shares").fetch_one(&mut **write).await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn share(row: &SqliteRow) -> Result<Share, sqlx::Error> {
    let hash: Vec<u8> = row.try_get(1)?;
    Ok(Share {
        id: row.try_get(0)?,
        secret_hash: hash.try_into().map_err(|_| sqlx::Error::Decode("a hash of another length".into()))?,
        label: row.try_get(2)?,
        page: row.try_get(3)?,
        query: row.try_get(4)?,
        made_by: row.try_get(5)?,
        key_id: row.try_get(6)?,
        made_at: row.try_get(7)?,
        expires_at: row.try_get(8)?,
        revoked_at: row.try_get(9)?,
    })
}
