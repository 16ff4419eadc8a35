//! What a route declares about itself, once, beside its handler.
//!
//! The router, the OpenAPI document, the index page, the labels of metrics and the access
//! check are made from these declarations, so that none of them can know a route that the
//! others don't. A route without a declaration can't be served.

use super::access::scope::Access;
use super::operation::Operation;

/// A method that a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET, and HEAD with it.
    Get,
    /// POST.
    Post,
    /// DELETE.
    Delete,
}

impl Method {
    /// As it stands in a request.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

/// One route's declaration.
#[derive(Debug)]
pub struct RouteSpec {
    /// The one method it takes, beside HEAD for GET and OPTIONS for pages.
    pub method: Method,
    /// The path as OpenAPI writes it; also the route's label in logs and metrics.
    pub path: &'static str,
    /// One line on what it does.
    pub summary: &'static str,
    /// What it takes to be answered.
    pub access: Access,
    /// Whether the session of a person who has signed in is enough for it although it changes something: our own pages'
    /// forms, and nothing else.
    pub(crate) takes_session: bool,
    /// How a request's path is recognised.
    pub(crate) found_by: FoundBy,
    /// What its answers are made of.
    pub(crate) content: Content,
    /// Whom its answers are for.
    pub(crate) audience: Audience,
    /// What pages of other origins may do.
    pub(crate) pages: Pages,
    /// How a failure of the server is answered.
    pub(crate) failure: Failure,
    /// Its part of the OpenAPI document.
    pub(crate) openapi: fn() -> Operation,
}

/// How a request's path is recognised.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FoundBy {
    /// By the router, under the declared path.
    Path,
    /// By the router, under each of these patterns: a wildcard doesn't match nothing.
    Patterns(&'static [&'static str]),
    /// By how the path ends, whatever base path a site has chosen.
    Ending(fn(&str) -> bool),
    /// By either.
    PathOrEnding(fn(&str) -> bool),
}

/// What a route's answers are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// What became of the events that were sent. It has to be said, since it was done.
    Outcome,
    /// Rows of the tables.
    Rows,
    /// What the recorder holds.
    Recorded,
    /// How the server stands. It is answered in trouble too, for whoever watches over it.
    Standing,
    /// The same on every server: nothing in it is worth stealing, so any page may lead
    /// there.
    Fixed,
    /// There is nothing at this path.
    Nothing,
}

impl Content {
    /// Whether the answer is the same on every server.
    pub(crate) const fn is_fixed(self) -> bool {
        matches!(self, Content::Fixed | Content::Nothing)
    }

    /// Whether nothing was done but to look, so that the answer can be refused.
    pub(crate) const fn is_refusable(self) -> bool {
        matches!(self, Content::Rows | Content::Recorded)
    }
}

/// Whom a route's answers are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Programs: what goes wrong is a problem document.
    Programs,
    /// People: what goes wrong is a page, for a browser that asks for one.
    People,
}

/// What pages of other origins may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pages {
    /// Nothing that a browser asks for first; the answers stay closed to them.
    Closed,
    /// Call it without cookies and read the answer.
    Anonymous,
    /// Call it with cookies and read the answer.
    WithCookies,
}

/// How a failure of the server is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// With a 500.
    Final,
    /// With a 503 and a wait: the Web SDK takes a 500 as final and repeats a 503.
    Repeatable,
}

impl RouteSpec {
    /// A route that is read, with what most of them have in common.
    pub(crate) const fn get(path: &'static str, access: Access) -> RouteSpec {
        RouteSpec {
            method: Method::Get,
            path,
            summary: "",
            access,
            takes_session: false,
            found_by: FoundBy::Path,
            content: Content::Standing,
            audience: Audience::Programs,
            pages: Pages::Closed,
            failure: Failure::Final,
            openapi: Operation::default,
        }
    }

    /// A route that takes something, with what most of them have in common.
    pub(crate) const fn post(path: &'static str, access: Access) -> RouteSpec {
        RouteSpec { method: Method::Post, content: Content::Outcome, ..RouteSpec::get(path, access) }
    }

    /// A route that takes something away, with what most of them have in common.
    pub(crate) const fn delete(path: &'static str, access: Access) -> RouteSpec {
        RouteSpec { method: Method::Delete, ..RouteSpec::post(path, access) }
    }

    /// A route that our own pages' forms are sent to by whoever has signed in.
    pub(crate) const fn form(path: &'static str, access: Access) -> RouteSpec {
        RouteSpec { takes_session: true, ..RouteSpec::post(path, access) }
    }

    /// The patterns under which the router finds it.
    pub(crate) fn patterns(&self) -> &[&'static str] {
        match self.found_by {
            FoundBy::Path | FoundBy::PathOrEnding(_) => std::slice::from_ref(&self.path),
            FoundBy::Patterns(patterns) => patterns,
            FoundBy::Ending(_) => &[],
        }
    }

    /// Whether a path that the router doesn't know is this route's.
    pub(crate) fn is_ending_of(&self, path: &str) -> bool {
        match self.found_by {
            FoundBy::Ending(is_ending) | FoundBy::PathOrEnding(is_ending) => is_ending(path),
            FoundBy::Path | FoundBy::Patterns(_) => false,
        }
    }
}

/// What a path that no route has is held to: it takes a key, like everything that isn't
/// declared open.
pub(crate) static ELSEWHERE: RouteSpec =
    RouteSpec { content: Content::Nothing, audience: Audience::People, ..RouteSpec::get("(elsewhere)", Access::Key) };

/// A declared route as one server knows it: with its place among the counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) spec: &'static RouteSpec,
    pub(crate) number: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_found_as_it_declares() {
        let check = |found_by: FoundBy, patterns: &[&str], is_ending: bool| {
            let spec = RouteSpec { found_by, ..RouteSpec::get("/a/{b}", Access::Read) };
            assert_eq!(spec.patterns(), patterns, "{found_by:?}");
            assert_eq!(spec.is_ending_of("/any/end"), is_ending, "{found_by:?}");
            assert!(!spec.is_ending_of("/any/other"), "{found_by:?}");
        };
        let ending = |path: &str| path.ends_with("/end");
        check(FoundBy::Path, &["/a/{b}"], false);
        check(FoundBy::Patterns(&["/a/{*b}", "/a"]), &["/a/{*b}", "/a"], false);
        check(FoundBy::Ending(ending), &[], true);
        check(FoundBy::PathOrEnding(ending), &["/a/{b}"], true);
    }

    #[test]
    fn only_answers_that_were_only_looked_up_can_be_refused() {
        let check = |content: Content, is_refusable: bool, is_fixed: bool| {
            assert_eq!((content.is_refusable(), content.is_fixed()), (is_refusable, is_fixed), "{content:?}");
        };
        check(Content::Outcome, false, false);
        check(Content::Rows, true, false);
        check(Content::Recorded, true, false);
        check(Content::Standing, false, false);
        check(Content::Fixed, false, true);
        check(Content::Nothing, false, true);
    }
}
