//! The open file: connections to read and one to write, and a limit of time for each call.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ambient::Clock;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use sqlx::{Sqlite, Transaction};

use crate::error::{OpenError, StateError};
use crate::open::{options, prepare};

/// How long a call takes at most, waiting for others included.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(5);

/// Connections that read. A read takes a fraction of a millisecond.
const READERS_MAX: u32 = 2;

/// The open file. Clones share it.
#[derive(Clone)]
pub struct State(Arc<Shared>);

struct Shared {
    path: PathBuf,
    readers: SqlitePool,
    /// One connection: SQLite has one writer at a time, and here they wait in order.
    writer: SqlitePool,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State(..)")
    }
}

impl State {
    /// Opens the state of a data directory, or makes it where there is none. The caller holds the directory.
    ///
    /// # Errors
    /// The file is damaged, somebody else's or of a newer version, or can't be read or written. Nothing was changed.
    pub async fn open(data: &Path, clock: Arc<dyn Clock>) -> Result<State, OpenError> {
        let path = prepare(data).await?;
        let refused = |source: sqlx::Error| OpenError::State { path: path.clone(), source: source.into() };
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(CALL_TIME_MAX)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
        };
        let writer = pool(1).connect_with(options(&path)).await.map_err(refused)?;
        let readers = pool(READERS_MAX).connect_lazy_with(options(&path).pragma("query_only", "on"));
        Ok(State(Arc::new(Shared { path, readers, writer, clock })))
    }

    /// Ends it: everything is in the one file afterwards.
    pub async fn close(&self) {
        self.0.readers.close().await;
        // The last one takes the log into the file.
        self.0.writer.close().await;
    }

    /// Microseconds since 1970 by the clock that it was opened with.
    pub fn now_micros(&self) -> i64 {
        self.0.clock.now_micros()
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// The connection that writes, outside of a transaction.
    pub(crate) async fn writer(&self) -> Result<PoolConnection<Sqlite>, StateError> {
        Ok(self.0.writer.acquire().await?)
    }

    /// A connection to read with.
    pub(crate) async fn reader(&self) -> Result<PoolConnection<Sqlite>, StateError> {
        Ok(self.0.readers.acquire().await?)
    }

    /// A transaction. It has the right to write from its first statement on, so that none of them finds it taken.
    pub(crate) async fn transaction(&self) -> Result<Transaction<'static, Sqlite>, StateError> {
        Ok(self.0.writer.begin_with("begin immediate").await?)
    }
}

impl State {
    /// Deletes what has an id; whether there was one.
    pub(crate) async fn delete_one(&self, statement: &'static str, id: i64) -> Result<bool, StateError> {
        within(async {
            let mut write = self.transaction().await?;
            let changed = sqlx::query(statement).bind(id).execute(&mut *write).await?;
            write.commit().await?;
            Ok(changed.rows_affected() > 0)
        })
        .await
    }
}

/// Ends a call that takes too long; what it had begun to change is undone, unless it was about to be durable.
pub(crate) async fn within<T, E: From<StateError>>(call: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    tokio::time::timeout(CALL_TIME_MAX, call).await.unwrap_or_else(|_| Err(StateError::Timeout.into()))
}
