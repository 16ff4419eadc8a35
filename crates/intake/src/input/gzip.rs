//! gzip as tapes, block devices and object stores hand it back: one member after the other,
//! and perhaps zeros behind the last one, which gzip itself passes over without a word.
//! Anything else behind it is refused: it is a second file, or damage.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// How a member of gzip begins.
pub(crate) const MAGIC: &[u8] = &[0x1F, 0x8B];

/// Decompresses all members.
#[derive(Debug)]
pub struct Gzip<R> {
    /// `None` at the end.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gzip<R> {
    /// Decompresses what `source` gives from here on.
    pub fn new(source: R) -> Gzip<R> {
        Gzip { member: Some(GzDecoder::new(source)) }
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            if let Some(member) = self.member.take() {
                self.member = next_member(member.into_inner())?.map(GzDecoder::new);
            }
        }
        Ok(0)
    }
}

/// The source at its next member; `None` if nothing but zeros is left.
fn next_member<R: BufRead>(mut source: R) -> io::Result<Option<R>> {
    let mut padded = false;
    loop {
        let bytes = match source.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        match bytes.iter().position(|byte| *byte != 0) {
            _ if bytes.is_empty() => return Ok(None),
            None => {
                padded = true;
                let zeros = bytes.len();
                source.consume(zeros);
            }
            Some(0) if !padded && bytes[0] == MAGIC[0] => return Ok(Some(source)),
            Some(_) => {
                let what = "something that is not gzip follows the compressed data";
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write};

    use super::*;

    fn member(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).expect("compressed");
        encoder.finish().expect("compressed")
    }

    #[test]
    fn members_are_read_and_zeros_passed_over() {
        let check = |parts: &[&[u8]], expect: Option<&str>| {
            // A small buffer, so that members end within and between its fillings.
            for buffer_bytes in [1, 7, 4096] {
                let mut text = String::new();
                let bytes = parts.concat();
                let read = Gzip::new(BufReader::with_capacity(buffer_bytes, &bytes[..])).read_to_string(&mut text);
                assert_eq!(read.is_ok().then_some(text.as_str()), expect, "{parts:?}");
            }
        };
        let (a, b) = (member("a\n"), member("b\n"));
        check(&[&a], Some("a\n"));
        check(&[&a, &b], Some("a\nb\n"));
        check(&[&a, &[0; 10_000]], Some("a\n"));
        check(&[&a, &b, &[0]], Some("a\nb\n"));
        check(&[&a, b"x"], None);
        check(&[&a, &[0, 0, 7]], None);
        check(&[&a, &[0; 512], &b], None);
        check(&[&a[..a.len() - 1]], None);
        check(&[&a, &b[..5]], None);
        check(&[b"no gzip"], None);
    }
}
