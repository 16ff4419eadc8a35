//! What the published documents list as a schema's properties: its own, those of the
//! definitions it composes, and those of a whole schema one level up. Deeper ones are
//! missing there, as are links from nested properties; both belong to the form.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::js;
use crate::docs::{parent, relative};

/// Deepest nesting of alternatives whose references are followed.
const ALTERNATIVES_DEPTH_MAX: usize = 32;

/// Most references of one document that are resolved.
const RESOLVED_MAX: usize = 4_000;

/// The schemas by `$id`: path below the directory, and the document.
pub(super) type Known<'k> = HashMap<&'k str, (&'k str, &'k Value)>;

/// A link to another schema's document.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) title: String,
    pub(super) path: String,
    pub(super) id: String,
}

/// A schema with what it composes, and the schemas that its document names.
pub(super) struct Merged {
    pub(super) schema: Value,
    pub(super) hierarchy: Vec<Link>,
}

/// Merges the schema at this path.
pub(super) fn merge(path: &str, schema: &Value, known: &Known<'_>) -> Merged {
    let id = text(schema, "$id").to_owned();
    let mut merger = Merger { known, path, id, hierarchy: Vec::new(), left: RESOLVED_MAX };
    let mut schema = schema.clone();
    let id = merger.id.clone();
    let later = merger.schema(&mut schema, &id);
    for (mut inner, base, link) in later {
        // A whole schema's own whole schemas come too late to be listed.
        merger.schema(&mut inner, &base);
        let properties = take_properties(&inner);
        for (name, value) in properties {
            if let Some(value) = merger.property(value, &base, 0) {
                set_property(&mut schema, &name, value, Some(&link));
            }
        }
    }
    Merged { schema, hierarchy: merger.hierarchy }
}

struct Merger<'k> {
    known: &'k Known<'k>,
    /// Of the document that is written.
    path: &'k str,
    id: String,
    hierarchy: Vec<Link>,
    /// References that may still be resolved.
    left: usize,
}

/// How a reference is spelled.
enum Reference<'r> {
    /// Another schema as a whole.
    Whole(&'r str),
    /// A definition of another schema.
    Definition(&'r str, &'r str),
    /// Another place in another schema.
    Place(&'r str, &'r str),
    /// A definition of the same schema.
    Own(&'r str),
    Unknown,
}

impl<'k> Merger<'k> {
    fn reference<'r>(&self, reference: &'r str) -> Reference<'r> {
        let mut parts = reference.split('#');
        let (start, end) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let is_definition = end.starts_with("/definitions/");
        match (start.encode_utf16().count() > 1, self.known.contains_key(start)) {
            (true, true) if is_definition => Reference::Definition(start, end),
            (true, true) if end.is_empty() => Reference::Whole(start),
            (true, true) => Reference::Place(start, end),
            (false, _) if is_definition => Reference::Own(end),
            _ => Reference::Unknown,
        }
    }

    /// The link to another schema, which is noted in the hierarchy of the schema at `base`.
    fn link(&mut self, id: &str, base: Option<&str>) -> Link {
        let (path, schema) = self.known.get(id).copied().unwrap_or(("", &Value::Null));
        let file = relative(parent(self.path), path);
        let stem = file.strip_suffix(".json").unwrap_or(&file);
        let title = match text(schema, "title") {
            "" => stem.rsplit('/').next().unwrap_or_default().to_owned(),
            title => title.to_owned(),
        };
        let link = Link { title, path: format!("{stem}.md"), id: id.to_owned() };
        if base == Some(self.id.as_str()) && !self.hierarchy.iter().any(|known| known.id == id) {
            self.hierarchy.push(link.clone());
        }
        link
    }

    /// Adds what a schema composes to its properties, all but whole schemas, which are
    /// returned: document, `$id` and link.
    fn schema(&mut self, schema: &mut Value, base: &str) -> Vec<(Value, String, Link)> {
        let Some(map) = schema.as_object_mut() else { return Vec::new() };
        if !map.get("properties").is_some_and(Value::is_object) {
            map.insert("properties".to_owned(), json!({}));
        }
        let (mut now, mut later) = (Vec::new(), Vec::new());
        match map.get("allOf").cloned() {
            Some(Value::Array(all)) => {
                for entry in &all {
                    self.entry(map, entry, base, &mut now, &mut later);
                }
            }
            _ => {
                for (name, value) in take_properties(schema) {
                    if let Some(value) = self.property(value, base, 0) {
                        set_property(schema, &name, value, None);
                    }
                }
            }
        }
        for (name, value, link) in now {
            set_property(schema, &name, value, link.as_ref());
        }
        later
    }

    fn entry(
        &mut self,
        map: &mut Map<String, Value>,
        entry: &Value,
        base: &str,
        now: &mut Vec<(String, Value, Option<Link>)>,
        later: &mut Vec<(Value, String, Link)>,
    ) {
        let Some(reference) = entry.get("$ref").and_then(Value::as_str) else {
            // What stands beside references replaces what the schema says at its root.
            for (name, value) in entry.as_object().into_iter().flatten() {
                map.insert(name.clone(), value.clone());
            }
            return;
        };
        let (id, pointer, is_definition) = match self.reference(reference) {
            Reference::Whole(id) => {
                let link = self.link(id, Some(base));
                if let Some((_, schema)) = self.known.get(id) {
                    later.push(((*schema).clone(), id.to_owned(), link));
                }
                return;
            }
            Reference::Definition(id, pointer) => (id, pointer, true),
            Reference::Place(id, pointer) => (id, pointer, false),
            Reference::Own(pointer) => (base, pointer, false),
            Reference::Unknown => return,
        };
        let link = (id != base).then(|| self.link(id, Some(base)));
        let Some(target) = self.known.get(id).and_then(|(_, schema)| schema.pointer(pointer)) else { return };
        for (name, value) in take_properties(target) {
            if let Some(value) = self.property(value, id, 0) {
                now.push((name, value, link.clone().filter(|_| is_definition)));
            }
        }
    }

    /// A property with its reference resolved; nothing where it leads nowhere.
    fn property(&mut self, mut value: Value, base: &str, depth: usize) -> Option<Value> {
        if value.get("$ref").is_some() {
            return self.resolved(value, Some(base), depth);
        }
        if value["type"] == "array" && value["items"].get("$ref").is_some() {
            let items = value["items"].clone();
            if let (Some(Value::Object(whole)), Some(items)) =
                (self.resolved(items, None, depth), value["items"].as_object_mut())
            {
                items.extend(whole.into_iter().filter(|(name, _)| name != "$ref"));
            }
        }
        Some(value)
    }

    fn resolved(&mut self, mut value: Value, base: Option<&str>, depth: usize) -> Option<Value> {
        let reference = value.get("$ref").and_then(Value::as_str)?.to_owned();
        self.left = self.left.checked_sub(1)?;
        let (id, pointer) = match self.reference(&reference) {
            Reference::Whole(id) => {
                let link = self.link(id, base);
                value["$linkVal"] = link.title.into();
                value["$linkPath"] = link.path.into();
                return Some(value);
            }
            Reference::Definition(id, pointer) | Reference::Place(id, pointer) => {
                self.link(id, base);
                (id, pointer)
            }
            Reference::Own(pointer) => (base?, pointer),
            Reference::Unknown => return None,
        };
        let mut target = self.known.get(id)?.1.pointer(pointer)?.clone();
        if let (Some(target), Some(beside)) = (target.as_object_mut(), value.as_object()) {
            for name in js::keys(beside).into_iter().filter(|name| *name != "$ref") {
                target.insert(name.to_owned(), beside[name].clone());
            }
        }
        Some(self.alternatives(target, id, depth + 1))
    }

    /// Resolves the references of alternatives and of items.
    fn alternatives(&mut self, mut schema: Value, base: &str, depth: usize) -> Value {
        if depth > ALTERNATIVES_DEPTH_MAX {
            return schema;
        }
        let Some(keyword) = ["anyOf", "oneOf"].into_iter().find(|keyword| schema.get(keyword).is_some()) else {
            let reference = schema.get("items").filter(|items| items.get("$ref").is_some()).cloned();
            if let Some(map) = schema.as_object_mut().filter(|map| map.contains_key("items")) {
                map.entry("type").or_insert_with(|| "array".into());
                if let Some(items) = reference {
                    match self.resolved(items, Some(base), depth) {
                        Some(items) => map.insert("items".to_owned(), items),
                        None => map.shift_remove("items"),
                    };
                }
            }
            return schema;
        };
        schema["type"] = keyword.into();
        let options = schema[keyword].as_array().cloned().unwrap_or_default();
        let options = options.into_iter().map(|option| match option.get("$ref").is_some() {
            true => self.resolved(option, Some(base), depth).unwrap_or(Value::Null),
            false => self.alternatives(option, base, depth + 1),
        });
        schema[keyword] = options.collect::<Vec<_>>().into();
        schema
    }
}

fn take_properties(schema: &Value) -> Vec<(String, Value)> {
    let Some(map) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    js::keys(map).into_iter().map(|name| (name.to_owned(), map[name].clone())).collect()
}

fn set_property(schema: &mut Value, name: &str, mut value: Value, link: Option<&Link>) {
    if let (Some(link), Some(value)) = (link, value.as_object_mut()) {
        value.insert("$oSchema".to_owned(), json!({"$linkVal": link.title, "$linkPath": link.path}));
    }
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert(name.to_owned(), value);
    }
}

/// A member that is a text; empty where there is none.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
