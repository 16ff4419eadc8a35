//! Whatever happens to the files of summaries.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use summary::Counter::ClickToCall;

use super::bench::*;
use super::events::*;
use super::steps::some_days;

async fn made() -> Bench {
    let mut bench = Bench::new().await;
    bench.append(&some_days()).await;
    bench.check("made").await;
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn settled_days_have_files_and_are_not_made_again() {
    let mut bench = made().await;
    for day in [2, 3, 4, 5, 9] {
        assert!(bench.file(day).exists(), "{day}");
    }
    assert!(!bench.file(30).exists(), "today");
    bench.reopen().await;
    report::SummarySource::answer(&bench.summaries, &[whole()]).await.unwrap();
    assert_eq!(bench.folds(), 1, "today only");
    // A change is told by the fingerprint.
    bench.append(&[Happening::new("f1", at(4, 600)).by("anna").counting(ClickToCall, 1)]).await;
    bench.forget();
    bench.check("changed").await;
    // Days with rows in no file yet are not settled.
    let before = fs::read(bench.file(9)).unwrap();
    bench.show(&[Happening::new("f2", at(9, 600)).by("anna").counting(ClickToCall, 1)]);
    bench.check("fresh").await;
    assert_eq!(fs::read(bench.file(9)).unwrap(), before);
    bench.commit_fresh().await;
    bench.check("committed").await;
    assert_ne!(fs::read(bench.file(9)).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_right_whatever_a_kill_has_left() {
    let mut bench = made().await;
    let path = bench.file(3);
    let whole = fs::read(&path).unwrap();
    let other = fs::read(bench.file(4)).unwrap();
    let draft = bench.summaries_dir().join(".2026-11-04.summary.tmp");
    let mut wrong = whole.clone();
    wrong[7] ^= 1;
    let states: [(&str, Option<&[u8]>, Option<&[u8]>); 8] = [
        ("before the first byte", None, Some(b"")),
        ("while it was written", None, Some(&whole[..40])),
        ("before it was renamed", Some(&wrong), Some(&whole)),
        ("a torn file", Some(&whole[..whole.len() / 2]), None),
        ("an empty file", Some(b""), None),
        ("of something else", Some(&wrong), None),
        ("another day's", Some(&other), None),
        ("garbage", Some(&[0x5A; 900]), None),
    ];
    for (what, file, left) in states {
        fs::remove_file(&path).unwrap();
        if let Some(bytes) = file {
            fs::write(&path, bytes).unwrap();
        }
        if let Some(bytes) = left {
            fs::write(&draft, bytes).unwrap();
        }
        bench.forget();
        bench.check(what).await;
        assert_eq!(fs::read(&path).unwrap(), whole, "{what}: it is replaced");
        assert!(!draft.exists(), "{what}: leftovers are deleted");
    }
    fs::remove_dir_all(bench.summaries_dir()).unwrap();
    bench.forget();
    bench.check("all deleted").await;
    assert!(path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn summaries_of_another_key_are_made_anew() {
    let mut bench = made().await;
    let before = fs::read(bench.file(3)).unwrap();
    for key in [&b"sixteen bytes !!"[..], b"short", b""] {
        fs::write(bench.summaries_dir().join("key"), key).unwrap();
        bench.forget();
        bench.check("another key").await;
        assert_ne!(fs::read(bench.file(3)).unwrap(), before);
        assert_eq!(fs::read(bench.summaries_dir().join("key")).unwrap().len(), 16);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_visitor_stands_in_a_file() {
    let bench = made().await;
    let files: Vec<_> = fs::read_dir(bench.summaries_dir()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 5);
    for path in files {
        let bytes = fs::read(&path).unwrap();
        // What is compressed by zstd, and only that, is behind the two headers.
        let plain = bytes.get(42..).and_then(zstd_frame).unwrap_or(bytes);
        for visitor in ["anna", "bert", "dora"] {
            assert!(!plain.windows(4).any(|letters| letters == visitor.as_bytes()), "{path:?}");
        }
    }
}

fn zstd_frame(bytes: &[u8]) -> Option<Vec<u8>> {
    zstd::decode_all(bytes).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_can_not_be_used_costs_the_cache_only() {
    let mut bench = Bench::new().await;
    bench.append(&some_days()).await;
    // A file in the directory's place.
    fs::write(bench.summaries_dir(), "x").unwrap();
    bench.check("no directory").await;
    bench.append(&[Happening::new("f1", at(3, 5)).by("anna")]).await;
    bench.check("no directory").await;
    fs::remove_file(bench.summaries_dir()).unwrap();
    bench.forget();
    bench.check("made").await;
    fs::set_permissions(bench.summaries_dir(), fs::Permissions::from_mode(0o500)).unwrap();
    bench.append(&[Happening::new("f2", at(3, 6)).by("anna")]).await;
    bench.check("read-only").await;
    fs::set_permissions(bench.summaries_dir(), fs::Permissions::from_mode(0o700)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_that_somebody_invents_have_no_files() {
    let mut bench = Bench::new().await;
    let invented: Vec<Happening> =
        (0..20).map(|n| Happening::new(format!("i{n}"), at(-3_000 - 40 * n, 5)).by("anna")).collect();
    bench.append_undated(&invented).await;
    bench.append(&some_days()).await;
    bench.check("with invented dates").await;
    let everything = summary::Query { since: at(-9_000, 0), ..whole() };
    let answered = report::SummarySource::answer(&bench.summaries, std::slice::from_ref(&everything)).await.unwrap();
    assert_eq!(sorted(answered.answers[0].answer.clone()), expected(&bench.events(), &everything));
    assert_eq!(answered.answers[0].answer.totals.events, 31);
    let summaries = fs::read_dir(bench.summaries_dir()).unwrap().count() - 1;
    assert_eq!(summaries, 5, "the settled days of the others");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_upkeep_makes_what_is_missing_and_deletes_what_is_gone() {
    let mut bench = Bench::new().await;
    bench.append(&some_days()).await;
    let upkeep = tokio::spawn({
        let summaries = bench.summaries.clone();
        async move { summaries.upkeep().await }
    });
    while ![2, 3, 4, 5, 9].into_iter().all(|day| bench.file(day).exists()) {
        tokio::task::yield_now().await;
    }
    upkeep.abort();
    bench.check("made by the upkeep").await;
    bench.delete("e1").await;
    bench.forget();
    let upkeep = tokio::spawn({
        let summaries = bench.summaries.clone();
        async move { summaries.upkeep().await }
    });
    while bench.file(9).exists() {
        tokio::task::yield_now().await;
    }
    bench.summaries.close();
    upkeep.abort();
    let stopped = report::SummarySource::answer(&bench.summaries, &[whole()]).await;
    assert!(matches!(stopped, Err(report::SummaryError::Unavailable(_))), "{stopped:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_a_file_is_read_at_the_start() {
    let mut bench = made().await;
    bench.reopen().await;
    assert_eq!(bench.summaries.stats().summaries, 0);
    let upkeep = tokio::spawn({
        let summaries = bench.summaries.clone();
        async move { summaries.upkeep().await }
    });
    let with_files = [2, 3, 4, 5, 9].into_iter().filter(|day| bench.file(*day).exists()).count() as u64;
    let reading = async {
        while bench.summaries.stats().summaries < with_files {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), reading).await.expect("all are read");
    upkeep.abort();
    bench.check("read at the start").await;
}

/// Where the version of the summaries stands, behind what the file says of itself.
const SUMMARY_VERSION: usize = 21 + 4;

#[tokio::test(flavor = "multi_thread")]
async fn files_of_an_earlier_form_are_made_anew() {
    let mut bench = made().await;
    let now = fs::read(bench.file(3)).unwrap();
    assert_eq!(&now[21..SUMMARY_VERSION], b"FDDS");
    for version in [0, 1, 255] {
        let mut earlier = now.clone();
        earlier[SUMMARY_VERSION] = version;
        fs::write(bench.file(3), &earlier).unwrap();
        bench.reopen().await;
        bench.check(&format!("version {version}")).await;
        assert_eq!(fs::read(bench.file(3)).unwrap(), now, "version {version}");
    }
}
