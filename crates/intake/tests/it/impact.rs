//! Stored events judged anew: by the schema that judged them nothing changes, whatever they are.

use std::collections::BTreeMap;
use std::path::Path;

use intake::{EventAnswer, Impact, ImpactOptions, Intake, IntakeOptions, ValidationPolicy, impact};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::bench::*;
use crate::schemas::policies;

/// Properties of many kinds beside the contact event's.
const ODD: &str = r#"
    "xdm:tier":{"type":"string","enum":["gold","tin"]},
    "xdm:points":{"type":"integer","minimum":-5},
    "xdm:share":{"type":"number"},
    "xdm:isNew":{"type":"boolean"},
    "xdm:since":{"type":"string","format":"date-time"},
    "xdm:phone":{"type":"string","meta:personal":"phone"},
    "xdm:note":{"type":"string","meta:personalParts":"text"},
    "xdm:any":{},
    "xdm:either":{"type":["string","integer"]},
    "xdm:perhaps":{"type":["string","null"]},
    "shop:size":{"type":"integer"},
    "xdm:tags":{"type":"array","items":{"type":"string"},"minItems":1},
    "xdm:numbers":{"type":"object","additionalProperties":{"type":"number"}},
    "xdm:basket":{"type":"array","items":{"type":"object","required":["xdm:sku"],"properties":{
        "xdm:sku":{"type":"string"},"xdm:count":{"type":"integer"},"xdm:hollow":{"type":"object","properties":{"xdm:x":{}}},
        "xdm:phone":{"type":"string","meta:personal":"phone"}}}},
    "xdm:hollow":{"type":"object","properties":{"xdm:x":{},"xdm:y":{"meta:personal":"phone"}}}"#;

async fn judge(data: &Path, policies: (ValidationPolicy, BTreeMap<String, ValidationPolicy>)) -> Impact {
    let options = ImpactOptions {
        tables: data.join("tables"),
        key_file: data.join("vault.key"),
        span: 0..NOON + 400 * DAY,
        datastream: None,
        policy: policies.0,
        policies: policies.1,
    };
    let mut rows = 0;
    let impact = impact(&options, &mut |more| rows += more).await.unwrap();
    assert!(rows >= impact.events.judged + impact.rejects.judged);
    impact
}

async fn shop(data: &Path, properties: &str) -> Intake {
    let (policy, policies) = policies(properties);
    open_with(IntakeOptions { policy, policies, ..options(data) }).await.0
}

async fn send(intake: &Intake, body: String) -> EventAnswer {
    let request = intake::Request { datastream: "shop".to_owned(), ..request(body) };
    intake.submit(request).await.unwrap().remove(0)
}

fn text() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("gold")),
        Just(json!("2026-11-20T09:00:00.123456+02:00")),
        Just(json!("call +1 408 555 0100 or jo@shop.example")),
        "[ -~]{0,12}".prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(Value::from),
        Just(json!(1.0)),
        Just(json!(1e300)),
        text(),
    ]
}

/// Any JSON, with names that are declared, undeclared and telling.
fn anything() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        Just("sku".to_owned()),
        Just("xdm:sku".to_owned()),
        Just("count".to_owned()),
        Just("phone".to_owned()),
        Just("email".to_owned()),
        Just("x".to_owned()),
        Just("hollow".to_owned()),
        Just("a/b~c".to_owned()),
        Just("0".to_owned()),
        "[a-z\"\\\\é]{0,4}",
    ];
    leaf().prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name.clone(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn events() -> impl Strategy<Value = Vec<Value>> {
    let name = prop_oneof![
        proptest::sample::select(vec![
            "tier",
            "points",
            "share",
            "isNew",
            "since",
            "phone",
            "note",
            "any",
            "either",
            "perhaps",
            "tags",
            "numbers",
            "basket",
            "hollow",
            "xdm:basket",
            "xdm:share",
            "_shop",
            "shop:size",
            "undeclared",
            "jo@shop.example",
            "customerFeedback",
            "identityMap",
            "web",
            "email",
        ])
        .prop_map(str::to_owned),
        "[a-z]{1,3}",
    ];
    let fitting = prop_oneof![
        3 => Just(("basket".to_owned(), json!([{"sku": "a", "count": 2}, {"sku": "b", "more": {"email": "jo@shop.example"}}]))),
        1 => Just(("basket".to_owned(), json!([{"sku": "a", "hollow": {}}, {"sku": "b", "hollow": {"x": 1}, "phone": "1"}]))),
        1 => Just(("hollow".to_owned(), json!({"y": {"a": 1}}))),
        1 => Just(("tags".to_owned(), json!(["a", "", "b"]))),
        1 => Just(("numbers".to_owned(), json!({"a": 1, "b/c": 2.5, "": 3}))),
        1 => Just(("note".to_owned(), json!("call +1 408 555 0100"))),
        1 => Just(("phone".to_owned(), json!("+1 408 555 0100"))),
        1 => Just(("web".to_owned(), json!({"webInteraction": {"URL": "tel:+14085550100"}}))),
        1 => Just(("identityMap".to_owned(), json!({"Email": [{"id": "jo@shop.example"}], "ECID": [{"id": "1"}]}))),
        1 => Just(("_shop".to_owned(), json!({"size": 3, "other": [1]}))),
        1 => Just(("since".to_owned(), json!("2026-11-20T09:00:00.5-03:30"))),
    ];
    let member = prop_oneof![2 => (name, anything()), 2 => fitting];
    let event =
        proptest::collection::vec(member, 0..5).prop_map(|members| Value::Object(members.into_iter().collect()));
    proptest::collection::vec(event, 40)
}

#[tokio::test]
async fn by_the_same_schema_nothing_changes_whatever_the_events_are() {
    let dir = tempfile::tempdir().unwrap();
    let intake = shop(dir.path(), ODD).await;
    let mut runner = TestRunner::deterministic();
    let (mut accepted, mut rejected) = (0, 0);
    for round in 0..60 {
        let events = events().new_tree(&mut runner).unwrap().current();
        for (number, mut event) in events.into_iter().enumerate() {
            let members = event.as_object_mut().unwrap();
            members.insert("_id".to_owned(), json!(format!("{round}-{number}")));
            members.insert("timestamp".to_owned(), json!("2026-11-20T09:00:00Z"));
            match send(&intake, event.to_string()).await {
                EventAnswer::Accepted { .. } => accepted += 1,
                EventAnswer::Rejected { .. } => rejected += 1,
            }
        }
    }
    intake.flush().await.unwrap();
    assert!(accepted > 500 && rejected > 300, "{accepted} {rejected}");
    let found = judge(dir.path(), policies(ODD)).await;
    assert_eq!(found.rules, []);
    assert_eq!((found.events.judged, found.events.changed, found.events.not_judged), (accepted, 0, 0));
    assert_eq!((found.rejects.judged, found.rejects.changed, found.rejects.not_judged), (rejected, 0, 0));
    intake.close().await;
}

#[tokio::test]
async fn a_changed_schema_is_told_by_rule_sealed_values_included() {
    let dir = tempfile::tempdir().unwrap();
    let intake = shop(dir.path(), ODD).await;
    let event = |id: &str, rest: &str| format!(r#"{{"_id":"{id}","timestamp":"2026-11-20T09:00:00Z",{rest}}}"#);
    for (id, rest) in [
        ("a", r#""tier":"gold","phone":"+1 408 555 0100""#),
        ("b", r#""tier":"tin","basket":[{"sku":"x","phone":"123"},{"sku":"y","phone":"12345678901234"}]"#),
        ("c", r#""tier":"tin","points":-3"#),
        ("d", r#""web":{"webInteraction":{"URL":"tel:+14085550100"}}"#),
    ] {
        assert!(matches!(send(&intake, event(id, rest)).await, EventAnswer::Accepted { .. }), "{id}");
    }
    assert!(matches!(send(&intake, event("e", r#""points":-7"#)).await, EventAnswer::Rejected { .. }));
    assert!(matches!(send(&intake, event("f", r#""tier":"tin","points":-7"#)).await, EventAnswer::Rejected { .. }));
    intake.flush().await.unwrap();
    let changed = ODD
        .replace(r#"["gold","tin"]"#, r#"["gold"]"#)
        .replace(r#""minimum":-5"#, r#""minimum":-10"#)
        .replace(r#""xdm:phone":{"type":"string","#, r#""xdm:phone":{"type":"string","maxLength":10,"#);
    // What was derived was never sent: it isn't judged.
    let changed = format!(r#"{changed},"xdm:customerFeedback":{{"not":{{"required":["xdm:clickToCall"]}}}}"#);
    let found = judge(dir.path(), policies(&changed)).await;
    assert_eq!((found.events.judged, found.events.changed), (4, 3), "{found:?}");
    assert_eq!((found.rejects.judged, found.rejects.changed), (2, 1), "{found:?}");
    let rules: Vec<_> = found.rules.iter().map(|rule| (rule.keyword.as_str(), rule.events)).collect();
    assert_eq!(rules, [("enum", 2), ("maxLength", 1), ("maxLength", 1)], "{found:?}");
    let shown = format!("{:?}", found.rules);
    assert!(shown.contains("/basket/1/phone") && shown.contains("\"b\""), "{shown}");
    assert!(!shown.contains("555") && !shown.contains("12345678901234"), "values are masked: {shown}");
    let none = ImpactOptions {
        tables: dir.path().join("tables"),
        key_file: dir.path().join("vault.key"),
        span: NOON..NOON + DAY,
        datastream: Some("other".to_owned()),
        policy: policies(ODD).0,
        policies: policies(ODD).1,
    };
    assert_eq!(impact(&none, &mut |_| ()).await.unwrap(), Impact::default());
    intake.close().await;
}
