//! Rows that another program has marked deleted.

use summary::Counter::ClickToCall;
use test_query::{Marks, mark_deleted};

use super::bench::*;
use super::events::*;
use super::steps::some_days;

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_marked_deleted_do_not_count() {
    for marks in [Marks::Inline, Marks::File] {
        let mut bench = Bench::new().await;
        bench.append(&some_days()).await;
        bench.check("before").await;
        let day: Vec<Happening> = (0..6)
            .map(|n| {
                Happening::new(format!("m{n}"), at(12, 60 * n)).by("anna").counting(ClickToCall, 1).about("orders")
            })
            .collect();
        bench.append(&day).await;
        bench.check("appended").await;
        // The file has the rows in this order.
        mark_deleted(&bench.dir.path().join("tables/events"), bench.date(12).as_str(), &[1, 4], marks);
        bench.committed.retain(|event| event.id != "m1" && event.id != "m4");
        bench.reopen().await;
        bench.check("marked").await;
        bench.append(&[Happening::new("m9", at(12, 500)).by("bert").counting(ClickToCall, 2)]).await;
        bench.check("appended beside marked rows").await;
        bench.compact().await;
        bench.reopen().await;
        bench.check("compacted").await;
    }
}
