//! A data directory that was cut, robbed or given another key: what is missing is said, the
//! rest is served, and no new record is taken for an old one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use intake::{Intake, IntakeError};

use crate::bench::*;

/// Five committed events, then five that only the journal has, and a crash.
async fn made(data: &Path) {
    let intake = open(data).await;
    for n in 0..5 {
        submit(&intake, event(&format!("a-{n}"), n)).await;
    }
    // Not `flush`: a wish of it that comes late would commit the next ones as well.
    intake.close().await;
    let intake = open(data).await;
    for n in 0..5 {
        submit(&intake, event(&format!("b-{n}"), n)).await;
    }
    intake.settle().await.expect("drained");
    intake.abandon().await;
}

fn segment(data: &Path) -> std::path::PathBuf {
    let files = fs::read_dir(data.join("journal")).expect("listed").map(|entry| entry.expect("entry").path());
    files.filter(|path| path.extension().is_some_and(|kind| kind == "seg")).max().expect("a segment")
}

/// Opens after `damage`: the sentence and the number of events that are left. A new event is
/// then stored, and stays.
async fn check(damage: impl Fn(&Path), expect_said: &str, expect_left: usize) {
    let dir = tempfile::tempdir().expect("temporary directory");
    let data = dir.path();
    made(data).await;
    damage(data);
    let (intake, opened) = open_with(options(data)).await;
    assert_eq!(opened.damage.len(), 1, "{opened:?}");
    assert!(opened.damage[0].contains(expect_said), "{opened:?}");
    assert_eq!(intake.degraded(), opened.damage);
    assert_eq!(ids(&intake).await.len(), expect_left, "{expect_said}");
    submit(&intake, event("new", 1)).await;
    intake.settle().await.expect("shown");
    intake.close().await;
    let (intake, opened) = open_with(options(data)).await;
    assert_eq!(opened.damage, [""; 0], "it is said once: from now on the journal is whole again");
    let stored = ids(&intake).await;
    assert_eq!(stored.len(), expect_left + 1);
    assert!(stored.contains(&"new".to_owned()));
    intake.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_was_deleted_is_said_with_what_it_lost() {
    check(
        |data| fs::remove_dir_all(data.join("journal")).expect("deleted"),
        "5 acknowledged requests (6 to 10) are missing",
        5,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_was_cut_is_said_with_what_it_lost() {
    let cut = |data: &Path, keep: u64| {
        let path = segment(data);
        let bytes = fs::read(&path).expect("read");
        let used = bytes.iter().rposition(|byte| *byte != 0).expect("records") as u64 + 1;
        fs::File::options().write(true).open(path).expect("opened").set_len(used - keep).expect("cut");
    };
    check(|data| cut(data, 40), "1 acknowledged requests (10 to 10) are missing", 9).await;
    check(|data| cut(data, 0), "bytes shorter than it was made", 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_without_its_mark_is_compared_with_the_tables() {
    check(
        |data| {
            fs::remove_dir_all(data.join("journal")).expect("deleted");
            fs::remove_file(data.join("journal.mark")).expect("deleted");
        },
        "the tables hold records up to 5: it was cut or deleted",
        5,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_loses_nothing_and_says_nothing() {
    let dir = tempfile::tempdir().expect("temporary directory");
    made(dir.path()).await;
    let (intake, opened) = open_with(options(dir.path())).await;
    assert_eq!((opened.damage.len(), opened.replayed_records), (0, 5));
    intake.close().await;
}

async fn refused(data: &Path) -> IntakeError {
    match Intake::open(options(data), clock()).await {
        Err(error) => error,
        Ok(_) => panic!("opened with another key"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_is_refused_before_anything_is_written() {
    for without in [&[][..], &["vault.check"], &["vault.check", "journal"]] {
        let dir = tempfile::tempdir().expect("temporary directory");
        let data = dir.path();
        let intake = open(data).await;
        let personal =
            event("p", 1).replace("\"chatStart\"", "\"callBackNumber\":{\"number\":\"1-408-555-0100\"},\"chatStart\"");
        assert_eq!(submit(&intake, personal).await, ["p"]);
        intake.close().await;
        let key = fs::read(data.join("vault.key")).expect("read");
        for name in without {
            let path = data.join(name);
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("removed");
        }
        let list = || {
            let mut names: Vec<_> =
                fs::read_dir(data).expect("listed").map(|entry| entry.expect("entry").file_name()).collect();
            names.sort();
            names
        };
        let before = list();
        fs::write(data.join("vault.key"), [7; 32]).expect("written");
        let error = refused(data).await;
        assert!(matches!(error, IntakeError::KeyOther(_)), "{without:?}: {error}");
        assert_eq!(list(), before, "{without:?}");
        fs::write(data.join("vault.key"), key).expect("written");
        fs::set_permissions(data.join("vault.key"), fs::Permissions::from_mode(0o600)).expect("chmod");
        let intake = open(data).await;
        assert_eq!(ids(&intake).await, ["p"], "{without:?}");
        intake.close().await;
        assert!(data.join("vault.check").exists(), "a directory of the version before gets its check");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_data_file_costs_its_own_rows_only() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let data = dir.path();
    let intake = open(data).await;
    for n in 0..2 {
        submit(&intake, event(&format!("a-{n}"), n).replace("2026-11-20", ["2026-11-18", "2026-11-19"][n as usize]))
            .await;
        intake.flush().await.expect("committed");
    }
    intake.close().await;
    let day = data.join("tables/events/event_date=2026-11-18");
    let file = fs::read_dir(day).expect("listed").next().expect("a file").expect("entry").path();
    fs::write(&file, b"").expect("emptied");
    let (intake, opened) = open_with(options(data)).await;
    assert_eq!(opened.damage.len(), 1);
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(opened.damage[0].contains(&name), "{opened:?}");
    assert_eq!(ids(&intake).await, ["a-1"]);
    assert_eq!(intake.counters().damaged_files, 1);
    assert!(intake.counters().ready);
    intake.close().await;
}
