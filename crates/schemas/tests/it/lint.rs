//! What lint finds, of made up schemas and of Adobe's.

use std::collections::BTreeMap;
use std::fs;

use schemas::lint::{Fixed, fix, lint};
use schemas::{Corpus, Level};

use crate::reference::reference;
use crate::samples::directory;

/// The findings of one schema with these properties, as `pointer rule`; those about titles and
/// descriptions are left out.
fn check(body: &str, expect: &[&str]) {
    let text = format!(r#"{{"$id":"https://x.example/a","title":"A","type":"object",{body}}}"#);
    let dir = directory(&[("a.schema.json", &text)]);
    let findings = lint(&Corpus::read(dir.path()).expect("a directory"));
    let told = findings.iter().filter(|finding| !finding.rule.ends_with("-missing"));
    let told: Vec<String> = told.map(|finding| format!("{} {}", finding.pointer, finding.rule)).collect();
    assert_eq!(told, expect, "{body}: {findings:?}");
    assert!(findings.iter().all(|finding| finding.file == "a.schema.json"), "{findings:?}");
}

#[test]
fn every_rule_finds_what_it_is_for() {
    check(r#""properties":{"x:a":{"type":"string"}}"#, &[]);
    check(r#""properties":{"a":{"type":"string"}}"#, &["/properties/a name-unprefixed"]);
    check(r#""properties":{"xdm : a":{"type":"string"}}"#, &["/properties/xdm : a name-blank"]);
    check(r#""properties":{"x:a":{"type":"string"},"x:A":{"type":"string"}}"#, &["/properties/x:A name-case"]);
    check(r#""required":["x:b"],"properties":{"x:bb":{"type":"string"}}"#, &["/required/0 required-undeclared"]);
    check(
        r##""allOf":[{"required":["x:b"]},{"$ref":"#/definitions/d"}],"definitions":{"d":{"properties":{"x:b":{"type":"string"}}}}"##,
        &[],
    );
    check(
        r#""properties":{"x:a":{"type":"string","meta:enum":["b"]}}"#,
        &["/properties/x:a/meta:enum enum-labels-list"],
    );
    check(r#""properties":{"x:a":{"type":"string","enum":["b"]}}"#, &["/properties/x:a/enum enum-unlabelled"]);
    check(
        r#""properties":{"x:a":{"type":"string","enum":["b"],"meta:enum":{"c":"C"}}}"#,
        &["/properties/x:a/meta:enum enum-labels-differ", "/properties/x:a/meta:enum enum-labels-differ"],
    );
    check(
        r#""properties":{"x:a":{"type":"string","default":"c","enum":["b"],"meta:enum":{"b":"B"}}}"#,
        &["/properties/x:a/default default-outside-enum"],
    );
    check(r#""properties":{"x:a":{"type":"integer","default":"1"}}"#, &["/properties/x:a/default default-type"]);
    check(
        r#""properties":{"x:a":{"type":"string","meta:xdmType":"text"},"x:b":{"type":"string","meta:xdmType":"int"}}"#,
        &["/properties/x:a/meta:xdmType xdm-type-unknown", "/properties/x:b/meta:xdmType xdm-type-differs"],
    );
    check(r#""properties":{"x:a":{"properties":{"x:b":{"type":"string"}}}}"#, &["/properties/x:a object-untyped"]);
    check(r#""properties":{"x:a":{"type":"object"}}"#, &["/properties/x:a object-empty"]);
    check(
        r#""properties":{"x:a":{"type":"string","x:b":1}}"#,
        &["/properties/x:a/x:b property-misplaced", "/properties/x:a/x:b unknownKeyword"],
    );
    check(r#""meta:status":"done""#, &["/meta:status status-unknown"]);
    check(r##""allOf":[{"$ref":"#/definitions/none"}]"##, &["/allOf/0/$ref unresolved"]);
    check(r#""title":"B""#, &["/title duplicateKey"]);
}

#[test]
fn groups_of_one_class_that_disagree_are_told() {
    let group = |name: &str, kind: &str| {
        format!(
            r#"{{"$id":"https://x.example/{name}","title":"A","type":"object","meta:intendedToExtend":["https://x.example/c"],
            "properties":{{"x:o":{{"type":"object","properties":{{"x:a":{{"type":"{kind}"}}}}}}}}}}"#
        )
    };
    let dir = directory(&[("a.schema.json", &group("a", "string")), ("b.schema.json", &group("b", "number"))]);
    let findings = lint(&Corpus::read(dir.path()).expect("a directory"));
    let told: Vec<&str> =
        findings.iter().filter(|finding| finding.rule == "group-conflict").map(|told| told.message.as_str()).collect();
    assert_eq!(told, ["x:o.x:a has type \"number\" here and \"string\" in a.schema.json; a schema can't compose both"]);
}

#[test]
fn what_is_safe_is_fixed_and_nothing_else() {
    let text = "{\n  \"$id\": \"https://x.example/a\",\n  \"type\": \"object\",\n  \"Title\": \"A\",\n  \"properties\": {\n    \"x:a\": {\n      \"enum\": [\n        \"b\"\n      ]\n    }\n  }\n}\n";
    let compact = r#"{"$id":"https://x.example/b","properties":{"x:a":{"enum":["b"]}}}"#;
    let dir = directory(&[("a.schema.json", text), ("b.schema.json", compact)]);
    let outcome = fix(&Corpus::read(dir.path()).expect("a directory"), dir.path()).expect("written");
    assert_eq!(
        outcome,
        [("a.schema.json".to_owned(), Fixed::Places(2)), ("b.schema.json".to_owned(), Fixed::OtherFormat)]
    );
    let written = fs::read_to_string(dir.path().join("a.schema.json")).expect("a file");
    let expect = text.replace("Title", "title").replace(
        "        \"b\"\n      ]\n",
        "        \"b\"\n      ],\n      \"meta:enum\": {\n        \"b\": \"b\"\n      }\n",
    );
    assert_eq!(written, expect);
    assert_eq!(fs::read_to_string(dir.path().join("b.schema.json")).expect("a file"), compact);
    assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 2);
}

/// What `fix` makes of a schema with this body, formatted as it writes; `None` where there is nothing to correct.
fn check_fix(body: serde_json::Value, expect: Option<serde_json::Value>) {
    let pretty = |body: &serde_json::Value| format!("{body:#}\n");
    let mut schema = serde_json::json!({"$id": "https://x.example/a"});
    let mut expected = schema.clone();
    schema.as_object_mut().expect("an object").extend(body.as_object().expect("an object").clone());
    let dir = directory(&[("a.schema.json", &pretty(&schema))]);
    let outcome = fix(&Corpus::read(dir.path()).expect("a directory"), dir.path()).expect("written");
    let written = fs::read_to_string(dir.path().join("a.schema.json")).expect("a file");
    let Some(expect) = expect else {
        assert_eq!((outcome.len(), written), (0, pretty(&schema)), "{body}");
        return;
    };
    expected.as_object_mut().expect("an object").extend(expect.as_object().expect("an object").clone());
    assert_eq!(written, pretty(&expected), "{body}");
    // Nothing is left to correct, and the schema means what it meant.
    let again = Corpus::read(dir.path()).expect("a directory");
    assert_eq!(fix(&again, dir.path()).expect("nothing to write"), [], "{body}");
}

#[test]
fn fixes_change_nothing_that_a_schema_means() {
    use serde_json::json;
    check_fix(
        json!({"enum": ["a", "b"], "type": "string"}),
        Some(json!({"enum": ["a", "b"], "type": "string", "meta:enum": {"a": "a", "b": "b"}})),
    );
    check_fix(json!({"Description": "D", "TITLE": "T"}), Some(json!({"description": "D", "title": "T"})));
    // Labels that are there stay; of values that are no texts there are none.
    check_fix(json!({"enum": ["a"], "meta:enum": {"b": "B"}}), None);
    check_fix(json!({"enum": ["a", 1]}), None);
    check_fix(json!({"enum": ["a", "a"]}), None);
    check_fix(json!({"title": "T", "Title": "U"}), None);
    // These are properties, examples and values, and no keywords.
    check_fix(json!({"properties": {"Title": {"type": "string"}, "enum": {"type": "string"}}}), None);
    check_fix(json!({"examples": [{"Title": "a", "enum": ["a"]}], "default": {"enum": ["a"]}}), None);
    check_fix(json!({"const": {"Title": 1}}), None);
    check_fix(
        json!({"items": {"anyOf": [{"enum": ["a"]}]}, "definitions": {"d": {"Title": "T"}}}),
        Some(
            json!({"items": {"anyOf": [{"enum": ["a"], "meta:enum": {"a": "a"}}]}, "definitions": {"d": {"title": "T"}}}),
        ),
    );
}

#[test]
fn a_file_in_another_form_is_named_and_left_alone() {
    let good = "{\n  \"$id\": \"https://x.example/a\",\n  \"Title\": \"A\"\n}";
    for (text, expect) in [
        (good.to_owned(), Fixed::Places(1)),
        (format!("{good}\n"), Fixed::Places(1)),
        (format!("{good}\n\n"), Fixed::OtherFormat),
        (format!("\u{feff}{good}"), Fixed::OtherFormat),
        (good.replace('\n', "\r\n"), Fixed::OtherFormat),
        (good.replace("  ", "\t"), Fixed::OtherFormat),
        (good.replace("\"A\"", "\"\\u0041\""), Fixed::OtherFormat),
        (good.replace("\"A\"", "\"A\",\n  \"minimum\": 1e0"), Fixed::OtherFormat),
        (good.replace("\"A\"", "\"A\",\n  \"type\": \"object\",\n  \"type\": \"object\""), Fixed::OtherFormat),
    ] {
        let dir = directory(&[("a.schema.json", &text)]);
        let outcome = fix(&Corpus::read(dir.path()).expect("a directory"), dir.path()).expect("written");
        assert_eq!(outcome, [("a.schema.json".to_owned(), expect.clone())], "{text}");
        let written = fs::read_to_string(dir.path().join("a.schema.json")).expect("a file");
        assert_eq!(written == text, expect == Fixed::OtherFormat, "{text}");
    }
}

#[test]
fn the_real_findings_of_adobes_schemas_are_found() {
    let Some(dir) = reference("xdm") else { return };
    let findings = lint(&Corpus::read(&dir).expect("a directory"));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    findings.iter().for_each(|finding| *counts.entry(finding.rule).or_default() += 1);
    let has = |rule: &str, file: &str| findings.iter().any(|told| told.rule == rule && told.file.contains(file));
    assert!(has("default-outside-enum", "refunditem"), "{counts:?}");
    assert!(has("default-type", "search"), "{counts:?}");
    assert!(has("duplicateKey", "prospect-profile"), "{counts:?}");
    for rule in [
        "title-missing",
        "description-missing",
        "name-unprefixed",
        "required-undeclared",
        "enum-labels-list",
        "enum-unlabelled",
        "xdm-type-unknown",
    ] {
        assert!(counts.contains_key(rule), "{rule}: {counts:?}");
    }
    assert!(findings.iter().filter(|finding| finding.level == Level::Error).count() < 5, "{counts:?}");
}
