//! Our files and batches as a table: what a query sees of them.

use std::collections::HashMap;
use std::sync::Arc;

use ambient::ManualClock;
use serde_json::{Map, Value};
use table::{
    Block, Committed, Dataset, EncodeOptions, FileEncoder, FileStats, NewFile, Partition, Root, Store, StoreOptions,
    Txn,
};

use crate::read;
use crate::world::{self, Dice, block, encoder, fill, shape};

/// Writes a block as one file per date.
fn write(events: &Dataset, from: &Block) -> Vec<NewFile> {
    let mut rows_of: HashMap<i32, Vec<u32>> = HashMap::new();
    for (row, &date) in from.dates().iter().enumerate() {
        rows_of.entry(date).or_default().push(row as u32);
    }
    let write = |(date, rows): (i32, Vec<u32>)| {
        let mut of_date = block(from.shape());
        from.gather(&rows, &mut of_date);
        let out = events.create_file(Partition(date)).expect("a file");
        let mut file = FileEncoder::new(encoder(from.shape(), EncodeOptions::default()), out).expect("a file");
        file.push(&of_date).expect("pages");
        let (_, out, summary) = file.finish().expect("a footer");
        out.finish(FileStats::from(summary)).expect("a durable file")
    };
    rows_of.into_iter().map(write).collect()
}

#[tokio::test]
async fn stored_and_fresh_rows_look_alike() {
    for seed in 0..4 {
        let mut dice = Dice(7000 + seed);
        let shape = shape(world::layout(&mut dice));
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(ManualClock::at(1_790_000_000_000_000));
        let options = StoreOptions::new(Root::Dir(dir.path().to_owned()), shape.arrow_schema(), clock);
        let store = Store::open(options).await.expect("a store");
        let mut number = 0;
        let (mut stored, mut fresh) = (block(&shape), block(&shape));
        let mut expect = fill(&mut stored, &mut dice, 150, &mut number);
        expect.extend(fill(&mut fresh, &mut dice, 50, &mut number));
        let files = write(&store.events, &stored);
        let committed = store.events.commit(Txn { app: "journal", version: 1 }, files, Vec::new()).await;
        assert!(matches!(committed.expect("a commit"), Committed::At(_)));
        store.events.set_fresh(vec![fresh.to_arrow()]).expect("rows of the table's schema");
        check(&store.events, &expect, seed).await;
    }
}

async fn check(events: &Dataset, expect: &[Map<String, Value>], seed: u64) {
    let query = async |sql| test_query::query("events", events.provider(), sql).await.expect("readable files");
    let batches = query("select * from events").await;
    let rows = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|at| read::row(batch, at)));
    let mut by_id: HashMap<String, Map<String, Value>> = rows.map(|row| (row["_id"].to_string(), row)).collect();
    assert_eq!(by_id.len(), expect.len(), "seed {seed}");
    for row in expect {
        let found = by_id.remove(&row["_id"].to_string()).expect("the row");
        for (name, value) in found {
            assert_eq!(value, row[&name], "column {name} of {}, seed {seed}", row["_id"]);
        }
    }
    let batches = query("select count(*) from events where event_date = date '1970-01-01'").await;
    let count = expect.iter().filter(|row| row["event_date"] == 0).count();
    assert_eq!(read::row(&batches[0], 0)["count(*)"], count, "seed {seed}");
}
