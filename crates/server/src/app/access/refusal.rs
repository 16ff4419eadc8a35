//! Why a request isn't let in, in words that say how to get in.
//!
//! Browsers open a window for user and password when they are challenged with `Basic`.
//! That is welcome on the pages and on what is read, and nowhere else: a visitor of a site
//! that collects must never see one.

use axum::http::{HeaderValue, header};

use super::links::{LinkNow, LinkRefused};
use super::principal::Principal;
use super::scope::Access;
use crate::app::route::{Content, RouteSpec};
use crate::http::problem::{Code, Problem};

const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"frontdesk\", charset=\"UTF-8\"");
const BEARER: HeaderValue = HeaderValue::from_static("Bearer realm=\"frontdesk\"");
const BEARER_INVALID: HeaderValue = HeaderValue::from_static("Bearer realm=\"frontdesk\", error=\"invalid_token\"");
const BEARER_SCOPE: HeaderValue = HeaderValue::from_static("Bearer realm=\"frontdesk\", error=\"insufficient_scope\"");

/// What is wrong with a key that was sent.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// No such key, or another secret.
    Unknown,
    /// It was taken back.
    Revoked,
    /// Its time is over.
    Expired,
    /// The key file can't be read, so no key is known.
    Unreadable,
}

/// The problem for a key that isn't one.
pub(crate) fn of(route: &RouteSpec, why: Refused) -> Problem {
    let detail = match why {
        Refused::Unknown => return invalid(route),
        Refused::Unreadable => return Problem::of(Code::KeysUnreadable).retry_after(std::time::Duration::from_secs(5)),
        Refused::Revoked => "this key was revoked; `frontdesk key new` on the server's machine makes another one",
        Refused::Expired => "this key has expired; `frontdesk key new` on the server's machine makes another one",
    };
    challenged(Problem::new(Code::KeyInvalid, detail), route, BEARER_INVALID)
}

/// The problem for a key that is unknown, or for several.
pub(crate) fn invalid(route: &RouteSpec) -> Problem {
    challenged(Problem::of(Code::KeyInvalid), route, BEARER_INVALID)
}

/// The problem for a request without a key; says how to make one.
pub(crate) fn missing(route: &RouteSpec) -> Problem {
    let detail = match route.access {
        Access::Public | Access::Link | Access::Collect | Access::Key | Access::Read => Code::KeyMissing.fix(),
        Access::Desk => {
            "make a key on the server's machine with `frontdesk key new --scope desk --name NAME`, and send it as `Authorization: Bearer KEY` or as the password of basic authentication"
        }
        Access::Admin => {
            "make a key on the server's machine with `frontdesk key new --scope admin --name NAME`, and send it as `Authorization: Bearer KEY` or as the password of basic authentication"
        }
    };
    challenged(Problem::new(Code::KeyMissing, detail), route, BEARER)
}

/// The problem for events of a datastream that takes them with a key only.
pub(crate) fn missing_to_collect() -> Problem {
    let detail = "this datastream takes events only with a key: make one on the server's machine with `frontdesk key new --scope collect --name NAME`, and send it as `Authorization: Bearer KEY`";
    Problem::new(Code::KeyMissing, detail).also(header::WWW_AUTHENTICATE, BEARER)
}

/// The problem for events that are said to come from a file, by somebody who may not say so.
pub(crate) fn missing_to_load(principal: &Principal) -> Problem {
    let detail = "source=file takes a key of scope admin: make one on the server's machine with `frontdesk key new --scope admin --name NAME`, or load the file there with `frontdesk load`";
    let (code, bearer) = match principal {
        Principal::Nobody => (Code::KeyMissing, BEARER),
        _ => (Code::ScopeMissing, BEARER_SCOPE),
    };
    Problem::new(code, detail).also(header::WWW_AUTHENTICATE, bearer)
}

/// The problem for a link that lets nobody in.
pub(crate) fn of_link(why: LinkRefused) -> Problem {
    match why {
        LinkRefused::Unknown => Problem::of(Code::LinkUnknown),
        LinkRefused::TooMany { wait_s } => {
            Problem::of(Code::LinkLimited).retry_after(std::time::Duration::from_secs(wait_s))
        }
        LinkRefused::Over(LinkNow::Expired) => {
            Problem::new(Code::LinkOver, "its time is over; ask whoever has sent it for a new one")
        }
        LinkRefused::Over(_) => Problem::new(Code::LinkOver, "it was taken back; ask whoever has sent it"),
    }
}

/// The problem for a key that may do other things only.
pub(crate) fn scope_missing(route: &RouteSpec) -> Problem {
    challenged(Problem::of(Code::ScopeMissing), route, BEARER_SCOPE)
}

/// Refuses a key that may do other things only.
pub(crate) fn unless_permitted(route: &RouteSpec, principal: &Principal) -> Result<(), Problem> {
    let access = route.access;
    if !principal.permits(access) {
        return Err(scope_missing(route));
    }
    // What is read can't be divided by datastream.
    if principal.datastream().is_some() && !matches!(access, Access::Collect | Access::Key | Access::Public) {
        return Err(Problem::new(
            Code::KeyRestricted,
            "this key is for one datastream, and what is asked for isn't divided by datastream; use a key without --datastream",
        ));
    }
    Ok(())
}

fn challenged(problem: Problem, route: &RouteSpec, bearer: HeaderValue) -> Problem {
    let problem = problem.also(header::WWW_AUTHENTICATE, bearer);
    match route.access {
        _ if route.content == Content::Nothing => problem,
        Access::Public | Access::Link | Access::Collect => problem,
        _ => problem.also(header::WWW_AUTHENTICATE, BASIC),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::route::ELSEWHERE;

    #[test]
    fn a_password_is_asked_for_only_where_a_person_reads() {
        let check = |route: &RouteSpec, expect: &[&str]| {
            for problem in [missing(route), invalid(route), of(route, Refused::Revoked)] {
                let response = problem.into_response();
                assert_eq!(response.status(), 401);
                let challenges = response.headers().get_all(header::WWW_AUTHENTICATE).iter();
                let schemes =
                    challenges.map(|value| value.to_str().expect("text").split(' ').next().unwrap_or_default());
                assert_eq!(schemes.collect::<Vec<_>>(), expect, "{route:?}");
            }
        };
        check(&RouteSpec::post("/a", Access::Collect), &["Bearer"]);
        check(&RouteSpec::get("/a", Access::Read), &["Bearer", "Basic"]);
        check(&RouteSpec::get("/a", Access::Key), &["Bearer", "Basic"]);
        check(&ELSEWHERE, &["Bearer"]);
    }

    #[test]
    fn what_is_missing_says_which_key_to_make() {
        for (access, scope) in [(Access::Read, "read"), (Access::Desk, "desk"), (Access::Admin, "admin")] {
            let document = missing(&RouteSpec::get("/a", access)).document();
            let detail = document["detail"].as_str().expect("text");
            assert!(detail.contains(&format!("frontdesk key new --scope {scope} ")), "{detail}");
        }
        let unreadable = of(&ELSEWHERE, Refused::Unreadable);
        assert_eq!(unreadable.code(), Code::KeysUnreadable);
    }
}
