//! Sealing: AES-256-GCM with a nonce that never repeats under one key.
//!
//! A sealed value is
//!
//! ```text
//! version u8 = 1 | nonce 12 bytes | ciphertext, as long as the plain value | tag 16 bytes
//! ```
//!
//! and is bound to a *context* (the event's or reject's id) as associated data, so
//! that a sealed value moved to another row does not open.
//!
//! Nonces: random 96-bit nonces would limit a key to 2^32 values (NIST SP 800-38D,
//! 8.3), which a busy year can reach. So a sealer draws 64 random bits once and counts
//! on in 96 bits from there. Two sealers of one key overlap only if their draws lie
//! closer together than the number of values each seals, divided by 2^32: about
//! 2^-64 per pair.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::MasterKey;

const VERSION: u8 = 1;
const TAG_BYTES: usize = 16;

/// How much longer a sealed value is than the plain one, in bytes.
pub const SEALED_OVERHEAD_BYTES: usize = 1 + NONCE_LEN + TAG_BYTES;

/// Seals and opens values under one purpose of a key.
#[derive(Debug)]
pub struct Sealer {
    key: LessSafeKey,
    /// The upper 64 bits of the nonce at count 0.
    start: u64,
    /// Values sealed so far.
    count: AtomicU64,
}

/// Why a sealed value does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// Too short, or of a version that this program does not know.
    #[error("the sealed value has an unknown form; it was written by a newer version or cut short")]
    Form,
    /// Another key, another context, or changed bytes. Which one cannot be told.
    #[error("the sealed value does not open; check that the key file is the one it was sealed with")]
    Sealed,
}

impl Sealer {
    /// A sealer for `purpose`. Values open only with the same key and purpose.
    pub fn new(key: &MasterKey, purpose: &str) -> Sealer {
        let derived = Zeroizing::new(key.derive(purpose));
        let unbound = UnboundKey::new(&AES_256_GCM, &*derived).expect("32 bytes are an AES-256 key");
        let mut start = [0; 8];
        // Without randomness a nonce could repeat, and that gives the plain values away.
        getrandom::fill(&mut start).expect("the system has a random source");
        Sealer { key: LessSafeKey::new(unbound), start: u64::from_le_bytes(start), count: AtomicU64::new(0) }
    }

    /// Appends the sealed form of `plain` to `out`: [`SEALED_OVERHEAD_BYTES`] longer.
    pub fn seal(&self, context: &[u8], plain: &[u8], out: &mut Vec<u8>) {
        let nonce = self.next_nonce();
        out.reserve(plain.len() + SEALED_OVERHEAD_BYTES);
        out.push(VERSION);
        out.extend_from_slice(&nonce);
        let body = out.len();
        out.extend_from_slice(plain);
        let tag = self
            .key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut out[body..])
            .expect("a value is shorter than AES-GCM's limit of 64 GiB");
        out.extend_from_slice(tag.as_ref());
    }

    /// The plain value of what [`seal`](Sealer::seal) appended under the same context.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let [VERSION, rest @ ..] = sealed else { return Err(OpenError::Form) };
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(OpenError::Form)?;
        if body.len() < TAG_BYTES {
            return Err(OpenError::Form);
        }
        let mut plain = body.to_vec();
        let length = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut plain)
            .map_err(|_| OpenError::Sealed)?
            .len();
        plain.truncate(length);
        Ok(plain)
    }

    fn next_nonce(&self) -> [u8; NONCE_LEN] {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let upper = self.start.wrapping_add(count >> 32);
        let lower = (count & u64::from(u32::MAX)) as u32;
        let mut nonce = [0; NONCE_LEN];
        nonce[..8].copy_from_slice(&upper.to_le_bytes());
        nonce[8..].copy_from_slice(&lower.to_le_bytes());
        nonce
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn key(dir: &tempfile::TempDir, name: &str) -> MasterKey {
        MasterKey::load_or_create(&dir.path().join(name)).expect("key")
    }

    #[test]
    fn opens_only_with_the_same_key_purpose_and_context() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let (ours, other) = (key(&dir, "a"), key(&dir, "b"));
        let sealer = Sealer::new(&ours, "events");
        for plain in [&b""[..], b"x", &[0xA5; 5000]] {
            let mut out = b"before".to_vec();
            sealer.seal(b"id-1", plain, &mut out);
            assert_eq!(out.len(), 6 + plain.len() + SEALED_OVERHEAD_BYTES);
            let sealed = &out[6..];
            assert_eq!(Sealer::new(&ours, "events").open(b"id-1", sealed).as_deref(), Ok(plain));
            assert_eq!(sealer.open(b"id-2", sealed), Err(OpenError::Sealed), "context");
            assert_eq!(Sealer::new(&ours, "rejects").open(b"id-1", sealed), Err(OpenError::Sealed), "purpose");
            assert_eq!(Sealer::new(&other, "events").open(b"id-1", sealed), Err(OpenError::Sealed), "key");
        }
    }

    #[test]
    fn any_changed_or_missing_byte_is_noticed() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let sealer = Sealer::new(&key(&dir, "a"), "events");
        let mut sealed = Vec::new();
        sealer.seal(b"id", b"1-408-555-0100", &mut sealed);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer.open(b"id", &changed).is_err(), "byte {at}");
            assert!(sealer.open(b"id", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn nonces_differ_and_the_plain_value_is_nowhere() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let key = key(&dir, "a");
        let sealers = [Sealer::new(&key, "events"), Sealer::new(&key, "events")];
        let mut seen = HashSet::new();
        for round in 0..2000 {
            let mut sealed = Vec::new();
            sealers[round % 2].seal(b"id", b"jo@shop.example", &mut sealed);
            assert!(seen.insert(sealed[1..=NONCE_LEN].to_vec()));
            assert!(!sealed.windows(15).any(|part| part == b"jo@shop.example"));
        }
        // The count carries into the upper bits instead of repeating.
        sealers[0].count.store(u64::from(u32::MAX), Ordering::Relaxed);
        assert_ne!(sealers[0].next_nonce()[..8], sealers[0].next_nonce()[..8]);
    }
}
