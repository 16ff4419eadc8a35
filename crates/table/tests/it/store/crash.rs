//! The power is cut before each disk operation in turn; what was acknowledged is there.

use std::path::Path;
use std::sync::Arc;

use table::{Committed, CompactPolicy, Store, StoreError, Txn};

use super::faulty_disk::{FaultyDisk, UnsyncedNames};
use super::fixture::*;

const ROWS: i64 = 4;
const COMMITS: i64 = 3;

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_dir(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Commits, with a checkpoint among them, and compacts. Counts what was acknowledged.
async fn run(dir: &Path, disk: &FaultyDisk, acknowledged: &mut i64) -> Result<(), StoreError> {
    let mut options = options(dir);
    options.disk = Arc::new(disk.clone());
    options.checkpoint_every_commits = 3;
    let events = Store::open(options).await?.events;
    for n in 0..COMMITS {
        let files = events.write_rows(&rows(n * ROWS, (n + 1) * ROWS, DAY))?;
        let _ = events.commit(Txn { app: "journal", version: n }, files, Vec::new()).await?;
        *acknowledged = n + 1;
    }
    events.compact(CompactPolicy { files_min: 2, ..CompactPolicy::default() }).await.map(drop)
}

/// What a restart finds: commits that are whole, or what is wrong.
async fn recover(dir: &Path, acknowledged: i64) -> Result<(), String> {
    let store = Store::open(options(dir)).await.map_err(|error| error.to_string())?;
    if !store.opened.repaired.is_empty() {
        return Err(format!("{:?}", store.opened.repaired));
    }
    let events = store.events;
    let commits = events.watermark("journal").map_or(0, |version| version + 1);
    if !(acknowledged..=acknowledged + 1).contains(&commits) {
        return Err(format!("{commits} commits are there, {acknowledged} were acknowledged"));
    }
    let mut ids = Vec::new();
    let scanned = events.scan_ids(&|_| true, &mut |row| ids.extend(row.content_mac)).await;
    scanned.map_err(|error| error.to_string())?;
    ids.sort_unstable();
    if ids != (0..commits * ROWS).collect::<Vec<_>>() {
        return Err(format!("{commits} commits, but these rows: {ids:?}"));
    }
    // The journal replays from its start.
    for n in 0..COMMITS {
        let files = events.write_rows(&rows(n * ROWS, (n + 1) * ROWS, DAY)).map_err(|error| error.to_string())?;
        let committed = events.commit(Txn { app: "journal", version: n }, files, Vec::new()).await;
        let committed = committed.map_err(|error| error.to_string())?;
        if (committed == Committed::Already) != (n < commits) {
            return Err(format!("replay of commit {n} answered {committed:?}"));
        }
    }
    match events.stats().rows as i64 {
        rows if rows == COMMITS * ROWS => Ok(()),
        rows => Err(format!("{rows} rows after the replay")),
    }
}

/// Runs once for each operation, cutting the power before it. Answers the operations
/// and what went wrong.
async fn cut_everywhere(template: Option<&Path>, lies: bool, step: usize) -> (usize, Vec<String>) {
    let mut wrong = Vec::new();
    for operation in (1..).step_by(step) {
        let mut survived = false;
        for unsynced in [UnsyncedNames::Lost, UnsyncedNames::Kept] {
            let dir = tempfile::tempdir().unwrap();
            let (tables, backup) = (dir.path().join("tables"), dir.path().join("backup"));
            if let Some(template) = template {
                copy_dir(template, &tables);
            }
            std::fs::create_dir(&backup).unwrap();
            let disk = FaultyDisk::new(&backup, operation);
            let disk = if lies { disk.lying() } else { disk };
            let mut acknowledged = 0;
            let ran = run(&tables, &disk, &mut acknowledged).await;
            survived = ran.is_ok() && disk.has_power();
            disk.cut_power(unsynced);
            if let Err(what) = recover(&tables, acknowledged).await {
                wrong.push(format!("power cut before operation {operation}, names {unsynced:?}: {what}"));
            }
        }
        if survived {
            return (operation, wrong);
        }
    }
    unreachable!("the run ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_power_cut_before_any_operation() {
    let template = tempfile::tempdir().unwrap();
    drop(open(template.path()).await);
    let (operations, wrong) = cut_everywhere(Some(template.path()), false, 1).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    // 3 commits of a data file and a log entry, a checkpoint, a compaction.
    assert!(operations > 40, "only {operations} operations");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_while_the_tables_are_made_leaves_them_to_be_made() {
    let (_, wrong) = cut_everywhere(None, false, 3).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_syncs_these_tests_would_fail() {
    let template = tempfile::tempdir().unwrap();
    drop(open(template.path()).await);
    let (_, wrong) = cut_everywhere(Some(template.path()), true, 9).await;
    assert!(wrong.iter().any(|what| what.contains("were acknowledged")), "{wrong:#?}");
    assert!(wrong.iter().any(|what| what.contains("the file is empty")), "{wrong:#?}");
}
