//! A sender's own name for a request: the same id again gives the same events.

use axum::http::{HeaderMap, HeaderName};

use crate::http::problem::{Code, Problem};

/// The header with a request's id.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// The header `x-request-id`, checked.
///
/// # Errors
/// It can't be an id.
pub(crate) fn of_header(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(&REQUEST_ID) else { return Ok(None) };
    match value.to_str() {
        Ok(text) if is_request_id(text) => Ok(Some(text.to_owned())),
        _ => Err(invalid()),
    }
}

/// Whether this can be an id.
pub(crate) fn is_request_id(text: &str) -> bool {
    (1..=REQUEST_ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The problem for a text that can't be one.
pub(crate) fn invalid() -> Problem {
    Problem::new(Code::QueryInvalid, "a request id (request_id or x-request-id) is 1 to 128 visible ASCII characters")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn an_id_is_visible_ascii() {
        let check = |value: &[u8], expect: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(&REQUEST_ID, HeaderValue::from_bytes(value).expect("a header"));
            let found = of_header(&headers).map_err(|problem| problem.code());
            let expect = expect.map(|id| Some(id.to_owned())).ok_or(Code::QueryInvalid);
            assert_eq!(found, expect, "{value:?}");
        };
        check(b"r-1", Some("r-1"));
        check("x".repeat(128).as_bytes(), Some(&"x".repeat(128)));
        check("x".repeat(129).as_bytes(), None);
        check(b"", None);
        check(b"a b", None);
        check(b"\xFF", None);
        assert_eq!(of_header(&HeaderMap::new()).map_err(|problem| problem.code()), Ok(None));
    }
}
