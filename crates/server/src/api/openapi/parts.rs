//! The parts that routes' documentation is written with.

use serde_json::{Map, Value, json};

use crate::app::operation::Success;
use crate::http::problem::Code;

/// A parameter that is a text; one of the path is required.
fn parameter(place: &str, name: &str, description: &str) -> Value {
    json!({ "in": place, "name": name, "required": place == "path", "description": description, "schema": { "type": "string" } })
}

/// A part of the path.
pub(crate) fn in_path(name: &str, description: &str) -> Value {
    parameter("path", name, description)
}

/// A text in the query.
pub(crate) fn in_query(name: &str, description: &str) -> Value {
    parameter("query", name, description)
}

/// A parameter of the query with a schema of its own.
pub(crate) fn choice(name: &str, description: &str, schema: Value) -> Value {
    json!({ "in": "query", "name": name, "required": false, "description": description, "schema": schema })
}

/// A text that must be in the query.
pub(crate) fn required_query(name: &str, description: &str) -> Value {
    json!({ "in": "query", "name": name, "required": true, "description": description, "schema": { "type": "string" } })
}

/// How the body is compressed.
pub(crate) fn content_encoding() -> Value {
    parameter("header", "content-encoding", "gzip or zstd; none when absent.")
}

/// The sender's own name for the request.
pub(crate) fn request_id() -> Value {
    parameter(
        "header",
        "x-request-id",
        "Up to 128 visible ASCII characters. The same id again gives the same ids to events without _id, so that a resent request counts once.",
    )
}

/// A switch that is off by default.
pub(crate) fn boolean() -> Value {
    json!({ "type": "boolean", "default": false })
}

/// A schema by its name.
pub(crate) fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// A list of what a schema describes.
pub(crate) fn list(name: &str) -> Value {
    json!({ "type": "array", "items": schema(name) })
}

/// A text.
pub(crate) fn string() -> Value {
    json!({ "type": "string" })
}

/// A number that counts.
pub(crate) fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

/// A time.
pub(crate) fn date_time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

/// An object with these properties.
pub(crate) fn object(required: &[&str], properties: Value) -> Value {
    let mut object = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// One event as it is sent.
pub(crate) fn event() -> Value {
    json!({ "type": "object", "description": "An XDM ExperienceEvent, with or without the xdm: prefix." })
}

/// An answer with content by media type.
pub(crate) fn answer(description: &str, content: Value) -> Value {
    json!({ "description": description, "content": content })
}

/// Success with content by media type.
pub(crate) fn success(description: &str, content: Value) -> Success {
    Success { status: "200", response: answer(description, content) }
}

/// Success with a JSON document.
pub(crate) fn success_json(description: &str, schema: Value) -> Success {
    success(description, json!({ "application/json": { "schema": schema } }))
}

/// Success with a text.
pub(crate) fn success_text() -> Success {
    success("Yes, or the text.", json!({ "text/plain": { "schema": { "type": "string" } } }))
}

/// Schemas that belong to no single route.
pub(in crate::api) fn shared_schemas() -> Map<String, Value> {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    let schemas = [
        (
            "Problem",
            object(
                &["type", "title", "status", "detail", "code"],
                json!({
                    "type": { "type": "string", "format": "uri-reference" },
                    "title": string(),
                    "status": { "type": "integer" },
                    "detail": { "type": "string", "description": "What is wrong and the fix. Never a value that was sent." },
                    "code": { "enum": codes },
                }),
            ),
        ),
        (
            "Violation",
            object(
                &["pointer", "schema", "keyword", "message"],
                json!({
                    "pointer": { "type": "string", "description": "JSON pointer into the event as it was sent." },
                    "schema": string(), "keyword": string(), "message": string(),
                }),
            ),
        ),
        (
            "Notice",
            object(
                &["pointer", "code", "message"],
                json!({ "pointer": string(), "code": string(), "message": string() }),
            ),
        ),
    ];
    schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}
