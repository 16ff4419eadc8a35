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
