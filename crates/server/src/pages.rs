//! What a person reads in a browser: the index page, the meaning of a problem's code,
//! and the OpenAPI document.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};

use crate::edge::{Call, Edge, Outcome, content};
use crate::front::Front;
use crate::problem::{Code, Problem};
use crate::routes::{Method, ROUTES};

const FRAME: &str = include_str!("index.html");

/// `GET /`.
pub(crate) async fn index<F: Front>(_edge: Arc<Edge<F>>, call: Call) -> Outcome {
    // Only a plain name of host and port goes into the page; the rest of what can stand
    // in the header would be a way to write into it.
    let host = call.head.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.filter(|host| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b)));
    let rows: String = ROUTES
        .iter()
        .map(|route| {
            let method = match route.method() {
                Method::Get => "GET",
                Method::Post => "POST",
            };
            format!("<tr><td>{method}</td><td><code>{}</code></td><td>{}</td></tr>\n", route.path(), route.summary())
        })
        .collect();
    let page = FRAME.replace("{{host}}", host.unwrap_or("127.0.0.1:8080")).replace("{{routes}}", &rows);
    let mut response = content(StatusCode::OK, HeaderValue::from_static("text/html; charset=utf-8"), page);
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    Ok(response)
}

/// `GET /problems/{code}`: where the `type` of a problem document leads.
pub(crate) async fn problem<F: Front>(_edge: Arc<Edge<F>>, call: Call) -> Outcome {
    let name = call.head.uri.path().strip_prefix("/problems/").unwrap_or_default();
    let code = Code::ALL.iter().find(|code| code.name() == name).ok_or_else(|| Problem::of(Code::NotFound))?;
    let text = format!("{} {}: {}\n\n{}\n", code.status().as_u16(), code.name(), code.title(), code.fix());
    Ok(content(StatusCode::OK, HeaderValue::from_static("text/plain; charset=utf-8"), text))
}

/// `GET /openapi.json`.
pub(crate) async fn openapi<F: Front>(edge: Arc<Edge<F>>, _call: Call) -> Outcome {
    Ok(content(StatusCode::OK, HeaderValue::from_static("application/json"), edge.openapi.clone()))
}
