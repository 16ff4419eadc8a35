//! The key in a request's headers: `Authorization: Bearer KEY`, or `Basic` with the key as
//! the password, since many programs can send nothing else.
//!
//! A sender of another service's tokens, or a page behind a password of its own, sends
//! `Authorization` as well. What doesn't begin like our keys is therefore no key, not a
//! wrong one.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::token::PREFIX;

/// Longest value that is looked into; a key is a tenth of it.
const CREDENTIAL_BYTES_MAX: usize = 1_024;

/// Whether there is anything to look at.
pub(crate) fn is_presented(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION)
}

/// The text that claims to be a key; `None` when there is none.
///
/// # Errors
/// Several: which of them counts would be a guess.
pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Cow<'_, str>>, ()> {
    let mut found = headers.get_all(header::AUTHORIZATION).iter().filter_map(claimed);
    match (found.next(), found.next()) {
        (found, None) => Ok(found),
        _ => Err(()),
    }
}

fn claimed(value: &HeaderValue) -> Option<Cow<'_, str>> {
    let text = value.to_str().ok().filter(|text| text.len() <= CREDENTIAL_BYTES_MAX)?;
    let (scheme, rest) = text.trim().split_once(' ')?;
    let rest = rest.trim_start();
    let key = if scheme.eq_ignore_ascii_case("bearer") {
        Cow::Borrowed(rest)
    } else if scheme.eq_ignore_ascii_case("basic") {
        let pair = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
        let (_user, password) = pair.split_once(':')?;
        Cow::Owned(password.to_owned())
    } else {
        return None;
    };
    key.starts_with(PREFIX).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_where_programs_put_it() {
        let check = |values: &[&str], expect: Result<Option<&str>, ()>| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).expect("a value"));
            }
            assert_eq!(of(&headers).as_ref().map(Option::as_deref), expect.as_ref().map(|found| *found), "{values:?}");
            assert_eq!(is_presented(&headers), !values.is_empty());
        };
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        check(&[], Ok(None));
        check(&["Bearer fd_x"], Ok(Some("fd_x")));
        check(&["bearer   fd_x "], Ok(Some("fd_x")));
        check(&[&basic("grafana:fd_x")], Ok(Some("fd_x")));
        check(&[&basic(":fd_x:y")], Ok(Some("fd_x:y")));
        check(&[&basic("fd_x")], Ok(None));
        check(&["Basic !"], Ok(None));
        check(&["Bearer eyJhbGciOi"], Ok(None));
        check(&["fd_x"], Ok(None));
        check(&["Digest fd_x"], Ok(None));
        check(&["Bearer eyJ", "Bearer fd_x"], Ok(Some("fd_x")));
        check(&["Bearer fd_x", "Bearer fd_y"], Err(()));
        check(&[&format!("Bearer fd_{}", "x".repeat(CREDENTIAL_BYTES_MAX))], Ok(None));
    }
}
