//! The odd values, each with its decided outcome (docs/events.md has the list).

use serde_json::{Value, json};
use xdm::limits::{
    DEPTH_MAX, EVENT_BYTES_MAX, ITEMS_MAX, KEPT_BYTES_MAX, MEMBERS_MAX, NOTICES_MAX, POINTER_BYTES_MAX, ReportLimits,
    VIOLATIONS_BYTES_MAX, VIOLATIONS_MAX,
};
use xdm::{Checker, Profile, Verdict, standard_plan};

use crate::tree::TreeSink;

struct Outcome {
    keywords: Vec<String>,
    notices: Vec<String>,
    value: Value,
}

fn check(event: &str) -> Outcome {
    let plan = standard_plan();
    let mut sink = TreeSink::new(plan.layout());
    let mut checker = Checker::new(plan, Profile::spec());
    let verdict = checker.check(event, &mut sink);
    let keywords: Vec<String> = checker.violations().iter().map(|v| v.keyword.clone()).collect();
    assert_eq!(verdict == Verdict::Valid, keywords.is_empty());
    let notices = checker.notices().iter().map(|n| n.code.clone()).collect();
    Outcome { keywords, notices, value: sink.value() }
}

/// An event with these members in customerFeedback.
fn feedback(members: &str) -> String {
    format!(r#"{{"_id":"1","timestamp":"2026-11-22T14:07:15Z","customerFeedback":{{{members}}}}}"#)
}

#[test]
fn times_that_readers_cannot_hold_are_rejected_or_kept_beside_their_column() {
    let of = |time: &str| format!(r#"{{"_id":"1","timestamp":"{time}"}}"#);
    for far in ["1677-12-31T23:59:59.999999Z", "2262-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z"] {
        assert_eq!(check(&of(far)).keywords, ["timestampRange"], "{far}");
    }
    for near in ["1678-01-01T00:00:00Z", "2261-12-31T23:59:59.999999Z", "2262-01-01T00:00:00+01:00"] {
        assert_eq!(check(&of(near)).keywords, Vec::<String>::new(), "{near}");
    }
    let nested =
        r#"{"_id":"1","timestamp":"2026-11-22T14:07:15Z","placeContext":{"localTime":"9999-12-31T23:59:59Z"}}"#;
    let outcome = check(nested);
    assert_eq!((outcome.keywords, outcome.notices), (vec![], vec!["timestampRange".to_owned()]));
    assert_eq!(outcome.value["placeContext"], json!({}));
}

#[test]
fn odd_values_have_a_decided_outcome() {
    let case = |members: &str, keywords: &[&str], notices: &[&str], value: Value| {
        let outcome = check(&feedback(members));
        assert_eq!(outcome.keywords, keywords, "{members}");
        assert_eq!(outcome.notices, notices, "{members}");
        if keywords.is_empty() {
            assert_eq!(outcome.value["customerFeedback"], value, "{members}");
        }
    };
    case(r#""subject":"a\ud800b""#, &[], &["loneSurrogate"], json!({ "subject": "a\u{fffd}b" }));
    case(r#""subject":"a\u0000b""#, &[], &[], json!({ "subject": "a\0b" }));
    case(r#""subject":"""#, &[], &[], json!({ "subject": "" }));
    case(r#""chatStart":1e+21"#, &[], &["integerRange"], json!({}));
    case(r#""chatStart":9007199254740993"#, &[], &[], json!({ "chatStart": 9_007_199_254_740_993_i64 }));
    case(r#""chatStart":9223372036854775808"#, &[], &["integerRange"], json!({}));
    case(r#""chatStart":1.0"#, &[], &[], json!({ "chatStart": 1 }));
    case(r#""chatStart":-3"#, &[], &[], json!({ "chatStart": -3 }));
    case(r#""chatStart":null"#, &["type"], &[], Value::Null);
    case(r#""chatStart":1.5"#, &["type"], &[], Value::Null);
    case(r#""chatStart":true"#, &["type"], &[], Value::Null);
    case(r#""chatStart":1,"chatStart":1"#, &["duplicateKey"], &[], Value::Null);
    case(r#""chatStart":1,"xdm:chatStart":2"#, &["duplicateKey"], &[], Value::Null);
    case(r#""zzzzzz":1,"zzzzzz":2"#, &["duplicateKey"], &["undeclaredProperty"], Value::Null);
    case(r#""chat\u0053tart":1"#, &[], &[], json!({ "chatStart": 1 }));
    case(r#""replyToEmailAddress":{"address":""}"#, &["format"], &[], Value::Null);
    case("\"subject\":\"a\tb\"", &["syntax"], &[], Value::Null);
    case(r#""subject":"a" "b":1"#, &["syntax"], &[], Value::Null);
}

#[test]
fn empty_texts_and_ids() {
    let empty_uri = r#"{"_id":"1","timestamp":"2026-11-22T14:07:15Z","device":{"typeIDService":""}}"#;
    assert_eq!(check(empty_uri).keywords, ["format"]);
    let empty_referrer = r#"{"_id":"1","timestamp":"2026-11-22T14:07:15Z","web":{"webReferrer":{"URL":""}}}"#;
    assert!(check(empty_referrer).keywords.is_empty());
    let empty_id = check(r#"{"_id":"","timestamp":"2026-11-22T14:07:15Z"}"#);
    assert_eq!((empty_id.notices, empty_id.value.get("_id")), (vec!["emptyId".to_owned()], None));
    assert!(check(r#"{"timestamp":"2026-11-22T14:07:15Z"}"#).keywords.is_empty(), "an id may be missing");
    assert_eq!(check(r#"{"_id":"1"}"#).keywords, ["required"]);
    assert_eq!(check("").keywords, ["syntax"]);
    assert_eq!(check("[]").keywords, ["type"]);
    assert_eq!(check("{} {}").keywords.last().map(String::as_str), Some("syntax"));
}

#[test]
fn limits_have_names() {
    let wrap = |extra: &str| format!(r#"{{"_id":"1","timestamp":"2026-11-22T14:07:15Z","x":{extra}}}"#);
    let nested = |depth: usize| wrap(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    assert!(check(&nested(DEPTH_MAX - 1)).keywords.is_empty());
    assert_eq!(check(&nested(DEPTH_MAX)).keywords, ["limit"]);
    assert_eq!(check(&nested(100_000)).keywords, ["limit"]);
    let long = |bytes: usize| wrap(&format!("\"{}\"", "a".repeat(bytes)));
    assert!(check(&long(EVENT_BYTES_MAX - 100)).keywords.is_empty());
    assert_eq!(check(&long(EVENT_BYTES_MAX)).keywords, ["limit"]);
    let members = |count: usize| feedback(&(0..count).map(|n| format!("\"q{n}q\":1")).collect::<Vec<_>>().join(","));
    assert!(check(&members(MEMBERS_MAX)).keywords.is_empty());
    assert_eq!(check(&members(MEMBERS_MAX + 1)).keywords, ["limit"]);
    let items = |count: usize| {
        let items = vec![r#"{"id":"1"}"#; count].join(",");
        format!(r#"{{"_id":"1","timestamp":"2026-11-22T14:07:15Z","identityMap":{{"A":[{items}]}}}}"#)
    };
    assert!(check(&items(ITEMS_MAX)).keywords.is_empty());
    assert_eq!(check(&items(ITEMS_MAX + 1)).keywords, ["limit"]);
}

/// An event whose identity map has so many items that are no objects under `key`.
fn wrong_items(key: &str, count: usize) -> String {
    let items = vec!["1"; count].join(",");
    format!(r#"{{"_id":"1","timestamp":"2026-11-22T14:07:15Z","identityMap":{{"{key}":[{items}]}}}}"#)
}

#[test]
fn what_is_told_of_an_event_is_bounded_and_the_rest_is_counted() {
    let mut checker = Checker::new(standard_plan(), Profile::spec());
    let mut tells = |event: &str| {
        assert_eq!(checker.judge(event.as_bytes()), Verdict::Invalid);
        let bytes: usize = checker.violations().iter().map(xdm::Violation::bytes).sum();
        assert!(bytes < VIOLATIONS_BYTES_MAX + 4096, "{bytes}");
        (checker.violations().len(), checker.violations_omitted())
    };
    assert_eq!(tells(&wrong_items("A", VIOLATIONS_MAX)), (VIOLATIONS_MAX, 0));
    assert_eq!(tells(&wrong_items("A", VIOLATIONS_MAX + 7)), (VIOLATIONS_MAX, 7));
    // A key as long as the event: its pointer is cut, and the bytes of all are bounded.
    for key in ["k".repeat(500_000), "\\u0001".repeat(80_000), "é".repeat(200_000)] {
        let (told, omitted) = tells(&wrong_items(&key, 9_000));
        assert_eq!(told + omitted, 9_000);
    }
    // What ends the reading is told, however much was told before.
    let cut_off = wrong_items("A", VIOLATIONS_MAX + 7);
    assert_eq!(tells(&cut_off[..cut_off.len() - 1]), (VIOLATIONS_MAX + 1, 7));
    assert!(checker.violations().last().is_some_and(|last| last.keyword == "syntax"));
    let trailing = wrong_items("A", VIOLATIONS_MAX + 7) + "x";
    assert_eq!(checker.judge(trailing.as_bytes()), Verdict::Invalid);
    assert!(checker.violations().last().is_some_and(|last| last.keyword == "syntax"));
    assert!(checker.violations().iter().all(|violation| violation.pointer.len() <= POINTER_BYTES_MAX));
}

#[test]
fn notices_are_bounded_alike_and_a_file_is_told_in_full() {
    let members = |count: usize| feedback(&(0..count).map(|n| format!("\"q{n}q\":1")).collect::<Vec<_>>().join(","));
    let mut checker = Checker::new(standard_plan(), Profile::spec());
    assert_eq!(checker.judge(members(NOTICES_MAX + 3).as_bytes()), Verdict::Valid);
    assert_eq!((checker.notices().len(), checker.notices_omitted()), (NOTICES_MAX, 3));
    let mut checker = Checker::new(standard_plan(), Profile::spec()).with_limits(ReportLimits::FILE);
    assert_eq!(checker.judge(members(900).as_bytes()), Verdict::Valid);
    assert_eq!((checker.notices().len(), checker.notices_omitted()), (900, 0));
    assert_eq!(checker.judge(wrong_items("A", ITEMS_MAX).as_bytes()), Verdict::Invalid);
    assert_eq!((checker.violations().len(), checker.violations_omitted()), (ITEMS_MAX, 0));
    // Bare names in an event of the schema's spelling wait for its end, within the limits.
    let mut checker = Checker::new(standard_plan(), Profile::spec());
    let bare = members(VIOLATIONS_MAX + 5).replace("customerFeedback", "xdm:customerFeedback");
    let bare = bare.replace("_id", "@id").replace("\"timestamp", "\"xdm:timestamp");
    if checker.judge(bare.as_bytes()) == Verdict::Invalid {
        assert_eq!((checker.violations().len(), checker.violations_omitted()), (VIOLATIONS_MAX, 5));
    }
}

/// An event that passes a limit is left; where it ends is known, so that the next one can
/// be read.
#[test]
fn the_end_of_an_event_past_a_limit_is_found() {
    let mut checker = xdm::Checker::new(xdm::standard_plan(), xdm::Profile::spec());
    let mut check = |event: &str, keyword: &str| {
        for (before, behind) in [("", ""), (" \n", " ,{\"_id\":\"]}\"}]"), ("", ","), ("", "]")] {
            let text = format!("{before}{event}{behind}");
            let (verdict, used) = checker.judge_prefix(&text);
            let keywords: Vec<_> = checker.violations().iter().map(|violation| violation.keyword.as_str()).collect();
            let shown: String = event.chars().take(60).collect();
            assert_eq!(
                (verdict, used),
                (xdm::Verdict::Invalid, Some(before.len() + event.len())),
                "{shown}: {keywords:?}"
            );
            assert_eq!(keywords.last(), Some(&keyword), "{shown}");
        }
    };
    let wrap = |value: &str| format!(r#"{{"_id":"1","timestamp":"2026-11-22T14:07:15Z","x":{value},"y":"}}\"]"}}"#);
    check(&wrap(&("[".repeat(1_000_000) + &"]".repeat(1_000_000))), "limit");
    check(&wrap(&("{\"a\":[".repeat(100) + "\"]}\"" + &"]}".repeat(100))), "limit");
    check(&wrap(&format!("\"{}\"", "a\\\"".repeat(EVENT_BYTES_MAX))), "limit");
    check(&wrap(&format!("\"{}\"", "é".repeat(EVENT_BYTES_MAX))), "limit");
    check(&wrap(&format!("[{}1]", "1,".repeat(EVENT_BYTES_MAX))), "limit");
    check(&wrap(&"1".repeat(EVENT_BYTES_MAX)), "limit");
    let members: Vec<_> = (0..=MEMBERS_MAX).map(|n| format!("\"k{n}\":{{}}")).collect();
    check(&wrap(&format!("1,{}", members.join(","))), "limit");
    check(&wrap(&format!("1,\"identityMap\":{{\"A\":[{}{{}}]}}", "{},".repeat(ITEMS_MAX))), "limit");
}

#[test]
fn an_event_without_an_end_is_no_event_however_long() {
    let mut checker = xdm::Checker::new(xdm::standard_plan(), xdm::Profile::spec());
    let mut check = |event: &str| {
        let (verdict, used) = checker.judge_prefix(event);
        assert_eq!((verdict, used), (xdm::Verdict::Invalid, None));
        assert_eq!(checker.violations().last().map(|violation| violation.keyword.as_str()), Some("syntax"));
    };
    check(&"[".repeat(100_000));
    check(&format!("{{\"x\":{}", "[1],".repeat(EVENT_BYTES_MAX)));
    check(&format!("{{\"x\":{}}}", "[".repeat(1000) + &"}".repeat(1000)));
    check(&format!("{{\"x\":\"{}", "a".repeat(2 * EVENT_BYTES_MAX)));
    // Broken near its start, and whole within what is read of an event.
    check(&format!("{{\"x\" 1}},{}", "{},".repeat(EVENT_BYTES_MAX)));
}

/// A long name is repeated in the path of each property below it.
#[test]
fn what_is_kept_of_an_event_is_bounded() {
    let event = |name_bytes: usize, count: usize| {
        let name = "n".repeat(name_bytes);
        let members = (0..count).map(|n| format!("\"q{n}q\":1")).collect::<Vec<_>>().join(",");
        format!(
            r#"{{"_id":"1","timestamp":"2026-11-22T14:07:15Z","identityMap":{{"{name}":[{{"id":"1",{members}}}]}}}}"#
        )
    };
    assert!(check(&event(KEPT_BYTES_MAX / 1100, 1000)).keywords.is_empty());
    let past = check(&event(KEPT_BYTES_MAX / 900, 1000));
    assert_eq!(past.keywords, ["limit"]);
    let long = event(EVENT_BYTES_MAX / 2, 1000);
    assert_eq!(check(&long).keywords, ["limit"]);
    // What is judged at admission is judged in the same way where nothing is kept.
    let mut checker = xdm::Checker::new(xdm::standard_plan(), xdm::Profile::spec());
    assert_eq!(checker.judge(long.as_bytes()), xdm::Verdict::Invalid);
}
