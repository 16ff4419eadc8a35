//! Schemas that change under stored events: what a change would do, and the change itself, with and
//! without a restart.

use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::mistakes::check;
use crate::server_process::{PATIENCE, ServerProcess, TestDir, rows};

const SETTINGS: &str = "schema_files = ['schemas']\n[datastreams.web]\nschema = 'https://shop.example/contact'\n";

fn schema(tiers: &str, more: &str) -> String {
    format!(
        r#"{{"$id":"https://shop.example/contact","type":"object","allOf":[
            {{"$ref":"https://ns.adobe.com/xdm/context/experienceevent"}},
            {{"$ref":"https://ns.adobe.com/xdm/mixins/experienceevent-contact-request-details"}},
            {{"properties":{{"shop:tier":{{"type":"string","enum":[{tiers}]}}{more}}}}}]}}"#
    )
}

fn place() -> TestDir {
    let place = TestDir::new();
    std::fs::create_dir(place.path("schemas")).unwrap();
    place.write("frontdesk.toml", SETTINGS);
    place.write("schemas/contact.schema.json", schema(r#""gold","tin""#, ""));
    place
}

fn event(id: &str, tier: &str) -> String {
    format!(
        r#"{{"_id":"{id}","timestamp":"{}","_shop":{{"tier":"{tier}","points":3}},"customerFeedback":{{"chatStart":1,"callBackNumber":{{"number":"+1 408 555 0100"}}}}}}"#,
        now()
    )
}

/// Within any `--since`.
fn now() -> String {
    let output = Command::new("date").args(["-u", "+%FT%TZ"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn send(server: &ServerProcess, id: &str, tier: &str, expect: u16) {
    let (status, answer) = server.post("/v1/events?datastream=web", event(id, tier));
    assert_eq!(status.as_u16(), expect, "{id}: {answer}");
}

fn hang_up(server: &ServerProcess) {
    let asked = Command::new("sh").args(["-c", &format!("kill -HUP {}", server.pid())]).status().unwrap();
    assert!(asked.success());
}

/// Waits until the server has logged this so often.
fn logged(place: &TestDir, text: &str, times: usize) {
    for _ in 0..PATIENCE.as_millis() / 20 {
        if place.log().matches(text).count() >= times {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("{text:?} is not in the log: {}", place.log());
}

#[test]
fn impact_tells_what_a_change_would_reject_beside_a_server_and_without_one() {
    let place = place();
    let server = place.serve(&["--commit-after", "50ms"]);
    send(&server, "a", "gold", 200);
    send(&server, "b", "tin", 200);
    send(&server, "c", "lead", 422);
    let stored = || place.ok(&["sql", "select count(*) from events", "--format", "csv"]).contains('2');
    assert!(stored());
    place.write("new.schema.json", schema(r#""gold","lead""#, ""));
    let unchanged = ["schema", "impact", "schemas/contact.schema.json"];
    // A commit is due within 50 ms; until then they are not in the tables.
    let judged = |place: &TestDir| place.ok(&unchanged).starts_with("0 of 2 stored events would be rejected");
    assert!((0..200).any(|_| judged(&place) || {
        thread::sleep(Duration::from_millis(50));
        false
    }));
    let told = |place: &TestDir| {
        let outcome = place.run(&["schema", "impact", "new.schema.json", "--since", "30d"]);
        assert_eq!(outcome.code, 1, "{outcome:?}");
        for part in [
            "1 of 2 stored events would be rejected by new.schema.json\n",
            "\n1  enum  https://shop.example/contact#/allOf/2/properties/shop:tier/enum\n  b at /_shop/tier: ",
            "\n1 of 1 rejects would be accepted\n",
        ] {
            assert!(outcome.out.contains(part), "{part:?} is not in {outcome:?}");
        }
    };
    told(&place);
    server.kill();
    told(&place);
    let outcome = place.run(&["schema", "impact", "new.schema.json", "--format", "json", "--datastream", "web"]);
    let json: Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!(
        (outcome.code, &json["events"]["judged"], &json["events"]["rejected"]),
        (1, &2.into(), &1.into()),
        "{json}"
    );
    assert_eq!((&json["rules"][0]["keyword"], &json["rejects"]["accepted"]), (&"enum".into(), &1.into()), "{json}");
    // The sealed number is judged, and not shown.
    std::fs::create_dir(place.path("next")).unwrap();
    let short = r#","xdm:customerFeedback":{"properties":{"xdm:callBackNumber":{"properties":{"xdm:number":{"maxLength":5}}}}}"#;
    place.write("next/contact.schema.json", schema(r#""gold","tin""#, short));
    let outcome = place.run(&["schema", "impact", "next"]);
    assert!(outcome.code == 1 && outcome.out.contains("2  maxLength  "), "{outcome:?}");
    assert!(!outcome.out.contains("555"), "{outcome:?}");
    place.ok(&["schema", "impact", "https://shop.example/contact"]);
    check(&place, &["schema", "impact", "none"], 2, &["no schema has the $id none"]);
    check(&place, &["schema", "impact", "new.schema.json", "--since", "yesterdays"], 2, &["yesterdays"]);
    check(&place, &["schema", "impact", "new.schema.json", "--data", "elsewhere"], 2, &["elsewhere holds no events"]);
    assert!(!place.path("elsewhere").exists());
    place.write("part.schema.json", r#"{"$id":"https://shop.example/part","type":"object"}"#);
    check(&place, &["schema", "impact", "part.schema.json"], 2, &["error: "]);
    place.write("frontdesk.toml", "");
    check(&place, &["schema", "impact", "next"], 2, &["the settings name no schema"]);
}

#[test]
fn schemas_are_read_anew_at_a_hangup_and_what_is_wrong_changes_nothing() {
    let place = place();
    let server = place.serve(&["--log", "info"]);
    send(&server, "a", "tin", 200);
    place.write("schemas/contact.schema.json", schema(r#""gold""#, r#","shop:points":{"type":"integer"}"#));
    hang_up(&server);
    logged(&place, "are in force", 1);
    send(&server, "b", "tin", 422);
    send(&server, "c", "gold", 200);
    let points = |expect: &[&str]| {
        let csv = place.ok(&["sql", "select _id, \"_shop\".points from events order by 1", "--format", "csv"]);
        assert_eq!(rows(&csv), expect, "{csv}");
    };
    points(&["a,", "c,3"]);
    let export = place.ok(&["export", "--table", "events", "--since", "1d", "--format", "ndjson"]);
    assert!(export.contains("points"), "{export}");
    place.ok(&["report", "overview", "--since", "1d"]);
    hang_up(&server);
    logged(&place, "have not changed", 1);
    for (broken, expect) in [
        ("{".to_owned(), "the schema is not JSON"),
        (schema(r#""gold""#, r#","shop:points":{"type":"string"}"#), "points"),
        (schema(r#""gold""#, "").replace("contact\"", "other\""), "no schema has the $id https://shop.example/contact"),
    ] {
        place.write("schemas/contact.schema.json", broken);
        let before = place.log().matches("stay as they were").count();
        hang_up(&server);
        logged(&place, "stay as they were", before + 1);
        assert!(place.log().contains(expect), "{expect}: {}", place.log());
        send(&server, &format!("d-{before}"), "gold", 200);
    }
    // Killed with events in the journal, and started with other files.
    send(&server, "e", "gold", 200);
    server.kill();
    place.write("schemas/contact.schema.json", schema(r#""tin""#, r#","shop:points":{"type":"integer"}"#));
    let server = place.serve(&[]);
    send(&server, "f", "gold", 422);
    let csv = place.ok(&["sql", "select count(*) from events where \"_shop\".tier = 'gold'", "--format", "csv"]);
    assert_eq!(rows(&csv), ["5"], "what was accepted stays accepted");
    assert!(server.stop("TERM").success());
}

#[test]
fn schemas_are_read_anew_when_somebody_asks() {
    let place = place();
    check(&place, &["schema", "reload"], 3, &["no server is running on", "help: "]);
    let server = place.serve(&["--log", "info"]);
    send(&server, "a", "gold", 200);
    assert_eq!(place.ok(&["schema", "reload"]), "the schemas were read anew and have not changed\n");
    let (status, page) = server.get("/schemas?datastream=web");
    assert!(status.is_success() && page.contains("tier") && !page.contains("points"), "{page}");
    // The group is a file of its own, so that a document is added and one has changed.
    let group =
        r#"{"$id":"https://shop.example/points","type":"object","properties":{"shop:points":{"type":"integer"}}}"#;
    place.write("schemas/points.schema.json", group);
    let with_group = schema(r#""gold","tin""#, "")
        .replace(r#"{"properties""#, r#"{"$ref":"https://shop.example/points"},{"properties""#);
    place.write("schemas/contact.schema.json", with_group);
    let told: Value = serde_json::from_str(&place.ok(&["schema", "reload", "--format", "json"])).unwrap();
    let expect = serde_json::json!({"changed": true,
        "schemas": {"added": ["https://shop.example/points"], "changed": ["https://shop.example/contact"], "removed": []},
        "columns": {"added": ["_shop.points"], "retired": []}, "warnings": []});
    assert_eq!(told, expect);
    send(&server, "b", "tin", 200);
    let csv = place.ok(&["sql", "select _id, \"_shop\".points from events order by 1", "--format", "csv"]);
    assert_eq!(rows(&csv), ["a,", "b,3"], "{csv}");
    // The page shows what is in force.
    let (status, page) = server.get("/schemas?datastream=web");
    assert!(status.is_success() && page.contains("points"), "{page}");
    // What is wrong is told with file and pointer, and changes nothing.
    place.write("schemas/points.schema.json", group.replace("\"integer\"", "\"intger\""));
    let refused = "points.schema.json#/properties/shop:points/type: ";
    check(&place, &["schema", "reload"], 2, &[refused]);
    let (status, problem) = server.post("/v1/schemas/reload", "");
    assert!(status.as_u16() == 422 && problem.contains("schemas_refused") && problem.contains(refused), "{problem}");
    place.write("schemas/points.schema.json", group.replace("integer", "string"));
    check(&place, &["schema", "reload"], 2, &["points"]);
    send(&server, "c", "tin", 200);
    let csv = place.ok(&["sql", "select count(*) from events where \"_shop\".points = 3", "--format", "csv"]);
    assert_eq!(rows(&csv), ["2"], "the old ones are in force");
    // A group that goes leaves its column behind.
    place.write("schemas/contact.schema.json", schema(r#""gold","tin""#, ""));
    let told = place.ok(&["schema", "reload"]);
    for line in ["  schema removed: https://shop.example/points\n", "  column retired: _shop.points\n"] {
        assert!(told.contains(line), "{told}");
    }
    assert!(server.stop("TERM").success());
    check(&place, &["schema", "reload"], 3, &["no server is running on"]);
}
