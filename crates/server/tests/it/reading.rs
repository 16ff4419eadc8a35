//! Receipts, SQL and the counts of rejects.

use reqwest::Method;
use serde_json::json;
use server::TableForm;

use crate::fake::eventually;
use crate::rig::{Rig, json, refused};

#[tokio::test]
async fn a_receipt_says_what_became_of_an_event() {
    let rig = Rig::new().await;
    let stored = |id: &str| json!({"status": "stored", "id": id, "time": "2026-11-22T14:07:16Z", "received_at": "2026-11-22T14:07:17Z", "duplicates": 2});
    let (status, receipt) = json(rig.get("/v1/events/stored-1")).await;
    assert_eq!((status, receipt), (200, stored("stored-1")));
    for path in ["/v1/events/https%3A%2F%2Fdata.example%2Fstored", "/v1/events/https://data.example/stored"] {
        assert_eq!(json(rig.get(path)).await, (200, stored("https://data.example/stored")));
    }
    let (_, receipt) = json(rig.get("/v1/events/conflict-1")).await;
    assert_eq!((&receipt["status"], &receipt["rejects"][0]["kind"]), (&json!("stored"), &json!("conflict")));
    assert_eq!(receipt["rejects_more"], 3);
    let (status, receipt) = json(rig.get("/v1/events/rejected-1")).await;
    assert_eq!(receipt.get("rejects_more"), None);
    assert_eq!((status, &receipt["status"]), (200, &json!("rejected")));
    assert_eq!(receipt["rejects"][0]["violations"][0]["keyword"], "type");
    let document = refused(rig.get("/v1/events/jo@shop.example"), 404, "event_unknown").await;
    assert!(!document.to_string().contains("shop.example"), "{document}");
    refused(rig.get("/v1/events/%ff"), 404, "event_unknown").await;
    let document = refused(rig.get("/v1/events/broken"), 500, "internal").await;
    assert!(!document.to_string().contains("disk"), "the reason is the log's: {document}");
}

#[tokio::test]
async fn sql_comes_as_text_or_json_and_leaves_in_four_forms() {
    let rig = Rig::with(|options| options.sql_rows_max = 7).await;
    for (accept, media_type, form) in [
        ("*/*", "application/json", TableForm::Json),
        ("application/x-ndjson", "application/x-ndjson", TableForm::NdJson),
        ("text/csv", "text/csv; charset=utf-8; header=present", TableForm::Csv),
        ("text/plain", "text/plain; charset=utf-8", TableForm::Table),
    ] {
        let response = rig.post("/v1/sql", "select 1").header("accept", accept).send().await.expect("an answer");
        assert_eq!(response.headers()["content-type"], media_type);
        assert_eq!(response.text().await.ok(), Some(format!("{form:?}")));
    }
    for (query, form) in [
        ("format=csv", TableForm::CsvHarmless),
        ("format=csv&raw=true", TableForm::Csv),
        ("format=parquet", TableForm::Parquet),
        ("format=json", TableForm::Json),
    ] {
        let request = rig.get(&format!("/v1/sql?q=select%201&{query}")).header("accept", "text/plain");
        let response = request.send().await.expect("an answer");
        assert_eq!(response.headers()["cache-control"], "no-store", "{query}");
        assert_eq!(response.headers()["cross-origin-resource-policy"], "same-origin", "{query}");
        let is_file = response.headers().contains_key("content-disposition");
        assert_eq!(is_file, query.contains("csv") || query.contains("parquet"), "{query}");
        assert_eq!(response.text().await.ok(), Some(format!("{form:?}")));
    }
    rig.fake.queries.lock().expect("not poisoned").truncate(4);
    let wrapped = rig.post("/v1/sql", r#"{"sql":"select 2"}"#).send().await.expect("an answer");
    assert_eq!(wrapped.status(), 200);
    let queries = rig.fake.queries.lock().expect("not poisoned").clone();
    assert_eq!((queries[4].0.as_str(), queries[4].2.rows_max), ("select 2", 7));
}

#[tokio::test]
async fn failed_queries_are_problems() {
    let rig = Rig::with(|options| options.sql_bytes_max = 100).await;
    let document = refused(rig.post("/v1/sql", "invalid"), 400, "sql_invalid").await;
    assert_eq!(document["detail"], "there is no table `x`; did you mean `events`");
    refused(rig.post("/v1/sql", ""), 400, "sql_invalid").await;
    refused(rig.post("/v1/sql", "{}"), 400, "sql_invalid").await;
    refused(rig.post("/v1/sql", "limit"), 422, "sql_limit").await;
    let document = refused(rig.post("/v1/sql", "internal"), 500, "internal").await;
    assert!(!document.to_string().contains("disk"), "{document}");
    refused(rig.post("/v1/sql", "busy"), 429, "sql_busy").await;
    let document = refused(rig.post("/v1/sql", "unavailable"), 503, "unavailable").await;
    assert!(!document.to_string().contains("fork"), "{document}");
    refused(rig.post("/v1/sql", "x".repeat(101)), 413, "body_too_large").await;
    refused(rig.get("/v1/sql"), 400, "query_invalid").await;
    refused(rig.get("/v1/sql?q=invalid"), 400, "sql_invalid").await;
    refused(rig.get(&format!("/v1/sql?q={}", "x".repeat(101))), 413, "body_too_large").await;
    refused(rig.request(reqwest::Method::PUT, "/v1/sql"), 405, "method_not_allowed").await;
}

#[tokio::test]
async fn one_query_too_many_is_429() {
    let rig = Rig::with(|options| options.sql_queries_max = 1).await;
    let closed = rig.fake.gate.acquire_many(1_000).await.expect("open");
    let slow = tokio::spawn(rig.post("/v1/sql", "slow").send());
    eventually("the slow one has begun", || !rig.fake.queries.lock().expect("not poisoned").is_empty()).await;
    refused(rig.post("/v1/sql", "quick"), 429, "sql_busy").await;
    // Our own queries have a place of their own.
    for own in ["/v1/rejects", "/v1/reports/contacts"] {
        assert_eq!(rig.get(own).send().await.expect("an answer").status(), 200, "{own}");
    }
    drop(closed);
    assert_eq!(slow.await.expect("no panic").expect("an answer").status(), 200);
    assert_eq!(rig.post("/v1/sql", "quick").send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_page_that_borrows_the_address_reads_nothing() {
    let rig = Rig::with(|options| options.tls_names = vec!["desk.example".to_owned()]).await;
    let as_host = |request: reqwest::RequestBuilder, host: &str| request.header("host", host);
    for request in [
        rig.post("/v1/sql", "select 1"),
        rig.get("/v1/rejects"),
        rig.get("/v1/events/stored-1"),
        rig.get("/v1/reports/contacts"),
    ] {
        let again = request.try_clone().expect("a plain body");
        refused(as_host(request, "evil.example:8080"), 403, "host_unknown").await;
        assert_eq!(as_host(again, "desk.example").send().await.expect("an answer").status(), 200);
    }
    assert_eq!(json(as_host(rig.post("/v1/events", "{}"), "shop.example")).await.0, 200, "taking in is open");
}

#[tokio::test]
async fn rejects_are_counted_by_a_fixed_query() {
    let rig = Rig::new().await;
    assert_eq!(rig.get("/v1/rejects").send().await.expect("an answer").status(), 200);
    let queries = rig.fake.queries.lock().expect("not poisoned").clone();
    assert_eq!(queries[0].0, "counts of rejects");
    refused(rig.request(Method::DELETE, "/v1/rejects"), 405, "method_not_allowed").await;
}

#[tokio::test]
async fn the_report_takes_the_parameters_of_the_command() {
    let rig = Rig::new().await;
    let report = rig.get("/v1/reports/contacts?since=2026-11-01&until=2026-11-02").header("accept", "text/csv");
    let response = report.send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8; header=present");
    let (asked, form, _) = rig.fake.queries.lock().expect("not poisoned")[0].clone();
    assert_eq!(
        (asked.as_str(), form),
        ("contacts from 2026-11-01 00:00:00 UTC to 2026-11-03 00:00:00 UTC", TableForm::Csv)
    );
    refused(rig.get("/v1/reports/contacts?since=soon"), 400, "query_invalid").await;
    refused(rig.post("/v1/reports/contacts", ""), 405, "method_not_allowed").await;
}

#[tokio::test]
async fn reports_have_six_forms() {
    let rig = Rig::new().await;
    let (status, report) = json(rig.get("/v1/reports/subjects?since=7d&subject=!Billing&subject=")).await;
    assert_eq!(
        (status, &report["report"], &report["metrics"]["contact_requests"]["value"]),
        (200, &json!("subjects"), &json!(7))
    );
    let (asked, ..) = rig.fake.queries.lock().expect("not poisoned")[0].clone();
    assert!(asked.contains(r#"none_of: ["Billing"]"#) && asked.contains(r#"any_of: [""]"#), "{asked}");
    for (accept, path, media_type, begin) in [
        ("text/csv", "/v1/reports/overview", "text/csv; charset=utf-8; header=present", "part,name,contact_requests\n"),
        (
            "*/*",
            "/v1/reports/overview?format=table",
            "text/plain; charset=utf-8",
            "overview from 2026-11-16T00:00:00Z to ",
        ),
        ("application/x-ndjson", "/v1/reports/overview", "application/json", "{\n  \"report\": \"overview\""),
        ("text/csv", "/v1/reports/chat?format=html", "text/html; charset=utf-8", "<!DOCTYPE html><html lang=\"en\">"),
        (
            "text/csv",
            "/v1/reports/chat?format=svg",
            "image/svg+xml",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg ",
        ),
    ] {
        let response = rig.get(path).header("accept", accept).send().await.expect("an answer");
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &media_type.parse().expect("a value"))
        );
        let text = response.text().await.expect("a text");
        assert!(text.starts_with(begin), "{text}");
    }
    let book = rig.get("/v1/reports/pages?format=xlsx").send().await.expect("an answer");
    assert_eq!(book.headers()["content-disposition"], "attachment; filename=\"pages.xlsx\"");
    let media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    assert_eq!(book.headers()["content-type"], media_type);
    assert!(book.bytes().await.expect("bytes").starts_with(b"PK\x03\x04"));
}

#[tokio::test]
async fn wrong_parameters_of_a_report_are_problems() {
    let rig = Rig::new().await;
    for (path, detail) in [
        (
            "chats",
            "there is no report \"chats\"; write overview, chat, channels, subjects, pages, referrers, devices or quality",
        ),
        ("chat?tz=Europe/Berln", "there is no time zone \"Europe/Berln\"; did you mean Europe/Berlin"),
        ("chat?since=2026-11-02&until=2026-11-01", "the period ends before it begins"),
        ("chat?since=100y", "the period is 36525 days long"),
        ("chat?form=1d", "there is no parameter \"form\"; did you mean format?"),
        ("chat?channel=phone", "there is no channel \"phone\""),
        ("chat?by=hour&since=1y", "by=hour divides this period into more than"),
        ("chat?limit=-1", "limit is \"-1\""),
        ("chat?format=xml", "format is \"xml\""),
    ] {
        let document = refused(rig.get(&format!("/v1/reports/{path}")), 400, "query_invalid").await;
        assert!(document["detail"].as_str().is_some_and(|told| told.starts_with(detail)), "{path}: {document}");
    }
    refused(rig.post("/v1/reports/chat", ""), 405, "method_not_allowed").await;
    refused(rig.get("/v1/reports/chat/more"), 404, "not_found").await;
    let document = refused(rig.get("/v1/reports/pages?page=too%20much"), 422, "sql_limit").await;
    assert_eq!(document["detail"], "the events of 3 days are too many; ask for fewer");
    let document = refused(rig.get("/v1/reports/pages?page=pending"), 503, "summaries_pending").await;
    assert_eq!(document["detail"], "31 of 97 days are ready");
    let document = refused(rig.get("/v1/reports/pages?page=broken"), 500, "internal").await;
    assert!(!document.to_string().contains("disk"), "{document}");
}

#[tokio::test]
async fn a_report_has_the_zone_of_the_settings() {
    let rig = Rig::with(|options| options.time_zone = "Asia/Kolkata".parse().expect("a zone")).await;
    for (path, zone) in [("overview", "Asia/Kolkata"), ("overview?tz=utc", "UTC")] {
        assert_eq!(json(rig.get(&format!("/v1/reports/{path}"))).await.0, 200);
        let (asked, ..) = rig.fake.queries.lock().expect("not poisoned").pop().expect("a query");
        assert!(asked.contains(&format!("zone: Zone({zone})")), "{asked}");
    }
}

#[tokio::test]
async fn an_answer_counts_in_the_budget() {
    let rig = Rig::new().await;
    assert_eq!(rig.post("/v1/sql", "large").send().await.expect("an answer").status(), 200);
    refused(rig.post("/v1/sql", "larger"), 503, "overloaded").await;
    // What was held is given back.
    assert_eq!(rig.post("/v1/sql", "large").send().await.expect("an answer").status(), 200);
}
