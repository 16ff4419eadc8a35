//! The official test suite of JSON Schema, draft-06: every schema as such, and as the
//! schema of a property of an event.
//!
//! What is expected to fail is listed with its reason; a case that is listed and passes is
//! an error too, so that the list is never longer than it must be.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use xdm::{Checker, Composition, NullSink, Profile, Registry, Validator, Verdict, compile};

use crate::reference::reference;

#[derive(Deserialize)]
struct Group {
    description: String,
    schema: Value,
    tests: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    description: String,
    data: Box<RawValue>,
    valid: bool,
}

/// Cases that fail in both ways: file, group (all, if empty), case (all, if empty), why.
const EXPECTED: &[(&str, &str, &str, &str)] = &[];

/// Cases that fail as a property of an event only.
const EXPECTED_IN_EVENTS: &[(&str, &str, &str, &str)] = &[];

fn remotes(root: &Path, under: &str, registry: &mut Registry) {
    for entry in fs::read_dir(root).expect("readable") {
        let path = entry.expect("readable").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        match path.is_dir() {
            true => remotes(&path, &format!("{under}{name}/"), registry),
            false => {
                let text = fs::read_to_string(&path).expect("readable");
                registry.add_retrieved(&format!("{under}{name}"), &text).expect("a schema");
            }
        }
    }
}

fn files(folder: &Path, under: &str, into: &mut Vec<(String, Vec<Group>)>) {
    let mut entries: Vec<_> = fs::read_dir(folder).expect("readable").map(|e| e.expect("readable").path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        match path.is_dir() {
            true => files(&path, &format!("{under}{name}/"), into),
            false => {
                let text = fs::read_to_string(&path).expect("readable");
                into.push((format!("{under}{name}"), serde_json::from_str(&text).expect("the suite's form")));
            }
        }
    }
}

/// Runs every case; `judge` makes a judge of the group's schema, or says why there is none.
fn run<J>(expected: &[(&str, &str, &str, &str)], judge: impl Fn(&Registry, &str, &str) -> Result<J, String>)
where
    J: FnMut(&str) -> bool,
{
    let Some(root) = reference("json-schema-suite") else { return };
    let mut base = Registry::new();
    remotes(&root.join("remotes"), "http://localhost:1234/", &mut base);
    base.add(&referencing::meta::DRAFT6.to_string()).expect("a schema");
    let mut groups = Vec::new();
    files(&root.join("tests/draft6"), "", &mut groups);
    let mut failed = Vec::new();
    let mut met = BTreeSet::new();
    let mut count = 0;
    for (file, groups) in &groups {
        for group in groups {
            let (uri, schema) = (format!("https://suite.example/{file}"), group.schema.to_string());
            let mut judged = judge(&base, &uri, &schema);
            for case in &group.tests {
                count += 1;
                let outcome = match &mut judged {
                    Ok(judge) => judge(case.data.get()).to_string(),
                    Err(error) => error.clone(),
                };
                if outcome == case.valid.to_string() {
                    continue;
                }
                let names = |(of_file, of_group, of_case, _): &(&str, &str, &str, &str)| {
                    of_file == file
                        && (of_group.is_empty() || *of_group == group.description)
                        && (of_case.is_empty() || *of_case == case.description)
                };
                match expected.iter().position(names) {
                    Some(at) => _ = met.insert(at),
                    None => failed.push(format!("{file}: {}: {}: {outcome}", group.description, case.description)),
                }
            }
        }
    }
    let passing: Vec<_> = (0..expected.len()).filter(|at| !met.contains(at)).map(|at| expected[at]).collect();
    assert!(passing.is_empty(), "these pass; take them off the list: {passing:#?}");
    assert!(failed.is_empty(), "{} of {count} fail:\n{}", failed.len(), failed.join("\n"));
    assert!(count > 1000, "only {count} cases were found");
}

#[test]
fn schemas_judge_as_the_suite_has_it() {
    run(EXPECTED, |base, uri, schema| {
        let mut registry = base.clone();
        registry.add_retrieved(uri, schema).map_err(|error| error.to_string())?;
        let id = id_of(&registry, base);
        let validator = Validator::of(&registry);
        if let Some(error) = validator.errors().first() {
            return Err(error.to_string());
        }
        Ok(move |data: &str| validator.check(&id, data).expect("a schema").is_empty())
    });
}

#[test]
fn properties_of_events_are_judged_as_the_suite_has_it() {
    let expected: Vec<_> = EXPECTED.iter().chain(EXPECTED_IN_EVENTS).copied().collect();
    run(&expected, |base, uri, schema| {
        let mut registry = base.clone();
        registry.add_retrieved(uri, schema).map_err(|error| error.to_string())?;
        let id = id_of(&registry, base);
        let class = serde_json::json!({"$id": "https://suite.example/event", "type": "object", "properties": {
            "@id": {"type": "string"}, "xdm:timestamp": {"type": "string", "format": "date-time"},
            "xdm:value": {"$ref": id}}});
        registry.add(&class.to_string()).map_err(|error| error.to_string())?;
        let composition = Composition { class: "https://suite.example/event".to_owned(), groups: Vec::new() };
        let plan = compile(&registry, &composition).map_err(|error| error.to_string())?;
        let mut checker = Checker::new(Arc::new(plan), Profile::letter());
        Ok(move |data: &str| {
            let event = format!(r#"{{"@id":"1","xdm:timestamp":"2026-11-22T14:07:15Z","xdm:value":{data}}}"#);
            checker.check(&event, &mut NullSink) == Verdict::Valid
        })
    });
}

/// The `$id` that was added last.
fn id_of(registry: &Registry, base: &Registry) -> String {
    registry.ids().find(|id| base.get(id).is_none()).expect("one more schema").to_owned()
}
