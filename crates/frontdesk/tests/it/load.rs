//! Loading files: exactly the right events, each file once, with and without a server.

use std::io::Write;

use crate::desk::{Place, event, rows};

const DAYS: [&str; 6] = ["--days", "3", "--until", "2026-11-22", "--seed", "5"];

/// The summary without its line of rates.
fn counts(summary: &str) -> String {
    summary.lines().filter(|line| !line.contains("events/s")).collect::<Vec<_>>().join("\n")
}

#[test]
fn loads_exactly_what_is_valid_and_each_file_once() {
    let place = Place::new();
    let text = place.ok(&[&["generate", "--events", "3000", "--invalid", "2%"][..], &DAYS].concat());
    place.write("events.ndjson", &text);
    let first = place.ok(&["load", "events.ndjson"]);
    assert!(
        first.starts_with("events.ndjson: 3000 events read, 2940 accepted, 60 rejected, 0 duplicates, 0 conflicts\n"),
        "{first}"
    );
    assert!(first.contains("  rejected for syntax: "), "{first}");
    let count = ["sql", "select count(*) as n, count(distinct \"_id\") as ids from events", "--format", "csv"];
    assert_eq!(rows(&place.ok(&count)), ["2940,2940"]);
    assert_eq!(rows(&place.ok(&["sql", "select count(*) from rejects", "--format", "csv"])), ["60"]);
    assert_eq!(place.ok(&["load", "events.ndjson"]), "events.ndjson: already loaded, nothing to do\n");
    assert_eq!(rows(&place.ok(&count)), ["2940,2940"]);
}

#[test]
fn compressed_files_and_standard_input_are_the_same_events() {
    let place = Place::new();
    let text = place.ok(&[&["generate", "--events", "500", "--invalid", "0"][..], &DAYS].concat());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    place.write("a.gz", gzip.finish().unwrap());
    place.write("b.zst", zstd::encode_all(text.as_bytes(), 1).unwrap());
    let summary = counts(&place.ok(&["load", "a.gz", "b.zst"]));
    let expect = "a.gz: 500 events read, 500 accepted, 0 rejected, 0 duplicates, 0 conflicts\n\
                  b.zst: 500 events read, 0 accepted, 0 rejected, 500 duplicates, 0 conflicts";
    assert_eq!(summary, expect);
    let piped = place.pipe(&["load", "-"], text.as_bytes());
    assert!(
        piped.out.starts_with("standard input: 500 events read, 0 accepted, 0 rejected, 500 duplicates"),
        "{piped:?}"
    );
    assert_eq!(rows(&place.ok(&["sql", "select count(*) from events", "--format", "csv"])), ["500"]);
}

#[test]
fn loads_through_a_running_server() {
    let place = Place::new();
    let text = place.ok(&[&["generate", "--events", "6000", "--invalid", "1%"][..], &DAYS].concat());
    place.write("events.ndjson", &text);
    let desk = place.serve(&[]);
    let first = place.ok(&["load", "events.ndjson"]);
    assert!(
        first.starts_with("events.ndjson: 6000 events read, 5940 accepted, 60 rejected; sent to the running server"),
        "{first}"
    );
    let count = ["sql", "select count(*) as n, count(distinct \"_id\") as ids from events", "--format", "csv"];
    assert_eq!(rows(&place.ok(&count)), ["5940,5940"]);
    // A second time changes nothing.
    place.ok(&["load", "events.ndjson"]);
    assert_eq!(rows(&place.ok(&count)), ["5940,5940"]);
    assert!(desk.stop("TERM").success());
    assert_eq!(rows(&place.ok(&count)), ["5940,5940"]);
}

#[test]
fn events_without_an_id_collapse_when_a_file_is_sent_twice_to_a_server() {
    let place = Place::new();
    let line = event("x").replace(r#""_id":"x","#, "");
    place.write("events.ndjson", format!("{line}\n{}\n", line.replace("10:00", "11:00")));
    let _desk = place.serve(&[]);
    place.ok(&["load", "events.ndjson"]);
    place.ok(&["load", "events.ndjson"]);
    assert_eq!(rows(&place.ok(&["sql", "select count(*) from events", "--format", "csv"])), ["2"]);
}
