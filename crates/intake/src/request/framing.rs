//! How a body holds events: as its sender says, or as it looks. Files follow the same
//! rule, so that the same bytes are the same events whichever way they come.

use memchr::memchr;

use crate::input::shape::{Shape, value_end, without_mark};

/// How a body holds events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// One JSON object.
    Single,
    /// A JSON array of events.
    Array,
    /// One event a line; blank lines are skipped, and a line that can't be read is a
    /// rejected event, not an unreadable body.
    Lines,
    /// Whatever the body looks like, by the same rule as files: `[` begins an array;
    /// several lines that are objects each are lines; the rest is one object or several,
    /// which may be spread over lines.
    #[default]
    Detect,
}

/// How a body turned out to hold events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResolvedFraming {
    Single,
    Array,
    Lines,
    /// Objects in a row, each over any number of lines.
    Values,
}

impl Framing {
    pub(crate) fn resolve(self, body: &[u8]) -> ResolvedFraming {
        match self {
            Framing::Single => ResolvedFraming::Single,
            Framing::Array => ResolvedFraming::Array,
            Framing::Lines => ResolvedFraming::Lines,
            Framing::Detect => detect(body),
        }
    }
}

/// The shape of the body, and whether it is one value. A body on one line is taken for a
/// single event without a look: nearly all are, and [`ResolvedFraming::also_values`] is for the rest.
fn detect(body: &[u8]) -> ResolvedFraming {
    let text = without_mark(body).trim_ascii();
    if memchr(b'\n', text).is_none() && text.first() != Some(&b'[') {
        return ResolvedFraming::Single;
    }
    match Shape::of(text) {
        Shape::Lines => ResolvedFraming::Lines,
        Shape::Array => ResolvedFraming::Array,
        Shape::Values => match value_end(text) {
            Some(end) if end < text.len() => ResolvedFraming::Values,
            _ => ResolvedFraming::Single,
        },
    }
}

impl ResolvedFraming {
    /// How else to read a body that can't be read as `self`, if nobody said how: what was
    /// taken for one event may be several on one line.
    pub(crate) fn also_values(self, framing: Framing) -> Option<ResolvedFraming> {
        (self == ResolvedFraming::Single && framing == Framing::Detect).then_some(ResolvedFraming::Values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn framings_are_detected() {
        let check = |body: &str, expect| assert_eq!(detect(body.as_bytes()), expect, "{body:?}");
        check("", ResolvedFraming::Single);
        check("{}", ResolvedFraming::Single);
        check(" \n{\"a\":1}\n\n", ResolvedFraming::Single);
        check("  [{}]", ResolvedFraming::Array);
        check("[\n{}\n]", ResolvedFraming::Array);
        check("{}\n{}", ResolvedFraming::Lines);
        check("{\"a\":{}}\r\n\r\n{}\r\n", ResolvedFraming::Lines);
        check("{\"a\":\"}\\\"{\"}\nnonsense", ResolvedFraming::Lines);
        check("{\"cut\":\n{\"a\":1}\n", ResolvedFraming::Lines);
        check("{\n  \"a\": 1\n}", ResolvedFraming::Single);
        check("{\"a\": {\n\"b\": 1}}", ResolvedFraming::Single);
        check("{\n}", ResolvedFraming::Single);
        check("{\n\"a\":\n{\n}\n}\n", ResolvedFraming::Single);
        check("{\"a\":\n{\"b\":1}\n", ResolvedFraming::Lines);
        check("{\"a\": 1,\n\"b\":", ResolvedFraming::Single);
        check("null\n{}", ResolvedFraming::Lines);
        check("{\"cut\":\"x\n{}", ResolvedFraming::Lines);
        check("\u{FEFF}{}", ResolvedFraming::Single);
        check("\u{FEFF}[{}]", ResolvedFraming::Array);
        check("{\n}\n{\n}", ResolvedFraming::Values);
        check("{}{}\n{}", ResolvedFraming::Values);
        // Told by reading it.
        check("{}{}", ResolvedFraming::Single);
    }
}
