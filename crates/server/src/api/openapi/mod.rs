//! The OpenAPI document, put together from what each route declares.
//!
//! `crates/server/openapi.json` is the golden file: a test compares it with this, so that
//! no change of the interface goes unseen.

pub(super) mod parts;
pub(super) mod problems;

use serde_json::{Map, Value, json};

use crate::app::access::scope::{Access, Scope};
use crate::app::operation::{Operation, Success};
use crate::app::route::RouteSpec;
use crate::http::problem::Code;

/// The document as it is served, ending with a line feed.
pub(crate) fn document(routes: &[&RouteSpec]) -> String {
    let mut paths = Map::new();
    let mut schemas = parts::shared_schemas();
    for route in routes {
        let mut declared = (route.openapi)();
        for (name, schema) in declared.schemas.drain(..) {
            schemas.insert(name.to_owned(), schema);
        }
        let method = route.method.name().to_ascii_lowercase();
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[method] = operation(route, declared);
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Frontdesk",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Takes in requests for contact as XDM ExperienceEvents. Every error is a problem document (RFC 9457). Bodies may be compressed with gzip or zstd. The media type of a body is not looked at, except that application/x-ndjson means one event a line.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": { "Problem": problem_response() },
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "description": "An API key. A server that only its own machine reaches, and that has no keys, asks for none." },
                "basic": { "type": "http", "scheme": "basic", "description": "An API key as the password, under any name." },
            },
        },
    });
    let mut text = serde_json::to_string_pretty(&document).expect("a JSON value has only string keys");
    text.push('\n');
    text
}

fn operation(route: &RouteSpec, declared: Operation) -> Value {
    let Operation { id, parameters, body, success, problems, schemas: _ } = declared;
    let mut operation = json!({ "operationId": id, "summary": route.summary });
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some(body) = body {
        operation["requestBody"] = json!({ "required": true, "content": body });
    }
    operation["security"] = security(route.access);
    operation["responses"] = Value::Object(responses(route, success, problems));
    operation
}

/// What has to be shown: an empty alternative means that nothing has to.
fn security(access: Access) -> Value {
    let scope = |scope: Scope| json!([{ "bearer": [scope.name()] }, { "basic": [scope.name()] }]);
    match access {
        Access::Public | Access::Link => json!([]),
        Access::Collect => json!([{}, { "bearer": ["collect"] }, { "basic": ["collect"] }]),
        Access::Key => json!([{ "bearer": [] }, { "basic": [] }]),
        Access::Read => scope(Scope::Read),
        Access::Desk => scope(Scope::Desk),
        Access::Admin => scope(Scope::Admin),
    }
}

fn responses(route: &RouteSpec, success: Success, mut problems: Vec<Code>) -> Map<String, Value> {
    let mut responses = Map::new();
    responses.insert(success.status.to_owned(), success.response);
    problems.extend(problems::of_access(route));
    problems.sort_by_key(|code| code.status().as_u16());
    for code in problems {
        let status = code.status().as_u16().to_string();
        // 422 carries the answer as well as the problem.
        responses.entry(status).or_insert_with(|| match code {
            Code::AllRejected => parts::answer(
                "Every event was rejected; they are kept in rejects.",
                json!({ "application/problem+json": { "schema": { "allOf": [parts::schema("Problem"), parts::schema("Answer")] } } }),
            ),
            _ => json!({ "$ref": "#/components/responses/Problem" }),
        });
    }
    responses
}

fn problem_response() -> Value {
    json!({
        "description": "What went wrong and what to do.",
        "headers": { "retry-after": { "description": "Seconds to wait; with 429 and 503.", "schema": { "type": "integer", "minimum": 1 } } },
        "content": { "application/problem+json": { "schema": parts::schema("Problem") } },
    })
}
