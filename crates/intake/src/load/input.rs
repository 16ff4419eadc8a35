//! The input of a bulk load: a file or standard input, plain, gzip or zstd by its first
//! bytes, cut into chunks of whole lines.
//!
//! Whoever has an empty chunk fills it himself, under a lock: with two workers one reads
//! (or decompresses) while the other decodes, and there is no queue to bound. Chunks are
//! recycled; what follows the last line feed is carried to the next one.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use memchr::{memchr, memrchr};
use xxhash_rust::xxh3::Xxh3;

/// Size of a chunk. No event is longer: `xdm` refuses those above 1 MiB.
pub(crate) const CHUNK_BYTES: usize = 4 * 1024 * 1024;
/// How much of a file's start and end its fingerprint looks at.
const FINGERPRINT_BYTES: usize = 1024 * 1024;

const GZIP: &[u8] = &[0x1F, 0x8B];
const ZSTD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];
const BYTE_ORDER_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];

/// What to load.
#[derive(Clone, Debug)]
pub enum LoadInput {
    /// A file: NDJSON, plain or compressed.
    File(PathBuf),
    /// Standard input, likewise. Nothing tells one stream from another, so loading it
    /// again relies on the ids of its events.
    Stdin,
}

impl LoadInput {
    pub(crate) fn name(&self) -> String {
        match self {
            LoadInput::File(path) => path.display().to_string(),
            LoadInput::Stdin => "standard input".to_owned(),
        }
    }
}

/// An opened input.
pub(crate) struct Source {
    reader: Box<dyn Read + Send>,
    /// Tells this file from others; `None` for a stream.
    pub(crate) fingerprint: Option<u64>,
    /// Bytes of the file as it lies on the disk.
    pub(crate) total: Option<u64>,
    /// Bytes of it that were read.
    taken: Arc<AtomicU64>,
    /// About how long the decompressed input is.
    pub(crate) length_guess: u64,
}

impl Source {
    /// Opens the input; `offset` bytes of the decompressed text are passed over.
    pub(crate) fn open(input: &LoadInput) -> io::Result<Source> {
        match input {
            LoadInput::File(path) => {
                let mut file = File::open(path)?;
                if file.metadata()?.is_dir() {
                    return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory; name its files"));
                }
                if !file.metadata()?.is_file() {
                    // A pipe with a name: as standard input.
                    return Source::stream(Box::new(file));
                }
                let length = file.metadata()?.len();
                let (fingerprint, magic) = fingerprint(&mut file, length)?;
                let taken = Arc::new(AtomicU64::new(0));
                let counted = Box::new(Counted { inner: file, taken: Arc::clone(&taken) });
                let (reader, ratio) = decoder(counted, &magic)?;
                let length_guess = length.saturating_mul(ratio);
                Ok(Source { reader, fingerprint: Some(fingerprint), total: Some(length), taken, length_guess })
            }
            LoadInput::Stdin => Source::stream(Box::new(io::stdin())),
        }
    }

    fn stream(mut stream: Box<dyn Read + Send>) -> io::Result<Source> {
        let mut magic = Vec::with_capacity(4);
        (&mut stream).take(4).read_to_end(&mut magic)?;
        let taken = Arc::new(AtomicU64::new(0));
        let whole = Cursor::new(magic.clone()).chain(stream);
        let counted = Box::new(Counted { inner: whole, taken: Arc::clone(&taken) });
        let (reader, _) = decoder(counted, &magic)?;
        Ok(Source { reader, fingerprint: None, total: None, taken, length_guess: 0 })
    }
}

/// The decompressor that the first bytes ask for, and about how much it expands.
fn decoder(from: Box<dyn Read + Send>, magic: &[u8]) -> io::Result<(Box<dyn Read + Send>, u64)> {
    if magic.starts_with(GZIP) {
        Ok((Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(256 * 1024, from))), 8))
    } else if magic.starts_with(ZSTD) {
        Ok((Box::new(zstd::stream::read::Decoder::new(from)?), 8))
    } else {
        Ok((from, 1))
    }
}

/// Hash of the length and both ends, and the first four bytes. The file stands at its
/// start again.
fn fingerprint(file: &mut File, length: u64) -> io::Result<(u64, Vec<u8>)> {
    let mut hash = Xxh3::new();
    hash.update(&length.to_le_bytes());
    let mut part = Vec::with_capacity(FINGERPRINT_BYTES);
    file.take(FINGERPRINT_BYTES as u64).read_to_end(&mut part)?;
    hash.update(&part);
    let magic = part[..part.len().min(4)].to_vec();
    part.clear();
    file.seek(SeekFrom::Start(length.saturating_sub(FINGERPRINT_BYTES as u64)))?;
    file.take(FINGERPRINT_BYTES as u64).read_to_end(&mut part)?;
    hash.update(&part);
    file.seek(SeekFrom::Start(0))?;
    Ok((hash.digest(), magic))
}

struct Counted<R> {
    inner: R,
    taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Some whole lines of the input.
pub(crate) struct Chunk {
    buffer: Vec<u8>,
    filled: usize,
    /// Position in the input, from 0.
    pub(crate) number: u64,
    /// Where it begins in the decompressed text.
    pub(crate) offset: u64,
    /// Bytes of the file that were read for it.
    pub(crate) source_bytes: u64,
    /// Its last line is cut: it is longer than a chunk, and the rest is passed over.
    pub(crate) overlong: bool,
}

impl Chunk {
    pub(crate) fn new() -> Self {
        let buffer = vec![0; CHUNK_BYTES];
        Chunk { buffer, filled: 0, number: 0, offset: 0, source_bytes: 0, overlong: false }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }
}

/// An array that is spread over lines: each of them would be a reject.
fn is_array(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let first = memchr(b'\n', text).map_or(text, |end| &text[..end]).trim_ascii_end();
    first.starts_with(b"[") && !first.ends_with(b"]")
}

/// Cuts a source into chunks.
pub(crate) struct Chunks {
    source: Source,
    carry: Vec<u8>,
    next: u64,
    /// Where the next chunk begins.
    offset: u64,
    /// No chunk begins at or after this offset, until it is moved.
    pub(crate) stop_at: u64,
    /// What is left of a line that was too long.
    skipping: bool,
    exhausted: bool,
}

impl Chunks {
    /// Passes over `offset` bytes of text, which were loaded before.
    pub(crate) fn new(mut source: Source, offset: u64) -> io::Result<Self> {
        io::copy(&mut (&mut source.reader).take(offset), &mut io::sink())?;
        let carry = Vec::new();
        Ok(Chunks { source, carry, next: 0, offset, stop_at: u64::MAX, skipping: false, exhausted: false })
    }

    /// Where the next chunk begins: everything before was handed out.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// True when there is no chunk after those handed out.
    pub(crate) fn is_at_end(&self) -> bool {
        self.exhausted && self.carry.is_empty()
    }

    /// Fills the chunk with the next lines; false when there are none.
    pub(crate) fn fill(&mut self, chunk: &mut Chunk) -> io::Result<bool> {
        if self.offset >= self.stop_at {
            return Ok(false);
        }
        let taken_before = self.source.taken.load(Ordering::Relaxed);
        if self.skipping && !self.skip_line()? {
            return Ok(false);
        }
        chunk.buffer[..self.carry.len()].copy_from_slice(&self.carry);
        let mut filled = self.carry.len();
        self.carry.clear();
        while filled < CHUNK_BYTES && !self.exhausted {
            match self.source.reader.read(&mut chunk.buffer[filled..]) {
                Ok(0) => self.exhausted = true,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let mut start = 0;
        if self.offset == 0 && chunk.buffer[..filled].starts_with(BYTE_ORDER_MARK) {
            // Blank, so that offsets stay those of the file.
            chunk.buffer[..BYTE_ORDER_MARK.len()].fill(b' ');
            start = BYTE_ORDER_MARK.len();
        }
        if self.offset == 0 && is_array(&chunk.buffer[start..filled]) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it is a JSON array, and one event a line is needed; jq -c '.[]' makes lines of it",
            ));
        }
        chunk.overlong = false;
        let end = match memrchr(b'\n', &chunk.buffer[start..filled]) {
            _ if self.exhausted => filled,
            Some(at) => start + at + 1,
            None => {
                chunk.overlong = true;
                self.skipping = true;
                filled
            }
        };
        self.carry.extend_from_slice(&chunk.buffer[end..filled]);
        chunk.filled = end;
        chunk.number = self.next;
        chunk.offset = self.offset;
        chunk.source_bytes = self.source.taken.load(Ordering::Relaxed) - taken_before;
        self.next += u64::from(end > 0);
        self.offset += end as u64;
        Ok(end > 0)
    }

    /// Passes over the rest of a line. False at the end of the input.
    fn skip_line(&mut self) -> io::Result<bool> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = self.source.reader.read(&mut buffer)?;
            if count == 0 {
                self.exhausted = true;
                self.skipping = false;
                return Ok(false);
            }
            if let Some(at) = memchr(b'\n', &buffer[..count]) {
                self.carry.extend_from_slice(&buffer[at + 1..count]);
                self.offset += at as u64 + 1;
                self.skipping = false;
                return Ok(true);
            }
            self.offset += count as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn lines(source: Source, offset: u64) -> Vec<(u64, String)> {
        let mut chunks = Chunks::new(source, offset).expect("passed over");
        let mut chunk = Chunk::new();
        let mut lines = Vec::new();
        let mut numbers = Vec::new();
        while chunks.fill(&mut chunk).expect("filled") {
            numbers.push(chunk.number);
            let mut at = chunk.offset;
            for line in chunk.bytes().split_inclusive(|byte| *byte == b'\n') {
                lines.push((at, String::from_utf8_lossy(&line[..line.len().min(60)]).trim().to_owned()));
                at += line.len() as u64;
            }
        }
        assert!(chunks.is_at_end());
        assert!(numbers.iter().copied().eq(0..numbers.len() as u64));
        lines
    }

    fn stream(bytes: Vec<u8>) -> Source {
        Source::stream(Box::new(Cursor::new(bytes))).expect("opened")
    }

    #[test]
    fn lines_stay_whole_across_chunks() {
        let expect: Vec<String> = (0..200_000).map(|n| format!("{{\"line\": {n}}}{}", " ".repeat(n % 70))).collect();
        let text = expect.join("\n");
        let found = lines(stream(text.clone().into_bytes()), 0);
        assert_eq!(found.len(), expect.len());
        assert!(found.iter().zip(&expect).all(|((_, found), expect)| found == expect.trim()));
        // Going on in the middle finds the same lines at the same offsets.
        let (offset, _) = found[123_456];
        assert_eq!(lines(stream(text.into_bytes()), offset), found[123_456..]);
    }

    #[test]
    fn compressed_input_is_recognised() {
        let text = "{\"a\": 1}\n{\"b\": 2}\n".repeat(1000);
        let plain = lines(stream(text.clone().into_bytes()), 0);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).expect("compressed");
        assert_eq!(lines(stream(gzip.finish().expect("compressed")), 0), plain);
        let zstd = zstd::stream::encode_all(text.as_bytes(), 1).expect("compressed");
        assert_eq!(lines(stream(zstd.clone()), 0), plain);
        assert_eq!(lines(stream(zstd), 9), plain[1..]);
    }

    #[test]
    fn odd_inputs() {
        let check = |bytes: &[u8], expect: &[&str]| {
            let found = lines(stream(bytes.to_vec()), 0);
            assert!(found.iter().map(|(_, line)| line.as_str()).eq(expect.iter().copied()), "{found:?}");
        };
        check(b"", &[]);
        check(b"\n", &[""]);
        check(b"x", &["x"]);
        check(b"\xEF\xBB\xBF{}\n{}", &["{}", "{}"]);
    }

    #[test]
    fn an_array_is_refused_with_the_way_out() {
        for (text, refused) in [("[\n{},\n{}]", true), (" [{},\n{}]", true), ("[1]\n{}", false), ("{}\n[\n", false)] {
            let mut chunks = Chunks::new(stream(text.into()), 0).expect("opened");
            assert_eq!(chunks.fill(&mut Chunk::new()).is_err(), refused, "{text}");
        }
    }

    #[test]
    fn a_line_longer_than_a_chunk_is_cut_and_passed_over() {
        let mut text = b"{}\n".to_vec();
        text.extend(std::iter::repeat_n(b'x', 3 * CHUNK_BYTES));
        text.extend_from_slice(b"\n{\"after\":1}\n");
        let mut chunks = Chunks::new(stream(text.clone()), 0).expect("opened");
        let mut chunk = Chunk::new();
        let mut seen = Vec::new();
        while chunks.fill(&mut chunk).expect("filled") {
            seen.push((chunk.offset, chunk.bytes().len(), chunk.overlong));
        }
        let last = text.len() as u64 - 12;
        assert_eq!(seen, [(0, 3, false), (3, CHUNK_BYTES, true), (last, 12, false)]);
        assert_eq!(chunks.offset(), text.len() as u64);
    }
}
