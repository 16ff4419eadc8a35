//! Queries run in processes of their own: what ends one ends nothing else.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::StatusCode;

use crate::server_process::{PATIENCE, ServerProcess, TestDir, event, rows};

/// Doubles a text until it fills any memory. No function of it is on a list.
fn doubling() -> String {
    let steps: String =
        (1..40).map(|step| format!(", a{step} as (select replace(s, 'x', 'xx') as s from a{})", step - 1)).collect();
    format!("with a0 as (select 'xxxxxxxxxxxxxxxx' as s){steps} select length(s) from a39")
}

/// Computes for minutes without looking up.
fn unyielding() -> String {
    let long = |letter: &str| {
        let text = letter.repeat(20_000);
        format!("replace('{text}', '{letter}', '{}')", letter.repeat(20))
    };
    format!("select levenshtein({}, {})", long("x"), long("y"))
}

/// Processes that this one has started and not yet reaped, zombies included.
fn children(pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap() {
        let Ok(child) = entry.unwrap().file_name().to_string_lossy().parse::<u32>() else { continue };
        // "pid (name) state parent …"; the name may hold anything but ends with the last bracket.
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{child}/stat")) else { continue };
        let rest = stat.rsplit(')').next().unwrap_or_default();
        if rest.split_whitespace().nth(1) == Some(&pid.to_string()) {
            found.push(child);
        }
    }
    found
}

/// Whether a thread of it is left: its first one can be gone before those that hold its sockets.
fn is_running(pid: u32) -> bool {
    if std::fs::read_dir(format!("/proc/{pid}/task")).is_ok_and(|threads| threads.count() > 1) {
        return true;
    }
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().split_whitespace().next().map(str::to_owned);
    state.is_some_and(|state| state != "Z" && state != "X")
}

fn signal(name: &str, pid: u32) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().unwrap();
    assert!(sent.success());
}

/// Whether each of its threads is stopped. A signal is taken by one of them, which then stops the others: until then
/// they go on, and may read what comes meanwhile.
fn is_stopped(pid: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    threads.map(|thread| thread.unwrap().path().join("stat")).all(|stat| {
        let stat = std::fs::read_to_string(stat).unwrap_or_default();
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().next() == Some("T")
    })
}

fn eventually(what: &str, is_true: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_true() {
        assert!(begin.elapsed() < PATIENCE, "still not so: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn sql(server: &ServerProcess, text: &str) -> (StatusCode, String) {
    server.post("/v1/sql", text.as_bytes().to_vec())
}

fn metric(server: &ServerProcess, name: &str) -> f64 {
    let (_, page) = server.get("/metrics");
    let line = page.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {page}"));
    line.trim().parse().unwrap()
}

#[test]
fn a_query_that_wants_too_much_memory_ends_itself_and_is_told() {
    let dir = TestDir::new();
    let server = dir.serve(&["--sql-process-memory-bytes-max", "128MiB"]);
    assert_eq!(server.post("/v1/events", event("a")).0, StatusCode::OK);
    let (status, answer) = sql(&server, &doubling());
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    assert!(answer.contains("sql_limit") && answer.contains("more than 128 MiB of memory"), "{answer}");
    // Everything else goes on, and the next query has a process.
    assert_eq!(server.post("/v1/events", event("b")).0, StatusCode::OK);
    let (status, answer) = sql(&server, "select count(*) as n from events");
    assert_eq!((status, answer.as_str()), (StatusCode::OK, "[\n{\"n\":2}\n]\n"));
    assert_eq!(metric(&server, "frontdesk_query_workers_ended_total{cause=\"memory\"}"), 1.0);
    assert_eq!(metric(&server, "frontdesk_ready"), 1.0);
}

#[test]
fn a_query_whose_time_is_over_gives_its_place_back() {
    let dir = TestDir::new();
    let server = dir.serve(&["--sql-time-max", "700ms", "--sql-queries-max", "1"]);
    for _ in 0..2 {
        let (status, answer) = sql(&server, &unyielding());
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
        assert!(answer.contains("stopped after 700ms"), "{answer}");
    }
    // Starting a process counts against nobody's time but its own.
    eventually("a small query runs again", || sql(&server, "select 1 as n").0 == StatusCode::OK);
    assert_eq!(server.get("/v1/rejects").0, StatusCode::OK);
    assert_eq!(server.post("/v1/events", event("a")).0, StatusCode::OK);
    let pid = server.pid();
    eventually("no process is left over", || children(pid).len() <= 2);
    assert!(server.stop("TERM").success());
}

#[test]
fn the_worker_has_nothing_of_the_server_and_dies_with_it() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    assert_eq!(server.post("/v1/events", event("a")).0, StatusCode::OK);
    assert_eq!(sql(&server, "select count(*) from events").0, StatusCode::OK);
    let workers = children(server.pid());
    assert!(!workers.is_empty());
    for worker in &workers {
        let environment = std::fs::read(format!("/proc/{worker}/environ")).unwrap();
        assert!(environment.is_empty(), "{environment:?}");
        let command = std::fs::read(format!("/proc/{worker}/cmdline")).unwrap();
        assert_eq!(String::from_utf8(command).unwrap(), "frontdesk\0query-worker\0");
        for file in open_files(*worker) {
            let file = file.display().to_string();
            let is_its_own =
                ["socket:", "anon_inode:", "pipe:", "/dev/null", "/proc/"].iter().any(|kind| file.starts_with(kind));
            assert!(is_its_own || file.contains("/tables/"), "{file}");
            assert!(!file.contains("journal") && !file.contains(".key") && !file.contains(".lock"), "{file}");
        }
        // Its own two sockets and those of its runtime are unconnected to any network.
        assert_eq!(network_sockets(*worker), 0);
    }
    server.kill();
    eventually("the workers have ended with the server", || {
        workers.iter().all(|worker| !PathBuf::from(format!("/proc/{worker}/exe")).exists())
    });
}

fn open_files(pid: u32) -> Vec<PathBuf> {
    let files = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok()).collect()
}

/// TCP and UDP sockets of a process.
fn network_sockets(pid: u32) -> usize {
    let mut inodes = String::new();
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        inodes += &std::fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
    }
    let is_network = |file: &PathBuf| {
        let name = file.display().to_string();
        let inode = name.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']').map(str::to_owned));
        inode.is_some_and(|inode| inodes.split_whitespace().any(|word| word == inode))
    };
    open_files(pid).iter().filter(|file| is_network(file)).count()
}

#[test]
fn a_client_that_hangs_up_ends_its_query() {
    let dir = TestDir::new();
    let server = dir.serve(&["--sql-queries-max", "1"]);
    assert_eq!(sql(&server, "select 1").0, StatusCode::OK);
    server.post_and_hang_up("/v1/sql", unyielding(), Duration::from_millis(300));
    eventually("the place is free", || sql(&server, "select 1").0 == StatusCode::OK);
    assert!(metric(&server, "frontdesk_query_workers_ended_total{cause=\"unwanted\"}") >= 1.0);
}

#[test]
fn each_row_is_seen_once_while_rows_come_and_are_committed() {
    let dir = TestDir::new();
    let server = dir.serve(&["--commit-after", "50ms", "--drain-every", "10ms"]);
    for number in 1..=60 {
        assert_eq!(server.post("/v1/events", event(&format!("e{number}"))).0, StatusCode::OK);
        let (status, answer) = sql(&server, "select count(*) as n, count(distinct \"_id\") as ids from events");
        assert_eq!((status, answer), (StatusCode::OK, format!("[\n{{\"n\":{number},\"ids\":{number}}}\n]\n")));
    }
}

#[test]
fn commands_without_a_server_use_it_too() {
    let dir = TestDir::new();
    dir.write("events.ndjson", event("a"));
    dir.ok(&["load", "events.ndjson"]);
    let failed = dir.run(&["sql", &doubling(), "--sql-process-memory-bytes-max", "128MiB"]);
    assert_eq!(failed.code, 2, "{failed:?}");
    assert!(failed.err.starts_with("error: the query used more than 128 MiB of memory"), "{failed:?}");
    assert_eq!(rows(&dir.ok(&["sql", "select \"_id\" from events", "--format", "csv"])), ["a"]);
    let nobody = dir.command(&["query-worker"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(nobody.status.code(), Some(2), "{nobody:?}");
    assert!(!dir.ok(&["--help"]).contains("query-worker"));
}

#[test]
fn a_report_through_the_server_is_the_report_without_it() {
    let dir = TestDir::new();
    dir.write("events.ndjson", dir.ok(&["generate", "--events", "400", "--until", "2026-11-22", "--seed", "4"]));
    dir.ok(&["load", "events.ndjson"]);
    let report = ["report", "contacts", "--since", "2026-11-10", "--until", "2026-11-22", "--format", "json"];
    let alone = dir.ok(&report);
    let server = dir.serve(&["--sql-queries-max", "1"]);
    assert_eq!(dir.ok(&report), alone);
    let (status, answer) = server.get("/v1/reports/contacts?since=2026-11-10&until=2026-11-22");
    assert_eq!((status, answer), (StatusCode::OK, alone));
}

#[test]
fn nothing_that_was_sent_steers_a_terminal() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    let steering = "x\\u001b[2J\\u009b31m\\u202e\\u007f\\ny";
    let meant = "x\u{1b}[2J\u{9b}31m\u{202e}\u{7f}\ny";
    let body = event("ok").replace("\"chatStart\":1", &format!("\"chatStart\":1,\"subject\":\"{steering}\""));
    assert_eq!(server.post("/v1/events", body).0, StatusCode::OK);
    // An id is a reference; this one isn't.
    let broken = event("ok").replace("ok", &format!("{steering} z"));
    assert_eq!(server.post("/v1/events", broken).0, StatusCode::UNPROCESSABLE_ENTITY);
    let is_plain = |text: &str| {
        assert!(text.chars().all(|letter| letter == '\n' || !report::is_steering(letter)), "{text:?}");
    };
    let table = dir.ok(&["sql", "select id, subject from contacts"]);
    assert!(table.contains(r"x\u001b[2J\u009b31m\u202e\u007f\u000ay"), "{table}");
    is_plain(&table);
    is_plain(&dir.ok(&["rejects", "list"]));
    let id = rows(&dir.ok(&["sql", "select reject_id from rejects", "--format", "csv"]))[0].to_owned();
    is_plain(&dir.ok(&["rejects", "show", &id]));
    is_plain(&dir.ok(&["event", "ok"]));
    // Data are exact where they go into a pipe.
    let csv = dir.ok(&["sql", "select subject from contacts", "--format", "csv"]);
    assert_eq!(csv, format!("subject\n\"{meant}\"\n"));
    let json = dir.ok(&["sql", "select subject from contacts", "--format", "json"]);
    is_plain(&json);
    let row: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(row[0]["subject"], meant);
    let wrong: [&[&str]; 4] = [
        &["check", "no\u{1b}[2Jsuch\u{202e}file"],
        &["sql", "select \u{1b}[2J"],
        &["--\u{202e}x"],
        &["load", "a\u{9b}b"],
    ];
    for args in wrong {
        let failed = dir.run(args);
        assert_ne!(failed.code, 0);
        assert!(failed.err.contains("\\u"), "{failed:?}");
        is_plain(&failed.err);
    }
}

#[test]
fn a_list_of_thousands_is_no_trouble() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    assert_eq!(server.post("/v1/events", event("e7")).0, StatusCode::OK);
    let ids: Vec<String> = (0..6_000).map(|number| format!("'e{number}'")).collect();
    let (status, answer) =
        sql(&server, &format!("select count(*) as n from events where \"_id\" in ({})", ids.join(",")));
    assert_eq!((status, answer.as_str()), (StatusCode::OK, "[\n{\"n\":1}\n]\n"));
}

#[test]
fn a_worker_that_is_gone_is_replaced() {
    let dir = TestDir::new();
    let server = dir.serve(&["--sql-queries-max", "1"]);
    assert_eq!(sql(&server, "select 1").0, StatusCode::OK);
    for _ in 0..3 {
        for worker in children(server.pid()) {
            signal("KILL", worker);
            // Its end comes a moment after the signal.
            eventually("it has ended", || !is_running(worker));
        }
        let (status, answer) = sql(&server, "select 1 as n");
        assert_eq!((status, answer.as_str()), (StatusCode::OK, "[\n{\"n\":1}\n]\n"));
    }
    assert!(children(server.pid()).len() <= 2, "none is left as a zombie");
}

#[test]
fn a_query_that_no_worker_has_read_is_run_by_another() {
    let place = TestDir::new();
    let server = place.serve(&["--sql-queries-max", "1"]);
    assert_eq!(sql(&server, "select 1").0, StatusCode::OK);
    let workers = children(server.pid());
    // Stopped, it lives and reads nothing: the query waits in its socket when it is killed.
    workers.iter().for_each(|worker| signal("STOP", *worker));
    eventually("they have stopped", || workers.iter().all(|worker| is_stopped(*worker)));
    thread::scope(|scope| {
        let answer = scope.spawn(|| sql(&server, "select 1 as n"));
        thread::sleep(Duration::from_millis(300));
        assert!(!answer.is_finished(), "a stopped worker answers");
        workers.iter().for_each(|worker| signal("KILL", *worker));
        let (status, answer) = answer.join().unwrap();
        assert_eq!((status, answer.as_str()), (StatusCode::OK, "[\n{\"n\":1}\n]\n"));
    });
    assert_eq!(metric(&server, "frontdesk_query_workers_ended_total{cause=\"other\"}"), 1.0);
}

#[test]
fn a_query_that_recurses_ends_itself() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    for text in [
        format!("select {}1{}", "(".repeat(20_000), ")".repeat(20_000)),
        format!("select {}1", "1+".repeat(20_000)),
        format!("select {}true", "not ".repeat(900)),
        format!("select {}1{}", "case when true then ".repeat(300), " end".repeat(300)),
        vec!["select 1"; 3_000].join(" union all "),
    ] {
        let (status, answer) = sql(&server, &text);
        // Where the parser gives up half-way it says that the text is wrong.
        assert!(answer.contains("sql_limit") || answer.contains("sql_invalid"), "{:.40}: {status} {answer}", text);
    }
    assert_eq!(sql(&server, "select 1").0, StatusCode::OK);
}
