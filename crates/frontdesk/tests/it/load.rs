//! Loading files: exactly the right events, each file once, with and without a server.

use std::io::Write;
use std::time::Instant;

use crate::server_process::{PATIENCE, TestDir, event, rows};

const DAYS: [&str; 6] = ["--days", "3", "--until", "2026-11-22", "--seed", "5"];

/// The summary without its line of rates.
fn counts(summary: &str) -> String {
    summary.lines().filter(|line| !line.contains("events/s")).collect::<Vec<_>>().join("\n")
}

#[test]
fn loads_exactly_what_is_valid_and_each_file_once() {
    let dir = TestDir::new();
    let text = dir.ok(&[&["generate", "--events", "3000", "--invalid", "2%"][..], &DAYS].concat());
    dir.write("events.ndjson", &text);
    let first = dir.ok(&["load", "events.ndjson"]);
    assert!(
        first.starts_with("events.ndjson: 3000 events read, 2940 accepted, 60 rejected, 0 duplicates, 0 conflicts\n"),
        "{first}"
    );
    assert!(first.contains("  rejected for syntax: "), "{first}");
    let count = ["sql", "select count(*) as n, count(distinct \"_id\") as ids from events", "--format", "csv"];
    assert_eq!(rows(&dir.ok(&count)), ["2940,2940"]);
    assert_eq!(rows(&dir.ok(&["sql", "select count(*) from rejects", "--format", "csv"])), ["60"]);
    assert_eq!(dir.ok(&["load", "events.ndjson"]), "events.ndjson: already loaded, nothing to do\n");
    assert_eq!(rows(&dir.ok(&count)), ["2940,2940"]);
}

#[test]
fn compressed_files_and_standard_input_are_the_same_events() {
    let dir = TestDir::new();
    let text = dir.ok(&[&["generate", "--events", "500", "--invalid", "0"][..], &DAYS].concat());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    dir.write("a.gz", gzip.finish().unwrap());
    dir.write("b.zst", zstd::encode_all(text.as_bytes(), 1).unwrap());
    let summary = counts(&dir.ok(&["load", "a.gz", "b.zst"]));
    let expect = "a.gz: 500 events read, 500 accepted, 0 rejected, 0 duplicates, 0 conflicts\n\
                  b.zst: 500 events read, 0 accepted, 0 rejected, 500 duplicates, 0 conflicts";
    assert_eq!(summary, expect);
    let piped = dir.pipe(&["load", "-"], text.as_bytes());
    assert!(
        piped.out.starts_with("standard input: 500 events read, 0 accepted, 0 rejected, 500 duplicates"),
        "{piped:?}"
    );
    assert_eq!(rows(&dir.ok(&["sql", "select count(*) from events", "--format", "csv"])), ["500"]);
}

#[test]
fn loads_through_a_running_server() {
    let dir = TestDir::new();
    let text = dir.ok(&[&["generate", "--events", "6000", "--invalid", "1%"][..], &DAYS].concat());
    dir.write("events.ndjson", &text);
    let server = dir.serve(&[]);
    let first = dir.ok(&["load", "events.ndjson"]);
    assert!(
        first.starts_with("events.ndjson: 6000 events read, 5940 accepted, 60 rejected; sent to the running server"),
        "{first}"
    );
    let count = ["sql", "select count(*) as n, count(distinct \"_id\") as ids from events", "--format", "csv"];
    // A query waits for a second for what was acknowledged; a machine that is busy with tests takes longer.
    let begin = Instant::now();
    while rows(&dir.ok(&count)) != ["5940,5940"] {
        assert!(begin.elapsed() < PATIENCE, "the events are not there");
    }
    // A second time changes nothing.
    dir.ok(&["load", "events.ndjson"]);
    assert_eq!(rows(&dir.ok(&count)), ["5940,5940"]);
    assert!(server.stop("TERM").success());
    assert_eq!(rows(&dir.ok(&count)), ["5940,5940"]);
}

#[test]
fn reports_say_the_same_of_a_file_that_was_loaded_alone_and_beside_a_server() {
    let text = TestDir::new().ok(&[&["generate", "--events", "2000", "--invalid", "2%"][..], &DAYS].concat());
    let numbers = |dir: &TestDir| {
        let report = |name: &str, more: &[&str]| {
            let args = [&["report", name, "--format", "json"][..], more].concat();
            let report: serde_json::Value = serde_json::from_str(&dir.ok(&args)).unwrap();
            report["metrics"].clone()
        };
        let days = ["--since", "2026-11-19", "--until", "2026-11-22"];
        (
            report("quality", &["--since", "7d"]),
            report("quality", &days),
            report("overview", &days),
            report("chat", &days),
        )
    };
    let alone = TestDir::new();
    alone.write("events.ndjson", &text);
    alone.ok(&["load", "events.ndjson"]);
    let beside = TestDir::new();
    beside.write("events.ndjson", &text);
    let server = beside.serve(&[]);
    beside.ok(&["load", "events.ndjson"]);
    let (of_receipt, of_days, ..) = numbers(&alone);
    assert_eq!(of_days["late"]["value"], 0, "{of_days}");
    assert_eq!(of_days["anomalies_time"]["value"], 0, "{of_days}");
    assert_eq!(of_receipt["rejected"]["value"], 40, "{of_receipt}");
    assert_eq!(numbers(&beside), numbers(&alone));
    // What a sender sends so late is late, whether it names its request or not.
    for (id, path) in [("named", "/v1/events?request_id=r"), ("unnamed", "/v1/events")] {
        assert_eq!(server.post(path, event(id)).0, reqwest::StatusCode::OK);
    }
    assert_eq!(numbers(&beside).1["late"]["value"], 2);
    // To say that it comes from a file is not everybody's to do.
    let (status, answer) = server.post("/v1/events?source=file", event("hidden"));
    assert_eq!(status, reqwest::StatusCode::UNAUTHORIZED, "{answer}");
    assert!(answer.contains("frontdesk load"), "{answer}");
}

#[test]
fn events_without_an_id_collapse_when_a_file_is_sent_twice_to_a_server() {
    let dir = TestDir::new();
    let line = event("x").replace(r#""_id":"x","#, "");
    dir.write("events.ndjson", format!("{line}\n{}\n", line.replace("10:00", "11:00")));
    let _server = dir.serve(&[]);
    dir.ok(&["load", "events.ndjson"]);
    dir.ok(&["load", "events.ndjson"]);
    assert_eq!(rows(&dir.ok(&["sql", "select count(*) from events", "--format", "csv"])), ["2"]);
}

#[test]
fn files_that_hold_no_event_are_refused_with_the_way_out() {
    let dir = TestDir::new();
    let check = |name: &str, bytes: &[u8], parts: &[&str]| {
        dir.write(name, bytes);
        for command in ["check", "load"] {
            let outcome = dir.run(&[command, name]);
            assert_eq!(outcome.code, 2, "{command}: {outcome:?}");
            assert!(parts.iter().all(|part| outcome.err.contains(part)), "{command}: {outcome:?}");
        }
    };
    check("a.zip", b"PK\x03\x04", &["it is a zip archive", "unzip -p"]);
    check("a.xz", b"\xFD7zXZ\x00", &["it is xz", "xz -dc"]);
    check("a.csv", b"_id,timestamp\na,b\n", &["it is CSV", "JSON"]);
    check("a.json", b"\xFF\xFE{\x00}\x00", &["it is UTF-16", "iconv"]);
    check("a.parquet", b"PAR1", &["it is Parquet"]);
    check("cut.json", format!("[{},", event("a")).as_bytes(), &["not JSON at byte", "expected an event"]);
    assert_eq!(rows(&dir.ok(&["sql", "select count(*) from events", "--format", "csv"])), ["0"]);
    assert_eq!(rows(&dir.ok(&["sql", "select count(*) from rejects", "--format", "csv"])), ["0"]);
}

#[test]
fn a_load_that_accepts_nothing_exits_with_one() {
    let dir = TestDir::new();
    dir.write("bad.ndjson", "{\"_id\":1}\n{}\n");
    let outcome = dir.run(&["load", "bad.ndjson"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.out.contains("2 events read, 0 accepted, 2 rejected"), "{outcome:?}");
    dir.write("some.ndjson", format!("{{}}\n{}\n", event("a")));
    dir.ok(&["load", "some.ndjson"]);
    dir.write("again.ndjson", format!("{}\n", event("a")));
    dir.ok(&["load", "again.ndjson"]);
}

#[test]
fn any_shape_is_loaded_with_and_without_a_server() {
    let pretty = |id: &str| event(id).replace(',', ",\n  ").replace('{', "{\n  ");
    let files = [
        ("array.json", format!("[{},\n{}]", event("a"), event("b"))),
        ("pretty.json", format!("{}\n{}\n", pretty("c"), pretty("d"))),
        ("glued.json", format!("\u{FEFF}{}{}", event("e"), event("f"))),
    ];
    let load_all = |dir: &TestDir| {
        for (name, text) in &files {
            dir.write(name, text);
            assert!(dir.ok(&["load", name]).contains("2 events read, 2 accepted"), "{name}");
            dir.ok(&["check", name]);
        }
        let ids = dir.ok(&["sql", "select \"_id\" from events order by 1", "--format", "csv"]);
        assert_eq!(rows(&ids), ["a", "b", "c", "d", "e", "f"]);
    };
    load_all(&TestDir::new());
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    load_all(&dir);
    let (status, text) = server.post("/v1/events", files[2].1.replace("\"e\"", "\"g\"").replace("\"f\"", "\"h\""));
    assert!(status.is_success() && text.contains("\"accepted\":2"), "{text}");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(event("z").as_bytes()).unwrap();
    let (status, text) = server.post("/v1/events", gzip.finish().unwrap());
    assert_eq!(status.as_u16(), 400);
    assert!(text.contains("this is gzip; send Content-Encoding: gzip"), "{text}");
}
