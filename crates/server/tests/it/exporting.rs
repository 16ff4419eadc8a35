//! Exports: what is asked, how it leaves, how it is cut off.

use crate::rig::{Rig, refused};

#[tokio::test]
async fn rows_leave_in_three_forms() {
    let rig = Rig::new().await;
    for (accept, path, media_type, name) in [
        ("*/*", "/v1/export", "text/csv; charset=utf-8; header=present", "contacts.csv"),
        ("application/x-ndjson", "/v1/export?table=events", "application/x-ndjson", "events.ndjson"),
        ("text/csv", "/v1/export?table=activity&format=parquet", "application/vnd.apache.parquet", "activity.parquet"),
    ] {
        let response = rig.get(path).header("accept", accept).send().await.expect("an answer");
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], media_type, "{path}");
        assert_eq!(response.headers()["content-disposition"], format!("attachment; filename=\"{name}\""), "{path}");
        assert_eq!(response.text().await.ok().as_deref(), Some("id\none\n"), "{path}");
    }
    let (asked, _, limits) = rig.fake.queries.lock().expect("not poisoned")[0].clone();
    assert!(asked.contains("Contacts"), "{asked}");
    assert_eq!(limits.time_max.as_secs(), 3_600);
}

#[tokio::test]
async fn what_cannot_be_exported_is_a_problem() {
    let rig = Rig::new().await;
    for (path, detail) in [
        ("sinc=7d", "there is no parameter \"sinc\"; did you mean since?"),
        ("since=2026-11-02&until=2026-11-01", "the period ends before it begins"),
        ("since=100y", "the period is 36525 days long"),
        ("tz=Europe/Berln", "there is no time zone \"Europe/Berln\"; did you mean Europe/Berlin"),
        ("format=xml", "format is \"xml\"; write csv, ndjson or parquet"),
        ("table=events&page=x", "events are exported whole and have no column page"),
    ] {
        let document = refused(rig.get(&format!("/v1/export?{path}")), 400, "query_invalid").await;
        assert!(document["detail"].as_str().is_some_and(|told| told.starts_with(detail)), "{path}: {document}");
    }
    refused(rig.get("/v1/export?page=too%20much"), 422, "sql_limit").await;
    refused(rig.post("/v1/export", ""), 405, "method_not_allowed").await;
}

#[tokio::test]
async fn a_part_never_looks_whole() {
    let rig = Rig::new().await;
    let read = async |path: &str| rig.get(path).send().await?.text().await;
    assert!(read("/v1/export").await.is_ok());
    assert!(read("/v1/export?page=broken").await.is_err(), "it has no proper end");
}

#[tokio::test]
async fn exports_on_their_way_count_in_the_budget() {
    let rig = Rig::with(|options| {
        options.requests_in_flight_bytes_max = 4 << 20;
        options.body_bytes_max = 1 << 20;
        options.body_bytes_decompressed_max = 1 << 20;
        options.network_body_bytes_max = 1 << 20;
    })
    .await;
    let endless = || rig.get("/v1/export?page=endless").send();
    let first = endless().await.expect("an answer");
    let second = endless().await.expect("an answer");
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 200));
    refused(rig.get("/v1/export?page=endless"), 503, "overloaded").await;
    drop((first, second));
    for _ in 0..500 {
        if endless().await.expect("an answer").status() == 200 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the room of exports whose reader is gone isn't given back");
}
