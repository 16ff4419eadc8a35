//! Events and rejects as Delta tables: commits, fresh rows, compaction, look-ups.

mod commit;
mod compact;
mod damage;
mod dataset;
mod day_files;
mod days;
mod dictionaries;
mod disk;
mod durable;
mod erase;
mod error;
mod evolve;
mod file;
mod follow;
mod fresh;
mod legacy;
mod log;
mod lookup;
mod parquet_rows;
mod pick;
mod place;
mod read_only;
mod rejects;
mod rewrite;
mod samples;
mod scan;
mod search;
mod store;
mod stored;
mod undated;
mod vacuum;
mod view;

pub use columns::{
    Block, EVENT_DATE, EncodeError, EncodeOptions, Encoder, FileEncoder, FileSummary, FileWriter, LeafValues, LeafView,
    ListView, MapOfLists, PersonalValue, Row, RowGroup, RowSet, Seal, Shape, ShapeError, TextsView,
};
pub use commit::{Committed, Txn};
pub use compact::{CompactPolicy, Compacted};
pub use damage::DamagedFile;
pub use dataset::{Dataset, DatasetStats};
pub use day_files::{Batches, Contents, DataFile, DayFiles, FilesOfDay, ReadFailure};
pub use days::Partition;
pub use disk::{Disk, DiskFile, OsDisk};
pub use erase::{DeleteWhere, Deleted};
pub use error::StoreError;
pub use file::{FileStats, MicrosRange, NewFile, PendingFile};
pub use follow::{Follower, Moment};
pub use fresh::{FreshAfter, FreshMark};
pub use legacy::KeyHash;
pub use log::Repaired;
pub use lookup::{EventDays, FoundEvent, FoundReject, RejectCounts, RejectKinds, RejectedRow};
pub use parquet_rows::ParquetRows;
pub use pick::Newest;
pub use place::Root;
pub use rejects::{RejectBuilder, RejectKind, RejectRow, rejects_schema};
pub use samples::sealed_samples;
pub use scan::{FileDays, StoredId};
pub use store::{CHECKPOINT_EVERY_COMMITS, Opened, Store, StoreOptions};
pub use stored::StoredRows;
pub use vacuum::{VACUUM_RETENTION_MIN, Vacuumed};
