//! What a visitor agreed to: read from `set-consent`, kept in a cookie, asked at every
//! event.
//!
//! The SDK holds events back itself while consent is pending or refused; the cookie is
//! asked here too, so that a refusal holds for every sender that carries it.

use super::identity::unbase64;
use super::raw::{items, member, text};

/// Whether events may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    In,
    Out,
}

/// Bit of purpose 1 (*store and/or access information on a device*) in the core segment
/// of an IAB TCF 2 string: after the fixed fields of 152 bits.
const TCF_PURPOSE_1_BIT: usize = 152;

impl Consent {
    /// A cookie's value, such as `general=in`.
    pub(crate) fn from_cookie(value: &str) -> Option<Consent> {
        let general = value.split(['&', ';']).find_map(|part| part.trim().strip_prefix("general="))?;
        Consent::from_word(general)
    }

    /// The cookie's value. The SDK releases the events that it holds back only when it
    /// finds this in the answer.
    pub(crate) const fn to_cookie(self) -> &'static str {
        match self {
            Consent::In => "general=in",
            Consent::Out => "general=out",
        }
    }

    /// The event type under which a choice is kept.
    pub(crate) const fn event_type(self) -> &'static str {
        match self {
            Consent::In => "privacy.consent.in",
            Consent::Out => "privacy.consent.out",
        }
    }

    /// What the array `consent` of a request says: out if any of its parts does. `None`
    /// if no part of it can be understood.
    pub(crate) fn of(consents: &str) -> Option<Consent> {
        let mut known = items(consents).filter_map(Consent::of_one).peekable();
        known.peek()?;
        Some(if known.any(|consent| consent == Consent::Out) { Consent::Out } else { Consent::In })
    }

    fn of_one(consent: &str) -> Option<Consent> {
        let value = member(consent, "value")?;
        match member(consent, "standard").and_then(text).as_deref()? {
            "Adobe" => {
                let general = || member(value, "general").and_then(text);
                let collect = || member(member(value, "collect")?, "val").and_then(text);
                Consent::from_word(&general().or_else(collect)?)
            }
            standard if standard.starts_with("IAB") => {
                if member(consent, "gdprApplies") == Some("false") {
                    return Some(Consent::In);
                }
                Consent::from_tcf(&text(value)?)
            }
            _ => None,
        }
    }

    /// `in`/`out` of version 1.0, `y`/`n` of version 2.0.
    fn from_word(word: &str) -> Option<Consent> {
        match word {
            "in" | "y" | "yes" => Some(Consent::In),
            "out" | "n" | "no" => Some(Consent::Out),
            _ => None,
        }
    }

    fn from_tcf(tc_string: &str) -> Option<Consent> {
        let core = unbase64(tc_string.split('.').next()?)?;
        // The first six bits are the version.
        if core.first()? >> 2 != 2 {
            return None;
        }
        let byte = core.get(TCF_PURPOSE_1_BIT / 8)?;
        Some(if byte >> 7 == 1 { Consent::In } else { Consent::Out })
    }
}

#[cfg(test)]
mod tests {
    use super::super::identity::base64;
    use super::*;

    #[test]
    fn every_standard_is_read() {
        let tcf = |first_purposes: u8| {
            let mut core = vec![0u8; 40];
            core[0] = 2 << 2;
            core[19] = first_purposes;
            format!("{}.other", base64(&core))
        };
        let check = |consents: &str, expect: Option<Consent>| assert_eq!(Consent::of(consents), expect, "{consents}");
        check(r#"[{"standard":"Adobe","version":"1.0","value":{"general":"in"}}]"#, Some(Consent::In));
        check(r#"[{"standard":"Adobe","version":"1.0","value":{"general":"out"}}]"#, Some(Consent::Out));
        check(r#"[{"standard":"Adobe","version":"2.0","value":{"collect":{"val":"y"}}}]"#, Some(Consent::In));
        check(
            r#"[{"value":{"collect":{"val":"n"},"metadata":{"time":"2026-01-01T00:00:00Z"}},"standard":"Adobe"}]"#,
            Some(Consent::Out),
        );
        check(
            r#"[{"standard":"Adobe","value":{"general":"in"}},{"standard":"Adobe","value":{"general":"out"}}]"#,
            Some(Consent::Out),
        );
        for (bits, expect) in [(0x80, Consent::In), (0x7f, Consent::Out)] {
            let value = tcf(bits);
            check(&format!(r#"[{{"standard":"IAB TCF","version":"2.0","value":"{value}"}}]"#), Some(expect));
            let outside = format!(r#"[{{"standard":"IAB TCF","gdprApplies":false,"value":"{value}"}}]"#);
            check(&outside, Some(Consent::In));
        }
        check(r#"[{"standard":"IAB TCF","value":"AAAA"}]"#, None);
        check(r#"[{"standard":"Adobe","value":{"general":"perhaps"}}]"#, None);
        check(r#"[{"standard":"Other","value":{"general":"in"}}]"#, None);
        check("[]", None);
        check("{}", None);
    }

    #[test]
    fn a_cookie_comes_back_as_it_went() {
        for consent in [Consent::In, Consent::Out] {
            assert_eq!(Consent::from_cookie(consent.to_cookie()), Some(consent));
        }
        assert_eq!(Consent::from_cookie("a=b&general=out"), Some(Consent::Out));
        assert_eq!(Consent::from_cookie("general=pending"), None);
        assert_eq!(Consent::from_cookie(""), None);
    }
}
