//! The form of a key as it is sent: `fd_<scope>_<id>_<secret>`.
//!
//! The prefix lets scanners of source code find a key that leaked. The id names the key
//! in lists and in the key file; only the secret is secret.

use super::scope::Scope;

/// What begins every key.
pub(crate) const PREFIX: &str = "fd_";
/// Characters of an id: 40 random bits, since ids must only differ.
pub(crate) const ID_CHARS: usize = 8;
/// Random bytes of a secret: more than can be tried.
const SECRET_BYTES: usize = 32;
/// Characters of a secret: five bits each.
pub(crate) const SECRET_CHARS: usize = (SECRET_BYTES * 8).div_ceil(5);
/// The id of the key by which this machine's commands ask their server.
pub(crate) const LOCAL_ID: &str = "local";

/// Digits and letters that can't be taken for one another (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A key as it was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) scope: Scope,
    pub(crate) id: &'a str,
    pub(crate) secret: &'a str,
}

impl<'a> Token<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Token<'a>> {
        let mut parts = text.strip_prefix(PREFIX)?.split('_');
        let (scope, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
        let is_whole = parts.next().is_none() && (is_id(id) || id == LOCAL_ID);
        let scope = Scope::named(scope)?;
        (is_whole && secret.len() == SECRET_CHARS && is_plain(secret)).then_some(Token { scope, id, secret })
    }

    pub(crate) fn text(&self) -> String {
        format!("{PREFIX}{}_{}_{}", self.scope, self.id, self.secret)
    }
}

/// Whether this could be a key's id.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == ID_CHARS && is_plain(text)
}

/// Whether these are letters of keys alone.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// A new secret.
///
/// # Errors
/// The system's random source failed.
pub(crate) fn secret() -> Result<String, getrandom::Error> {
    random::<SECRET_BYTES>(SECRET_CHARS)
}

/// A new id.
///
/// # Errors
/// The system's random source failed.
pub(crate) fn id() -> Result<String, getrandom::Error> {
    random::<{ ID_CHARS * 5 / 8 }>(ID_CHARS)
}

fn random<const BYTES: usize>(chars: usize) -> Result<String, getrandom::Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(letters(&bytes, chars))
}

/// Bytes in the letters of keys, five bits each.
pub(crate) fn letters(bytes: &[u8], chars: usize) -> String {
    (0..chars).map(|place| char::from(ALPHABET[five_bits(bytes, place * 5)])).collect()
}

/// Five bits from this one on; zeros behind the end.
fn five_bits(bytes: &[u8], from: usize) -> usize {
    let byte = |place: usize| bytes.get(place).copied().map_or(0, usize::from);
    let pair = byte(from / 8) << 8 | byte(from / 8 + 1);
    pair >> (11 - from % 8) & 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_read_and_never_the_same() {
        let (id, secret) = (id().expect("random"), secret().expect("random"));
        assert_eq!((id.len(), secret.len()), (8, 52));
        assert_ne!(secret, super::secret().expect("random"));
        let token = Token { scope: Scope::Read, id: &id, secret: &secret };
        let text = token.text();
        assert!(text.starts_with("fd_read_"), "{text}");
        assert!(Token::parse(&text) == Some(token));
    }

    #[test]
    fn every_bit_counts() {
        let bits: Vec<usize> = (0..4).map(|place| five_bits(&[0b1000_1000, 0b0110_0001], place * 5)).collect();
        assert_eq!(bits, [0b10001, 0b00001, 0b10000, 0b10000]);
    }

    #[test]
    fn anything_else_is_no_key() {
        let secret = "0123456789abcdefghjkmnpqrstvwxyz0123456789abcdefghjk";
        let check = |text: &str, expect: bool| assert_eq!(Token::parse(text).is_some(), expect, "{text}");
        check(&format!("fd_read_abcdefgh_{secret}"), true);
        check(&format!("fd_admin_local_{secret}"), true);
        check(&format!("fd_root_abcdefgh_{secret}"), false);
        check(&format!("fd_read_abcdefg_{secret}"), false);
        check(&format!("fd_read_abcdefgh_{secret}0"), false);
        check(&format!("fd_read_abcdefgh_{}", &secret[1..]), false);
        check(&format!("fd_read_abcdefgh_{secret}_"), false);
        check(&format!("fd_read_abcdefgh_{}", secret.to_uppercase()), false);
        check(&format!("FD_read_abcdefgh_{secret}"), false);
        check("fd_read_abcdefgh_", false);
        check("fd_", false);
        check("", false);
    }
}
