//! Answers as the SDK reads them.
//!
//! The one thing it insists on is a JSON object with an array `handle`, each handle with
//! an array `payload`. A handle tells it something: the visitor's id (`identity:result`),
//! or a cookie to write (`state:store`). What was wrong with an event goes into
//! `warnings`, which the SDK logs without failing the page's call.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use intake::{Answers, EventAnswer};
use serde_json::{Value, json};

use super::consent::Consent;
use super::cookies::{Purpose, Way};
use super::identity::Ecid;
use crate::http::problem::Code;
use crate::http::response;

/// Broken rules that one warning lists; how many more there are is said.
const VIOLATIONS_MAX: usize = 50;
/// Rejected events that one answer warns of, each by its own warning; of the rest the
/// number is told.
const WARNINGS_MAX: usize = 100;

/// Events that one warning lists; their number is told beside them.
const PLACES_MAX: usize = 100;

/// An answer that is being put together.
pub(crate) struct Reply {
    request_id: String,
    handles: Vec<Value>,
    warnings: Vec<Value>,
    /// Whole `Set-Cookie` values.
    cookies: Vec<String>,
    way: Way,
}

impl Reply {
    /// `request_id` is the sender's; the answer's is that and 16 hexadecimal digits.
    pub(crate) fn new(request_id: Option<&str>, way: Way) -> Reply {
        let fresh = uuid::Uuid::new_v4().simple().to_string();
        let request_id = match request_id {
            Some(request_id) => format!("{request_id}-{}", &fresh[..16]),
            None => fresh,
        };
        Reply { request_id, handles: Vec::new(), warnings: Vec::new(), cookies: Vec::new(), way }
    }

    /// Tells the visitor's id.
    pub(crate) fn tell(&mut self, ecid: &Ecid) {
        self.handle("identity:result", json!({ "id": ecid.as_str(), "namespace": { "code": "ECID" } }));
    }

    /// Has the visitor's id kept.
    pub(crate) fn keep_identity(&mut self, org_id: &str, ecid: &Ecid, now_ms: i64) {
        self.keep(Purpose::Identity, org_id, &ecid.to_cookie(now_ms));
    }

    /// Has the visitor's choice kept.
    pub(crate) fn keep_consent(&mut self, org_id: &str, consent: Consent) {
        self.keep(Purpose::Consent, org_id, consent.to_cookie());
        // The SDK waits for this handle before it lets go of the events that it holds
        // back, by whatever way the cookie itself is set.
        if matches!(self.way, Way::Header { .. }) {
            let mut item = json!({ "key": Purpose::Consent.name(org_id), "value": consent.to_cookie() });
            item["maxAge"] = Purpose::Consent.seconds().into();
            self.handle("state:store", item);
        }
    }

    fn keep(&mut self, purpose: Purpose, org_id: &str, value: &str) {
        let (name, seconds) = (purpose.name(org_id), purpose.seconds());
        match self.way.clone() {
            Way::Header { domain, is_secure } => {
                self.cookies.push(Way::header(&domain, is_secure, &name, value, seconds));
            }
            Way::Handle { is_secure } => {
                let mut item = json!({ "key": name, "value": value, "maxAge": seconds });
                // The SDK adds `Secure` to it, and a page on http would lose the cookie.
                if is_secure {
                    item["attrs"] = json!({ "SameSite": "None" });
                }
                self.handle("state:store", item);
            }
        }
    }

    fn handle(&mut self, kind: &str, item: Value) {
        match self.handles.iter_mut().find(|handle| handle["type"] == kind) {
            Some(handle) => {
                if let Some(payload) = handle["payload"].as_array_mut() {
                    payload.push(item);
                }
            }
            None => self.handles.push(json!({ "type": kind, "payload": [item] })),
        }
    }

    /// Says which events were not stored, and why. `places` has for each answer the
    /// event's place in the request.
    pub(crate) fn warn_of(&mut self, answers: &Answers, places: &[usize]) {
        let rejected = answers.iter().zip(places).enumerate().filter(|(_, (answer, _))| !answer.is_accepted());
        let more = rejected.clone().count().saturating_sub(WARNINGS_MAX);
        for (at, (answer, index)) in rejected.take(WARNINGS_MAX) {
            let EventAnswer::Rejected { violations, .. } = answer else { continue };
            let count = violations.len() + answers.omitted_of(at);
            let errors: Vec<Value> = violations
                .iter()
                .take(VIOLATIONS_MAX)
                .map(|violation| {
                    json!({
                        "pointer": violation.pointer,
                        "schema": violation.schema,
                        "keyword": violation.keyword,
                        "message": violation.message,
                    })
                })
                .collect();
            let rules = if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") };
            let omitted = count - errors.len();
            let mut report = json!({ "eventIndex": index, "errors": errors });
            if omitted > 0 {
                report["violationsOmitted"] = omitted.into();
            }
            self.warn(
                Code::EventInvalid,
                format!("event {index} breaks {rules} of the schema; it is kept in rejects"),
                report,
            );
        }
        if more > 0 {
            let detail = format!("{more} more events break the schema; they are kept in rejects");
            self.warn(Code::EventInvalid, detail, json!({ "eventsOmitted": more }));
        }
    }

    /// Says that the visitor has refused.
    pub(crate) fn warn_of_refusal(&mut self) {
        self.warn(Code::ConsentMissing, Code::ConsentMissing.fix().to_owned(), json!({}));
    }

    /// Says that events came with a refusal of their own.
    pub(crate) fn warn_of_refused(&mut self, places: &[usize]) {
        let detail = "the consent string of these events refuses purpose 1 (store and access information); nothing of them was kept";
        self.warn_of_places(Code::ConsentMissing, detail, places);
    }

    /// Says that events had no time.
    pub(crate) fn warn_of_dated(&mut self, places: &[usize]) {
        self.warn_of_places(Code::EventUndated, Code::EventUndated.fix(), places);
    }

    /// Says that the page's SDK may not find its cookies.
    pub(crate) fn warn_of_doubt(&mut self, message: String) {
        self.warn(Code::OrgMismatch, message, json!({}));
    }

    fn warn_of_places(&mut self, code: Code, detail: &str, places: &[usize]) {
        if !places.is_empty() {
            let listed = &places[..places.len().min(PLACES_MAX)];
            self.warn(code, detail.to_owned(), json!({ "eventIndexes": listed, "events": places.len() }));
        }
    }

    fn warn(&mut self, code: Code, detail: String, report: Value) {
        self.warnings.push(json!({
            "type": code.type_uri(),
            "status": code.status().as_u16(),
            "title": code.title(),
            "detail": detail,
            "report": report,
        }));
    }

    /// 200 with all of it.
    pub(crate) fn into_response(self) -> Response {
        let mut document = json!({ "requestId": self.request_id, "handle": self.handles });
        if !self.warnings.is_empty() {
            document["warnings"] = Value::Array(self.warnings);
        }
        let response = response::json(StatusCode::OK, document.to_string().into_bytes());
        with_cookies(response, &self.cookies)
    }

    /// 204 without a body, for `collect`.
    pub(crate) fn into_empty(self) -> Response {
        with_cookies(response::empty(StatusCode::NO_CONTENT), &self.cookies)
    }

    /// 202 with the request's id and what was wrong, for `v2/collect`.
    pub(crate) fn into_taken(self) -> Response {
        let mut document = json!({ "requestId": self.request_id });
        if !self.warnings.is_empty() {
            document["warnings"] = Value::Array(self.warnings);
        }
        response::json(StatusCode::ACCEPTED, document.to_string().into_bytes())
    }
}

fn with_cookies(mut response: Response, cookies: &[String]) -> Response {
    for cookie in cookies {
        // Made of names and domains that were checked; one that isn't a header is left out.
        if let Ok(value) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use http_body_util::BodyExt;

    use super::*;

    const ORG: &str = "A@AdobeOrg";

    fn reply(way: Way) -> Reply {
        Reply::new(Some("r"), way)
    }

    fn by_handle() -> Reply {
        reply(Way::Handle { is_secure: true })
    }

    /// The JSON of an answer and its cookies.
    fn read(response: Response) -> (Value, Vec<String>) {
        let cookies = response.headers().get_all(header::SET_COOKIE).iter();
        let cookies = cookies.map(|cookie| cookie.to_str().expect("text").to_owned()).collect();
        let body = response.into_body().collect().now_or_never().expect("it is there").expect("no error").to_bytes();
        (serde_json::from_slice(&body).unwrap_or(Value::Null), cookies)
    }

    fn rejected(violations: usize) -> EventAnswer {
        let violation = || xdm::Violation {
            pointer: "/a".to_owned(),
            schema: "s#/a".to_owned(),
            keyword: "type".to_owned(),
            message: "m".to_owned(),
        };
        EventAnswer::Rejected { id: None, violations: (0..violations).map(|_| violation()).collect() }
    }

    #[test]
    fn the_request_id_is_the_senders_with_something_of_its_own() {
        let (answer, _) = read(by_handle().into_response());
        let id = answer["requestId"].as_str().expect("an id");
        assert!(id.starts_with("r-") && id.len() == 2 + 16, "{id}");
        assert_eq!(answer["handle"], json!([]), "the SDK insists on it");
        assert!(answer.get("warnings").is_none());
    }

    #[test]
    fn a_cookie_goes_by_the_way_that_works_for_the_page() {
        let check = |way: Way, stores: usize, cookies: usize, attributes: Option<Value>| {
            let mut reply = reply(way.clone());
            let ecid = Ecid::from_bits([1; 16]);
            reply.tell(&ecid);
            reply.keep_identity(ORG, &ecid, 0);
            reply.keep_consent(ORG, Consent::In);
            let (answer, set) = read(reply.into_response());
            assert_eq!(answer["handle"][0]["type"], "identity:result");
            assert_eq!(answer["handle"][0]["payload"][0]["id"], ecid.as_str());
            let stored = &answer["handle"][1];
            assert_eq!(
                (stored["type"].as_str(), stored["payload"].as_array().map(Vec::len)),
                (Some("state:store"), Some(stores))
            );
            assert_eq!(stored["payload"][0].get("attrs"), attributes.as_ref(), "{way:?}");
            assert_eq!(set.len(), cookies, "{set:?}");
        };
        check(Way::Handle { is_secure: true }, 2, 0, Some(json!({ "SameSite": "None" })));
        check(Way::Handle { is_secure: false }, 2, 0, None);
        // The SDK waits for the handle of a choice, whoever sets the cookie.
        check(Way::Header { domain: "shop.test".to_owned(), is_secure: true }, 1, 2, None);
    }

    #[test]
    fn warnings_name_the_places_of_the_request_and_are_bounded() {
        let mut reply = by_handle();
        let accepted = EventAnswer::Accepted { id: "e".to_owned(), notices: Vec::new() };
        let mut answers = Answers::of(vec![rejected(1), accepted]);
        answers.push(rejected(VIOLATIONS_MAX + 2), 3);
        reply.warn_of(&answers, &[4, 5, 7]);
        let (answer, _) = read(reply.into_response());
        let warnings = answer["warnings"].as_array().expect("warnings");
        let found: Vec<_> =
            warnings.iter().map(|one| (&one["report"]["eventIndex"], &one["report"]["violationsOmitted"])).collect();
        assert_eq!(found, [(&json!(4), &Value::Null), (&json!(7), &json!(5))]);
        assert_eq!(warnings[0]["detail"], "event 4 breaks 1 rule of the schema; it is kept in rejects");

        let mut reply = by_handle();
        let answers = Answers::of((0..WARNINGS_MAX + 3).map(|_| rejected(1)).collect());
        reply.warn_of(&answers, &(0..WARNINGS_MAX + 3).collect::<Vec<_>>());
        let (answer, _) = read(reply.into_response());
        assert_eq!(answer["warnings"].as_array().map(Vec::len), Some(WARNINGS_MAX + 1));
        assert_eq!(answer["warnings"][WARNINGS_MAX]["report"]["eventsOmitted"], 3);

        let mut reply = by_handle();
        reply.warn_of_dated(&[]);
        reply.warn_of_refused(&(0..PLACES_MAX + 1).collect::<Vec<_>>());
        let (answer, _) = read(reply.into_response());
        assert_eq!(answer["warnings"].as_array().map(Vec::len), Some(1));
        let report = &answer["warnings"][0]["report"];
        assert_eq!(
            (report["eventIndexes"].as_array().map(Vec::len), &report["events"]),
            (Some(PLACES_MAX), &json!(PLACES_MAX + 1))
        );
    }

    #[test]
    fn collect_is_answered_without_handles() {
        let mut reply = reply(Way::Header { domain: "shop.test".to_owned(), is_secure: false });
        reply.keep_consent(ORG, Consent::Out);
        let response = reply.into_empty();
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        let (body, cookies) = read(response);
        assert_eq!((body, cookies.len()), (Value::Null, 1));
        let response = by_handle().into_taken();
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        let (body, _) = read(response);
        assert!(body.get("handle").is_none() && body["requestId"].is_string(), "{body}");
    }
}
