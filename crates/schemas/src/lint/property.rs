//! What holds for one property: it has a title and a description, a name with a prefix, and
//! values that agree with each other.

use serde_json::{Map, Value};

use super::Notes;
use crate::finding::Level;
use crate::walk::{self, Role};

/// The logical types of XDM (`docs/data_types.md` of its repository), each with the types of
/// JSON that may carry it.
const XDM_TYPES: &[(&str, &[&str])] = &[
    ("string", &["string"]),
    ("number", &["number", "integer"]),
    ("long", &["integer"]),
    ("int", &["integer"]),
    ("short", &["integer"]),
    ("byte", &["integer"]),
    ("boolean", &["boolean"]),
    ("date", &["string"]),
    ("date-time", &["string"]),
    ("map", &["object"]),
];

/// Notes what is odd about one schema.
pub(super) fn check(pointer: &str, schema: &Value, role: Role<'_>, notes: &mut Notes<'_>) {
    let Some(map) = schema.as_object() else {
        if let Role::Property(_) = role {
            let message = "the property is no schema; perhaps it stands one level too deep or too high";
            notes.add(Level::Warning, "property-misplaced", pointer, message);
        }
        return;
    };
    if let Role::Property(name) = role {
        named(pointer, name, map, notes);
    }
    values(pointer, map, notes);
    default(pointer, map, notes);
    xdm_type(pointer, map, notes);
    for name in map.keys().filter(|name| name.contains(':') && !name.starts_with("meta:")) {
        let message = format!("{name} looks like a property and stands where keywords do; put it into \"properties\"");
        notes.add(Level::Warning, "property-misplaced", &format!("{pointer}{}", walk::step(name)), message);
    }
}

fn named(pointer: &str, name: &str, schema: &Map<String, Value>, notes: &mut Notes<'_>) {
    let is_told =
        |keyword: &str| schema.get(keyword).and_then(Value::as_str).is_some_and(|told| !told.trim().is_empty());
    if !is_told("title") {
        notes.add(Level::Note, "title-missing", pointer, "the property has no title");
    }
    if !is_told("description") {
        notes.add(Level::Note, "description-missing", pointer, "the property has no description");
    }
    if name.trim() != name || name.contains(char::is_whitespace) {
        let message = format!("the name {name:?} has blanks in it, so that nobody sends it");
        notes.add(Level::Error, "name-blank", pointer, message);
    } else if !name.contains([':', '/', '@']) {
        let message =
            format!("{name} has no prefix, and objects with the rule for prefixes reject it; call it xdm:{name}");
        notes.add(Level::Warning, "name-unprefixed", pointer, message);
    }
}

/// Enumerations and their labels.
fn values(pointer: &str, schema: &Map<String, Value>, notes: &mut Notes<'_>) {
    let hard = schema.get("enum").and_then(Value::as_array);
    let at = format!("{pointer}/meta:enum");
    match (hard, schema.get("meta:enum")) {
        (_, Some(Value::Array(_))) => {
            let message = "meta:enum is an object of values and their labels, not a list";
            notes.add(Level::Warning, "enum-labels-list", &at, message);
        }
        (Some(_), None) => {
            let message = "the values of enum have no labels; add meta:enum (--fix writes each value as its label)";
            notes.add(Level::Warning, "enum-unlabelled", &format!("{pointer}/enum"), message);
        }
        (Some(hard), Some(Value::Object(labels))) => {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let hard: Vec<String> = hard.iter().map(text).collect();
            let unlabelled: Vec<&str> =
                hard.iter().map(String::as_str).filter(|value| !labels.contains_key(*value)).collect();
            let unknown: Vec<&str> =
                labels.keys().map(String::as_str).filter(|label| !hard.iter().any(|value| value == label)).collect();
            if !unlabelled.is_empty() {
                let message = format!("values without a label: {}", unlabelled.join(", "));
                notes.add(Level::Warning, "enum-labels-differ", &at, message);
            }
            if !unknown.is_empty() {
                let message = format!("labels of values that enum forbids: {}", unknown.join(", "));
                notes.add(Level::Warning, "enum-labels-differ", &at, message);
            }
        }
        _ => {}
    }
}

fn default(pointer: &str, schema: &Map<String, Value>, notes: &mut Notes<'_>) {
    let Some(default) = schema.get("default") else { return };
    let at = format!("{pointer}/default");
    if let Some(values) = schema.get("enum").and_then(Value::as_array).filter(|values| !values.contains(default)) {
        let values: Vec<String> = values.iter().map(Value::to_string).collect();
        let message = format!("the default {default} is not one of {}", values.join(", "));
        notes.add(Level::Warning, "default-outside-enum", &at, message);
    }
    if let Some(kind) = schema.get("type").and_then(Value::as_str).filter(|kind| !is_a(default, kind)) {
        let message = format!("the default {default} is not of the type {kind}");
        notes.add(Level::Warning, "default-type", &at, message);
    }
}

/// Is the value of this type?
pub(crate) fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => true,
    }
}

fn xdm_type(pointer: &str, schema: &Map<String, Value>, notes: &mut Notes<'_>) {
    let Some(told) = schema.get("meta:xdmType").and_then(Value::as_str) else { return };
    let at = format!("{pointer}/meta:xdmType");
    let kind = schema.get("type").and_then(Value::as_str);
    match XDM_TYPES.iter().find(|(name, _)| *name == told) {
        None => {
            let known: Vec<&str> = XDM_TYPES.iter().map(|(name, _)| *name).collect();
            let message = format!("{told} is no logical type of XDM, which are {}", known.join(", "));
            notes.add(Level::Note, "xdm-type-unknown", &at, message);
        }
        Some((_, carriers)) => {
            if let Some(kind) = kind.filter(|kind| !carriers.contains(kind)) {
                let message = format!("the logical type {told} can't be carried by the type {kind}");
                notes.add(Level::Warning, "xdm-type-differs", &at, message);
            }
        }
    }
}
