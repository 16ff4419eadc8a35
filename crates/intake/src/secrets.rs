//! What is derived from the key of a data directory: each purpose has a key of its own, and
//! this is the list of purposes. Changing one makes what was sealed or named for it
//! unreadable.

use std::path::Path;

use keys::{KeyError, MasterKey, Sealer};
use vault::Pseudonyms;

const PURPOSE_JOURNAL: &str = "journal";
const PURPOSE_EVENTS: &str = "events";
const PURPOSE_REJECTS: &str = "rejects";
const PURPOSE_VISITOR: &str = "visitor";
const PURPOSE_LINK: &str = "links to views";
const PURPOSE_DEVICE: &str = "device";
const PURPOSE_QUARANTINE: &str = "quarantine";
const PURPOSE_PERSON: &str = "person";

/// The key of a data directory.
pub(crate) struct Secrets {
    key: MasterKey,
}

impl Secrets {
    /// Reads the key file, or makes one. Whether one may be made is for the caller to know.
    pub(crate) fn load_or_create(key_file: &Path) -> Result<Secrets, KeyError> {
        Ok(Secrets { key: MasterKey::load_or_create(key_file)? })
    }

    /// Reads the key file, which must be there.
    pub(crate) fn load(key_file: &Path) -> Result<Secrets, KeyError> {
        Ok(Secrets { key: MasterKey::load(key_file)? })
    }

    /// The key itself, for what derives several keys from it.
    pub(crate) fn key(&self) -> &MasterKey {
        &self.key
    }

    /// Wraps the keys of the log's segments.
    pub(crate) fn journal_key(&self) -> journal::MasterKey {
        journal::MasterKey::new(self.key.derive(PURPOSE_JOURNAL))
    }

    /// Seals the personal values of events.
    pub(crate) fn events_sealer(&self) -> Sealer {
        Sealer::new(&self.key, PURPOSE_EVENTS)
    }

    /// Seals the payloads of rejects.
    pub(crate) fn rejects_sealer(&self) -> Sealer {
        Sealer::new(&self.key, PURPOSE_REJECTS)
    }

    /// Seals the records in quarantine.
    pub(crate) fn quarantine_sealer(&self) -> Sealer {
        Sealer::new(&self.key, PURPOSE_QUARANTINE)
    }

    /// Names persons in tables.
    pub(crate) fn pseudonyms(&self) -> Pseudonyms {
        Pseudonyms::new(&self.key, PURPOSE_PERSON)
    }

    /// 128 bits made of a request's id.
    pub(crate) fn visitor_bits(&self, datastream: &str, request_id: &str) -> [u8; 16] {
        let derived = self.key.derive(&format!("{PURPOSE_VISITOR}\0{datastream}\0{request_id}"));
        std::array::from_fn(|place| derived[place])
    }

    /// The key by which shared links are signed.
    pub(crate) fn link_key(&self) -> [u8; 32] {
        self.key.derive(PURPOSE_LINK)
    }

    /// 128 bits made of a first-party device id.
    pub(crate) fn device_bits(&self, org_id: &str, device_id: &str) -> [u8; 16] {
        let derived = self.key.derive(&format!("{PURPOSE_DEVICE}\0{org_id}\0{device_id}"));
        std::array::from_fn(|place| derived[place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_the_same_for_the_same_and_differ_by_all_they_are_made_of() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let open = || Secrets::load_or_create(&dir.path().join("vault.key")).expect("made");
        let (first, again) = (open(), open());
        let bits = |secrets: &Secrets| {
            [
                secrets.visitor_bits("shop", "r-1"),
                secrets.visitor_bits("shop", "r-2"),
                secrets.visitor_bits("web", "r-1"),
                secrets.visitor_bits("sho", "pr-1"),
                secrets.device_bits("shop", "r-1"),
                secrets.device_bits("shop", "r-2"),
            ]
        };
        assert_eq!(bits(&first), bits(&again));
        let distinct: std::collections::BTreeSet<_> = bits(&first).into_iter().collect();
        assert_eq!(distinct.len(), 6);
        let other = Secrets::load_or_create(&dir.path().join("other.key")).expect("made");
        assert!(bits(&other).iter().all(|bits| !distinct.contains(bits)));
    }
}
