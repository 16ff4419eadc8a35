//! The newcomer's way: start, paste the curl, look, stop, start again.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::server_process::{TestDir, any_file_holds, event, rows};

const CONTACTS: &str = "select id, channel, subject, callback, reply_to from contacts";

/// The body of the curl that the server prints.
fn pasted(welcome: &str) -> String {
    let after = welcome.split("-d '").nth(1).expect("the welcome has a curl");
    after.split('\'').next().unwrap().to_owned()
}

#[test]
fn the_reference_example_is_there_now_from_outside_and_after_a_restart() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    assert!(server.welcome.contains("frontdesk-data"), "{}", server.welcome);
    let example = pasted(&server.welcome);
    let (status, answer) = server.post("/v1/events", example.clone());
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains(r#""accepted":1"#), "{answer}");
    let id = example.split(r#""_id":""#).nth(1).unwrap().split('"').next().unwrap().to_owned();

    let from_outside = dir.ok(&["sql", CONTACTS, "--format", "csv"]);
    assert_eq!(rows(&from_outside), [format!("{id},chat,Service Request,true,true")]);
    let report = dir.ok(&["report", "contacts", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["totals"]["contact_requests"], 1, "{report}");
    let receipt = dir.ok(&["event", &id]);
    assert!(receipt.starts_with(&format!("{id}\n  stored    happened 20")), "{receipt}");
    let tables = ["table", "csv", "json", "ndjson"].map(|form| dir.ok(&["sql", CONTACTS, "--format", form]));

    assert!(server.stop("TERM").success());
    // The same answers from the directory itself.
    let directly = ["table", "csv", "json", "ndjson"].map(|form| dir.ok(&["sql", CONTACTS, "--format", form]));
    assert_eq!(directly, tables);
    let report_directly: serde_json::Value =
        serde_json::from_str(&dir.ok(&["report", "contacts", "--format", "json"])).unwrap();
    assert_eq!(report_directly, report);
    assert_eq!(dir.ok(&["event", &id]), receipt);

    let again = dir.serve(&[]);
    assert_eq!(dir.ok(&["sql", CONTACTS, "--format", "csv"]), from_outside);
    assert!(again.stop("INT").success());
}

#[test]
fn nothing_personal_stands_in_the_directory_or_the_log() {
    let dir = TestDir::new();
    let server = dir.serve(&["--log", "trace", "--commit-after", "100ms"]);
    let (status, _) = server.post("/v1/events", pasted(&server.welcome));
    assert_eq!(status, 200);
    // Rejected, with the same values.
    let (status, answer) =
        server.post("/v1/events", pasted(&server.welcome).replace(r#""chatStart":1"#, r#""chatStart":"x""#));
    assert_eq!(status, 422, "{answer}");
    assert!(!answer.contains("555-0100") && !answer.contains("jo@shop.example"), "{answer}");
    let shown = dir.ok(&["sql", "select * from events"]) + &dir.ok(&["sql", "select * from rejects"]);
    assert!(server.stop("TERM").success());
    for secret in ["1-408-555-0100", "jo@shop.example"] {
        assert!(!shown.contains(secret), "{shown}");
        assert_eq!(any_file_holds(&dir.path("frontdesk-data"), secret.as_bytes()), None, "{secret}");
        assert!(!dir.log().contains(secret), "{secret}: {}", dir.log());
    }
}

#[test]
fn a_heavy_query_holds_up_no_event_and_no_stop() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    let heavy =
        "select count(*) from generate_series(1,1000000) a, generate_series(1,1000000) b where a.value*b.value%7=3";
    let request = format!("POST /v1/sql HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{heavy}", heavy.len());
    let ask = || {
        let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).expect("the server accepts");
        stream.write_all(request.as_bytes()).expect("the server reads");
        stream
    };
    let asking = [ask(), ask()];
    // Until the engine is in the middle of it.
    thread::sleep(Duration::from_secs(1));
    let (status, answer) = server.post("/v1/events", event("meanwhile"));
    assert_eq!(status, 200, "{answer}");
    drop(asking);
    // With nobody left to hear the answers the joins end, and their threads are free.
    let is_answered = (0..200).any(|_| {
        thread::sleep(Duration::from_millis(50));
        server.post("/v1/sql", "select 1").0 == 200
    });
    assert!(is_answered, "no query passes any more");
    assert!(server.stop("TERM").success());
}

#[test]
fn a_second_start_finds_the_first() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    let second = dir.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, 3, "{second:?}");
    assert!(second.err.contains("error: a server is already running on ./frontdesk-data at http://"), "{second:?}");
    assert!(second.err.contains(&format!("(process {})", server.pid())), "{second:?}");
    assert!(second.err.contains("help: "), "{second:?}");
    assert_eq!(server.get("/healthz").0, 200);
    assert_eq!(server.get("/readyz").0, 200);
}

#[test]
fn settings_reach_the_server() {
    let dir = TestDir::new();
    dir.write("frontdesk.toml", "body_bytes_max = '1KiB'\nprofile = 'aep-strict'\n");
    let server = dir.serve(&[]);
    let large = format!(r#"{{"_id":"a","timestamp":"2026-11-20T10:00:00Z","x":"{}"}}"#, "y".repeat(2_000));
    assert_eq!(server.post("/v1/events", large).0, 413);
    let undeclared = r#"{"_id":"a","timestamp":"2026-11-20T10:00:00Z","x":1}"#;
    assert_eq!(server.post("/v1/events", undeclared).0, 422);
}

#[test]
fn a_full_disk_is_told_before_events_are_refused() {
    let dir = TestDir::new();
    let server = dir.serve(&["--disk-free-bytes-min", "8000000GiB"]);
    let (status, answer) = server.get("/readyz");
    assert_eq!(status, 503);
    assert!(answer.contains("disk_full"), "{answer}");
    assert_eq!(server.get("/healthz").0, 200);
    let (status, answer) = server.post("/v1/events", pasted(&server.welcome));
    assert_eq!(status, 503, "{answer}");
    assert!(answer.contains("disk_full"), "{answer}");
}
