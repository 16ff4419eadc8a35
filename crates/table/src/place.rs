//! Where a table lies: a directory of this machine, or a prefix of an object store.
//!
//! Both look alike to the Delta library (an `ObjectStore`). They differ in two ways
//! that the rest of the crate asks about here: a directory takes data files as real
//! files that worker threads write and sync themselves, and only a directory can hold
//! a torn log entry (an object store's puts are all or nothing).

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ambient::{Random, SystemRandom};
use deltalake::logstore::{LogStoreRef, StorageConfig, default_logstore};
use object_store::ObjectStore;
use object_store::prefix::PrefixStore;
use url::Url;
use uuid::{Builder, Uuid};

use crate::disk::{self, Disk, OsDisk};
use crate::durable::DurableStore;
use crate::error::{StoreError, at};
use crate::read_only::ReadOnlyStore;

/// Where the tables live; each table is a directory or prefix below it.
#[derive(Clone)]
pub enum Root {
    /// A directory of this machine. Created when absent.
    Dir(PathBuf),
    /// An object store by URL (`s3://bucket/prefix`) with its options (`aws_region`, …).
    /// The store must support conditional puts.
    Url {
        /// Bucket and prefix.
        url: Url,
        /// Options as `object_store` names them.
        options: HashMap<String, String>,
    },
    /// An object store that the caller has built.
    Store {
        /// The store, rooted at the bucket.
        store: Arc<dyn ObjectStore>,
        /// Its address, with the prefix.
        url: Url,
    },
}

impl fmt::Debug for Root {
    /// Leaves the options out: they hold keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Root::Dir(dir) => f.debug_tuple("Dir").field(dir).finish(),
            Root::Url { url, .. } | Root::Store { url, .. } => f.debug_tuple("Url").field(&url.as_str()).finish(),
        }
    }
}

/// Where one table lies.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) log_store: LogStoreRef,
    /// The table's directory, when it is on this machine.
    pub(crate) dir: Option<PathBuf>,
    pub(crate) disk: Arc<dyn Disk>,
    random: Arc<dyn Random>,
    /// Set once nothing more is written here, until the process is started anew.
    pub(crate) poisoned: Arc<AtomicBool>,
}

impl Place {
    pub(crate) fn new(
        root: &Root,
        table: &'static str,
        disk: &Arc<dyn Disk>,
        random: &Arc<dyn Random>,
    ) -> Result<Place, StoreError> {
        let place = match root {
            Root::Dir(dir) => Self::in_dir(dir, table, disk),
            Root::Store { store, url } => Self::in_store(store.clone(), url, table, disk),
            Root::Url { url, options } => {
                let (store, _) = object_store::parse_url_opts(url, options)
                    .map_err(|error| StoreError::Place { place: url.to_string(), why: error.to_string() })?;
                Self::in_store(Arc::from(store), url, table, disk)
            }
        };
        Ok(Place { random: Arc::clone(random), ..place? })
    }

    /// A name that no other data file has.
    pub(crate) fn new_file_id(&self) -> Uuid {
        Builder::from_random_bytes(self.random.bits().to_le_bytes()).into_uuid()
    }

    fn in_dir(root: &Path, table: &'static str, disk: &Arc<dyn Disk>) -> Result<Place, StoreError> {
        let dir = std::path::absolute(root).map_err(at(table, "finding the directory"))?.join(table);
        disk::ensure_dir(disk.as_ref(), &dir.join(LOG_DIR)).map_err(at(table, "creating the directory"))?;
        // Links are resolved once: Delta compares addresses as text.
        let dir = dir.canonicalize().map_err(at(table, "finding the directory"))?;
        let url = directory_url(&dir)?;
        let store = DurableStore::new(disk.clone());
        let poisoned = store.poison();
        let log_store = Self::log_store(Arc::new(store), &url)?;
        Ok(Place { log_store, dir: Some(dir), disk: disk.clone(), random: Arc::new(SystemRandom), poisoned })
    }

    /// A table's directory as another process finds it that only reads: nothing is made,
    /// and nothing can be written through it.
    pub(crate) fn to_follow(dir: &Path, table: &'static str) -> Result<Place, StoreError> {
        let dir = dir.canonicalize().map_err(at(table, "finding the directory"))?;
        let url = directory_url(&dir)?;
        let log_store = Self::log_store(Arc::new(ReadOnlyStore::new()), &url)?;
        let (disk, random) = (Arc::new(OsDisk), Arc::new(SystemRandom));
        Ok(Place { log_store, dir: Some(dir), disk, random, poisoned: Arc::default() })
    }

    fn in_store(
        store: Arc<dyn ObjectStore>,
        root: &Url,
        table: &'static str,
        disk: &Arc<dyn Disk>,
    ) -> Result<Place, StoreError> {
        let mut url = root.clone();
        url.set_path(&format!("{}/{table}/", root.path().trim_end_matches('/')));
        let log_store = Self::log_store(store, &url)?;
        let random = Arc::new(SystemRandom);
        Ok(Place { log_store, dir: None, disk: disk.clone(), random, poisoned: Arc::default() })
    }

    fn log_store(root: Arc<dyn ObjectStore>, url: &Url) -> Result<LogStoreRef, StoreError> {
        let prefix = object_store::path::Path::from_url_path(url.path())
            .map_err(|error| StoreError::Place { place: url.to_string(), why: error.to_string() })?;
        let prefixed = Arc::new(PrefixStore::new(root.clone(), prefix));
        Ok(default_logstore(prefixed, root, url, &StorageConfig::default()))
    }

    /// The store with paths relative to the table.
    pub(crate) fn store(&self) -> Arc<dyn ObjectStore> {
        self.log_store.object_store(None)
    }

    /// Makes the names in the log durable, whoever wrote them: a writer that was killed
    /// between naming an entry and syncing the name has left one that a power cut takes
    /// back, and what is read from it (the watermark) is about to be relied upon.
    pub(crate) fn sync_log(&self) -> std::io::Result<()> {
        match &self.dir {
            Some(dir) => self.disk.sync_dir(&dir.join(LOG_DIR)),
            None => Ok(()),
        }
    }
}

fn directory_url(dir: &Path) -> Result<Url, StoreError> {
    Url::from_directory_path(dir).map_err(|()| StoreError::Place {
        place: dir.display().to_string(),
        why: "the path can't be written as a URL".to_owned(),
    })
}

/// Where a Delta table keeps its log.
pub(crate) const LOG_DIR: &str = "_delta_log";
