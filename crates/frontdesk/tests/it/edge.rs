//! What the Web SDK sends, against the real program: derivation, profiles, identity over
//! a crash, and the window for people who watch.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::server_process::{ServerProcess, TestDir, ended, rows};

const INTERACT: &str = "/ee/v1/interact?configId=web";

fn request(xdm: &Value) -> String {
    json!({ "events": [{ "xdm": xdm }], "meta": { "state": { "domain": "shop.test" } } }).to_string()
}

fn click(id: &str, link: &str) -> Value {
    json!({
        "_id": id,
        "timestamp": "2026-11-20T10:00:00Z",
        "eventType": "web.webinteraction.linkClicks",
        "web": { "webInteraction": { "name": "n", "URL": link, "linkClicks": { "value": 1 } } },
    })
}

fn interact(server: &ServerProcess, request_id: &str, body: impl Into<Vec<u8>>) -> Value {
    let (status, answer) = server.post(&format!("{INTERACT}&requestId={request_id}"), body);
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str(&answer).unwrap()
}

fn ecid(answer: &Value) -> String {
    answer["handle"][0]["payload"][0]["id"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn clicked_links_become_contact_requests_marked_as_derived() {
    let dir = TestDir::new();
    let links = [
        ("call", "tel:+1-408-555-0100", "call,clickToCall"),
        ("email", "mailto:help@shop.example?subject=x", "email,clickToEmail"),
        ("message", "https://wa.me/14085550100", "direct_message,clickToDirectMessage"),
        ("other", "https://shop.example/next", ","),
        ("text", "sms:+14085550100", "text,clickToText"),
    ];
    let server = dir.serve(&[]);
    for (id, link, _) in links {
        interact(&server, id, request(&click(id, link)));
    }
    let mut counted = click("counted", "tel:+1-408-555-0100");
    counted["customerFeedback"] = json!({ "clickToCall": 0 });
    interact(&server, "counted", request(&counted));
    assert!(server.stop("TERM").success());
    // Files take the same way.
    dir.write("more.ndjson", format!("{}\n", click("zz-loaded", "tel:1")));
    dir.ok(&["load", "more.ndjson"]);

    let found = dir.ok(&["sql", "select id, channel, derived from activity order by id", "--format", "csv"]);
    let mut expect: Vec<String> = links.iter().map(|(id, _, rest)| format!("{id},{rest}")).collect();
    expect.insert(1, "counted,,".to_owned());
    expect.push("zz-loaded,call,clickToCall".to_owned());
    assert_eq!(rows(&found), expect);
    let requests = dir.ok(&["sql", "select sum(contact_requests) from contacts", "--format", "csv"]);
    assert_eq!(rows(&requests), ["5"]);
}

#[test]
fn the_rules_for_links_are_a_setting() {
    let dir = TestDir::new();
    dir.write("frontdesk.toml", "[link_rules]\n\"chat.example\" = \"clickToDirectMessage\"\n");
    let server = dir.serve(&[]);
    interact(&server, "a", request(&click("a", "https://www.chat.example/1")));
    interact(&server, "b", request(&click("b", "tel:1")));
    let found = dir.ok(&["sql", "select id, channel from activity order by id", "--format", "csv"]);
    assert_eq!(rows(&found), ["a,direct_message", "b,"]);
    drop(server);
    dir.write("frontdesk.toml", "link_rules = { tel = \"clickToCall\" }\n");
    let outcome = dir.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.err.contains("neither a scheme such as `tel:` nor a host"), "{outcome:?}");
}

#[test]
fn what_is_sent_again_counts_once_and_is_one_visitor_even_after_a_kill() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    let good = request(&json!({ "timestamp": "2026-11-20T10:00:00Z", "customerFeedback": { "chatStart": 1 } }));
    let bad = request(&json!({ "timestamp": "2026-11-20T10:00:00Z", "customerFeedback": { "chatStart": "x" } }));
    let first = interact(&server, "r-1", good.clone());
    assert_eq!(ecid(&first).len(), 38, "{first}");
    assert_eq!(interact(&server, "r-2", bad.clone())["warnings"][0]["report"]["errors"][0]["keyword"], "type");
    assert_eq!(ecid(&interact(&server, "r-1", good.clone())), ecid(&first));
    server.kill();
    let server = dir.serve(&[]);
    assert_eq!(ecid(&interact(&server, "r-1", good)), ecid(&first));
    assert!(interact(&server, "r-2", bad)["handle"].is_array());
    let stored = dir.ok(&["sql", "select visitor, chat_start from contacts", "--format", "csv"]);
    assert_eq!(rows(&stored), [format!("{},1", ecid(&first))]);
    let rejects = "select kind, count(*) from rejects group by 1 order by 1";
    assert_eq!(rows(&dir.ok(&["sql", rejects, "--format", "csv"])), ["duplicate,3", "invalid,1"]);
}

#[test]
fn odd_bodies_cost_nothing_else() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    let odd = r#"{"events":[{"xdm":{"_id":"odd","timestamp":"2026-11-20T10:00:00Z","customerFeedback":{"chatStart":1,"chatEnd":1e+21,"subject":"lone \ud800, nul \u0000"}}},
        {"xdm":{"_id":"good","timestamp":"2026-11-20T10:00:00Z","customerFeedback":{"chatStart":1}}}]}"#;
    let answer = interact(&server, "odd", odd);
    assert!(answer["handle"].is_array(), "{answer}");
    assert_eq!(server.post(&format!("{INTERACT}&requestId=cut"), &odd.as_bytes()[..40]).0, 400);
    assert_eq!(server.post("/ee/v1/collect?configId=web", b"{\"events\":[\xff]}".to_vec()).0, 400);
    let kept = "select id from activity union all select coalesce(event_id, keyword) from rejects order by 1";
    let kept = dir.ok(&["sql", kept, "--format", "csv"]);
    assert!(kept.contains("good") && kept.contains("odd"), "{kept}");
    let unreadable = "select kind, keyword from rejects where keyword <> 'type' and keyword <> 'maximum' order by 2";
    let unreadable = dir.ok(&["sql", unreadable, "--format", "csv"]);
    assert_eq!(rows(&unreadable).len(), 2, "{unreadable}");
}

#[test]
fn a_datastream_has_its_own_profile_and_origins() {
    let dir = TestDir::new();
    let config =
        "[datastreams.web]\n[datastreams.strict]\nprofile = \"aep-strict\"\norigins = [\"https://www.shop.example\"]\n";
    dir.write("frontdesk.toml", config);
    let server = dir.serve(&[]);
    let odd = request(&json!({ "_id": "e", "timestamp": "2026-11-20T10:00:00Z", "mine": 1 }));
    assert!(interact(&server, "a", odd.clone()).get("warnings").is_none());
    let (_, answer) = server.post("/ee/v1/interact?configId=strict", odd.clone());
    assert!(answer.contains("additionalProperties"), "{answer}");
    assert_eq!(server.post("/ee/v1/interact?configId=other", odd).0, 400);
    // The shop's datastream isn't one of them.
    assert_eq!(server.get("/demo/").0, 404);
    let settings = dir.ok(&["settings"]);
    assert!(settings.contains("https://www.shop.example"), "{settings}");
}

const SHOP_SCHEMA: &str = r#"{"$id":"https://shop.example/schemas/contact","type":"object","allOf":[
    {"$ref":"https://ns.adobe.com/xdm/context/experienceevent"},
    {"$ref":"https://ns.adobe.com/xdm/mixins/experienceevent-contact-request-details"},
    {"properties":{
        "https://shop.example/tier":{"type":"string","enum":["gold","silver"]},
        "https://shop.example/basket":{"type":"array","items":{"type":"object","properties":{
            "xdm:sku":{"type":"string"},"xdm:count":{"type":"integer","minimum":1}}}}}}]}"#;

#[test]
fn a_datastream_has_its_own_schema_and_all_lie_in_one_table() {
    let dir = TestDir::new();
    std::fs::create_dir(dir.path("schemas")).unwrap();
    dir.write("schemas/contact.json", SHOP_SCHEMA);
    dir.write(
        "frontdesk.toml",
        "schema_files = [\"schemas\"]\n[datastreams.web]\n[datastreams.shop]\nschema = \"https://shop.example/schemas/contact\"\n",
    );
    let event = |id: &str, tier: &str| {
        let shop = json!({ "example": { "tier": tier, "basket": [{ "sku": "a", "count": 1 }, { "sku": "b" }] } });
        json!({ "_id": id, "timestamp": "2026-11-20T10:00:00Z", "_shop": shop,
            "web": { "webReferrer": { "URL": "" } },
            "customerFeedback": { "chatStart": 1, "callBackNumber": { "number": "+15550100" } } })
    };
    let server = dir.serve(&[]);
    let send = |server: &ServerProcess, id: &str, datastream: &str, tier: &str| {
        let path = format!("/ee/v1/interact?configId={datastream}&requestId={id}");
        server.post(&path, request(&event(id, tier))).1
    };
    assert!(!send(&server, "a", "shop", "gold").contains("warnings"));
    let refused = send(&server, "b", "shop", "tin");
    assert!(refused.contains("https://shop.example/schemas/contact#/allOf/2/properties"), "{refused}");
    assert!(!send(&server, "c", "web", "tin").contains("warnings"), "another datastream, another schema");
    // What waits in the journal is drained with its own schema.
    server.kill();
    let server = dir.serve(&[]);
    assert!(!send(&server, "d", "shop", "silver").contains("warnings"));
    let (status, answer) = server.post("/v1/events?datastream=shop&dry_run=true", event("e", "tin").to_string());
    assert!(status == 200 && answer.contains("enum"), "{answer}");
    assert!(server.stop("TERM").success());

    // Files and `check` know it too.
    dir.write("f.ndjson", format!("{}\n{}\n", event("f", "gold"), event("g", "tin")));
    assert_eq!(dir.run(&["check", "f.ndjson", "--datastream", "shop"]).code, 1);
    assert_eq!(dir.run(&["check", "f.ndjson"]).code, 0);
    dir.ok(&["load", "f.ndjson", "--datastream", "shop"]);
    let tiers =
        "select _id, _shop.example.tier as tier, cardinality(_shop.example.basket) as items from events order by 1";
    let found = dir.ok(&["sql", tiers, "--format", "csv"]);
    assert_eq!(rows(&found), ["a,gold,2", "c,,", "d,silver,2", "f,gold,2"]);
    let columns = dir.ok(&["schema"]);
    assert!(columns.contains("_shop.example.basket[].count"), "{columns}");

    // The schema goes, its columns stay, and nothing of what was sealed shows.
    dir.write("frontdesk.toml", "");
    dir.write("h.ndjson", format!("{}\n", event("h", "tin")));
    dir.ok(&["load", "h.ndjson", "--datastream", "shop"]);
    let found = dir.ok(&["sql", tiers, "--format", "csv"]);
    assert_eq!(rows(&found).len(), 5, "{found}");
    let personal = dir.ok(&["sql", "select * from events", "--format", "json"]);
    assert!(!personal.contains("5550100"), "{personal}");
    assert_eq!(rows(&dir.ok(&["sql", "select sum(chat_start) from contacts", "--format", "csv"])), ["5"]);
}

#[test]
fn consent_is_an_event() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    let body = json!({ "consent": [{ "standard": "Adobe", "version": "1.0", "value": { "general": "out" } }] });
    let (status, answer) = server.post("/ee/v1/privacy/set-consent?configId=web&requestId=c", body.to_string());
    assert_eq!(status, 200, "{answer}");
    // Sent again it is still one choice.
    assert_eq!(server.post("/ee/v1/privacy/set-consent?configId=web&requestId=c", body.to_string()).0, 200);
    let kept = dir.ok(&["sql", "select event_type, visitor is not null from activity", "--format", "csv"]);
    assert_eq!(rows(&kept), ["privacy.consent.out,true"]);
}

#[test]
fn a_device_id_is_one_visitor_after_a_restart_too_and_nobody_elses() {
    let dir = TestDir::new();
    let event = |id: &str| {
        let map = json!({ "FPID": [{ "id": "79bf8e83-f708-414b-b1ed-5789ff33bf0b" }] });
        request(&json!({ "_id": id, "timestamp": "2026-11-20T10:00:00Z", "identityMap": map }))
    };
    let server = dir.serve(&[]);
    let first = ecid(&interact(&server, "a", event("a")));
    server.kill();
    let server = dir.serve(&[]);
    assert_eq!(ecid(&interact(&server, "b", event("b"))), first);
    // A server's calls that name nobody are nobody's.
    for id in ["c", "d"] {
        let body = json!({ "event": { "xdm": { "_id": id, "timestamp": "2026-11-20T10:00:00Z" } } }).to_string();
        assert_eq!(server.post("/ee/v2/interact?datastreamId=web", body).0, 200);
    }
    let found = "select count(*), count(visitor), count(distinct visitor) from activity";
    assert_eq!(rows(&dir.ok(&["sql", found, "--format", "csv"])), ["4,2,1"]);
    drop(server);
    // The key is the data directory's: the same device is another visitor elsewhere.
    let elsewhere = TestDir::new();
    assert_ne!(ecid(&interact(&elsewhere.serve(&[]), "a", event("a"))), first);
}

#[test]
fn an_event_without_a_time_that_is_sent_again_counts_once() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    for _ in 0..3 {
        let answer = interact(&server, "undated", request(&json!({ "customerFeedback": { "chatStart": 1 } })));
        assert_eq!(answer["warnings"][0]["type"], "/problems/event_undated");
    }
    let (status, answer) = server.post("/v1/events", r#"{"_id":"e"}"#);
    assert_eq!(status, 422, "elsewhere the sender dates its events: {answer}");
    let counted =
        "select count(*), sum(case when time between now() - interval '1 hour' and now() then 1 end) from activity";
    assert_eq!(rows(&dir.ok(&["sql", counted, "--format", "csv"])), ["1,1"]);
    let kinds = "select kind, count(*) from rejects where datastream = 'web' group by 1";
    assert_eq!(rows(&dir.ok(&["sql", kinds, "--format", "csv"])), ["duplicate,2"]);
}

#[test]
fn tail_and_test_runs_tell_what_arrives_without_personal_values() {
    let dir = TestDir::new();
    assert_eq!(dir.run(&["tail"]).code, 3);
    let server = dir.serve(&[]);
    let mut tail = dir.command(&["tail", "--format", "json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let event = json!({
        "xdm": { "_id": "e", "timestamp": "2026-11-20T10:00:00Z", "customerFeedback": {
            "chatStart": 1,
            "callBackNumber": { "number": "1-408-555-0100" },
            "replyToEmailAddress": { "address": "jo@shop.example" },
        } },
        "data": { "frontdesk": { "testId": "run-7" } },
    });
    let body = json!({ "events": [event] }).to_string();
    // Until the tail listens; the same event each time.
    let mut told = None;
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || drop(send.send(lines.next())));
    for _ in 0..200 {
        interact(&server, "t", body.clone());
        if let Ok(line) = receive.recv_timeout(std::time::Duration::from_millis(100)) {
            told = line;
            break;
        }
    }
    let told: Value = serde_json::from_str(&told.expect("a line").unwrap()).unwrap();
    assert_eq!((&told["verdict"], &told["testId"]), (&json!("accepted"), &json!("run-7")));
    let run = server.get("/v1/test/run-7/events").1;
    assert!(run.starts_with(r#"{"testId":"run-7","good":"#), "{run}");
    for text in [told.to_string(), run] {
        assert!(text.contains("***") && !text.contains("555-0100") && !text.contains("jo@shop"), "{text}");
    }
    assert!(server.stop("TERM").success());
    assert!(ended(&mut tail).success());
}

#[test]
fn the_demo_shop_is_there() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    assert!(server.welcome.contains("/demo/"), "{}", server.welcome);
    assert_eq!(server.get("/demo/").0, 200);
    assert_eq!(server.get("/demo/alloy.min.js").0, 404);
    drop(server);
    dir.write("alloy.min.js", "// the file");
    let server = dir.serve(&["--demo-alloy-file", "alloy.min.js"]);
    assert_eq!(server.get("/demo/alloy.min.js"), (reqwest::StatusCode::OK, "// the file".to_owned()));
}
