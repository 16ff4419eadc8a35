//! Damaged data files: named, passed over by everything, and never lost.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use table::{CompactPolicy, DeleteWhere, FileDays, StoredId};

use super::fixture::*;

const ALL: CompactPolicy = CompactPolicy { small_bytes: 1 << 30, target_bytes: 1 << 30, files_min: 2 };

/// The one data file of a day.
fn file_of(dir: &Path, day: &str) -> PathBuf {
    let mut files = fs::read_dir(dir.join("events").join(format!("event_date={day}"))).unwrap();
    files.next().unwrap().unwrap().path()
}

/// Three files of ten rows each, a day each; the newest is of the last day.
async fn made(dir: &Path) {
    let store = open(dir).await;
    for n in 0..3 {
        let _ = commit(&store.events, n * 10, n * 10 + 10, DAY + n as i32).await;
    }
}

/// Damages the file of the first day; the table then opens with 20 rows and its name.
async fn check(damage: impl Fn(&Path), expect: &str) {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path()).await;
    let path = file_of(dir.path(), "2026-11-22");
    damage(&path);
    let store = open(dir.path()).await;
    let damaged = store.damaged();
    assert_eq!(damaged.len(), 1, "{expect}");
    let said = damaged[0].to_string();
    let name = path.file_name().unwrap().to_str().unwrap();
    for part in ["table events is read without 10 rows", name, expect] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(counts(&store.events).await, (20, 20));
    assert_eq!(scalar(&store.events, "select count(*) from events").await, "20");
    // New rows go in and are seen; the watermark is where it was.
    assert_eq!(store.events.watermark("journal"), Some(29));
    let _ = commit(&store.events, 30, 40, DAY).await;
    assert_eq!(counts(&store.events).await, (30, 30));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_whole_is_named_at_once_and_passed_over() {
    check(|path| fs::remove_file(path).unwrap(), "is missing").await;
    check(|path| fs::write(path, b"").unwrap(), "is empty").await;
    check(|path| fs::write(path, &fs::read(path).unwrap()[..100]).unwrap(), "has 100 of its").await;
    check(|path| change(path, |bytes| bytes[0] ^= 1), "doesn't begin and end as a Parquet file").await;
    check(
        |path| {
            change(path, |bytes| {
                let length = bytes.len() - 8;
                bytes[length..length + 4].copy_from_slice(&u32::MAX.to_le_bytes());
            });
        },
        "doesn't begin and end as a Parquet file",
    )
    .await;
}

fn change(path: &Path, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_be_read_is_named() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path()).await;
    let path = file_of(dir.path(), "2026-11-22");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        // Root reads everything.
        return;
    }
    let store = open(dir.path()).await;
    assert!(store.damaged()[0].to_string().contains("may not be read by this user"));
    assert_eq!(counts(&store.events).await, (20, 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_inside_is_found_by_the_scan_of_ids_and_by_inspection() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path()).await;
    // The footer's own bytes.
    change(&file_of(dir.path(), "2026-11-22"), |bytes| {
        let end = bytes.len() - 8;
        bytes[end - 60..end].fill(0xFF);
    });
    // The first page's body.
    change(&file_of(dir.path(), "2026-11-23"), |bytes| bytes[40..60].fill(0xFF));
    let store = open(dir.path()).await;
    assert_eq!(store.damaged(), [], "nothing of it shows from outside");
    let mut ids = Vec::new();
    let mut each = |stored: StoredId<'_>| ids.push(stored.id.to_owned());
    let rows =
        store.events.scan_ids(&|days| matches!(days, FileDays::Of(day) if day.0 >= DAY), &mut each).await.unwrap();
    assert!((10..=20).contains(&rows), "{rows}");
    assert!(ids.contains(&"e25".to_owned()));
    assert!(!store.damaged().is_empty());
    store.events.inspect(Duration::ZERO).await;
    assert_eq!(store.damaged_count(), 2);
    assert_eq!(counts(&store.events).await, (10, 10));
    assert!(!store.find_damage().await, "there is no more to find");
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_and_deletion_leave_a_damaged_file_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let _ = commit(&store.events, 0, 10, DAY).await;
    let path = file_of(dir.path(), "2026-11-22");
    for n in 1..4 {
        let _ = commit(&store.events, n * 10, n * 10 + 10, DAY).await;
    }
    change(&path, |bytes| bytes[40..60].fill(0xFF));
    let bytes = fs::read(&path).unwrap();

    // The first run finds out, the second one merges the others.
    assert_eq!(store.events.compact(ALL).await.unwrap().groups_skipped, 1);
    assert_eq!(store.damaged_count(), 1);
    let compacted = store.events.compact(ALL).await.unwrap();
    assert_eq!((compacted.files_before, compacted.files_after), (3, 1));
    assert_eq!(counts(&store.events).await, (30, 30));

    let ids = ["e5", "e15"].map(str::to_owned).into();
    let deleted = store.events.delete_where(DeleteWhere { column: "_id".to_owned(), ids }).await.unwrap();
    assert_eq!((deleted.rows, deleted.files_damaged), (1, 1), "e5 may be in the damaged file");
    assert_eq!(counts(&store.events).await, (29, 29));
    store.events.vacuum(Duration::ZERO).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes, "it can be restored");

    // Restored, it is read again after the next opening.
    drop(store);
    assert_eq!(open(dir.path()).await.damaged().len(), 0, "from outside it looks whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_flipped_bit_in_any_page_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let _ = commit(&store.events, 0, 50, DAY).await;
    let path = file_of(dir.path(), "2026-11-22");
    let whole = fs::read(&path).unwrap();
    store.events.inspect(Duration::ZERO).await;
    assert_eq!(store.damaged(), []);
    drop(store);
    let footer_bytes = u32::from_le_bytes(whole[whole.len() - 8..whole.len() - 4].try_into().unwrap()) as usize;
    let pages_end = whole.len() - 8 - footer_bytes;
    for at in (4..pages_end).step_by(37) {
        change(&path, |bytes| bytes[at] ^= 0x10);
        let store = open(dir.path()).await;
        store.events.inspect(Duration::ZERO).await;
        assert_eq!(store.damaged_count(), 1, "byte {at} of {pages_end}");
        fs::write(&path, &whole).unwrap();
    }
}
