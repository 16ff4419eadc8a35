//! `POST /v1/schemas/reload`: the schemas are read anew, for whoever can't send the server a signal.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::json;

use super::endpoint::Endpoint;
use super::openapi::parts;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::route::RouteSpec;
use crate::app::schemas::SchemasRefused;
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};
use crate::http::response;

pub(super) enum PostReload {}

impl Endpoint for PostReload {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Read the settings' schemas anew and judge by them from now on",
        openapi: || {
            let ids = |about: &str| json!({ "type": "array", "items": { "type": "string" }, "description": about });
            let schemas = json!({
                "added": ids("$id of those that take part in judging now, and didn't."),
                "changed": ids("$id of those that say something else than before."),
                "removed": ids("$id of those that took part, and don't now."),
            });
            let columns = json!({
                "added": ids("New events fill them; older rows are null there."),
                "retired": ids("No schema has them any more; they stay, null in new rows."),
            });
            let warning = json!({
                "file": { "type": "string", "description": "The file, or the $id of a schema without one." },
                "pointer": { "type": "string", "description": "A JSON pointer into it; empty for the file as a whole." },
                "message": { "type": "string", "description": "What is wrong, and how to mend it." },
            });
            let warnings = json!({
                "type": "array",
                "items": parts::object(&["file", "pointer", "message"], warning),
                "description": "What is wrong with the schema files and keeps nothing from being in force; the last says how many more there are, if there are very many.",
            });
            Operation {
                id: "reloadSchemas",
                success: parts::success_json(
                    "The schemas are in force.",
                    parts::object(
                        &["changed", "schemas", "columns", "warnings"],
                        json!({
                            "changed": { "type": "boolean", "description": "Whether others are in force than before." },
                            "schemas": parts::object(&["added", "changed", "removed"], schemas),
                            "columns": parts::object(&["added", "retired"], columns),
                            "warnings": warnings,
                        }),
                    ),
                ),
                problems: vec![Code::SchemasRefused, Code::Unavailable],
                ..Operation::default()
            }
        },
        ..RouteSpec::post("/v1/schemas/reload", Access::Admin)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, _call: Call) -> Outcome {
        let Some(reader) = &state.options.schema_reader else {
            return Err(Problem::unavailable("this server's schemas can't be read anew"));
        };
        match reader.read().await {
            Ok(read) => response::as_json(StatusCode::OK, &read),
            Err(SchemasRefused::Invalid(why)) => Err(Problem::new(Code::SchemasRefused, why)),
            Err(SchemasRefused::Unavailable(why)) => Err(Problem::unavailable(why)),
        }
    }
}
