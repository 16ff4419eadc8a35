//! The header of a Parquet page, with the page's checksum in it.
//!
//! The `parquet` crate verifies checksums (its feature `crc`) and writes none. So headers of
//! our own pages are written here, and headers that the crate has written get their checksum
//! put in. It is the CRC-32 (IEEE) of the page as it lies in the file: compressed, and
//! without its header.
//!
//! A header is a struct in Thrift's compact protocol: for each field a byte with the distance
//! to the field before it and the type, then the value.
//!
//! ```text
//! PageHeader  1 type  2 uncompressed size  3 compressed size  4 crc  5 data page  7 dictionary page
//! data page   1 values  2 encoding  3 definition levels' encoding  4 repetition levels' encoding
//! dictionary  1 entries  2 encoding  3 sorted
//! ```

use parquet::basic::Encoding;

const I32: u8 = 5;
const STRUCT: u8 = 12;
const FALSE: u8 = 2;
const STOP: u8 = 0;

const DATA_PAGE: i32 = 0;
const DICTIONARY_PAGE: i32 = 2;

/// What kind of page it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PageKind {
    /// Levels and values, so encoded.
    Data(Encoding),
    /// The entries of the chunk's dictionary.
    Dictionary,
}

/// A page as its header describes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageHeader {
    pub(crate) kind: PageKind,
    /// Levels of a data page, entries of a dictionary.
    pub(crate) values: i32,
    /// Bytes of the body before compression.
    pub(crate) uncompressed: i32,
    /// Bytes of the body in the file.
    pub(crate) compressed: i32,
    pub(crate) crc: u32,
}

impl PageHeader {
    /// Appends the header; returns its length.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> usize {
        let start = out.len();
        let page_type = match self.kind {
            PageKind::Data(_) => DATA_PAGE,
            PageKind::Dictionary => DICTIONARY_PAGE,
        };
        for value in [page_type, self.uncompressed, self.compressed, self.crc.cast_signed()] {
            field(out, 1, I32);
            int(out, value);
        }
        let (distance, encoding) = match self.kind {
            PageKind::Data(encoding) => (1, number(encoding)),
            PageKind::Dictionary => (3, number(Encoding::PLAIN)),
        };
        field(out, distance, STRUCT);
        let levels = number(Encoding::RLE);
        let ints: &[i32] = match self.kind {
            PageKind::Data(_) => &[self.values, encoding, levels, levels],
            PageKind::Dictionary => &[self.values, encoding],
        };
        for value in ints {
            field(out, 1, I32);
            int(out, *value);
        }
        if let PageKind::Dictionary = self.kind {
            field(out, 1, FALSE);
        }
        out.extend_from_slice(&[STOP, STOP]);
        out.len() - start
    }
}

fn field(out: &mut Vec<u8>, distance: u8, kind: u8) {
    out.push(distance << 4 | kind);
}

fn int(out: &mut Vec<u8>, value: i32) {
    let mut rest = (value << 1 ^ value >> 31).cast_unsigned();
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// As Parquet numbers the encodings that we write.
fn number(encoding: Encoding) -> i32 {
    match encoding {
        Encoding::RLE => 3,
        Encoding::DELTA_BINARY_PACKED => 5,
        Encoding::RLE_DICTIONARY => 8,
        _ => 0,
    }
}

/// A header as far as it must be known to check a page, or to put a checksum in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BareHeader {
    /// Length of the header.
    pub bytes: usize,
    /// Length of the page's body in the file.
    pub body_bytes: usize,
    /// The body's checksum, if the header has one.
    pub crc: Option<u32>,
    /// Where the field behind the sizes begins.
    next: usize,
}

impl BareHeader {
    /// Reads the header at the start of `bytes`; `None` when it isn't all there, or isn't one.
    pub fn read(bytes: &[u8]) -> Option<BareHeader> {
        let mut at = 0;
        let mut sizes = [0; 3];
        for size in &mut sizes {
            if *bytes.get(at)? != 1 << 4 | I32 {
                return None;
            }
            at += 1;
            *size = varint(bytes, &mut at)?;
        }
        let next = at;
        let mut crc = None;
        if bytes.get(at) == Some(&(1 << 4 | I32)) {
            let mut value = at + 1;
            let coded = varint(bytes, &mut value)? as u32;
            crc = Some((coded >> 1) ^ (coded & 1).wrapping_neg());
        }
        skip_fields(bytes, &mut at, 0)?;
        // Zigzag: sizes are not negative.
        Some(BareHeader { bytes: at, body_bytes: usize::try_from(sizes[2] >> 1).ok()?, crc, next })
    }

    /// Appends the header with the checksum in it; returns its length.
    pub fn with_crc(&self, header: &[u8], crc: u32, out: &mut Vec<u8>) -> usize {
        let start = out.len();
        out.extend_from_slice(&header[..self.next]);
        field(out, 1, I32);
        int(out, crc.cast_signed());
        // One step nearer to the field before it.
        out.push(header[self.next] - (1 << 4));
        out.extend_from_slice(&header[self.next + 1..self.bytes]);
        out.len() - start
    }
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Passes over the fields of a struct, its end included.
fn skip_fields(bytes: &[u8], at: &mut usize, depth: usize) -> Option<()> {
    const DEPTH_MAX: usize = 4;
    if depth > DEPTH_MAX {
        return None;
    }
    loop {
        let head = *bytes.get(*at)?;
        *at += 1;
        if head == STOP {
            return Some(());
        }
        if head >> 4 == 0 {
            // A field's number in full, for one far away.
            varint(bytes, at)?;
        }
        match head & 0x0F {
            // Truth values lie in the type.
            1 | 2 => {}
            3 => *at += 1,
            4..=6 => drop(varint(bytes, at)?),
            7 => *at += 8,
            8 => *at += usize::try_from(varint(bytes, at)?).ok()?,
            STRUCT => skip_fields(bytes, at, depth + 1)?,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: PageKind, compressed: i32) -> PageHeader {
        PageHeader { kind, values: 4711, uncompressed: 70_000, compressed, crc: 0xDEAD_BEEF }
    }

    #[test]
    fn a_header_is_read_back_and_every_cut_one_is_not() {
        for kind in [PageKind::Data(Encoding::RLE_DICTIONARY), PageKind::Dictionary] {
            let mut bytes = Vec::new();
            let length = header(kind, 12_345).write(&mut bytes);
            assert_eq!(length, bytes.len());
            bytes.extend_from_slice(b"the body");
            let bare = BareHeader::read(&bytes).expect("whole");
            assert_eq!((bare.bytes, bare.body_bytes, bare.crc), (length, 12_345, Some(0xDEAD_BEEF)));
            for cut in 0..length {
                assert_eq!(BareHeader::read(&bytes[..cut]), None, "{kind:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_checksum_is_put_where_it_belongs() {
        // Type 0, sizes 3 and 2, then field 5 with one value: as the crate writes it.
        let bare = [0x15, 0x00, 0x15, 0x06, 0x15, 0x04, 0x2C, 0x15, 0x02, 0x00, 0x00];
        let mut out = Vec::new();
        let read = BareHeader::read(&bare).expect("whole");
        let length = read.with_crc(&bare, 1, &mut out);
        let expect = [0x15, 0x00, 0x15, 0x06, 0x15, 0x04, 0x15, 0x02, 0x1C, 0x15, 0x02, 0x00, 0x00];
        assert_eq!((length, out.as_slice()), (expect.len(), &expect[..]));
        assert_eq!((read.crc, BareHeader::read(&out).and_then(|header| header.crc)), (None, Some(1)));
    }
}
