//! A route's part of the OpenAPI document, as data.

use serde_json::Value;

use crate::http::problem::Code;

/// What the document says of one route.
#[derive(Debug, Default)]
pub(crate) struct Operation {
    /// Its name, for generated clients.
    pub(crate) id: &'static str,
    /// Parameters of the path, the query and the head.
    pub(crate) parameters: Vec<Value>,
    /// Schemas of the body by media type; `None` for a route that takes none.
    pub(crate) body: Option<Value>,
    /// The answer when all went well.
    pub(crate) success: Success,
    /// The problems that it can answer with, besides those of access.
    pub(crate) problems: Vec<Code>,
    /// Schemas that are declared with this route; others may refer to them.
    pub(crate) schemas: Vec<(&'static str, Value)>,
}

/// The answer when all went well.
#[derive(Debug)]
pub(crate) struct Success {
    pub(crate) status: &'static str,
    pub(crate) response: Value,
}

impl Default for Success {
    fn default() -> Success {
        Success { status: "200", response: Value::Null }
    }
}
