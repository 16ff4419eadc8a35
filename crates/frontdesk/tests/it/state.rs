//! The state file against the real program: it outlives kills, and one that can't be read is refused and left as it is.

use std::fs;

use serde_json::{Value, json};

use crate::mistakes::check;
use crate::server_process::{ServerProcess, TestDir, any_file_holds};

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
    assert_eq!(fs::read_dir(&state).unwrap().count(), 1, "one file is all of it");

    // Commands that only read need none.
    fs::rename(&state, dir.path("elsewhere")).unwrap();
    dir.ok(&["report", "overview", "--since", "7d"]);
    assert!(!state.exists());
    let server = dir.serve(&[]);
    assert_eq!(server.get("/v1/views").1, "{\"views\":[]}");
    assert_eq!(server.get(path).0, 404, "a link that isn't kept opens nothing");
}

#[test]
fn a_state_file_that_cannot_be_read_is_refused_and_left() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    assert!(server.stop("TERM").success());
    let file = dir.path("frontdesk-data/state/frontdesk.sqlite");
    for damaged in [&b""[..], b"no database at all"] {
        fs::write(&file, damaged).unwrap();
        let parts = ["frontdesk.sqlite is damaged", "docs/storage.md"];
        check(&dir, &["serve", "--listen", "127.0.0.1:0"], 4, &parts);
        assert_eq!(fs::read(&file).unwrap(), damaged);
    }
}

#[test]
fn a_host_that_may_embed_is_an_origin() {
    let dir = TestDir::new();
    let parts = ["embed_hosts", "leave out the path"];
    check(&dir, &["serve", "--embed-hosts", "https://a.example/path"], 2, &parts);
}
