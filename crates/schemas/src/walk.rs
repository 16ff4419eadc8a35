//! Every schema inside a document, with its pointer.

use serde_json::Value;

/// How a schema stands in the one around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role<'d> {
    /// The document itself.
    Root,
    /// A declared property with this name.
    Property(&'d str),
    /// Anything else.
    Other,
}

/// A step of a JSON pointer.
pub(crate) fn step(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Calls `visit` with each schema of a document: its pointer, itself, and how it stands there.
pub(crate) fn schemas<'d>(root: &'d Value, visit: &mut impl FnMut(&str, &'d Value, Role<'d>)) {
    let mut pointer = String::new();
    below(root, &mut pointer, Role::Root, visit);
}

/// A document was read within the reader's limit of nesting, so that this ends soon.
fn below<'d>(
    schema: &'d Value,
    pointer: &mut String,
    role: Role<'d>,
    visit: &mut impl FnMut(&str, &'d Value, Role<'d>),
) {
    visit(pointer, schema, role);
    let Some(map) = schema.as_object() else { return };
    let length = pointer.len();
    for (keyword, value) in map {
        pointer.push_str(&step(keyword));
        match (keyword.as_str(), value) {
            ("properties" | "patternProperties" | "definitions" | "dependencies", Value::Object(members)) => {
                let inside = pointer.len();
                for (name, member) in members.iter().filter(|(_, member)| !member.is_array()) {
                    pointer.push_str(&step(name));
                    let role = if keyword == "properties" { Role::Property(name) } else { Role::Other };
                    below(member, pointer, role, visit);
                    pointer.truncate(inside);
                }
            }
            ("allOf" | "anyOf" | "oneOf" | "items", Value::Array(items)) => {
                let inside = pointer.len();
                for (at, item) in items.iter().enumerate() {
                    pointer.push_str(&step(&at.to_string()));
                    below(item, pointer, Role::Other, visit);
                    pointer.truncate(inside);
                }
            }
            (
                "items" | "additionalItems" | "additionalProperties" | "not" | "contains" | "propertyNames",
                Value::Object(_),
            ) => below(value, pointer, Role::Other, visit),
            _ => {}
        }
        pointer.truncate(length);
    }
}
