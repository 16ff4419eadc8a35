//! Who a visitor is: the ECID, and the cookie that carries it.
//!
//! The cookie's value is base64 of a small protobuf message of which only the ECID
//! (field 1, a string of 38 decimal digits) matters; the SDK reads that itself for
//! `getIdentity`. Field 10 has when it was made. Whatever a visitor sends is
//! unauthenticated input: what isn't an ECID is none.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Digits of an ECID: two numbers of 63 bits, 19 digits each.
const ECID_DIGITS: usize = 38;
/// Longest cookie value that is decoded, in bytes. Real ones have about 80.
const COOKIE_BYTES_MAX: usize = 1_024;

const FIELD_ECID: u64 = 1;
const FIELD_METADATA: u64 = 10;
const FIELD_CREATED_AT: u64 = 1;
const FIELD_WRITE_TIME: u64 = 30;
const WIRE_VARINT: u64 = 0;
const WIRE_BYTES: u64 = 2;

/// A visitor's id.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Ecid(String);

impl Ecid {
    /// Takes exactly 38 digits.
    pub(crate) fn parse(text: &str) -> Option<Ecid> {
        let is_ecid = text.len() == ECID_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        is_ecid.then(|| Ecid(text.to_owned()))
    }

    /// One made of 128 bits.
    pub(crate) fn from_bits(bits: [u8; 16]) -> Ecid {
        let [high, low] = [&bits[..8], &bits[8..]].map(|half| {
            let mut word = [0; 8];
            word.copy_from_slice(half);
            u64::from_le_bytes(word) >> 1
        });
        Ecid(format!("{high:019}{low:019}"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The cookie's value.
    pub(crate) fn to_cookie(&self, now_ms: i64) -> String {
        let now = now_ms.max(0).unsigned_abs();
        let mut metadata = Vec::new();
        put_varint(&mut metadata, FIELD_CREATED_AT, now);
        let mut message = Vec::with_capacity(80);
        put_bytes(&mut message, FIELD_ECID, self.0.as_bytes());
        put_bytes(&mut message, FIELD_METADATA, &metadata);
        put_varint(&mut message, FIELD_WRITE_TIME, now);
        base64(&message)
    }

    /// The visitor in a cookie's value; `None` for bytes that are no such message.
    pub(crate) fn from_cookie(value: &str) -> Option<Ecid> {
        let message = unbase64(value)?;
        let mut rest = message.as_slice();
        while !rest.is_empty() {
            let tag = take_varint(&mut rest)?;
            match (tag >> 3, tag & 7) {
                (FIELD_ECID, WIRE_BYTES) => {
                    let text = take_bytes(&mut rest)?;
                    return Ecid::parse(std::str::from_utf8(text).ok()?);
                }
                (_, WIRE_VARINT) => drop(take_varint(&mut rest)?),
                (_, WIRE_BYTES) => drop(take_bytes(&mut rest)?.len()),
                (_, 1) => rest = rest.get(8..)?,
                (_, 5) => rest = rest.get(4..)?,
                _ => return None,
            }
        }
        None
    }
}

impl fmt::Debug for Ecid {
    /// It tells a person apart, so logs don't get it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ecid(…)")
    }
}

fn put_varint(out: &mut Vec<u8>, field: u64, value: u64) {
    push_varint(out, field << 3 | WIRE_VARINT);
    push_varint(out, value);
}

fn put_bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    push_varint(out, field << 3 | WIRE_BYTES);
    push_varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for place in 0..10 {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_varint(rest)?).ok()?;
    let (value, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(value)
}

/// Whatever the last character's spare bits are; padding is cut off before.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// URL-safe base64 without padding (RFC 4648 section 5), as a cookie wants it.
pub(crate) fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Either alphabet, padded or not.
pub(crate) fn unbase64(text: &str) -> Option<Vec<u8>> {
    if text.len() > COOKIE_BYTES_MAX {
        return None;
    }
    LENIENT.decode(text.trim_end_matches('=').replace('+', "-").replace('/', "_")).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As the contract shows them: made by another implementation.
    const COOKIE: &str = "CiY3MTcwMTk1NDExODU1NDE4MDc2MDY1Mjg1MjEwODc1NjczOTI0NFIQCIPW35ygNBgBKgNPUjIwAPABg9bfnKA0";
    const ID: &str = "71701954118554180760652852108756739244";

    #[test]
    fn reads_cookies_of_others_and_its_own() {
        let check = |value: &str, expect: Option<&str>| {
            assert_eq!(Ecid::from_cookie(value).as_ref().map(Ecid::as_str), expect, "{value}");
        };
        check(COOKIE, Some(ID));
        check(&format!("{COOKIE}=="), Some(ID));
        check(&Ecid(ID.to_owned()).to_cookie(1_795_356_436_000), Some(ID));
        check("", None);
        check("x", None);
        check("not base64!", None);
        check("CiY3MTcw", None);
        check(&base64(b"\x0a\x0512345"), None);
        check(&base64(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), None);
        check(&"A".repeat(5_000), None);
    }

    #[test]
    fn an_ecid_is_38_digits() {
        for bits in [[0; 16], [0xff; 16], [7; 16]] {
            let ecid = Ecid::from_bits(bits);
            assert_eq!(Ecid::parse(ecid.as_str()), Some(ecid));
        }
        assert_eq!(Ecid::parse("7170195411855418076065285210875673924"), None);
        assert_eq!(Ecid::parse("7170195411855418076065285210875673924x"), None);
        assert_eq!(format!("{:?}", Ecid::from_bits([1; 16])), "Ecid(…)");
    }

    proptest! {
        #[test]
        fn any_cookie_is_survived(value in "[A-Za-z0-9_=+/-]{0,120}") {
            let _ = Ecid::from_cookie(&value);
        }

        #[test]
        fn base64_is_reversed(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(unbase64(&base64(&bytes)), Some(bytes));
        }
    }
}
