//! IAB TCF 2 strings: whether a visitor allows storing and reading, which is purpose 1.
//!
//! Only the core segment's version and that one bit are read. Vendors are not looked at:
//! this server is its operator's own and stands in no vendor list.
//!
//! Inside an event the strings stand in XDM's `consentStrings`, and hold for that event
//! alone. One that can't be read says nothing, and the event is taken in as if it had none.

use super::consent::Consent;
use super::identity::unbase64;
use super::raw::{items, property, text};

/// Bit of purpose 1 (*store and/or access information on a device*) in the core segment
/// of an IAB TCF 2 string: after the fixed fields of 152 bits.
const PURPOSE_1_BIT: usize = 152;
/// Bytes that hold all of the core segment's fixed fields; one that is shorter is cut off.
const CORE_BYTES_MIN: usize = 27;
/// Consent strings of one event that are looked at; real events have one.
const STRINGS_MAX: usize = 16;

/// Whether this is the standard's name.
pub(crate) fn is_standard(name: &str) -> bool {
    name.eq_ignore_ascii_case("IAB TCF")
}

/// What a string says; `None` for what is no string of version 2.
pub(crate) fn consent(tc_string: &str) -> Option<Consent> {
    let core = unbase64(tc_string.trim().split('.').next()?)?;
    // The first six bits are the version.
    if core.len() < CORE_BYTES_MIN || core.first()? >> 2 != 2 {
        return None;
    }
    let byte = core.get(PURPOSE_1_BIT / 8)?;
    Some(if byte >> 7 == 1 { Consent::In } else { Consent::Out })
}

/// What an event's `consentStrings` say: out if any of them does. Where the regulation
/// doesn't apply, a string is none.
pub(crate) fn consent_of_event(consent_strings: &str) -> Option<Consent> {
    let mut known = items(consent_strings).take(STRINGS_MAX).filter_map(of_one).peekable();
    known.peek()?;
    Some(if known.any(|consent| consent == Consent::Out) { Consent::Out } else { Consent::In })
}

fn of_one(item: &str) -> Option<Consent> {
    let standard = property(item, "consentStandard").and_then(text)?;
    if !is_standard(&standard) {
        return None;
    }
    if property(item, "gdprApplies") == Some("false") {
        return Some(Consent::In);
    }
    consent(&text(property(item, "consentStringValue")?)?)
}

#[cfg(test)]
mod tests {
    use super::super::identity::base64;
    use super::*;

    /// Public strings of the SDK's own tests: all purposes, and all but the first.
    const ALL: &str = "CO052l-O052l-DGAMBFRACBgAIBAAAAAAIYgEawAQEagAAAA";
    const NO_PURPOSE_1: &str = "CO052oTO052oTDGAMBFRACBgAABAAAAAAIYgEawAQEagAAAA";

    #[test]
    fn purpose_1_decides() {
        let check = |value: &str, expect: Option<Consent>| assert_eq!(consent(value), expect, "{value}");
        check(ALL, Some(Consent::In));
        check(NO_PURPOSE_1, Some(Consent::Out));
        check("CO052kIO052kIDGAMBFRACBgAIAAAAAAAIYgEawAQEagAAAA", Some(Consent::In));
        check(&format!("{ALL}.IAB_other.segment"), Some(Consent::In));
        check(&format!(" {ALL}\n"), Some(Consent::In));
        check("", None);
        check("AAAA", None);
        check(&ALL[..20], None);
        // Version 1 has other fields at that place.
        check("BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA", None);
        let mut core = [0u8; 40];
        core[0] = 2 << 2;
        check(&base64(&core), Some(Consent::Out));
    }

    #[test]
    fn an_event_says_what_its_strings_say() {
        let item = |value: &str, gdpr: &str| {
            format!(
                r#"{{"consentStandard":"IAB TCF","consentStandardVersion":"2.0","consentStringValue":"{value}","gdprApplies":{gdpr}}}"#
            )
        };
        let check = |strings: String, expect: Option<Consent>| {
            assert_eq!(consent_of_event(&strings), expect, "{strings}");
        };
        let (all, none) = (item(ALL, "true"), item(NO_PURPOSE_1, "true"));
        check(format!("[{all}]"), Some(Consent::In));
        check(format!("[{none}]"), Some(Consent::Out));
        check(format!("[{all}, {none}]"), Some(Consent::Out));
        check(format!("[{}]", item(NO_PURPOSE_1, "false")), Some(Consent::In));
        check(format!("[{}]", none.replace("\"consent", "\"xdm:consent")), Some(Consent::Out));
        check(format!("[{}]", none.replace(",\"gdprApplies\":true", "")), Some(Consent::Out));
        check(format!("[{}]", none.replace("IAB TCF", "Other")), None);
        check(format!("[{}]", item("odd", "true")), None);
        check(format!("[7,{none}]"), Some(Consent::Out));
        for odd in ["[]", "{}", "null", "[null]", r#"[{"consentStandard":7}]"#] {
            check(odd.to_owned(), None);
        }
    }
}
