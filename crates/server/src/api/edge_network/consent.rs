//! Whether a visitor agreed to have events kept, and how a cookie says so.
//!
//! The SDK holds events back itself while consent is pending or refused; the cookie is
//! asked here too, so that a refusal holds for every sender that carries it.

/// Whether events may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    In,
    Out,
}

impl Consent {
    /// A cookie's value, such as `general=in`.
    pub(crate) fn from_cookie(value: &str) -> Option<Consent> {
        let mut parts = value.split(['&', ';']).filter_map(|part| part.split_once('='));
        let (_, general) = parts.find(|(name, _)| name.trim().eq_ignore_ascii_case("general"))?;
        match general.trim() {
            word if word.eq_ignore_ascii_case("in") => Some(Consent::In),
            word if word.eq_ignore_ascii_case("out") => Some(Consent::Out),
            _ => None,
        }
    }

    /// The cookie's value. The SDK releases the events that it holds back only when it
    /// finds this in the answer.
    pub(crate) const fn to_cookie(self) -> &'static str {
        match self {
            Consent::In => "general=in",
            Consent::Out => "general=out",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_comes_back_as_it_went() {
        for consent in [Consent::In, Consent::Out] {
            assert_eq!(Consent::from_cookie(consent.to_cookie()), Some(consent));
        }
        let check = |value: &str, expect: Option<Consent>| assert_eq!(Consent::from_cookie(value), expect, "{value}");
        check("a=b&general=out", Some(Consent::Out));
        check("a;general = OUT ;", Some(Consent::Out));
        check("general=pending", None);
        check("general", None);
        check("=", None);
        check("", None);
    }
}
