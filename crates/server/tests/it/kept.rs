//! Saved views and notes: by programs and by the pages' forms, and who may not.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json as value};
use server::Scope;

use crate::access::KeyDirectory;
use crate::login::{PAGE, browser, header, looked_at, signed_in, url};
use crate::rig::{Rig, json, problem, refused};

/// A form as one of our own pages sends it.
pub(crate) fn form(rig: &Rig, action: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let request = browser().post(format!("http://{}/views/{action}", rig.address)).body(url(fields));
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", PAGE)
        .header("origin", format!("http://{}", rig.address))
}

/// Where a form has led to.
async fn led(request: RequestBuilder) -> String {
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 303);
    header(answer.headers(), "location")
}

fn post(rig: &Rig, path: &str, body: &Value) -> RequestBuilder {
    rig.post(path, body.to_string())
}

async fn deleted(rig: &Rig, path: &str) -> StatusCode {
    rig.request(Method::DELETE, path).send().await.expect("an answer").status()
}

#[tokio::test]
async fn views_are_saved_listed_and_deleted_by_programs() {
    let rig = Rig::new().await;
    assert_eq!(json(rig.get("/v1/views")).await, (200, value!({ "views": [] })));
    let new = value!({ "name": "Monday", "page": "/chat", "query": "?since=7d&x=&channel=chat&until=" });
    let (status, saved) = json(post(
        &rig,
        "/v1/views",
        &value!({ "name": "Monday", "page": "/chat", "query": "since=7d&subject=a b&until=" }),
    ))
    .await;
    assert_eq!((status, &saved["query"], &saved["made_by"]), (201, &value!("since=7d&subject=a%20b"), &Value::Null));
    assert_eq!(saved["made_at"], "2026-11-22T14:07:16Z");
    assert_eq!(json(rig.get("/v1/views")).await.1["views"], value!([saved]));
    let wrong = post(&rig, "/v1/views", &new).send().await.expect("an answer");
    let document = problem(wrong, 400, "kept_invalid").await;
    assert!(document["detail"].as_str().is_some_and(|detail| detail.contains("x")), "{document}");
    for (body, status, code) in [
        (value!({ "name": "Monday", "page": "/" }), 409, "name_taken"),
        (value!({ "name": "", "page": "/" }), 400, "kept_invalid"),
        (value!({ "name": "n".repeat(101), "page": "/" }), 400, "kept_invalid"),
        (value!({ "name": "n", "page": "/sql" }), 400, "kept_invalid"),
        (value!({ "name": "n", "page": "//evil.example" }), 400, "kept_invalid"),
        (value!({ "name": "n", "page": "/", "query": "tz=Europe/Berln" }), 400, "kept_invalid"),
        (value!({ "name": "n", "page": "/", "query": format!("subject={}", "a".repeat(2_048)) }), 400, "kept_invalid"),
        (value!({ "name": "n", "page": "/events", "query": "find=jo%40shop.example" }), 400, "kept_invalid"),
        (value!({ "name": "n", "page": "/", "more": 1 }), 400, "kept_invalid"),
        (value!([]), 400, "kept_invalid"),
    ] {
        let document = refused(post(&rig, "/v1/views", &body), status, code).await;
        assert!(!document.to_string().contains("jo@") && !document.to_string().contains("evil"), "{document}");
    }
    let large = rig.post("/v1/views", "x".repeat(20_000));
    refused(large, 413, "body_too_large").await;
    let path = format!("/v1/views/{}", saved["id"]);
    assert_eq!((deleted(&rig, &path).await.as_u16(), deleted(&rig, &path).await.as_u16()), (204, 404));
    for path in ["/v1/views/x", "/v1/views/-1", "/v1/views/99999999999999999999"] {
        assert_eq!(deleted(&rig, path).await, 404, "{path}");
    }
    let other = rig.request(Method::PUT, "/v1/views").send().await.expect("an answer");
    assert_eq!((other.status().as_u16(), header(other.headers(), "allow").as_str()), (405, "GET,HEAD,POST"));
}

#[tokio::test]
async fn a_view_is_opened_by_its_name() {
    let rig = Rig::new().await;
    for (name, page, query) in [("Monday", "/chat", "since=30d&channel=chat"), ("Käse & 1/2", "/", "")] {
        let saved = post(&rig, "/v1/views", &value!({ "name": name, "page": page, "query": query }));
        assert_eq!(json(saved).await.0, 201);
    }
    let get = |path: &str| browser().get(format!("http://{}{path}", rig.address)).header("accept", PAGE);
    assert_eq!(led(get("/views/Monday")).await, "/chat?since=30d&channel=chat");
    assert_eq!(led(get("/views/Monday?since=7d&tz=UTC")).await, "/chat?channel=chat&since=7d&tz=UTC");
    assert_eq!(led(get("/views/K%C3%A4se%20%26%201%2F2")).await, "/");
    // The list leads there.
    let list = looked_at(rig.get("/views")).await.text().await.expect("a page");
    assert!(
        list.contains("href=\"/views/Monday\"") && list.contains("href=\"/views/K%C3%A4se%20%26%201%2F2\""),
        "{list}"
    );
    for unknown in ["/views/monday", "/views/save", "/views/%ff", "/views/Monday%00"] {
        let answer = get(unknown).send().await.expect("an answer");
        assert_eq!(answer.status(), 404, "{unknown}");
    }
}

#[tokio::test]
async fn views_of_single_events_keep_what_is_listed_and_no_search() {
    let rig = Rig::new().await;
    let new = value!({ "name": "Rejected", "page": "/events", "query": "since=7d&show=rejected&reason=type" });
    let (status, saved) = json(post(&rig, "/v1/views", &new)).await;
    assert_eq!((status, saved["query"].as_str()), (201, Some("since=7d&show=rejected&reason=type")));
}

#[tokio::test]
async fn forms_save_rename_and_delete() {
    let rig = Rig::new().await;
    let name = "a <b> & \"c\"";
    let place = [("page", "/chat"), ("query", "since=30d&channel=chat")];
    let to = led(form(&rig, "save", &[&[("name", name)], &place[..]].concat())).await;
    assert_eq!(to, "/chat?since=30d&channel=chat");
    let page = looked_at(rig.get(&to)).await.text().await.expect("a page");
    let link = "<a href=\"/chat?since=30d&amp;channel=chat\" aria-current=\"true\">a &lt;b&gt; &amp; &quot;c&quot;</a>";
    assert!(page.contains(link), "{page}");
    let list = looked_at(rig.get("/views")).await.text().await.expect("a page");
    assert!(list.contains("a &lt;b&gt; &amp; &quot;c&quot;") && !list.contains("<b>"), "{list}");
    let (_, views) = json(rig.get("/v1/views")).await;
    let id = views["views"][0]["id"].to_string();
    assert_eq!(led(form(&rig, "rename", &[("id", &id), ("name", "Mine")])).await, "/views");
    assert_eq!(json(rig.get("/v1/views")).await.1["views"][0]["name"], "Mine");
    let taken = form(&rig, "save", &[&[("name", "Mine")], &place[..]].concat()).send().await.expect("an answer");
    assert_eq!(taken.status(), 409);
    assert!(taken.text().await.expect("a page").contains("choose another name"), "it says what to do");
    assert_eq!(led(form(&rig, "delete", &[("id", &id)])).await, "/views");
    assert_eq!(form(&rig, "delete", &[("id", &id)]).send().await.expect("an answer").status(), 404);
    assert_eq!(form(&rig, "everything", &[]).send().await.expect("an answer").status(), 404);
}

#[tokio::test]
async fn a_session_sends_forms_of_its_own_pages_and_nothing_else() {
    let dir = KeyDirectory::new();
    let (read, collect) = (dir.scope(Scope::Read), dir.scope(Scope::Collect));
    let rig = Rig::on("0.0.0.0:0", |options| options.keys = dir.keys()).await;
    let cookie = signed_in(&rig, &read).await;
    let fields = [("name", "n"), ("page", "/"), ("query", "")];
    let plain =
        || browser().post(format!("http://{}/views/save", rig.address)).body(url(&fields)).header("accept", PAGE);
    let own = format!("http://{}", rig.address);
    let check = async |request: RequestBuilder, expect: u16| {
        assert_eq!(request.send().await.expect("an answer").status(), expect);
        json(rig.get("/v1/views").bearer_auth(&read)).await.1["views"].as_array().expect("a list").len()
    };
    let with = |request: RequestBuilder| request.header("cookie", &cookie);
    assert_eq!(check(plain(), 401).await, 0, "no cookie");
    assert_eq!(check(with(plain()), 401).await, 0, "a cookie, and no word of where it comes from");
    assert_eq!(check(with(plain()).header("referer", format!("{own}/")), 401).await, 0);
    assert_eq!(check(with(plain()).header("sec-fetch-site", "none"), 401).await, 0);
    assert_eq!(check(with(plain()).header("origin", "https://evil.example"), 403).await, 0);
    assert_eq!(check(with(plain()).header("origin", "null"), 403).await, 0);
    assert_eq!(check(with(plain()).header("sec-fetch-site", "cross-site"), 403).await, 0);
    assert_eq!(check(with(plain()).header("sec-fetch-site", "same-site"), 403).await, 0);
    // What is for programs takes no cookie.
    let program = rig.post("/v1/views", "{}").header("cookie", &cookie).header("origin", &own);
    assert_eq!(check(program, 401).await, 0);
    let program = rig.request(Method::DELETE, "/v1/views/1").header("cookie", &cookie).header("origin", &own);
    assert_eq!(check(program, 401).await, 0);
    assert_eq!(check(plain().bearer_auth(&collect), 403).await, 0);
    assert_eq!(check(with(plain()).header("origin", &own), 303).await, 1);
    let (_, views) = json(rig.get("/v1/views").bearer_auth(&read)).await;
    assert_eq!(views["views"][0]["made_by"], "n", "the key's name");
    dir.file.revoke(read.split('_').nth(2).expect("an id"), crate::access::NOW_S).expect("revoked");
    let begin = std::time::Instant::now();
    let again = || with(form(&rig, "save", &[("name", "later"), ("page", "/"), ("query", "")]));
    while again().send().await.expect("an answer").status() != 401 {
        assert!(begin.elapsed().as_secs() < 20, "a session outlives its key");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn notes_are_on_charts_in_reports_and_nowhere_else() {
    let rig = Rig::new().await;
    let note = value!({ "at": "2026-11-20", "text": "new <shop> opened" });
    let (status, kept) = json(post(&rig, "/v1/annotations", &note)).await;
    assert_eq!((status, &kept["at"], &kept["datastream"]), (201, &value!("2026-11-20"), &Value::Null));
    let of_web = value!({ "at": "2026-11-21T09:30:00+01:00", "text": "web only", "datastream": "web" });
    let (_, web) = json(post(&rig, "/v1/annotations", &of_web)).await;
    assert_eq!(web["at"], "2026-11-21T08:30:00Z");
    post(&rig, "/v1/annotations", &value!({ "at": "2026-11-23", "text": "behind the span" }))
        .send()
        .await
        .expect("kept");
    let texts = async |query: &str| -> Vec<String> {
        let (_, report) = json(rig.get(&format!("/v1/reports/overview{query}"))).await;
        let notes = report["annotations"].as_array().cloned().unwrap_or_default();
        notes.iter().map(|note| note["text"].as_str().expect("a text").to_owned()).collect()
    };
    assert_eq!(texts("").await, ["new <shop> opened", "web only"]);
    let page = looked_at(rig.get("/")).await.text().await.expect("a page");
    assert!(page.contains("new &lt;shop&gt; opened") && !page.contains("<shop>"), "{page}");
    assert!(!page.contains("behind the span"), "{page}");
    for wrong in [
        value!({ "at": "yesterday", "text": "t" }),
        value!({ "at": "2026-11-20", "text": "t".repeat(201) }),
        value!({ "at": "2026-11-20", "text": "" }),
        value!({ "at": "2026-11-20" }),
        value!({ "at": 7, "text": "t" }),
    ] {
        refused(post(&rig, "/v1/annotations", &wrong), 400, "kept_invalid").await;
    }
    let to = led(form(
        &rig,
        "note",
        &[("at", "2026-11-22"), ("text", "by a form"), ("datastream", ""), ("to", "/?since=7d")],
    ))
    .await;
    assert_eq!(to, "/?since=7d");
    assert_eq!(texts("").await.len(), 3);
    let (_, all) = json(rig.get("/v1/annotations")).await;
    assert_eq!(all["annotations"][0]["text"], "behind the span", "the latest first");
    let path = format!("/v1/annotations/{}", kept["id"]);
    assert_eq!((deleted(&rig, &path).await.as_u16(), deleted(&rig, &path).await.as_u16()), (204, 404));
    let evil = form(&rig, "unnote", &[("id", &web["id"].to_string()), ("to", "https://evil.example")]);
    assert_eq!(led(evil).await, "/views", "no form leads elsewhere");
    assert_eq!(texts("").await, ["by a form"]);
}

#[tokio::test]
async fn without_a_state_file_pages_are_shown_and_nothing_is_kept() {
    let rig = Rig::with(|options| options.state = None).await;
    let page = looked_at(rig.get("/")).await;
    assert_eq!(page.status(), 200);
    assert!(!page.text().await.expect("a page").contains("/views"));
    for path in ["/v1/views", "/v1/annotations", "/v1/shares"] {
        refused(rig.get(path), 503, "unavailable").await;
    }
    refused(post(&rig, "/v1/views", &value!({ "name": "n", "page": "/" })), 503, "unavailable").await;
}
