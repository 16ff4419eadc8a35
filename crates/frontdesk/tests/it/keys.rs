//! Keys against the real program: made, used, listed, revoked beside a running server, and
//! the commands of its own machine, which need none.

use std::os::unix::fs::MetadataExt;
use std::thread;
use std::time::{Duration, Instant};

use reqwest::StatusCode;

use crate::mistakes::check;
use crate::server_process::{PATIENCE, ServerProcess, TestDir, any_file_holds, event, rows};

fn key(dir: &TestDir, args: &[&str]) -> String {
    let token = dir.ok(&[&["key", "new"][..], args].concat()).trim().to_owned();
    assert!(token.starts_with("fd_") && !token.contains('\n'), "{token}");
    token
}

fn rejects(server: &ServerProcess, token: Option<&str>) -> u16 {
    server.get_with("/v1/rejects", token).0.as_u16()
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn keys_come_and_go_beside_a_running_server() {
    let dir = TestDir::new();
    let server = dir.serve(&["--log", "trace"]);
    assert!(server.welcome.contains("open to everybody on this machine"), "{}", server.welcome);
    assert_eq!(rejects(&server, None), 200);
    let read = key(&dir, &["--scope", "read", "--name", "grafana", "--expires", "90d"]);
    assert!(read.starts_with("fd_read_"), "{read}");
    assert_eq!(rejects(&server, Some(&read)), 200, "at once");
    until("the server goes on without keys", || rejects(&server, None) == 401);
    assert_eq!(server.post("/v1/events", event("a")).0, 200, "collecting needs no key");
    // Commands on this machine do as before.
    assert_eq!(rows(&dir.ok(&["sql", "select id from contacts", "--format", "csv"])), ["a"]);
    assert!(dir.ok(&["event", "a"]).contains("stored"));
    assert!(dir.ok(&["report", "contacts", "--since", "2026-11-01", "--format", "json"]).contains("totals"));
    dir.write("more.ndjson", event("b"));
    dir.ok(&["load", "more.ndjson"]);
    assert!(dir.ok(&["rejects", "list"]).contains("reject_id"));

    until("its use isn't told", || !dir.ok(&["key", "list"]).contains("never                 good"));
    let listed: serde_json::Value = serde_json::from_str(&dir.ok(&["key", "list", "--format", "json"])).unwrap();
    assert_eq!((&listed[0]["name"], &listed[0]["state"]), (&"grafana".into(), &"good".into()));
    assert!(dir.ok(&["key", "revoke", "grafana"]).contains("(grafana)"));
    until("a revoked key is taken", || rejects(&server, Some(&read)) == 401);
    assert!(dir.ok(&["key", "list"]).contains("revoked"));

    let secret = read.rsplit('_').next().unwrap();
    let data = dir.path("frontdesk-data");
    assert_eq!(any_file_holds(&data, secret.as_bytes()), None);
    assert!(data.join("frontdesk.key").exists());
    for file in ["keys.json", "frontdesk.key", "vault.key"] {
        assert_eq!(std::fs::metadata(data.join(file)).unwrap().mode() & 0o777, 0o600, "{file}");
    }
    assert_eq!(std::fs::metadata(&data).unwrap().mode() & 0o777, 0o700);
    assert!(server.stop("TERM").success());
    assert!(!data.join("frontdesk.key").exists());
    assert!(!dir.log().contains(secret) && !dir.log().contains("fd_"), "{}", dir.log());
    // What was open isn't any more, not even with its last key revoked.
    let server = dir.serve(&[]);
    assert!(server.welcome.contains("takes a key, since there are keys"), "{}", server.welcome);
    assert_eq!(rejects(&server, None), 401);
}

#[test]
fn a_server_that_others_reach_demands_keys_and_its_commands_get_in() {
    let dir = TestDir::new();
    let mut server = dir.serve_on("0.0.0.0:0", &["--log", "info"]);
    let make = "frontdesk key new --scope read --name NAME";
    assert!(server.welcome.contains(make) && server.welcome.contains("in clear"), "{}", server.welcome);
    assert!(dir.log().contains(make), "{}", dir.log());
    server.url = server.url.replace("0.0.0.0", "127.0.0.1");
    let (status, answer) = server.get("/v1/rejects");
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(answer.contains("key_missing") && answer.contains("frontdesk key new"), "{answer}");
    assert_eq!(server.post("/v1/events", event("a")).0, 200);
    assert_eq!(rows(&dir.ok(&["sql", "select id from contacts", "--format", "csv"])), ["a"]);
    let collect = key(&dir, &["--scope", "collect", "--name", "shop", "--datastream", "web"]);
    assert_eq!(rejects(&server, Some(&collect)), 403);
    let admin = key(&dir, &["--scope", "admin", "--name", "me"]);
    assert_eq!(rejects(&server, Some(&admin)), 200);
}

#[test]
fn datastreams_bind_files_as_well_as_posts() {
    let dir = TestDir::new();
    dir.write(
        "frontdesk.toml",
        "[datastreams.web]\n[datastreams.off]\ndisabled = true\n[datastreams.server]\nkey_required = true\n",
    );
    dir.write("events.ndjson", event("a"));
    let refused = |args: &[&str], part: &str| check(&dir, args, 2, &[part]);
    let each = || {
        refused(&["load", "events.ndjson"], "`default`");
        refused(&["load", "events.ndjson", "--datastream", "wbe"], "`wbe`");
        refused(&["load", "events.ndjson", "--datastream", "off"], "disabled");
    };
    each();
    let server = dir.serve(&[]);
    assert!(server.welcome.contains("/v1/events?datastream=web -d"), "{}", server.welcome);
    each();
    assert_eq!(server.post("/v1/events", event("a")).0, 400);
    assert_eq!(server.post("/v1/events?datastream=server", event("a")).0, 401);
    dir.ok(&["load", "events.ndjson", "--datastream", "server"]);
    assert_eq!(rows(&dir.ok(&["sql", "select datastream from events", "--format", "csv"])), ["server"]);
}

#[test]
fn what_makes_no_sense_is_said() {
    let dir = TestDir::new();
    check(&dir, &["key", "new", "--scope", "read", "--name", "a b"], 2, &["a key's name is"]);
    check(&dir, &["key", "new", "--scope", "read", "--name", "a", "--expires", "soon"], 2, &["--expires", "90d"]);
    check(&dir, &["key", "new", "--scope", "admin", "--name", "a", "--datastream", "web"], 2, &["--scope collect"]);
    check(&dir, &["key", "revoke", "nobody"], 1, &["there is no key `nobody`", "key list"]);
    let token = key(&dir, &["--scope", "read", "--name", "a", "--datastream", "web"]);
    let outcome = dir.run(&["key", "revoke", &token]);
    assert_eq!(outcome.code, 1);
    assert!(!outcome.err.contains("fd_read"), "{outcome:?}");
    dir.write("frontdesk-data/keys.json", "{");
    for args in
        [&["serve", "--listen", "127.0.0.1:0"][..], &["key", "list"], &["key", "new", "--scope", "read", "--name", "b"]]
    {
        check(&dir, args, 4, &["keys.json", "can't be read", "restore it"]);
    }
}
