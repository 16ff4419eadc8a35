//! A schema with all that it refers to, as one document of JSON Schema 2020-12, for editors
//! and generators of code.

use serde_json::{Map, Value};

use crate::compose::closure;
use crate::corpus::Corpus;

/// What may stand beside a `$ref` and be meant: in draft-06 it is no rule.
const BESIDE_REFERENCE: &[&str] = &["title", "description", "$comment", "examples", "default"];

/// The document; `None` if no schema has this `$id`.
pub fn json_schema_2020_12(corpus: &Corpus, id: &str) -> Option<Value> {
    let documents = closure(corpus, &[id]);
    let mut root = converted(documents.get(id)?);
    let map = root.as_object_mut()?;
    let mut inside = Map::new();
    for (known, document) in documents.iter().filter(|(known, _)| **known != id) {
        let mut document = converted(document);
        document.as_object_mut()?.shift_remove("$schema");
        inside.insert((*known).to_owned(), document);
    }
    if let Some(Value::Object(own)) = map.shift_remove("$defs") {
        inside.extend(own);
    }
    map.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    if !inside.is_empty() {
        map.insert("$defs".to_owned(), inside.into());
    }
    Some(root)
}

/// A schema of draft-06 as one of 2020-12.
fn converted(schema: &Value) -> Value {
    let Some(map) = schema.as_object() else { return schema.clone() };
    let mut out = Map::new();
    let has_reference = map.contains_key("$ref");
    for (name, value) in map {
        if has_reference && name != "$ref" && name != "definitions" && !is_annotation(name) {
            continue;
        }
        keyword(name, value, map, &mut out);
    }
    out.into()
}

fn is_annotation(name: &str) -> bool {
    BESIDE_REFERENCE.contains(&name) || name.starts_with("meta:")
}

fn keyword(name: &str, value: &Value, around: &Map<String, Value>, out: &mut Map<String, Value>) {
    let mut put = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
    match (name, value) {
        ("$ref", Value::String(reference)) => put(name, reference.replace("#/definitions/", "#/$defs/").into()),
        ("$id", Value::String(id)) => match id.strip_prefix('#') {
            Some(anchor) => put("$anchor", anchor.into()),
            None => put(name, id.trim_end_matches('#').into()),
        },
        ("definitions", _) => put("$defs", by_name(value)),
        ("properties" | "patternProperties", _) => put(name, by_name(value)),
        ("allOf" | "anyOf" | "oneOf", _) => put(name, all(value)),
        ("items", Value::Array(_)) => {
            put("prefixItems", all(value));
            if let Some(rest) = around.get("additionalItems") {
                put("items", converted(rest));
            }
        }
        // Without a list of items it says nothing.
        ("additionalItems", _) => {}
        ("items" | "additionalProperties" | "not" | "contains" | "propertyNames", _) => put(name, converted(value)),
        ("dependencies", Value::Object(members)) => {
            let (names, schemas): (Vec<_>, Vec<_>) = members.iter().partition(|(_, value)| value.is_array());
            if !names.is_empty() {
                let names = names.into_iter().map(|(name, value)| (name.clone(), value.clone()));
                put("dependentRequired", names.collect::<Map<_, _>>().into());
            }
            if !schemas.is_empty() {
                let schemas = schemas.into_iter().map(|(name, value)| (name.clone(), converted(value)));
                put("dependentSchemas", schemas.collect::<Map<_, _>>().into());
            }
        }
        _ => put(name, value.clone()),
    }
}

fn by_name(value: &Value) -> Value {
    match value.as_object() {
        Some(members) => {
            members.iter().map(|(name, schema)| (name.clone(), converted(schema))).collect::<Map<_, _>>().into()
        }
        None => value.clone(),
    }
}

fn all(value: &Value) -> Value {
    value.as_array().map_or_else(|| value.clone(), |items| items.iter().map(converted).collect())
}
