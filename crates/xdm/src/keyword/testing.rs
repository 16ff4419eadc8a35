//! How a keyword is tested: a schema, a value, and what is reported of it (pointer and
//! keyword). Each value is checked twice: by its tree, and along a plan as a property of an
//! event; both must agree.

use std::sync::Arc;

use crate::{Checker, Composition, NullSink, Plan, Profile, Registry, Validator, Violation, compile};

const SCHEMA: &str = "https://x.example/schema";
const PROPERTY: &str = "xdm:value";

/// Asserts what is reported of a value.
#[track_caller]
pub(super) fn check(schema: &str, value: &str, expect: &[(&str, &str)]) {
    assert_told(&by_tree(schema, value), expect, &format!("{value} by {schema}"));
    assert_told(
        &along_a_plan(schema, value, Profile::letter()),
        expect,
        &format!("{value} along the plan of {schema}"),
    );
}

/// JSON texts and how many characters they have, as RFC 8259 counts them: code points.
pub(super) const LENGTHS: [(&str, usize); 11] = [
    (r#""""#, 0),
    (r#""a""#, 1),
    (r#""\u0000""#, 1),
    (r#""é""#, 1),
    // A letter and a combining mark.
    (r#""e\u0301""#, 2),
    // A pair of surrogates, and the same character as it is.
    (r#""\ud83d\ude00""#, 1),
    (r#""😀""#, 1),
    // Half of a pair, for which one other character stands.
    (r#""\ud83d""#, 1),
    // Two people joined to one picture.
    (r#""👩\u200d👩""#, 3),
    (r#""\n\"\\\/""#, 4),
    (r#""中文""#, 2),
];

/// Asserts what is reported of a value in an event: members that come twice are told only there,
/// since a tree has one of them.
#[track_caller]
pub(super) fn check_event(schema: &str, value: &str, expect: &[(&str, &str)]) {
    assert_told(&along_a_plan(schema, value, Profile::letter()), expect, &format!("{value} in an event by {schema}"));
}

/// Asserts what is reported of a value in an event in platform spelling.
#[track_caller]
pub(super) fn check_platform(schema: &str, value: &str, expect: &[(&str, &str)]) {
    assert_told(&along_a_plan(schema, value, Profile::spec()), expect, &format!("{value} along the plan of {schema}"));
}

/// Asserts that a schema is refused for what stands at this pointer.
#[track_caller]
pub(super) fn malformed(schema: &str, pointer: &str) {
    let errors = Validator::of(&registry(schema)).errors();
    let found: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(found, [pointer], "{schema}: {errors:?}");
}

/// Asserts where a schema is faulty, and that each fault says something.
#[track_caller]
pub(super) fn faults(schema: &str, pointers: &[&str]) {
    let errors = Validator::of(&registry(schema)).errors().to_vec();
    let mut found: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
    let mut pointers = pointers.to_vec();
    found.sort_unstable();
    pointers.sort_unstable();
    assert_eq!(found, pointers, "{schema}: {errors:?}");
    assert!(errors.iter().all(|error| !error.message.is_empty()), "{errors:?}");
}

/// The one sentence about a value.
#[track_caller]
pub(super) fn message(schema: &str, value: &str) -> String {
    match by_tree(schema, value).as_slice() {
        [violation] => violation.message.clone(),
        told => panic!("{value} by {schema}: {told:?}"),
    }
}

#[track_caller]
fn assert_told(told: &[Violation], expect: &[(&str, &str)], what: &str) {
    let mut found: Vec<(&str, &str)> = told.iter().map(|told| (told.pointer.as_str(), told.keyword.as_str())).collect();
    let mut expect = expect.to_vec();
    found.sort_unstable();
    expect.sort_unstable();
    assert_eq!(found, expect, "{what}: {told:?}");
    assert!(told.iter().all(|told| told.schema.starts_with("https://") && told.schema.contains('#')), "{told:?}");
}

fn registry(schema: &str) -> Registry {
    let mut registry = Registry::new();
    registry.add_retrieved(SCHEMA, schema).expect("JSON");
    registry
}

fn by_tree(schema: &str, value: &str) -> Vec<Violation> {
    let validator = Validator::of(&registry(schema));
    assert_eq!(validator.errors(), [], "{schema}");
    validator.check(SCHEMA, value).expect("a schema")
}

/// Asserts which properties of a value are noticed in an event, by their pointers.
#[track_caller]
pub(super) fn check_noticed(schema: &str, value: &str, expect: &[&str]) {
    let mut checker = Checker::new(Arc::new(plan(schema)), Profile::letter());
    let _ = checker.check(&event(value), &mut NullSink);
    let prefix = format!("/{PROPERTY}");
    let noticed: Vec<_> = checker.notices().iter().filter_map(|notice| notice.pointer.strip_prefix(&prefix)).collect();
    assert_eq!(noticed, expect, "{value} in an event by {schema}: {:?}", checker.notices());
    assert!(checker.notices().iter().all(|notice| notice.code == "undeclaredProperty"), "{:?}", checker.notices());
}

/// Asserts that the plan says of a value what its tree does, word for word but for where the value stands.
#[track_caller]
pub(super) fn same_sentences(schema: &str, value: &str) {
    let without_place = |message: String| {
        let root = format!("/{PROPERTY}");
        message.replace(&format!("{root}: "), "").replace(&format!("{root}/"), "/")
    };
    let sentences = |told: Vec<Violation>| told.into_iter().map(|told| without_place(told.message)).collect::<Vec<_>>();
    let by_tree = sentences(by_tree(schema, value));
    assert_eq!(sentences(along_a_plan(schema, value, Profile::letter())), by_tree, "{value} by {schema}");
    assert!(!by_tree.is_empty(), "{value} by {schema}");
}

/// Is every rule of a schema decided in the one pass?
pub(super) fn is_one_pass(schema: &str) -> bool {
    plan(schema).is_decided_in_one_pass()
}

fn along_a_plan(schema: &str, value: &str, profile: Profile) -> Vec<Violation> {
    let mut checker = Checker::new(Arc::new(plan(schema)), profile);
    let _ = checker.check(&event(value), &mut NullSink);
    let mut told = checker.violations().to_vec();
    for violation in &mut told {
        let below = violation.pointer.strip_prefix(&format!("/{PROPERTY}")).map(str::to_owned);
        violation.pointer = below.unwrap_or_else(|| panic!("told of the event: {violation}"));
    }
    told
}

/// An event with this value as a property.
fn event(value: &str) -> String {
    format!(r#"{{"@id":"1","xdm:timestamp":"2026-11-22T14:07:15Z","{PROPERTY}":{value}}}"#)
}

fn plan(schema: &str) -> Plan {
    let mut registry = Registry::bundled();
    registry.add_retrieved(SCHEMA, schema).expect("JSON");
    let class = format!(
        r#"{{"$id":"https://x.example/event","type":"object","properties":{{"@id":{{"type":"string"}},
            "xdm:timestamp":{{"type":"string","format":"date-time"}},"{PROPERTY}":{{"$ref":"{SCHEMA}"}}}}}}"#
    );
    registry.add(&class).expect("JSON");
    let composition = Composition { class: "https://x.example/event".to_owned(), groups: Vec::new() };
    compile(&registry, &composition).expect("compiles")
}
