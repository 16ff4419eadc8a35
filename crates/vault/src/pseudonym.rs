//! Pseudonyms: what stands for a personal value where rows are compared and counted.
//!
//! A pseudonym is `k1:` and 22 characters of base64url: the first 16 bytes of HMAC-SHA256
//! under a key of the data directory. Equal values have equal pseudonyms there, and others
//! elsewhere. A plain hash would not do: there are few enough telephone numbers and likely
//! addresses to hash them all and compare.

use aws_lc_rs::hmac;
use keys::MasterKey;
use zeroize::Zeroizing;

/// Which way it was made; another way must have another.
const VERSION: &[u8] = b"k1:";
/// Bytes of the code that are kept: two values in 2^64 would have to be seen before one
/// pseudonym is expected to stand for both.
const KEPT_BYTES: usize = 16;
/// RFC 4648 section 5.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Makes pseudonyms under one purpose of a key.
#[derive(Debug)]
pub struct Pseudonyms(hmac::Key);

impl Pseudonyms {
    /// Pseudonyms for `purpose`. Other keys and purposes give others.
    pub fn new(key: &MasterKey, purpose: &str) -> Pseudonyms {
        let derived = Zeroizing::new(key.derive(purpose));
        Pseudonyms(hmac::Key::new(hmac::HMAC_SHA256, &*derived))
    }

    /// Appends the pseudonym of `value`.
    pub fn append(&self, value: &[u8], out: &mut Vec<u8>) {
        let code = hmac::sign(&self.0, value);
        out.extend_from_slice(VERSION);
        for part in code.as_ref()[..KEPT_BYTES].chunks(3) {
            let bits = part.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
            let digits = [18, 12, 6, 0].map(|shift| ALPHABET[(bits >> shift & 63) as usize]);
            out.extend_from_slice(&digits[..=part.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pseudonym(pseudonyms: &Pseudonyms, value: &str) -> String {
        let mut out = b"tel:".to_vec();
        pseudonyms.append(value.as_bytes(), &mut out);
        String::from_utf8(out).expect("a text").split_off(4)
    }

    #[test]
    fn equal_values_have_equal_pseudonyms_under_one_key() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let key = |name: &str| MasterKey::load_or_create(&dir.path().join(name)).expect("key");
        let (ours, other) = (key("a"), key("b"));
        let number = pseudonym(&Pseudonyms::new(&ours, "person"), "14085550100");
        assert_eq!(number.len(), 25);
        assert!(number.starts_with("k1:") && number[3..].bytes().all(|byte| ALPHABET.contains(&byte)), "{number}");
        assert_eq!(number, pseudonym(&Pseudonyms::new(&ours, "person"), "14085550100"));
        assert_ne!(number, pseudonym(&Pseudonyms::new(&ours, "person"), "14085550101"));
        assert_ne!(number, pseudonym(&Pseudonyms::new(&ours, "other"), "14085550100"));
        assert_ne!(number, pseudonym(&Pseudonyms::new(&other, "person"), "14085550100"));
    }

    #[test]
    fn the_code_is_base64url() {
        // RFC 4231, test case 2: HMAC-SHA256 under "Jefe" of a sentence.
        let pseudonyms = Pseudonyms(hmac::Key::new(hmac::HMAC_SHA256, b"Jefe"));
        assert_eq!(pseudonym(&pseudonyms, "what do ya want for nothing?"), "k1:W9zBRr9gdU5qBCQmCJV1xw");
    }
}
