//! SHA-256 of a secret: what is kept instead of it.
//!
//! Secrets are 256 random bits, so a plain hash can't be guessed back and needs no salt.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};

const DIGEST_BYTES: usize = 32;

/// The hash of one secret.
#[derive(Clone, Copy)]
pub(crate) struct Digest([u8; DIGEST_BYTES]);

impl Digest {
    pub(crate) fn of(secret: &str) -> Digest {
        let hash = digest(&SHA256, secret.as_bytes());
        let mut bytes = [0; DIGEST_BYTES];
        bytes.copy_from_slice(hash.as_ref());
        Digest(bytes)
    }

    /// Compares in a time that tells nothing about where they differ.
    pub(crate) fn is(&self, other: &Digest) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }

    /// As it is kept.
    pub(crate) fn bytes(&self) -> [u8; DIGEST_BYTES] {
        self.0
    }

    /// Takes what [`Digest::bytes`] gave.
    pub(crate) fn from_bytes(bytes: [u8; DIGEST_BYTES]) -> Digest {
        Digest(bytes)
    }

    /// Reads what [`Digest::hex`] wrote.
    pub(crate) fn from_hex(text: &str) -> Option<Digest> {
        let mut bytes = [0; DIGEST_BYTES];
        let digits = text.as_bytes();
        if digits.len() != 2 * DIGEST_BYTES {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Digest(bytes))
    }

    pub(crate) fn hex(&self) -> String {
        use std::fmt::Write;
        self.0.iter().fold(String::with_capacity(2 * DIGEST_BYTES), |mut text, byte| {
            // A String takes all.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_sha_256_and_shows_itself_only_in_hex() {
        let digest = Digest::of("abc");
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest.hex(), hex);
        assert!(Digest::from_hex(hex).is_some_and(|read| read.is(&digest)));
        assert!(!Digest::of("abd").is(&digest));
        for wrong in ["", "ba", &hex[1..], &hex.replace('b', "g"), &hex.replace("ba", "é")] {
            assert!(Digest::from_hex(wrong).is_none(), "{wrong}");
        }
        assert_eq!(format!("{digest:?}"), "Digest(..)");
    }
}
