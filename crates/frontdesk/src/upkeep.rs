//! Keeping the tables quick while the server runs: small files are merged, files out
//! of use are deleted. Files of early versions, which hold unkeyed hashes, are rewritten at
//! the start.
//!
//! It runs beside queries and commits, one table after the other, and is allowed to
//! fail: the next turn tries again, and the log says so. What a turn leaves undone
//! costs speed, never data.

use std::time::Duration;

use report::Summaries;
use table::{CompactPolicy, Dataset, Store, StoreError};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// How long files stay after they went out of use: the longest time that anybody else
/// may read an old version of the tables.
const RETENTION: Duration = Duration::from_secs(60 * 60);

/// Turns of compaction between two of deleting files, which lists all there are.
const TURNS_PER_VACUUM: u32 = 12;

/// Rest after each file that is read to see whether it is whole.
const INSPECT_REST: Duration = Duration::from_millis(200);

/// Reads every data file once, checksums included, and then keeps both tables until it is
/// dropped; the first turn comes after `every`, and none at all when that is zero.
pub(crate) async fn run(store: Store, every: Duration) {
    let tables = [("events", &store.events), ("rejects", &store.rejects)];
    for (name, dataset) in tables {
        if let Err(error) = forget_legacy_hashes(name, dataset).await {
            tracing::warn!(table = name, %error, "unkeyed hashes are still in files; the next turn tries again");
        }
    }
    for (_, dataset) in tables {
        dataset.inspect(INSPECT_REST).await;
    }
    if every.is_zero() {
        return;
    }
    let mut turns = interval_at(Instant::now() + every, every);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for turn in 1u32.. {
        turns.tick().await;
        for (name, dataset) in tables {
            // A task of its own, which ends with this one: a panic in it ends no more than
            // the turn.
            let mut work = JoinSet::new();
            work.spawn(keep(name, dataset.clone(), turn.is_multiple_of(TURNS_PER_VACUUM)));
            match work.join_next().await {
                Some(Ok(Ok(()))) | None => {}
                Some(Ok(Err(error))) => {
                    tracing::warn!(table = name, %error, "upkeep failed and is tried again later");
                }
                Some(Err(_)) => {
                    tracing::error!(
                        table = name,
                        "upkeep ended by a defect and is tried again later; please report it"
                    );
                }
            }
        }
    }
}

/// Makes the summaries of days before a report asks for them, until it is dropped; not at all when
/// `every` is zero.
pub(crate) async fn summarize(summaries: Summaries, every: Duration) {
    if !every.is_zero() {
        summaries.upkeep().await;
    }
}

async fn forget_legacy_hashes(name: &str, dataset: &Dataset) -> Result<(), StoreError> {
    let files = dataset.forget_legacy_hashes().await?;
    if files > 0 {
        tracing::info!(table = name, files, "rewrote files of an early version without their unkeyed hashes");
    }
    Ok(())
}

async fn keep(name: &'static str, dataset: Dataset, vacuum: bool) -> Result<(), StoreError> {
    forget_legacy_hashes(name, &dataset).await?;
    let compacted = dataset.compact(CompactPolicy::default()).await?;
    if compacted.files_before > 0 {
        tracing::info!(
            table = name,
            files_before = compacted.files_before,
            files_after = compacted.files_after,
            "merged small files"
        );
    }
    if vacuum {
        let vacuumed = dataset.vacuum(RETENTION).await?;
        if vacuumed.files > 0 {
            tracing::info!(table = name, files = vacuumed.files, bytes = vacuumed.bytes, "deleted files out of use");
        }
    }
    Ok(())
}
