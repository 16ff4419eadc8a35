//! Kill -9 while summaries are made: the reports are those of a server that was never killed.
//!
//! When a kill comes is told by how many summaries are there, and what it hits is left to chance; the
//! numbers must be the same whatever it was.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::runtime::Builder;

use crate::server_process::{PATIENCE, ServerProcess, TestDir};

/// The days of the generated events, which are over.
const PERIOD: [&str; 4] = ["--since", "2026-11-15", "--until", "2026-11-21"];
/// Days that have summaries at each kill, at least. A day with rows in no file yet waits for its turn, so
/// one of the seven may be missing.
const KILLED_AT: [usize; 5] = [0, 1, 3, 5, 6];
/// Small commits, so that kills meet them too.
const SERVE: [&str; 4] = ["--commit-after", "150ms", "--drain-every", "20ms"];

#[test]
fn reports_are_right_however_often_the_server_is_killed() {
    let (killed, whole) = (TestDir::new(), TestDir::new());
    let events = whole.ok(&["generate", "--events", "3000", "--seed", "7", "--until", "2026-11-22"]);
    for dir in [&killed, &whole] {
        dir.write("events.ndjson", &events);
        dir.run(&["load", "events.ndjson"]);
    }
    let never_killed = whole.serve(&SERVE);
    for (round, summaries) in KILLED_AT.into_iter().enumerate() {
        // All are made, or those that the last event has changed.
        if round % 2 == 0 {
            let _ = fs::remove_dir_all(killed.path("frontdesk-data/summaries"));
        }
        let server = killed.serve(&SERVE);
        let event = event_of_day(round);
        assert_eq!(server.post("/v1/events", event.clone()).0, 200);
        assert_eq!(never_killed.post("/v1/events", event).0, 200);
        kill_while_asked(server, &killed, summaries);
        for report in ["overview", "chat"] {
            assert_eq!(told(&killed, report), told(&whole, report), "{report} after kill {round}");
        }
    }
    for report in ["channels", "subjects", "pages", "quality"] {
        assert_eq!(told(&killed, report), told(&whole, report), "{report} at the end");
    }
}

#[test]
fn a_load_leaves_nothing_to_add_up() {
    let dir = TestDir::new();
    let events = dir.ok(&["generate", "--events", "3000", "--seed", "7", "--until", "2026-11-22"]);
    dir.write("events.ndjson", &events);
    dir.ok(&["load", "events.ndjson"]);
    let days = made(&dir);
    assert!(days >= 7, "{days} days");
    let server = dir.serve(&SERVE);
    let told_at_once = told(&dir, "overview");
    let metrics = server.get("/metrics").1;
    for figure in ["frontdesk_summary_folds_total 0", "frontdesk_summary_rows_read_total 0"] {
        assert!(metrics.lines().any(|line| line == figure), "{figure} is not in {metrics}");
    }
    // The same of the tables alone.
    server.kill();
    fs::remove_dir_all(dir.path("frontdesk-data/summaries")).unwrap();
    assert_eq!(told(&dir, "overview"), told_at_once);
}

/// Kills a server that is asked for a report, once so many summaries are there.
fn kill_while_asked(server: ServerProcess, dir: &TestDir, summaries: usize) {
    let url = format!("{}/v1/reports/pages?since=2026-11-15&until=2026-11-21", server.url);
    let asking = thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let client = Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
        // It may be answered or cut off.
        runtime.block_on(async { drop(client.get(url).send().await) });
    });
    let until = Instant::now() + PATIENCE;
    while made(dir) < summaries {
        assert!(Instant::now() < until, "fewer than {summaries} summaries were made");
        thread::sleep(Duration::from_millis(1));
    }
    server.kill();
    asking.join().unwrap();
}

/// How many days have a summary in a file.
fn made(dir: &TestDir) -> usize {
    let Ok(entries) = fs::read_dir(dir.path("frontdesk-data/summaries")) else { return 0 };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".summary")).count()
}

/// A report as JSON; beside a server that one's.
fn told(dir: &TestDir, report: &str) -> String {
    dir.ok(&[&["report", report, "--by", "day", "--format", "json"][..], &PERIOD].concat())
}

/// A request of a visitor of his own, of another day each time.
fn event_of_day(round: usize) -> String {
    format!(
        r#"{{"_id":"late-{round}","timestamp":"2026-11-{day}T23:59:00Z","identityMap":{{"ECID":[{{"id":"late-{round}"}}]}},"customerFeedback":{{"clickToCall":{count},"chatStart":1}}}}"#,
        day = 15 + round,
        count = round + 1,
    )
}
