//! The same on an object store.

use std::sync::Arc;

use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use table::{Committed, Root, Store, StoreError, StoreOptions, Txn};
use url::Url;

use super::fixture::*;

async fn open_in(store: &Arc<dyn ObjectStore>) -> Result<Store, StoreError> {
    let root = Root::Store { store: store.clone(), url: Url::parse("memory:///front/desk").unwrap() };
    Store::open(StoreOptions::new(root, events_schema(), clock())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_store_holds_the_same_table() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let events = open_in(&store).await.unwrap().events;
    assert_eq!(commit(&events, 0, 10, DAY).await, Committed::At(1));
    assert_eq!(commit(&events, 0, 10, DAY).await, Committed::Already);
    events.set_fresh(vec![rows(10, 12, DAY)]).unwrap();
    assert_eq!(counts(&events).await, (12, 12));
    let again = open_in(&store).await.unwrap().events;
    assert_eq!((counts(&again).await, again.watermark("journal")), ((10, 10), Some(9)));
    let _ = commit(&events, 10, 12, DAY).await;
    let files = again.write_rows(&rows(10, 12, DAY)).unwrap();
    let error = again.commit(Txn { app: "journal", version: 11 }, files, Vec::new()).await.unwrap_err();
    assert!(matches!(error, StoreError::AnotherWriter { .. }), "{error:?}");
    let policy = table::CompactPolicy { files_min: 2, ..Default::default() };
    assert_eq!(events.compact(policy).await.unwrap().files_after, 1);
    assert_eq!(counts(&events).await, (12, 12));
}

/// Puts are whole or absent there, so a damaged entry is somebody's doing.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_entry_in_an_object_store_is_refused() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    drop(open_in(&store).await.unwrap());
    let entry = Path::from("front/desk/events/_delta_log/00000000000000000000.json");
    store.put(&entry, Vec::new().into()).await.unwrap();
    let error = open_in(&store).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { version: 0, .. }), "{error:?}");
}

#[test]
fn keys_of_an_object_store_are_not_shown() {
    let root = Root::Url {
        url: Url::parse("s3://bucket/tables").unwrap(),
        options: [("aws_secret_access_key".to_owned(), "hush".to_owned())].into(),
    };
    let shown = format!("{:?}", StoreOptions::new(root, events_schema(), clock()));
    assert!(shown.contains("s3://bucket/tables") && !shown.contains("hush"), "{shown}");
}
