//! Taking files off the disk that no version anybody may be reading names.
//!
//! Three kinds: files that a commit has removed, files of writers that were killed
//! before they committed, and their temp files. A file goes when the table doesn't
//! name it, no commit has removed it within the retention, and it was last written
//! before the retention. The last rule keeps files in the making; so the time between a
//! file's last write and its commit must stay below the retention.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::{StreamExt as _, TryStreamExt as _};
use hashbrown::HashSet;
use object_store::{ObjectMeta, ObjectStore as _};

use crate::dataset::Dataset;
use crate::disk::TEMP_SUFFIX;
use crate::error::{StoreError, at};
use crate::place::LOG_DIR;

/// The shortest retention: queries that run longer may lose their files.
pub const VACUUM_RETENTION_MIN: Duration = Duration::from_secs(10 * 60);

/// What a vacuum did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Vacuumed {
    /// Files deleted.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Dataset {
    /// Deletes files that are out of use for longer than `retention`, or than
    /// [`VACUUM_RETENTION_MIN`] if that is longer.
    pub fn vacuum(&self, retention: Duration) -> BoxFuture<'_, Result<Vacuumed, StoreError>> {
        Box::pin(async move {
            const DOING: &str = "vacuuming";
            let inner = &self.inner;
            let table = self.name();
            let _maintaining = inner.maintaining.lock().await;
            let retention = i64::try_from(retention.max(VACUUM_RETENTION_MIN).as_millis()).unwrap_or(i64::MAX);
            let horizon_millis = inner.now_millis().saturating_sub(retention);
            // Other processes may have committed files that we'd take for orphans.
            self.refresh().await?;
            let in_use = self.in_use(horizon_millis).await?;
            let store = inner.place.store();
            let out_of_use = |object: &ObjectMeta| {
                let old = object.last_modified.timestamp_millis() < horizon_millis;
                let name = object.location.filename().unwrap_or_default();
                let temp = name.starts_with('.') && name.ends_with(TEMP_SUFFIX);
                let in_log = object.location.prefix_matches(&object_store::path::Path::from(LOG_DIR));
                let data = !in_log && name.ends_with(".parquet") && !in_use.contains(object.location.as_ref());
                old && (temp || data)
            };
            let objects: Vec<ObjectMeta> = store.list(None).try_collect().await.map_err(at(table, DOING))?;
            let gone: Vec<ObjectMeta> = objects.into_iter().filter(out_of_use).collect();
            let vacuumed = Vacuumed { files: gone.len() as u64, bytes: gone.iter().map(|object| object.size).sum() };
            let paths = futures::stream::iter(gone.into_iter().map(|object| Ok(object.location))).boxed();
            store.delete_stream(paths).try_collect::<Vec<_>>().await.map_err(at(table, DOING))?;
            Ok(vacuumed)
        })
    }

    /// Files that the table names, and those removed since the horizon.
    async fn in_use(&self, horizon_millis: i64) -> Result<HashSet<String>, StoreError> {
        let snapshot = self.inner.snapshot();
        let mut in_use: HashSet<String> =
            snapshot.files().iter().map(|file| file.object_store_path().to_string()).collect();
        let mut removed = snapshot.state.all_tombstones(&self.inner.place.log_store);
        while let Some(file) = removed.try_next().await.map_err(at(self.name(), "reading the log"))? {
            if file.deletion_timestamp().unwrap_or(i64::MAX) >= horizon_millis {
                let path = file.path();
                let path = object_store::path::Path::parse(&path).unwrap_or_else(|_| path.as_ref().into());
                in_use.insert(path.to_string());
            }
        }
        Ok(in_use)
    }
}
