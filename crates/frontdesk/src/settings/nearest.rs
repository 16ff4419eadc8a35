//! The known name that a mistyped one most likely stands for.

use strsim::levenshtein;

/// Most letters that may differ, as a share of the longer name: a third.
const DISTANCE_SHARE: usize = 3;

/// The nearest of the known names, if it is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    known
        .map(|candidate| (levenshtein(&name, candidate), candidate))
        .filter(|(distance, candidate)| distance * DISTANCE_SHARE <= name.len().max(candidate.len()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["commit_after", "commit_bytes", "listen", "log"];
        let check = |name: &str, expect: Option<&str>| assert_eq!(nearest(name, known.into_iter()), expect, "{name}");
        check("comit_after", Some("commit_after"));
        check("commit-after", Some("commit_after"));
        check("Listen", Some("listen"));
        check("lissten", Some("listen"));
        check("password", None);
    }
}
