//! What a change does, of single mutations; each proof is judged by both sides again.

use schemas::{Corpus, Finding, Level, diff};
use serde_json::{Value, json};

use crate::samples::directory;

const BASE: &str = r##"{
  "$id": "https://x.example/a", "title": "A", "type": "object", "meta:status": "stable", "meta:extensible": true,
  "meta:intendedToExtend": ["https://x.example/class"],
  "required": ["x:must"],
  "allOf": [{"$ref": "https://x.example/b"}, {"$ref": "#/definitions/own"}],
  "properties": {
    "x:must": {"type": "string"},
    "x:text": {"type": "string", "minLength": 1, "maxLength": 5},
    "x:pattern": {"type": "string", "pattern": "^[A-Z]{2}$"},
    "x:hard": {"type": "string", "enum": ["a", "b"], "meta:enum": {"a": "A", "b": "B"}},
    "x:soft": {"type": "string", "meta:enum": {"a": "A", "b": "B"}},
    "x:number": {"type": "number", "minimum": 0, "maximum": 10},
    "x:when": {"type": "string", "format": "date-time"},
    "x:list": {"type": "array", "items": {"type": "string"}, "minItems": 0},
    "x:map": {"type": "object", "additionalProperties": {"type": "integer"}},
    "x:other": {"$ref": "https://x.example/b"},
    "x:const": {"const": "one"},
    "x:inside": {"type": "object", "properties": {"x:deep": {"type": "integer"}}}
  },
  "definitions": {"own": {"properties": {"x:own": {"type": "boolean"}}}}
}"##;

const OTHER: &str = r#"{"$id": "https://x.example/b", "title": "B", "type": "object",
  "properties": {"x:name": {"type": "string"}}}"#;

fn corpus(files: &[(&str, &str)]) -> (tempfile::TempDir, Corpus) {
    let dir = directory(files);
    let corpus = Corpus::read(dir.path()).expect("a directory");
    (dir, corpus)
}

/// Asks both sides again about each proof.
fn judged(old: &Corpus, new: &Corpus, findings: &[Finding]) {
    for finding in findings {
        let Some(proof) = &finding.proof else { continue };
        let is_valid = |corpus: &Corpus| {
            corpus.validator().check(&proof.schema, &proof.value.to_string()).expect("a schema").is_empty()
        };
        let expect = (proof.accepted_by == "old", proof.accepted_by == "new");
        assert_eq!((is_valid(old), is_valid(new)), expect, "{finding}");
    }
}

/// The findings of a change at one pointer: `level rule`, with `!` where a value proves it.
fn check(pointer: &str, value: Option<Value>, expect: &[&str]) {
    let mut changed: Value = serde_json::from_str(BASE).expect("JSON");
    let (parent, name) = pointer.rsplit_once('/').expect("a step");
    let name = name.replace("~1", "/");
    let parent = changed.pointer_mut(parent).expect("a place");
    match (parent, value.clone()) {
        (Value::Object(map), Some(value)) => drop(map.insert(name, value)),
        (Value::Object(map), None) => drop(map.shift_remove(&name)),
        (Value::Array(list), Some(value)) => list[name.parse::<usize>().expect("an index")] = value,
        (Value::Array(list), None) => drop(list.remove(name.parse().expect("an index"))),
        _ => panic!("{pointer} leads nowhere"),
    }
    let (_old_dir, old) = corpus(&[("a.schema.json", BASE), ("b.schema.json", OTHER)]);
    let (_new_dir, new) = corpus(&[("a.schema.json", &changed.to_string()), ("b.schema.json", OTHER)]);
    let findings = diff(&old, &new);
    judged(&old, &new, &findings);
    let told: Vec<String> = findings
        .iter()
        .map(|told| format!("{} {}{}", told.level.name(), told.rule, if told.proof.is_some() { "!" } else { "" }))
        .collect();
    assert_eq!(told, expect, "{pointer} = {value:?}: {findings:#?}");
}

#[test]
fn nothing_changed_is_no_finding() {
    check("/title", Some(json!("Another")), &[]);
    check("/properties/x:text/description", Some(json!("more")), &[]);
}

#[test]
fn what_adobes_script_finds_is_found() {
    check("/properties/x:text", None, &["error property-removed!"]);
    check("/properties/x:inside/properties/x:deep", None, &["error property-removed!"]);
    check("/properties/x:text/type", Some(json!("integer")), &["error type-changed!"]);
    check("/properties/x:list/items/type", Some(json!("integer")), &["error type-changed!"]);
    check("/properties/x:map/additionalProperties/type", Some(json!("string")), &["error type-changed!"]);
    check("/properties/x:when/format", Some(json!("date")), &["error format-changed!"]);
    check("/properties/x:number/minimum", Some(json!(5)), &["error minimum-raised!"]);
    check("/properties/x:number/maximum", Some(json!(5)), &["error maximum-lowered!"]);
    check("/allOf/0", None, &["error composition-removed!"]);
    check("/properties/x:TEXT", Some(json!({"type": "string"})), &["error name-case", "note property-added"]);
}

#[test]
fn what_adobes_script_misses_is_found() {
    check(
        "/properties/x:other",
        Some(json!({"type": "object", "properties": {"x:name": {"type": "string"}}})),
        &["warning reference-changed"],
    );
    check("/properties/x:hard/enum/1", None, &["error enum-value-removed!"]);
    check("/properties/x:soft/enum", Some(json!(["a", "b"])), &["error enum-added!"]);
    check("/properties/x:soft/meta:enum/b", None, &["warning known-value-removed"]);
    check("/properties/x:text/pattern", Some(json!("^[a-z]+$")), &["error pattern-added!"]);
    check("/properties/x:pattern/pattern", Some(json!("^[A-Z]{3}$")), &["error pattern-changed!"]);
    check("/properties/x:text/minLength", Some(json!(3)), &["error length-tightened!"]);
    check("/properties/x:text/maxLength", Some(json!(3)), &["error length-tightened!"]);
    check("/properties/x:list/minItems", Some(json!(2)), &["error items-tightened!"]);
    check("/properties/x:list/maxItems", Some(json!(2)), &["error items-tightened!"]);
    check("/properties/x:list/uniqueItems", Some(json!(true)), &["error unique-added!"]);
    check("/properties/x:text/format", Some(json!("uri")), &["error format-added!"]);
    check("/properties/x:number/exclusiveMinimum", Some(json!(0)), &["error minimum-raised!"]);
    check("/properties/x:number/multipleOf", Some(json!(2)), &["error multiple-added!"]);
    check("/properties/x:when/format", None, &["warning format-removed!"]);
    check("/properties/x:text/type", None, &["warning type-widened!"]);
    check("/properties/x:const/const", Some(json!("two")), &["error const-changed!"]);
    check("/required/0", Some(json!("x:text")), &["error required-added!", "warning required-removed!"]);
    check("/additionalProperties", Some(json!(false)), &["error properties-closed!"]);
    check("/properties/x:map/additionalProperties", Some(json!(false)), &["error properties-closed!"]);
    check("/definitions/own", None, &["error unresolved", "error definition-removed", "error property-removed!"]);
    check("/$id", Some(json!("https://x.example/z")), &["error id-changed", "note schema-added"]);
    check("/meta:status", Some(json!("deprecated")), &["warning status-changed"]);
    check("/meta:extensible", Some(json!(false)), &["warning extensible-changed"]);
    check("/meta:intendedToExtend", Some(json!([])), &["warning class-removed"]);
    check("/properties/x:text/anyOf", Some(json!([{"pattern": "b"}])), &["error alternatives-changed!"]);
}

#[test]
fn loosening_is_told_to_readers() {
    check("/properties/x:number/minimum", Some(json!(-5)), &["warning minimum-lowered!"]);
    check("/properties/x:text/maxLength", None, &["warning length-loosened!"]);
    check("/properties/x:hard/enum", None, &["warning enum-removed!"]);
    check("/properties/x:hard/enum", Some(json!(["a", "b", "c"])), &["warning enum-value-added!"]);
    check("/required", None, &["warning required-removed!"]);
    check("/properties/x:new", Some(json!({"type": "string"})), &["note property-added"]);
}

#[test]
fn a_moved_file_is_no_removal_and_a_removed_one_is() {
    let (_old_dir, old) = corpus(&[("a.schema.json", BASE), ("b.schema.json", OTHER)]);
    let (_new_dir, new) = corpus(&[("deep/a.schema.json", BASE), ("b.schema.json", OTHER)]);
    let told: Vec<&str> = diff(&old, &new).iter().map(|told| told.rule).collect();
    assert_eq!(told, ["file-moved"]);
    let (_gone_dir, gone) = corpus(&[("b.schema.json", OTHER)]);
    let findings = diff(&old, &gone);
    assert_eq!((findings[0].rule, findings[0].level), ("schema-removed", Level::Error), "{findings:?}");
}

#[test]
fn what_is_inherited_is_told_where_it_is_declared() {
    let (_old_dir, old) = corpus(&[("a.schema.json", BASE), ("b.schema.json", OTHER)]);
    let changed = OTHER.replace(r#"{"type": "string"}"#, r#"{"type": "integer"}"#);
    let (_new_dir, new) = corpus(&[("a.schema.json", BASE), ("b.schema.json", &changed)]);
    let findings = diff(&old, &new);
    judged(&old, &new, &findings);
    let told: Vec<(&str, &str)> = findings.iter().map(|told| (told.file.as_str(), told.pointer.as_str())).collect();
    assert_eq!(told, [("b.schema.json", "/properties/x:name/type")]);
}

/// The findings of one property's change, from one schema to another, if they are not as expected.
fn told_of_property(old: Value, new: Value, expect: &[&str]) -> Option<String> {
    let schema = |property: &Value| {
        json!({"$id": "https://x.example/p", "title": "P", "type": "object", "properties": {"x:p": property}})
            .to_string()
    };
    let (_old_dir, before) = corpus(&[("p.schema.json", &schema(&old))]);
    let (_new_dir, after) = corpus(&[("p.schema.json", &schema(&new))]);
    let findings = diff(&before, &after);
    judged(&before, &after, &findings);
    let told: Vec<String> = findings
        .iter()
        .map(|told| format!("{} {}{}", told.level.name(), told.rule, if told.proof.is_some() { "!" } else { "" }))
        .collect();
    assert!(findings.iter().all(|told| told.pointer.starts_with("/properties/x:p")), "{findings:#?}");
    (told != expect).then(|| format!("{old} to {new}: {told:?} instead of {expect:?}"))
}

#[test]
fn each_keyword_is_compared_in_both_directions() {
    let text = |rest: Value| {
        let mut schema = json!({"type": "string"});
        schema.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
        schema
    };
    let number = |keyword: &str, value: Value| json!({"type": "number", keyword: value});
    let plain = || json!({"type": "number"});
    let mut wrong = Vec::new();
    let mut both = |old: Value, new: Value, there: &[&str], back: &[&str]| {
        wrong.extend(told_of_property(old.clone(), new.clone(), there));
        wrong.extend(told_of_property(new, old, back));
    };
    both(text(json!({})), text(json!({"const": "a"})), &["error const-added!"], &["warning const-removed!"]);
    both(text(json!({})), text(json!({"pattern": "^a"})), &["error pattern-added!"], &["warning pattern-removed!"]);
    both(text(json!({})), text(json!({"enum": ["a"]})), &["error enum-added!"], &["warning enum-removed!"]);
    both(text(json!({})), text(json!({"format": "ipv4"})), &["error format-added!"], &["warning format-removed!"]);
    both(text(json!({})), text(json!({"minLength": 2})), &["error length-tightened!"], &["warning length-loosened!"]);
    both(plain(), number("multipleOf", json!(5)), &["error multiple-added!"], &["warning multiple-removed!"]);
    both(
        number("multipleOf", json!(2)),
        number("multipleOf", json!(3)),
        &["error multiple-changed!"],
        &["error multiple-changed!"],
    );
    both(plain(), number("maximum", json!(5)), &["error maximum-lowered!"], &["warning maximum-raised!"]);
    both(plain(), number("exclusiveMaximum", json!(5)), &["error maximum-lowered!"], &["warning maximum-raised!"]);
    both(plain(), number("exclusiveMinimum", json!(5)), &["error minimum-raised!"], &["warning minimum-lowered!"]);
    both(plain(), json!({"type": "integer"}), &["error type-narrowed!"], &["warning type-widened!"]);
    both(json!({"type": ["string", "null"]}), text(json!({})), &["error type-narrowed!"], &["warning type-widened!"]);
    let list = |rest: (&str, Value)| json!({"type": "array", rest.0: rest.1});
    let any = || json!({"type": "array"});
    both(any(), list(("minItems", json!(2))), &["error items-tightened!"], &["warning items-loosened!"]);
    both(any(), list(("uniqueItems", json!(true))), &["error unique-added!"], &["warning unique-removed!"]);
    both(any(), list(("items", plain())), &["error values-narrowed!"], &["warning values-widened!"]);
    both(any(), list(("items", json!(false))), &["error values-narrowed!"], &["warning values-widened!"]);
    both(
        list(("items", plain())),
        list(("items", json!(false))),
        &["error value-forbidden!"],
        &["warning value-permitted!"],
    );
    both(
        list(("items", json!([plain()]))),
        list(("items", json!([text(json!({}))]))),
        &["error alternatives-changed"],
        &["error alternatives-changed"],
    );
    let object = |rest: (&str, Value)| json!({"type": "object", rest.0: rest.1});
    let open = || json!({"type": "object"});
    both(
        open(),
        object(("minProperties", json!(1))),
        &["error properties-tightened!"],
        &["warning properties-loosened!"],
    );
    both(
        open(),
        object(("additionalProperties", json!(false))),
        &["error properties-closed!"],
        &["warning properties-opened!"],
    );
    both(open(), object(("additionalProperties", plain())), &["error values-narrowed!"], &["warning values-widened!"]);
    both(
        open(),
        object(("patternProperties", json!({"^y:": plain()}))),
        &["error pattern-rule-added"],
        &["error pattern-rule-removed"],
    );
    both(
        open(),
        object(("not", json!({"required": ["y:a"]}))),
        &["error alternatives-changed"],
        &["warning alternatives-changed"],
    );
    // The order of a list of types says nothing.
    both(json!({"type": ["string", "null"]}), json!({"type": ["null", "string"]}), &[], &[]);
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_checks_do_not_see_is_told_to_readers() {
    let check_property = |old, new, expect: &[&str]| assert_eq!(told_of_property(old, new, expect), None);
    let with = |keyword: &str, value: Value| json!({"type": "string", keyword: value});
    check_property(with("default", json!("a")), with("default", json!("b")), &["note default-changed"]);
    check_property(
        with("meta:xdmType", json!("string")),
        with("meta:xdmType", json!("date")),
        &["warning xdm-type-changed"],
    );
    check_property(with("meta:personal", json!("name")), json!({"type": "string"}), &["warning personal-changed"]);
    check_property(with("title", json!("A")), with("description", json!("B")), &[]);
    check("/meta:extends", Some(json!(["https://x.example/b"])), &[]);
    check("/meta:abstract", Some(json!(true)), &["note abstract-changed"]);
}

#[test]
fn a_property_that_was_renamed_is_told_with_its_new_name() {
    let (_old_dir, old) = corpus(&[("a.schema.json", BASE), ("b.schema.json", OTHER)]);
    let renamed = BASE.replace("\"x:when\"", "\"x:instant\"");
    let (_new_dir, new) = corpus(&[("a.schema.json", &renamed), ("b.schema.json", OTHER)]);
    let told: Vec<String> = diff(&old, &new).iter().map(|told| format!("{} {}", told.rule, told.message)).collect();
    assert!(
        told[0].starts_with("property-removed") && told[0].ends_with("; it may be called x:instant now"),
        "{told:?}"
    );
}

/// In events a property with a prefix of its own passes in the platform's spelling only.
#[test]
fn a_change_of_events_is_shown_by_an_event() {
    let events = |values: &str| {
        format!(
            r#"{{"$id":"https://shop.example/events","title":"E","type":"object","allOf":[
                {{"$ref":"https://ns.adobe.com/xdm/context/experienceevent"}},
                {{"$ref":"https://ns.adobe.com/xdm/mixins/experienceevent-contact-request-details"}},
                {{"type":"object","properties":{{"shop:tier":{{"type":"string","enum":[{values}]}}}}}}]}}"#
        )
    };
    let (before, after) = (events(r#""gold","tin""#), events(r#""gold""#));
    let (_old_dir, old) = corpus(&[("e.schema.json", &before)]);
    let (_new_dir, new) = corpus(&[("e.schema.json", &after)]);
    let findings = diff(&old, &new);
    let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
    let proof = finding.proof.as_ref().unwrap_or_else(|| panic!("{finding}"));
    assert_eq!((finding.rule, proof.accepted_by), ("enum-value-removed", "old"), "{finding}");
    assert_eq!(proof.value["_shop"]["tier"], "tin", "{finding}");
    let is_valid = |corpus: &Corpus| {
        let composition = xdm::Composition { class: proof.schema.clone(), groups: Vec::new() };
        let plan = xdm::compile(corpus.registry(), &composition).expect("a schema of events");
        let mut checker = xdm::Checker::new(std::sync::Arc::new(plan), xdm::Profile::spec());
        checker.judge(proof.value.to_string().as_bytes()) == xdm::Verdict::Valid
    };
    assert_eq!((is_valid(&old), is_valid(&new)), (true, false), "{finding}");
}
