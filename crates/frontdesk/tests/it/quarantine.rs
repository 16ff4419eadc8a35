//! Requests that are set aside: said everywhere, and in nobody's way.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::server_process::{TestDir, event};

/// A file as a version before, or after, could have left it: its clear part, and bytes
/// that don't open.
fn leave_one(dir: &TestDir, sequence: u64) {
    let dir = dir.path("frontdesk-data/journal/quarantine");
    fs::create_dir_all(&dir).unwrap();
    let head = [&b"FDQ1"[..], &sequence.to_le_bytes(), &1_795_176_000_000_000_i64.to_le_bytes(), &[1]].concat();
    fs::write(dir.join(format!("{sequence:020}.rec")), [&head[..], &[0; 60]].concat()).unwrap();
}

#[test]
fn a_request_that_was_set_aside_is_said_and_the_rest_goes_on() {
    let dir = TestDir::new();
    assert!(dir.serve(&[]).stop("TERM").success());
    assert!(dir.ok(&["quarantine", "list"]).starts_with("nothing is set aside"));
    leave_one(&dir, 4711);
    let server = dir.serve(&[]);
    assert!(server.welcome.contains("1 acknowledged request"), "{}", server.welcome);
    assert!(dir.log().contains("frontdesk quarantine list"), "{}", dir.log());
    let (status, said) = server.get("/readyz");
    assert!(status == 200 && said.starts_with("degraded\n") && said.contains("quarantine"), "{status} {said}");
    let (_, metrics) = server.get("/metrics");
    assert!(metrics.contains("\nfrontdesk_quarantined_records 1\n"), "{metrics}");
    assert_eq!(server.post("/v1/events", event("after")).0, 200);
    let listed = dir.ok(&["quarantine", "list"]);
    assert!(
        listed.contains("4711  set aside 2026-11-20T12:00:00Z  81 bytes  it was written by a newer version"),
        "{listed}"
    );
    let refused = dir.run(&["quarantine", "retry", "4711"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(server.stop("TERM").success());
    let sealed = dir.run(&["quarantine", "retry", "--all"]);
    assert!(sealed.code != 0 && sealed.err.contains("record 4711"), "{sealed:?}");
    let unknown = dir.run(&["quarantine", "retry", "7"]);
    assert!(unknown.code != 0 && unknown.err.contains("no record 7"), "{unknown:?}");
}

#[test]
fn events_of_dates_far_from_now_are_found_under_their_dates() {
    let dir = TestDir::new();
    let server = dir.serve(&["--commit-after", "50ms"]);
    let old = |n: u32| format!(r#"{{"_id":"old-{n}","timestamp":"1999-02-{:02}T10:00:00Z"}}"#, n + 1);
    let body: Vec<String> = (0..20).map(old).collect();
    assert_eq!(server.post("/v1/events", format!("[{}]", body.join(","))).0, 200);
    let sql = "select count(*), count(distinct event_date), min(event_date), max(event_date) from events \
               where event_date between '1999-02-01' and '1999-02-20'";
    let expect = ["20,20,1999-02-01,1999-02-20"];
    let no_day = dir.path("frontdesk-data/tables/events/event_date=__HIVE_DEFAULT_PARTITION__");
    while !no_day.is_dir() {
        assert_eq!(crate::server_process::rows(&dir.ok(&["sql", sql, "--format", "csv"])), expect);
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(crate::server_process::rows(&dir.ok(&["sql", sql, "--format", "csv"])), expect);
    assert!(server.stop("TERM").success());
    assert_eq!(crate::server_process::rows(&dir.ok(&["sql", sql, "--format", "csv"])), expect);
}
