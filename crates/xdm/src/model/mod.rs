//! Schemas as typed rules: every keyword parsed once, with its origin.
//!
//! A [`Model`] is built from a [`Registry`] by following references from some documents,
//! or from all of them. In it a `$ref` is an index, so that what is checked or compiled
//! later meets no text and no error; and each rule knows the document and the JSON pointer
//! that it came from.

mod annotations;
mod build;
mod cycles;
mod flat;
mod reader;
pub(crate) mod types;

use std::sync::OnceLock;

use crate::keyword::Keyword;

pub(crate) use annotations::Annotations;
pub(crate) use build::{Extent, build};
pub(crate) use flat::Flat;
use flat::{Flattened, Room};
pub(crate) use reader::Reader;

/// Index of a schema in [`Model::schemas`].
pub(crate) type SchemaId = u32;

/// One rule of one schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) schema: SchemaId,
    /// Index of the rule; of none, for `false`, which has no keyword.
    pub(crate) rule: u32,
}

/// Where a subschema applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applies {
    /// To the value itself.
    InPlace,
    /// To a part of the value.
    Below,
}

/// What a schema says.
#[derive(Debug)]
pub(crate) enum Body {
    /// `false`: no value is valid.
    Nothing,
    /// All of these; none for `true`.
    Rules(Box<[Keyword]>),
}

/// One schema or subschema.
#[derive(Debug)]
pub(crate) struct Schema {
    document: u32,
    pointer: Box<str>,
    pub(crate) body: Body,
    pub(crate) annotations: Annotations,
}

/// The documents that schemas came from, as locations and faults name them.
#[derive(Debug)]
struct Named {
    id: Box<str>,
    label: Box<str>,
}

/// Typed schemas that refer to each other by index.
#[derive(Debug)]
pub(crate) struct Model {
    documents: Box<[Named]>,
    schemas: Box<[Schema]>,
    /// Each schema with all that it joins, made when it is first asked for.
    flats: Box<[OnceLock<Flattened>]>,
    room: Room,
}

impl Model {
    fn new(documents: Box<[Named]>, schemas: Box<[Schema]>) -> Model {
        let flats = schemas.iter().map(|_| OnceLock::new()).collect();
        Model { documents, schemas, flats, room: Room::default() }
    }

    pub(crate) fn schema(&self, id: SchemaId) -> &Schema {
        &self.schemas[id as usize]
    }

    /// The rules of a schema; none of one that is `true` or `false`.
    pub(crate) fn rules(&self, id: SchemaId) -> &[Keyword] {
        match &self.schema(id).body {
            Body::Rules(rules) => rules,
            Body::Nothing => &[],
        }
    }

    pub(crate) fn rule(&self, origin: Origin) -> Option<&Keyword> {
        self.rules(origin.schema).get(origin.rule as usize)
    }

    /// The schema that stands here for good: where a schema is a `$ref`, its target.
    pub(crate) fn target(&self, mut id: SchemaId) -> SchemaId {
        // No reference leads back to itself: `cycles` has looked.
        while let [Keyword::Reference(reference)] = self.rules(id) {
            id = reference.target();
        }
        id
    }

    /// Where a schema stands: `$id#pointer`.
    pub(crate) fn location(&self, id: SchemaId) -> String {
        let schema = self.schema(id);
        format!("{}#{}", self.documents[schema.document as usize].id, schema.pointer)
    }

    /// Where a rule stands: `$id#pointer/keyword`.
    pub(crate) fn rule_location(&self, origin: Origin) -> String {
        let mut location = self.location(origin.schema);
        if let Some(rule) = self.rule(origin) {
            location.push('/');
            location.push_str(rule.name());
        }
        location
    }

    /// File and pointer of a schema, for a fault.
    pub(crate) fn place(&self, id: SchemaId) -> (String, String) {
        let schema = self.schema(id);
        (self.documents[schema.document as usize].label.to_string(), schema.pointer.to_string())
    }

    /// File and pointer of a rule.
    pub(crate) fn rule_place(&self, origin: Origin) -> (String, String) {
        let (file, mut pointer) = self.place(origin.schema);
        if let Some(rule) = self.rule(origin) {
            pointer = format!("{pointer}/{}", rule.name());
        }
        (file, pointer)
    }
}
