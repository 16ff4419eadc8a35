//! Exports: the rows that SQL shows, alone and beside a server, in files that are whole or not there.

use std::fs;

use reqwest::StatusCode;

use crate::server_process::{TestDir, event, rows};

/// The seven days of the generated events.
const PERIOD: [&str; 4] = ["--since", "2026-11-15", "--until", "2026-11-21"];

fn loaded() -> TestDir {
    let dir = TestDir::new();
    let events = dir.ok(&["generate", "--events", "3000", "--seed", "5", "--until", "2026-11-22"]);
    dir.write("events.ndjson", events);
    dir.run(&["load", "events.ndjson"]);
    dir
}

fn export(dir: &TestDir, args: &[&str]) -> String {
    dir.ok(&[&["export"][..], &PERIOD, args].concat())
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn an_export_has_the_rows_that_sql_has() {
    let dir = loaded();
    let period = "event_date between '2026-11-15' and '2026-11-21'";
    let sql = |table: &str, condition: &str, format: &str| {
        dir.ok(&["sql", &format!("select * from {table} where {period} and {condition}"), "--format", format])
    };
    let check_as = |format: &str, args: &[&str], table: &str, condition: &str| {
        let exported = export(&dir, &[args, &["--format", format, "--raw"]].concat());
        let expect = sql(table, condition, format);
        assert!(expect.lines().count() > 5, "{condition} holds for something");
        assert_eq!(sorted(&exported), sorted(&expect), "{args:?} as {format}");
    };
    let check = |args: &[&str], table: &str, condition: &str| check_as("ndjson", args, table, condition);
    check_as("csv", &[], "contacts", "true");
    check(&["--table", "activity"], "activity", "true");
    check(&["--table", "events"], "events", "true");
    check(&["--channel", "call"], "contacts", "click_to_call > 0");
    check(
        &["--table", "activity", "--channel", "!chat", "--datastream", "default"],
        "activity",
        "not (coalesce(chat_offered, 0) > 0 or coalesce(chat_declined, 0) > 0 or coalesce(chat_start, 0) > 0 or coalesce(chat_end, 0) > 0)",
    );
    check(&["--subject", ""], "contacts", "subject is null");
    let subjects = dir.ok(&[
        "sql",
        "select subject from contacts where subject is not null group by 1 order by count(*) desc, 1 limit 1",
        "--format",
        "csv",
    ]);
    let subject = rows(&subjects)[0];
    check(&["--subject", subject], "contacts", &format!("subject = '{subject}'"));
    check(&["--subject", &format!("!{subject}")], "contacts", &format!("(subject is null or subject <> '{subject}')"));
}

#[test]
fn beside_a_server_it_is_the_same_and_sees_what_has_just_come() {
    let dir = loaded();
    let alone = export(&dir, &["--table", "events", "--format", "ndjson"]);
    let server = dir.serve(&[]);
    assert_eq!(sorted(&export(&dir, &["--table", "events", "--format", "ndjson"])), sorted(&alone));
    assert_eq!(server.post("/v1/events", event("fresh")).0, StatusCode::OK);
    let beside = export(&dir, &["--format", "ndjson"]);
    assert!(beside.contains(r#""id":"fresh""#), "{beside}");
    let (status, answer) = server.get("/v1/export?since=2026-11-15&until=2026-11-21&format=ndjson");
    assert_eq!((status, sorted(&answer)), (StatusCode::OK, sorted(&beside)));
}

#[test]
fn a_formula_is_harmless_unless_it_is_wanted() {
    let dir = TestDir::new();
    let odd = |id: &str, subject: &str| {
        event(id).replace(r#""chatStart":1"#, &format!(r#""chatStart":1,"subject":"{subject}""#))
    };
    let events =
        [odd("a", "=cmd|' /C calc'!A0"), odd("b", "@SUM(1)"), odd("c", "plain"), odd("d", "+1"), odd("e", "-1")];
    dir.write("events.ndjson", events.join("\n"));
    dir.ok(&["load", "events.ndjson"]);
    let safe = export(&dir, &[]);
    for cell in [",'=cmd|' /C calc'!A0,", ",'@SUM(1),", ",plain,", ",'+1,", ",'-1,"] {
        assert!(safe.contains(cell), "{cell}: {safe}");
    }
    let raw = export(&dir, &["--raw"]);
    assert!(raw.contains(",=cmd|' /C calc'!A0,") && raw.contains(",+1,"), "{raw}");
    assert!(export(&dir, &["--format", "ndjson"]).contains(r#""subject":"=cmd|' /C calc'!A0""#));
}

#[test]
fn no_personal_value_is_exported() {
    let dir = TestDir::new();
    let event = r#"{"_id":"p","timestamp":"2026-11-20T10:00:00Z","identityMap":{"Email":[{"id":"jo@shop.example"}]},"customerFeedback":{"chatStart":1,"callBackNumber":{"number":"1-408-555-0100"},"replyToEmailAddress":{"address":"jo@shop.example"}}}"#;
    dir.write("events.ndjson", event);
    dir.ok(&["load", "events.ndjson"]);
    for table in ["contacts", "activity", "events"] {
        for format in ["csv", "ndjson", "parquet"] {
            export(&dir, &["--table", table, "--format", format, "-o", "out"]);
            let bytes = fs::read(dir.path("out")).unwrap();
            assert!(memchr::memmem::find(&bytes, b"p").is_some(), "{table} {format}");
            for value in ["jo@shop.example", "555-0100", "shop.example"] {
                assert!(memchr::memmem::find(&bytes, value.as_bytes()).is_none(), "{table} {format}: {value}");
            }
        }
    }
}

#[test]
fn a_file_is_whole_or_not_there() {
    let dir = loaded();
    export(&dir, &["--format", "parquet", "-o", "contacts.parquet"]);
    let file = fs::read(dir.path("contacts.parquet")).unwrap();
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1") && file.len() > 10_000, "{} bytes", file.len());
    // A query that is over its time gives nothing, and leaves what was there.
    let server = dir.serve(&["--export-time-max", "1ms"]);
    let late = dir.run(&["export", "--since", "2026-11-15", "--format", "parquet", "-o", "contacts.parquet"]);
    assert_eq!(late.code, 2, "{late:?}");
    assert!(late.err.contains("the export was stopped after 1ms; export a shorter span"), "{late:?}");
    assert_eq!(fs::read(dir.path("contacts.parquet")).unwrap(), file);
    assert!(!dir.path("contacts.parquet.part").exists());
    drop(server);
    let missing = dir.run(&["export", "-o", "no/such/dir.csv"]);
    assert_eq!(missing.code, 3, "{missing:?}");
    assert!(missing.err.starts_with("error: cannot write no/such/dir.csv.part: No such file"), "{missing:?}");
}

#[test]
fn mistakes_are_told_before_anything_is_opened() {
    let dir = TestDir::new();
    let check = |args: &[&str], expect: &str| {
        let outcome = dir.run(&[&["export"][..], args].concat());
        assert_eq!(outcome.code, 2, "{args:?}: {outcome:?}");
        assert!(outcome.err.contains(expect), "{args:?}: {outcome:?}");
    };
    check(&["--since", "100y"], "a report covers 3660 (ten years) at most");
    check(&["--since", "2026-11-02", "--until", "2026-11-01"], "the period ends before it begins");
    check(&["--format", "xlsx"], "format is \"xlsx\"; write csv, ndjson or parquet");
    check(&["--table", "rejects"], "table is \"rejects\"; write contacts, activity or events");
    check(&["--channel", "phone"], "there is no channel \"phone\"");
    check(&["--table", "events", "--page", "x"], "have no column page");
    assert!(!dir.path("frontdesk-data").exists(), "nothing was opened");
}
