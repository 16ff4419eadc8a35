//! Events in the other spelling: names of the schema (`xdm:chatStart`) and of the platform
//! (`chatStart`), where a namespace is a nested object.
//!
//! Declared names are spelled anew; what is undeclared stands as it was sent, since nothing
//! tells what it would be called. So the way back gives the same event.

mod schema;

use serde_json::{Map, Value};
use thiserror::Error;

pub use schema::convert_schema;

use crate::corpus::Corpus;
use crate::reading::{self, Place};
use crate::walk::step;

/// Deepest nesting of an event that is converted.
pub const NESTING_MAX: usize = 64;

/// The spelling that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// `xdm:chatStart`.
    Xdm,
    /// `chatStart`.
    Platform,
}

/// Why an event or a schema can't be converted without a loss.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ConvertError {
    /// No schema has this `$id`.
    #[error("no schema has the $id {0}; name the directory that has it with --schemas")]
    UnknownSchema(String),
    /// Two members would have one name.
    #[error("{pointer}: this is there in both spellings; leave one out")]
    Twice {
        /// Where, in what is made.
        pointer: String,
    },
    /// It is nested too deeply.
    #[error("{pointer}: nested too deeply; flatten it")]
    TooDeep {
        /// Where.
        pointer: String,
    },
}

/// An event in the other spelling.
///
/// # Errors
/// There is no such schema, or a value stands in both spellings.
pub fn convert(corpus: &Corpus, id: &str, event: &Value, to: To) -> Result<Value, ConvertError> {
    let (document, schema) = corpus.document(id).ok_or_else(|| ConvertError::UnknownSchema(id.to_owned()))?;
    Converter { corpus, to }.value(event, Place { document, schema }, "", 0)
}

struct Converter<'c> {
    corpus: &'c Corpus,
    to: To,
}

impl<'c> Converter<'c> {
    fn value(&self, value: &Value, place: Place<'c>, at: &str, depth: usize) -> Result<Value, ConvertError> {
        if depth > NESTING_MAX {
            return Err(ConvertError::TooDeep { pointer: at.to_owned() });
        }
        let place = reading::target(self.corpus, place);
        match value {
            Value::Array(items) => match place.schema.get("items").filter(|schema| schema.is_object()) {
                Some(schema) => {
                    let place = Place { schema, ..place };
                    let items = items.iter().enumerate();
                    let items = items.map(|(index, item)| self.value(item, place, &format!("{at}/{index}"), depth + 1));
                    Ok(Value::Array(items.collect::<Result<_, _>>()?))
                }
                None => Ok(value.clone()),
            },
            Value::Object(members) => self.object(members, place, at, depth).map(Value::Object),
            other => Ok(other.clone()),
        }
    }

    fn object(
        &self,
        members: &Map<String, Value>,
        place: Place<'c>,
        at: &str,
        depth: usize,
    ) -> Result<Map<String, Value>, ConvertError> {
        let found = reading::properties(self.corpus, place);
        let mut members = members.clone();
        let mut out = Map::new();
        let values = place.schema.get("additionalProperties").filter(|schema| schema.is_object());
        // What comes first, stays first: names are looked for in the event's order.
        let mut declared: Vec<_> = found.declared.iter().collect();
        let order: Vec<String> = members.keys().cloned().collect();
        let first = |name: &str, steps: &[String]| {
            order.iter().position(|member| member == name || steps.first() == Some(member)).unwrap_or(usize::MAX)
        };
        declared.sort_by_key(|declared| first(declared.name, &xdm::platform_steps(declared.name)));
        let mut converted: Vec<(Vec<String>, Value)> = Vec::new();
        for declared in declared {
            let plain = vec![declared.name.to_owned()];
            let spelled = xdm::platform_steps(declared.name);
            let (from, to) = match self.to {
                To::Platform => (plain, spelled),
                To::Xdm => (spelled, plain),
            };
            let Some(value) = take(&mut members, &from) else { continue };
            let pointer = format!("{at}{}", to.iter().map(|name| step(name)).collect::<String>());
            let value = self.value(&value, declared.place, &pointer, depth + 1)?;
            converted.push((to, value));
        }
        for (name, value) in members {
            let value = match values {
                Some(schema) => {
                    self.value(&value, Place { schema, ..place }, &format!("{at}{}", step(&name)), depth + 1)?
                }
                None => value,
            };
            out.insert(name, value);
        }
        let mut ordered = Map::new();
        for (to, value) in converted {
            put(&mut ordered, &to, value, at)?;
        }
        for (name, value) in out {
            put(&mut ordered, &[name], value, at)?;
        }
        Ok(ordered)
    }
}

/// Takes the value at these steps, and the objects around it that are empty then.
fn take(members: &mut Map<String, Value>, steps: &[String]) -> Option<Value> {
    let (first, rest) = steps.split_first()?;
    if rest.is_empty() {
        return members.shift_remove(first);
    }
    let inner = members.get_mut(first)?.as_object_mut()?;
    let value = take(inner, rest)?;
    if inner.is_empty() {
        members.shift_remove(first);
    }
    Some(value)
}

/// Puts a value at these steps; two objects are one.
fn put(members: &mut Map<String, Value>, steps: &[String], value: Value, at: &str) -> Result<(), ConvertError> {
    let Some((first, rest)) = steps.split_first() else { return Ok(()) };
    let pointer = format!("{at}{}", step(first));
    let twice = |pointer: &str| ConvertError::Twice { pointer: pointer.to_owned() };
    if rest.is_empty() {
        return match (members.get_mut(first), value) {
            (None, value) => {
                members.insert(first.clone(), value);
                Ok(())
            }
            (Some(Value::Object(known)), Value::Object(more)) => {
                more.into_iter().try_for_each(|(name, value)| put(known, &[name], value, &pointer))
            }
            _ => Err(twice(&pointer)),
        };
    }
    let inner = members.entry(first.clone()).or_insert_with(|| Map::new().into());
    put(inner.as_object_mut().ok_or_else(|| twice(&pointer))?, rest, value, &pointer)
}
