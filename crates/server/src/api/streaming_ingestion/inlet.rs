//! The inlet that a path names: where a call's events go, and how it is named in answers.

use axum::http::request::Parts;
use bytes::Bytes;
use intake::{Framing, Request, Source};
use serde_json::{Value, json};

use crate::api::openapi::parts;
use crate::app::access;
use crate::app::access::principal::Principal;
use crate::app::name::is_name;
use crate::app::options::ServerOptions;
use crate::http::problem::{Code, Problem};

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Inlet<'a> {
    pub(super) id: &'a str,
    datastream: &'a str,
}

impl<'a> Inlet<'a> {
    /// The inlet at the end of the path, if this sender may send there.
    pub(super) fn admit(
        options: &'a ServerOptions,
        head: &'a Parts,
        principal: &Principal,
    ) -> Result<Inlet<'a>, Problem> {
        let inlet = Inlet::of(options, head.uri.path())?;
        access::datastream::admit(&options.datastreams, inlet.datastream, head, principal)?;
        Ok(inlet)
    }

    fn of(options: &'a ServerOptions, path: &'a str) -> Result<Inlet<'a>, Problem> {
        let id = path.rsplit('/').next().unwrap_or_default();
        if !is_name(id) {
            let detail = "an inlet id is 1 to 128 letters, digits, `-`, `_`, `.` or `:`";
            return Err(Problem::new(Code::NotFound, detail));
        }
        let datastream = options.inlets.get(id).map_or(id, String::as_str);
        Ok(Inlet { id, datastream })
    }

    pub(super) fn request(&self, request_id: Option<String>, framing: Framing, body: Bytes) -> Request {
        Request { datastream: self.datastream.to_owned(), request_id, source: Source::Sender, framing, body }
    }
}

/// The parameter as the OpenAPI document has it.
pub(super) fn parameter() -> Value {
    parts::in_path(
        "inletId",
        "The inlet; it feeds the datastream of the same name unless the settings say otherwise. Any path may stand before /collection.",
    )
}

/// A message as the OpenAPI document has it.
pub(super) fn message_schema() -> Value {
    parts::object(
        &["body"],
        json!({
            "header": { "type": "object", "description": "Taken as it is and not compared with anything." },
            "body": parts::object(&["xdmEntity"], json!({ "xdmMeta": { "type": "object" }, "xdmEntity": { "type": "object" } })),
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inlet_feeds_the_datastream_of_its_name_or_of_the_settings() {
        let mut options = ServerOptions::default();
        options.inlets.insert("shop".to_owned(), "web".to_owned());
        let check = |path: &str, expect: Option<(&str, &str)>| {
            let found = Inlet::of(&options, path);
            let expect = expect.map(|(id, datastream)| Inlet { id, datastream }).ok_or(Code::NotFound);
            assert_eq!(found.map_err(|problem| problem.code()), expect, "{path}");
        };
        check("/collection/shop", Some(("shop", "web")));
        check("/any/base/collection/batch/app", Some(("app", "app")));
        check("/collection/a%2Fb", None);
        check("/collection/", None);
    }
}
