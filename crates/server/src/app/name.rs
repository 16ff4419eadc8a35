//! Names of datastreams, inlets, keys and test runs.
//!
//! They go into tables, paths and labels, so they are plain: no separator of any of these
//! can stand in one.

/// Characters in a name.
pub(crate) const NAME_CHARS_MAX: usize = 128;

/// Whether this can be a name: 1 to 128 letters, digits, `-`, `_`, `.` or `:`.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        let check = |input: &str, expect: bool| assert_eq!(is_name(input), expect, "{input}");
        check("default", true);
        check("bc1a10e0-aee4:dev.1_x", true);
        check("", false);
        check("a/b", false);
        check("é", false);
        check(&"a".repeat(128), true);
        check(&"a".repeat(129), false);
    }
}
