//! The two tables, opened: `events` and `rejects`.
//!
//! Opening creates what is absent, sets a damaged newest log entry aside, widens
//! `events` when its schema has grown, and makes durable what an earlier process may
//! have left half synced. What it did is in [`Opened`], for the operator's log.

use std::fmt;
use std::sync::Arc;

use ambient::{Clock, Random, SystemRandom};
use arrow::datatypes::{Schema, SchemaRef};
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel as _;
use deltalake::kernel::{Action, MetadataExt as _, StructField, StructType};
use deltalake::operations::create::CreateBuilder;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::table::state::DeltaTableState;
use deltalake::{DeltaTable, DeltaTableError};
use futures::future::BoxFuture;

use crate::commit::{ATTEMPTS_MAX, Attempt};
use crate::damage::DamagedFile;
use crate::dataset::{Dataset, Names, Snapshot};
use crate::disk::{Disk, OsDisk};
use crate::error::{StoreError, at};
use crate::evolve::widen;
use crate::legacy::{self, KeyHash};
use crate::log::{self, Repaired};
use crate::place::{Place, Root};
use crate::rejects::rejects_schema;

/// Commits between two checkpoints, unless set otherwise.
pub const CHECKPOINT_EVERY_COMMITS: u64 = 100;

/// How long log entries that a checkpoint sums up are kept, for time travel and for
/// readers that have just listed them.
const LOG_RETENTION: &str = "interval 1 days";

/// How to open the tables.
#[derive(Clone)]
pub struct StoreOptions {
    /// Where they live.
    pub root: Root,
    /// Columns of `events`, with the partition column `event_date`.
    pub events_schema: SchemaRef,
    /// Commits between two checkpoints; at least 1.
    pub checkpoint_every_commits: u64,
    /// Keys the unkeyed hashes of early tables; without it their files are left as they are.
    pub key_hash: Option<KeyHash>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Names data files.
    pub random: Arc<dyn Random>,
    /// The disk, for a [`Root::Dir`].
    pub disk: Arc<dyn Disk>,
}

impl StoreOptions {
    /// Options with the defaults, and the operating system's disk and randomness.
    pub fn new(root: Root, events_schema: SchemaRef, clock: Arc<dyn Clock>) -> StoreOptions {
        StoreOptions {
            root,
            events_schema,
            checkpoint_every_commits: CHECKPOINT_EVERY_COMMITS,
            key_hash: None,
            clock,
            random: Arc::new(SystemRandom),
            disk: Arc::new(OsDisk),
        }
    }
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions").field("root", &self.root).finish_non_exhaustive()
    }
}

/// What opening did besides opening.
#[derive(Clone, Default, Debug)]
pub struct Opened {
    /// Tables that were created.
    pub created: Vec<&'static str>,
    /// Tables that got new columns.
    pub widened: Vec<&'static str>,
    /// Damaged newest log entries that were set aside. Their rows must come again: from
    /// the journal, whose watermark has gone back, or by loading the file anew.
    pub repaired: Vec<Repaired>,
}

/// The two tables.
#[derive(Clone, Debug)]
pub struct Store {
    /// Accepted events.
    pub events: Dataset,
    /// What was not accepted, and why.
    pub rejects: Dataset,
    /// What opening did.
    pub opened: Opened,
}

impl Store {
    /// The data files of both tables that queries leave out now.
    pub fn damaged(&self) -> Vec<DamagedFile> {
        [&self.events, &self.rejects].into_iter().flat_map(Dataset::damaged).collect()
    }

    /// How many those are.
    pub fn damaged_count(&self) -> usize {
        [&self.events, &self.rejects].into_iter().map(Dataset::damaged_count).sum()
    }

    /// Looks for damaged files in both tables after reading failed; see
    /// [`Dataset::find_damage`].
    pub fn find_damage(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let events = self.events.find_damage().await;
            self.rejects.find_damage().await || events
        })
    }

    /// Opens both tables, creating those that are absent. Must run on a tokio runtime.
    pub fn open(options: StoreOptions) -> BoxFuture<'static, Result<Store, StoreError>> {
        Box::pin(async move {
            let mut opened = Opened::default();
            let events = open_table(&options, EVENTS, &options.events_schema, &mut opened).await?;
            let rejects = open_table(&options, REJECTS, &rejects_schema(), &mut opened).await?;
            Ok(Store { events, rejects, opened })
        })
    }
}

pub(crate) const EVENTS: Names =
    Names { table: "events", partition: "event_date", id: "_id", instant: "timestamp", keeps_content: true };
pub(crate) const REJECTS: Names = Names {
    table: "rejects",
    partition: "received_date",
    id: "reject_id",
    instant: "received_at",
    keeps_content: false,
};

async fn open_table(
    options: &StoreOptions,
    names: Names,
    schema: &SchemaRef,
    opened: &mut Opened,
) -> Result<Dataset, StoreError> {
    let table = names.table;
    let place = Place::new(&options.root, table, &options.disk, &options.random)?;
    let scanned = log::scan_log(&place, table).await?;
    opened.repaired.extend(scanned.repaired);
    let state = match scanned.exists {
        true => DeltaTableState::try_new(&place.log_store, None).await.map_err(at(table, "opening the table"))?,
        false => {
            opened.created.push(table);
            create(&place, &names, schema, options.checkpoint_every_commits).await?
        }
    };
    place.sync_log().map_err(at(table, "syncing the log"))?;
    let snapshot = Snapshot::new(&names, &place, state, scanned.watermarks).await?;
    let every = options.checkpoint_every_commits.max(1);
    let dataset = Dataset::new(names, place, options.clock.clone(), every, options.key_hash.clone(), snapshot);
    dataset.look_at_all().await;
    if dataset.add_columns(schema).await? {
        opened.widened.push(table);
    }
    Ok(dataset)
}

async fn create(place: &Place, names: &Names, schema: &Schema, every: u64) -> Result<DeltaTableState, StoreError> {
    let columns = kernel_schema(names.table, schema)?;
    // Ranges of these two only: those of text columns would be somebody's data.
    let ranges = ["timestamp", "received_at"].into_iter().filter(|name| schema.field_with_name(name).is_ok());
    let properties = [
        ("delta.checkpointInterval", every.max(1).to_string()),
        ("delta.dataSkippingStatsColumns", ranges.collect::<Vec<_>>().join(",")),
        ("delta.logRetentionDuration", LOG_RETENTION.to_owned()),
    ];
    let table: DeltaTable = CreateBuilder::new()
        .with_log_store(place.log_store.clone())
        .with_table_name(names.table)
        .with_columns(columns.fields().cloned())
        .with_partition_columns([names.partition])
        .with_configuration(properties.map(|(key, value)| (key, Some(value))))
        // Two processes may start at once; the slower one takes the other's table.
        .with_save_mode(SaveMode::Ignore)
        .await
        .map_err(at(names.table, "creating the table"))?;
    table.state.ok_or(DeltaTableError::NotInitialized).map_err(at(names.table, "creating the table"))
}

fn kernel_schema(table: &'static str, schema: &Schema) -> Result<StructType, StoreError> {
    schema.try_into_kernel().map_err(at(table, "writing the schema"))
}

impl Dataset {
    /// Whether the table could have these columns too: none of its own would change its type.
    ///
    /// # Errors
    /// The column that would.
    pub fn takes_columns(&self, wanted: &Schema) -> Result<(), StoreError> {
        let inner = &self.inner;
        widen(inner.names.table, &inner.snapshot().scan.schema(), wanted).map(drop)
    }

    /// Adds the columns that the table lacks, and takes the one away that is not to be there
    /// ([`legacy`]). False when there is nothing to do. Rows that are there have null in them.
    ///
    /// # Errors
    /// A column would change its type, or the log can't be written.
    pub fn add_columns<'a>(&'a self, wanted: &'a Schema) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(self.widen(wanted))
    }

    async fn widen(&self, wanted: &Schema) -> Result<bool, StoreError> {
        const DOING: &str = "widening the table";
        let inner = &self.inner;
        let table = inner.names.table;
        let _writing = inner.writing.lock().await;
        for _ in 0..ATTEMPTS_MAX {
            let snapshot = inner.snapshot();
            let found = snapshot.scan.schema();
            let wide = widen(table, &found, wanted)?;
            let narrow = legacy::without(wide.as_ref().unwrap_or(&found));
            let has_legacy = narrow.is_some();
            let Some(wide) = narrow.or(wide) else { return Ok(false) };
            let columns = kernel_schema(table, &wide)?;
            let metadata = snapshot.state.metadata().clone().with_schema(&columns);
            let metadata = metadata.and_then(|metadata| match has_legacy {
                true => metadata.add_config_key(legacy::PROPERTY.to_owned(), "present".to_owned()),
                false => Ok(metadata),
            });
            let metadata = metadata.map_err(DeltaTableError::from).map_err(at(table, DOING))?;
            let added: Vec<StructField> = columns.fields().cloned().collect();
            let operation = DeltaOperation::AddColumn { fields: added };
            match inner.attempt(vec![Action::Metadata(metadata)], operation, None).await? {
                Attempt::Won(snapshot) => {
                    inner.show(Some(snapshot), None)?;
                    return Ok(true);
                }
                Attempt::Lost => inner.reload().await?,
            }
        }
        Err(StoreError::Contended { table, attempts: ATTEMPTS_MAX })
    }
}
