//! Which call of the Edge Network API a path and a query mean.
//!
//! `/{base}[/{hint}]/v1/{action}` and `/{base}[/{hint}]/v2/{action}`: the SDK lets a site
//! choose any base path, of several segments too, and puts the location hint behind it.
//! Both only say by which way a request came, so a call is told by how its path ends.

use axum::http::Uri;

use crate::app::name::is_name;
use crate::app::request_id::is_request_id;
use crate::http::problem::{Code, Problem};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Take events and answer with handles.
    Interact,
    /// Take events and answer with nothing.
    Collect,
    /// Tell the visitor's id.
    Acquire,
    /// Keep the visitor's choice.
    SetConsent,
}

/// The version of the interface; the second one is for servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

/// Whether a path is a call that ends so.
pub(super) fn is_call(path: &str, ending: &str) -> bool {
    // A base of at least one segment: `/ee/v1/interact`.
    path.strip_suffix(ending).is_some_and(|base| base.starts_with('/') && base.len() > 1)
}

/// What the query says. Parameters that are not known are normal and passed over.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) datastream: String,
    /// The sender's name for the request, the same when it is sent again.
    pub(crate) request_id: Option<String>,
    /// No body in the answer to `v2/collect`.
    pub(crate) is_silent: bool,
}

impl Target {
    /// `header` is `x-request-id`.
    pub(crate) fn of(uri: &Uri, version: Version, header: Option<&str>) -> Result<Target, Problem> {
        let query = uri.query().unwrap_or_default();
        let find = |name: &str| value_of(query, name);
        let datastream = named_datastream(query, version)?;
        if !is_name(&datastream) {
            return Err(Problem::of(Code::DatastreamUnknown));
        }
        // A request id that can't be kept is as good as none: the event is worth more.
        let request_id = find("requestId").or_else(|| header.map(str::to_owned)).filter(|id| is_request_id(id));
        Ok(Target { datastream, request_id, is_silent: find("silent").as_deref() == Some("true") })
    }
}

/// The query parameters that name a datastream: the first version's, the second's, and the
/// second's as older documents and clients of its maker spell it. Either version takes
/// all of them.
const DATASTREAM_NAMES: [&str; 3] = ["configId", "datastreamId", "dataStreamId"];

/// The datastream's id. A parameter that is repeated counts as it came first; two spellings
/// that contradict each other are refused, since events in the wrong datastream are worse
/// than none.
fn named_datastream(query: &str, version: Version) -> Result<String, Problem> {
    let mut named = DATASTREAM_NAMES.iter().filter_map(|name| value_of(query, name)).filter(|id| !id.is_empty());
    let Some(datastream) = named.next() else {
        let name = match version {
            Version::V1 => "configId",
            Version::V2 => "datastreamId",
        };
        let detail = format!("the query has no {name}; add the datastream's id");
        return Err(Problem::new(Code::DatastreamMissing, detail));
    };
    if named.any(|other| other != datastream) {
        let detail = "the query names different datastreams (configId, datastreamId, dataStreamId); send one of them";
        return Err(Problem::new(Code::QueryInvalid, detail));
    }
    Ok(datastream)
}

/// The first value of this name in a query.
fn value_of(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_base_path_and_hint_lead_to_the_call() {
        let check = |path: &str, ending: &str, expect: bool| assert_eq!(is_call(path, ending), expect, "{path}");
        check("/ee/v1/interact", "/v1/interact", true);
        check("/ee/or2/v1/interact", "/v1/interact", true);
        check("/custom/base/v1/collect", "/v1/collect", true);
        check("/ee/irl1/v1/privacy/set-consent", "/v1/privacy/set-consent", true);
        check("/v1/interact", "/v1/interact", false);
        check("//v1/interact", "/v1/interact", false);
        check("/ee/v1/interact/", "/v1/interact", false);
        check("/ee/v3/interact", "/v1/interact", false);
        check("ee/v1/interact", "/v1/interact", false);
        check("/", "/v1/interact", false);
    }

    #[test]
    fn the_query_names_datastream_and_request() {
        let check = |query: &str, version, expect: Option<(&str, Option<&str>, bool)>| {
            let uri: Uri = format!("/ee/v1/interact{query}").parse().expect("a URI");
            let target = Target::of(&uri, version, Some("from-header")).ok();
            let found = target.as_ref().map(|t| (t.datastream.as_str(), t.request_id.as_deref(), t.is_silent));
            assert_eq!(found, expect, "{query}");
        };
        check("?configId=a-b&requestId=r1", Version::V1, Some(("a-b", Some("r1"), false)));
        check(
            "?x=1&configId=a%3Ab&adobeAepValidationToken=p%7Cq",
            Version::V1,
            Some(("a:b", Some("from-header"), false)),
        );
        check("?datastreamId=a&silent=true&requestId=r%20x", Version::V2, Some(("a", None, true)));
        check("?dataStreamId=a", Version::V2, Some(("a", Some("from-header"), false)));
        check("?dataStreamId=a", Version::V1, Some(("a", Some("from-header"), false)));
        check("?datastreamId=a", Version::V1, Some(("a", Some("from-header"), false)));
        check("?configId=a", Version::V2, Some(("a", Some("from-header"), false)));
        check("?configId=&datastreamId=a", Version::V1, Some(("a", Some("from-header"), false)));
        check("?configId=a&configId=b", Version::V1, Some(("a", Some("from-header"), false)));
        check("?configId=a&datastreamId=a", Version::V1, Some(("a", Some("from-header"), false)));
        check("?configId=a&dataStreamId=b", Version::V1, None);
        check("?dataStreamId=a&datastreamId=b", Version::V2, None);
        check("?configId=", Version::V1, None);
        check("?configId=a%2Fb", Version::V1, None);
        check("", Version::V1, None);
        check("?configId=%", Version::V1, None);
    }

    #[test]
    fn escapes_are_read_as_browsers_write_them() {
        let check = |text: &str, expect: &str| {
            assert_eq!(value_of(&format!("x={text}"), "x").as_deref(), Some(expect));
        };
        check("a%7Cb+c", "a|b c");
        check("%E2%9C%93", "✓");
        check("%", "%");
        check("%4", "%4");
        check("%+1", "% 1");
        check("%zz", "%zz");
    }
}
