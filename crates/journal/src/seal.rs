//! Sealing: one random AES-256-GCM key per segment, wrapped by the master key in the
//! segment's header. Overwriting the wrapped key makes the whole segment unreadable,
//! which is how a released segment forgets the personal data in it.
//!
//! A record's nonce is its sequence. That is safe because a data key never sees one
//! sequence twice: sequences only grow within a segment, and a segment whose tail was
//! torn is never appended to again (see `recovery`).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroize;

use crate::master_key::MasterKey;

pub(crate) const TAG_BYTES: usize = 16;
pub(crate) const SEGMENT_ID_BYTES: usize = 16;
const KEY_BYTES: usize = 32;
/// Nonce, ciphertext of the data key, tag.
pub(crate) const WRAPPED_KEY_BYTES: usize = NONCE_LEN + KEY_BYTES + TAG_BYTES;

pub(crate) type SegmentId = [u8; SEGMENT_ID_BYTES];
pub(crate) type WrappedKey = [u8; WRAPPED_KEY_BYTES];

/// The system's random source failed.
#[derive(Debug)]
pub(crate) struct NoRandom;

/// The bytes were not sealed by this key for this place.
#[derive(Debug)]
pub(crate) struct NotSealedHere;

/// Wraps and unwraps data keys with the master key.
pub(crate) struct KeyWrap(LessSafeKey);

impl KeyWrap {
    pub(crate) fn new(master: &MasterKey) -> Self {
        KeyWrap(aes_key(master.bytes()))
    }

    /// A fresh data key for the segment `id`, and its wrapped form bound to `context`.
    pub(crate) fn make_key(&self, id: SegmentId, context: &[u8]) -> Result<(DataKey, WrappedKey), NoRandom> {
        let mut wrapped = [0; WRAPPED_KEY_BYTES];
        // The nonce and the key are drawn in one call.
        getrandom::fill(&mut wrapped[..NONCE_LEN + KEY_BYTES]).map_err(|_| NoRandom)?;
        let (nonce_bytes, sealed) = wrapped.split_at_mut(NONCE_LEN);
        let (key_bytes, tag_bytes) = sealed.split_at_mut(KEY_BYTES);
        let data_key = DataKey { key: aes_key(key_bytes), id };
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce(nonce_bytes), Aad::from(context), key_bytes)
            .expect("32 bytes are within what AES-GCM seals");
        tag_bytes.copy_from_slice(tag.as_ref());
        Ok((data_key, wrapped))
    }

    pub(crate) fn open_key(
        &self,
        id: SegmentId,
        context: &[u8],
        wrapped: &WrappedKey,
    ) -> Result<DataKey, NotSealedHere> {
        let (nonce_bytes, sealed) = wrapped.split_at(NONCE_LEN);
        let mut plain = [0; KEY_BYTES + TAG_BYTES];
        plain.copy_from_slice(sealed);
        let opened = self
            .0
            .open_in_place(nonce(nonce_bytes), Aad::from(context), &mut plain)
            .map(|key_bytes| DataKey { key: aes_key(key_bytes), id })
            .map_err(|_| NotSealedHere);
        plain.zeroize();
        opened
    }
}

/// Seals and opens the records of one segment.
pub(crate) struct DataKey {
    key: LessSafeKey,
    id: SegmentId,
}

impl DataKey {
    /// Encrypts `record` in place; the tag goes behind it.
    pub(crate) fn seal(&self, sequence: u64, durable: u64, record: &mut [u8]) -> [u8; TAG_BYTES] {
        let tag = self
            .key
            .seal_in_place_separate_tag(sequence_nonce(sequence), self.aad(sequence, durable), record)
            .expect("records are bounded far below what AES-GCM seals");
        let mut bytes = [0; TAG_BYTES];
        bytes.copy_from_slice(tag.as_ref());
        bytes
    }

    /// Decrypts ciphertext and tag in place and returns the record.
    pub(crate) fn open<'a>(
        &self,
        sequence: u64,
        durable: u64,
        sealed: &'a mut [u8],
    ) -> Result<&'a mut [u8], NotSealedHere> {
        self.key.open_in_place(sequence_nonce(sequence), self.aad(sequence, durable), sealed).map_err(|_| NotSealedHere)
    }

    fn aad(&self, sequence: u64, durable: u64) -> Aad<[u8; SEGMENT_ID_BYTES + 16]> {
        let mut bytes = [0; SEGMENT_ID_BYTES + 16];
        bytes[..16].copy_from_slice(&self.id);
        bytes[16..24].copy_from_slice(&sequence.to_le_bytes());
        bytes[24..].copy_from_slice(&durable.to_le_bytes());
        Aad::from(bytes)
    }
}

pub(crate) fn random_segment_id() -> Result<SegmentId, NoRandom> {
    let mut id = [0; SEGMENT_ID_BYTES];
    getrandom::fill(&mut id).map_err(|_| NoRandom)?;
    Ok(id)
}

fn aes_key(bytes: &[u8]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).expect("an AES-256 key has 32 bytes"))
}

fn nonce(bytes: &[u8]) -> Nonce {
    Nonce::try_assume_unique_for_key(bytes).expect("a nonce has 12 bytes")
}

fn sequence_nonce(sequence: u64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[4..].copy_from_slice(&sequence.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrap(byte: u8) -> KeyWrap {
        KeyWrap::new(&MasterKey::new([byte; 32]))
    }

    #[test]
    fn a_wrapped_key_opens_only_with_its_master_key_and_context() {
        let (_, wrapped) = wrap(1).make_key([7; 16], b"segment 1").expect("random");
        let check = |master: u8, context: &[u8], opens: bool| {
            assert_eq!(wrap(master).open_key([7; 16], context, &wrapped).is_ok(), opens);
        };
        check(1, b"segment 1", true);
        check(2, b"segment 1", false);
        check(1, b"segment 2", false);
    }

    #[test]
    fn a_record_opens_only_where_it_was_sealed() {
        let (key, wrapped) = wrap(1).make_key([7; 16], b"c").expect("random");
        let same = wrap(1).open_key([7; 16], b"c", &wrapped).expect("same key");
        let elsewhere = wrap(1).open_key([8; 16], b"c", &wrapped).expect("same key, other segment");
        let mut sealed = b"made-up record".to_vec();
        let tag = key.seal(5, 4, &mut sealed);
        sealed.extend_from_slice(&tag);
        let check = |key: &DataKey, sequence, durable, opens: bool| {
            let mut copy = sealed.clone();
            let opened = key.open(sequence, durable, &mut copy);
            assert_eq!(opened.is_ok_and(|record| record == b"made-up record"), opens);
        };
        check(&same, 5, 4, true);
        check(&same, 6, 4, false);
        check(&same, 5, 3, false);
        check(&elsewhere, 5, 4, false);
    }
}
