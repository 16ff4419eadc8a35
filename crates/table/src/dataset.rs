//! One Delta table and the rows that are on their way into it.
//!
//! Invariants:
//!
//! 1. What queries see is replaced in one step: snapshot, watermarks and fresh rows
//!    together. A row is never seen twice, and never vanishes between fresh and committed.
//! 2. Everything that changes the snapshot holds the `writing` lock, so that nobody
//!    picks up a commit of ours before its fresh rows are taken away.
//! 3. A commit whose outcome is unknown makes the snapshot `stale`; the next one reads
//!    the log first.
//!
//! Refuses: reading or writing tables that need features this build doesn't know.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use ambient::Clock;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;
use deltalake::DeltaTable;
use deltalake::kernel::LogicalFileView;
use deltalake::table::state::DeltaTableState;
use futures::future::BoxFuture;
use tokio::sync::Mutex;

use crate::damage::DamageList;
use crate::day_files::DayFiles;
use crate::days::Partition;
use crate::error::{StoreError, at};
use crate::evolve::fit;
use crate::file::PendingFile;
use crate::follow::Moment;
use crate::fresh::{Fresh, FreshAfter, FreshMark};
use crate::legacy::KeyHash;
use crate::log::{self, Watermarks};
use crate::place::Place;
use crate::undated::with_dates;
use crate::view::View;

/// Plain strings, as the fresh rows have them: views on one side of the union only would
/// be cast on the other in every query.
static SCAN_SETTINGS: LazyLock<Arc<SessionState>> = LazyLock::new(|| {
    let config = SessionConfig::new().set_bool("datafusion.execution.parquet.schema_force_view_types", false);
    Arc::new(SessionStateBuilder::new().with_config(config).build())
});

/// Names that one table goes by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    pub(crate) table: &'static str,
    /// The partition column, a date that the files don't hold.
    pub(crate) partition: &'static str,
    /// The column that tells rows apart.
    pub(crate) id: &'static str,
    /// The instant that tells the day of a row of which the file tells none.
    pub(crate) instant: &'static str,
    /// Rows have the column `content_mac`.
    pub(crate) keeps_content: bool,
}

/// One Delta table and its fresh rows. Clones share both.
#[derive(Clone)]
pub struct Dataset {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) names: Names,
    pub(crate) place: Place,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) checkpoint_every_commits: u64,
    pub(crate) key_hash: Option<KeyHash>,
    live: RwLock<Live>,
    /// Invariant 2.
    pub(crate) writing: Mutex<()>,
    /// One compaction, deletion or vacuum at a time: they'd undo each other's work.
    pub(crate) maintaining: Mutex<()>,
    /// Invariant 3.
    stale: AtomicBool,
    /// Data files that can't be read.
    pub(crate) damaged: DamageList,
    /// How many of them were ever found.
    pub(crate) damage_seen: AtomicU64,
    /// The files by day of the version that was asked for last.
    pub(crate) day_files: std::sync::Mutex<Option<Arc<DayFiles>>>,
    /// One search for damaged files at a time; when the last one that found nothing ended, in
    /// milliseconds since 1970.
    pub(crate) searching: Mutex<Option<i64>>,
}

#[derive(Clone)]
struct Live {
    snapshot: Arc<Snapshot>,
    fresh: Fresh,
}

/// One version of the table.
pub(crate) struct Snapshot {
    pub(crate) state: DeltaTableState,
    pub(crate) watermarks: Watermarks,
    pub(crate) scan: Arc<dyn TableProvider>,
}

impl Snapshot {
    pub(crate) async fn new(
        names: &Names,
        place: &Place,
        state: DeltaTableState,
        watermarks: Watermarks,
    ) -> Result<Snapshot, StoreError> {
        let scan = scan(names, place, &state, None).await;
        let scan =
            scan.map_err(|error| at(names.table, "reading the table")(deltalake::DeltaTableError::from(error)))?;
        Ok(Snapshot { state, watermarks, scan })
    }

    pub(crate) fn version(&self) -> u64 {
        self.state.version()
    }

    /// The files of this version.
    pub(crate) fn files(&self) -> Vec<LogicalFileView> {
        self.state.log_data().iter().collect()
    }
}

/// The scan of a version: of all its files, or of some.
pub(crate) async fn scan(
    names: &Names,
    place: &Place,
    state: &DeltaTableState,
    only: Option<Vec<String>>,
) -> datafusion::error::Result<Arc<dyn TableProvider>> {
    let mut table = DeltaTable::new(place.log_store.clone());
    table.state = Some(state.clone());
    let scan = table.table_provider().with_eager_snapshot(state.snapshot().clone());
    let scan = scan.with_session(SCAN_SETTINGS.clone());
    let scan = match only {
        Some(paths) => scan.with_file_paths(paths).await?,
        None => scan.await?,
    };
    Ok(with_dates(names, state, scan))
}

/// Figures about a dataset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DatasetStats {
    /// The table's version.
    pub version: u64,
    /// Files in it.
    pub files: u64,
    /// Rows in those files.
    pub rows: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// Rows shown that are not committed.
    pub fresh_rows: u64,
}

impl Dataset {
    pub(crate) fn new(
        names: Names,
        place: Place,
        clock: Arc<dyn Clock>,
        checkpoint_every_commits: u64,
        key_hash: Option<KeyHash>,
        snapshot: Snapshot,
    ) -> Dataset {
        let live = Live { snapshot: Arc::new(snapshot), fresh: Fresh::default() };
        Dataset {
            inner: Arc::new(Inner {
                names,
                place,
                clock,
                checkpoint_every_commits,
                key_hash,
                live: RwLock::new(live),
                writing: Mutex::new(()),
                maintaining: Mutex::new(()),
                stale: AtomicBool::new(false),
                damaged: DamageList::default(),
                damage_seen: AtomicU64::new(0),
                day_files: std::sync::Mutex::default(),
                searching: Mutex::new(None),
            }),
        }
    }

    /// The table's name: `events`, `rejects`.
    pub fn name(&self) -> &'static str {
        self.inner.names.table
    }

    /// The columns of the table as queries see them, the partition column among them.
    pub fn schema(&self) -> SchemaRef {
        self.inner.snapshot().scan.schema()
    }

    /// Highest version committed under this application id (`journal`, `load-…`).
    pub fn watermark(&self, app: &str) -> Option<i64> {
        self.inner.snapshot().watermarks.get(app).copied()
    }

    /// All watermarks.
    pub fn watermarks(&self) -> HashMap<String, i64> {
        self.inner.snapshot().watermarks.clone()
    }

    /// A data file in the making, for the rows of one day, or of any days (`None`). Blocks on the disk: meant for
    /// worker threads. The rows' columns are the table's without the partition column.
    pub fn create_file(&self, partition: impl Into<Option<Partition>>) -> Result<PendingFile, StoreError> {
        let partition = partition.into();
        PendingFile::create(self.inner.names.table, self.inner.names.partition, &self.inner.place, partition)
    }

    /// Shows rows that are drained but not committed. The mark tells a later commit that
    /// its files hold them.
    pub fn push_fresh(&self, batch: RecordBatch) -> Result<FreshMark, StoreError> {
        let batch = fit(self.name(), batch, &self.schema())?;
        Ok(self.inner.update(|live| live.fresh.push(batch)))
    }

    /// Replaces the rows that are shown but not committed. See [`FreshAfter::Only`]: not
    /// for callers that show rows while a commit runs.
    pub fn set_fresh(&self, batches: Vec<RecordBatch>) -> Result<(), StoreError> {
        let batches = self.inner.fit_all(batches)?;
        self.inner.update(|live| live.fresh.set(batches));
        Ok(())
    }

    /// A consistent view for one query: committed rows ∪ fresh rows, each seen once, without
    /// the rows of files that are known to be [damaged](Dataset::damaged).
    /// Register it anew for each query; it doesn't move on by itself.
    pub fn provider(&self) -> Arc<dyn TableProvider> {
        let live = self.inner.live();
        Arc::new(View {
            names: self.inner.names,
            place: self.inner.place.clone(),
            snapshot: live.snapshot,
            damaged: self.inner.damaged.clone(),
            fresh: live.fresh.batches(),
        })
    }

    /// What [`provider`](Dataset::provider) would show now, for a reader in another process.
    pub fn moment(&self) -> Moment {
        let live = self.inner.live();
        Moment {
            version: live.snapshot.version(),
            schema: live.snapshot.scan.schema(),
            fresh: live.fresh.marked_batches(),
            damaged: self.inner.damaged.files().into_iter().map(|file| file.path).collect(),
        }
    }

    /// The table's directory, if it lies on this machine.
    pub fn dir(&self) -> Option<&std::path::Path> {
        self.inner.place.dir.as_deref()
    }

    /// Picks up what other processes have committed.
    pub fn refresh(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let _writing = self.inner.writing.lock().await;
            self.inner.reload().await
        })
    }

    /// Whether a sync has failed: then nothing more is written until the process is started
    /// anew, and trying again is in vain.
    pub fn is_poisoned(&self) -> bool {
        self.inner.place.poisoned.load(Ordering::Acquire)
    }

    /// Figures about the dataset. Walks the list of files.
    pub fn stats(&self) -> DatasetStats {
        let live = self.inner.live();
        let mut stats = DatasetStats {
            version: live.snapshot.version(),
            files: 0,
            rows: 0,
            bytes: 0,
            fresh_rows: live.fresh.rows() as u64,
        };
        for file in live.snapshot.files() {
            stats.files += 1;
            stats.rows += file.num_records().unwrap_or(0) as u64;
            stats.bytes += file.size().unsigned_abs();
        }
        stats
    }
}

impl Inner {
    fn live(&self) -> Live {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn update<T>(&self, change: impl FnOnce(&mut Live) -> T) -> T {
        change(&mut self.live.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// The committed rows and the fresh ones of one moment.
    pub(crate) fn seen(&self) -> (Arc<Snapshot>, Vec<(FreshMark, RecordBatch)>) {
        let live = self.live();
        (live.snapshot, live.fresh.marked_batches())
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).snapshot.clone()
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub(crate) fn now_millis(&self) -> i64 {
        self.clock.now_micros().div_euclid(1000)
    }

    fn fit_all(&self, batches: Vec<RecordBatch>) -> Result<Vec<RecordBatch>, StoreError> {
        let schema = self.snapshot().scan.schema();
        batches.into_iter().map(|batch| fit(self.names.table, batch, &schema)).collect()
    }

    /// Makes a new version and what remains fresh visible in one step.
    pub(crate) fn show(&self, snapshot: Option<Snapshot>, fresh: Option<FreshAfter>) -> Result<(), StoreError> {
        let fresh = match fresh {
            Some(FreshAfter::Only(batches)) => Some(FreshAfter::Only(self.fit_all(batches)?)),
            other => other,
        };
        self.update(|live| {
            if let Some(snapshot) = snapshot {
                live.snapshot = Arc::new(snapshot);
            }
            match fresh {
                Some(FreshAfter::Only(batches)) => live.fresh.set(batches),
                Some(FreshAfter::After(mark)) => live.fresh.drop_through(mark),
                None => {}
            }
        });
        Ok(())
    }

    pub(crate) fn set_stale(&self) {
        self.stale.store(true, Ordering::Release);
    }

    pub(crate) fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Acquire)
    }

    /// Reads the log to its end. The caller holds `writing`.
    pub(crate) async fn reload(&self) -> Result<(), StoreError> {
        let table = self.names.table;
        let old = self.snapshot();
        let mut state = old.state.clone();
        state.update(&self.place.log_store, None).await.map_err(at(table, "reading the log"))?;
        if state.version() != old.version() {
            let mut watermarks = old.watermarks.clone();
            for version in old.version() + 1..=state.version() {
                match log::entry_watermarks(&self.place, table, version, &mut watermarks).await {
                    Ok(()) => {}
                    // Entries that a checkpoint sums up may be gone.
                    Err(StoreError::Damaged { .. }) => {
                        watermarks = log::watermarks(&self.place, table).await?;
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
            self.place.sync_log().map_err(at(table, "syncing the log"))?;
            let snapshot = Snapshot::new(&self.names, &self.place, state, watermarks).await?;
            self.refit(&snapshot.scan.schema())?;
            self.show(Some(snapshot), None)?;
        }
        self.stale.store(false, Ordering::Release);
        Ok(())
    }

    /// Another process may have widened the table.
    fn refit(&self, schema: &SchemaRef) -> Result<(), StoreError> {
        if self.snapshot().scan.schema() == *schema {
            return Ok(());
        }
        self.update(|live| live.fresh.try_map(|batch| fit(self.names.table, batch, schema)))
    }
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dataset")
            .field("name", &self.name())
            .field("version", &self.inner.snapshot().version())
            .finish()
    }
}
