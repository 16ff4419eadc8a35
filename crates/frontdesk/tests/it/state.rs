//! The state file against the real program: it outlives kills, and one that can't be read is refused and left as it is.

use std::fs;

use serde_json::{Value, json};

use crate::mistakes::check;
use crate::server_process::{ServerProcess, TestDir, any_file_holds, event};

fn post(server: &ServerProcess, path: &str, body: &Value) -> Value {
    let (status, text) = server.post(path, body.to_string());
    assert_eq!(status, 201, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn what_was_kept_outlives_a_kill_and_a_link_its_server() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    let view = json!({ "name": "Chats", "page": "/chat", "query": "since=30d" });
    post(&server, "/v1/views", &view);
    post(&server, "/v1/annotations", &json!({ "at": "2026-11-29", "text": "new shop" }));
    let share = post(&server, "/v1/shares", &json!({ "label": "board", "page": "/chat", "query": "since=30d" }));
    let link = share["url"].as_str().unwrap().to_owned();
    let path = &link[link.find("/share/").unwrap()..];
    assert_eq!(server.get(path).0, 200);
    server.kill();

    // The secret is nowhere; only the link has it.
    let secret = &path["/share/".len() + 8..][..52];
    assert_eq!(any_file_holds(&dir.path("frontdesk-data"), secret.as_bytes()), None);

    let server = dir.serve(&[]);
    let (_, views) = server.get("/v1/views");
    assert!(views.contains("\"Chats\""), "{views}");
    assert_eq!(server.get(path).0, 200);
    let id = share["id"].as_str().unwrap();
    assert!(server.get("/v1/shares").1.contains(id));
    assert!(server.stop("TERM").success());
    let state = dir.path("frontdesk-data/state");
    assert_eq!(fs::read_dir(&state).unwrap().count(), 2, "one file is all of it, and one its copy");

    // Commands that only read need none.
    fs::rename(&state, dir.path("elsewhere")).unwrap();
    dir.ok(&["report", "overview", "--since", "7d"]);
    assert!(!state.exists());
    let server = dir.serve(&[]);
    assert_eq!(server.get("/v1/views").1, "{\"views\":[]}");
    assert_eq!(server.get(path).0, 404, "a link that isn't kept opens nothing");
}

#[test]
fn a_state_file_that_cannot_be_read_costs_no_event_and_is_left() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    post(&server, "/v1/views", &json!({ "name": "Chats", "page": "/chat", "query": "since=30d" }));
    let share = post(&server, "/v1/shares", &json!({ "label": "board", "page": "/chat", "query": "since=30d" }));
    let link = share["url"].as_str().unwrap();
    let link = link[link.find("/share/").unwrap()..].to_owned();
    assert!(server.stop("TERM").success());
    // Another start, so that the copy has the view.
    assert!(dir.serve(&[]).stop("TERM").success());
    let file = dir.path("frontdesk-data/state/frontdesk.sqlite");
    let copy = dir.path("frontdesk-data/state/frontdesk.sqlite.copy");
    for damaged in [&b""[..], b"no database at all"] {
        fs::write(&file, damaged).unwrap();
        let server = dir.serve(&[]);
        // Events are taken in and read.
        assert_eq!(server.post("/v1/events", event("a")).0, 200);
        assert!(server.post("/v1/sql", "select count(*) as n from events").1.contains("\"n\":1"));
        assert_eq!(server.get("/chat").0, 200);
        // It is said aloud, with the way out.
        assert!(server.welcome.contains("frontdesk.sqlite.copy is a copy of 2"), "{}", server.welcome);
        assert!(dir.log().contains("frontdesk.sqlite is damaged"), "{}", dir.log());
        let (status, ready) = server.get("/readyz");
        assert_eq!(status, 200);
        assert!(ready.starts_with("degraded\n") && ready.contains("saved views"), "{ready}");
        assert!(!ready.contains("frontdesk.sqlite"), "no path for everybody: {ready}");
        assert!(server.get("/quality").1.contains("frontdesk.sqlite is damaged"));
        for path in ["/views", "/v1/views", "/v1/annotations", "/v1/shares"] {
            let (status, answer) = server.get(path);
            assert_eq!(status, 503, "{path}");
            for part in ["frontdesk.sqlite is damaged", "docs/storage.md", "is a copy of"] {
                assert!(answer.contains(part), "{path}: {answer}");
            }
        }
        assert_eq!(server.get(&link).0, 503, "a link may be a good one");
        // Nothing is changed.
        let view = json!({ "name": "Other", "page": "/chat", "query": "since=7d" });
        assert_eq!(server.post("/v1/views", view.to_string()).0, 503);
        assert!(server.stop("TERM").success());
        assert_eq!(fs::read(&file).unwrap(), damaged);
    }
    // As it was told.
    fs::copy(&copy, &file).unwrap();
    let server = dir.serve(&[]);
    assert!(server.get("/v1/views").1.contains("\"Chats\""));
    assert_eq!(server.get(&link).0, 200);
    assert_eq!(server.get("/readyz").1, "ready\n");
}

#[test]
fn a_host_that_may_embed_is_an_origin() {
    let dir = TestDir::new();
    let parts = ["embed_hosts", "leave out the path"];
    check(&dir, &["serve", "--embed-hosts", "https://a.example/path"], 2, &parts);
}
