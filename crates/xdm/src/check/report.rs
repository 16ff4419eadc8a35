//! The sentences: what is wrong, with the value masked, and how to fix it.

use super::cursor::{Cause, Stop};
use super::path::Path;
use super::{EventState, Walk, wrong_type};
use crate::keyword::TextRule;
use crate::plan::Loc;
use crate::profile::IdRule;
use crate::sink::Sink;
use crate::violation::{Notice, Violation};

impl EventState {
    /// Reports a violation; it isn't made when there is much to report already.
    pub(super) fn violate(&mut self, tell: impl FnOnce() -> Violation) {
        self.violations.push(tell);
    }

    /// Notes something; it isn't made when nobody asks or there is much of it already.
    pub(super) fn notice(&mut self, tell: impl FnOnce() -> Notice) {
        self.notices.push(tell);
    }
}

impl<S: Sink> Walk<'_, S> {
    /// Reports a value of the wrong type and skips it. The value is never shown: a phone
    /// number is sometimes sent as a number.
    #[cold]
    pub(super) fn wrong_type(&mut self, loc: Loc, wanted: &str, path: &Path<'_>) -> Result<(), Stop> {
        let raw = self.cursor.skip_value()?;
        let needed = self.is_needed(path);
        self.violate(loc, path, || wrong_type::message(raw, wanted, needed));
        Ok(())
    }

    /// Whether leaving the value out would only lead to the next violation.
    pub(super) fn is_needed(&self, path: &Path<'_>) -> bool {
        path.is_required() && !(path.is_id() && self.profile.id == IdRule::MayBeMissing)
    }

    #[cold]
    pub(super) fn violate_text(&mut self, rule: &TextRule, loc: Loc, text: &str, path: &Path<'_>) {
        let needed = self.is_needed(path);
        self.violate(loc, path, || rule.message(text, needed));
    }
}

/// The keyword of a schema location: its last step.
pub(super) fn keyword_of(location: &str) -> &str {
    location.rsplit('/').next().unwrap_or_default()
}

pub(super) const FRACTION: &str = "the number is not an integer; send a whole number";

pub(super) fn stopped(stop: &Stop) -> Violation {
    let (keyword, message) = match stop.cause() {
        Cause::Syntax { at, what } => ("syntax", format!("not JSON at byte {at}: {what}")),
        Cause::Limit { what, limit, unit } => ("limit", format!("{what} {limit} {unit}")),
    };
    Violation { pointer: String::new(), schema: String::new(), keyword: keyword.to_owned(), message }
}

pub(super) fn encoding(at: usize) -> Violation {
    let message = format!("not UTF-8 at byte {at}; send JSON in UTF-8");
    Violation { pointer: String::new(), schema: String::new(), keyword: "encoding".to_owned(), message }
}

pub(super) fn duplicate(path: &Path<'_>, schema: &str) -> Violation {
    Violation {
        pointer: path.sent(),
        schema: schema.to_owned(),
        keyword: "duplicateKey".to_owned(),
        message: "the property comes twice, or in both spellings; send it once".to_owned(),
    }
}

pub(super) fn prefix(path: &Path<'_>, schema: &str, key: &str) -> Violation {
    let fix = if key.contains(':') {
        "use a prefix that XDM knows, such as xdm:, or a full URI"
    } else {
        "give it the prefix xdm:, one of your own as a full URI, or leave it out"
    };
    Violation {
        pointer: path.sent(),
        schema: schema.to_owned(),
        keyword: "additionalProperties".to_owned(),
        message: format!("a property name without a known prefix is not permitted here; {fix}"),
    }
}

pub(super) fn extraneous(path: &Path<'_>, object: &str, guess: Option<&str>) -> Violation {
    let fix = guess.map_or_else(|| "leave it out or extend the schema".to_owned(), |name| format!("is it {name:?}?"));
    Violation {
        pointer: path.sent(),
        schema: object.to_owned(),
        keyword: "additionalProperties".to_owned(),
        message: format!("the schema declares no property of this name (profile aep-strict); {fix}"),
    }
}

pub(super) fn undeclared(path: &Path<'_>, guess: Option<&str>, personal: bool) -> Notice {
    let hint = guess.map_or_else(String::new, |name| format!("; did you mean {name:?}?"));
    let kept = if personal { "sealed, since it may be personal" } else { "kept in \"extra\"" };
    let message = format!("the schema declares no property of this name; it is {kept}{hint}");
    notice(path, "undeclaredProperty", message)
}

pub(super) fn lone_surrogate(path: &Path<'_>) -> Notice {
    let message =
        "half of a character (an unpaired surrogate) was replaced by U+FFFD; what was sent is kept in \"extra\"";
    notice(path, "loneSurrogate", message.to_owned())
}

pub(super) fn integer_range(path: &Path<'_>) -> Notice {
    let message = "the integer does not fit 64 bits; its column is null and what was sent is kept in \"extra\"";
    notice(path, "integerRange", message.to_owned())
}

pub(super) fn number_range(path: &Path<'_>) -> Notice {
    let message = "a 64-bit float does not hold the number exactly; what was sent is kept in \"extra\"";
    notice(path, "numberRange", message.to_owned())
}

pub(super) fn cut_fraction(path: &Path<'_>) -> Notice {
    let message = "the time is cut to microseconds; what was sent is kept in \"extra\"";
    notice(path, "timePrecision", message.to_owned())
}

pub(super) fn timestamp_range(path: &Path<'_>, schema: &str) -> Violation {
    Violation {
        pointer: path.sent(),
        schema: schema.to_owned(),
        keyword: "timestampRange".to_owned(),
        message: "the event's time lies outside of 1678-01-01 to 2261-12-31, which readers of the tables can't hold; send the time at which it happened".to_owned(),
    }
}

pub(super) fn timestamp_range_kept(path: &Path<'_>) -> Notice {
    let message =
        "the time lies outside of 1678-01-01 to 2261-12-31; its column is null and what was sent is kept in \"extra\"";
    notice(path, "timestampRange", message.to_owned())
}

pub(super) fn empty_id(path: &Path<'_>) -> Notice {
    notice(path, "emptyId", "an empty id identifies nothing; the event gets one of its own".to_owned())
}

fn notice(path: &Path<'_>, code: &str, message: String) -> Notice {
    Notice { pointer: path.sent(), code: code.to_owned(), message }
}
