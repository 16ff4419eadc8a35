//! A data directory of an early version, when contents were known by a plain hash of their
//! bytes: it opens, its rows stay, what is sent again is known, and the hashes go.
//!
//! `early.gz` was written by version 0.1.0 at commit b440458, with the events of
//! `early.ndjson` and those below.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use flate2::read::GzDecoder;
use intake::{Intake, LoadInput, LoadOptions, NoProgress, Request, load};

use crate::bench::*;

const EARLY: &[u8] = include_bytes!("../data/early.gz");
const IDS: [&str; 7] = [
    "18ca298b-065f-55d9-bc46-8008bc7ee356",
    "a line of early.ndjson",
    "a line of standard input",
    "early-1",
    "early-2",
    "early-3",
    "early-far",
];

fn unpack(dir: &Path) {
    let mut all = Vec::new();
    GzDecoder::new(EARLY).read_to_end(&mut all).unwrap();
    let mut rest = all.as_slice();
    let line = |rest: &mut &[u8]| {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap();
        let line = std::str::from_utf8(&rest[..end]).unwrap().to_owned();
        *rest = &rest[end + 1..];
        line
    };
    while !rest.is_empty() {
        let path = dir.join(line(&mut rest));
        let length: usize = line(&mut rest).parse().unwrap();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &rest[..length]).unwrap();
        rest = &rest[length..];
    }
    fs::set_permissions(dir.join("vault.key"), fs::Permissions::from_mode(0o600)).unwrap();
}

/// An event as it was sent to the early version.
fn sent(id: &str, day: u32) -> String {
    format!(
        r#"{{"_id":"{id}","timestamp":"2026-11-{day}T10:00:00.123Z","eventType":"web.formFilledOut","customerFeedback":{{"clickToDirectMessage":1,"subject":"Order","callBackNumber":{{"number":"+1-408-555-0137"}}}}}}"#
    )
}

/// The same, written in another way.
fn rewritten(id: &str, day: u32) -> String {
    format!(
        r#"{{"customerFeedback":{{"callBackNumber":{{"number":"+1-408-555-0137"}},"subject":"\u004frder","clickToDirectMessage":1.0}}, "eventType":"web.formFilledOut","timestamp":"2026-11-{day}T10:00:00.123Z","_id":"{id}"}}"#
    )
}

async fn submit_as(intake: &Intake, request_id: &str, body: &str) {
    intake.submit(Request { request_id: Some(request_id.to_owned()), ..request(body) }).await.unwrap();
}

async fn known(intake: &Intake) -> Vec<String> {
    let is_ours = |id: &String| IDS.contains(&id.as_str());
    let (mut known, made): (Vec<_>, Vec<_>) = ids(intake).await.into_iter().partition(is_ours);
    // Ids that were made of where the events came from.
    known.extend(IDS[1..3].iter().take(made.len()).map(|id| (*id).to_owned()));
    known.extend(made.into_iter().skip(2));
    known.sort();
    known
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_stay_and_what_is_sent_again_is_known() {
    let dir = tempfile::tempdir().unwrap();
    unpack(dir.path());
    let intake = open(dir.path()).await;
    assert_eq!(known(&intake).await, IDS);
    assert_eq!(rejects(&intake).await, kinds(&[("invalid", 1)]));
    let again = async |intake: &Intake| {
        submit(intake, sent("early-1", 20)).await;
        submit_as(intake, "r-1", r#"{"timestamp":"2026-11-20T11:00:00Z","customerFeedback":{"chatStart":1}}"#).await;
        let bad = r#"{"_id":"early-bad","customerFeedback":{"chatStart":"one","callBackNumber":{"number":"+1-408-555-0137"}}}"#;
        submit_as(intake, "r-2", bad).await;
        intake.flush().await.unwrap();
    };
    again(&intake).await;
    assert_eq!(rejects(&intake).await, kinds(&[("duplicate", 3), ("invalid", 1)]));
    // Known by its bytes once, it is known by what it says.
    submit(&intake, rewritten("early-1", 20)).await;
    // Of this one only the hash of its bytes is known.
    submit(&intake, rewritten("early-2", 21)).await;
    intake.flush().await.unwrap();
    assert_eq!(rejects(&intake).await, kinds(&[("conflict", 1), ("duplicate", 4), ("invalid", 1)]));

    let store = intake.store();
    assert!(store.events.has_legacy_hashes() && store.rejects.has_legacy_hashes());
    assert_eq!(store.events.forget_legacy_hashes().await.unwrap(), 6);
    assert_eq!(store.rejects.forget_legacy_hashes().await.unwrap(), 1);
    assert!(!store.events.has_legacy_hashes() && !store.rejects.has_legacy_hashes());
    intake.close().await;

    let intake = open(dir.path()).await;
    assert_eq!(known(&intake).await, IDS);
    again(&intake).await;
    submit(&intake, sent("early-2", 21)).await;
    intake.flush().await.unwrap();
    assert_eq!(known(&intake).await, IDS);
    assert_eq!(rejects(&intake).await, kinds(&[("conflict", 1), ("duplicate", 8), ("invalid", 1)]));
    intake.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loaded_file_is_known_by_its_old_name() {
    let dir = tempfile::tempdir().unwrap();
    unpack(dir.path());
    let file = LoadInput::File(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/early.ndjson"));
    let load = |options| {
        tokio::task::block_in_place(|| load(&options, &clock(), &file, &LoadOptions::default(), &NoProgress).unwrap())
    };
    assert!(load(options(dir.path())).already_loaded);
    // A new directory names it by a keyed hash.
    let fresh = tempfile::tempdir().unwrap();
    assert_eq!(load(options(fresh.path())).accepted, 2);
    assert!(load(options(fresh.path())).already_loaded);
    let name = |dir: &Path| {
        let log = fs::read_to_string(dir.join("tables/events/_delta_log/00000000000000000001.json")).unwrap();
        log.split("\"load-").nth(1).map(|rest| rest[..16].to_owned())
    };
    let other = tempfile::tempdir().unwrap();
    assert_eq!(load(options(other.path())).accepted, 2);
    assert!(name(fresh.path()).is_some());
    assert_ne!(name(fresh.path()), name(other.path()));
}
