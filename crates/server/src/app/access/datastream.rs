//! What a datastream takes, whichever way its events come in.
//!
//! `/v1/events`, `/collection` and the Edge Network API all ask here, with the name of the
//! datastream that the events will be stored under, and before the body is read.

use std::collections::BTreeMap;

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::principal::Principal;
use super::refusal;
use crate::app::datastream::Datastream;
use crate::http::problem::{Code, Problem};

/// The settings of a datastream that takes these events; `None` where no datastream is
/// configured and any name is one.
///
/// # Errors
/// It is unknown or disabled, the page's origin isn't listed, or the key isn't for it.
pub(crate) fn admit<'a>(
    known: &'a BTreeMap<String, Datastream>,
    name: &str,
    head: &Parts,
    principal: &Principal,
) -> Result<Option<&'a Datastream>, Problem> {
    if principal.datastream().is_some_and(|only| only != name) {
        return Err(Problem::new(
            Code::KeyRestricted,
            "this key is for another datastream; use one for this, or for all",
        ));
    }
    if known.is_empty() {
        return Ok(None);
    }
    let datastream = known.get(name).ok_or_else(|| Problem::of(Code::DatastreamUnknown))?;
    if !datastream.enabled {
        return Err(Problem::of(Code::DatastreamDisabled));
    }
    if !origins(&head.headers).all(|origin| datastream.admits(Some(origin))) {
        return Err(Problem::of(Code::OriginRefused));
    }
    if datastream.key_required && !principal.holds_collecting_key() {
        return Err(refusal::missing_to_collect());
    }
    Ok(Some(datastream))
}

/// The origins that a request names: none for a server's, one for a page's.
fn origins(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    // One that is no text is admitted by nothing that is configured.
    headers.get_all(header::ORIGIN).iter().map(|origin| origin.to_str().unwrap_or("null"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::access::digest::Digest;
    use crate::app::access::key::Key;
    use crate::app::access::scope::Scope;

    fn key(scope: Scope, datastream: Option<&str>) -> Principal {
        let names = ("abcdefgh".to_owned(), "n".to_owned());
        Principal::Key(Arc::new(Key::new(names, scope, datastream.map(str::to_owned), (None, false), Digest::of("s"))))
    }

    #[test]
    fn rules_bind_whoever_sends() {
        let mut known = BTreeMap::new();
        let open = Datastream::default();
        known.insert("open".to_owned(), open.clone());
        known.insert("off".to_owned(), Datastream { enabled: false, ..open.clone() });
        known.insert("shop".to_owned(), Datastream { origins: vec!["https://shop.example".into()], ..open.clone() });
        known.insert("server".to_owned(), Datastream { key_required: true, ..open });
        let check = |name: &str, origins: &[&'static str], principal: &Principal, expect: Option<Code>| {
            let mut request = axum::http::Request::post("/v1/events");
            for origin in origins {
                request = request.header(header::ORIGIN, *origin);
            }
            let head = request.body(()).expect("a request").into_parts().0;
            let found = admit(&known, name, &head, principal).err().map(|problem| problem.code());
            assert_eq!(found, expect, "{name} {origins:?} {principal:?}");
        };
        let nobody = Principal::Nobody;
        check("open", &["https://any.example"], &nobody, None);
        check("default", &[], &nobody, Some(Code::DatastreamUnknown));
        check("off", &[], &nobody, Some(Code::DatastreamDisabled));
        check("off", &[], &Principal::Local, Some(Code::DatastreamDisabled));
        check("shop", &[], &nobody, None);
        check("shop", &["https://shop.example"], &nobody, None);
        check("shop", &["https://evil.example"], &nobody, Some(Code::OriginRefused));
        check("shop", &["https://shop.example", "https://evil.example"], &nobody, Some(Code::OriginRefused));
        check("server", &[], &nobody, Some(Code::KeyMissing));
        check("server", &[], &Principal::Open, Some(Code::KeyMissing));
        check("server", &[], &Principal::Local, None);
        check("server", &[], &key(Scope::Collect, None), None);
        check("server", &[], &key(Scope::Admin, None), None);
        check("server", &[], &key(Scope::Collect, Some("server")), None);
        check("server", &[], &key(Scope::Collect, Some("open")), Some(Code::KeyRestricted));
        check("open", &[], &key(Scope::Collect, Some("server")), Some(Code::KeyRestricted));
    }

    #[test]
    fn a_key_for_one_datastream_stays_there_where_none_is_configured() {
        let head = axum::http::Request::post("/v1/events").body(()).expect("a request").into_parts().0;
        let none = BTreeMap::new();
        let check = |name: &str, expect: bool| {
            assert_eq!(admit(&none, name, &head, &key(Scope::Collect, Some("web"))).is_ok(), expect, "{name}");
        };
        check("web", true);
        check("default", false);
    }
}
