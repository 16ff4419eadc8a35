//! Files for browsers: our own tag, and the demo shop.
//!
//! They are part of the binary. The shop lives under a strict content policy, as a
//! careful site would: nothing from elsewhere, no inline scripts.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::edge::{Call, Edge, Outcome, content};
use crate::front::Front;
use crate::problem::{Code, Problem};

const TAG: &str = include_str!("../web/tag.min.js");
const SCRIPT: &str = "text/javascript; charset=utf-8";
const PAGE: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
/// Pages keep the tag for an hour, so that a new version reaches them the same day.
const TAG_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");
/// `connect-src` leaves the Web SDK free to reach this server by its secure address.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; connect-src 'self' https:; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// The file of the Web SDK that the operator has given; its licence isn't ours.
const ALLOY: &str = "alloy.min.js";

const FILES: &[(&str, &str, &str)] = &[
    ("", PAGE, include_str!("../web/demo/index.html")),
    ("index.html", PAGE, include_str!("../web/demo/index.html")),
    ("sdk.html", PAGE, include_str!("../web/demo/sdk.html")),
    ("demo.css", STYLE, include_str!("../web/demo/demo.css")),
    ("demo.js", SCRIPT, include_str!("../web/demo/demo.js")),
    ("sdk.js", SCRIPT, include_str!("../web/demo/sdk.js")),
];

/// `GET /tag.js`: any site may run it.
pub(crate) async fn tag<F: Front>(_edge: Arc<Edge<F>>, _call: Call) -> Outcome {
    let mut response = content(StatusCode::OK, HeaderValue::from_static(SCRIPT), TAG);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, TAG_CACHE);
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    Ok(response)
}

/// `GET /demo/…`.
pub(crate) async fn demo<F: Front>(edge: Arc<Edge<F>>, call: Call) -> Outcome {
    let path = call.head.uri.path();
    let Some(name) = path.strip_prefix("/demo/") else {
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
        response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/demo/"));
        return Ok(response);
    };
    let mut response = match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, media_type, text)) => content(StatusCode::OK, HeaderValue::from_static(media_type), *text),
        None if name == ALLOY => {
            let script = edge.options.demo_alloy.clone();
            let missing = "name the Web SDK's file in the setting demo_alloy_file, then start again";
            let script = script.ok_or_else(|| Problem::new(Code::NotFound, missing))?;
            content(StatusCode::OK, HeaderValue::from_static(SCRIPT), script)
        }
        None => return Err(Problem::of(Code::NotFound)),
    };
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}
