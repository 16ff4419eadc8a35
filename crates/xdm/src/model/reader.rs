//! What a keyword's parser works with: the schema around it, and where its findings go.

use serde_json::{Map, Value};

use super::SchemaId;
use super::build::Builder;
use crate::check::number::Bound;
use crate::pattern::Pattern;
use crate::schema::fault::FaultCode;
use crate::schema::pointer;

/// A keyword that is being parsed.
pub(crate) struct Reader<'b, 'r> {
    pub(super) builder: &'b mut Builder<'r>,
    pub(super) document: usize,
    /// Of the schema that the keyword stands in.
    pub(super) pointer: &'b str,
    pub(super) schema: &'r Map<String, Value>,
    pub(super) keyword: &'r str,
}

impl<'r> Reader<'_, 'r> {
    /// Reports that the keyword can't have this value.
    pub(crate) fn malformed<T>(&mut self, message: impl Into<String>) -> Option<T> {
        self.fault(FaultCode::Malformed, message.into());
        None
    }

    fn fault(&mut self, code: FaultCode, message: String) {
        let at = format!("{}/{}", self.pointer, pointer::escape(self.keyword));
        self.builder.fault(code, self.document, at, message);
    }

    /// Reports that what stands inside the keyword's value is wrong.
    fn fault_at(&mut self, step: &str, message: String) {
        let at = format!("{}/{}/{}", self.pointer, pointer::escape(self.keyword), pointer::escape(step));
        self.builder.fault(FaultCode::Malformed, self.document, at, message);
    }

    /// A keyword that stands beside this one.
    pub(crate) fn sibling(&self, name: &str) -> Option<&'r Value> {
        self.schema.get(name)
    }

    /// The subschema that is the keyword's whole value.
    pub(crate) fn subschema(&mut self, value: &'r Value) -> SchemaId {
        let at = format!("{}/{}", self.pointer, pointer::escape(self.keyword));
        self.builder.schema(self.document, at, value)
    }

    /// A subschema inside the keyword's value.
    pub(crate) fn subschema_at(&mut self, step: &str, value: &'r Value) -> SchemaId {
        let at = format!("{}/{}/{}", self.pointer, pointer::escape(self.keyword), pointer::escape(step));
        self.builder.schema(self.document, at, value)
    }

    /// The subschemas of a list.
    pub(crate) fn subschemas(&mut self, value: &'r Value) -> Option<Box<[SchemaId]>> {
        match value.as_array() {
            Some(list) if !list.is_empty() => {
                Some(list.iter().enumerate().map(|(at, item)| self.subschema_at(&at.to_string(), item)).collect())
            }
            _ => self.malformed(format!("\"{}\" is a list of at least one schema", self.keyword)),
        }
    }

    /// The subschemas of an object by name.
    pub(crate) fn subschemas_by_name(&mut self, value: &'r Value) -> Option<Vec<(&'r str, SchemaId)>> {
        match value.as_object() {
            Some(map) => Some(map.iter().map(|(name, item)| (name.as_str(), self.subschema_at(name, item))).collect()),
            None => self.malformed(format!("\"{}\" is an object of schemas", self.keyword)),
        }
    }

    /// The schema that a reference leads to.
    pub(crate) fn reference(&mut self, reference: &str) -> Option<SchemaId> {
        match self.builder.registry.resolve(reference, self.document, self.pointer) {
            Some(site) => Some(self.builder.schema(site.document, site.pointer, site.value)),
            None => {
                let message = format!("nothing is known under {reference}; load the schema that has it");
                self.fault(FaultCode::Unresolved, message);
                None
            }
        }
    }

    /// A regular expression.
    pub(crate) fn pattern(&mut self, source: &str) -> Option<Pattern> {
        match self.builder.patterns.get(source) {
            Ok(pattern) => Some(pattern),
            Err(error) => self.malformed(format!("the pattern {source:?} can't be compiled: {error}")),
        }
    }

    /// A regular expression that is a name in the keyword's value.
    pub(crate) fn pattern_at(&mut self, source: &str) -> Option<Pattern> {
        match self.builder.patterns.get(source) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                self.fault_at(source, format!("the pattern {source:?} can't be compiled: {error}"));
                None
            }
        }
    }

    /// A regular expression that another keyword has; what is wrong with it is reported there.
    pub(crate) fn known_pattern(&mut self, source: &str) -> Option<Pattern> {
        self.builder.patterns.get(source).ok()
    }

    /// A list of names.
    pub(crate) fn names(&mut self, value: &Value) -> Option<Box<[Box<str>]>> {
        names_of(value).or_else(|| self.malformed(format!("\"{}\" lists names", self.keyword)))
    }

    /// A list of names inside the keyword's value.
    pub(crate) fn names_at(&mut self, step: &str, value: &Value) -> Option<Box<[Box<str>]>> {
        let names = names_of(value);
        if names.is_none() {
            let message = format!("a list in \"{}\" is one of names", self.keyword);
            self.fault_at(step, message);
        }
        names
    }

    /// A count. Draft-06 writes counts as integers, also as `3.0`, and without an end: generators
    /// write the largest number that they know, which is as good as any that no value reaches.
    pub(crate) fn count(&mut self, value: &Value) -> Option<usize> {
        match value.as_f64().filter(|count| *count >= 0.0 && count.fract() == 0.0) {
            // Saturates.
            Some(count) => Some(count as usize),
            None => self.malformed("a count is an integer that is not negative"),
        }
    }

    /// A bound, compared exactly.
    pub(crate) fn bound(&mut self, value: &Value) -> Option<Bound> {
        match value {
            Value::Number(number) => Some(Bound::of(&number.to_string())),
            _ => self.malformed("a bound is a number"),
        }
    }

    /// A number.
    pub(crate) fn number(&mut self, value: &Value) -> Option<f64> {
        value.as_f64().or_else(|| self.malformed("a bound is a number"))
    }
}

fn names_of(value: &Value) -> Option<Box<[Box<str>]>> {
    value.as_array()?.iter().map(|name| name.as_str().map(Box::from)).collect()
}
