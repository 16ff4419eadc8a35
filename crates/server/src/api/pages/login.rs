//! `POST /login` and `POST /logout`: a person types a key in, and the browser is given a session for it.
//!
//! The form stands on whatever page was asked for without a key. Both take only what a page of this server sends; the
//! answer never holds the key, and leads to paths of this server alone.

use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use dashboard::LoginForm;
use serde_json::json;
use url::form_urlencoded;

use super::told::{HTML, POLICY, is_in_clear, local};
use crate::api::endpoint::Endpoint;
use crate::api::openapi::{parts, problems};
use crate::app::access::control::NotSignedIn;
use crate::app::access::refusal::Refused;
use crate::app::access::scope::Access;
use crate::app::access::{cookie, page};
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::{Operation, Success};
use crate::app::route::{Audience, RouteSpec};
use crate::app::state::AppState;
use crate::http::body::Received;
use crate::http::host::Via;
use crate::http::problem::{Code, Problem};
use crate::http::response;

/// Largest form, in bytes: a key, and a path to lead to.
const FORM_BYTES_MAX: usize = 16 << 10;
/// What the browser forgets at the end: the history of queries too.
const CLEARED: HeaderValue = HeaderValue::from_static("\"storage\"");
static CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

pub(in crate::api) enum PostLogin {}

impl Endpoint for PostLogin {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Sign in: the pages' form with a key, for a session in a cookie",
        audience: Audience::People,
        openapi: || Operation {
            id: "signIn",
            body: Some(json!({ "application/x-www-form-urlencoded": { "schema": parts::object(
                &["key"],
                json!({ "key": parts::string(), "to": { "type": "string", "description": "The path that is led to afterwards." } }),
            ) } })),
            success: led("Signed in: the cookie holds the session, Location the page."),
            problems: [
                problems::RECEIVING,
                &[
                    Code::KeyInvalid,
                    Code::ScopeMissing,
                    Code::OriginForeign,
                    Code::HostUnknown,
                    Code::LoginLimited,
                    Code::KeysUnreadable,
                    Code::Internal,
                ],
            ]
            .concat(),
            ..Operation::default()
        },
        ..RouteSpec::post("/login", Access::Public)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { head, body, .. } = call;
        let Received { bytes, claim: _claim } = body.read(FORM_BYTES_MAX, &state.body_limits, &state.budget).await?;
        let form = Form::read(&bytes);
        let to = local(&form.to).unwrap_or("/");
        // A session that was there is another person's, or this one's old one.
        state.access.sign_out(&head.headers);
        let (status, why) = match state.access.sign_in(form.key.trim(), state.now_s()) {
            Ok(id) => return Ok(redirect(to, cookie::set(&id, page::transport(&head, via(&head))))),
            Err(NotSignedIn::NoRandom) => return Err(Problem::internal("the system's random source failed")),
            Err(NotSignedIn::TooMany { wait_s }) => {
                return Err(Problem::of(Code::LoginLimited).retry_after(std::time::Duration::from_secs(wait_s)));
            }
            Err(NotSignedIn::Refused(Refused::Unreadable)) => {
                return Err(Problem::of(Code::KeysUnreadable).retry_after(std::time::Duration::from_secs(5)));
            }
            Err(NotSignedIn::MayNotRead) => (
                StatusCode::FORBIDDEN,
                "This key may not read. Use one with the scope read that isn't for one datastream alone.",
            ),
            Err(NotSignedIn::Refused(Refused::Revoked)) => (StatusCode::UNAUTHORIZED, "This key was revoked."),
            Err(NotSignedIn::Refused(Refused::Expired)) => (StatusCode::UNAUTHORIZED, "This key has expired."),
            Err(NotSignedIn::Refused(Refused::Unknown)) => (
                StatusCode::UNAUTHORIZED,
                "This key isn't known here. Type it in whole, as frontdesk key new printed it.",
            ),
        };
        let form = LoginForm { to, refused: Some(why), is_in_clear: is_in_clear(via(&head)) };
        let mut response = response::content(status, HTML, dashboard::login(&form));
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"frontdesk\""));
        }
        Ok(response)
    }
}

pub(in crate::api) enum PostLogout {}

impl Endpoint for PostLogout {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Sign out: ends the browser's session and its streams",
        audience: Audience::People,
        openapi: || Operation {
            id: "signOut",
            success: led("Signed out, or never signed in."),
            problems: vec![Code::OriginForeign, Code::HostUnknown],
            ..Operation::default()
        },
        ..RouteSpec::post("/logout", Access::Public)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { head, .. } = call;
        state.access.sign_out(&head.headers);
        let mut response = redirect("/", cookie::clear(page::transport(&head, via(&head))));
        response.headers_mut().insert(&CLEAR_SITE_DATA, CLEARED);
        Ok(response)
    }
}

/// What was typed in, and what the page had with it.
#[derive(Default)]
struct Form {
    key: String,
    to: String,
}

impl Form {
    /// Fields that aren't there are empty, and others nobody's.
    fn read(body: &[u8]) -> Form {
        let mut form = Form::default();
        for (name, value) in form_urlencoded::parse(body) {
            match &*name {
                "key" => form.key = value.into_owned(),
                "to" => form.to = value.into_owned(),
                _ => {}
            }
        }
        form
    }
}

fn via(head: &Parts) -> Via {
    head.extensions.get::<Via>().copied().unwrap_or_default()
}

/// Leads to a path of this server, which is asked for with GET.
fn redirect(to: &str, cookie: HeaderValue) -> Response {
    let mut response = response::empty(StatusCode::SEE_OTHER);
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/")));
    headers.insert(header::SET_COOKIE, cookie);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn led(description: &str) -> Success {
    Success {
        status: "303",
        response: json!({ "description": description, "headers": { "location": { "schema": { "type": "string" } } } }),
    }
}
