//! `GET /demo/{page}`: a demo shop whose clicks arrive here.
//!
//! Its files are part of the binary. The shop lives under a strict content policy, as a
//! careful site would: nothing from elsewhere, no inline scripts.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use dashboard::DEMO_DATASTREAM;
use serde_json::json;

use super::endpoint::Endpoint;
use super::openapi::parts;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::datastream;
use crate::app::operation::Operation;
use crate::app::options::ServerOptions;
use crate::app::route::{Content, FoundBy, RouteSpec};
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};
use crate::http::response;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const PAGE: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
/// `connect-src` leaves the Web SDK free to reach this server by its secure address.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; connect-src 'self' https:; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// The file of the Web SDK that the operator has given; its licence isn't ours.
const ALLOY: &str = "alloy.min.js";

const FILES: &[(&str, &str, &str)] = &[
    ("", PAGE, include_str!("../../web/demo/index.html")),
    ("index.html", PAGE, include_str!("../../web/demo/index.html")),
    ("sdk.html", PAGE, include_str!("../../web/demo/sdk.html")),
    ("demo.css", STYLE, include_str!("../../web/demo/demo.css")),
    ("demo.js", SCRIPT, include_str!("../../web/demo/demo.js")),
    ("sdk.js", SCRIPT, include_str!("../../web/demo/sdk.js")),
];

pub(super) enum GetDemo {}

impl Endpoint for GetDemo {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "A demo shop whose clicks arrive here",
        found_by: FoundBy::Patterns(&["/demo/{*page}", "/demo", "/demo/"]),
        content: Content::Fixed,
        openapi: || Operation {
            id: "getDemo",
            parameters: vec![parts::in_path("page", "A page or file of the shop.")],
            success: parts::success("The page.", json!({ "text/html": {} })),
            problems: vec![Code::NotFound],
            ..Operation::default()
        },
        ..RouteSpec::get("/demo/{page}", Access::Key)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        answer(&state.options, call.head.uri.path())
    }
}

fn answer(options: &ServerOptions, path: &str) -> Outcome {
    if datastream::find(&options.datastreams, DEMO_DATASTREAM).is_none() {
        return Err(Problem::new(
            Code::NotFound,
            "the shop sends to the datastream `demo`; add [datastreams.demo] to the settings",
        ));
    }
    let Some(name) = path.strip_prefix("/demo/") else {
        let mut response = response::empty(StatusCode::PERMANENT_REDIRECT);
        response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/demo/"));
        return Ok(response);
    };
    let mut response = match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, media_type, text)) => response::content(StatusCode::OK, HeaderValue::from_static(media_type), *text),
        None if name == ALLOY => {
            let script = options.demo_alloy.clone();
            let missing = "name the Web SDK's file in the setting demo_alloy_file, then start again";
            let script = script.ok_or_else(|| Problem::new(Code::NotFound, missing))?;
            response::content(StatusCode::OK, HeaderValue::from_static(SCRIPT), script)
        }
        None => return Err(Problem::of(Code::NotFound)),
    };
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::datastream::Datastream;

    #[test]
    fn a_shop_is_there_where_its_events_are_taken() {
        let check = |options: &ServerOptions, path: &str, expect: u16| {
            let status = answer(options, path).map_or_else(|problem| problem.code().status(), |found| found.status());
            assert_eq!(status.as_u16(), expect, "{path}");
        };
        let mut options = ServerOptions::default();
        check(&options, "/demo", 308);
        check(&options, "/demo/", 200);
        check(&options, "/demo/sdk.html", 200);
        check(&options, "/demo/alloy.min.js", 404);
        check(&options, "/demo/../index.html", 404);
        options.demo_alloy = Some("script".into());
        check(&options, "/demo/alloy.min.js", 200);
        options.datastreams.insert("web".to_owned(), Datastream::default());
        check(&options, "/demo/", 404);
        options.datastreams.insert("demo".to_owned(), Datastream::default());
        check(&options, "/demo/", 200);
    }
}
