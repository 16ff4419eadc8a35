//! Making files part of the table, exactly once.
//!
//! Each commit carries `txn(app, version)`: the journal's last sequence that the files
//! hold, say. A version that is not above the watermark was committed before, so a
//! replay after a crash changes nothing.
//!
//! Conflicts are settled here and not by the Delta library's own retries: its check
//! passes over files that a compaction has removed, so that a deletion or second
//! compaction running beside it would bring rows back or double them. Whoever loses
//! reads the log and looks for himself whether his commit still makes sense.

use deltalake::DeltaTableError;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties, TransactionError};
use deltalake::kernel::{Action, Transaction};
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::table::state::DeltaTableState;
use futures::future::BoxFuture;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::ObjectStoreExt as _;

use crate::dataset::{Dataset, Inner, Snapshot};
use crate::error::{StoreError, at};
use crate::file::NewFile;
use crate::fresh::FreshAfter;
use crate::log::Watermarks;

/// Attempts against other writers before a commit gives up.
pub(crate) const ATTEMPTS_MAX: u32 = 32;

/// Files of one commit that are put into an object store at the same time.
const PUTS_AT_ONCE: usize = 4;

/// Who commits, and how far he has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Txn<'a> {
    /// Application id: `journal`, `load-…`.
    pub app: &'a str,
    /// Grows from commit to commit of that application.
    pub version: i64,
}

/// How a commit ended. Both mean that the rows are in the table, durably.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Committed {
    /// The rows are in the table since this version.
    At(u64),
    /// They were before; the files handed over are deleted.
    Already,
}

impl Dataset {
    /// Adds the files under `txn`, all or none. When this returns `Ok`, a power cut leaves
    /// the commit whole: data files, log entry and their names are synced. In the same
    /// step in which queries begin to see the files, they cease to see the fresh rows
    /// that `fresh_after` doesn't keep.
    ///
    /// With no files, only the watermark moves.
    ///
    /// On `Err`, the fresh rows stay as they are and the files are given up. The commit may
    /// yet have happened (a lost answer); trying again with files of the same rows and the
    /// same `txn` is always right, and then answers [`Committed::Already`].
    pub fn commit<'a>(
        &'a self,
        txn: Txn<'a>,
        files: Vec<NewFile>,
        fresh_after: impl Into<FreshAfter>,
    ) -> BoxFuture<'a, Result<Committed, StoreError>> {
        self.commit_showing(txn, files, fresh_after.into())
    }

    fn commit_showing<'a>(
        &'a self,
        txn: Txn<'a>,
        files: Vec<NewFile>,
        fresh_after: FreshAfter,
    ) -> BoxFuture<'a, Result<Committed, StoreError>> {
        Box::pin(async move {
            let inner = &self.inner;
            let _writing = inner.writing.lock().await;
            if inner.is_stale() {
                inner.reload().await?;
            }
            let seen = self.watermark(txn.app);
            if seen.is_some_and(|seen| txn.version <= seen) {
                inner.show(None, Some(fresh_after))?;
                return Ok(Committed::Already);
            }
            let (version, snapshot) = inner.append(txn, seen, files).await?;
            inner.show(Some(snapshot), Some(fresh_after))?;
            inner.checkpoint_if_due(version).await;
            Ok(Committed::At(version))
        })
    }
}

/// How one attempt ended.
pub(crate) enum Attempt {
    /// The log entry is durable; this is the table with it.
    Won(Snapshot),
    /// Somebody else has written this version.
    Lost,
}

impl Inner {
    async fn append(
        &self,
        txn: Txn<'_>,
        seen: Option<i64>,
        mut files: Vec<NewFile>,
    ) -> Result<(u64, Snapshot), StoreError> {
        let table = self.names.table;
        self.put(&files).await?;
        let now = self.now_millis();
        let adds =
            files.iter().map(|file| Action::Add(file.to_add(self.names.partition, now, true))).collect::<Vec<_>>();
        for _ in 0..ATTEMPTS_MAX {
            // From here on the log may name the files, even if no answer comes back.
            files.iter_mut().for_each(|file| file.keep(true));
            match self.attempt(adds.clone(), append_operation(self.names.partition), Some(txn)).await? {
                Attempt::Won(snapshot) => return Ok((snapshot.version(), snapshot)),
                Attempt::Lost => files.iter_mut().for_each(|file| file.keep(false)),
            }
            self.reload().await?;
            if self.snapshot().watermarks.get(txn.app).copied() != seen {
                return Err(StoreError::AnotherWriter { table, app: txn.app.to_owned() });
            }
        }
        Err(StoreError::Contended { table, attempts: ATTEMPTS_MAX })
    }

    /// Puts what is still in memory where the log will say it is.
    pub(crate) async fn put(&self, files: &[NewFile]) -> Result<(), StoreError> {
        let store = self.place.store();
        let puts = files.iter().filter_map(NewFile::unsent).map(|(path, bytes)| {
            let store = store.clone();
            async move { store.put(&path, bytes.into()).await.map(drop) }
        });
        let puts = futures::stream::iter(puts).buffer_unordered(PUTS_AT_ONCE).try_collect::<()>().await;
        puts.map_err(at(self.names.table, "storing a data file"))
    }

    /// Tries once to write the entry after the snapshot's version. The caller holds
    /// `writing`.
    pub(crate) async fn attempt(
        &self,
        actions: Vec<Action>,
        operation: DeltaOperation,
        txn: Option<Txn<'_>>,
    ) -> Result<Attempt, StoreError> {
        let table = self.names.table;
        let snapshot = self.snapshot();
        let mut properties = CommitProperties::default()
            .with_max_retries(0)
            .with_create_checkpoint(false)
            .with_cleanup_expired_logs(Some(false));
        let mut watermarks: Watermarks = snapshot.watermarks.clone();
        if let Some(Txn { app, version }) = txn {
            let transaction = Transaction::new_with_last_update(app, version, Some(self.now_millis()));
            properties = properties.with_application_transaction(transaction);
            watermarks.insert(app.to_owned(), version);
        }
        let log_store = self.place.log_store.clone();
        let commit = CommitBuilder::from(properties).with_actions(actions);
        let commit = commit.build(Some(&snapshot.state), log_store.clone(), operation).into_prepared_commit_future();
        let written = commit.await.map_err(at(table, "preparing a commit"))?.await;
        let written = match written {
            Ok(written) => written,
            Err(error) if lost(&error) => return Ok(Attempt::Lost),
            Err(error) => {
                self.set_stale();
                return Err(at(table, "committing")(error));
            }
        };
        // The entry is durable. What fails from here on must not look like a commit that
        // didn't happen: if the table can't be read either, the next commit reads it first.
        let state = match written.await {
            Ok(finished) => Ok(finished.snapshot()),
            Err(_) => DeltaTableState::try_new(&log_store, None).await.map_err(at(table, "reading back a commit")),
        };
        let snapshot = match state {
            Ok(state) => Snapshot::new(&self.names, &self.place, state, watermarks).await,
            Err(error) => Err(error),
        };
        if snapshot.is_err() {
            self.set_stale();
        }
        snapshot.map(Attempt::Won)
    }

    /// Sums up the log now and then, so that opening stays fast, and lets entries go that
    /// are older than the table keeps them. A failure costs speed only.
    pub(crate) async fn checkpoint_if_due(&self, version: u64) {
        if !(version + 1).is_multiple_of(self.checkpoint_every_commits) {
            return;
        }
        let mut table = deltalake::DeltaTable::new(self.place.log_store.clone());
        table.state = Some(self.snapshot().state.clone());
        let mut done = deltalake::checkpoints::create_checkpoint(&table, None).await;
        if done.is_ok() {
            done = deltalake::checkpoints::cleanup_metadata(&table, None).await.map(drop);
        }
        if let Err(error) = done {
            tracing::warn!(table = self.names.table, version, %error, "no checkpoint this time");
        }
    }
}

fn append_operation(partition: &str) -> DeltaOperation {
    DeltaOperation::Write { mode: SaveMode::Append, partition_by: Some(vec![partition.to_owned()]), predicate: None }
}

fn lost(error: &DeltaTableError) -> bool {
    matches!(
        error,
        DeltaTableError::VersionAlreadyExists(_)
            | DeltaTableError::Transaction {
                source: TransactionError::MaxCommitAttempts(_)
                    | TransactionError::CommitConflict(_)
                    | TransactionError::VersionAlreadyExists(_)
            }
    )
}
