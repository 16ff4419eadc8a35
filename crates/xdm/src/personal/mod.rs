//! What is personal where no schema says so: by a property's name, and by what a text
//! looks like.
//!
//! A schema marks the values that it knows to be personal. Senders put addresses and
//! telephone numbers elsewhere too: under a misspelt name, in an object of their own, in
//! a link, in the page's address. These rules find them there. They are guesses, and lean
//! to the careful side: what is taken for personal is sealed, never lost, and whoever
//! wants it in clear declares it in a schema.
//!
//! They refuse to guess at what can't be known: a name or a street in free text, a
//! national number of fewer than nine digits in one piece, an address as a property's
//! name below a schema's own map.

pub(crate) mod name;
pub(crate) mod text;
pub(crate) mod uri;

use std::borrow::Cow;

/// Bytes that the pointers of what is sealed one by one may be longer than the property they
/// are found in; past it, the property is sealed whole.
pub(crate) const POINTERS_BYTES_MAX: usize = 1024;
/// Most personal values of one undeclared property that are sealed one by one; of more,
/// the property is sealed whole.
pub(crate) const FOUND_MAX: usize = 64;

/// What stands in a column for a personal part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redaction {
    /// The same for every value: [`MASK`].
    Mask,
    /// A pseudonym, the same for equal values.
    Pseudonym,
}

/// What a masked part looks like. May stand in a URI.
pub const MASK: &str = "***";

/// A personal part of a text: a range of bytes at character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What stands for it.
    pub redaction: Redaction,
}

impl Span {
    /// The whole text as a pseudonym.
    pub(crate) fn pseudonym(text: &str) -> Span {
        Span { start: 0, end: text.len(), redaction: Redaction::Pseudonym }
    }
}

/// The form of a personal value that is compared: without escapes, case and white space;
/// of a telephone number the digits.
///
/// ```
/// assert_eq!(xdm::normal_form(" Jo@Shop.example"), "jo@shop.example");
/// assert_eq!(xdm::normal_form("%2B1 (408) 555-0100"), xdm::normal_form("0014085550100"));
/// ```
pub fn normal_form(value: &str) -> String {
    let plain = uri::decoded(value);
    let plain = plain.trim();
    if text::is_number(plain) {
        let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
        return digits.strip_prefix("00").map(str::to_owned).unwrap_or(digits);
    }
    plain.to_lowercase()
}

/// Could this be an identity that a person is reached by, or the hash of one?
pub(crate) fn is_telling_identity(id: &str) -> bool {
    // Nearly every event has an ECID, 38 digits; hardly any hash has digits alone.
    !text::is_long_run(id) && (text::is_telling(id) || text::is_hash(id))
}

/// Is the text an e-mail address or a number that is marked as one (`+`), or does it hold one?
/// For identifiers, where long numbers are common.
pub fn looks_personal(text: &str) -> bool {
    text::is_plainly_telling(text)
}

/// A text as it is compared: percent escapes are resolved where there are any.
fn plain(text: &str) -> Cow<'_, str> {
    if text.contains('%') { uri::decoded(text) } else { Cow::Borrowed(text) }
}
