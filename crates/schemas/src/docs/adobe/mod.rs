//! The published form of XDM's reference documents, byte for byte.
//!
//! It is what `@adobe/jsonschema2md` 1.1.0 (Apache-2.0) writes, its quirks included: blank
//! lines, empty links, dumps of what it has no words for, required properties shown as
//! optional. They live in this module and nowhere else; [`crate::docs::plain`] is the same
//! document without them.

mod formats;
mod js;
mod merge;
mod property;
mod types;

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::corpus::Corpus;
use crate::docs::Page;
use merge::{Known, Link, Merged};

/// Writes the document of every schema.
pub(super) fn pages(corpus: &Corpus) -> Vec<Page> {
    let mut known = Known::new();
    for schema in corpus.schemas() {
        known.entry(schema.id()).or_insert((schema.path(), schema.root()));
    }
    let page = |path: &str, schema: &Value| {
        let examples = corpus.examples_that(path, |example, told| formats::are_kept(corpus, example, told));
        let stem = path.strip_suffix(".json").unwrap_or(path);
        let mut schema = schema.clone();
        if let Some(map) = schema.as_object_mut() {
            if let Some(examples) = examples {
                map.insert("examples".to_owned(), examples.into());
            }
            if let Some(description) = corpus.description(path) {
                map.insert("description".to_owned(), description.into());
            }
        }
        Page { path: format!("{stem}.md"), text: document(path, &schema, &known) }
    };
    corpus.schemas().iter().map(|schema| page(schema.path(), schema.root())).collect()
}

fn document(path: &str, schema: &Value, known: &Known<'_>) -> String {
    let Merged { mut schema, hierarchy } = merge::merge(path, schema, known);
    let mut document = Document(String::new());
    document.push(&header(path, &schema, &hierarchy));
    document.push(&examples_block(&schema));
    properties(&mut schema, &mut document);
    definitions(&mut schema, &mut document);
    document.0
}

/// The parts of a document, one after the other, each with its blank lines halved.
struct Document(String);

impl Document {
    fn push(&mut self, part: &str) {
        self.0.push_str(&part.replace("\n\n", "\n"));
    }
}

fn told(schema: &Value, name: &str) -> String {
    js::escape(&js::string(schema.get(name)))
}

fn header(path: &str, schema: &Value, hierarchy: &[Link]) -> String {
    let mut out = format!("\n# {} Schema\n\n\n```\n{}\n```\n\n\n", told(schema, "title"), told(schema, "$id"));
    if let Some(description) = schema.get("description") {
        let _ = write!(out, "\n{}\n", property::paragraphs(&js::string(Some(description))));
    }
    let _ = write!(out, "\n\n\n{}\n", js::escape(&table(path, schema)));
    if !hierarchy.is_empty() {
        let (title, id) = (told(schema, "title"), told(schema, "$id"));
        let _ = write!(out, "\n## Schema Hierarchy\n\n\n* {title} `{id}`\n");
        for Link { title, path, id } in hierarchy {
            let (title, path, id) = (js::escape(title), js::escape(path), js::escape(id));
            let _ = write!(out, "\n  * [{title}]({path}) `{id}`\n");
        }
        out.push('\n');
    }
    out.push('\n');
    out
}

fn members(schema: &Value, name: &str) -> usize {
    schema.get(name).and_then(Value::as_object).map_or(0, Map::len)
}

fn table(path: &str, schema: &Value) -> String {
    let up = "../".repeat(path.split('/').count());
    let abstracts = schema.get("definitions").is_some() && members(schema, "properties") == 0;
    let extensible = schema.get("definitions").is_some() || schema.get("meta:extensible") == Some(&Value::Bool(true));
    let id = schema.get("properties").and_then(|properties| properties.get("@id"));
    let is_uri = id.is_some_and(|id| id["type"] == "string" && id["format"] == "uri");
    // The rule for own properties had another `$id` once, and only that is looked for.
    let old = "https://ns.adobe.com/xdm/common/extensible.schema.json#/definitions/@context";
    let all = schema.get("allOf").and_then(Value::as_array);
    let custom = all.is_some_and(|all| all.iter().any(|entry| entry["$ref"] == old));
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    let columns = [
        (format!("[Abstract]({up}abstract.md)"), choice(abstracts, "Cannot be instantiated", "Can be instantiated")),
        (format!("[Extensible]({up}extensions.md)"), choice(extensible, "Yes", "No")),
        (format!("[Status]({up}status.md)"), status(schema)),
        (format!("[Identifiable]({up}id.md)"), choice(is_uri, "Yes", "No")),
        (format!("[Custom Properties]({up}extensions.md)"), choice(custom, "Allowed", "Forbidden")),
        (format!("[Additional Properties]({up}extensions.md)"), choice(closed, "Forbidden", "Permitted")),
        ("Defined In".to_owned(), format!("[{path}]({path})")),
    ];
    let mut out = String::from("|");
    for (head, _) in &columns {
        let _ = write!(out, " {head} |");
    }
    out.push_str("\n|");
    for (head, _) in &columns {
        let _ = write!(out, "-{}-|", "-".repeat(head.encode_utf16().count()));
    }
    out.push_str("\n|");
    for (_, value) in &columns {
        let _ = write!(out, " {value} |");
    }
    out
}

fn choice(is_so: bool, yes: &str, no: &str) -> String {
    if is_so { yes.to_owned() } else { no.to_owned() }
}

fn status(schema: &Value) -> String {
    let status = schema.get("meta:status").and_then(Value::as_str).unwrap_or("experimental");
    let mut letters = status.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn examples_block(schema: &Value) -> String {
    let title = told(schema, "title");
    match property::examples(schema.get("examples")).as_deref() {
        Some([example]) => format!("\n## {title} Example\n\n```json\n{example}\n```\n"),
        Some(examples) if examples.len() > 1 => {
            let all: String = examples.iter().map(|example| format!("\n\n```json\n{example}\n```\n\n")).collect();
            format!("\n## {title} Examples\n{all}\n")
        }
        _ => String::new(),
    }
}

/// Has one of these properties a default? Of names with a dot it isn't known.
fn has_default(properties: &Map<String, Value>) -> bool {
    properties.iter().any(|(name, schema)| !name.contains(['.', '[']) && schema.get("default").is_some())
}

fn default_cell(schema: &Value, has_default: bool) -> String {
    let told = schema.get("default").map(|default| format!("`{}`", js::compact(default))).unwrap_or_default();
    if has_default { format!(" {told} |") } else { String::new() }
}

fn properties(schema: &mut Value, document: &mut Document) {
    let title = told(schema, "title");
    let required = schema.get("required").cloned();
    let additional = schema.get("additionalProperties") != Some(&Value::Bool(false));
    let Some(Value::Object(mut properties)) = schema.get("properties").cloned() else { return };
    if properties.is_empty() {
        return;
    }
    let mut patterns = schema.get("patternProperties").and_then(Value::as_object).cloned().unwrap_or_default();
    for name in required.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if let Some(property) = properties.get_mut(name).and_then(Value::as_object_mut) {
            property.insert("isrequired".to_owned(), true.into());
        }
    }
    properties.values_mut().for_each(types::note_type);
    patterns.values_mut().for_each(types::note_type);
    let anchors = js::anchors(&js::sorted(&properties));
    let has_default = has_default(&properties);
    let (head, line) = if has_default { (" Default |", "---------|") } else { ("", "") };
    let mut out = format!(
        "\n# {title} Properties\n\n\n\n| Property | Type | Required |{head} Defined by |\n|----------|------|----------|{line}------------|\n"
    );
    let origin = |property: &Value, anchor: &str| match property.get("$oSchema") {
        Some(origin) => property::link(origin, anchor),
        None => format!("{title} (this schema)"),
    };
    for (name, anchor) in &anchors {
        let property = &properties[name];
        let required = choice(property.get("isrequired").is_some(), "**Required**", "Optional");
        let (simple, cell) = (js::escape(&types::simple(property)), default_cell(property, has_default));
        let (name, origin) = (js::escape(name), origin(property, anchor));
        let _ = writeln!(out, "\n| [{name}](#{anchor}) | {simple} | {required} |{cell} {origin} |");
    }
    for name in js::keys(&patterns) {
        let property = &patterns[name];
        let (simple, cell) = (js::escape(&types::simple(property)), default_cell(property, has_default));
        let name = name.replacen(':', "", 1);
        let origin = origin(property, &name.to_lowercase());
        let _ = writeln!(out, "\n| `{}` | {simple} | Pattern |{cell} {origin} |", js::escape(&name));
    }
    if additional {
        out.push_str("\n| `*` | any | Additional | this schema *allows* additional properties |\n");
    }
    document.push(&out);
    for (name, anchor) in &anchors {
        let mut out = String::new();
        if let Some(value) = properties.get_mut(name) {
            property::outer(name, value, property::is_listed(required.as_ref(), name), anchor, &mut out);
        }
        document.push(&out);
    }
    let names: Vec<String> = js::keys(&patterns).into_iter().map(str::to_owned).collect();
    for name in names {
        let mut out = String::new();
        if let Some(value) = patterns.get_mut(&name) {
            property::pattern(&name, value, &mut out);
        }
        document.push(&out);
    }
}

/// The properties of definitions that the schema doesn't compose.
fn definitions(schema: &mut Value, document: &mut Document) {
    let (title, id) = (told(schema, "title"), told(schema, "$id"));
    let known = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut found = Map::new();
    let Some(definitions) = schema.get("definitions").and_then(Value::as_object) else { return };
    for group in js::keys(definitions) {
        let Some(properties) = definitions[group].get("properties").and_then(Value::as_object) else { continue };
        for name in js::keys(properties).into_iter().filter(|name| !known.contains_key(*name)) {
            let mut property = properties[name].clone();
            if let Some(property) = property.as_object_mut() {
                property.insert("definitiongroup".to_owned(), group.into());
            }
            found.insert(name.to_owned(), property);
        }
    }
    if found.is_empty() {
        return;
    }
    found.values_mut().for_each(types::note_type);
    let anchors = js::anchors(&js::sorted(&found));
    let mut out = format!("\n# {title} Definitions\n\n\n\n| Property | Type | Group |\n|----------|------|-------|\n");
    for (name, anchor) in &anchors {
        let (simple, group) = (js::escape(&types::simple(&found[name])), told(&found[name], "definitiongroup"));
        let _ = writeln!(out, "\n| [{}](#{anchor}) | {simple} | `{id}#/definitions/{group}` |", js::escape(name));
    }
    document.push(&out);
    for (name, anchor) in &anchors {
        let mut out = String::new();
        if let Some(value) = found.get_mut(name) {
            property::outer(name, value, false, anchor, &mut out);
        }
        document.push(&out);
    }
}
