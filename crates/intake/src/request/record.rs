//! What the journal holds of one request: enough to drain it, now or after a crash,
//! with the same outcome. The body goes in whole, invalid events included, because a
//! rejected event is kept as surely as an accepted one.
//!
//! ```text
//! version      u8  = 2, or 3 with the source
//! framing      u8    1 single, 2 array, 3 lines, 4 values in a row
//! request id   u8    1 given by the sender, 2 made by us
//! profile      u8    how strictly it was read: 0 as the settings say, 1 spec, 2 aep-strict, 3 letter
//! received at  i64   microseconds since 1970-01-01T00:00:00Z
//! lengths      u16 u16   of the datastream and the request id, in bytes
//! longest event u32  above it an event was rejected, in bytes; not in version 1
//! source       u8    1 a file; only in version 3
//! datastream, request id   UTF-8 | bytes
//! body         the rest, as sent (decompressed)
//! ```
//!
//! Integers are little-endian. The journal adds sequence, checksum and sealing. Version 1
//! is read too: its bodies held no event above the limit of that time. What comes from its
//! sender is written as version 2, so that an earlier Frontdesk reads all but loads.

use thiserror::Error;
use xdm::Profile;

use super::body::Source;
use super::framing::ResolvedFraming;

/// With the source of the events.
const VERSION_OF_FILES: u8 = 3;
/// The events come from their sender.
const VERSION: u8 = 2;
/// Without the limit on events.
const VERSION_BEFORE: u8 = 1;
const FIXED_BYTES: usize = 16;
const LIMIT_BYTES: usize = 4;
const SOURCE_FILE: u8 = 1;
/// Profiles by their number in a record, less one. Only ever appended to.
const PROFILES: [Profile; 3] = [Profile::spec(), Profile::aep_strict(), Profile::letter()];

/// Who chose the request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestId<'a> {
    /// The sender; a resent request has the same one.
    Given(&'a str),
    /// We did, at random, for events that have no id of their own.
    Made([u8; 16]),
}

impl RequestId<'_> {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            RequestId::Given(id) => id.as_bytes(),
            RequestId::Made(bytes) => bytes,
        }
    }

    /// What the table's column `request_id` shows: only what the sender knows.
    pub(crate) fn given(&self) -> Option<&str> {
        match self {
            RequestId::Given(id) => Some(id),
            RequestId::Made(_) => None,
        }
    }
}

/// One admitted request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub(crate) framing: ResolvedFraming,
    /// `None` in records of versions that didn't write it.
    pub(crate) profile: Option<Profile>,
    pub(crate) received_micros: i64,
    pub(crate) datastream: &'a str,
    pub(crate) request_id: RequestId<'a>,
    pub(crate) source: Source,
    /// Events longer than this were rejected when they came.
    pub(crate) event_bytes_max: usize,
    pub(crate) body: &'a [u8],
}

/// Why a record can't be drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// Written by a newer version.
    #[error("a journal record has version {0}; start the version that wrote it, or a newer one")]
    Version(u8),
    /// Not what this version writes, although its checksum holds.
    #[error("a journal record is malformed although its checksum holds; report this with the version")]
    Form,
}

impl<'a> Record<'a> {
    /// The part before the body; the body is appended by the journal without a copy.
    /// Lengths were checked at admission (`name_bytes_max`).
    pub(crate) fn head(&self) -> Vec<u8> {
        let request_id = self.request_id.as_bytes();
        let mut head = Vec::with_capacity(FIXED_BYTES + LIMIT_BYTES + 1 + self.datastream.len() + request_id.len());
        let framing = match self.framing {
            ResolvedFraming::Single => 1,
            ResolvedFraming::Array => 2,
            ResolvedFraming::Lines => 3,
            ResolvedFraming::Values => 4,
        };
        let origin = match self.request_id {
            RequestId::Given(_) => 1,
            RequestId::Made(_) => 2,
        };
        let profile = self.profile.and_then(|profile| PROFILES.iter().position(|known| *known == profile));
        let profile = profile.map_or(0, |place| place as u8 + 1);
        let version = match self.source {
            Source::Sender => VERSION,
            Source::File => VERSION_OF_FILES,
        };
        head.extend_from_slice(&[version, framing, origin, profile]);
        head.extend_from_slice(&self.received_micros.to_le_bytes());
        for length in [self.datastream.len(), request_id.len()] {
            let length = u16::try_from(length).expect("admission bounds names far below 64 KiB");
            head.extend_from_slice(&length.to_le_bytes());
        }
        head.extend_from_slice(&u32::try_from(self.event_bytes_max).unwrap_or(u32::MAX).to_le_bytes());
        if self.source == Source::File {
            head.push(SOURCE_FILE);
        }
        head.extend_from_slice(self.datastream.as_bytes());
        head.extend_from_slice(request_id);
        head
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let version = match bytes.first() {
            Some(&version @ (VERSION_OF_FILES | VERSION | VERSION_BEFORE)) => version,
            Some(&other) => return Err(RecordError::Version(other)),
            None => return Err(RecordError::Form),
        };
        let (fixed, rest) = bytes.split_first_chunk::<FIXED_BYTES>().ok_or(RecordError::Form)?;
        let (event_bytes_max, rest) = match version {
            VERSION_BEFORE => (u32::MAX, rest),
            _ => {
                let (limit, rest) = rest.split_first_chunk::<LIMIT_BYTES>().ok_or(RecordError::Form)?;
                (u32::from_le_bytes(*limit), rest)
            }
        };
        let event_bytes_max = usize::try_from(event_bytes_max).unwrap_or(usize::MAX);
        let (source, rest) = match (version, rest) {
            (VERSION_OF_FILES, [SOURCE_FILE, rest @ ..]) => (Source::File, rest),
            (VERSION_OF_FILES, _) => return Err(RecordError::Form),
            _ => (Source::Sender, rest),
        };
        let [_, framing, origin, profile, received @ .., d0, d1, r0, r1] = *fixed;
        let framing = match framing {
            1 => ResolvedFraming::Single,
            2 => ResolvedFraming::Array,
            3 => ResolvedFraming::Lines,
            4 => ResolvedFraming::Values,
            _ => return Err(RecordError::Form),
        };
        let datastream_bytes = usize::from(u16::from_le_bytes([d0, d1]));
        let (datastream, rest) = rest.split_at_checked(datastream_bytes).ok_or(RecordError::Form)?;
        let request_bytes = usize::from(u16::from_le_bytes([r0, r1]));
        let (request_id, body) = rest.split_at_checked(request_bytes).ok_or(RecordError::Form)?;
        let profile = match usize::from(profile).checked_sub(1) {
            None => None,
            Some(place) => Some(*PROFILES.get(place).ok_or(RecordError::Form)?),
        };
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| RecordError::Form);
        let request_id = match origin {
            1 => RequestId::Given(text(request_id)?),
            2 => RequestId::Made(request_id.try_into().map_err(|_| RecordError::Form)?),
            _ => return Err(RecordError::Form),
        };
        let received_micros = i64::from_le_bytes(received);
        let datastream = text(datastream)?;
        Ok(Record { framing, profile, received_micros, datastream, request_id, source, event_bytes_max, body })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(record: &Record<'_>) -> Vec<u8> {
        let mut bytes = record.head();
        bytes.extend_from_slice(record.body);
        bytes
    }

    #[test]
    fn what_was_written_is_read() {
        let check = |record: Record<'_>| assert_eq!(Record::decode(&whole(&record)), Ok(record));
        let record = Record {
            framing: ResolvedFraming::Single,
            profile: None,
            received_micros: 1_700_000_000_000_000,
            datastream: "default",
            request_id: RequestId::Given("r-1"),
            source: Source::Sender,
            event_bytes_max: 1 << 20,
            body: b"{}",
        };
        check(record);
        check(Record { source: Source::File, ..record });
        check(Record { event_bytes_max: u32::MAX as usize, ..record });
        check(Record { profile: Some(Profile::aep_strict()), ..record });
        check(Record {
            profile: Some(Profile::letter()),
            framing: ResolvedFraming::Array,
            received_micros: -1,
            datastream: "",
            ..record
        });
        check(Record { framing: ResolvedFraming::Values, ..record });
        check(Record { framing: ResolvedFraming::Lines, request_id: RequestId::Made([9; 16]), body: b"", ..record });
    }

    #[test]
    fn other_versions_and_cut_records_are_told_apart() {
        let record = Record {
            framing: ResolvedFraming::Single,
            profile: None,
            received_micros: 1,
            datastream: "shop",
            request_id: RequestId::Made([1; 16]),
            source: Source::File,
            event_bytes_max: 9,
            body: b"",
        };
        let mut bytes = whole(&record);
        for length in 0..bytes.len() {
            assert_eq!(Record::decode(&bytes[..length]), Err(RecordError::Form), "{length} bytes");
        }
        let source_at = FIXED_BYTES + LIMIT_BYTES;
        bytes[source_at] = 2;
        assert_eq!(Record::decode(&bytes), Err(RecordError::Form), "an unknown source");
        bytes[0] = 4;
        assert_eq!(Record::decode(&bytes), Err(RecordError::Version(4)));
    }

    #[test]
    fn the_version_before_is_read() {
        let bytes = [&[1, 1, 1, 2][..], &7i64.to_le_bytes(), &[4, 0, 3, 0], b"shop", b"r-1", b"{}"].concat();
        let record = Record {
            framing: ResolvedFraming::Single,
            profile: Some(Profile::aep_strict()),
            received_micros: 7,
            datastream: "shop",
            request_id: RequestId::Given("r-1"),
            source: Source::Sender,
            event_bytes_max: u32::MAX as usize,
            body: b"{}",
        };
        assert_eq!(Record::decode(&bytes), Ok(record));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_record_or_an_error(
            version in 0u8..6,
            rest in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let bytes = [&[version][..], &rest].concat();
            if let Ok(record) = Record::decode(&bytes)
                && bytes[0] != VERSION_BEFORE
            {
                prop_assert_eq!(whole(&record), bytes);
            }
        }
    }
}
