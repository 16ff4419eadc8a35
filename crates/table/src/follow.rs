//! Reading a table that another process writes: at exactly the version that its writer
//! names, with the fresh rows that it hands over.
//!
//! The writer's moment is one step: a version and the rows beside it. A reader that took
//! the newest version itself could find rows there that it was also given as fresh ones.
//! Nothing is created, repaired or written here.

use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use deltalake::logstore::LogStoreRef;
use deltalake::table::state::DeltaTableState;
use futures::future::BoxFuture;

use crate::damage::DamageList;
use crate::dataset::{Names, Snapshot};
use crate::error::{StoreError, at};
use crate::fresh::FreshMark;
use crate::log::Watermarks;
use crate::place::Place;
use crate::store::{EVENTS, REJECTS};
use crate::view::View;

/// What queries see of one table at one moment, in parts that can be handed over.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The committed rows: a version of the table.
    pub version: u64,
    /// The columns of both halves.
    pub schema: SchemaRef,
    /// The rows that this version doesn't have yet, oldest first. A mark stands for the
    /// same rows as long as the schema stays.
    pub fresh: Vec<(FreshMark, RecordBatch)>,
    /// Paths of data files that can't be read and are left out.
    pub damaged: Vec<String>,
}

/// A table that another process writes.
pub struct Follower {
    names: Names,
    place: Place,
    snapshot: Option<Arc<Snapshot>>,
    damaged: DamageList,
}

impl Follower {
    /// The table of accepted events in this directory.
    ///
    /// # Errors
    /// There is no such directory.
    pub fn events(dir: &Path) -> Result<Follower, StoreError> {
        Follower::of(EVENTS, dir)
    }

    /// The table of rejects in this directory.
    ///
    /// # Errors
    /// There is no such directory.
    pub fn rejects(dir: &Path) -> Result<Follower, StoreError> {
        Follower::of(REJECTS, dir)
    }

    fn of(names: Names, dir: &Path) -> Result<Follower, StoreError> {
        Ok(Follower {
            names,
            place: Place::to_follow(dir, names.table)?,
            snapshot: None,
            damaged: DamageList::default(),
        })
    }

    /// The rows of this version and these fresh ones, each seen once, without those of the
    /// damaged files.
    ///
    /// # Errors
    /// The log has no such version, or can't be read.
    pub fn provider(
        &mut self,
        version: u64,
        damaged: &[String],
        fresh: Vec<RecordBatch>,
    ) -> BoxFuture<'_, Result<Arc<dyn TableProvider>, StoreError>> {
        // Once damaged, always damaged, until the writer opens the table anew.
        damaged.iter().for_each(|path| self.damaged.add_path(self.names.table, path));
        Box::pin(async move {
            let snapshot = match &self.snapshot {
                Some(snapshot) if snapshot.version() == version => Arc::clone(snapshot),
                _ => self.go_to(version).await?,
            };
            let (names, place, damaged) = (self.names, self.place.clone(), self.damaged.clone());
            Ok(Arc::new(View { names, place, snapshot, damaged, fresh }) as Arc<dyn TableProvider>)
        })
    }

    pub(crate) fn table(&self) -> &'static str {
        self.names.table
    }

    /// The column that tells when a row was.
    pub(crate) fn instant(&self) -> &'static str {
        self.names.instant
    }

    pub(crate) fn log_store(&self) -> &LogStoreRef {
        &self.place.log_store
    }

    async fn go_to(&mut self, version: u64) -> Result<Arc<Snapshot>, StoreError> {
        const DOING: &str = "reading the log";
        let table = self.names.table;
        let log_store = &self.place.log_store;
        let state = match self.snapshot.take() {
            // Only what came since is read.
            Some(old) if old.version() < version => {
                let mut state = old.state.clone();
                state.update(log_store, Some(version)).await.map_err(at(table, DOING))?;
                state
            }
            _ => DeltaTableState::try_new(log_store, Some(version)).await.map_err(at(table, DOING))?,
        };
        // Watermarks are the writer's business.
        let snapshot = Arc::new(Snapshot::new(&self.names, &self.place, state, Watermarks::new()).await?);
        self.snapshot = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }
}
