//! Ids that we make, so that making them twice gives the same one.
//!
//! An event without `_id` gets UUIDv5 of (datastream, request id, position), so that a
//! request that is sent again, or drained again after a crash, has the same ids. In a
//! bulk file it is UUIDv5 of (file, offset of the line). Rows of `rejects` are named by
//! where they come from in the same way.

use uuid::Uuid;

use super::record::RequestId;

/// Separates our ids from everybody else's UUIDv5; any fixed value does.
const NAMESPACE: Uuid = Uuid::from_u128(0x5e5c_1c0d_8f5b_5c5a_a5b4_6c3d_2f0e_7a91);

/// What an id is made of. The first byte keeps the kinds apart.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin<'a> {
    /// An event of a request.
    Event { datastream: &'a str, request_id: RequestId<'a>, index: usize },
    /// A line of a bulk file.
    Line { file: u64, offset: u64 },
    /// The reject row of an event in the journal.
    Reject { sequence: u64, index: usize, datastream: &'a str },
    /// The reject row of an invalid event whose request can be sent again. The content's hash
    /// is a keyed one: a name that is made of a plain one could be guessed back.
    RejectEvent { datastream: &'a str, request_id: &'a str, index: usize, content: i64 },
    /// The reject row of a line of a bulk file.
    RejectLine { file: u64, offset: u64 },
}

/// Makes ids; keeps its buffer.
#[derive(Default)]
pub(crate) struct IdGenerator {
    name: Vec<u8>,
    text: String,
}

impl IdGenerator {
    /// The id of `origin`, as lower-case hyphenated text.
    pub(crate) fn generate(&mut self, origin: Origin<'_>) -> &str {
        self.name.clear();
        match origin {
            Origin::Event { datastream, request_id, index } => {
                self.name.push(b'e');
                self.name.extend_from_slice(datastream.as_bytes());
                self.name.push(0);
                self.name.extend_from_slice(request_id.as_bytes());
                self.name.push(0);
                self.name.extend_from_slice(&(index as u64).to_le_bytes());
            }
            Origin::Line { file, offset } => self.pair(b'l', file, offset),
            Origin::Reject { sequence, index, datastream } => {
                self.pair(b'r', sequence, index as u64);
                self.name.extend_from_slice(datastream.as_bytes());
            }
            Origin::RejectEvent { datastream, request_id, index, content } => {
                self.pair(b'i', index as u64, content.cast_unsigned());
                self.name.extend_from_slice(datastream.as_bytes());
                self.name.push(0);
                self.name.extend_from_slice(request_id.as_bytes());
            }
            Origin::RejectLine { file, offset } => self.pair(b'k', file, offset),
        }
        let mut buffer = Uuid::encode_buffer();
        let text = Uuid::new_v5(&NAMESPACE, &self.name).hyphenated().encode_lower(&mut buffer);
        self.text.clear();
        self.text.push_str(text);
        &self.text
    }

    fn pair(&mut self, kind: u8, left: u64, right: u64) {
        self.name.push(kind);
        self.name.extend_from_slice(&left.to_le_bytes());
        self.name.extend_from_slice(&right.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_origin_has_the_same_id_and_others_have_others() {
        let mut id_generator = IdGenerator::default();
        let event = |datastream, id, index| Origin::Event { datastream, request_id: RequestId::Given(id), index };
        let origins = [
            event("a", "b", 0),
            event("a", "b", 1),
            event("a", "c", 0),
            event("ab", "", 0),
            event("", "ab", 0),
            Origin::Event { datastream: "a", request_id: RequestId::Made([7; 16]), index: 0 },
            Origin::Line { file: 1, offset: 2 },
            Origin::Line { file: 2, offset: 1 },
            Origin::RejectLine { file: 1, offset: 2 },
            Origin::Reject { sequence: 1, index: 2, datastream: "" },
            Origin::RejectEvent { datastream: "a", request_id: "b", index: 0, content: 1 },
            Origin::RejectEvent { datastream: "a", request_id: "b", index: 0, content: 2 },
        ];
        let ids: Vec<String> = origins.iter().map(|origin| id_generator.generate(*origin).to_owned()).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        for (origin, id) in origins.iter().zip(&ids) {
            assert_eq!(id_generator.generate(*origin), id);
            assert_eq!(Uuid::parse_str(id).map(|uuid| uuid.get_version_num()), Ok(5));
        }
    }
}
