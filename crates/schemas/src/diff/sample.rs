//! A small value that a schema probably accepts. Whether it does is asked of the compiled
//! schema.

use serde_json::{Map, Value, json};

use crate::corpus::Corpus;
use crate::reading::{self, Place, types};

/// Deepest nesting of a sample.
const DEPTH_MAX: usize = 8;
/// Most items, and most characters, that a sample has.
const SIZE_MAX: u64 = 256;

/// Most values in a sample.
const VALUES_MAX: usize = 200;

/// A value for the schema at this place.
pub(super) fn sample(corpus: &Corpus, place: Place<'_>) -> Value {
    let mut left = VALUES_MAX;
    made(corpus, place, 0, &mut left)
}

fn made(corpus: &Corpus, place: Place<'_>, depth: usize, left: &mut usize) -> Value {
    if *left == 0 {
        return Value::Null;
    }
    *left -= 1;
    let place = reading::target(corpus, place);
    let schema = place.schema;
    let told = ["const", "default"].iter().find_map(|name| schema.get(*name)).or_else(|| {
        ["enum", "examples"]
            .iter()
            .find_map(|name| schema.get(*name).and_then(Value::as_array).and_then(|all| all.first()))
    });
    if let Some(value) = told {
        return value.clone();
    }
    match types(schema).first() {
        Some(&"string") => text(schema).into(),
        Some(&"integer" | &"number") => {
            let bound = schema.get("minimum").or_else(|| schema.get("maximum"));
            bound.cloned().unwrap_or_else(|| json!(1))
        }
        Some(&"boolean") => true.into(),
        Some(&"null") => Value::Null,
        Some(&"array") => {
            let count = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0).min(SIZE_MAX);
            let item = schema.get("items").filter(|_| depth < DEPTH_MAX);
            let item = item.map_or(Value::Null, |schema| made(corpus, Place { schema, ..place }, depth + 1, left));
            (0..count).map(|_| item.clone()).collect()
        }
        _ => object(corpus, place, depth, left),
    }
}

fn object(corpus: &Corpus, place: Place<'_>, depth: usize, left: &mut usize) -> Value {
    let found = reading::properties(corpus, place);
    let needed = found.declared.iter().filter(|declared| found.required.contains(declared.name) && depth < DEPTH_MAX);
    let members = needed.map(|declared| (declared.name.to_owned(), made(corpus, declared.place, depth + 1, left)));
    Value::Object(members.collect::<Map<_, _>>())
}

fn text(schema: &Value) -> String {
    let known = match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => "2026-01-01T00:00:00Z",
        Some("date") => "2026-01-01",
        Some("time") => "00:00:00Z",
        Some("uri" | "url" | "uri-reference" | "iri") => "https://example.com/",
        Some("email") => "a@example.com",
        Some("ipv4") => "10.0.0.1",
        Some("ipv6") => "::1",
        _ => "a",
    };
    let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0).min(SIZE_MAX);
    let missing = usize::try_from(least).unwrap_or(0).saturating_sub(known.chars().count());
    format!("{known}{}", "a".repeat(missing))
}
