//! Links to one view: what whoever has one sees, and everything that they don't.

use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::json as value;
use server::{LinkKey, Scope};

use crate::access::{KeyDirectory, NOW_S};
use crate::fake::NOW_MICROS;
use crate::kept::form;
use crate::login::{header, looked_at, signed_in};
use crate::rig::{Rig, json, refused};

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// Makes a link; its path.
async fn made(rig: &Rig, key: &str, page: &str, query: &str) -> String {
    let new = value!({ "label": "for the <shop>", "page": page, "query": query });
    let (status, share) = json(rig.post("/v1/shares", new.to_string()).bearer_auth(key)).await;
    assert_eq!(status, 201, "{share}");
    let url = share["url"].as_str().expect("a link");
    url.strip_prefix(&format!("http://{}", rig.address)).expect("of this server").to_owned()
}

async fn opened(rig: &Rig, path: &str) -> Response {
    looked_at(rig.get(path)).await
}

async fn status(rig: &Rig, path: &str) -> u16 {
    opened(rig, path).await.status().as_u16()
}

/// What the backend was asked since.
fn asked(rig: &Rig) -> Vec<String> {
    rig.fake.queries.lock().expect("not poisoned").drain(..).map(|(text, ..)| text).collect()
}

/// A server that others reach, with a key to read.
async fn rig() -> (Rig, String, KeyDirectory) {
    let dir = KeyDirectory::new();
    let key = dir.scope(Scope::Read);
    let rig = Rig::on("0.0.0.0:0", |options| options.keys = dir.keys()).await;
    (rig, key, dir)
}

#[tokio::test]
async fn a_link_shows_its_view_to_whoever_has_it() {
    let (rig, key, _dir) = rig().await;
    rig.post("/v1/annotations", value!({ "at": "2026-11-20", "text": "for the house" }).to_string())
        .bearer_auth(&key)
        .send()
        .await
        .expect("kept");
    for page in ["/", "/chat", "/subjects", "/pages", "/referrers", "/devices", "/quality"] {
        let path = made(&rig, &key, page, "since=30d&datastream=web&subject=Billing").await;
        asked(&rig);
        let answer = opened(&rig, &path).await;
        assert_eq!(answer.status(), 200, "{page}");
        for (name, expect) in [
            ("referrer-policy", "no-referrer"),
            ("cache-control", "private, no-store"),
            ("x-robots-tag", "noindex, nofollow"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(header(answer.headers(), name), expect, "{page}");
        }
        let policy = header(answer.headers(), "content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(policy.contains("connect-src 'self';"), "{policy}");
        let text = answer.text().await.expect("a page");
        assert!(text.contains("for the &lt;shop&gt;") && text.contains("Billing") && text.contains("web"), "{text}");
        for refused in
            ["<a ", "<form", "action=", "data-live=\"whole\"", "for the house", "/views", "/v1/", "/events", "Sign out"]
        {
            assert!(!text.contains(refused), "{page}: {refused} in {text}");
        }
        let links: Vec<&str> = text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(links.iter().all(|link| link.starts_with("/assets/") || link.starts_with("data:image")), "{links:?}");
        let asked = asked(&rig);
        let is_locked = |text: &String| text.contains("Billing") && text.contains("web");
        assert!(!asked.is_empty() && asked.iter().all(is_locked), "{asked:?}");
    }
}

#[tokio::test]
async fn what_the_url_says_beside_the_token_changes_nothing() {
    let (rig, key, _dir) = rig().await;
    let path = made(&rig, &key, "/", "since=7d&datastream=web").await;
    asked(&rig);
    let plain = opened(&rig, &path).await.text().await.expect("a page");
    let locked = asked(&rig);
    for more in [
        "?datastream=shop",
        "?datastream=",
        "?since=90d&subject=Billing",
        "?page=/events",
        "?utm_source=mail",
        "?format=csv",
        "?%ff",
        "#x",
    ] {
        let answer = opened(&rig, &format!("{path}{more}")).await;
        assert_eq!(answer.status(), 200, "{more}");
        assert_eq!(answer.text().await.expect("a page"), plain, "{more}");
        assert_eq!(asked(&rig), locked, "{more}");
    }
    // A session or a key beside it neither widens nor changes what is shown.
    let cookie = signed_in(&rig, &key).await;
    for request in
        [rig.get(&path).header("cookie", &cookie), rig.get(&path).bearer_auth(&key), rig.get(&path).bearer_auth("fd_x")]
    {
        asked(&rig);
        assert_eq!(looked_at(request).await.text().await.expect("a page"), plain);
        assert_eq!(asked(&rig), locked);
    }
    // It is followed from other sites and shown in frames.
    for headers in [
        [("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "iframe")],
        [("origin", "https://intranet.example"), ("host", "desk.example")],
    ] {
        let request = headers.iter().fold(rig.get(&path), |request, (name, value)| request.header(*name, *value));
        assert_eq!(looked_at(request).await.status(), 200, "{headers:?}");
    }
}

#[tokio::test]
async fn a_link_is_no_way_to_anything_else() {
    let (rig, key, _dir) = rig().await;
    let path = made(&rig, &key, "/", "datastream=web").await;
    let token = path.strip_prefix("/share/").expect("a path of links");
    asked(&rig);
    for other in [
        "/",
        "/chat",
        "/events",
        "/sql?q=select%201",
        "/views",
        "/live",
        "/metrics",
        "/api",
        "/v1/reports/overview",
        "/v1/views",
        "/v1/shares",
        "/v1/export",
        "/share",
        "/share/",
        "/v1/key",
    ] {
        let requests = [
            rig.get(&format!("{other}{}token={token}", if other.contains('?') { "&" } else { "?" })),
            rig.get(other).bearer_auth(token),
            rig.get(other).basic_auth("x", Some(token)),
            rig.get(other).header("cookie", format!("frontdesk={token}; __Host-frontdesk={token}")),
            rig.get(other).header("referer", format!("http://{}{path}", rig.address)),
        ];
        for request in requests {
            let status = request.send().await.expect("an answer").status().as_u16();
            assert_eq!(status, 401, "{other}");
        }
    }
    for spelling in [
        format!("{path}/"),
        format!("{path}/chat"),
        format!("{path}/../../chat"),
        format!("/share//{token}"),
        format!("/SHARE/{token}"),
        format!("/share/{token}%2f"),
    ] {
        let status = status(&rig, &spelling).await;
        assert!(matches!(status, 401 | 404), "{spelling}: {status}");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let answer = rig.request(method.clone(), &path).body("x").send().await.expect("an answer");
        assert_eq!(answer.status(), 405, "{method}");
    }
    assert_eq!(asked(&rig), [""; 0], "nothing was asked for any of them");
    let head = rig.request(Method::HEAD, &path).send().await.expect("an answer");
    assert_eq!((head.status().as_u16(), head.text().await.expect("nothing").len()), (200, 0));
}

#[tokio::test]
async fn a_link_ends_with_its_date_its_key_and_by_hand() {
    let (rig, key, dir) = rig().await;
    let paths = [made(&rig, &key, "/", "").await, made(&rig, &key, "/chat", "").await];
    assert_eq!(status(&rig, &paths[0]).await, 200);
    let (_, list) = json(rig.get("/v1/shares").bearer_auth(&key)).await;
    assert!(!list.to_string().contains("url") && !list.to_string().contains(&paths[0]["/share/".len()..]), "{list}");
    let id = &paths[0]["/share/".len()..][..8];
    let revoke = || rig.request(Method::DELETE, &format!("/v1/shares/{id}")).bearer_auth(&key);
    assert_eq!(revoke().send().await.expect("an answer").status(), 204);
    assert_eq!((status(&rig, &paths[0]).await, status(&rig, &paths[1]).await), (410, 200));
    assert_eq!(revoke().send().await.expect("an answer").status(), 404, "it was revoked already");
    let gone = opened(&rig, &paths[0]).await.text().await.expect("a page");
    assert!(gone.contains("taken back") && !gone.contains("<a ") && !gone.contains("<nav"), "{gone}");
    let at = |rig: &Rig, micros: i64| rig.fake.now.store(micros, Ordering::SeqCst);
    at(&rig, NOW_MICROS + 30 * DAY_MICROS - 1_000_000);
    assert_eq!(status(&rig, &paths[1]).await, 200);
    at(&rig, NOW_MICROS + 30 * DAY_MICROS);
    let over = opened(&rig, &paths[1]).await;
    assert_eq!(over.status(), 410);
    assert_eq!(header(over.headers(), "cache-control"), "private, no-store");
    at(&rig, NOW_MICROS);
    assert_eq!(status(&rig, &paths[1]).await, 200);
    dir.file.revoke(key.split('_').nth(2).expect("an id"), NOW_S).expect("revoked");
    let begin = std::time::Instant::now();
    while status(&rig, &paths[1]).await != 410 {
        assert!(begin.elapsed().as_secs() < 20, "a link outlives its key");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// What a stream has said up to this many events; all of it if it ends before.
async fn said(stream: &mut Response, told: &mut String, events: usize) -> bool {
    while told.matches("event: received\ndata: ").count() < events || !told.ends_with("\n\n") {
        let Some(part) = stream.chunk().await.expect("a part") else { return false };
        told.push_str(std::str::from_utf8(&part).expect("text"));
    }
    true
}

#[tokio::test]
async fn a_shared_page_is_told_of_its_own_changes_alone() {
    let dir = KeyDirectory::new();
    let key = dir.scope(Scope::Read);
    let rig = Rig::on("0.0.0.0:0", |options| {
        options.keys = dir.keys();
        options.shared_look_every = Duration::from_millis(5);
    })
    .await;
    let path = made(&rig, &key, "/", "since=7d&datastream=web").await;
    let page = opened(&rig, &path).await.text().await.expect("a page");
    assert!(page.contains("<main class=\"width\" id=\"content\" data-live=\"shared\">"), "{page}");
    asked(&rig);
    let mut stream = rig.get(&format!("{path}/live?datastream=shop")).send().await.expect("an answer");
    assert_eq!(
        (stream.status().as_u16(), header(stream.headers(), "content-type").as_str()),
        (200, "text/event-stream")
    );
    assert_eq!(header(stream.headers(), "cache-control"), "private, no-store");
    let mut told = String::new();
    assert!(said(&mut stream, &mut told, 1).await);
    // What arrives, and how much, isn't this page's, as long as its numbers are the same.
    let looks = |rig: &Rig| rig.fake.queries.lock().expect("not poisoned").len();
    for _ in 0..3 {
        assert_eq!(rig.post("/v1/events", "{}").send().await.expect("an answer").status(), 200);
        let before = looks(&rig);
        while looks(&rig) < before + 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    rig.fake.requests.store(8, Ordering::SeqCst);
    assert!(said(&mut stream, &mut told, 2).await);
    // Of one link there are few, and whoever has gone makes room.
    let mut others = Vec::new();
    for _ in 1..16 {
        others.push(opened(&rig, &format!("{path}/live")).await);
    }
    assert!(others.iter().all(|other| other.status() == 200));
    refused(rig.get(&format!("{path}/live")), 503, "overloaded").await;
    let another = made(&rig, &key, "/", "").await;
    assert_eq!(status(&rig, &format!("{another}/live")).await, 200, "another link has its own");
    for wrong in ["/share/x/live".to_owned(), format!("{path}x/live"), format!("{path}/live/live")] {
        let status = status(&rig, &wrong).await;
        assert!(matches!(status, 401 | 404), "{wrong}: {status}");
    }
    // All that it has said until its end: its page as it was, and as it became.
    let id = &path["/share/".len()..][..8];
    let revoke = rig.request(Method::DELETE, &format!("/v1/shares/{id}")).bearer_auth(&key);
    assert_eq!(revoke.send().await.expect("an answer").status(), 204);
    assert!(!said(&mut stream, &mut told, usize::MAX).await);
    let marks: Vec<&str> = told.split("event: received\ndata: ").skip(1).collect();
    assert!(told.starts_with("retry: 5000\n\n") && marks.len() == 2 && marks[0] != marks[1], "{told}");
    assert!(!told.contains(&path) && !told.contains("web"), "{told}");
    // What was asked before another link was made.
    let asked = asked(&rig);
    assert!(asked.iter().take(20).all(|text| text.contains("web") && !text.contains("shop")), "{asked:?}");
}

#[tokio::test]
async fn a_shared_pages_stream_ends_with_its_link() {
    let (rig, key, dir) = rig().await;
    let id = |path: &str| path["/share/".len()..][..8].to_owned();
    let paths =
        [made(&rig, &key, "/", "").await, made(&rig, &key, "/chat", "").await, made(&rig, &key, "/pages", "").await];
    let mut streams = Vec::new();
    for path in &paths {
        let mut stream = rig.get(&format!("{path}/live")).send().await.expect("an answer");
        assert!(said(&mut stream, &mut String::new(), 1).await);
        streams.push(stream);
    }
    let ends = async |stream: &mut Response| {
        let ended = async { while stream.chunk().await.expect("a part").is_some() {} };
        tokio::time::timeout(Duration::from_secs(20), ended).await.is_ok()
    };
    let revoke = rig.request(Method::DELETE, &format!("/v1/shares/{}", id(&paths[0]))).bearer_auth(&key);
    assert_eq!(revoke.send().await.expect("an answer").status(), 204);
    assert!(ends(&mut streams[0]).await, "it outlives its link");
    rig.fake.now.store(NOW_MICROS + 30 * DAY_MICROS, Ordering::SeqCst);
    assert!(ends(&mut streams[1]).await, "it outlives its date");
    assert_eq!(status(&rig, &format!("{}/live", paths[1])).await, 410);
    rig.fake.now.store(NOW_MICROS, Ordering::SeqCst);
    let mut third = rig.get(&format!("{}/live", paths[2])).send().await.expect("an answer");
    dir.file.revoke(key.split('_').nth(2).expect("an id"), NOW_S).expect("revoked");
    assert!(ends(&mut third).await, "it outlives its key");
}

#[tokio::test]
async fn tokens_that_are_none_are_refused_and_limited() {
    let (rig, key, dir) = rig().await;
    let path = made(&rig, &key, "/", "").await;
    let token = path.strip_prefix("/share/").expect("a path of links").to_owned();
    let other = |is_zero: bool| if is_zero { "1" } else { "0" };
    let (first, last) = (other(token.starts_with('0')), other(token.ends_with('0')));
    for wrong in [
        token[1..].to_owned(),
        token[..token.len() - 1].to_owned(),
        format!("{token}0"),
        format!("{first}{}", &token[1..]),
        format!("{}{last}", &token[..token.len() - 1]),
        token.to_uppercase(),
        "x".to_owned(),
        "%00".to_owned(),
        "a".repeat(4_000),
    ] {
        let answer = opened(&rig, &format!("/share/{wrong}")).await;
        assert!(answer.status() == 404, "{wrong}: {}", answer.status());
        assert_eq!(header(answer.headers(), "referrer-policy"), "no-referrer");
    }
    // Another server's key, and the same state file.
    let (state, keys) = (rig.state.clone(), dir.keys());
    let other = Rig::on("0.0.0.0:0", move |options| {
        options.keys = keys;
        options.state = Some(state);
        options.link_key = Some(LinkKey::new(&[8; 32]));
    })
    .await;
    refused(other.get(&path), 404, "link_unknown").await;
    // The same key finds it after a restart.
    let (state, keys) = (rig.state.clone(), dir.keys());
    let again = Rig::on("0.0.0.0:0", move |options| (options.keys, options.state) = (keys, Some(state))).await;
    assert_eq!(status(&again, &path).await, 200);
    let mut limited = 0;
    for _ in 0..70 {
        limited += usize::from(status(&rig, "/share/wrong").await == 429);
    }
    assert!(limited > 0, "somebody may try for ever");
    assert_eq!(status(&rig, &path).await, 200, "whoever has a link isn't held up");
}

#[tokio::test]
async fn what_a_link_may_show_is_bounded() {
    let (rig, key, _dir) = rig().await;
    for (body, code) in [
        (value!({ "label": "l", "page": "/events" }), "kept_invalid"),
        (value!({ "label": "l", "page": "/sql" }), "kept_invalid"),
        (value!({ "label": "l", "page": "/views" }), "kept_invalid"),
        (value!({ "label": "", "page": "/" }), "kept_invalid"),
        (value!({ "label": "l", "page": "/", "days": 0 }), "kept_invalid"),
        (value!({ "label": "l", "page": "/", "days": 367 }), "kept_invalid"),
        (value!({ "label": "l", "page": "/", "days": -1 }), "kept_invalid"),
        (value!({ "label": "l", "page": "/", "query": "since=x" }), "kept_invalid"),
    ] {
        refused(rig.post("/v1/shares", body.to_string()).bearer_auth(&key), 400, code).await;
    }
    refused(rig.post("/v1/shares", r#"{"label":"l","page":"/"}"#), 401, "key_missing").await;
    refused(rig.get("/v1/shares"), 401, "key_missing").await;
}

#[tokio::test]
async fn only_named_hosts_may_show_a_link_in_a_frame_and_nothing_else_is() {
    let hosts = ["https://intranet.example", "http://127.0.0.1:9000"];
    let rig = Rig::with(|options| options.embed_hosts = hosts.map(str::to_owned).to_vec()).await;
    let (_, share) = json(rig.post("/v1/shares", r#"{"label":"l","page":"/chat"}"#)).await;
    let url = share["url"].as_str().expect("a link");
    let policy = |answer: &Response| header(answer.headers(), "content-security-policy");
    let shown = looked_at(rig.client.get(url)).await;
    assert!(
        policy(&shown).ends_with("frame-ancestors https://intranet.example http://127.0.0.1:9000"),
        "{}",
        policy(&shown)
    );
    assert_eq!(header(shown.headers(), "x-frame-options"), "");
    for path in ["/", "/chat", "/views", "/sql", "/events", "/api", "/share/wrong", "/nowhere"] {
        let answer = looked_at(rig.get(path)).await;
        assert!(policy(&answer).contains("frame-ancestors 'none'"), "{path}: {}", policy(&answer));
    }
}

#[tokio::test]
async fn a_form_makes_a_link_and_tells_it_once() {
    let (rig, key, _dir) = rig().await;
    let cookie = signed_in(&rig, &key).await;
    let fields = [("label", "Board"), ("page", "/chat"), ("query", "since=30d"), ("days", "7")];
    let answer = form(&rig, "share", &fields).header("cookie", &cookie).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), header(answer.headers(), "cache-control").as_str()), (200, "no-store"));
    let page = answer.text().await.expect("a page");
    let path = page.split("/share/").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    assert_eq!(status(&rig, &format!("/share/{path}")).await, 200);
    let list = looked_at(rig.get("/views").header("cookie", &cookie)).await.text().await.expect("a page");
    assert!(list.contains("Board") && !list.contains(path), "{list}");
    let revoked =
        form(&rig, "revoke", &[("id", &path[..8])]).header("cookie", &cookie).send().await.expect("an answer");
    assert_eq!(revoked.status(), 303);
    assert_eq!(status(&rig, &format!("/share/{path}")).await, 410);
}
