//! One schema document: its JSON, the file it came from, and which base URI holds where
//! in it.
//!
//! Read with a visitor of its own, because a name that comes twice in an object is lost
//! once there is a tree.

use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::fault::{Fault, FaultCode};
use super::pointer;
use super::uri;
use crate::keyword::{self, Subschemas};
use crate::limits::SCHEMA_BYTES_MAX;

/// What serde_json says of more than 127 levels, of which it has no other sign.
const TOO_DEEP: &str = "recursion limit exceeded";

/// A schema document.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// Its file, where it came from one.
    file: Option<Box<str>>,
    /// Its URI without a fragment: the `$id`, or where it was retrieved from.
    pub(crate) id: String,
    pub(crate) root: Arc<Value>,
    /// Schemas with an `$id` of their own, outer ones first: pointer and base URI.
    bases: Vec<(String, String)>,
    /// Schemas that are named by a fragment (`"$id": "#name"`): URI with fragment, pointer.
    pub(crate) anchors: Vec<(String, String)>,
}

impl Document {
    /// Reads a document. `uri` is where it was retrieved from; without it the document
    /// must have an `$id`. Names that come twice are added to `warnings`.
    pub(crate) fn read(
        text: &str,
        file: Option<&str>,
        uri: Option<&str>,
        warnings: &mut Vec<Fault>,
    ) -> Result<Document, Fault> {
        let name = || file.or(uri).unwrap_or("the schema").to_owned();
        let fault = |code, message: String| Fault { code, file: name(), pointer: String::new(), message };
        if text.len() > SCHEMA_BYTES_MAX {
            let message = format!("the schema is longer than {SCHEMA_BYTES_MAX} bytes; split it");
            return Err(fault(FaultCode::Limit, message));
        }
        let mut repeated = Vec::new();
        let root = read_value(text, &mut repeated).map_err(|error| unread(&error, name()))?;
        let stated = root.get("$id").and_then(Value::as_str).filter(|_| root.get("$ref").is_none() || uri.is_none());
        let id = match (stated, uri) {
            (Some(stated), Some(uri)) => uri::resolve(uri, stated),
            (Some(stated), None) => stated.to_owned(),
            (None, Some(uri)) => uri.to_owned(),
            (None, None) => {
                let message = "the schema has no \"$id\"; add one, so that others can refer to it";
                return Err(fault(FaultCode::NoId, message.to_owned()));
            }
        };
        let id = uri::without_fragment(&id).to_owned();
        let label = file.unwrap_or(&id).to_owned();
        warnings.extend(repeated.into_iter().map(|pointer| Fault {
            code: FaultCode::DuplicateKey,
            file: label.clone(),
            pointer,
            message: "the name comes twice in its object and the last one counts; keep one".to_owned(),
        }));
        let bases = vec![(String::new(), id.clone())];
        let mut document = Document { file: file.map(Box::from), id, root: Arc::new(root), bases, anchors: Vec::new() };
        document.scan();
        Ok(document)
    }

    /// The file that it came from.
    pub(crate) fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// What a fault calls it: the file, or its URI.
    pub(crate) fn label(&self) -> &str {
        self.file.as_deref().unwrap_or(&self.id)
    }

    /// The base URI that holds at a pointer.
    pub(crate) fn base(&self, pointer: &str) -> &str {
        let holds = |at: &str| pointer.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.bases.iter().rev().find(|(at, _)| holds(at)).map_or(&self.id, |(_, base)| base)
    }

    /// Schemas inside with an `$id` of their own: URI and pointer.
    pub(crate) fn embedded(&self) -> impl Iterator<Item = (&str, &str)> {
        self.bases.iter().skip(1).map(|(pointer, uri)| (uri.as_str(), pointer.as_str()))
    }

    fn scan(&mut self) {
        let root = Arc::clone(&self.root);
        self.scan_schema(&root, "");
    }

    fn scan_schema(&mut self, schema: &Value, at: &str) {
        let Value::Object(map) = schema else { return };
        // Beside a `$ref` draft-06 ignores everything, the `$id` too.
        if let Some(id) = map.get("$id").and_then(Value::as_str).filter(|_| !map.contains_key("$ref")) {
            self.note_id(id, at);
        }
        for (name, value) in map {
            let below = |step: &str| format!("{at}/{}/{}", pointer::escape(name), pointer::escape(step));
            match (keyword::subschemas(name), value) {
                (Subschemas::One | Subschemas::OneOrList, Value::Object(_)) => {
                    self.scan_schema(value, &format!("{at}/{}", pointer::escape(name)));
                }
                (Subschemas::List | Subschemas::OneOrList, Value::Array(list)) => {
                    list.iter()
                        .enumerate()
                        .for_each(|(index, item)| self.scan_schema(item, &below(&index.to_string())));
                }
                (Subschemas::ByName, Value::Object(schemas)) => {
                    schemas.iter().for_each(|(step, item)| self.scan_schema(item, &below(step)));
                }
                _ => {}
            }
        }
    }

    fn note_id(&mut self, id: &str, at: &str) {
        let full = uri::resolve(self.base(at), id);
        let uri = uri::without_fragment(&full).to_owned();
        if !at.is_empty() && !id.starts_with('#') {
            self.bases.push((at.to_owned(), uri));
        }
        if full.split_once('#').is_some_and(|(_, fragment)| !fragment.is_empty() && !fragment.starts_with('/')) {
            self.anchors.push((full, at.to_owned()));
        }
    }
}

/// The JSON of one schema, whatever it says; `file` is what it is called. A byte order mark is passed over.
///
/// # Errors
/// It is no JSON, or nested too deep.
pub fn read_json(text: &str, file: &str) -> Result<Value, Fault> {
    read_value(text, &mut Vec::new()).map_err(|error| unread(&error, file.to_owned()))
}

fn unread(error: &serde_json::Error, file: String) -> Fault {
    let told = error.to_string();
    let (code, message) = match told.starts_with(TOO_DEEP) {
        true => {
            let place = format!("line {}, column {}", error.line(), error.column());
            (FaultCode::Limit, format!("the schema is nested too deep at {place}; flatten it"))
        }
        false => (FaultCode::NotJson, format!("the schema is not JSON: {told}")),
    };
    Fault { code, file, pointer: String::new(), message }
}

fn read_value(text: &str, repeated: &mut Vec<String>) -> Result<Value, serde_json::Error> {
    let mut pointer = String::new();
    let mut deserializer = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
    let value = Tree { repeated, pointer: &mut pointer }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Builds a tree and notes the names that come twice.
struct Tree<'t> {
    repeated: &'t mut Vec<String>,
    pointer: &'t mut String,
}

impl Tree<'_> {
    fn below<T>(&mut self, step: &str, read: impl FnOnce(Tree<'_>) -> T) -> T {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&pointer::escape(step));
        let read = read(Tree { repeated: self.repeated, pointer: self.pointer });
        self.pointer.truncate(length);
        read
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = self.below(&list.len().to_string(), |tree| items.next_element_seed(tree))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = self.below(&name, |tree| members.next_value_seed(tree))?;
            if map.contains_key(&name) {
                self.repeated.push(format!("{}/{}", self.pointer, pointer::escape(&name)));
            }
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_come_twice_are_told_with_their_pointer() {
        let mut warnings = Vec::new();
        let text =
            r#"{"$id":"https://x.example/a","properties":{"a/b":{"title":"1","title":"2"}},"title":"","title":""}"#;
        let document = Document::read(text, Some("a.json"), None, &mut warnings).expect("a document");
        assert_eq!(document.root["properties"]["a/b"]["title"], "2");
        let told: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        let told: Vec<&str> = told.iter().filter_map(|text| text.split(": ").next()).collect();
        assert_eq!(told, ["a.json#/properties/a~1b/title", "a.json#/title"]);
    }

    #[test]
    fn what_is_no_document_is_told() {
        let check = |text: &str, code: FaultCode| {
            let fault = Document::read(text, Some("a.json"), None, &mut Vec::new()).expect_err("no document");
            assert_eq!(fault.code, code, "{fault}");
            assert!(fault.to_string().starts_with("a.json: "), "{fault}");
        };
        check("{", FaultCode::NotJson);
        check("{} {}", FaultCode::NotJson);
        check("[1", FaultCode::NotJson);
        check(&"[".repeat(10_000), FaultCode::Limit);
        check("{}", FaultCode::NoId);
        check("[]", FaultCode::NoId);
        check(&" ".repeat(SCHEMA_BYTES_MAX + 1), FaultCode::Limit);
    }

    #[test]
    fn the_base_is_the_nearest_id() {
        let text = r##"{"$id":"https://x.example/root","definitions":{"a":{"$id":"folder/a","definitions":{"b":{"$id":"#b"}}},
            "c":{"$ref":"x","$id":"y"}},"enum":[{"$id":"z"}]}"##;
        let document = Document::read(text, None, None, &mut Vec::new()).expect("a document");
        let check = |pointer: &str, expect: &str| assert_eq!(document.base(pointer), expect, "{pointer}");
        check("", "https://x.example/root");
        check("/definitions/a", "https://x.example/folder/a");
        check("/definitions/a/definitions/b", "https://x.example/folder/a");
        check("/definitions/ab", "https://x.example/root");
        check("/definitions/c", "https://x.example/root");
        assert_eq!(document.embedded().count(), 1);
        assert_eq!(
            document.anchors,
            [("https://x.example/folder/a#b".to_owned(), "/definitions/a/definitions/b".to_owned())]
        );
    }
}
