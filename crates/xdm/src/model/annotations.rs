//! What a schema says beside its rules: titles, and what is personal.
//!
//! The names here are known and check nothing. Any other name that is no keyword is
//! reported, since a mistyped keyword is a rule that never applies.

use serde_json::{Map, Value};

/// Names that are known and say nothing about values.
const KNOWN: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "default",
    "examples",
    "meta:abstract",
    "meta:altId",
    "meta:auditable",
    "meta:class",
    "meta:conditionalField",
    "meta:conditionalValue",
    "meta:createdDate",
    "meta:descriptionId",
    "meta:descriptors",
    "meta:enum",
    "meta:extends",
    "meta:extensible",
    "meta:immutable",
    "meta:immutableTags",
    "meta:intendedToExtend",
    "meta:keys",
    "meta:license",
    "meta:personal",
    "meta:personalKeys",
    "meta:personalParts",
    "meta:prefixes",
    "meta:refProperty",
    "meta:sensitive-data",
    "meta:service",
    "meta:status",
    "meta:tags",
    "meta:titleId",
    "meta:usereditable",
    "meta:xdmField",
    "meta:xdmId",
    "meta:xdmType",
];

pub(super) fn known() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().copied()
}

pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// What a schema says beside its rules.
#[derive(Debug, Default)]
pub(crate) struct Annotations {
    /// The description, else the title.
    pub(crate) doc: Option<Box<str>>,
    /// What kind of personal datum its values are.
    pub(crate) personal: Option<Box<str>>,
    /// Keys of a map whose values are personal.
    pub(crate) personal_keys: Box<[Box<str>]>,
    /// Where a text that isn't personal as such may have personal parts.
    pub(crate) personal_parts: Option<Box<str>>,
    pub(crate) deprecated: bool,
}

impl Annotations {
    pub(super) fn of(schema: &Map<String, Value>) -> Annotations {
        let text = |name: &str| schema.get(name).and_then(Value::as_str);
        let keys = schema.get("meta:personalKeys").and_then(Value::as_object);
        Annotations {
            doc: text("description").or_else(|| text("title")).map(Box::from),
            personal: schema.get("meta:personal").and_then(mark),
            personal_keys: keys.map(|keys| keys.keys().map(|key| key.as_str().into()).collect()).unwrap_or_default(),
            personal_parts: text("meta:personalParts").map(Box::from),
            deprecated: text("meta:status") == Some("deprecated"),
        }
    }

    /// Does it say nothing?
    pub(crate) fn are_empty(&self) -> bool {
        self.doc.is_none() && !self.marks_personal() && self.personal_parts.is_none()
    }

    /// Does it mark anything as personal?
    pub(crate) fn marks_personal(&self) -> bool {
        self.personal.is_some() || !self.personal_keys.is_empty()
    }
}

/// What a `meta:personal` says. One that isn't a word is a mark all the same: to seal is the
/// safe way to read it.
fn mark(value: &Value) -> Option<Box<str>> {
    match value {
        Value::String(class) => Some(class.as_str().into()),
        Value::Null | Value::Bool(false) => None,
        _ => Some("personal".into()),
    }
}
