//! The dashboards of `docs/grafana` against a running server: every metric that they name is
//! there, and every statement runs.

use std::path::PathBuf;

use serde_json::Value;

use crate::postgres::client::{Client, port};
use crate::server_process::{TestDir, event};

fn dashboard(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/grafana").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The texts of all members of this name, and of which panel they are.
fn asked(dashboard: &Value, member: &str) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().unwrap();
    let asked = panels.iter().flat_map(|panel| {
        let title = panel["title"].as_str().unwrap().to_owned();
        let targets = panel["targets"].as_array().unwrap();
        targets.iter().map(move |target| (title.clone(), target[member].as_str().unwrap().to_owned()))
    });
    asked.collect()
}

#[test]
fn every_metric_of_a_dashboard_is_there() {
    let dir = TestDir::new();
    let server = dir.serve(&["--postgres-listen", "127.0.0.1:0"]);
    assert_eq!(server.post("/v1/events", event("a")).0, 200);
    // So that something is rejected.
    assert_eq!(server.post("/v1/events", r#"{"_id":"b"}"#).0, 422);
    let metrics = server.get("/metrics").1;
    let asked = asked(&dashboard("server.json"), "expr");
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut count = 0;
    for (panel, expression) in &asked {
        for name in expression.split(|letter| !is_of_name(letter)).filter(|word| word.starts_with("frontdesk_")) {
            let is_there = |line: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
            assert!(metrics.lines().any(is_there), "{panel}: there is no {name} in\n{metrics}");
            count += 1;
        }
        for label in expression.split("by (").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            assert!(metrics.contains(&format!("{label}=\"")), "{panel}: nothing has the label {label}");
        }
    }
    assert!(count >= 30, "{count} metrics");
}

#[test]
fn every_statement_of_a_dashboard_runs() {
    let dir = TestDir::new();
    let server = dir.serve(&["--postgres-listen", "127.0.0.1:0"]);
    assert_eq!(server.post("/v1/events", event("a")).0, 200);
    let mut client = Client::log_in(port(&server), None);
    let asked = asked(&dashboard("contacts.json"), "rawSql");
    for (panel, statement) in &asked {
        // As Grafana writes a span of time.
        let mut sql = statement.clone();
        for column in ["time", "received_at"] {
            let span = format!("{column} BETWEEN '2026-11-20T00:00:00Z' AND '2027-11-21T00:00:00Z'");
            sql = sql.replace(&format!("$__timeFilter({column})"), &span);
        }
        assert!(!sql.contains("$__"), "{panel}: {sql}");
        // An error panics with its text.
        let found = client.query(&sql);
        assert!(!found.is_empty(), "{panel}");
        if panel == "Contact requests" {
            assert_eq!(found, ["contact_requests", "1"]);
        }
    }
    assert!(asked.len() >= 10);
}
