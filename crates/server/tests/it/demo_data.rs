//! Made-up events by a button: where it is shown, who may press it, what it does, and what is told of it.

use intake::{Source, SubmitError};
use reqwest::RequestBuilder;
use server::{Datastream, Scope};

use crate::access::KeyDirectory;
use crate::fake::eventually;
use crate::login::{PAGE, browser, header, looked_at, signed_in};
use crate::rig::{Rig, refused};

const BUTTON: &str = "action=\"/demo-data\"";

/// As the page's own form is sent.
fn press(rig: &Rig) -> RequestBuilder {
    let request = browser().post(format!("http://{}/demo-data", rig.address));
    request.header("accept", PAGE).header("origin", format!("http://{}", rig.address))
}

/// The overview, as whoever has the cookie sees it.
async fn overview(rig: &Rig, cookie: &str) -> String {
    let answer = looked_at(rig.get("/").header("cookie", cookie)).await;
    assert_eq!(answer.status(), 200);
    answer.text().await.expect("a page").replace('\u{a0}', " ")
}

async fn empty() -> Rig {
    let rig = Rig::new().await;
    rig.fake.requests.store(0, std::sync::atomic::Ordering::SeqCst);
    rig
}

#[tokio::test]
async fn an_empty_house_is_filled_once_as_by_a_file() {
    let rig = empty().await;
    assert!(overview(&rig, "").await.contains(BUTTON));
    let answer = press(&rig).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), header(answer.headers(), "location").as_str()), (303, "/"));
    eventually("all are loaded", || rig.fake.kept.lock().expect("not poisoned").len() == 40).await;
    {
        let kept = rig.fake.kept.lock().expect("not poisoned");
        let lines: usize = kept.iter().map(|request| request.body.split(|byte| *byte == b'\n').count() - 1).sum();
        assert_eq!(lines, 20_000);
        assert!(kept.iter().all(|request| request.datastream == "demo" && request.source == Source::File));
        let ids: std::collections::BTreeSet<_> = kept.iter().map(|request| request.request_id.clone()).collect();
        assert_eq!(ids.len(), 40, "each batch has a name of its own");
    }
    // It is told for a while, with the way to leave them out; the button has gone, and isn't taken any more.
    let mut text = String::new();
    for _ in 0..100 {
        text = overview(&rig, "").await;
        if text.contains("These numbers are made up") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(text.contains("20,000 events in the datastream") || text.contains("These numbers are made up"), "{text}");
    assert!(text.contains("href=\"/?datastream=!demo\"") && !text.contains(BUTTON), "{text}");
    refused(rig.post("/demo-data", ""), 409, "not_empty").await;
    assert_eq!(rig.fake.kept.lock().expect("not poisoned").len(), 40);
}

#[tokio::test]
async fn a_second_press_while_it_runs_does_nothing() {
    let rig = empty().await;
    let closed = rig.fake.gate.acquire_many(1_000).await.expect("a gate");
    assert_eq!(press(&rig).send().await.expect("an answer").status(), 303);
    eventually("it waits", || rig.fake.arrived.load(std::sync::atomic::Ordering::SeqCst) == 1).await;
    let text = overview(&rig, "").await;
    assert!(text.contains("Made-up events are being loaded</b>: 0 of 20,000") && !text.contains(BUTTON), "{text}");
    assert!(text.contains("http-equiv=\"refresh\""), "{text}");
    assert_eq!(press(&rig).send().await.expect("an answer").status(), 303);
    assert_eq!(rig.fake.arrived.load(std::sync::atomic::Ordering::SeqCst), 1);
    drop(closed);
    eventually("all are loaded", || rig.fake.kept.lock().expect("not poisoned").len() == 40).await;
    assert_eq!(rig.fake.arrived.load(std::sync::atomic::Ordering::SeqCst), 40);
}

#[tokio::test]
async fn what_goes_wrong_is_told_beside_the_button() {
    let rig = empty().await;
    rig.fake.refuse(SubmitError::DiskFull { retry_after: std::time::Duration::from_secs(30) });
    assert_eq!(press(&rig).send().await.expect("an answer").status(), 303);
    let mut text = String::new();
    for _ in 0..100 {
        text = overview(&rig, "").await;
        if text.contains("They weren't loaded") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(text.contains("They weren't loaded: The disk is nearly full: ") && text.contains(BUTTON), "{text}");
}

#[tokio::test]
async fn it_takes_the_right_to_do_everything() {
    let dir = KeyDirectory::new();
    let rig = Rig::on("0.0.0.0:0", |options| options.keys = dir.keys()).await;
    rig.fake.requests.store(0, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(press(&rig).send().await.expect("an answer").status(), 401);
    let reader = signed_in(&rig, &dir.scope(Scope::Read)).await;
    assert!(!overview(&rig, &reader).await.contains(BUTTON));
    assert_eq!(press(&rig).header("cookie", &reader).send().await.expect("an answer").status(), 403);
    let admin = signed_in(&rig, &dir.scope(Scope::Admin)).await;
    assert!(overview(&rig, &admin).await.contains(BUTTON));
    // A cookie alone isn't enough: the browser has to say that a page of this server sent the form.
    let silent = browser().post(format!("http://{}/demo-data", rig.address)).header("cookie", &admin);
    assert_eq!(silent.send().await.expect("an answer").status(), 401);
    let foreign = press(&rig).header("cookie", &admin).header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.expect("an answer").status(), 403);
    assert_eq!(rig.fake.arrived.load(std::sync::atomic::Ordering::SeqCst), 0);
    assert_eq!(press(&rig).header("cookie", &admin).send().await.expect("an answer").status(), 303);
    eventually("it has begun", || rig.fake.arrived.load(std::sync::atomic::Ordering::SeqCst) > 0).await;
}

#[tokio::test]
async fn a_house_without_the_datastream_has_no_button() {
    for (name, enabled, code) in [("web", true, "datastream_unknown"), ("demo", false, "datastream_disabled")] {
        let rig = Rig::with(|options| {
            options.datastreams.insert(name.to_owned(), Datastream { enabled, ..Datastream::default() });
        })
        .await;
        rig.fake.requests.store(0, std::sync::atomic::Ordering::SeqCst);
        assert!(!overview(&rig, "").await.contains(BUTTON), "{name}");
        let status = if code == "datastream_unknown" { 400 } else { 422 };
        refused(rig.post("/demo-data", ""), status, code).await;
    }
}
