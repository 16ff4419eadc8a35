//! What reaches the sink: nothing is lost, nothing is invented, both spellings alike.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use xdm::{Checker, NullSink, Profile, Verdict, standard_plan};

use crate::tree::TreeSink;

/// Decodes with a new checker and with one that expects another sort of event: what it
/// has got used to may cost time and must change nothing.
fn decode(event: &str) -> (Verdict, TreeSink, Vec<String>) {
    let outcome = decode_with(&mut Checker::new(standard_plan(), Profile::spec()), event);
    let other = decode_with(&mut used_to_disorder(), event);
    let seen = |(verdict, sink, told): &(Verdict, TreeSink, Vec<String>)| {
        let kept = (sink.extra.clone(), sink.personal.clone());
        // A tree of an event that could be read to its end only.
        let value = (*verdict == Verdict::Valid).then(|| sink.value());
        (*verdict, told.clone(), kept, value)
    };
    assert_eq!(seen(&outcome), seen(&other), "{event}");
    outcome
}

fn decode_with(checker: &mut Checker, event: &str) -> (Verdict, TreeSink, Vec<String>) {
    let mut sink = TreeSink::new(checker.plan().layout());
    let verdict = checker.check(event, &mut sink);
    (verdict, sink, checker.violations().iter().map(ToString::to_string).collect())
}

/// A checker whose last events had their keys in no order, and white space.
fn used_to_disorder() -> Checker {
    let mut checker = Checker::new(standard_plan(), Profile::spec());
    for event in [
        r#"{"_id":"1","timestamp":"2026-11-22T14:07:15Z","eventType":"a","web":{},"device":{}}"#,
        r#"{ "device" : {} , "web" : {} , "eventType" : "a" , "timestamp" : "2026-11-22T14:07:15Z" , "_id" : "1" }"#,
    ] {
        let _ = checker.check(event, &mut NullSink);
    }
    checker
}

#[test]
fn both_spellings_decode_alike() {
    let schema = json!({
        "@id": "e-1", "xdm:timestamp": "1970-01-01T00:00:01Z", "xdm:eventType": "t",
        "xdm:identityMap": { "ECID": [{ "xdm:id": "9", "xdm:primary": true }], "Email": [{ "xdm:id": "jo@shop.example" }] },
        "xdm:customerFeedback": { "xdm:chatStart": 1, "xdm:callBackNumber": { "xdm:number": "1-408-555-0100", "xdm:primary": true } },
        "xdm:environment": { "dc:language": "en" },
        "xdm:placeContext": { "xdm:geo": { "schema:latitude": 1.5, "xdm:city": "Bath" } }
    });
    let platform = json!({
        "_id": "e-1", "timestamp": "1970-01-01T00:00:01Z", "eventType": "t",
        "identityMap": { "ECID": [{ "id": "9", "primary": true }], "Email": [{ "id": "jo@shop.example" }] },
        "customerFeedback": { "chatStart": 1, "callBackNumber": { "number": "1-408-555-0100", "primary": true } },
        "environment": { "_dc": { "language": "en" } },
        "placeContext": { "geo": { "_schema": { "latitude": 1.5 }, "city": "Bath" } }
    });
    let expect = json!({
        "_id": "e-1", "timestamp": { "micros": 1_000_000 }, "eventType": "t",
        "identityMap": { "ECID": [{ "id": "9", "primary": true }], "Email": [{ "id": "<jo@shop.example>" }] },
        "customerFeedback": { "chatStart": 1, "callBackNumber": { "primary": true } },
        "environment": { "_dc": { "language": "en" } },
        "placeContext": { "geo": { "_schema": { "latitude": 1.5 }, "city": "Bath" } }
    });
    for event in [schema, platform] {
        let (verdict, sink, told) = decode(&event.to_string());
        assert_eq!(verdict, Verdict::Valid, "{told:?}");
        assert_eq!(sink.value(), expect);
        assert!(sink.extra.is_empty(), "{:?}", sink.extra);
        let personal: Vec<_> = sink.personal.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(
            personal,
            [
                ("/customerFeedback/callBackNumber/number", "\"1-408-555-0100\""),
                ("/identityMap/Email/0/id", "\"jo@shop.example\"")
            ]
        );
    }
}

#[test]
fn what_has_no_column_is_kept_as_it_was_sent() {
    let event = r#"{ "_id": "1", "timestamp": "2026-11-22T14:07:15.1234567Z", "_tenant": {"a": [1, {"b":null}]},
        "customerFeedback": {"chatStart": 1e+21, "subject": "half \ud800", "callBackNumber": {"nubmer": "1-408-555-0100"}},
        "environment": {"x~y/z": 1} }"#;
    let (verdict, sink, told) = decode(event);
    assert_eq!(verdict, Verdict::Valid, "{told:?}");
    let extra: Vec<_> = sink.extra.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(
        extra,
        [
            ("/_tenant", r#"{"a": [1, {"b":null}]}"#),
            ("/customerFeedback/chatStart", "1e+21"),
            ("/customerFeedback/subject", r#""half \ud800""#),
            ("/environment/x~0y~1z", "1"),
            ("/timestamp", r#""2026-11-22T14:07:15.1234567Z""#),
        ]
    );
    // Beside personal properties an undeclared one may be a mistyped personal one.
    assert_eq!(sink.personal["/customerFeedback/callBackNumber/nubmer"], "\"1-408-555-0100\"");
    assert_eq!(sink.value()["customerFeedback"]["subject"], json!("half \u{fffd}"));
}

#[test]
fn of_names_that_differ_in_case_the_superseded_one_has_no_column() {
    let event = r#"{"_id":"1","timestamp":"1970-01-01T00:00:00Z","placeContext":{"POIinteraction":
        {"poiDetail":{"poiID":"new","POIID":"old"},"POIDetail":{"name":"x"}}}}"#;
    let (verdict, sink, told) = decode(event);
    assert_eq!(verdict, Verdict::Valid, "{told:?}");
    assert_eq!(sink.value()["placeContext"], json!({ "POIinteraction": { "poiDetail": { "poiID": "new" } } }));
    let extra: Vec<_> = sink.extra.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(
        extra,
        [
            ("/placeContext/POIinteraction/POIDetail", r#"{"name":"x"}"#),
            ("/placeContext/POIinteraction/poiDetail/POIID", "\"old\""),
        ]
    );
}

/// Values of the properties of customerFeedback, as a sender may write them.
fn feedback() -> impl Strategy<Value = Value> {
    let integers = ["chatDeclined", "chatEnd", "chatOffered", "chatStart", "clickToCall"];
    let texts = ["chatSessionID", "subject"];
    // Addresses are covered in columns: tests of their own.
    let text = any::<String>().prop_map(|text| text.replace('@', "a"));
    let integer = prop_oneof![any::<i64>(), -3..1000i64];
    let members = (
        proptest::collection::btree_map(proptest::sample::select(integers.to_vec()), integer, 0..5),
        proptest::collection::btree_map(proptest::sample::select(texts.to_vec()), text, 0..3),
        proptest::option::of(any::<bool>()),
    );
    members.prop_map(|(integers, texts, primary)| {
        let mut map = Map::new();
        map.extend(integers.into_iter().map(|(k, v)| (k.to_owned(), json!(v))));
        map.extend(texts.into_iter().map(|(k, v)| (k.to_owned(), json!(v))));
        if let Some(primary) = primary {
            map.insert("callBackNumber".to_owned(), json!({ "primary": primary }));
        }
        Value::Object(map)
    })
}

/// JSON text of a value with random white space and escapes.
fn write(value: &Value, seed: u64) -> String {
    let mut out = String::new();
    let mut state = seed;
    spell(value, &mut state, &mut out);
    out
}

fn spell(value: &Value, state: &mut u64, out: &mut String) {
    let mut next = |bound: u64| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) % bound
    };
    let space = [" ", "", "\n\t", "", "\r\n"][next(5) as usize];
    out.push_str(space);
    match value {
        Value::Object(map) => {
            out.push('{');
            for (at, (key, value)) in map.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                spell(&json!(key), state, out);
                out.push(':');
                spell(value, state, out);
            }
            out.push('}');
        }
        Value::String(text) => {
            out.push('"');
            for c in text.chars() {
                let escape = next(8) == 0;
                match c {
                    c if escape || (c as u32) < 0x20 => {
                        c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
                    }
                    '"' => out.push_str("\\\""),
                    '\\' => out.push_str("\\\\"),
                    c => out.push(c),
                }
            }
            out.push('"');
        }
        other => out.push_str(&other.to_string()),
    }
    out.push_str(space);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Columns hold what serde_json reads, however it is spelled.
    #[test]
    fn columns_hold_what_serde_json_reads(feedback in feedback(), id in "[a-z0-9-]{1,40}", seed in any::<u64>()) {
        let event = json!({ "_id": id, "timestamp": "1970-01-01T00:00:00Z", "customerFeedback": feedback });
        let text = write(&event, seed);
        prop_assert_eq!(&serde_json::from_str::<Value>(&text).expect("our writer writes JSON"), &event);
        let (verdict, sink, told) = decode(&text);
        prop_assert_eq!(verdict, Verdict::Valid, "{:?} in {}", told, text);
        let mut expect = event;
        expect["timestamp"] = json!({ "micros": 0 });
        prop_assert_eq!(sink.value(), expect);
    }

    /// Syntax is judged as serde_json does, for any damage to an event.
    #[test]
    fn syntax_is_judged_as_serde_json_does(at in 0usize..400, byte in 0u8..128, cut in any::<bool>()) {
        let event = r#"{"_id":"1","timestamp":"2026-11-22T14:07:15.5Z","customerFeedback":{"chatStart":1,"chatEnd":-10.25e+2,
            "subject":"a\n\u00e9 \ud83d\ude00","callBackNumber":{"primary":true,"number":"1-408-555-0100"}},"x":[1,{"y":null},[]],
            "identityMap":{"ECID":[{"id":"123","primary":false}]}}"#;
        let mut bytes = event.as_bytes().to_vec();
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        let (_, _, told) = decode(&text);
        let ours = !told.iter().any(|v| v.contains("[syntax]"));
        // serde_json refuses lone surrogates and numbers beyond a double; we keep them.
        match serde_json::from_str::<&serde_json::value::RawValue>(&text) {
            Ok(_) => prop_assert!(ours, "they read it, we don't: {text} {told:?}"),
            Err(e) => prop_assert!(!ours, "we read it, they don't ({e}): {text}"),
        }
    }

    /// Hostile bytes never panic.
    #[test]
    fn any_bytes_get_a_verdict(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let plan = standard_plan();
        let mut sink = TreeSink::new(plan.layout());
        let mut checker = Checker::new(plan, Profile::spec());
        let verdict = checker.check_bytes(&bytes, &mut sink);
        prop_assert_eq!(verdict == Verdict::Invalid, !checker.violations().is_empty());
    }
}
