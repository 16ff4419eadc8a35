//! The segment reader on bytes that nobody vouches for: one function for the fuzzer and
//! for the test that runs it over mutated segments.

use std::io;
use std::sync::Arc;

use crate::cursor::{Cursor, Found};
use crate::disk::DiskFile;
use crate::error::OpenError;
use crate::master_key::MasterKey;
use crate::seal::KeyWrap;
use crate::segment::{self, Segment};

/// The master key of the segments that the fuzzer's corpus is made of.
const KEY: [u8; 32] = [0x5A; 32];

/// Reads `bytes` as the file of a segment that starts at sequence 1 and returns its
/// records. With a refused header the same bytes are read as frames under a key of
/// their own, so that frames are reached without a forged header.
#[doc(hidden)]
pub fn read_arbitrary_segment(bytes: &[u8]) -> Vec<Vec<u8>> {
    let wrap = KeyWrap::new(&MasterKey::new(KEY));
    let header = &bytes[..bytes.len().min(segment::HEADER_BYTES as usize)];
    let segment = Segment::decode(1, header, &wrap)
        .or_else(|_| Segment::create(1, 0, 0, &wrap).map(|(segment, _)| segment).map_err(|_| OpenError::Random));
    let Ok(segment) = segment else {
        return Vec::new();
    };
    let mut cursor = Cursor::new(Arc::new(InMemory(bytes.to_vec())), bytes.len() as u64);
    let mut records = Vec::new();
    loop {
        let offset = cursor.offset();
        match cursor.next(&segment.key, records.len() as u64 + 1) {
            Ok(Found::Record(record)) => records.push(record.to_vec()),
            Ok(Found::End | Found::Fault(_)) => {
                assert_eq!(cursor.offset(), offset, "a fault must not move the cursor");
                return records;
            }
            Err(error) => unreachable!("memory does not fail: {error}"),
        }
        assert!(cursor.offset() <= bytes.len() as u64, "a frame ends behind the file");
    }
}

struct InMemory(Vec<u8>);

impl DiskFile for InMemory {
    fn write_at(&self, _: u64, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let from = self.0.get(offset as usize..).unwrap_or_default();
        let count = from.len().min(buffer.len());
        buffer[..count].copy_from_slice(&from[..count]);
        Ok(count)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame;

    fn segment_of(records: &[&[u8]]) -> Vec<u8> {
        let wrap = KeyWrap::new(&MasterKey::new(KEY));
        let (segment, header) = Segment::create(1, 0, 0, &wrap).expect("random");
        let mut bytes = header.to_vec();
        for (sequence, record) in (1..).zip(records) {
            frame::encode(&mut bytes, &segment.key, sequence, sequence - 1, record, b"");
        }
        bytes.resize(bytes.len() + 100, 0);
        bytes
    }

    /// A xorshift: the inputs must be the same in every run.
    fn mutate(bytes: &mut Vec<u8>, seed: &mut u64) {
        let mut draw = |below: usize| {
            *seed ^= *seed << 13;
            *seed ^= *seed >> 7;
            *seed ^= *seed << 17;
            (*seed % below as u64) as usize
        };
        for _ in 0..=draw(3) {
            let at = draw(bytes.len());
            match draw(5) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes[at] = draw(256) as u8,
                2 => bytes.insert(at, draw(256) as u8),
                3 => {
                    let to = bytes.len().min(at + draw(64));
                    bytes[at..to].fill([0, 0xFF][draw(2)]);
                }
                _ => {
                    let copied = bytes[at..bytes.len().min(at + 64)].to_vec();
                    let to = draw(bytes.len());
                    bytes.splice(to..to, copied);
                }
            }
        }
    }

    #[test]
    fn mutated_segments_yield_a_prefix_of_what_was_written() {
        let large = vec![7; 3000];
        let records: [&[u8]; 6] = [b"first", b"", b"third made-up record", &large, b"five", b"6"];
        let whole = segment_of(&records);
        assert_eq!(read_arbitrary_segment(&whole), records);
        let mut seed = 0x9E37_79B9_7F4A_7C15;
        let mut shortened = 0;
        for round in 0..4000 {
            let mut bytes = whole.clone();
            mutate(&mut bytes, &mut seed);
            let read = read_arbitrary_segment(&bytes);
            assert!(read.len() <= records.len(), "round {round}");
            assert!(read.iter().zip(records).all(|(read, record)| read == record), "round {round}");
            shortened += usize::from(read.len() < records.len());
        }
        assert!(shortened > 1000, "the mutations reach the frames: {shortened}");
    }

    #[test]
    fn checksums_that_match_do_not_make_a_record() {
        // The attacker's frame: everything right but the seal.
        let wrap = KeyWrap::new(&MasterKey::new(KEY));
        let (other, _) = Segment::create(1, 0, 0, &wrap).expect("random");
        let mut bytes = segment_of(&[b"first"]);
        bytes.truncate(bytes.len() - 100);
        frame::encode(&mut bytes, &other.key, 2, 1, b"forged", b"");
        assert_eq!(read_arbitrary_segment(&bytes), [b"first"]);
    }
}
