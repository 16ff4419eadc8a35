//! What is said of a value that has too few or too many of something.

/// The sentence for a value with fewer of `what` than it needs.
pub(crate) fn too_few(count: usize, what: &str, min: usize) -> String {
    format!("{count} {what} are too few; send at least {min}")
}

/// The sentence for a value with more of `what` than it may have.
pub(crate) fn too_many(count: usize, what: &str, max: usize) -> String {
    format!("{count} {what} are too many; send at most {max}")
}
