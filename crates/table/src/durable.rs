//! An object store over a local directory tree whose writes survive a power cut.
//!
//! `object_store`'s own local store never calls fsync: after a power cut the newest
//! log entry of a Delta table may be empty (its rows are gone without a word) or torn
//! (the table can't be read at all). This one reads through it and writes through
//! [`publish`](crate::disk::publish).
//!
//! After a failed sync nobody knows what is on the disk, and a second fsync may answer
//! "fine" for pages that the first one dropped. The store therefore refuses every
//! later write until the process is started anew. A full disk is not such a case.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

use crate::disk::{self, Disk, Publish, PublishError};

/// The local file system, rooted at `/`, with durable writes.
#[derive(Clone, Debug)]
pub(crate) struct DurableStore {
    read: Arc<LocalFileSystem>,
    disk: Arc<dyn Disk>,
    poisoned: Arc<AtomicBool>,
}

impl DurableStore {
    pub(crate) fn new(disk: Arc<dyn Disk>) -> DurableStore {
        DurableStore { read: Arc::new(LocalFileSystem::new()), disk, poisoned: Arc::default() }
    }

    /// Set once a sync has failed.
    pub(crate) fn poison(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.poisoned)
    }

    async fn put_durably(&self, location: &Path, parts: Vec<Bytes>, mode: Publish) -> Result<PutResult> {
        let path = self.read.path_to_filesystem(location)?;
        let store = self.clone();
        let name = location.to_string();
        tokio::task::spawn_blocking(move || store.put_blocking(path, name, &parts, mode)).await?
    }

    fn put_blocking(&self, path: PathBuf, name: String, parts: &[Bytes], mode: Publish) -> Result<PutResult> {
        if self.poisoned.load(Ordering::Acquire) {
            return Err(generic(io::Error::other(
                "an earlier fsync failed, so nothing more is written; check the disk, then restart",
            )));
        }
        match disk::publish(self.disk.as_ref(), &path, parts, mode) {
            Ok(()) => Ok(PutResult { e_tag: None, version: None }),
            Err(PublishError { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
                Err(object_store::Error::AlreadyExists { path: name, source: Box::new(source) })
            }
            Err(PublishError { unsure, source }) => {
                self.poisoned.fetch_or(unsure, Ordering::AcqRel);
                Err(generic(source))
            }
        }
    }
}

fn generic(source: io::Error) -> object_store::Error {
    object_store::Error::Generic { store: "disk", source: Box::new(source) }
}

impl fmt::Display for DurableStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DurableStore")
    }
}

#[async_trait]
impl ObjectStore for DurableStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let mode = match opts.mode {
            PutMode::Create => Publish::Create,
            PutMode::Overwrite => Publish::Replace,
            PutMode::Update(_) => {
                return Err(object_store::Error::NotImplemented {
                    operation: "put_opts with PutMode::Update".to_owned(),
                    implementer: self.to_string(),
                });
            }
        };
        self.put_durably(location, payload.iter().cloned().collect(), mode).await
    }

    async fn put_multipart_opts(&self, location: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(Upload { store: self.clone(), location: location.clone(), parts: Vec::new() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.read.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[std::ops::Range<u64>]) -> Result<Vec<Bytes>> {
        self.read.get_ranges(location, ranges).await
    }

    /// Not synced: a file that comes back after a power cut is an orphan that the next
    /// vacuum takes.
    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.read.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.read.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.read.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.read.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let mode = match options.mode {
            CopyMode::Create => Publish::Create,
            CopyMode::Overwrite => Publish::Replace,
        };
        let bytes = self.get(from).await?.bytes().await?;
        self.put_durably(to, vec![bytes], mode).await.map(drop)
    }
}

/// Gathers the parts and writes them in one go. Only checkpoints larger than the
/// Parquet writer's buffer come this way; data files have [`PendingFile`](crate::PendingFile).
#[derive(Debug)]
struct Upload {
    store: DurableStore,
    location: Path,
    parts: Vec<Bytes>,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.parts.extend(data);
        Box::pin(async { Ok(()) })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let parts = std::mem::take(&mut self.parts);
        self.store.put_durably(&self.location, parts, Publish::Replace).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.parts.clear();
        Ok(())
    }
}
