//! Who gets in: every route with every kind of key, by every spelling of its path.

use std::fs;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use server::{Access, Datastream, KEY_FILE, KeyFile, Keys, LocalKey, NewKey, ROUTES, RouteSpec, Scope};

use crate::fake::NOW_MICROS;
use crate::rig::{Rig, exchange, json, refused};

pub(crate) const NOW_S: i64 = NOW_MICROS / 1_000_000;

/// A data directory with keys.
pub(crate) struct KeyDirectory {
    directory: tempfile::TempDir,
    pub(crate) file: KeyFile,
}

impl KeyDirectory {
    pub(crate) fn new() -> KeyDirectory {
        let directory = tempfile::tempdir().expect("a directory");
        let file = KeyFile::of(directory.path());
        KeyDirectory { directory, file }
    }

    pub(crate) fn key(&self, scope: Scope, datastream: Option<&str>, expires_s: Option<i64>) -> String {
        let new = NewKey { scope, name: "n".to_owned(), datastream: datastream.map(str::to_owned), expires_s };
        self.file.make(&new, NOW_S).expect("made").token
    }

    pub(crate) fn scope(&self, scope: Scope) -> String {
        self.key(scope, None, None)
    }

    pub(crate) fn keys(&self) -> Keys {
        Keys::open(self.directory.path(), None).expect("readable")
    }
}

/// A path that each route is served at, and a body that it takes.
fn example(route: &RouteSpec) -> (&'static str, &'static str) {
    match route.path {
        "/v1/events" => ("/v1/events", "{}"),
        "/v1/events/{id}" => ("/v1/events/stored-1", ""),
        "/collection/{inletId}" => ("/collection/i", r#"{"body":{"xdmEntity":{}}}"#),
        "/collection/batch/{inletId}" => ("/collection/batch/i", r#"{"messages":[{"body":{"xdmEntity":{}}}]}"#),
        "/{base}/v1/interact" => ("/ee/v1/interact?configId=web", r#"{"events":[{"xdm":{}}]}"#),
        "/{base}/v1/collect" => ("/ee/v1/collect?configId=web", r#"{"events":[{"xdm":{}}]}"#),
        "/{base}/v1/identity/acquire" => ("/ee/v1/identity/acquire?configId=web", "{}"),
        "/{base}/v1/privacy/set-consent" => (
            "/ee/v1/privacy/set-consent?configId=web",
            r#"{"consent":[{"standard":"Adobe","version":"1.0","value":{"general":"in"}}]}"#,
        ),
        "/{base}/v2/interact" => ("/ee/v2/interact?datastreamId=web", r#"{"event":{"xdm":{}}}"#),
        "/{base}/v2/collect" => ("/ee/v2/collect?datastreamId=web", r#"{"events":[{"xdm":{}}]}"#),
        "/v1/test/{testId}/events" => ("/v1/test/t/events", ""),
        "/demo/{page}" => ("/demo/index.html", ""),
        "/problems/{code}" => ("/problems/key_missing", ""),
        "/v1/reports/{name}" => ("/v1/reports/overview", ""),
        "/views/{name}" if route.method.name() == "GET" => ("/views/n", ""),
        "/views/{name}" => ("/views/save", "name=n&page=/"),
        "/share/{token}" => ("/share/abc", ""),
        "/share/{token}/live" => ("/share/abc/live", ""),
        "/v1/views/{id}" => ("/v1/views/1", ""),
        "/v1/annotations/{id}" => ("/v1/annotations/1", ""),
        "/v1/shares/{id}" => ("/v1/shares/abcdefgh", ""),
        "/v1/views" => ("/v1/views", r#"{"name":"n","page":"/"}"#),
        "/v1/annotations" => ("/v1/annotations", r#"{"at":"2026-11-20","text":"t"}"#),
        "/v1/shares" => ("/v1/shares", r#"{"label":"l","page":"/"}"#),
        "/assets/{name}" => (Box::leak(dashboard::STYLE.path().into_boxed_str()), ""),
        "/events/{id}" => ("/events/stored-1", ""),
        "/v1/sql" if route.method.name() == "GET" => ("/v1/sql?q=select%201", ""),
        "/v1/sql" => ("/v1/sql", "select 1"),
        path => {
            assert!(!path.contains('{'), "give an example of {path}");
            (path, "")
        }
    }
}

fn method(route: &RouteSpec) -> Method {
    Method::from_bytes(route.method.name().as_bytes()).expect("a method")
}

async fn status(request: RequestBuilder) -> u16 {
    // A stream has no end; its head is enough.
    request.send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn every_route_with_every_scope() {
    let dir = KeyDirectory::new();
    let keys: Vec<(Option<Scope>, String)> =
        Scope::ALL.into_iter().map(|scope| (Some(scope), dir.scope(scope))).chain([(None, String::new())]).collect();
    let rig = Rig::with(|options| options.keys = dir.keys()).await;
    // They look at what is typed in, and are tested beside the pages.
    let forms = ["/login", "/logout"];
    let others = |route: &&&RouteSpec| !forms.contains(&route.path) && route.access != Access::Link;
    for route in ROUTES.iter().filter(others) {
        let (path, body) = example(route);
        // The second one to save or delete the same finds it done.
        let is_once = route.path.contains("views")
            || route.path == "/demo-data"
            || route.path.starts_with("/v1/shares/{")
            || route.path.starts_with("/v1/annotations/{");
        for (scope, key) in &keys {
            let mut request = rig.request(method(route), path).body(body);
            if scope.is_some() {
                request = request.bearer_auth(key);
            }
            let expect = match (scope, route.access) {
                (Some(scope), access) if scope.permits(access) => 200..300,
                (None, Access::Public | Access::Collect) => 200..300,
                (Some(_), _) => 403..404,
                (None, _) => 401..402,
            };
            let found = status(request).await;
            let is_done = is_once && expect.start == 200 && matches!(found, 303 | 404 | 409);
            assert!(expect.contains(&found) || is_done, "{} with {scope:?}: {found}", route.path);
        }
    }
}

#[tokio::test]
async fn a_key_is_looked_at_before_the_method() {
    let dir = KeyDirectory::new();
    let admin = dir.scope(Scope::Admin);
    let rig = Rig::with(|options| options.keys = dir.keys()).await;
    let forms = ["/login", "/logout"];
    let others = |route: &&&RouteSpec| !forms.contains(&route.path) && route.access != Access::Link;
    for route in ROUTES.iter().filter(others) {
        let (path, _) = example(route);
        let ask = async |key: Option<&str>| {
            let request = rig.request(Method::PATCH, path);
            let request = key.map_or(request.try_clone().expect("no stream"), |key| request.bearer_auth(key));
            let answer = request.send().await.expect("an answer");
            let status = answer.status().as_u16();
            let allowed = answer.headers().get("allow").and_then(|allowed| allowed.to_str().ok()).unwrap_or_default();
            assert!(status != 405 || allowed.contains(route.method.name()), "{}: {allowed:?}", route.path);
            status
        };
        assert_eq!(ask(Some(&admin)).await, 405, "{}", route.path);
        let is_open = matches!(route.access, Access::Public | Access::Collect);
        assert_eq!(ask(None).await, if is_open { 405 } else { 401 }, "{} without a key", route.path);
        // Where no key is ever looked at, a wrong one isn't either.
        let is_passed_over = route.access == Access::Public;
        assert_eq!(ask(Some("fd_not_a_key")).await, if is_passed_over { 405 } else { 401 }, "{}", route.path);
    }
}

#[tokio::test]
async fn no_spelling_of_a_path_gets_in_without_a_key() {
    let dir = KeyDirectory::new();
    drop(dir.scope(Scope::Read));
    let rig = Rig::with(|options| options.keys = dir.keys()).await;
    let open = ["/healthz", "/readyz", "/tag.js"];
    for path in open {
        assert_eq!(status(rig.get(path)).await, 200, "{path}");
        assert_eq!(status(rig.request(Method::HEAD, path)).await, 200, "{path}");
    }
    let mut targets: Vec<(String, String)> = Vec::new();
    for route in ROUTES.iter().filter(|route| !matches!(route.access, Access::Public | Access::Collect | Access::Link))
    {
        let (path, _) = example(route);
        let method = method(route).to_string();
        for spelling in [
            path.to_owned(),
            format!("{path}/"),
            format!("/{path}"),
            format!("{path}?x=1"),
            format!("http://127.0.0.1{path}"),
            format!("http://localhost{path}"),
            format!("{path}/../{}", path.trim_start_matches('/')),
            path.replace("/v1", "/%76%31"),
            path.replace("/v1", "/./v1"),
            path.to_uppercase(),
        ] {
            targets.push((method.clone(), spelling));
        }
        for other in ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "GET", "POST", "ODD"] {
            targets.push((other.to_owned(), path.to_owned()));
        }
    }
    targets.extend(
        ["OPTIONS *", "GET *", "CONNECT 127.0.0.1:80", "GET /nowhere", "POST /", "GET /demo", "GET /demo/"]
            .map(|line| line.split_once(' ').expect("two words"))
            .map(|(method, target)| (method.to_owned(), target.to_owned())),
    );
    let mut rejected = 0;
    for (method, target) in &targets {
        let mut stream = rig.connect().await;
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: 8\r\n\r\nselect 1"
        );
        let answer = exchange(&mut stream, head.as_bytes()).await;
        let is = |status: &str| answer.starts_with(&format!("HTTP/1.1 {status} "));
        // Two names are answered as well as none; what the parser of HTTP refuses has no route.
        let is_refused = is("401") || is("400") || is("403") && target.contains("//localhost");
        assert!(is_refused, "{method} {target}: {answer}");
        rejected += usize::from(answer.starts_with("HTTP/1.1 400 "));
        if answer.starts_with("HTTP/1.1 401 ") {
            assert!(answer.to_ascii_lowercase().contains("\r\nwww-authenticate: bearer "), "{answer}");
            assert!(method == "HEAD" || answer.contains("frontdesk key new"), "{method} {target}: {answer}");
        }
    }
    assert!(rejected < 5, "{rejected} of {} never got as far as a route", targets.len());
    assert_eq!(rig.fake.queries.lock().expect("not poisoned").len(), 0);
}

#[tokio::test]
async fn http2_is_no_way_around() {
    let dir = KeyDirectory::new();
    let read = dir.scope(Scope::Read);
    let rig = Rig::with(|options| options.keys = dir.keys()).await;
    let stream = TokioIo::new(rig.connect().await);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.expect("a handshake");
    drop(tokio::spawn(connection));
    let mut ask = async |uri: &str, headers: &[(&str, &str)]| {
        let request =
            headers.iter().fold(hyper::Request::post(uri), |request, (name, value)| request.header(*name, *value));
        let request = request.body(Full::new(Bytes::from_static(b"select 1"))).expect("a request");
        let answer = sender.send_request(request).await.expect("an answer");
        let status = answer.status().as_u16();
        drop(answer.into_body().collect().await);
        status
    };
    let bearer = format!("Bearer {read}");
    let key = ("authorization", bearer.as_str());
    assert_eq!(ask("http://127.0.0.1/v1/sql", &[]).await, 401);
    assert_eq!(ask("http://127.0.0.1/v1/sql", &[key]).await, 200);
    assert_eq!(ask("http://evil.example/v1/sql", &[key]).await, 403);
    assert_eq!(ask("http://127.0.0.1/v1/sql", &[key, ("host", "evil.example")]).await, 403);
    assert_eq!(ask("http://127.0.0.1/v1/sql", &[key, ("origin", "https://evil.example")]).await, 403);
    assert_eq!(ask("http://127.0.0.1/v1/sql/", &[]).await, 401);
}

#[tokio::test]
async fn every_listener_that_others_reach_demands_keys() {
    for host in ["127.0.0.1", "localhost", "[::1]", "desk.example"] {
        let rig = Rig::on("0.0.0.0:0", |_| ()).await;
        let document = refused(rig.get("/v1/rejects").header("host", host), 401, "key_missing").await;
        assert!(document["detail"].as_str().is_some_and(|text| text.contains("frontdesk key new")), "{document}");
        assert_eq!(json(rig.post("/v1/events", "{}").header("host", host)).await.0, 200, "collecting is open");
        for path in [
            "/",
            "/chat",
            "/api",
            "/demo/",
            "/metrics",
            "/openapi.json",
            "/problems/key_missing",
            "/v1/key",
            "/nowhere",
        ] {
            refused(rig.get(path).header("host", host), 401, "key_missing").await;
        }
    }
    let proxied = Rig::with(|options| options.hosts_allowed = vec!["desk.example".to_owned()]).await;
    for host in ["127.0.0.1", "desk.example"] {
        refused(proxied.get("/v1/rejects").header("host", host), 401, "key_missing").await;
    }
    // One that says itself that it is a proxy.
    let open = Rig::new().await;
    assert_eq!(status(open.get("/v1/rejects")).await, 200);
    for header in ["x-forwarded-for", "Forwarded", "x-real-ip", "via", "x-forwarded-host"] {
        refused(open.get("/v1/rejects").header(header, "1"), 401, "key_missing").await;
    }
}

#[tokio::test]
async fn a_key_is_taken_as_bearer_or_as_password_and_says_what_it_may() {
    let dir = KeyDirectory::new();
    let read = dir.scope(Scope::Read);
    let rig = Rig::on("0.0.0.0:0", |options| options.keys = dir.keys()).await;
    let id = read.split('_').nth(2).expect("an id");
    let expect = json!({"demanded": true, "id": id, "name": "n", "scope": "read", "may": ["read"], "datastream": null, "expires": null});
    assert_eq!(json(rig.get("/v1/key").bearer_auth(&read)).await, (200, expect.clone()));
    assert_eq!(json(rig.get("/v1/key").basic_auth("anybody", Some(&read))).await, (200, expect));
    let until = dir.key(Scope::Collect, Some("web"), Some(NOW_S + 60));
    let (_, answer) = json(rig.get("/v1/key").bearer_auth(&until)).await;
    assert_eq!((&answer["may"], &answer["datastream"]), (&json!(["collect"]), &json!("web")));
    assert_eq!(answer["expires"], "2026-11-22T14:08:16Z");
    let open = Rig::new().await;
    let (_, answer) = json(open.get("/v1/key")).await;
    assert_eq!((&answer["demanded"], &answer["may"]), (&json!(false), &json!(["collect", "read", "desk", "admin"])));
}

#[tokio::test]
async fn what_is_no_key_any_more_is_refused_everywhere_and_other_services_tokens_are_not() {
    let dir = KeyDirectory::new();
    let expired = dir.key(Scope::Admin, None, Some(NOW_S));
    let revoked = dir.scope(Scope::Admin);
    dir.file.revoke(revoked.split('_').nth(2).expect("an id"), NOW_S).expect("revoked");
    let unknown = KeyDirectory::new().scope(Scope::Admin);
    let rig = Rig::with(|options| options.keys = dir.keys()).await;
    for key in [&expired, &revoked, &unknown] {
        for path in ["/v1/events", "/ee/v1/interact?configId=w", "/collection/i", "/v1/sql"] {
            let document = refused(rig.post(path, "{}").bearer_auth(key), 401, "key_invalid").await;
            assert!(!document.to_string().contains("fd_admin"), "{document}");
        }
    }
    let twice = rig.get("/v1/key").bearer_auth(dir.scope(Scope::Read)).bearer_auth(dir.scope(Scope::Read));
    refused(twice, 401, "key_invalid").await;
    for token in ["eyJhbGciOiJSUzI1NiJ9.e30.x", "FD_read"] {
        assert_eq!(json(rig.post("/v1/events", "{}").bearer_auth(token)).await.0, 200, "{token}");
        refused(rig.get("/v1/rejects").bearer_auth(token), 401, "key_missing").await;
    }
}

#[tokio::test]
async fn only_who_may_do_everything_says_that_events_come_from_a_file() {
    let dir = KeyDirectory::new();
    let local = LocalKey::new().expect("random");
    let (collect, admin) = (dir.scope(Scope::Collect), dir.scope(Scope::Admin));
    let keys = Keys::open(dir.directory.path(), Some(&local)).expect("readable");
    let rig = Rig::with(|options| options.keys = keys).await;
    let path = "/v1/events?source=file";
    refused(rig.post(path, "{}"), 401, "key_missing").await;
    refused(rig.post("/v1/events?source=file&dry_run=true", "{}"), 401, "key_missing").await;
    refused(rig.post(path, "{}").bearer_auth(collect), 403, "scope_missing").await;
    for (whose, key) in [("admin", admin), ("local", local.token())] {
        assert_eq!(json(rig.post(path, "{}").bearer_auth(&key)).await.0, 200, "{whose}");
    }
    assert_eq!(json(rig.post("/v1/events?source=sender", "{}")).await.0, 200);
}

#[tokio::test]
async fn keys_are_made_and_revoked_beside_a_running_server() {
    let dir = KeyDirectory::new();
    let rig = Rig::with(|options| options.keys = dir.keys()).await;
    assert_eq!(status(rig.get("/v1/rejects")).await, 200, "open");
    let read = dir.scope(Scope::Read);
    assert_eq!(status(rig.get("/v1/rejects").bearer_auth(&read)).await, 200, "at once");
    let mut tail = rig.get("/v1/tail").bearer_auth(&read).send().await.expect("an answer");
    assert_eq!(tail.chunk().await.ok().flatten().as_deref(), Some(&b"\n"[..]));
    dir.file.revoke("n", NOW_S).expect("revoked");
    let begin = std::time::Instant::now();
    while status(rig.get("/v1/rejects").bearer_auth(&read)).await != 401 {
        assert!(begin.elapsed().as_secs() < 20, "a revoked key is still taken");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    refused(rig.get("/v1/rejects"), 401, "key_missing").await;
    let end = tokio::time::timeout(std::time::Duration::from_secs(20), async {
        while tail.chunk().await.is_ok_and(|part| part.is_some()) {}
    });
    assert!(end.await.is_ok(), "its stream goes on");
}

#[tokio::test]
async fn a_damaged_key_file_closes_and_collecting_goes_on() {
    let dir = KeyDirectory::new();
    let read = dir.scope(Scope::Read);
    let local = LocalKey::new().expect("random");
    let keys = Keys::open(dir.directory.path(), Some(&local)).expect("readable");
    let rig = Rig::with(|options| options.keys = keys).await;
    fs::write(dir.directory.path().join(KEY_FILE), "{").expect("written");
    let begin = std::time::Instant::now();
    while status(rig.get("/v1/rejects").bearer_auth(&read)).await != 503 {
        assert!(begin.elapsed().as_secs() < 20, "the damage is not noticed");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    refused(rig.get("/v1/rejects").bearer_auth(&read), 503, "keys_unreadable").await;
    refused(rig.get("/v1/rejects"), 401, "key_missing").await;
    assert_eq!(json(rig.post("/v1/events", "{}")).await.0, 200);
    assert_eq!(status(rig.get("/v1/rejects").bearer_auth(local.token())).await, 200, "this machine's commands get in");
}

#[tokio::test]
async fn foreign_pages_cause_nothing() {
    let dir = KeyDirectory::new();
    let read = dir.scope(Scope::Read);
    let closed = Rig::on("0.0.0.0:0", |options| options.keys = dir.keys()).await;
    let open = Rig::new().await;
    for rig in [&open, &closed] {
        for route in ROUTES {
            if !matches!(route.access, Access::Read | Access::Desk | Access::Admin) {
                continue;
            }
            let (path, body) = example(route);
            for (name, value) in [
                ("origin", "https://evil.example"),
                ("origin", "null"),
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "same-site"),
                ("referer", "https://evil.example/page"),
            ] {
                let request = rig.request(method(route), path).body(body).bearer_auth(&read);
                // The open server doesn't know this key, and says so only afterwards.
                refused(request.header(name, value), 403, "origin_foreign").await;
            }
        }
        assert_eq!(rig.fake.queries.lock().expect("not poisoned").len(), 0);
    }
    let own = format!("http://{}", open.address);
    for (name, value) in [("origin", own.as_str()), ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none")] {
        assert_eq!(status(open.get("/v1/rejects").header(name, value)).await, 200, "{name}: {value}");
    }
    // A link may lead to what is the same everywhere.
    for path in ["/api", "/demo/", "/problems/key_missing"] {
        assert_eq!(status(open.get(path).header("sec-fetch-site", "cross-site")).await, 200, "{path}");
    }
    assert_eq!(json(open.post("/v1/events", "{}").header("origin", "https://shop.example")).await.0, 200);
}

#[tokio::test]
async fn datastreams_rules_bind_every_way_in() {
    let dir = KeyDirectory::new();
    let (web, all) = (dir.key(Scope::Collect, Some("web"), None), dir.scope(Scope::Collect));
    let read = dir.scope(Scope::Read);
    let rig = Rig::with(|options| {
        options.keys = dir.keys();
        let origins = vec!["https://shop.example".to_owned()];
        for (name, datastream) in [
            ("web", Datastream { origins, ..Datastream::default() }),
            ("off", Datastream { enabled: false, ..Datastream::default() }),
            ("server", Datastream { key_required: true, ..Datastream::default() }),
        ] {
            options.datastreams.insert(name.to_owned(), datastream);
        }
        options.inlets.insert("to-off".to_owned(), "off".to_owned());
    })
    .await;
    let ways = |datastream: &str| {
        let collecting = ROUTES.iter().filter(|route| route.access == Access::Collect);
        let ways = collecting.map(|route| {
            let (path, body) = example(route);
            let path = match path {
                "/v1/events" => format!("{path}?datastream={datastream}"),
                path if path.starts_with("/collection/") => path.replace("/i", &format!("/{datastream}")),
                path => path.replace("=web", &format!("={datastream}")),
            };
            (path, body)
        });
        ways.collect::<Vec<_>>()
    };
    let check = async |datastream: &str, headers: &[(&str, &str)], expect: (u16, &str)| {
        for (path, body) in ways(datastream) {
            let request =
                headers.iter().fold(rig.post(&path, body), |request, (name, value)| request.header(*name, *value));
            match expect {
                (200, _) => {
                    let found = status(request).await;
                    assert!((200..300).contains(&found), "{path} {headers:?}: {found}");
                }
                (status, code) => drop(refused(request, status, code).await),
            }
        }
    };
    let bearer = |key: &str| format!("Bearer {key}");
    let (web, all, read) = (bearer(&web), bearer(&all), bearer(&read));
    check("web", &[], (200, "")).await;
    check("web", &[("origin", "https://shop.example")], (200, "")).await;
    let before = rig.fake.kept_bodies().len();
    check("web", &[("origin", "https://evil.example")], (403, "origin_refused")).await;
    check("web", &[("origin", "null")], (403, "origin_refused")).await;
    check("off", &[], (422, "datastream_disabled")).await;
    check("unheard-of", &[], (400, "datastream_unknown")).await;
    check("server", &[], (401, "key_missing")).await;
    check("server", &[("authorization", &web)], (403, "key_restricted")).await;
    check("server", &[("authorization", &read)], (403, "scope_missing")).await;
    assert_eq!(rig.fake.kept_bodies().len(), before, "nothing of it was kept");
    check("server", &[("authorization", &all)], (200, "")).await;
    check("web", &[("authorization", &web)], (200, "")).await;
    refused(rig.post("/collection/to-off", "{}"), 422, "datastream_disabled").await;
    refused(rig.post("/v1/events", "{}"), 400, "datastream_unknown").await;
    refused(rig.post("/v1/events?datastream=off&dry_run=true", "{}"), 422, "datastream_disabled").await;
}

#[tokio::test]
async fn a_key_for_one_datastream_reads_nothing() {
    let dir = KeyDirectory::new();
    let key = dir.key(Scope::Read, Some("web"), None);
    let rig = Rig::with(|options| options.keys = dir.keys()).await;
    for route in ROUTES.iter().filter(|route| route.access == Access::Read) {
        let (path, body) = example(route);
        refused(rig.request(method(route), path).body(body).bearer_auth(&key), 403, "key_restricted").await;
    }
    let (_, answer) = json(rig.get("/v1/key").bearer_auth(&key)).await;
    assert_eq!((&answer["scope"], &answer["may"]), (&json!("read"), &json!([])));
}

#[tokio::test]
async fn every_page_says_what_a_browser_must_not_do() {
    let rig = Rig::new().await;
    for path in [
        "/",
        "/quality?since=never",
        "/api",
        "/demo/",
        "/demo/demo.js",
        "/openapi.json",
        "/metrics",
        "/problems/internal",
        "/healthz",
        "/v1/rejects",
        "/nowhere",
        "/tag.js",
        "/v1/key",
    ] {
        let answer = rig.get(path).send().await.expect("an answer");
        let header = |name: &str| {
            answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src '") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("'unsafe-eval'"), "{path}: {policy}");
        assert_eq!(header("referrer-policy"), "same-origin", "{path}");
    }
    for path in ["/v1/events", "/ee/v1/interact?configId=w", "/collection/i", "/nowhere"] {
        let answer = rig.post(path, "{}").send().await.expect("an answer");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{path}");
        assert!(answer.headers().get_all("www-authenticate").iter().next().is_none(), "{path}");
    }
    let rows = rig.get("/v1/rejects").send().await.expect("an answer");
    assert_eq!(rows.headers()["cache-control"], "no-store");
    assert_eq!(rows.headers()["cross-origin-resource-policy"], "same-origin");
}

#[tokio::test]
async fn no_visitor_is_asked_for_a_password() {
    let rig = Rig::on("0.0.0.0:0", |options| {
        options.datastreams.insert("web".to_owned(), Datastream { key_required: true, ..Datastream::default() });
    })
    .await;
    let challenges = async |request: RequestBuilder| {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 401);
        let challenges = answer.headers().get_all("www-authenticate").iter();
        challenges
            .map(|value| value.to_str().expect("text").split(' ').next().expect("a word").to_owned())
            .collect::<Vec<_>>()
    };
    for path in ["/v1/events?datastream=web", "/ee/v1/interact?configId=web", "/collection/web", "/ee/v1/unheard-of"] {
        assert_eq!(challenges(rig.post(path, "{}")).await, ["Bearer"], "{path}");
    }
    for path in ["/", "/pages", "/api", "/demo/", "/v1/rejects", "/metrics"] {
        assert_eq!(challenges(rig.get(path)).await, ["Bearer", "Basic"], "{path}");
    }
}
