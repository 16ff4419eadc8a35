//! Structs, lists and maps come back as they went in.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use table::{CompactPolicy, Dataset};

use super::fixture::*;

/// Compares column by column, so that a failure can be read.
fn assert_same(seen: &RecordBatch, expect: &RecordBatch) {
    assert_eq!(seen.schema(), expect.schema());
    for (field, (seen, expect)) in expect.schema().fields().iter().zip(seen.columns().iter().zip(expect.columns())) {
        assert_eq!(seen, expect, "column {}", field.name());
    }
}

async fn all(events: &Dataset) -> RecordBatch {
    let batches = query(events, "select * from events order by content_mac").await;
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let events = open(dir.path()).await.events;
    // Items are numbered within a batch.
    let batches = [rows(0, 20, DAY), rows(20, 40, DAY), rows(40, 50, DAY)];
    let expect = concat_batches(&batches[0].schema(), &batches).unwrap();
    let _ = commit(&events, 0, 20, DAY).await;
    let _ = commit(&events, 20, 40, DAY).await;
    events.set_fresh(vec![rows(40, 50, DAY)]).unwrap();
    assert_same(&all(&events).await, &expect);
    let _ = commit(&events, 40, 50, DAY).await;
    assert_same(&all(&events).await, &expect);
    let policy = CompactPolicy { files_min: 2, ..CompactPolicy::default() };
    assert_eq!(events.compact(policy).await.unwrap().files_after, 1);
    assert_same(&all(&events).await, &expect);
    assert_same(&all(&open(dir.path()).await.events).await, &expect);
    // Reaching inside.
    let sql = "select count(*) from events where \"customerFeedback\"['chatStart']['byAgent']";
    assert_eq!(scalar(&events, sql).await, "16");
    let sql = "select max(array_length(items)) from events";
    assert_eq!(scalar(&events, sql).await, "2");
    let sql = "select labels['k7'] from events where \"_id\" = 'e7'";
    assert_eq!(scalar(&events, sql).await, "v7");
}
