//! The commands that need no server, with what they print.

use crate::server_process::{TestDir, event, rows};

#[test]
fn generate_is_repeatable_and_check_finds_exactly_the_invalid_ones() {
    let dir = TestDir::new();
    for style in ["platform", "xdm", "shuffled"] {
        let args = ["generate", "--events", "1200", "--seed", "9", "--until", "2026-11-22", "--style", style];
        let text = dir.ok(&args);
        assert_eq!(text, dir.ok(&args), "{style}");
        dir.write("events.ndjson", &text);
        let outcome = dir.run(&["check", "events.ndjson"]);
        assert_eq!(outcome.code, 1, "{style}: {outcome:?}");
        assert!(outcome.out.ends_with("1200 events checked, 1188 valid, 12 invalid\n"), "{style}: {}", outcome.out);
        assert_eq!(outcome.err, "");
        let valid = dir.ok(&[&args[..], &["--invalid", "0"]].concat());
        let strict = dir.pipe(&["check", "-", "--profile", "aep-strict"], valid.as_bytes());
        assert_eq!((strict.code, strict.out.as_str()), (0, "1200 events checked, 1200 valid, 0 invalid\n"), "{style}");
    }
}

#[test]
fn check_reads_lines_arrays_and_a_single_event() {
    let dir = TestDir::new();
    let (good, bad) = (event("a"), event("b").replace(r#""chatStart":1"#, r#""chatStart":"1""#));
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&bad).unwrap()).unwrap();
    let check = |text: &str, code: i32, place_of_finding: Option<&str>, summary: &str| {
        let outcome = dir.pipe(&["check", "-"], text.as_bytes());
        assert_eq!(outcome.code, code, "{text}: {outcome:?}");
        assert!(outcome.out.ends_with(&format!("{summary}\n")), "{text}: {outcome:?}");
        let first = outcome.out.lines().next().unwrap();
        match place_of_finding {
            Some(at) => {
                assert!(first.starts_with(&format!("standard input:{at}: /customerFeedback/chatStart: ")), "{first}")
            }
            None => assert_eq!(first, summary),
        }
    };
    check(&good, 0, None, "1 events checked, 1 valid, 0 invalid");
    check(&format!("{good}\n\n{bad}\n"), 1, Some("3"), "2 events checked, 1 valid, 1 invalid");
    check(&format!("[{good},\n {bad}]"), 1, Some("2"), "2 events checked, 1 valid, 1 invalid");
    check(&pretty, 1, Some("1"), "1 events checked, 0 valid, 1 invalid");
    check("[]", 0, None, "0 events checked, 0 valid, 0 invalid");
    check("", 0, None, "0 events checked, 0 valid, 0 invalid");
}

#[test]
fn check_writes_json() {
    let dir = TestDir::new();
    let bad = event("b").replace(r#""chatStart":1"#, r#""chatStart":"1","chatEnd":true"#);
    let outcome = dir.pipe(&["check", "-", "--format", "json"], format!("{}\n{bad}\n", event("a")).as_bytes());
    assert_eq!(outcome.code, 1, "{outcome:?}");
    let found: serde_json::Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!((&found["events"], &found["valid"], &found["invalid"]), (&2.into(), &1.into(), &1.into()));
    let finding = &found["findings"][0];
    assert_eq!((&finding["line"], &finding["valid"]), (&2.into(), &false.into()));
    let pointers: Vec<&str> =
        finding["violations"].as_array().unwrap().iter().map(|v| v["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/customerFeedback/chatStart", "/customerFeedback/chatEnd"]);
}

#[test]
fn rejects_are_listed_shown_revealed_and_retried() {
    let dir = TestDir::new();
    // Undeclared properties are violations only under the strict profile.
    let strict = event("s").replace(r#""_id""#, r#""favouriteColour":"teal","_id""#);
    let broken = event("b").replace(r#""chatStart":1"#, r#""chatStart":"1""#);
    dir.write("events.ndjson", format!("{strict}\n{broken}\n"));
    let refused = dir.run(&["load", "events.ndjson", "--profile", "aep-strict"]);
    assert_eq!(refused.code, 1, "nothing was accepted: {refused:?}");
    let list = dir.ok(&["rejects", "list", "--format", "csv"]);
    assert_eq!(rows(&list).len(), 2, "{list}");
    let id_of = |event_id: &str| {
        let sql = format!("select reject_id from rejects where event_id = '{event_id}'");
        rows(&dir.ok(&["sql", &sql, "--format", "csv"]))[0].to_owned()
    };
    let (strict_id, broken_id) = (id_of("s"), id_of("b"));

    let shown = dir.ok(&["rejects", "show", &broken_id]);
    assert!(shown.contains("  event id    b\n") && shown.contains("/customerFeedback/chatStart: "), "{shown}");
    assert!(!shown.contains(&broken), "{shown}");
    let revealed = dir.ok(&["rejects", "show", &broken_id, "--reveal"]);
    assert!(revealed.ends_with(&format!("{broken}\n")), "{revealed}");
    let unknown = dir.run(&["rejects", "show", "00000000-0000-4000-8000-000000000000"]);
    assert_eq!(unknown.code, 1, "{unknown:?}");

    // Under the default profile one of them is valid.
    let retried = dir.run(&["rejects", "retry", "--all"]);
    assert_eq!(retried.code, 1, "{retried:?}");
    assert!(retried.out.contains(&format!("{strict_id}  accepted as s\n")), "{retried:?}");
    assert!(retried.out.contains(&format!("{broken_id}  still invalid\n")), "{retried:?}");
    assert!(retried.out.ends_with("1 of 2 accepted\n"), "{retried:?}");
    assert_eq!(rows(&dir.ok(&["sql", "select \"_id\" from events", "--format", "csv"])), ["s"]);
    assert_eq!(rows(&dir.ok(&["sql", "select event_id from rejects", "--format", "csv"])), ["b"]);
}

#[test]
fn a_running_server_lists_rejects_but_does_not_reveal_them() {
    let dir = TestDir::new();
    let server = dir.serve(&[]);
    let (status, _) = server.post("/v1/events", event("b").replace(r#""chatStart":1"#, r#""chatStart":"1""#));
    assert_eq!(status, 422);
    let list = dir.ok(&["rejects", "list", "--format", "csv"]);
    let id = rows(&list)[0].rsplit(',').next().unwrap();
    assert!(dir.ok(&["rejects", "show", id]).contains("chatStart"));
    for args in [&["rejects", "show", id, "--reveal"][..], &["rejects", "retry", id]] {
        let refused = dir.run(args);
        assert_eq!(refused.code, 3, "{refused:?}");
        assert!(refused.err.contains("help: stop the server"), "{refused:?}");
    }
    let receipt = dir.ok(&["event", "b"]);
    assert!(receipt.contains("  invalid   received ") && receipt.contains("chatStart"), "{receipt}");
}

#[test]
fn reports_have_three_forms_and_a_period() {
    let dir = TestDir::new();
    dir.write("events.ndjson", [event("a"), event("b"), event("c").replace("11-20", "11-01")].join("\n"));
    dir.ok(&["load", "events.ndjson"]);
    let period = ["--since", "2026-11-19", "--until", "2026-11-21"];
    let json = dir.ok(&[&["report", "contacts", "--format", "json"][..], &period].concat());
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["totals"]["contact_requests"], 2, "{report}");
    assert_eq!(report["days"][0]["date"], "2026-11-20", "{report}");
    let csv = dir.ok(&[&["report", "contacts", "--format", "csv"][..], &period].concat());
    assert!(csv.starts_with("date,channel,"), "{csv}");
    let table = dir.ok(&[&["report", "contacts"][..], &period].concat());
    assert!(table.contains("2026-11-20") && table.contains("total"), "{table}");
}

#[test]
fn schema_version_settings_and_sql_from_standard_input() {
    let dir = TestDir::new();
    let schema = dir.ok(&["schema"]);
    for column in ["_id ", "timestamp ", "customerFeedback.chatStart ", "identityMap{}[].id ", "sealed ", "event_date "]
    {
        assert!(schema.lines().any(|line| line.starts_with(column)), "{column}: {schema}");
    }
    assert_eq!(dir.ok(&["version"]), concat!("frontdesk ", env!("CARGO_PKG_VERSION"), "\n"));
    dir.write("frontdesk.toml", "commit_after = '3s'\n");
    let settings = dir.ok(&["settings", "--listen", "127.0.0.1:9"]);
    let line =
        |key: &str| settings.lines().find(|line| line.starts_with(key)).unwrap().split_whitespace().collect::<Vec<_>>();
    assert_eq!(line("listen")[1..], ["127.0.0.1:9", "flag"]);
    assert!(line("commit_after ")[2].ends_with("frontdesk.toml"), "{settings}");
    assert_eq!(line("dedupe_days")[1..], ["30", "default"]);
    assert!(!dir.path("frontdesk-data").exists(), "none of these needs the data directory");
    let piped = dir.pipe(&["sql", "-", "--format", "csv"], b"select 1 as one");
    assert_eq!((piped.code, piped.out.as_str()), (0, "one\n1\n"), "{piped:?}");
}

#[test]
fn schema_test_tells_which_examples_are_not_as_named() {
    let place = TestDir::new();
    std::fs::create_dir(place.path("schemas")).unwrap();
    place.write(
        "schemas/tier.schema.json",
        r#"{"$id":"https://shop.example/tier","type":"string","enum":["gold","silver"]}"#,
    );
    place.write("schemas/tier.example.1.json", "\"gold\"");
    place.write("schemas/tier.invalid.1.json", "\"tin\"");
    place.write("schemas/basket.example.1.json", "{}");
    let told = place.ok(&["schema", "test", "schemas"]);
    assert!(told.ends_with("2 examples checked, 0 not as their names say, 1 without a schema\n"), "{told}");
    place.write("schemas/tier.example.2.json", "\"tin\"");
    let outcome = place.run(&["schema", "test", "schemas", "--format", "json"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (1, ""), "{outcome:?}");
    let report: serde_json::Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!(report["examples"][1]["example"], "tier.example.2.json");
    assert_eq!(report["examples"][1]["violations"][0]["keyword"], "enum");
    place.write("schemas/basket.schema.json", "{");
    let outcome = place.run(&["schema", "test", "schemas"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.out.starts_with("schemas/basket.schema.json: the schema is not JSON"), "{outcome:?}");
}
