//! When a certificate is valid, read from its DER.
//!
//! rustls says whether a certificate is good now, but not until when, and an operator
//! wants to know before it ends. Only the path to the two dates is walked (RFC 5280
//! section 4.1); whatever else is in the certificate is rustls' business. Anything odd
//! gives `None`, never a guess.

use chrono::NaiveDate;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
/// The explicit tag of a certificate's version.
const VERSION: u8 = 0xA0;

/// The time in which a certificate is valid, both ends included, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Its first second.
    pub begins_s: i64,
    /// Its last second.
    pub ends_s: i64,
}

impl Validity {
    /// Reads it from a certificate in DER; `None` if it can't be found there.
    pub fn of(certificate: &[u8]) -> Option<Validity> {
        let mut certificate = Der(Der(certificate).expect(SEQUENCE)?);
        let mut signed = Der(certificate.expect(SEQUENCE)?);
        if signed.0.first() == Some(&VERSION) {
            signed.next()?;
        }
        signed.expect(INTEGER)?;
        let _algorithm = signed.expect(SEQUENCE)?;
        let _issuer = signed.expect(SEQUENCE)?;
        let mut validity = Der(signed.expect(SEQUENCE)?);
        Some(Validity { begins_s: validity.time()?, ends_s: validity.time()? })
    }
}

/// What is left to read of a value's content.
pub(super) struct Der<'a>(pub(super) &'a [u8]);

impl<'a> Der<'a> {
    /// The next value: its tag and its content.
    pub(super) fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk()?;
        // Tags of several bytes don't stand on our way.
        if tag & 0x1F == 0x1F {
            return None;
        }
        let (length, rest) = match first {
            0..=0x7F => (usize::from(first), rest),
            0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
                (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    /// A time as RFC 5280 has them: to the second, in UTC, with two digits of the year
    /// up to 2049 and four from then on.
    fn time(&mut self) -> Option<i64> {
        let (tag, text) = self.next()?;
        let digits = text.strip_suffix(b"Z")?;
        let (year, rest) = match tag {
            UTC_TIME => {
                let (year, rest) = digits.split_at_checked(2)?;
                let year = number(year)?;
                (if year < 50 { 2000 + year } else { 1900 + year }, rest)
            }
            GENERALIZED_TIME => {
                let (year, rest) = digits.split_at_checked(4)?;
                (number(year)?, rest)
            }
            _ => return None,
        };
        let rest: &[u8; 10] = rest.try_into().ok()?;
        let part = |at: usize| number(&rest[at..at + 2]);
        let day = NaiveDate::from_ymd_opt(year.try_into().ok()?, part(0)?, part(2)?)?;
        Some(day.and_hms_opt(part(4)?, part(6)?, part(8)?)?.and_utc().timestamp())
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;
    use std::time::Duration;

    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn certificate(begins: (i32, u8, u8), ends: (i32, u8, u8)) -> Vec<u8> {
        let mut params = CertificateParams::new(["shop.test".to_owned()]).expect("a name");
        params.not_before = date_time_ymd(begins.0, begins.1, begins.2);
        params.not_after = date_time_ymd(ends.0, ends.1, ends.2) + Duration::from_secs(3_661);
        params.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate").der().to_vec()
    }

    #[test]
    fn reads_both_forms_of_time() {
        let check = |begins, ends, begins_s, ends_s| {
            assert_eq!(Validity::of(&certificate(begins, ends)), Some(Validity { begins_s, ends_s }), "{ends:?}");
        };
        check((2026, 11, 23), (2027, 12, 25), 1_795_392_000, 1_829_696_461);
        check((1999, 12, 31), (2049, 12, 31), 946_598_400, 2_524_525_261);
        check((2050, 1, 1), (2124, 2, 29), 2_524_608_000, 4_864_842_061);
    }

    #[test]
    fn odd_times_are_refused() {
        let check = |tag: u8, text: &str, expect: Option<i64>| {
            let mut der = vec![tag, u8::try_from(text.len()).expect("short")];
            der.extend_from_slice(text.as_bytes());
            assert_eq!(Der(&der).time(), expect, "{text}");
        };
        check(UTC_TIME, "700101000000Z", Some(0));
        check(GENERALIZED_TIME, "19700101000001Z", Some(1));
        check(UTC_TIME, "19700101000001Z", None);
        check(UTC_TIME, "7001010000Z", None);
        check(UTC_TIME, "700101000000", None);
        check(UTC_TIME, "700101000000+0100", None);
        check(UTC_TIME, "701301000000Z", None);
        check(UTC_TIME, "700101250000Z", None);
        check(UTC_TIME, "7001o1000000Z", None);
        check(INTEGER, "700101000000Z", None);
        check(UTC_TIME, "", None);
    }

    static CERTIFICATE: LazyLock<Vec<u8>> = LazyLock::new(|| certificate((2026, 1, 1), (2027, 1, 1)));

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Validity::of(&bytes);
        }

        #[test]
        fn a_damaged_certificate_gets_an_answer(at in 0..200_usize, byte: u8) {
            let mut der = CERTIFICATE.clone();
            der[at] = byte;
            let _ = Validity::of(&der);
            prop_assert_eq!(Validity::of(&CERTIFICATE[..at]), None);
        }
    }
}
