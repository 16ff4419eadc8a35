//! A frame: one sealed record in a segment.
//!
//! ```text
//!  0  length     4  of the record in clear, in bytes
//!  4  crc32c     4  of every other byte of the frame
//!  8  sequence   8
//! 16  durable    8  highest durable sequence when this frame was written
//! 24  record        AES-256-GCM: ciphertext of `length` bytes, then a tag of 16
//! ```
//!
//! Integers are little-endian. The checksum tells torn from whole without a key; the
//! tag tells ours from forged. `durable` is what tells a torn tail from decay: an
//! intact frame behind a broken one, which says that the broken one was durable when
//! it was written, proves that acknowledged bytes were lost (see `recovery`).

use crate::seal::{DataKey, TAG_BYTES};

pub(crate) const HEADER_BYTES: usize = 24;
/// What a frame adds to a record.
pub(crate) const OVERHEAD_BYTES: usize = HEADER_BYTES + TAG_BYTES;
/// No record may be larger, whatever the settings: the length field, and one buffer.
pub(crate) const RECORD_BYTES_LIMIT: usize = 1 << 30;

/// A frame's header, not yet checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameHeader {
    pub(crate) record_bytes: u32,
    crc: u32,
    pub(crate) sequence: u64,
    pub(crate) durable: u64,
}

impl FrameHeader {
    pub(crate) fn parse(bytes: &[u8; HEADER_BYTES]) -> Self {
        let [l0, l1, l2, l3, c0, c1, c2, c3, rest @ ..] = bytes;
        let (sequence, durable) = rest.split_at(8);
        FrameHeader {
            record_bytes: u32::from_le_bytes([*l0, *l1, *l2, *l3]),
            crc: u32::from_le_bytes([*c0, *c1, *c2, *c3]),
            sequence: u64::from_le_bytes(sequence.try_into().expect("eight of sixteen bytes")),
            durable: u64::from_le_bytes(durable.try_into().expect("the other eight")),
        }
    }

    pub(crate) fn frame_bytes(&self) -> u64 {
        u64::from(self.record_bytes) + OVERHEAD_BYTES as u64
    }

    /// Whether `frame`, the whole frame, carries the checksum of its bytes.
    pub(crate) fn matches(&self, frame: &[u8]) -> bool {
        self.crc == checksum(frame)
    }
}

/// Appends one frame to `buffer`; the record is `head` followed by `body`.
pub(crate) fn encode(buffer: &mut Vec<u8>, key: &DataKey, sequence: u64, durable: u64, head: &[u8], body: &[u8]) {
    let start = buffer.len();
    let record_bytes = u32::try_from(head.len() + body.len()).expect("RECORD_BYTES_LIMIT fits u32");
    buffer.reserve(head.len() + body.len() + OVERHEAD_BYTES);
    buffer.extend_from_slice(&record_bytes.to_le_bytes());
    buffer.extend_from_slice(&[0; 4]);
    buffer.extend_from_slice(&sequence.to_le_bytes());
    buffer.extend_from_slice(&durable.to_le_bytes());
    buffer.extend_from_slice(head);
    buffer.extend_from_slice(body);
    let tag = key.seal(sequence, durable, &mut buffer[start + HEADER_BYTES..]);
    buffer.extend_from_slice(&tag);
    let crc = checksum(&buffer[start..]);
    buffer[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
}

fn checksum(frame: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&frame[..4]), &frame[8..])
}
