//! `$ref` and `allOf` resolved: all rules that hold at one place, as one list.
//!
//! Everything that `allOf` joins must hold together, so merging is collecting. The one
//! keyword with a local meaning is `additionalProperties`, which looks only at the
//! `properties` and `patternProperties` beside it; it is kept with those names.

use serde_json::Value;

use super::SchemaError;
use super::registry::{Registry, Site};
use crate::limits::SCHEMA_DEPTH_MAX;

/// A `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Integer,
    Number,
    Boolean,
    Object,
    Array,
}

/// `additionalProperties` with what stands beside it.
#[derive(Debug)]
pub(crate) struct Additional<'r> {
    /// `None` is `false`.
    pub(crate) schema: Option<Site<'r>>,
    pub(crate) names: Vec<&'r str>,
    pub(crate) patterns: Vec<&'r str>,
    pub(crate) location: String,
}

/// All rules that hold at one place.
#[derive(Debug, Default)]
pub(crate) struct Merged<'r> {
    pub(crate) kind: Option<(Type, String)>,
    /// Declared properties in order, each with every schema that it must meet.
    pub(crate) properties: Vec<(&'r str, Vec<Site<'r>>)>,
    pub(crate) required: Vec<(&'r str, String)>,
    pub(crate) patterns: Vec<(&'r str, Site<'r>)>,
    pub(crate) additional: Vec<Additional<'r>>,
    pub(crate) items: Vec<Site<'r>>,
    /// Every other assertion: keyword, value, location.
    pub(crate) assertions: Vec<(&'r str, &'r Value, String)>,
    /// First title or description.
    pub(crate) doc: Option<&'r str>,
    pub(crate) personal: Option<&'r str>,
    pub(crate) personal_keys: Vec<&'r str>,
    /// Where a text that isn't personal as such may have personal parts.
    pub(crate) personal_parts: Option<&'r str>,
    pub(crate) deprecated: bool,
}

impl<'r> Merged<'r> {
    /// Merges the schemas at these sites.
    pub(crate) fn of(registry: &'r Registry, sites: &[Site<'r>]) -> Result<Self, SchemaError> {
        let mut merged = Merged::default();
        for site in sites {
            merged.add(registry, site, 0)?;
        }
        Ok(merged)
    }

    fn add(&mut self, registry: &'r Registry, site: &Site<'r>, depth: usize) -> Result<(), SchemaError> {
        if depth > SCHEMA_DEPTH_MAX {
            return Err(SchemaError::Limit {
                location: site.location(),
                problem: format!("references are nested deeper than {SCHEMA_DEPTH_MAX}; is the schema recursive?"),
            });
        }
        let map = match site.value {
            Value::Bool(true) => return Ok(()),
            Value::Object(map) => map,
            other => return Err(malformed(site, format!("a schema is an object, not {other}"))),
        };
        self.annotate(site, map);
        if let Some(reference) = map.get("$ref") {
            let reference = reference.as_str().ok_or_else(|| malformed(site, "\"$ref\" is a text".to_owned()))?;
            // Draft-06: what stands beside a `$ref` is no assertion.
            return self.add(registry, &registry.resolve(reference, site)?, depth + 1);
        }
        for (keyword, value) in map {
            self.keyword(registry, site, map, keyword, value, depth)?;
        }
        Ok(())
    }

    fn annotate(&mut self, site: &Site<'r>, map: &'r serde_json::Map<String, Value>) {
        let text = |key: &str| map.get(key).and_then(Value::as_str);
        if !site.pointer.is_empty() || self.doc.is_none() {
            self.doc = self.doc.or_else(|| text("description")).or_else(|| text("title"));
        }
        self.personal = self.personal.or_else(|| text("meta:personal"));
        self.personal_parts = self.personal_parts.or_else(|| text("meta:personalParts"));
        self.deprecated |= text("meta:status") == Some("deprecated");
        if let Some(Value::Object(keys)) = map.get("meta:personalKeys") {
            self.personal_keys.extend(keys.keys().map(String::as_str));
        }
    }

    fn keyword(
        &mut self,
        registry: &'r Registry,
        site: &Site<'r>,
        map: &'r serde_json::Map<String, Value>,
        keyword: &'r str,
        value: &'r Value,
        depth: usize,
    ) -> Result<(), SchemaError> {
        let here = || site.at(&[keyword], value).location();
        match keyword {
            "allOf" => {
                for (at, part) in list(site, keyword, value)?.iter().enumerate() {
                    self.add(registry, &site.at(&["allOf", &at.to_string()], part), depth + 1)?;
                }
            }
            "type" => self.set_type(site, value, here())?,
            "properties" => {
                for (name, schema) in object(site, keyword, value)? {
                    let child = site.at(&["properties", name], schema);
                    match self.properties.iter_mut().find(|(known, _)| known == name) {
                        Some((_, sites)) if sites.iter().any(|known| known.location() == child.location()) => {}
                        Some((_, sites)) => sites.push(child),
                        None => self.properties.push((name, vec![child])),
                    }
                }
            }
            "required" => {
                for name in list(site, keyword, value)? {
                    let name = name.as_str().ok_or_else(|| malformed(site, "\"required\" lists names".to_owned()))?;
                    if !self.required.iter().any(|(known, _)| *known == name) {
                        self.required.push((name, here()));
                    }
                }
            }
            "patternProperties" => {
                for (pattern, schema) in object(site, keyword, value)? {
                    let child = site.at(&["patternProperties", pattern], schema);
                    if !self.patterns.iter().any(|(_, known)| known.location() == child.location()) {
                        self.patterns.push((pattern, child));
                    }
                }
            }
            "additionalProperties" => {
                let names = |key: &str| match map.get(key) {
                    Some(Value::Object(map)) => map.keys().map(String::as_str).collect(),
                    _ => Vec::new(),
                };
                let schema = match value {
                    Value::Bool(true) => return Ok(()),
                    Value::Bool(false) => None,
                    schema => Some(site.at(&[keyword], schema)),
                };
                let (names, patterns) = (names("properties"), names("patternProperties"));
                // Several parts of a composition may extend the same definition.
                if !self.additional.iter().any(|known| known.location == here()) {
                    self.additional.push(Additional { schema, names, patterns, location: here() });
                }
            }
            "items" => match value {
                Value::Array(_) => return Err(unsupported(site, "items with a list", "give one schema for all items")),
                schema => self.items.push(site.at(&["items"], schema)),
            },
            "enum" | "const" | "pattern" | "format" | "minLength" | "maxLength" | "minimum" | "maximum"
            | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" | "minItems" | "maxItems" | "uniqueItems"
            | "minProperties" | "maxProperties"
                if !self.assertions.iter().any(|(_, _, known)| *known == here()) =>
            {
                self.assertions.push((keyword, value, here()));
            }
            "oneOf" | "anyOf" | "not" | "if" | "then" | "else" => {
                return Err(unsupported(site, keyword, "write the rule with allOf, enum or pattern"));
            }
            "dependencies" | "propertyNames" | "contains" | "additionalItems" => {
                return Err(unsupported(site, keyword, "leave it out or check it elsewhere"));
            }
            // Annotations, identifiers and containers of sub-schemas that are only referred to.
            _ => {}
        }
        Ok(())
    }

    fn set_type(&mut self, site: &Site<'r>, value: &Value, location: String) -> Result<(), SchemaError> {
        let kind = match value.as_str() {
            Some("string") => Type::Text,
            Some("integer") => Type::Integer,
            Some("number") => Type::Number,
            Some("boolean") => Type::Boolean,
            Some("object") => Type::Object,
            Some("array") => Type::Array,
            _ => return Err(unsupported(site, &format!("type {value}"), "give one type that isn't null")),
        };
        match self.kind {
            None | Some((Type::Number, _)) if kind == Type::Integer => self.kind = Some((kind, location)),
            None => self.kind = Some((kind, location)),
            Some((known, _)) if known == kind => {}
            Some((Type::Integer, _)) if kind == Type::Number => {}
            Some((known, _)) => {
                return Err(malformed(site, format!("nothing is both {known:?} and {kind:?}; mend one \"type\"")));
            }
        }
        Ok(())
    }
}

fn malformed(site: &Site<'_>, problem: String) -> SchemaError {
    SchemaError::Malformed { location: site.location(), problem }
}

fn unsupported(site: &Site<'_>, keyword: &str, fix: &'static str) -> SchemaError {
    SchemaError::Unsupported { location: site.location(), keyword: keyword.to_owned(), fix }
}

fn list<'r>(site: &Site<'_>, keyword: &str, value: &'r Value) -> Result<&'r Vec<Value>, SchemaError> {
    value.as_array().ok_or_else(|| malformed(site, format!("{keyword:?} is a list")))
}

fn object<'r>(
    site: &Site<'_>,
    keyword: &str,
    value: &'r Value,
) -> Result<&'r serde_json::Map<String, Value>, SchemaError> {
    value.as_object().ok_or_else(|| malformed(site, format!("{keyword:?} is an object")))
}
