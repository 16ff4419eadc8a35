//! The local file system, rooted at `/`, for somebody who only reads: every way to write
//! or to remove is refused before it touches the disk.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// The local file system without its writing half.
#[derive(Clone, Debug)]
pub(crate) struct ReadOnlyStore {
    read: Arc<LocalFileSystem>,
}

impl ReadOnlyStore {
    pub(crate) fn new() -> ReadOnlyStore {
        ReadOnlyStore { read: Arc::new(LocalFileSystem::new()) }
    }
}

impl fmt::Display for ReadOnlyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadOnlyStore")
    }
}

fn refused<T>(operation: &str) -> Result<T> {
    Err(Error::NotImplemented { operation: operation.to_owned(), implementer: "ReadOnlyStore".to_owned() })
}

#[async_trait]
impl ObjectStore for ReadOnlyStore {
    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        refused("put_opts")
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        refused("put_multipart_opts")
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.read.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.read.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        locations.map(|_| refused("delete_stream")).boxed()
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

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        refused("copy_opts")
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;
    use object_store::ObjectStoreExt as _;

    use super::*;

    #[tokio::test]
    async fn reads_and_refuses_to_write() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        std::fs::write(&file, "rows").unwrap();
        let (store, path) = (ReadOnlyStore::new(), Path::from_absolute_path(&file).unwrap());
        assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "rows");
        let elsewhere = Path::from_absolute_path(dir.path().join("b")).unwrap();
        assert!(store.put(&elsewhere, "x".into()).await.is_err());
        assert!(store.put(&path, "x".into()).await.is_err());
        assert!(store.put_multipart(&elsewhere).await.is_err());
        assert!(store.copy(&path, &elsewhere).await.is_err());
        assert!(store.delete(&path).await.is_err());
        let left: Vec<_> =
            store.list(Some(&Path::from_absolute_path(dir.path()).unwrap())).try_collect().await.unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(std::fs::read(&file).unwrap(), b"rows");
    }
}
