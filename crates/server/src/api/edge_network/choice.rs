//! What a visitor's message of `set-consent` asks for.
//!
//! Every documented value is understood. What isn't is refused with its place and what may
//! stand there, since a choice that is passed over in silence would be the worse mistake;
//! but a refusal counts whatever stands beside it.

use super::consent::Consent;
use super::raw::{items, member, text};
use super::tcf;
use crate::http::problem::{Code, Problem};

/// What one message of `set-consent` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Choice {
    /// Events may be kept from now on, or not.
    Made(Consent),
    /// Nothing about keeping events: it stays as it is.
    Unchanged,
}

impl Choice {
    /// The event type under which a choice is kept.
    pub(crate) const fn event_type(self) -> &'static str {
        match self {
            Choice::Made(Consent::In) => "privacy.consent.in",
            Choice::Made(Consent::Out) => "privacy.consent.out",
            Choice::Unchanged => "privacy.consent.unchanged",
        }
    }

    /// What the array `consent` of a request says: out if any of its parts does.
    ///
    /// # Errors
    /// A part is not understood and none refuses.
    pub(crate) fn of(consents: &str) -> Result<Choice, Problem> {
        let (mut choice, mut mistake) = (Choice::Unchanged, None);
        let mut parts = 0;
        for (index, part) in items(consents).enumerate() {
            parts += 1;
            match Choice::of_one(part) {
                Ok(Choice::Made(Consent::Out)) => return Ok(Choice::Made(Consent::Out)),
                Ok(Choice::Unchanged) => {}
                Ok(made) => choice = made,
                Err(problem) => mistake = mistake.or(Some(problem.at(index))),
            }
        }
        match mistake {
            Some(problem) => Err(problem),
            None if parts == 0 => Err(Problem::new(
                Code::FieldInvalid,
                "consent is an array of at least one choice; send standard, version and value of each",
            )),
            None => Ok(choice),
        }
    }

    fn of_one(part: &str) -> Result<Choice, Mistake> {
        let word = |name: &str| member(part, name).and_then(text);
        let standard = word("standard").unwrap_or_default();
        let version = word("version");
        let is_version = |number: &str| version.as_deref().is_none_or(|version| version.starts_with(number));
        if tcf::is_standard(&standard) && is_version("2") {
            return Choice::of_tcf(part);
        }
        if standard != "Adobe" {
            return Err(Mistake::Field("standard and version: Adobe 1.0, Adobe 2.0 or IAB TCF 2.0"));
        }
        let value = member(part, "value").ok_or(Mistake::Missing("value"))?;
        if !value.starts_with('{') {
            return Err(Mistake::Field("value: an object for the standard Adobe"));
        }
        let general = member(value, "general");
        match (version.as_deref(), general) {
            (Some("1.0" | "1"), general) | (None, general @ Some(_)) => Choice::of_general(general),
            (None | Some("2.0" | "2"), _) => Choice::of_collect(value),
            _ => Err(Mistake::Field("version: 1.0 or 2.0 for the standard Adobe")),
        }
    }

    /// Version 1.0 of Adobe's standard.
    fn of_general(general: Option<&str>) -> Result<Choice, Mistake> {
        match general.and_then(text).as_deref() {
            Some("in") => Ok(Choice::Made(Consent::In)),
            Some("out") => Ok(Choice::Made(Consent::Out)),
            Some("pending") => Ok(Choice::Unchanged),
            _ => Err(Mistake::Field("value.general: in, out or pending")),
        }
    }

    /// Version 2.0: consent, or another legal ground. Marketing and personalisation say
    /// nothing about keeping events.
    fn of_collect(value: &str) -> Result<Choice, Mistake> {
        const EXPECTED: Mistake = Mistake::Field("value.collect.val: y, n, p, u, li, ct, cp, vi or pi");
        let Some(collect) = member(value, "collect") else { return Ok(Choice::Unchanged) };
        let Some(val) = member(collect, "val") else {
            return if collect.starts_with('{') { Ok(Choice::Unchanged) } else { Err(EXPECTED) };
        };
        match text(val).as_deref() {
            Some("y" | "li" | "ct" | "cp" | "vi" | "pi") => Ok(Choice::Made(Consent::In)),
            Some("n") => Ok(Choice::Made(Consent::Out)),
            Some("p" | "u") => Ok(Choice::Unchanged),
            _ => Err(EXPECTED),
        }
    }

    fn of_tcf(part: &str) -> Result<Choice, Mistake> {
        if member(part, "gdprApplies") == Some("false") {
            return Ok(Choice::Made(Consent::In));
        }
        let value = member(part, "value").ok_or(Mistake::Missing("value"))?;
        let value = text(value).ok_or(Mistake::Field("value: a string for the standard IAB TCF"))?;
        tcf::consent(&value).map(Choice::Made).ok_or(Mistake::Value("value is no string of IAB TCF version 2"))
    }
}

/// What is wrong with a part, as the Edge Network API tells such things apart.
#[derive(Clone, Copy)]
enum Mistake {
    /// A member has the wrong form; the text has its name and what it may be.
    Field(&'static str),
    /// A member is missing.
    Missing(&'static str),
    /// A member has the right form and no meaning.
    Value(&'static str),
}

impl Mistake {
    fn at(self, index: usize) -> Problem {
        match self {
            Mistake::Field(expected) => {
                Problem::new(Code::FieldInvalid, format!("consent[{index}] is not understood; expected {expected}"))
            }
            Mistake::Missing(name) => {
                Problem::new(Code::ValueMissing, format!("consent[{index}] has no `{name}`; add it"))
            }
            Mistake::Value(what) => Problem::new(Code::ConsentInvalid, format!("consent[{index}].{what}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN: Result<Choice, &str> = Ok(Choice::Made(Consent::In));
    const OUT: Result<Choice, &str> = Ok(Choice::Made(Consent::Out));
    const SAME: Result<Choice, &str> = Ok(Choice::Unchanged);
    const TCF_ALL: &str = "CO052l-O052l-DGAMBFRACBgAIBAAAAAAIYgEawAQEagAAAA";
    const TCF_NO_PURPOSE_1: &str = "CO052oTO052oTDGAMBFRACBgAABAAAAAAIYgEawAQEagAAAA";

    fn check(consents: &str, expect: Result<Choice, &str>) {
        match (Choice::of(consents), expect) {
            (Ok(choice), Ok(expect)) => assert_eq!(choice, expect, "{consents}"),
            (Err(problem), Err(expect)) => {
                let found = format!("{} {}", problem.code().name(), problem.document()["detail"]);
                assert!(found.contains(expect), "{consents}: {found}");
            }
            (found, _) => panic!("{consents}: {found:?}"),
        }
    }

    #[test]
    fn every_documented_value_of_adobe_is_understood() {
        for (general, expect) in [("in", IN), ("out", OUT), ("pending", SAME)] {
            check(&format!(r#"[{{"standard":"Adobe","version":"1.0","value":{{"general":"{general}"}}}}]"#), expect);
        }
        let values = [("y", IN), ("n", OUT), ("p", SAME), ("u", SAME)];
        let grounds = ["li", "ct", "cp", "vi", "pi"].map(|ground| (ground, IN));
        for (val, expect) in values.into_iter().chain(grounds) {
            let value = format!(r#"{{"collect":{{"val":"{val}"}},"metadata":{{"time":"2026-01-01T00:00:00Z"}}}}"#);
            check(&format!(r#"[{{"value":{value},"standard":"Adobe","version":"2.0"}}]"#), expect);
            check(&format!(r#"[{{"value":{value},"standard":"Adobe"}}]"#), expect);
        }
        for value in [
            r#"{"marketing":{"preferred":"email","email":{"val":"n"}}}"#,
            r#"{"personalize":{"content":{"val":"n"}},"share":{"val":"n"}}"#,
            r#"{"collect":{}}"#,
            "{}",
        ] {
            check(&format!(r#"[{{"standard":"Adobe","version":"2.0","value":{value}}}]"#), SAME);
        }
    }

    #[test]
    fn tcf_strings_are_understood() {
        let part = |more: &str| format!(r#"[{{"standard":"IAB TCF","version":"2.0"{more}}}]"#);
        check(&part(&format!(r#","value":"{TCF_ALL}""#)), IN);
        check(&part(&format!(r#","value":"{TCF_NO_PURPOSE_1}","gdprApplies":true"#)), OUT);
        check(&part(&format!(r#","value":"{TCF_NO_PURPOSE_1}","gdprApplies":false"#)), IN);
        check(&part(""), Err("value_missing"));
        check(&part(r#","value":"""#), Err("consent_invalid"));
        check(&part(r#","value":7"#), Err("field_invalid"));
        check(&part(r#","value":"AAAA""#), Err("consent_invalid"));
        check(&format!(r#"[{{"standard":"IAB TCF","version":"6.9","value":"{TCF_ALL}"}}]"#), Err("field_invalid"));
        check(&format!(r#"[{{"standard":"IAB","version":"2.0","value":"{TCF_ALL}"}}]"#), Err("field_invalid"));
    }

    #[test]
    fn what_is_not_understood_is_told_with_its_place() {
        let agreed = r#"{"standard":"Adobe","value":{"general":"in"}}"#;
        let refused = r#"{"standard":"Adobe","value":{"general":"out"}}"#;
        let odd = r#"{"standard":"Adobe","version":"2.0","value":{"collect":{"val":"perhaps"}}}"#;
        check(&format!("[{agreed},{refused}]"), OUT);
        check(&format!("[{agreed},{odd}]"), Err("consent[1] is not understood; expected value.collect.val"));
        check(&format!("[{odd},{refused}]"), OUT);
        for (part, expect) in [
            (r#"{"standard":"Adobe","version":"1.0","value":{"analytics":"in"}}"#, "value.general"),
            (r#"{"standard":"Adobe","value":{"general":"perhaps"}}"#, "value.general"),
            (r#"{"standard":"Adobe","value":{"general":true}}"#, "value.general"),
            (r#"{"standard":"Adobe","value":{"collect":"y"}}"#, "value.collect"),
            (r#"{"standard":"Adobe","version":"2.0"}"#, "has no `value`"),
            (r#"{"standard":"Adobe","version":"2.0","value":"y"}"#, "an object"),
            (r#"{"standard":"Adobe","version":"3.0","value":{}}"#, "1.0 or 2.0"),
            (r#"{"standard":"Other","value":{"general":"in"}}"#, "standard and version"),
            ("7", "standard and version"),
        ] {
            check(&format!("[{part}]"), Err(expect));
        }
        check("[]", Err("at least one"));
        check("{}", Err("at least one"));
    }
}
