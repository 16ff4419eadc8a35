//! Signing in with a key, and what a person sees who hasn't: no number, and no name of anything.

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use server::Scope;

use crate::access::{KeyDirectory, NOW_S};
use crate::rig::{Rig, json, refused};

pub(crate) const PAGE: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// Sends a request as a browser does that shows what comes.
pub(crate) async fn looked_at(request: RequestBuilder) -> Response {
    request.header("accept", PAGE).send().await.expect("an answer")
}

/// A client that follows nothing, so that each step is seen.
pub(crate) fn browser() -> Client {
    Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client")
}

fn form(rig: &Rig, fields: &[(&str, &str)]) -> RequestBuilder {
    let body = url(fields);
    let request = browser().post(format!("http://{}/login", rig.address)).body(body);
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", format!("http://{}", rig.address))
}

pub(crate) fn url(fields: &[(&str, &str)]) -> String {
    let written = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{name}={}", written(value))).collect::<Vec<_>>().join("&")
}

pub(crate) fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// Signs in; the cookie to send back.
pub(crate) async fn signed_in(rig: &Rig, key: &str) -> String {
    let answer = looked_at(form(rig, &[("key", key), ("to", "/chat")])).await;
    assert_eq!((answer.status().as_u16(), header(answer.headers(), "location").as_str()), (303, "/chat"));
    let cookie = header(answer.headers(), "set-cookie");
    cookie.split(';').next().expect("a pair").to_owned()
}

#[tokio::test]
async fn a_page_is_a_login_before_anything_is_shown() {
    let dir = KeyDirectory::new();
    let rig = Rig::on("0.0.0.0:0", |options| options.keys = dir.keys()).await;
    for path in ["/", "/chat?since=7d&subject=Billing", "/subjects", "/pages", "/quality", "/nowhere", "/login"] {
        let answer = looked_at(rig.get(path)).await;
        assert_eq!(answer.status(), 401, "{path}");
        assert_eq!(header(answer.headers(), "content-type"), "text/html; charset=utf-8", "{path}");
        assert!(header(answer.headers(), "content-security-policy").contains("form-action 'self'"), "{path}");
        assert_eq!(header(answer.headers(), "cache-control"), "no-store", "{path}");
        // A browser that is challenged for a password shows no page.
        let challenges: Vec<_> = answer.headers().get_all("www-authenticate").iter().collect();
        assert!(
            challenges.len() == 1 && challenges[0].to_str().is_ok_and(|text| text.starts_with("Bearer ")),
            "{path}"
        );
        assert!(answer.headers().get("set-cookie").is_none());
        let text = answer.text().await.expect("a page");
        let to = if path == "/login" { "/" } else { path }.replace('&', "&amp;");
        assert!(text.contains(&format!("name=\"to\" value=\"{to}\"")), "{path}: {text}");
        assert!(text.contains("<form action=\"/login\" method=\"post\">") && !text.contains("<nav"), "{path}: {text}");
        // Its style sheet is there for whoever sees it.
        let sheet = text.split("rel=\"stylesheet\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
        assert_eq!(rig.get(sheet.expect("a link")).send().await.expect("an answer").status(), 200);
    }
    assert_eq!(rig.fake.queries.lock().expect("not poisoned").len(), 0);
    // Programs are answered as ever.
    refused(rig.get("/chat"), 401, "key_missing").await;
    refused(rig.get("/v1/rejects").header("accept", PAGE), 401, "key_missing").await;
}

#[tokio::test]
async fn a_session_reads_and_does_nothing_else() {
    let dir = KeyDirectory::new();
    let (read, admin) = (dir.scope(Scope::Read), dir.scope(Scope::Admin));
    let rig = Rig::on("0.0.0.0:0", |options| options.keys = dir.keys()).await;
    for key in [&read, &admin] {
        let answer = looked_at(form(&rig, &[("key", &format!(" {key}\n")), ("to", "/chat")])).await;
        let cookie = header(answer.headers(), "set-cookie");
        let (pair, rest) = cookie.split_once("; ").expect("a cookie");
        assert_eq!(rest, "Path=/; Max-Age=43200; HttpOnly; SameSite=Strict");
        assert!(pair.starts_with("frontdesk=") && !key.contains(pair.split('=').nth(1).expect("a value")), "{pair}");
        assert!(!answer.text().await.expect("a body").contains("fd_"));
        for path in ["/", "/chat", "/v1/reports/overview?format=csv", "/v1/rejects", "/metrics", "/api"] {
            assert_eq!(rig.get(path).header("cookie", pair).send().await.expect("an answer").status(), 200, "{path}");
        }
        let text = looked_at(rig.get("/chat").header("cookie", pair)).await.text().await.expect("a page");
        assert!(text.contains("action=\"/logout\""), "{text}");
        let (_, answer) = json(rig.get("/v1/key").header("cookie", pair)).await;
        assert_eq!(answer["may"], serde_json::json!(["read"]));
        // What takes something takes no cookie.
        refused(rig.post("/v1/sql", "select 1").header("cookie", pair), 401, "key_missing").await;
        for site in ["cross-site", "same-site"] {
            let request = rig.get("/v1/rejects").header("cookie", pair).header("sec-fetch-site", site);
            refused(request, 403, "origin_foreign").await;
        }
    }
    assert_eq!(rig.fake.queries.lock().expect("not poisoned").iter().filter(|(sql, ..)| sql == "select 1").count(), 0);
}

#[tokio::test]
async fn a_session_ends_with_its_key_and_with_the_sign_out() {
    let dir = KeyDirectory::new();
    let (one, other) = (dir.scope(Scope::Read), dir.scope(Scope::Read));
    let rig = Rig::on("0.0.0.0:0", |options| options.keys = dir.keys()).await;
    let (first, second) = (signed_in(&rig, &one).await, signed_in(&rig, &other).await);
    let status = async |cookie: &str| looked_at(rig.get("/chat").header("cookie", cookie)).await.status().as_u16();
    assert_eq!((status(&first).await, status(&second).await), (200, 200));
    let mut tail = rig.get("/v1/tail").header("cookie", &second).send().await.expect("an answer");
    assert_eq!(tail.chunk().await.ok().flatten().as_deref(), Some(&b"\n"[..]));
    let leave = |origin: String| {
        let request = browser().post(format!("http://{}/logout", rig.address));
        request.header("cookie", second.clone()).header("origin", origin)
    };
    refused(leave("https://evil.example".to_owned()), 403, "origin_foreign").await;
    assert_eq!(status(&second).await, 200, "no other site signs anybody out");
    let answer = leave(format!("http://{}", rig.address)).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), header(answer.headers(), "location").as_str()), (303, "/"));
    assert!(header(answer.headers(), "set-cookie").starts_with("frontdesk=; Path=/; Max-Age=0; "));
    assert_eq!((status(&first).await, status(&second).await), (200, 401));
    let end = tokio::time::timeout(std::time::Duration::from_secs(20), async {
        while tail.chunk().await.is_ok_and(|part| part.is_some()) {}
    });
    assert!(end.await.is_ok(), "its stream goes on");
    dir.file.revoke(one.split('_').nth(2).expect("an id"), NOW_S).expect("revoked");
    let begin = std::time::Instant::now();
    while status(&first).await != 401 {
        assert!(begin.elapsed().as_secs() < 20, "a session outlives its key");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_login_that_fails_says_why_and_leads_nowhere() {
    let dir = KeyDirectory::new();
    let read = dir.scope(Scope::Read);
    let rig = Rig::on("0.0.0.0:0", |options| options.keys = dir.keys()).await;
    let expired = dir.key(Scope::Read, None, Some(NOW_S));
    let (collect, one) = (dir.scope(Scope::Collect), dir.key(Scope::Read, Some("web"), None));
    let cut = &read[..read.len() - 1];
    for (key, status, why) in [
        ("", 401, "This key isn&#39;t known here"),
        ("'><script>", 401, "This key isn&#39;t known here"),
        (cut, 401, "This key isn&#39;t known here"),
        (&expired, 401, "This key has expired."),
        (&collect, 403, "This key may not read."),
        (&one, 403, "This key may not read."),
    ] {
        let answer = looked_at(form(&rig, &[("key", key), ("to", "/chat?a=\"b\"")])).await;
        assert_eq!(answer.status(), status, "{key}");
        assert!(answer.headers().get("set-cookie").is_none() && answer.headers().get("location").is_none());
        let text = answer.text().await.expect("a page").replace('\'', "&#39;");
        assert!(text.contains(why) && text.contains("value=\"/chat?a=&quot;b&quot;\""), "{key}: {text}");
        assert!(
            !text.contains("fd_read_0") && !text.contains("<script") && (key.is_empty() || !text.contains(key)),
            "{text}"
        );
    }
    for (to, expect) in [
        ("/quality?since=7d", "/quality?since=7d"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/a\r\nset-cookie: x=y", "/"),
        ("", "/"),
    ] {
        let answer = looked_at(form(&rig, &[("key", &read), ("to", to)])).await;
        assert_eq!((answer.status().as_u16(), header(answer.headers(), "location").as_str()), (303, expect), "{to}");
    }
    let foreign = form(&rig, &[("key", &read)]).header("sec-fetch-site", "cross-site");
    refused(foreign, 403, "origin_foreign").await;
    let long = looked_at(form(&rig, &[("key", &"x".repeat(20_000))])).await;
    assert_eq!(long.status(), 413);
    assert!(long.text().await.expect("a page").starts_with("<!DOCTYPE html>"));
    // Failures are limited for everybody together; the clock of this server stands still.
    let mut limited = None;
    for _ in 0..70 {
        let answer = looked_at(form(&rig, &[("key", "fd_read_x")])).await;
        if answer.status() == 429 {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.expect("a limit");
    assert!(limited.headers().contains_key("retry-after"));
    assert!(limited.text().await.expect("a page").contains("Too many logins failed"));
    let good = looked_at(form(&rig, &[("key", &read)])).await;
    assert_eq!(good.status(), 303, "strangers hold nobody up");
    assert_eq!(rig.get("/chat").bearer_auth(&read).send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_proxy_that_ends_tls_gets_a_cookie_for_tls() {
    let dir = KeyDirectory::new();
    let read = dir.scope(Scope::Read);
    let rig = Rig::on("0.0.0.0:0", |options| options.keys = dir.keys()).await;
    let request = browser().post(format!("http://{}/login", rig.address)).body(url(&[("key", &read)]));
    let request = request.header("host", "desk.example").header("origin", "https://desk.example");
    let answer = looked_at(request).await;
    let cookie = header(answer.headers(), "set-cookie");
    assert!(cookie.starts_with("__Host-frontdesk=") && cookie.ends_with("; Secure"), "{cookie}");
    let pair = cookie.split(';').next().expect("a pair");
    assert_eq!(rig.get("/chat").header("cookie", pair).send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_link_from_another_site_leads_to_a_page_that_leads_on() {
    let rig = Rig::new().await;
    let followed = |path: &str, site: &str| {
        let request = rig.get(path).header("sec-fetch-site", site).header("accept", PAGE);
        request.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document")
    };
    for site in ["cross-site", "same-site"] {
        let answer = followed("/chat?since=7d&subject=%22%3Cb%3E", site).send().await.expect("an answer");
        assert_eq!(answer.status(), 403);
        assert!(answer.headers().get("frontdesk-incomplete").is_none());
        let text = answer.text().await.expect("a page");
        assert!(
            text.contains("<a class=\"button\" href=\"/chat?since=7d&amp;subject=%22%3Cb%3E\">Open this page</a>"),
            "{text}"
        );
        assert!(!text.contains("<form") && !text.contains("<nav"), "{text}");
    }
    // Whatever isn't a page is refused as before, and so is what no person has followed.
    refused(followed("/v1/rejects", "cross-site"), 403, "origin_foreign").await;
    let framed = rig.get("/chat").header("sec-fetch-site", "cross-site").header("sec-fetch-dest", "iframe");
    refused(framed, 403, "origin_foreign").await;
    let framed = rig.get("/chat").header("sec-fetch-site", "cross-site").header("sec-fetch-mode", "navigate");
    let framed = looked_at(framed.header("sec-fetch-dest", "iframe")).await;
    let text = framed.text().await.expect("a page");
    assert!(text.contains("Pages of other sites may not ask this") && !text.contains("Open this page"), "{text}");
    assert_eq!(rig.fake.queries.lock().expect("not poisoned").len(), 0);
}

#[tokio::test]
async fn what_goes_wrong_on_a_page_is_a_page() {
    let rig = Rig::new().await;
    let told = async |path: &str| {
        let answer = looked_at(rig.get(path)).await;
        let (status, wait) = (answer.status().as_u16(), header(answer.headers(), "retry-after"));
        assert_eq!(header(answer.headers(), "content-type"), "text/html; charset=utf-8", "{path}");
        (status, wait, answer.text().await.expect("a page"))
    };
    let (status, _, text) = told("/?page=broken").await;
    assert!(status == 500 && text.contains("<a href=\"/?page=broken\">Try again</a>"), "{text}");
    assert!(text.contains("<nav") && !text.contains("the disk is gone") && !text.contains("http-equiv"), "{text}");
    let (status, _, text) = told("/nowhere").await;
    assert!(status == 404 && text.contains("There is nothing at this path"), "{text}");
    let (status, _, text) = told("/login").await;
    assert!(status == 405 && text.contains("This path doesn"), "{text}");
    let (status, wait, text) = told("/?page=stale").await;
    assert!(status == 503 && wait == "5", "{wait}: {text}");
    assert!(
        text.contains("<meta http-equiv=\"refresh\" content=\"5\">") && text.contains("This page tries again in 5 s"),
        "{text}"
    );
    refused(rig.get("/?page=stale"), 503, "unavailable").await;
}
