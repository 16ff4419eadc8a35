//! The bytes of an input: a file or standard input, decompressed by its first bytes.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::Xxh3;

use super::error::InputError;
use super::format::{self, ZSTD_DICTIONARY};
use super::gzip::{self, Gzip};

/// How much of a file's start and end its fingerprint looks at.
const FINGERPRINT_BYTES: usize = 1024 * 1024;
/// First bytes that tell a file's format.
const HEAD_BYTES: u64 = 512;
/// Read at a time below a decompressor.
const BUFFER_BYTES: usize = 256 * 1024;

const ZSTD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];
/// Frames that hold no data and may come first: the last three bytes of their magic.
const ZSTD_SKIPPABLE: &[u8] = &[0x2A, 0x4D, 0x18];

/// What to load or check.
#[derive(Clone, Debug)]
pub enum LoadInput {
    /// A file of events, plain or compressed.
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
pub(crate) struct InputSource {
    pub(crate) reader: Box<dyn Read + Send>,
    /// Tells this file from others; `None` for a stream.
    pub(crate) fingerprint: Option<u64>,
    /// Bytes of the file as it lies on the disk.
    pub(crate) total: Option<u64>,
    /// Bytes of it that were read.
    pub(crate) taken: Arc<AtomicU64>,
    /// About how long the decompressed input is.
    pub(crate) length_guess: u64,
}

impl InputSource {
    /// Opens the input.
    pub(crate) fn open(input: &LoadInput) -> Result<InputSource, InputError> {
        match input {
            LoadInput::File(path) => InputSource::file(path),
            LoadInput::Stdin => InputSource::stream(Box::new(io::stdin())),
        }
    }

    fn file(path: &PathBuf) -> Result<InputSource, InputError> {
        let mut file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(InputError::Directory(path.clone()));
        }
        if !file.metadata()?.is_file() {
            // A pipe with a name: as standard input.
            return InputSource::stream(Box::new(file));
        }
        let length = file.metadata()?.len();
        let (fingerprint, head) = fingerprint(&mut file, length)?;
        let taken = Arc::new(AtomicU64::new(0));
        let counted = Box::new(Counted { inner: file, taken: Arc::clone(&taken) });
        let (reader, ratio) = decoder(counted, &head)?;
        let length_guess = length.saturating_mul(ratio);
        Ok(InputSource { reader, fingerprint: Some(fingerprint), total: Some(length), taken, length_guess })
    }

    pub(crate) fn stream(mut stream: Box<dyn Read + Send>) -> Result<InputSource, InputError> {
        let mut head = Vec::new();
        (&mut stream).take(HEAD_BYTES).read_to_end(&mut head)?;
        let taken = Arc::new(AtomicU64::new(0));
        let whole = Cursor::new(head.clone()).chain(stream);
        let counted = Box::new(Counted { inner: whole, taken: Arc::clone(&taken) });
        let (reader, _) = decoder(counted, &head)?;
        Ok(InputSource { reader, fingerprint: None, total: None, taken, length_guess: 0 })
    }
}

/// The decompressor that the first bytes ask for, and about how much it expands. A format that
/// is neither compressed nor text is refused.
fn decoder(from: Box<dyn Read + Send>, head: &[u8]) -> Result<(Box<dyn Read + Send>, u64), InputError> {
    let skippable = head.first().is_some_and(|byte| byte >> 4 == 5) && head[1..].starts_with(ZSTD_SKIPPABLE);
    if head.starts_with(gzip::MAGIC) {
        Ok((Box::new(Gzip::new(io::BufReader::with_capacity(BUFFER_BYTES, from))), 8))
    } else if head.starts_with(ZSTD) && format::needs_dictionary(head) {
        Err(InputError::Foreign(ZSTD_DICTIONARY))
    } else if head.starts_with(ZSTD) || skippable {
        Ok((Box::new(zstd::stream::read::Decoder::new(from)?), 8))
    } else {
        match format::foreign_format(head) {
            Some(foreign) => Err(InputError::Foreign(foreign)),
            None => Ok((from, 1)),
        }
    }
}

/// Hash of the length and both ends, and the first bytes. The file stands at its start again.
fn fingerprint(file: &mut File, length: u64) -> io::Result<(u64, Vec<u8>)> {
    let mut hash = Xxh3::new();
    hash.update(&length.to_le_bytes());
    let mut part = Vec::with_capacity(FINGERPRINT_BYTES);
    file.take(FINGERPRINT_BYTES as u64).read_to_end(&mut part)?;
    hash.update(&part);
    let head = part[..part.len().min(HEAD_BYTES as usize)].to_vec();
    part.clear();
    file.seek(SeekFrom::Start(length.saturating_sub(FINGERPRINT_BYTES as u64)))?;
    file.take(FINGERPRINT_BYTES as u64).read_to_end(&mut part)?;
    hash.update(&part);
    file.seek(SeekFrom::Start(0))?;
    Ok((hash.digest(), head))
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
