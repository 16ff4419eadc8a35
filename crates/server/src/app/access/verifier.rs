//! What is kept of a key beside its hash, so that PostgreSQL's clients can log in with it without sending it: the verifier
//! of SCRAM-SHA-256, in the form in which PostgreSQL keeps one
//! (`SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>`).
//!
//! A key is 256 random bits, so the number of iterations protects nothing; it is the least that clients take.

use std::num::NonZeroU32;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::{hmac, pbkdf2};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

const ITERATIONS: NonZeroU32 = NonZeroU32::new(4_096).expect("it is not zero");
const SALT_BYTES: usize = 16;
const KEY_BYTES: usize = 32;
/// Longest text of a verifier, in bytes: ours have 133.
const BYTES_MAX: usize = 256;

/// The verifier of a key as it is sent.
///
/// # Errors
/// The system's random source failed.
pub(crate) fn make(token: &str) -> Result<String, getrandom::Error> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt)?;
    Ok(of(token, &salt))
}

fn of(token: &str, salt: &[u8]) -> String {
    let mut salted = [0; KEY_BYTES];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ITERATIONS, salt, token.as_bytes(), &mut salted);
    let sign = |text: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &salted), text);
    let stored = digest(&SHA256, sign(b"Client Key").as_ref());
    let (salt, stored, server) = (BASE64.encode(salt), BASE64.encode(stored), BASE64.encode(sign(b"Server Key")));
    format!("SCRAM-SHA-256${ITERATIONS}:{salt}${stored}:{server}")
}

/// Whether this could be one.
pub(crate) fn is_verifier(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"$:+/=-".contains(&byte);
    text.len() <= BYTES_MAX && text.starts_with("SCRAM-SHA-256$") && text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_postgresql_keeps() {
        // As PostgreSQL 15 makes it of the password "pencil" with the salt of RFC 7677.
        let salt = BASE64.decode("W22ZaJ0SNY7soEsUEjb6gQ==").expect("base 64");
        let expect = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
        assert_eq!(of("pencil", &salt), expect);
        assert!(is_verifier(expect) && is_verifier(&make("x").expect("random")));
        assert_ne!(make("x").expect("random"), make("x").expect("random"), "each has its own salt");
        for wrong in ["", "SCRAM-SHA-1$", "SCRAM-SHA-256$\n", &format!("SCRAM-SHA-256${}", "a".repeat(BYTES_MAX))] {
            assert!(!is_verifier(wrong), "{wrong}");
        }
    }
}
