//! A segment file: its name, its header, and what is known of it in memory.
//!
//! ```text
//! name    first sequence in 20 digits + ".seg"
//! header  128 bytes
//!           0  magic            8  "FDJRNL\r\n"
//!           8  version          4  1
//!          12  crc32c           4  of all other header bytes
//!          16  first            8  sequence of the first frame
//!          24  previous_last    8  last sequence before this segment, 0 = none
//!          32  segment id      16  random
//!          48  wrapped key     60  nonce, sealed data key, tag
//!         108  made bytes       8  size of the file when it was made, 0 = not written down
//!         116  zeros           12
//! frames  from byte 128, see `frame`; zeros behind the last one
//! ```
//!
//! All integers are little-endian. `previous_last` ends the segment before: whatever
//! lies behind that record in the older file was never durable and is not read. It is
//! `first - 1` unless sequences were moved forward by `first_sequence_min`.
//!
//! Files don't shrink: one that is shorter than it was made was cut by somebody, and its
//! last records may be gone with what was cut off.
//!
//! A file gets its `.seg` name only after its header was synced, so a bad header is
//! damage and never a torn write. Before that it is `spare.tmp`; once released it is
//! `….del` until its wrapped key is overwritten and it is unlinked.

use crate::error::{Damage, OpenError};
use crate::seal::{self, DataKey, KeyWrap, NoRandom, SegmentId, WRAPPED_KEY_BYTES, WrappedKey};

pub(crate) const HEADER_BYTES: u64 = 128;
const HEADER_LEN: usize = HEADER_BYTES as usize;
const MAGIC: [u8; 8] = *b"FDJRNL\r\n";
const VERSION: u32 = 1;
const CRC_AT: usize = 12;
/// What the key wrap authenticates besides the key: from `first` to the segment id.
const CONTEXT: std::ops::Range<usize> = 16..48;
const KEY_AT: usize = CONTEXT.end;
const MADE_AT: usize = KEY_AT + WRAPPED_KEY_BYTES;

/// The wrapped key's place in the file: what a release overwrites.
pub(crate) const WRAPPED_KEY_OFFSET: u64 = KEY_AT as u64;

const DIGITS: usize = 20;
const LIVE: &str = ".seg";
const RELEASED: &str = ".del";

/// Name of the file that is being preallocated.
pub(crate) const SPARE_NAME: &str = "spare.tmp";

pub(crate) fn live_name(first: u64) -> String {
    format!("{first:020}{LIVE}")
}

pub(crate) fn released_name(first: u64) -> String {
    format!("{first:020}{RELEASED}")
}

/// What a file name in the directory stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Live(u64),
    Released(u64),
    Spare,
    NotOurs,
}

pub(crate) fn parse_name(name: &str) -> Named {
    if name == SPARE_NAME {
        return Named::Spare;
    }
    let Some((digits, suffix)) = name.split_at_checked(DIGITS) else {
        return Named::NotOurs;
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Named::NotOurs;
    }
    match (digits.parse(), suffix) {
        (Ok(first), LIVE) => Named::Live(first),
        (Ok(first), RELEASED) => Named::Released(first),
        _ => Named::NotOurs,
    }
}

/// A segment as readers and the writer know it.
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) first: u64,
    pub(crate) previous_last: u64,
    /// Size of the file when it was made; 0 from versions that didn't write it down.
    pub(crate) made_bytes: u64,
    pub(crate) key: DataKey,
}

impl Segment {
    /// A new segment with a key of its own, and the header to write.
    pub(crate) fn create(
        first: u64,
        previous_last: u64,
        made_bytes: u64,
        wrap: &KeyWrap,
    ) -> Result<(Self, [u8; HEADER_LEN]), NoRandom> {
        let mut header = [0; HEADER_LEN];
        let id = seal::random_segment_id()?;
        header[..8].copy_from_slice(&MAGIC);
        header[8..12].copy_from_slice(&VERSION.to_le_bytes());
        header[16..24].copy_from_slice(&first.to_le_bytes());
        header[24..32].copy_from_slice(&previous_last.to_le_bytes());
        header[32..48].copy_from_slice(&id);
        let (key, wrapped) = wrap.make_key(id, &header[CONTEXT])?;
        header[KEY_AT..KEY_AT + WRAPPED_KEY_BYTES].copy_from_slice(&wrapped);
        header[MADE_AT..MADE_AT + 8].copy_from_slice(&made_bytes.to_le_bytes());
        let crc = checksum(&header);
        header[CRC_AT..16].copy_from_slice(&crc.to_le_bytes());
        Ok((Segment { name: live_name(first), first, previous_last, made_bytes, key }, header))
    }

    /// Reads the header of the file named for `first`. `header` holds its first bytes,
    /// fewer when the file is shorter.
    pub(crate) fn decode(first: u64, header: &[u8], wrap: &KeyWrap) -> Result<Self, OpenError> {
        let name = live_name(first);
        let damaged = |offset: usize, what: &str| {
            OpenError::Damaged(Damage {
                file: name.clone(),
                offset: offset as u64,
                what: what.to_owned(),
                remedy: "restore the file from a copy, or move it away to go on without its records".to_owned(),
            })
        };
        let Ok(header) = <&[u8; HEADER_LEN]>::try_from(header) else {
            return Err(damaged(header.len(), "the header is cut off"));
        };
        if header[..8] != MAGIC {
            return Err(damaged(0, "this is not a segment file"));
        }
        if u32_at(header, CRC_AT) != checksum(header) {
            return Err(damaged(CRC_AT, "the header's checksum is wrong"));
        }
        if u32_at(header, 8) != VERSION {
            return Err(damaged(8, "the format version is not known to this program"));
        }
        if u64_at(header, 16) != first {
            return Err(damaged(16, "the header belongs to a file of another name"));
        }
        let previous_last = u64_at(header, 24);
        if first == 0 || previous_last >= first {
            return Err(damaged(24, "the header's sequences go back"));
        }
        let mut id: SegmentId = [0; seal::SEGMENT_ID_BYTES];
        id.copy_from_slice(&header[32..48]);
        let mut wrapped: WrappedKey = [0; WRAPPED_KEY_BYTES];
        wrapped.copy_from_slice(&header[KEY_AT..KEY_AT + WRAPPED_KEY_BYTES]);
        match wrap.open_key(id, &header[CONTEXT], &wrapped) {
            Ok(key) => Ok(Segment { name, first, previous_last, made_bytes: u64_at(header, MADE_AT), key }),
            Err(seal::NotSealedHere) => Err(OpenError::WrongKey { file: name }),
        }
    }
}

fn checksum(header: &[u8; HEADER_LEN]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&header[..CRC_AT]), &header[CRC_AT + 4..])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::master_key::MasterKey;

    #[test]
    fn names() {
        let check = |name: &str, expected: Named| assert_eq!(parse_name(name), expected, "{name}");
        check("00000000000000000001.seg", Named::Live(1));
        check("18446744073709551615.seg", Named::Live(u64::MAX));
        check("00000000000000000042.del", Named::Released(42));
        check("spare.tmp", Named::Spare);
        check("lock", Named::NotOurs);
        check("99999999999999999999.seg", Named::NotOurs);
        check("+0000000000000000001.seg", Named::NotOurs);
        check("0000000000000000000é.seg", Named::NotOurs);
        check("00000000000000000001.seg.bak", Named::NotOurs);
        assert_eq!(parse_name(&live_name(7)), Named::Live(7));
        assert_eq!(parse_name(&released_name(7)), Named::Released(7));
    }

    #[test]
    fn a_header_is_read_back_and_every_flipped_or_cut_byte_is_refused() {
        let wrap = KeyWrap::new(&MasterKey::new([1; 32]));
        let (_, header) = Segment::create(9, 8, 4096, &wrap).expect("random");
        let segment = Segment::decode(9, &header, &wrap).expect("as written");
        assert_eq!((segment.first, segment.previous_last, segment.made_bytes), (9, 8, 4096));
        for at in 0..HEADER_LEN {
            let mut flipped = header;
            flipped[at] ^= 0x10;
            assert!(Segment::decode(9, &flipped, &wrap).is_err(), "flip at {at}");
            assert!(Segment::decode(9, &header[..at], &wrap).is_err(), "cut at {at}");
        }
        assert!(Segment::decode(10, &header, &wrap).is_err(), "renamed file");
        let other = KeyWrap::new(&MasterKey::new([2; 32]));
        assert!(matches!(Segment::decode(9, &header, &other), Err(OpenError::WrongKey { .. })));
    }
}
