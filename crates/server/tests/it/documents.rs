//! The OpenAPI document, metrics, health, pages, and that no path escapes the table.

use reqwest::Method;
use serde_json::Value;
use server::{ROUTES, Readiness, UnavailableReason};

use crate::rig::{Rig, json, refused};

#[test]
fn the_openapi_document_is_the_golden_file() {
    let path = "openapi.json";
    let served = server::openapi_document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &served).expect("the file can be written");
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(golden == served, "openapi.json differs from the code; run with UPDATE_DOCS=1 and look at the change");
}

#[tokio::test]
async fn every_documented_operation_is_served_and_the_reverse() {
    let mut rig = Rig::new().await;
    // What leads on is seen as it is.
    rig.client =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("one");
    let (status, document) = json(rig.get("/openapi.json")).await;
    assert_eq!(status, 200);
    let paths = document["paths"].as_object().expect("an object");
    let operations: usize = paths.values().map(|path| path.as_object().expect("an object").len()).sum();
    assert_eq!(operations, ROUTES.len());
    for (path, operations) in paths {
        let example = path.replace("{id}", "stored-1").replace("{inletId}", "i").replace("{code}", "internal");
        for (method, operation) in operations.as_object().expect("an object") {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let response = rig.request(method.clone(), &example).body("{}").send().await.expect("an answer");
            let status = response.status().as_u16();
            assert!(
                operation["responses"].get(status.to_string()).is_some(),
                "{method} {path}: {status} is not documented"
            );
            // Who has no link isn't told what it takes.
            if path.starts_with("/share/{token}") {
                continue;
            }
            // No route takes this one, so it is always refused and the answer says which are taken.
            let response = rig.request(Method::PUT, &example).send().await.expect("an answer");
            assert!(response.headers()["allow"].to_str().is_ok_and(|allow| allow.contains(method.as_str())), "{path}");
            crate::rig::problem(response, 405, "method_not_allowed").await;
        }
    }
}

#[tokio::test]
async fn references_in_the_openapi_document_resolve() {
    let document: Value = serde_json::from_str(&server::openapi_document()).expect("JSON");
    let mut places = vec![&document];
    let mut seen = 0;
    while let Some(place) = places.pop() {
        if let Some(target) = place.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
            seen += 1;
        }
        match place {
            Value::Object(members) => places.extend(members.values()),
            Value::Array(items) => places.extend(items),
            _ => {}
        }
    }
    assert!(seen > 20, "{seen}");
}

#[tokio::test]
async fn health_and_readiness_differ() {
    let rig = Rig::new().await;
    assert_eq!(rig.get("/readyz").send().await.expect("an answer").status(), 200);
    for (held, code) in [
        (UnavailableReason::Overloaded, "overloaded"),
        (UnavailableReason::DiskFull, "disk_full"),
        (UnavailableReason::Poisoned, "poisoned"),
        (UnavailableReason::Closed, "stopping"),
    ] {
        *rig.fake.readiness.lock().expect("not poisoned") = Readiness::NotReady(held);
        refused(rig.get("/readyz"), 503, code).await;
        assert_eq!(rig.get("/healthz").send().await.expect("an answer").status(), 200);
    }
}

#[tokio::test]
async fn metrics_count_by_route_and_status() {
    let rig = Rig::new().await;
    for _ in 0..3 {
        json(rig.post("/v1/events", "{}")).await;
    }
    json(rig.post("/v1/events", r#"{"bad":1}"#)).await;
    refused(rig.get("/jo@shop.example"), 404, "not_found").await;
    let metrics = rig.get("/metrics").send().await.expect("an answer").text().await.expect("text");
    for line in [
        "frontdesk_ready 1",
        "frontdesk_http_requests_total{route=\"/v1/events\",status=\"200\"} 3",
        "frontdesk_http_requests_total{route=\"/v1/events\",status=\"422\"} 1",
        "frontdesk_http_requests_total{route=\"(elsewhere)\",status=\"404\"} 1",
        "frontdesk_ack_seconds_count 4",
        "frontdesk_ack_seconds_bucket{le=\"+Inf\"} 4",
        "frontdesk_events_rejected_total{keyword=\"type\"} 3",
        "frontdesk_http_connections 1",
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line} is missing in\n{metrics}");
    }
    assert!(!metrics.contains("shop.example"));
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let value = line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok());
        assert!(value.is_some(), "{line}");
    }
}

#[tokio::test]
async fn the_index_page_names_every_route_and_repeats_no_header() {
    let rig = Rig::new().await;
    let response = rig.get("/api").header("host", "desk.example:81").send().await.expect("an answer");
    assert!(
        response.headers()["content-security-policy"]
            .to_str()
            .is_ok_and(|policy| policy.contains("default-src 'none'"))
    );
    let page = response.text().await.expect("text");
    for route in ROUTES {
        assert!(page.contains(&format!("<code>{}</code>", route.path)), "{}", route.path);
    }
    assert!(page.contains("curl http://desk.example:81/v1/events"), "{page}");
    assert!(!page.contains("{{"), "a placeholder is left");
    let page = rig.get("/api").header("host", "<script>").send().await.expect("an answer").text().await.expect("text");
    assert!(!page.contains("<script>"), "{page}");
}

#[tokio::test]
async fn a_problems_type_leads_to_its_meaning() {
    let rig = Rig::new().await;
    let document = refused(rig.get("/nowhere"), 404, "not_found").await;
    let place = document["type"].as_str().expect("a path").to_owned();
    let text = rig.get(&place).send().await.expect("an answer").text().await.expect("text");
    assert!(text.starts_with("404 not_found: "), "{text}");
    refused(rig.get("/problems/unheard-of"), 404, "not_found").await;
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let rig = Rig::new().await;
    let response = rig.request(Method::HEAD, "/healthz").send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.text().await.ok().as_deref()), (200, Some("")));
}
