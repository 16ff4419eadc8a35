//! The same JSON gives the same number, other JSON another one.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::{Checker, Profile, Verdict, standard_plan};

fn secret() -> [u8; CONTENT_SECRET_BYTES] {
    std::array::from_fn(|at| (at * 37 + 11) as u8)
}

struct Hasher {
    checker: Checker,
    content: ContentHash,
}

impl Hasher {
    fn new() -> Hasher {
        let plan = standard_plan();
        let content = ContentHash::new(plan.layout(), secret());
        Hasher { checker: Checker::new(Arc::clone(&plan), Profile::spec()), content }
    }

    fn of(&mut self, event: &str) -> u64 {
        let verdict = self.checker.check(event, &mut self.content);
        assert_eq!(verdict, Verdict::Valid, "{event}: {:?}", self.checker.violations());
        self.content.take()
    }
}

fn event() -> Value {
    json!({
        "_id": "e1",
        "timestamp": "2026-11-22T14:07:15.762Z",
        "eventType": "web.formFilledOut",
        "customerFeedback": {
            "chatStart": 1,
            "subject": "A/B",
            "callBackNumber": { "number": "1-408-555-0100" },
            "mine": { "list": [1, "x", null, { "a": 2.5, "b": [] }] },
        },
        "identityMap": {
            "ECID": [{ "id": "33333333333333333333333333333333333333", "primary": true }, { "id": "4" }],
            "CRMID": [{ "id": "7" }],
            "Email": [{ "id": "jo@shop.example" }],
        },
        "web": { "webPageDetails": { "URL": "https://shop.example/", "pageViews": { "value": 1.5 } } },
        "own": { "deep": { "text": "é\u{1f600}", "flag": true } },
    })
}

/// Writes a value in one of the many ways: `choose(n)` gives a number below `n`.
fn write(value: &Value, choose: &mut dyn FnMut(usize) -> usize, out: &mut String) {
    let gap = |choose: &mut dyn FnMut(usize) -> usize, out: &mut String| {
        out.push_str(["", "", " ", "\n\t", "  \r\n "][choose(5)]);
    };
    gap(choose, out);
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            out.push('{');
            let mut first = true;
            while !members.is_empty() {
                let (name, value) = members.swap_remove(choose(members.len()));
                if !std::mem::take(&mut first) {
                    out.push(',');
                }
                gap(choose, out);
                string(name, choose, out);
                gap(choose, out);
                out.push(':');
                write(value, choose, out);
            }
            gap(choose, out);
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, choose, out);
            }
            gap(choose, out);
            out.push(']');
        }
        Value::String(text) => string(text, choose, out),
        Value::Number(number) => match (number.as_i64(), choose(4)) {
            (Some(integer), 1) => out.push_str(&format!("{integer}.0")),
            // No number begins with zeros.
            (Some(integer), 2) if integer != 0 => out.push_str(&format!("{integer}00e-2")),
            (Some(integer), 3) => out.push_str(&format!("{integer}E+0")),
            _ => out.push_str(&number.to_string()),
        },
        other => out.push_str(&other.to_string()),
    }
    gap(choose, out);
}

fn string(text: &str, choose: &mut dyn FnMut(usize) -> usize, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match (c, choose(6)) {
            (c, 0) => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))),
            (c, 1) => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04X}"))),
            ('/', 2) => out.push_str("\\/"),
            ('"', _) => out.push_str("\\\""),
            ('\\', _) => out.push_str("\\\\"),
            (c, _) if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            (c, _) => out.push(c),
        }
    }
    out.push('"');
}

/// A chooser made of a list of numbers.
fn chooser(choices: Vec<usize>) -> impl FnMut(usize) -> usize {
    let mut at = 0;
    move |below| {
        at += 1;
        if choices.is_empty() { 0 } else { choices[at % choices.len()] % below }
    }
}

/// All values with one leaf changed, removed or added.
fn changes(value: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                for changed in changes(inner) {
                    let mut members = members.clone();
                    members.insert(name.clone(), changed);
                    all.push(Value::Object(members));
                }
                let mut without = members.clone();
                without.shift_remove(name);
                all.push(Value::Object(without));
            }
            let mut more = members.clone();
            more.insert("zz".to_owned(), Value::Null);
            all.push(Value::Object(more));
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                for changed in changes(item) {
                    let mut items = items.clone();
                    items[at] = changed;
                    all.push(Value::Array(items));
                }
            }
            if items.len() > 1 {
                all.push(Value::Array(items.iter().rev().cloned().collect()));
                all.push(Value::Array(items[1..].to_vec()));
            }
        }
        Value::String(text) => {
            all.push(json!(format!("{text}x")));
            all.push(json!(text.replace('3', "4")));
        }
        Value::Number(number) => all.push(json!(number.as_f64().unwrap_or_default() + 2.0)),
        Value::Bool(flag) => all.push(json!(!flag)),
        Value::Null => all.push(json!({})),
    }
    all.retain(|changed| changed != value);
    all
}

#[test]
fn every_change_gives_another_number() {
    let mut hasher = Hasher::new();
    let mut known = std::collections::HashMap::from([(hasher.of(&event().to_string()), event())]);
    let mut valid = 0;
    for changed in changes(&event()) {
        let text = changed.to_string();
        let by_text = hasher.content.of_text(text.as_bytes());
        assert_ne!(by_text, hasher.content.of_text(event().to_string().as_bytes()), "{text}");
        if hasher.checker.check(&text, &mut hasher.content) == Verdict::Valid {
            valid += 1;
            let sum = hasher.content.take();
            if let Some(other) = known.insert(sum, changed.clone()) {
                assert_eq!(other, changed, "one number for two events");
            }
        } else {
            hasher.content.take();
        }
    }
    assert!(valid > 40, "{valid}");
}

#[test]
fn what_differs_as_json_differs_here() {
    let mut hasher = Hasher::new();
    let mut of = |rest: &str| hasher.of(&format!(r#"{{"_id":"a","timestamp":"2026-11-22T14:07:15Z"{rest}}}"#));
    let differing = [
        "",
        r#","customerFeedback":{}"#,
        r#","customerFeedback":{"chatStart":0}"#,
        r#","customerFeedback":{"chatEnd":0}"#,
        r#","x":null"#,
        r#","x":{}"#,
        r#","x":[]"#,
        r#","x":[[]]"#,
        r#","x":[{}]"#,
        r#","x":"""#,
        r#","x":0"#,
        r#","x":"0""#,
        r#","x":false"#,
        r#","x":["a","b"]"#,
        r#","x":["b","a"]"#,
        r#","x":{"a":1,"b":2}"#,
        r#","x":{"a":2,"b":1}"#,
        r#","x":"\ud800""#,
        r#","x":"\ud801""#,
        r#","x":"�""#,
        r#","identityMap":{}"#,
        r#","identityMap":{"A":[]}"#,
        r#","identityMap":{"A":[{}]}"#,
        r#","identityMap":{"A":[{"id":"1"},{"id":"2"}]}"#,
        r#","identityMap":{"A":[{"id":"2"},{"id":"1"}]}"#,
        r#","identityMap":{"A":[{"id":"1"}],"B":[{"id":"2"}]}"#,
        r#","identityMap":{"A":[{"id":"2"}],"B":[{"id":"1"}]}"#,
        r#","customerFeedback":{"chatStart":1e21}"#,
        r#","customerFeedback":{"chatStart":1e22}"#,
    ];
    let sums: std::collections::HashSet<u64> = differing.iter().map(|rest| of(rest)).collect();
    assert_eq!(sums.len(), differing.len());
}

#[test]
fn what_is_equal_is_equal() {
    let mut hasher = Hasher::new();
    let mut check = |left: &str, right: &str| assert_eq!(hasher.of(left), hasher.of(right), "{left} {right}");
    // Both spellings, and an instant in another offset.
    check(
        r#"{"_id":"a","timestamp":"2026-11-22T14:07:15Z","placeContext":{"geo":{"_schema":{"latitude":1,"longitude":2}}}}"#,
        r#"{"@id":"a","xdm:timestamp":"2026-11-22T15:07:15.000+01:00","xdm:placeContext":{"xdm:geo":{"schema:latitude":1.0,"schema:longitude":2}}}"#,
    );
    check(
        r#"{"_id":"a","timestamp":"2026-11-22T14:07:15Z","identityMap":{"A":[{"id":"1"}],"B":[{"id":"2"}]}}"#,
        r#"{"timestamp":"2026-11-22T14:07:15Z","identityMap":{"B":[{"id":"2"}],"A":[{"id":"1"}]},"_id":"a"}"#,
    );
    check(
        r#"{"_id":"a","timestamp":"2026-11-22T14:07:15Z","customerFeedback":{"chatStart":1e21}}"#,
        r#"{"_id":"a","timestamp":"2026-11-22T14:07:15Z","customerFeedback":{"chatStart":1000000000000000000000.0}}"#,
    );
}

#[test]
fn another_secret_gives_another_number() {
    let plan = standard_plan();
    let other = secret().map(|byte| byte ^ 0x5a);
    let (mine, theirs) = (ContentHash::new(plan.layout(), secret()), ContentHash::new(plan.layout(), other));
    let text = event().to_string();
    assert_ne!(mine.of_text(text.as_bytes()), theirs.of_text(text.as_bytes()));
}

fn a_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1000..1000i64).prop_map(Value::from),
        "[ -~é😀]{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map("[a-zé]{1,6}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_way_of_writing_gives_the_same_number(
        extra in a_value(),
        left in proptest::collection::vec(any::<usize>(), 1..200),
        right in proptest::collection::vec(any::<usize>(), 1..200),
    ) {
        let mut event = event();
        event["customerFeedback"]["free"] = extra.clone();
        event["free"] = extra;
        let mut hasher = Hasher::new();
        let (mut a, mut b) = (String::new(), String::new());
        write(&event, &mut chooser(left), &mut a);
        write(&event, &mut chooser(right), &mut b);
        prop_assert_eq!(hasher.of(&a), hasher.of(&b));
        prop_assert_eq!(hasher.content.of_text(a.as_bytes()), hasher.content.of_text(b.as_bytes()));
    }

    #[test]
    fn values_are_equal_where_their_numbers_are(left in a_value(), right in a_value()) {
        let hasher = Hasher::new();
        let of = |value: &Value| hasher.content.of_text(value.to_string().as_bytes());
        prop_assert_eq!(left == right, of(&left) == of(&right));
    }

    #[test]
    fn any_bytes_have_a_number(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let hasher = Hasher::new();
        prop_assert_eq!(hasher.content.of_text(&bytes), hasher.content.of_text(&bytes));
    }
}
