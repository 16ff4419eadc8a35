//! What went wrong, as RFC 9457 problem documents.
//!
//! A [`Code`] is stable and has its status, title and fix in one table, which the OpenAPI
//! document and `/problems/{code}` are made from too. A [`Problem`] has two messages: the
//! detail for the client, and one for the log. Neither holds a value that was sent:
//! details are made from positions, limits and names that we chose.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Map, Value};

/// The media type of a problem document.
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The shortest wait we ask for. Less would turn an overload into a busy loop of retries.
const RETRY_AFTER_MIN: Duration = Duration::from_secs(1);

/// The wait that is asked of a client when a part of the server can't be had.
const UNAVAILABLE_WAIT: Duration = Duration::from_secs(5);

macro_rules! codes {
    ($($variant:ident $code:literal $status:ident $title:literal $fix:literal;)*) => {
        /// Everything that can go wrong, each with a stable name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($variant),* }

        impl Code {
            /// All of them, in the order of their status.
            pub(crate) const ALL: &[Code] = &[$(Code::$variant),*];

            /// The stable name.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Code::$variant => $code),* }
            }
            /// The HTTP status.
            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Code::$variant => StatusCode::$status),* }
            }
            /// One line, the same for every occurrence.
            pub(crate) const fn title(self) -> &'static str {
                match self { $(Code::$variant => $title),* }
            }
            /// What the client can do.
            pub(crate) const fn fix(self) -> &'static str {
                match self { $(Code::$variant => $fix),* }
            }
        }
    };
}

codes! {
    BodyEmpty "body_empty" BAD_REQUEST "The body is empty" "Send one event as a JSON object, an array of events, or one event a line.";
    BodyUnreadable "body_unreadable" BAD_REQUEST "The body can't be read as events" "Fix the JSON at the place that the detail names; nothing of this body was kept.";
    CodingBroken "coding_broken" BAD_REQUEST "The body can't be decompressed" "Send the whole compressed stream, or leave out Content-Encoding.";
    BodyCut "body_cut" BAD_REQUEST "The body ended early" "Send as many bytes as Content-Length says.";
    QueryInvalid "query_invalid" BAD_REQUEST "A query parameter is unknown or wrong" "Use the parameters that the detail lists.";
    SqlInvalid "sql_invalid" BAD_REQUEST "The SQL can't be run" "Fix the statement; only reading ones are run.";
    InvalidXdmMessage "invalid_xdm_message" BAD_REQUEST "Invalid XDM Message Format" "Fix every place listed under report.cause._streamingValidation and send the message again.";
    KeyMissing "key_missing" UNAUTHORIZED "This is answered only with a key" "Make a key on the server's machine with `frontdesk key new --scope read --name NAME`, and send it as `Authorization: Bearer KEY` or as the password of basic authentication.";
    KeyInvalid "key_invalid" UNAUTHORIZED "This key isn't known here" "Send one key, whole, as `frontdesk key new` printed it; `frontdesk key list` on the server's machine shows which there are.";
    ScopeMissing "scope_missing" FORBIDDEN "This key may do other things" "Use a key with the scope that this needs; GET /v1/key says what a key may, and `frontdesk key new` makes another one.";
    KeyRestricted "key_restricted" FORBIDDEN "This key is for one datastream" "Use a key that isn't restricted to a datastream, or one for this datastream.";
    OriginForeign "origin_foreign" FORBIDDEN "Pages of other sites may not ask this" "Ask from a program, or from a page of this server; a browser says by Origin, Sec-Fetch-Site or Referer where a request comes from.";
    HostUnknown "host_unknown" FORBIDDEN "This server isn't read under this name" "Ask by a loopback address, or have the operator add the name to hosts_allowed.";
    DatastreamMissing "datastream_missing" BAD_REQUEST "The query names no datastream" "Add the datastream's id: configId for v1, datastreamId for v2; either takes both.";
    DatastreamUnknown "datastream_unknown" BAD_REQUEST "Invalid datastream ID" "Use an id that is in the settings under datastreams.";
    JsonInvalid "json_invalid" BAD_REQUEST "The body is not JSON" "Fix the JSON at the place that the detail names.";
    FieldInvalid "field_invalid" BAD_REQUEST "A member of the body has the wrong form" "Send it in the form that the detail names.";
    ValueMissing "value_missing" BAD_REQUEST "A member of the body is missing" "Add what the detail names.";
    ConsentMissing "consent_missing" OK "The visitor has refused" "Nothing was kept. It is taken in again after set-consent with an agreement.";
    ConsentInvalid "consent_invalid" UNPROCESSABLE_ENTITY "A choice has no meaning" "Send a string of IAB TCF version 2 as the consent tool made it.";
    EventUndated "event_undated" OK "An event has no time" "The time of receipt was taken. Send a timestamp with each event.";
    OrgMismatch "org_mismatch" OK "The page's SDK may not find its cookies" "Set org_id of the datastream in the settings to the orgId of the page's SDK.";
    OriginRefused "origin_refused" FORBIDDEN "Pages of this origin may not send to this datastream" "Add the origin to the datastream's origins in the settings.";
    NotFound "not_found" NOT_FOUND "There is nothing at this path" "GET /api lists the endpoints.";
    KeptInvalid "kept_invalid" BAD_REQUEST "What is to be kept isn't as it has to be" "Correct what the detail names and send it again.";
    KeptUnknown "kept_unknown" NOT_FOUND "Nothing is kept under this id" "GET the list; it may have been deleted.";
    NameTaken "name_taken" CONFLICT "There is a view of this name" "Choose another name, or delete that view first.";
    NotEmpty "not_empty" CONFLICT "There are events already" "The button loads made-up events only where there are none; `frontdesk generate | frontdesk load --datastream demo -` adds some to yours.";
    KeptFull "kept_full" UNPROCESSABLE_ENTITY "There is no room for more" "Delete what nobody needs; the detail names the limit.";
    LinkUnknown "link_unknown" NOT_FOUND "This link leads nowhere" "Copy the whole link, or ask whoever has sent it for a new one.";
    LinkOver "link_over" GONE "This link is over" "Ask whoever has sent it for a new one.";
    LinkLimited "link_limited" TOO_MANY_REQUESTS "Too many wrong links" "Check the link; a good one is answered at once. Others are looked at again after the time that Retry-After says.";
    EventUnknown "event_unknown" NOT_FOUND "No event with this id was received" "Check the id; one with a slash is sent percent-encoded or as it is.";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "This path doesn't take this method" "Use a method that the Allow header lists.";
    BodyTimeout "body_timeout" REQUEST_TIMEOUT "The body took too long" "Send it again, faster or in smaller parts.";
    BodyTooLarge "body_too_large" PAYLOAD_TOO_LARGE "The body is over the limit" "Split it into smaller bodies.";
    CodingUnsupported "coding_unsupported" UNSUPPORTED_MEDIA_TYPE "This Content-Encoding isn't read" "Use gzip, zstd or none, and one of them only.";
    AllRejected "all_rejected" UNPROCESSABLE_ENTITY "Every event was rejected" "Fix the violations listed for each event; the events are kept in rejects.";
    DatastreamDisabled "datastream_disabled" UNPROCESSABLE_ENTITY "The datastream is disabled" "Enable it in the settings, or use another one.";
    EventInvalid "event_invalid" UNPROCESSABLE_ENTITY "An event breaks the schema" "Fix every place listed under report.errors; the event is kept in rejects.";
    SchemasRefused "schemas_refused" UNPROCESSABLE_ENTITY "The schemas stay as they were" "Correct what the detail names, in the settings or in the files of schemas, and ask again.";
    SqlLimit "sql_limit" UNPROCESSABLE_ENTITY "The query passed a limit" "Ask for less: a LIMIT, a shorter time, fewer columns, fewer levels; the detail says which limit.";
    LoginLimited "login_limited" TOO_MANY_REQUESTS "Too many logins failed" "Check the key; a good one is taken at once. Others are looked at again after the time that Retry-After says.";
    SqlBusy "sql_busy" TOO_MANY_REQUESTS "Too many queries at once" "Wait as Retry-After says and ask again.";
    Internal "internal" INTERNAL_SERVER_ERROR "The server failed" "Send it again; if it stays, the server's log says more.";
    Unavailable "unavailable" SERVICE_UNAVAILABLE "The server failed" "Wait as Retry-After says and send the same body again; if it stays, the server's log says more.";
    SummariesPending "summaries_pending" SERVICE_UNAVAILABLE "The numbers are being made" "Wait as Retry-After says and ask again; the detail says how many days are ready.";
    KeysUnreadable "keys_unreadable" SERVICE_UNAVAILABLE "The key file can't be read" "Nothing that needs a key is answered until the operator has repaired the key file; the server's log says what is wrong with it.";
    StateUnusable "state_unusable" SERVICE_UNAVAILABLE "What people keep can't be used now" "Saved views, notes and shared links are answered again when the operator has mended the state file; the server's log says how.";
    Overloaded "overloaded" SERVICE_UNAVAILABLE "More is coming in than can be taken" "Wait as Retry-After says and send the same body again.";
    DiskFull "disk_full" SERVICE_UNAVAILABLE "The disk is nearly full" "Wait as Retry-After says; the operator must make room.";
    Poisoned "poisoned" SERVICE_UNAVAILABLE "A write to disk failed" "Nothing is taken in until the operator has checked the disk and restarted the server.";
    Stopping "stopping" SERVICE_UNAVAILABLE "The server is stopping" "Wait as Retry-After says and send the same body again.";
}

impl Code {
    /// The name under which the Edge Network API documents the error.
    const fn edge_type(self) -> Option<&'static str> {
        match self {
            Code::DatastreamMissing => Some("EXEG-0002-400"),
            Code::DatastreamUnknown => Some("EXEG-0003-400"),
            Code::DatastreamDisabled => Some("EXEG-0004-422"),
            Code::JsonInvalid => Some("EXEG-0101-400"),
            Code::FieldInvalid => Some("EXEG-0102-400"),
            Code::ValueMissing => Some("EXEG-0103-400"),
            Code::EventInvalid | Code::ConsentInvalid => Some("EXEG-0104-422"),
            Code::ConsentMissing => Some("EXEG-0301-200"),
            _ => None,
        }
    }

    /// The `type` member: a path of this server, or for an invalid message of the
    /// streaming-ingestion API the URI that its clients look for.
    pub(crate) fn type_uri(self) -> Cow<'static, str> {
        match self {
            Code::InvalidXdmMessage => "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet".into(),
            other => match other.edge_type() {
                Some(name) => format!("https://ns.adobe.com/aep/errors/{name}").into(),
                None => format!("/problems/{}", other.name()).into(),
            },
        }
    }
}

/// One occurrence. Boxed: it travels in the error of every result on the way of an event,
/// and those should be small.
#[derive(Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    code: Code,
    detail: Cow<'static, str>,
    /// For the log only.
    cause: Option<String>,
    retry_after: Option<Duration>,
    headers: HeaderMap,
    members: Map<String, Value>,
    /// Members that are already JSON, without braces.
    written: Vec<u8>,
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem(Box::new(Parts {
            code,
            detail: detail.into(),
            cause: None,
            retry_after: None,
            headers: HeaderMap::new(),
            members: Map::new(),
            written: Vec::new(),
        }))
    }

    /// A problem whose detail is its fix.
    pub(crate) fn of(code: Code) -> Problem {
        Problem::new(code, code.fix())
    }

    /// A failure of the server: the client learns that, the log learns why.
    pub(crate) fn internal(cause: impl Into<String>) -> Problem {
        let mut problem = Problem::of(Code::Internal);
        problem.0.cause = Some(cause.into());
        problem
    }

    /// A part of the server can't be had now: the client may come back, the log learns why.
    pub(crate) fn unavailable(cause: impl Into<String>) -> Problem {
        let mut problem = Problem::of(Code::Unavailable).retry_after(UNAVAILABLE_WAIT);
        problem.0.cause = Some(cause.into());
        problem
    }

    /// More is asked at once than there is room for; it passes soon.
    pub(crate) fn overloaded() -> Problem {
        Problem::of(Code::Overloaded).retry_after(RETRY_AFTER_MIN)
    }

    /// What is wrong, for the client.
    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    /// How long the client is asked to wait.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What kind it is.
    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    /// Asks the client to come back after this long, at least a second.
    pub(crate) fn retry_after(mut self, wait: Duration) -> Problem {
        self.0.retry_after = Some(wait.max(RETRY_AFTER_MIN));
        self
    }

    /// Adds a header to the answer.
    pub(crate) fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Problem {
        self.0.headers.insert(name, value);
        self
    }

    /// Adds a header to the answer, beside others of this name.
    pub(crate) fn also(mut self, name: header::HeaderName, value: HeaderValue) -> Problem {
        self.0.headers.append(name, value);
        self
    }

    /// Adds an extension member (RFC 9457 section 3.2).
    pub(crate) fn member(mut self, name: &str, value: Value) -> Problem {
        self.0.members.insert(name.to_owned(), value);
        self
    }

    /// Adds members that are written already: `"name":value,…`.
    pub(crate) fn written(mut self, members: Vec<u8>) -> Problem {
        self.0.written = members;
        self
    }

    /// The document, without the members that are written already.
    pub(crate) fn document(&self) -> Map<String, Value> {
        let mut document = Map::new();
        document.insert("type".into(), self.0.code.type_uri().into());
        document.insert("title".into(), self.0.code.title().into());
        document.insert("status".into(), self.0.code.status().as_u16().into());
        document.insert("detail".into(), self.0.detail.as_ref().into());
        document.insert("code".into(), self.0.code.name().into());
        document.extend(self.0.members.clone());
        document
    }

    /// Says it to the log, in words of our own: what failed here is an error, what a
    /// client got wrong is its business and only shown at debug level.
    pub(crate) fn log(&self, route: &'static str) {
        let (code, status) = (self.0.code.name(), self.0.code.status().as_u16());
        match (&self.0.cause, status) {
            (Some(cause), _) => tracing::error!(code, status, route, cause, "request failed"),
            (None, 500..) => tracing::warn!(code, status, route, "request refused"),
            (None, _) => tracing::debug!(code, status, route, "request refused"),
        }
    }

    /// The answer.
    pub(crate) fn into_response(self) -> Response {
        let mut body = Value::Object(self.document()).to_string().into_bytes();
        if !self.0.written.is_empty() {
            *body.last_mut().expect("an object ends with a brace") = b',';
            body.extend_from_slice(&self.0.written);
            body.push(b'}');
        }
        self.written_as(PROBLEM_JSON, body.into())
    }

    /// The same told to a person: a page with the problem's status and headers, but without what would make a browser
    /// ask for a password instead of showing it.
    pub(crate) fn into_page(mut self, media_type: HeaderValue, page: String) -> Response {
        let challenges: Vec<HeaderValue> = self.0.headers.get_all(header::WWW_AUTHENTICATE).iter().cloned().collect();
        self.0.headers.remove(header::WWW_AUTHENTICATE);
        for challenge in challenges.into_iter().filter(|challenge| !challenge.as_bytes().starts_with(b"Basic ")) {
            self.0.headers.append(header::WWW_AUTHENTICATE, challenge);
        }
        self.written_as(media_type, page.into())
    }

    fn written_as(self, media_type: HeaderValue, body: Body) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = self.0.code.status();
        let headers = response.headers_mut();
        *headers = self.0.headers;
        headers.insert(header::CONTENT_TYPE, media_type);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = self.0.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_whole_seconds_and_never_below_one() {
        let check = |millis: u64, expect: &str| {
            let response = Problem::of(Code::Overloaded).retry_after(Duration::from_millis(millis)).into_response();
            assert_eq!(response.headers()[header::RETRY_AFTER], expect, "{millis} ms");
        };
        check(0, "1");
        check(400, "1");
        check(1_000, "1");
        check(1_001, "2");
        check(30_000, "30");
    }

    #[test]
    fn codes_are_distinct_and_say_a_fix() {
        for (index, code) in Code::ALL.iter().enumerate() {
            let is_error = code.status().is_client_error() || code.status().is_server_error();
            let is_warning = matches!(code, Code::ConsentMissing | Code::EventUndated | Code::OrgMismatch);
            assert!(is_error || is_warning, "{code:?}");
            assert!(code.fix().ends_with('.') && !code.title().ends_with('.'), "{code:?}");
            assert!(Code::ALL[..index].iter().all(|other| other.name() != code.name()), "{code:?}");
        }
    }

    #[test]
    fn members_stand_beside_the_standard_ones() {
        let document = Problem::new(Code::AllRejected, "both").member("rejected", 2.into()).document();
        let names: Vec<&str> = document.keys().map(String::as_str).collect();
        assert_eq!(names, ["type", "title", "status", "detail", "code", "rejected"]);
        assert_eq!(document["type"], "/problems/all_rejected");
    }
}
