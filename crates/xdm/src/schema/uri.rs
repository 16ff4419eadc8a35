//! References resolved against a base after RFC 3986, without changing how a URI is
//! spelled: schemas are found by comparing texts.
//!
//! An `$id` that is no URI (`contact`) is taken as it stands.

use fluent_uri::{Uri, UriRef};

/// The URI that a reference stands for.
pub(crate) fn resolve(base: &str, reference: &str) -> String {
    let base = without_fragment(base);
    if reference.is_empty() {
        return base.to_owned();
    }
    if reference.starts_with('#') {
        return format!("{base}{reference}");
    }
    let resolved = UriRef::parse(reference).ok().zip(Uri::parse(base).ok()).and_then(|(reference, base)| {
        // What has a scheme is complete; resolving it would only normalise its path.
        if reference.has_scheme() { None } else { reference.resolve_against(&base).ok() }
    });
    resolved.map_or_else(|| reference.to_owned(), |uri| uri.as_str().to_owned())
}

/// A URI without its fragment.
pub(crate) fn without_fragment(uri: &str) -> &str {
    uri.split_once('#').map_or(uri, |(uri, _)| uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_as_rfc_3986_has_it() {
        let check =
            |base: &str, reference: &str, expect: &str| assert_eq!(resolve(base, reference), expect, "{reference}");
        check("https://x.example/a/b", "c", "https://x.example/a/c");
        check("https://x.example/a/b#", "#/definitions/c", "https://x.example/a/b#/definitions/c");
        check("https://x.example/a/b", "../c#d", "https://x.example/c#d");
        check("https://x.example/a/b", "https://y.example", "https://y.example");
        check("https://x.example/a/b", "", "https://x.example/a/b");
        check("urn:uuid:0", "#/a", "urn:uuid:0#/a");
        check("contact", "#/a", "contact#/a");
        check("contact", "other", "other");
        check("https://x.example/a", "not a uri", "not a uri");
    }
}
