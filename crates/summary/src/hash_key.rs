//! The key by which visitors are hashed.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

/// The key by which visitors and chat sessions are hashed.
///
/// A secret of the installation: the visitors of a sample are those with the smallest hashes, and a
/// stranger who knew the key could choose visitors that all get in, or that are all taken for one.
/// Summaries and rows made with different keys must not be mixed.
#[derive(Clone)]
pub struct HashKey(SipHasher13);

impl HashKey {
    /// From 16 secret bytes.
    pub fn new(bytes: [u8; 16]) -> HashKey {
        HashKey(SipHasher13::new_with_key(&bytes))
    }

    /// Stands for a text, and is never 0.
    pub(crate) fn hash(&self, text: &[u8]) -> u64 {
        let mut hasher = self.0;
        hasher.write(text);
        hasher.finish().max(1)
    }
}

impl std::fmt::Debug for HashKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("HashKey(secret)")
    }
}
