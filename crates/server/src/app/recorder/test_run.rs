//! Which test run an event belongs to: by the request's header, or by the event's own mark.

use axum::http::{HeaderMap, HeaderName};

use crate::app::name::is_name;

/// Names the run that a request belongs to.
static TEST_HEADER: HeaderName = HeaderName::from_static("x-frontdesk-test");

/// The run that each event of a request belongs to.
#[derive(Debug, Default)]
pub(crate) struct TestRun {
    all: Option<String>,
    each: Vec<Option<String>>,
}

impl TestRun {
    /// `each` has the events' own names, in their order. A name that is none is passed
    /// over: events matter more than their marks.
    pub(crate) fn of(headers: &HeaderMap, each: impl Iterator<Item = Option<String>>) -> TestRun {
        let all = headers.get(&TEST_HEADER).and_then(|name| name.to_str().ok()).filter(|name| is_name(name));
        let each: Vec<_> = each.map(|name| name.filter(|name| is_name(name))).collect();
        let each = if each.iter().any(Option::is_some) { each } else { Vec::new() };
        TestRun { all: all.map(str::to_owned), each }
    }

    /// Of a request whose events carry no marks of their own.
    pub(crate) fn of_headers(headers: &HeaderMap) -> TestRun {
        TestRun::of(headers, std::iter::empty())
    }

    /// Whether any event belongs to one.
    pub(super) fn is_named(&self) -> bool {
        self.all.is_some() || !self.each.is_empty()
    }

    /// The run of the event at this place.
    pub(super) fn of_event(&self, index: usize) -> Option<&str> {
        self.each.get(index).and_then(Option::as_deref).or(self.all.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn an_events_own_mark_is_before_the_requests() {
        let mut headers = HeaderMap::new();
        headers.insert(&TEST_HEADER, HeaderValue::from_static("run-1"));
        let marks = [Some("own".to_owned()), None, Some("no name".to_owned())];
        let run = TestRun::of(&headers, marks.into_iter());
        assert_eq!(
            [0, 1, 2, 3].map(|index| run.of_event(index)),
            [Some("own"), Some("run-1"), Some("run-1"), Some("run-1")]
        );
        assert!(!TestRun::of(&HeaderMap::new(), [None].into_iter()).is_named());
        headers.insert(&TEST_HEADER, HeaderValue::from_static("a b"));
        assert!(!TestRun::of_headers(&headers).is_named());
    }
}
