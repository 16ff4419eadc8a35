//! What is guessed of undeclared values, one property each.

use schemas::infer::Inference;
use serde_json::{Value, json};
use xdm::Profile;

/// What is guessed of a property `shop:p` from these values, one an event; without title and description.
fn guessed(values: &[Value]) -> Value {
    let mut inference = Inference::new(xdm::standard_plan(), Profile::spec());
    for (at, value) in values.iter().enumerate() {
        let event = json!({"_id": at.to_string(), "timestamp": "2026-11-22T14:07:15Z", "_shop": {"p": value}});
        inference.add(event.to_string().as_bytes());
    }
    let group = inference.group("https://x.example/mixins/shop", "Shop");
    let mut property = group["definitions"]["group"]["properties"]["shop:p"].clone();
    let map = property.as_object_mut().unwrap_or_else(|| panic!("{group:#}"));
    let told = map.shift_remove("description").expect("a description");
    assert_eq!(map.shift_remove("title"), Some(json!("P")));
    let seen = told.as_str().expect("a text").split(' ').nth(2).and_then(|count| count.parse::<usize>().ok());
    assert!(seen.is_none_or(|seen| seen <= values.len()), "{told}");
    property
}

fn check(values: Vec<Value>, expect: Value) {
    assert_eq!(guessed(&values), expect, "{values:?}");
}

fn times(count: usize, value: impl Fn(usize) -> Value) -> Vec<Value> {
    (0..count).map(value).collect()
}

#[test]
fn types_are_those_that_were_seen() {
    check(vec![json!(1), json!(2)], json!({"type": "integer", "examples": [1, 2]}));
    check(vec![json!(1), json!(2.5)], json!({"type": "number", "examples": [1, 2.5]}));
    check(vec![json!(true), json!(false)], json!({"type": "boolean"}));
    check(vec![json!("a"), json!(1)], json!({"type": ["string", "integer"], "examples": [1, "a"]}));
    check(vec![json!("a"), json!(null)], json!({"type": ["string", "null"], "examples": ["a"]}));
    check(vec![json!([1, 2]), json!([])], json!({"type": "array", "items": {"type": "integer", "examples": [1, 2]}}));
    check(vec![json!([])], json!({"type": "array"}));
    check(vec![json!({})], json!({"type": "object"}));
    // An integer of 64 bits without a sign is one; what is larger is a number.
    check(vec![json!(u64::MAX)], json!({"type": "integer", "examples": [u64::MAX]}));
    check(vec![json!(1e300)], json!({"type": "number", "examples": [1e300]}));
}

#[test]
fn texts_that_come_again_and_again_are_known_values() {
    let tier = |at: usize| json!(["gold", "tin"][at % 2]);
    check(times(8, tier), json!({"type": "string", "meta:enum": {"gold": "Gold", "tin": "Tin"}}));
    // Too few to tell.
    check(times(7, tier), json!({"type": "string", "examples": ["gold", "tin"]}));
    // Too many, or too long, to be a list.
    let other = |at: usize| json!(format!("S{}", (b'a' + (at % 13) as u8) as char));
    check(times(100, other), json!({"type": "string", "examples": ["Sa", "Sb", "Sc"]}));
    check(
        times(20, |at| json!(if at == 0 { "x".repeat(65) } else { "a".to_owned() })),
        json!({"type": "string", "examples": ["a"]}),
    );
    check(
        times(8, |at| if at == 0 { json!(1) } else { json!("a") }),
        json!({"type": ["string", "integer"], "examples": [1, "a"]}),
    );
}

#[test]
fn instants_have_a_format_where_all_are() {
    let instant = |at: usize| json!(format!("2026-01-0{}T00:00:00+01:00", at % 9 + 1));
    let expect = guessed(&times(3, instant));
    assert_eq!((&expect["type"], &expect["format"]), (&json!("string"), &json!("date-time")), "{expect}");
    let mixed = guessed(&[json!("2026-01-01T00:00:00Z"), json!("yesterday")]);
    assert!(mixed.get("format").is_none(), "{mixed}");
    let day = guessed(&[json!("2026-01-01")]);
    assert!(day.get("format").is_none(), "{day}");
}

#[test]
fn of_what_looks_personal_nothing_is_shown() {
    // One is enough, whatever the others are.
    let mail = |at: usize| json!(if at == 5 { "jo@shop.example" } else { "none" });
    check(times(20, mail), json!({"type": "string", "meta:personal": "guessed"}));
    check(vec![json!("+1 408 555 0100")], json!({"type": "string", "meta:personal": "guessed"}));
    let inside = guessed(&[json!({"note": "ask jo@shop.example", "tier": "gold"})]);
    assert!(!inside.to_string().contains("jo@") && inside["properties"]["xdm:tier"]["type"] == "string", "{inside:#}");
    let list = guessed(&[json!(["jo@shop.example", "a"]), json!(["b"])]);
    assert!(!list.to_string().contains("jo@"), "{list:#}");
    // Its name tells: no mark is put on what is no text, and none of its values is shown.
    let mut inference = Inference::new(xdm::standard_plan(), Profile::spec());
    let event = json!({"_id": "1", "timestamp": "2026-11-22T14:07:15Z", "_shop": {"phoneNumber": 14085550100u64, "lastName": "Doe"}});
    inference.add(event.to_string().as_bytes());
    let group = inference.group("https://x.example/g", "G").to_string();
    assert!(!group.contains("4085550100") && !group.contains("Doe"), "{group}");
}

#[test]
fn what_is_declared_is_not_in_the_group() {
    let mut inference = Inference::new(xdm::standard_plan(), Profile::spec());
    let event = br#"{"_id":"1","timestamp":"2026-11-22T14:07:15Z","eventType":"x","customerFeedback":{"chatStart":1,"subject":"s"}}"#;
    inference.add(event);
    assert_eq!((inference.places(), inference.events()), (0, 1));
    // Not even where its value breaks the rules.
    inference.add(br#"{"_id":"2","timestamp":"2026-11-22T14:07:15Z","customerFeedback":{"chatStart":"x"}}"#);
    assert_eq!((inference.places(), inference.events()), (0, 2));
}

#[test]
fn what_is_undeclared_in_the_items_of_a_list_is_one_property_of_all_of_them() {
    let mut inference = Inference::new(xdm::standard_plan(), Profile::spec());
    inference.add(
        br#"{"_id":"1","timestamp":"2026-11-22T14:07:15Z","identityMap":{"ECID":[{"id":"a","rank":1},{"id":"b"},{"id":"c","rank":2}]}}"#,
    );
    let group = inference.group("https://x.example/g", "G");
    let found = &group["definitions"]["group"]["properties"]["xdm:identityMap"];
    assert_eq!(found["description"], "Holds what was undeclared inside it.", "{group:#}");
    let list = &found["properties"]["xdm:ECID"];
    let rank = json!({"title": "Rank", "type": "integer", "description": "Seen in 2 items.", "examples": [1, 2]});
    let expect = json!({"type": "object", "properties": {"xdm:rank": rank}});
    assert_eq!((&list["type"], &list["items"]), (&json!("array"), &expect), "{group:#}");
    // The map, its list and the member; items are no place of their own.
    assert_eq!((inference.places(), inference.is_cut()), (3, false));
}
