//! Bulk loads: exact counts, exactly once by file, whatever interrupts them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::DataType;
use intake::{EventAnswer, Framing, LoadError, LoadInput, LoadOptions, LoadSummary, NoProgress, Request, Source, load};

use crate::bench::*;

fn run(data: &Path, file: &Path, options: &LoadOptions) -> Result<LoadSummary, LoadError> {
    load(&crate::bench::options(data), &clock(), &LoadInput::File(file.to_owned()), options, &NoProgress)
}

fn load_options(threads: usize) -> LoadOptions {
    LoadOptions { threads, ..LoadOptions::default() }
}

/// Opens the data directory and asks it something.
fn ask<T>(data: &Path, question: impl AsyncFnOnce(&intake::Intake) -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let intake = open(data).await;
        let answer = question(&intake).await;
        intake.close().await;
        answer
    })
}

/// A file of events with padding, so that it has several chunks, over three days, with
/// known broken lines, duplicates and conflicts.
struct Made {
    text: String,
    accepted: BTreeSet<String>,
    invalid: BTreeSet<String>,
    duplicates: u64,
    conflicts: u64,
}

fn make(events: u32) -> Made {
    let mut made =
        Made { text: String::new(), accepted: BTreeSet::new(), invalid: BTreeSet::new(), duplicates: 0, conflicts: 0 };
    let subject = format!("\"subject\":\"{}\",\"chatStart\"", "s".repeat(900));
    for n in 0..events {
        let id = format!("n-{n}");
        let good = |minute| {
            let event = event(&id, minute).replace("\"chatStart\"", &subject);
            // Mostly in the order of time, now and then back.
            event.replace("2026-11-20", ["2026-11-18", "2026-11-19", "2026-11-20"][(n * 3 / events) as usize % 3])
        };
        let line = match n % 97 {
            13 => {
                made.invalid.insert(id.clone());
                invalid(&id)
            }
            14 => {
                made.invalid.insert(id.clone());
                good(1)[..200].to_owned()
            }
            15 if n > 97 => {
                made.duplicates += 1;
                made.accepted.insert(id.clone());
                format!("{}\n\n {} ", good(n), good(n))
            }
            16 if n > 97 => {
                made.conflicts += 1;
                made.accepted.insert(id.clone());
                format!("{}\r\n{}", good(1), good(2))
            }
            _ => {
                made.accepted.insert(id.clone());
                good(n)
            }
        };
        made.text.push_str(&line);
        made.text.push('\n');
    }
    made
}

fn check_stored(data: &Path, made: &Made, context: &str) {
    let (stored, kinds, rejected) = ask(data, async |intake| {
        let stored = ids(intake).await;
        (stored, rejects(intake).await, column(&intake.store().rejects, "event_id").await)
    });
    assert!(stored.iter().eq(&made.accepted), "{context}: {} of {}", stored.len(), made.accepted.len());
    let broken: usize = made.text.lines().filter(|line| !line.trim().is_empty()).count()
        - made.accepted.len()
        - (made.duplicates + made.conflicts) as usize;
    let expect: BTreeMap<String, usize> =
        [("invalid", broken), ("duplicate", made.duplicates as usize), ("conflict", made.conflicts as usize)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| (kind.to_owned(), count))
            .collect();
    assert_eq!(kinds, expect, "{context}");
    let rejected: BTreeSet<String> = rejected.into_iter().collect();
    assert!(made.invalid.is_subset(&rejected), "{context}");
}

fn check_summary(summary: &LoadSummary, made: &Made, context: &str) {
    assert_eq!(summary.accepted, made.accepted.len() as u64, "{context}");
    assert_eq!(summary.duplicates, made.duplicates, "{context}");
    assert_eq!(summary.conflicts, made.conflicts, "{context}");
    let lines = made.text.lines().filter(|line| !line.trim().is_empty()).count() as u64;
    let rejected: u64 = summary.rejected.values().sum();
    assert_eq!(summary.read, lines, "{context}");
    assert_eq!(rejected, lines - summary.accepted - summary.duplicates - summary.conflicts, "{context}");
    assert_eq!(summary.bytes, made.text.len() as u64, "{context}");
}

#[test]
fn a_load_is_exact_and_happens_once() {
    let dir = tempfile::tempdir().unwrap();
    let made = make(12_000);
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(made.text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = zstd::stream::encode_all(made.text.as_bytes(), 1).unwrap();
    let inputs = [("plain", made.text.clone().into_bytes(), 2), ("gzip", gzip, 3), ("zstd", zstd, 1)];
    for (name, bytes, threads) in inputs {
        let data = dir.path().join(name);
        let file = dir.path().join(format!("{name}.input"));
        fs::write(&file, bytes).unwrap();
        let summary = run(&data, &file, &load_options(threads)).unwrap();
        check_summary(&summary, &made, name);
        check_stored(&data, &made, name);
        let again = run(&data, &file, &load_options(threads)).unwrap();
        assert_eq!(again, LoadSummary { already_loaded: true, ..LoadSummary::default() }, "{name}");
        check_stored(&data, &made, name);
    }
    // The same events in another file: all known.
    let data = dir.path().join("plain");
    let other = dir.path().join("other.ndjson");
    fs::write(&other, format!("{}\n", made.text)).unwrap();
    let summary = run(&data, &other, &load_options(2)).unwrap();
    assert_eq!((summary.accepted, summary.already_loaded), (0, false));
    // Each event whose first form is the stored one is a duplicate, as is its repetition.
    assert_eq!(summary.duplicates, made.accepted.len() as u64 + made.duplicates);
    assert_eq!(summary.conflicts, made.conflicts);
    assert_eq!(ask(&data, async |intake| ids(intake).await.len()), made.accepted.len());
}

#[test]
fn an_interrupted_load_is_completed() {
    let made = make(16_000);
    for (commit_every_bytes, name) in [(u64::MAX, "one commit"), (5 << 20, "several commits")] {
        let dir = tempfile::tempdir().unwrap();
        let (data, file) = (dir.path().join("data"), dir.path().join("input.ndjson"));
        fs::write(&file, &made.text).unwrap();
        for chunks in [0, 1, 2, 3] {
            let options = LoadOptions { stop_after_chunks: Some(chunks), commit_every_bytes, ..load_options(2) };
            let stopped = run(&data, &file, &options);
            match (stopped, commit_every_bytes) {
                (Err(LoadError::Stopped), _) => {}
                // Each run goes on where the last commit stood, so the last one may end.
                (Ok(_), commit) if commit != u64::MAX => break,
                (other, _) => panic!("{name} after {chunks} chunks: {other:?}"),
            }
        }
        let options = LoadOptions { commit_every_bytes, ..load_options(2) };
        let summary = run(&data, &file, &options).unwrap();
        if commit_every_bytes == u64::MAX {
            check_summary(&summary, &made, name);
        }
        check_stored(&data, &made, name);
        assert!(run(&data, &file, &options).unwrap().already_loaded);
    }
}

#[test]
fn many_rejects_are_not_held_in_memory() {
    let made = make(9_000);
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("input.ndjson"));
    fs::write(&file, &made.text).unwrap();
    let options = LoadOptions { reject_bytes_max: 1, ..load_options(2) };
    check_summary(&run(&data, &file, &options).unwrap(), &made, "spilled");
    check_stored(&data, &made, "spilled");
    assert!(ask(&data, async |intake| intake.store().rejects.stats().files) >= 2);
}

#[test]
fn rejects_that_were_committed_before_a_crash_are_not_doubled() {
    let made = make(6_000);
    // The second time the commits may end elsewhere: a part of their rejects is there already.
    let part = LoadOptions { stop_after_chunks: Some(1), commit_every_bytes: 1, ..load_options(2) };
    for (first, name) in [(load_options(2), "all"), (part, "a part")] {
        let dir = tempfile::tempdir().unwrap();
        let (data, file) = (dir.path().join("data"), dir.path().join("input.ndjson"));
        fs::write(&file, &made.text).unwrap();
        let stopped = matches!(run(&data, &file, &first), Err(LoadError::Stopped));
        assert_eq!(stopped, name == "a part");
        // As after a crash between the two commits: rejects are there, events are not.
        fs::remove_dir_all(data.join("tables/events")).unwrap();
        assert!(!ask(&data, async |intake| rejects(intake).await).is_empty(), "{name}");
        let summary = run(&data, &file, &load_options(2)).unwrap();
        check_summary(&summary, &made, name);
        check_stored(&data, &made, name);
    }
}

#[test]
fn events_of_a_file_without_ids_get_the_same_ones_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("nameless.ndjson");
    let lines: Vec<String> = (0..50).map(nameless).collect();
    fs::write(&file, lines.join("\n")).unwrap();
    let load_into = |name: &str| {
        let data = dir.path().join(name);
        run(&data, &file, &load_options(2)).unwrap();
        ask(&data, async |intake| ids(intake).await)
    };
    let first = load_into("a");
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 50);
    // As after a load that left nothing. They are made of a keyed hash, so elsewhere there are others.
    fs::remove_dir_all(dir.path().join("a/tables")).unwrap();
    assert_eq!(load_into("a"), first);
    assert_ne!(load_into("b"), first);
}

#[test]
fn what_the_journal_holds_comes_before_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("input.ndjson"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let intake = open(&data).await;
        let lines = format!("{}\n{}", event("posted", 1), event("both", 1));
        intake.submit(Request { framing: Framing::Lines, ..request(lines) }).await.unwrap();
        intake.abandon().await;
    });
    fs::write(&file, format!("{}\n{}\n{}\n", event("both", 1), event("posted", 2), event("filed", 1))).unwrap();
    let summary = run(&data, &file, &load_options(1)).unwrap();
    assert_eq!((summary.accepted, summary.duplicates, summary.conflicts), (1, 1, 1));
    let stored = ask(&data, async |intake| {
        // And what was loaded is known to the pipeline.
        submit(intake, event("filed", 1)).await;
        intake.settle().await.unwrap();
        (ids(intake).await, rejects(intake).await)
    });
    assert_eq!(stored, (names_of(&["both", "filed", "posted"]), kinds(&[("conflict", 1), ("duplicate", 2)])));
}

/// What decides whether events are late or odd, by id.
async fn provenance(intake: &intake::Intake) -> Vec<[String; 3]> {
    intake.settle().await.unwrap();
    let sql = "select \"_id\", coalesce(request_id, 'null'), coalesce(time_anomaly, 'null') from rows order by 1";
    let batches = test_query::query("rows", intake.store().events.provider(), sql).await.unwrap();
    let mut rows = Vec::new();
    for batch in batches {
        let texts = [0, 1, 2].map(|at| arrow::compute::cast(batch.column(at), &DataType::Utf8).unwrap());
        let text = |at: usize, row| texts[at].as_string::<i32>().value(row).to_owned();
        rows.extend((0..batch.num_rows()).map(|row| [text(0, row), text(1, row), text(2, row)]));
    }
    rows
}

#[test]
fn what_is_sent_as_a_file_is_as_if_it_was_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let of_year = |id: &str, year: &str| event(id, 1).replace("2026", year);
    let lines = |name: &str| {
        let years = ["2024", "2026", "2031"];
        years.map(|year| of_year(&format!("{name}-{year}"), year)).join("\n")
    };
    let file = dir.path().join("input.ndjson");
    fs::write(&file, lines("loaded")).unwrap();
    run(dir.path(), &file, &load_options(1)).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rows = runtime.block_on(async {
        let intake = open(dir.path()).await;
        let of = |name: &str, source, id: Option<&str>| Request {
            source,
            request_id: id.map(str::to_owned),
            framing: Framing::Lines,
            ..request(lines(name))
        };
        let sent = of("sent", Source::File, Some("load-1-0"));
        let answers = intake.submit(sent.clone()).await.unwrap();
        let noticed =
            |answer: &EventAnswer| matches!(answer, EventAnswer::Accepted { notices, .. } if !notices.is_empty());
        assert_eq!(answers.iter().map(noticed).collect::<Vec<_>>(), [false, false, true]);
        intake.submit(of("named", Source::Sender, Some("r"))).await.unwrap();
        intake.submit(of("unnamed", Source::Sender, None)).await.unwrap();
        // As a crash would: the journal alone knows where they come from.
        intake.abandon().await;
        let intake = open(dir.path()).await;
        let rows = provenance(&intake).await;
        // Sent again, it is known.
        intake.submit(sent).await.unwrap();
        assert_eq!(provenance(&intake).await, rows);
        intake.close().await;
        rows
    });
    let expect =
        [("loaded", "null", "null"), ("named", "r", "behind"), ("sent", "null", "null"), ("unnamed", "", "behind")];
    let expect = expect.map(|(name, request_id, old)| {
        [("2024", old), ("2026", "null"), ("2031", "ahead")]
            .map(|(year, anomaly)| [format!("{name}-{year}"), request_id.to_owned(), anomaly.to_owned()])
    });
    assert_eq!(rows, expect.concat());
}

#[test]
fn odd_files() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut count = 0;
    let mut check = |bytes: &[u8], read: u64, accepted: u64| {
        count += 1;
        let file = dir.path().join(format!("odd-{count}"));
        fs::write(&file, bytes).unwrap();
        let summary = run(&data, &file, &load_options(2)).unwrap();
        assert_eq!(
            (summary.read, summary.accepted),
            (read, accepted),
            "{}",
            String::from_utf8_lossy(&bytes[..bytes.len().min(80)])
        );
    };
    check(b"", 0, 0);
    check(b"\n \r\n", 0, 0);
    check(event("o-1", 1).as_bytes(), 1, 1);
    check(format!("\u{FEFF}{}\n", event("o-2", 1)).as_bytes(), 1, 1);
    check(b"\xFF\xFD\n{}\n\x00", 3, 0);
    let mut long = vec![b' '; 5 << 20];
    long.extend_from_slice(format!("{{\"x\":\"{}\"}}\n{}\n", "y".repeat(6 << 20), event("o-3", 1)).as_bytes());
    check(&long, 2, 1);
    let missing = run(&data, &dir.path().join("missing"), &load_options(1));
    assert!(matches!(missing, Err(LoadError::Input { .. })), "{missing:?}");
    assert!(run(&data, dir.path(), &load_options(1)).is_err(), "a directory");
    assert_eq!(ask(&data, async |intake| ids(intake).await), names_of(&["o-1", "o-2", "o-3"]));
}

fn names_of(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// Loads a text of its own and gives the summary, and the ids that are stored.
fn load_text(text: &str) -> Result<(LoadSummary, Vec<String>), LoadError> {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("events"));
    fs::write(&file, text).unwrap();
    let summary = run(&data, &file, &load_options(2))?;
    let again = run(&data, &file, &load_options(2))?;
    assert!(again.already_loaded, "{text}");
    Ok((summary, ask(&data, async |intake| ids(intake).await)))
}

#[test]
fn files_and_bodies_of_the_same_bytes_hold_the_same_events() {
    let (a, b) = (event("a", 1), event("b", 2));
    let pretty = |event: &str| event.replace(',', ",\n  ").replace('{', "{\n  ");
    let check = |text: String, expect: &[&str]| {
        let (summary, stored) = load_text(&text).expect(&text);
        assert_eq!(stored, expect, "{text}");
        assert_eq!((summary.read, summary.accepted), (expect.len() as u64, expect.len() as u64), "{text}");
        let dir = tempfile::tempdir().unwrap();
        let posted = ask(dir.path(), async |intake| submit(intake, text.clone()).await);
        assert_eq!(posted, expect, "posted: {text}");
    };
    check(format!("{a}\n{b}\n"), &["a", "b"]);
    check(format!("\u{FEFF}{a}\r\n\r\n{b}"), &["a", "b"]);
    check(pretty(&a), &["a"]);
    check(format!("{}\n{}\n", pretty(&a), pretty(&b)), &["a", "b"]);
    check(format!("{a}{b}"), &["a", "b"]);
    check(format!("[{a},{b}]"), &["a", "b"]);
    check(format!("\u{FEFF}[\n  {},\n  {}\n]\n", pretty(&a), pretty(&b)), &["a", "b"]);
}

#[test]
fn what_cannot_be_read_as_json_loads_nothing() {
    let a = event("a", 1);
    let check = |text: String, expect: &str| {
        let error = load_text(&text).expect_err(&text).to_string();
        assert!(error.contains(expect), "{error}");
    };
    check(format!("[{a},]"), "expected an event");
    check(format!("[{a} {a}]"), "expected a comma or ]");
    check(format!("[{a}"), "expected a comma or ]");
    check(format!("[{a},{{\"_id\":oops}}]"), "the event from byte");
    check(format!("{{\n\"_id\": oops\n}}\n{a}"), "the event from byte 0 is");
    check("_id,timestamp\na,2026-11-20T10:00:00Z\n".to_owned(), "it is CSV");
    // Among lines, one that can't be read is one that is rejected.
    let (summary, stored) = load_text(&format!("{a}\n{{\"_id\":oops}}\n")).unwrap();
    assert_eq!((summary.read, summary.accepted, stored.len()), (2, 1, 1));
}

#[test]
fn an_array_that_was_loaded_half_is_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("events.json"));
    let filler = "s".repeat(2_000);
    let each = |n: u32| event(&format!("n-{n}"), n).replace("\"C", &format!("\"{filler}"));
    let text = format!("[\n{}\n]", (0..6_000).map(each).collect::<Vec<_>>().join(",\n"));
    fs::write(&file, &text).unwrap();
    let mut options = LoadOptions { commit_every_bytes: 1, stop_after_chunks: Some(2), ..load_options(1) };
    assert!(matches!(run(&data, &file, &options), Err(LoadError::Stopped)));
    options.stop_after_chunks = None;
    let rest = run(&data, &file, &options).unwrap();
    assert!(rest.read > 0 && rest.read < 6_000 && rest.duplicates == 0, "{rest:?}");
    assert_eq!(ask(&data, async |intake| ids(intake).await.len()), 6_000);
}
