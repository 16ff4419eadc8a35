//! Structs, lists and maps come back as they went in.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use table::{CompactPolicy, Dataset};

use super::fixture::*;

async fn all(events: &Dataset) -> RecordBatch {
    let batches = query(events, "select * from events order by content_hash").await;
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let events = open(dir.path()).await.events;
    let expect = rows(0, 50, DAY);
    commit(&events, 0, 20, DAY).await;
    commit(&events, 20, 40, DAY).await;
    events.set_fresh(vec![rows(40, 50, DAY)]).unwrap();
    assert_eq!(all(&events).await, expect);
    commit(&events, 40, 50, DAY).await;
    assert_eq!(all(&events).await, expect);
    let policy = CompactPolicy { files_min: 2, ..CompactPolicy::default() };
    assert_eq!(events.compact(policy).await.unwrap().files_after, 1);
    assert_eq!(all(&events).await, expect);
    assert_eq!(all(&open(dir.path()).await.events).await, expect);
    // Reaching inside.
    let sql = "select count(*) from events where \"customerFeedback\"['chatStart']['byAgent']";
    assert_eq!(scalar(&events, sql).await, "16");
    let sql = "select max(array_length(items)) from events";
    assert_eq!(scalar(&events, sql).await, "2");
    let sql = "select labels['k7'] from events where \"_id\" = 'e7'";
    assert_eq!(scalar(&events, sql).await, "[v7]");
}
