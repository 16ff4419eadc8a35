//! The hashes by which events are known. All are keyed with secrets of the data directory:
//! nobody else can make two ids that collide, or find out by trying what an event said
//! whose hash he sees.

use ::keys::MasterKey;
use siphasher::sip::SipHasher24;
use xdm::{CONTENT_SECRET_BYTES, ContentHash, Layout};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_secret};

use super::{IdHash, LEGACY};

/// Purposes of keys. Changing one makes what is stored unknown.
const PURPOSE_DEDUPE: &str = "dedupe";
const PURPOSE_CONTENT: &str = "content";
const PURPOSE_MAC: &str = "content-mac";

/// Keeps the uses of one key apart.
const MAC_EVENT: u64 = 1;
const MAC_LEGACY: u64 = 2;
const MAC_FILE: u64 = 3;
const MAC_TEXT: u64 = 4;

/// The keys of one data directory. Cheap to clone: workers hash before it is their turn with
/// the index.
#[derive(Clone)]
pub(crate) struct Keys {
    ids: [u8; CONTENT_SECRET_BYTES],
    content: [u8; CONTENT_SECRET_BYTES],
    mac: SipHasher24,
}

impl Keys {
    pub(crate) fn new(key: &MasterKey) -> Self {
        let mac = key.derive(PURPOSE_MAC);
        let mac = SipHasher24::new_with_key(&std::array::from_fn(|at| mac[at]));
        Keys { ids: secret(key, PURPOSE_DEDUPE), content: secret(key, PURPOSE_CONTENT), mac }
    }

    #[inline]
    pub(crate) fn id(&self, id: &str) -> IdHash {
        IdHash(xxh3_64_with_secret(id.as_bytes(), &self.ids).max(1))
    }

    /// What adds up the contents of events.
    pub(crate) fn content(&self, layout: &Layout) -> ContentHash {
        ContentHash::new(layout, self.content)
    }

    /// What is stored of an event's content. The id is in it, so that equal contents of two
    /// events don't show as equal.
    #[inline]
    pub(crate) fn mac(&self, id: IdHash, content: u64) -> i64 {
        self.code(MAC_EVENT, id.0, content) & !LEGACY
    }

    /// The same for an event of which only [`legacy_hash`] is known.
    pub(crate) fn legacy_mac(&self, id: IdHash, hash: i64) -> i64 {
        self.code(MAC_LEGACY, id.0, hash.cast_unsigned()) | LEGACY
    }

    /// What tells an event without an id, or one that breaks rules, from others.
    pub(crate) fn text_mac(&self, content: u64) -> i64 {
        self.code(MAC_TEXT, 0, content)
    }

    /// What tells a file from others, of a hash of its bytes.
    pub(crate) fn file_mac(&self, hash: u64) -> u64 {
        self.code(MAC_FILE, 0, hash).cast_unsigned()
    }

    #[inline]
    fn code(&self, kind: u64, left: u64, right: u64) -> i64 {
        let mut message = [0; 24];
        for (part, word) in message.chunks_exact_mut(8).zip([kind, left, right]) {
            part.copy_from_slice(&word.to_le_bytes());
        }
        self.mac.hash(&message).cast_signed()
    }
}

/// The hash of an event's bytes by which early versions knew its content.
pub(crate) fn legacy_hash(event: &[u8]) -> i64 {
    xxh3_64(event).cast_signed()
}

fn secret(key: &MasterKey, purpose: &str) -> [u8; CONTENT_SECRET_BYTES] {
    let mut secret = [0; CONTENT_SECRET_BYTES];
    for (part, chunk) in secret.chunks_mut(32).enumerate() {
        chunk.copy_from_slice(&key.derive(&format!("{purpose}-{part}"))[..chunk.len()]);
    }
    secret
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        let dir = tempfile::tempdir().expect("temporary directory");
        Keys::new(&MasterKey::load_or_create(&dir.path().join("vault.key")).expect("made"))
    }

    #[test]
    fn other_keys_give_other_hashes() {
        let (a, b) = (keys(), keys());
        for id in ["", "x", "12345678", "5f9f1f80-6f4e-4a55-9f3c-0c7b1f0a2f11", &"long".repeat(100)] {
            assert_eq!(a.id(id), a.id(id));
            assert_ne!(a.id(id), b.id(id), "{id}");
            assert_ne!(a.mac(a.id(id), 7), b.mac(a.id(id), 7), "{id}");
        }
        assert_ne!(a.id("x"), a.id("y"));
        assert_ne!(a.file_mac(1), b.file_mac(1));
        assert_ne!(a.text_mac(1), b.text_mac(1));
    }

    #[test]
    fn a_code_depends_on_all_it_is_made_of() {
        let keys = keys();
        let (x, y) = (keys.id("x"), keys.id("y"));
        assert_ne!(keys.mac(x, 1), keys.mac(y, 1), "equal contents of two events");
        assert_ne!(keys.mac(x, 1), keys.mac(x, 2));
        assert_eq!(keys.mac(x, 1) & LEGACY, 0);
        assert_eq!(keys.legacy_mac(x, 1) & LEGACY, LEGACY);
        assert_ne!(keys.legacy_mac(x, 1), keys.legacy_mac(x, 2));
    }
}
