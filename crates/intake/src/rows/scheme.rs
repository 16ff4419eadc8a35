//! How events become rows: the columns, what seals and names what is personal in them, by
//! which hashes they are known, what is derived. The drain and the bulk load make rows by the
//! same scheme, so that an event is the same row whichever way it came.

use std::borrow::Cow;
use std::sync::Arc;

use keys::Sealer;
use table::{Block, Seal, Shape};
use vault::Pseudonyms;

use super::dedupe::keys::Keys;
use super::derive::Derivation;
use crate::secrets::Secrets;

/// The scheme of one data directory.
pub(crate) struct RowScheme {
    pub(crate) shape: Arc<Shape>,
    pub(crate) keys: Keys,
    pub(crate) derivation: Derivation,
    pub(crate) rejects_sealer: Sealer,
    seal: Arc<dyn Seal>,
}

/// The vault as the table wants it.
struct EventSeal {
    sealer: Sealer,
    pseudonyms: Pseudonyms,
}

impl Seal for EventSeal {
    fn seal(&self, context: &[u8], plain: &[u8], out: &mut Vec<u8>) {
        self.sealer.seal(context, plain, out);
    }

    fn pseudonym(&self, value: &[u8], out: &mut Vec<u8>) {
        self.pseudonyms.append(value, out);
    }
}

impl RowScheme {
    pub(crate) fn new(shape: Shape, derivation: Derivation, secrets: &Secrets) -> RowScheme {
        let seal = EventSeal { sealer: secrets.events_sealer(), pseudonyms: secrets.pseudonyms() };
        RowScheme {
            shape: Arc::new(shape),
            keys: Keys::new(secrets.key()),
            derivation,
            rejects_sealer: secrets.rejects_sealer(),
            seal: Arc::new(seal),
        }
    }

    /// An empty block for events.
    pub(crate) fn block(&self) -> Block {
        Block::new(Arc::clone(&self.shape), Arc::clone(&self.seal))
    }

    /// An identifier as it is in rows: a pseudonym if it is an address or a number.
    pub(crate) fn shown<'t>(&self, id: &'t str) -> Cow<'t, str> {
        if !xdm::looks_personal(id) {
            return Cow::Borrowed(id);
        }
        let mut pseudonym = Vec::new();
        self.seal.pseudonym(xdm::normal_form(id).as_bytes(), &mut pseudonym);
        Cow::Owned(String::from_utf8(pseudonym).unwrap_or_default())
    }
}
