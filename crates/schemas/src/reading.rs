//! How a schema is read for people: where references lead, what is inherited, what a
//! keyword says in words. What it means for events is `xdm`'s.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::corpus::Corpus;

/// Deepest chain of references and compositions that is followed.
const INHERITANCE_DEPTH_MAX: usize = 64;

/// A schema and the `$id` of the document that it stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'c> {
    pub(crate) document: &'c str,
    pub(crate) schema: &'c Value,
}

/// Where a reference leads; nothing where nothing is known.
pub(crate) fn follow<'c>(corpus: &'c Corpus, from: Place<'c>, reference: &str) -> Option<Place<'c>> {
    let (id, pointer) = reference.split_once('#').unwrap_or((reference, ""));
    let id = if id.is_empty() { from.document } else { id };
    let (document, root) = corpus.document(id)?;
    let pointer = percent_encoding::percent_decode_str(pointer).decode_utf8().ok()?;
    Some(Place { document, schema: root.pointer(&pointer)? })
}

/// The schema that stands here for good: behind references.
pub(crate) fn target<'c>(corpus: &'c Corpus, mut place: Place<'c>) -> Place<'c> {
    for _ in 0..INHERITANCE_DEPTH_MAX {
        let Some(reference) = place.schema.get("$ref").and_then(Value::as_str) else { break };
        let Some(next) = follow(corpus, place, reference) else { break };
        place = next;
    }
    place
}

/// The schema of what a value holds in the end: of a list its items, of a map its values.
pub(crate) fn innermost<'c>(corpus: &'c Corpus, mut place: Place<'c>) -> Place<'c> {
    for _ in 0..INHERITANCE_DEPTH_MAX {
        place = target(corpus, place);
        let inner = ["items", "additionalProperties"].iter().find_map(|keyword| place.schema.get(keyword));
        let Some(schema) = inner.filter(|schema| schema.is_object()) else { break };
        if place.schema.get("properties").and_then(Value::as_object).is_some_and(|own| !own.is_empty()) {
            break;
        }
        place = Place { schema, ..place };
    }
    place
}

/// A declared property.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declared<'c> {
    pub(crate) name: &'c str,
    pub(crate) place: Place<'c>,
}

/// What a schema and all that it composes declare.
#[derive(Debug, Default)]
pub(crate) struct Properties<'c> {
    /// Each name once: the declaration nearest to the schema.
    pub(crate) declared: Vec<Declared<'c>>,
    pub(crate) required: BTreeSet<&'c str>,
    names: BTreeSet<&'c str>,
}

/// The properties of a schema, inherited ones included.
pub(crate) fn properties<'c>(corpus: &'c Corpus, place: Place<'c>) -> Properties<'c> {
    found(corpus, place, Extent::All)
}

/// The properties that a schema's own document declares.
pub(crate) fn own_properties<'c>(corpus: &'c Corpus, place: Place<'c>) -> Properties<'c> {
    found(corpus, place, Extent::Own)
}

/// Which documents are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    All,
    Own,
}

fn found<'c>(corpus: &'c Corpus, place: Place<'c>, extent: Extent) -> Properties<'c> {
    let mut found = Properties::default();
    let mut seen = BTreeSet::new();
    collect(corpus, place, extent, &mut found, &mut seen, 0);
    found
}

fn collect<'c>(
    corpus: &'c Corpus,
    place: Place<'c>,
    extent: Extent,
    found: &mut Properties<'c>,
    seen: &mut BTreeSet<*const Value>,
    depth: usize,
) {
    if depth > INHERITANCE_DEPTH_MAX || !seen.insert(std::ptr::from_ref(place.schema)) {
        return;
    }
    let schema = place.schema;
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = follow(corpus, place, reference);
        if let Some(target) = target.filter(|to| extent == Extent::All || to.document == place.document) {
            collect(corpus, target, extent, found, seen, depth + 1);
        }
        return;
    }
    for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if schema.is_object() && found.names.insert(name) {
            found.declared.push(Declared { name, place: Place { schema, ..place } });
        }
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    found.required.extend(required.filter_map(Value::as_str));
    for entry in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        collect(corpus, Place { schema: entry, ..place }, extent, found, seen, depth + 1);
    }
}

/// The references of a schema's composition, each once; those to its own definitions aside.
pub(crate) fn references(schema: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    for entry in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        let reference = entry.get("$ref").and_then(Value::as_str).filter(|to| !to.starts_with('#'));
        found.extend(reference.filter(|to| !found.contains(to)));
    }
    found
}

/// Does a schema forbid properties that it doesn't declare?
pub(crate) fn is_closed(schema: &Value) -> bool {
    schema.get("additionalProperties") == Some(&Value::Bool(false))
}

/// The types that a schema names.
pub(crate) fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// What holds for a schema's values beside their type, a sentence each.
pub(crate) fn sentences(schema: &Value) -> Vec<String> {
    let mut told = Vec::new();
    let mut say = |name: &str, sentence: &dyn Fn(&str) -> String| {
        if let Some(value) = schema.get(name).filter(|value| !value.is_object() && !value.is_array()) {
            told.push(sentence(&value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
        }
    };
    say("format", &|value| format!("format `{value}`"));
    say("pattern", &|value| format!("matches `{value}`"));
    say("minLength", &|value| format!("at least {value} characters"));
    say("maxLength", &|value| format!("at most {value} characters"));
    say("minimum", &|value| format!("at least {value}"));
    say("maximum", &|value| format!("at most {value}"));
    say("exclusiveMinimum", &|value| format!("more than {value}"));
    say("exclusiveMaximum", &|value| format!("less than {value}"));
    say("multipleOf", &|value| format!("a multiple of {value}"));
    say("minItems", &|value| format!("at least {value} items"));
    say("maxItems", &|value| format!("at most {value} items"));
    say("minProperties", &|value| format!("at least {value} properties"));
    say("maxProperties", &|value| format!("at most {value} properties"));
    say("meta:personal", &|value| format!("personal ({value}), sealed"));
    if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
        told.push("no item twice".to_owned());
    }
    if let Some(value) = schema.get("const") {
        told.push(format!("always `{value}`"));
    }
    for (pattern, _) in schema.get("patternProperties").and_then(Value::as_object).into_iter().flatten() {
        told.push(format!("holds properties that match `{pattern}`"));
    }
    told
}
