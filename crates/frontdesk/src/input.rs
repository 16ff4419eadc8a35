//! Files of events as commands name them: a path or `-`, plain, gzip or zstd.
//!
//! The compression is told by the first bytes, not by the name. Reading is streaming:
//! what a file holds decides how much memory is used, not how long it is.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use crate::failure::Failure;

const GZIP_MAGIC: &[u8] = &[0x1F, 0x8B];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];

/// Read at a time below the decompressor.
const BUFFER_BYTES: usize = 256 * 1024;

/// How much of a file's begin and end its fingerprint covers.
const FINGERPRINT_BYTES: usize = 1024 * 1024;

/// One input of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Input {
    /// `-` is standard input.
    pub(crate) fn named(path: &Path) -> Input {
        if path == Path::new("-") { Input::Stdin } else { Input::File(path.to_owned()) }
    }

    /// The name to show.
    pub(crate) fn name(&self) -> String {
        match self {
            Input::Stdin => "standard input".to_owned(),
            Input::File(path) => path.display().to_string(),
        }
    }

    /// Opens it for reading, decompressed.
    ///
    /// # Errors
    /// It can't be opened, or is a directory.
    pub(crate) fn open(&self) -> Result<Box<dyn Read + Send>, Failure> {
        let raw: Box<dyn Read + Send> = match self {
            Input::Stdin => Box::new(io::stdin()),
            Input::File(path) => Box::new(open_file(path)?),
        };
        decompressed(raw).map_err(|error| self.unreadable(&error))
    }

    /// The failure to read it.
    pub(crate) fn unreadable(&self, error: &io::Error) -> Failure {
        let failure = Failure::usage(format_args!("cannot read {}: {error}", self.name()));
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                failure.help("the compressed file is damaged or cut short; make it again")
            }
            _ => failure.help("name a file that this user may read, or - for standard input"),
        }
    }

    /// Bytes on disk, if that is known.
    pub(crate) fn stored_bytes(&self) -> Option<u64> {
        match self {
            Input::Stdin => None,
            Input::File(path) => Some(path.metadata().ok()?.len()),
        }
    }

    /// Tells a file from others: its length, first and last MiB. `None` for what can be
    /// read only once.
    pub(crate) fn fingerprint(&self) -> Result<Option<u64>, Failure> {
        let Input::File(path) = self else { return Ok(None) };
        let print = || -> io::Result<Option<u64>> {
            let mut file = File::open(path)?;
            if !file.metadata()?.is_file() {
                return Ok(None);
            }
            let length = file.metadata()?.len();
            let mut bytes = length.to_le_bytes().to_vec();
            file.by_ref().take(FINGERPRINT_BYTES as u64).read_to_end(&mut bytes)?;
            file.seek(SeekFrom::Start(length.saturating_sub(FINGERPRINT_BYTES as u64)))?;
            file.take(FINGERPRINT_BYTES as u64).read_to_end(&mut bytes)?;
            Ok(Some(xxh3_64(&bytes)))
        };
        print().map_err(|error| self.unreadable(&error))
    }
}

fn open_file(path: &Path) -> Result<File, Failure> {
    let unreadable = |error: &io::Error| Input::File(path.to_owned()).unreadable(error);
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    if file.metadata().is_ok_and(|about| about.is_dir()) {
        return Err(Failure::usage(format_args!("{} is a directory", path.display()))
            .help(format_args!("name the files in it, such as {}/*.ndjson", path.display())));
    }
    Ok(file)
}

fn decompressed(raw: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut raw = raw;
    let mut head = Vec::with_capacity(ZSTD_MAGIC.len());
    raw.by_ref().take(ZSTD_MAGIC.len() as u64).read_to_end(&mut head)?;
    let is_gzip = head.starts_with(GZIP_MAGIC);
    let is_zstd = head.starts_with(ZSTD_MAGIC);
    let whole = BufReader::with_capacity(BUFFER_BYTES, io::Cursor::new(head).chain(raw));
    Ok(if is_gzip {
        Box::new(flate2::bufread::MultiGzDecoder::new(whole))
    } else if is_zstd {
        Box::new(zstd::stream::read::Decoder::with_buffer(whole)?)
    } else {
        Box::new(whole)
    })
}

/// Cuts a stream into blocks of whole lines, reusing one buffer.
pub(crate) struct Blocks<R> {
    source: R,
    buffer: Vec<u8>,
    /// Bytes at the buffer's begin that were handed out.
    given: usize,
    /// Bytes in the buffer.
    filled: usize,
    line_bytes_max: usize,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    /// Blocks of about `block_bytes`; a single line may take up to `line_bytes_max`.
    pub(crate) fn new(source: R, block_bytes: usize, line_bytes_max: usize) -> Blocks<R> {
        Blocks { source, buffer: vec![0; block_bytes], given: 0, filled: 0, line_bytes_max, ended: false }
    }

    /// The next block: whole lines with their line feeds, the last perhaps without one.
    ///
    /// # Errors
    /// The source's, and `InvalidData` for a line that is too long.
    pub(crate) fn next_block(&mut self) -> io::Result<Option<&[u8]>> {
        self.buffer.copy_within(self.given..self.filled, 0);
        self.filled -= self.given;
        self.given = 0;
        loop {
            while !self.ended && self.filled < self.buffer.len() {
                match self.source.read(&mut self.buffer[self.filled..]) {
                    Ok(0) => self.ended = true,
                    Ok(read) => self.filled += read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            self.given = match memchr::memrchr(b'\n', &self.buffer[..self.filled]) {
                _ if self.ended => self.filled,
                Some(at) => at + 1,
                None => 0,
            };
            if self.given > 0 || self.ended {
                return Ok((self.given > 0).then_some(&self.buffer[..self.given]));
            }
            if self.buffer.len() >= self.line_bytes_max {
                let message = format!("a line is longer than {} bytes", self.line_bytes_max);
                return Err(io::Error::other(message));
            }
            let longer = (self.buffer.len() * 2).min(self.line_bytes_max);
            self.buffer.resize(longer, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn blocks_are_whole_lines_and_lose_nothing() {
        let check = |text: &str, block_bytes: usize, expect: &[&str]| {
            let mut blocks = Blocks::new(text.as_bytes(), block_bytes, 64);
            let mut got = Vec::new();
            while let Some(block) = blocks.next_block().unwrap() {
                got.push(String::from_utf8(block.to_vec()).unwrap());
            }
            assert_eq!(got, expect, "{text:?}");
        };
        check("", 8, &[]);
        check("a\nb\n", 8, &["a\nb\n"]);
        check("a\nb\nc", 4, &["a\nb\n", "c"]);
        check("aaaa\nbbbb\ncc", 7, &["aaaa\n", "bbbb\n", "cc"]);
        check("aaaaaaaaaaaa\nb\n", 4, &["aaaaaaaaaaaa\nb\n"]);
        check("\n\n\n", 2, &["\n\n", "\n"]);
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut blocks = Blocks::new(io::repeat(b'x'), 8, 64);
        assert!(blocks.next_block().unwrap_err().to_string().contains("longer than 64 bytes"));
    }

    #[test]
    fn reads_plain_gzip_and_zstd_by_their_first_bytes() {
        let directory = tempfile::tempdir().unwrap();
        let text = "{\"a\":1}\n".repeat(1_000);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        let files = [
            ("plain", text.clone().into_bytes()),
            ("gz", gzip.finish().unwrap()),
            ("zst", zstd::encode_all(text.as_bytes(), 1).unwrap()),
            ("short", b"{".to_vec()),
            ("empty", Vec::new()),
        ];
        for (name, bytes) in files {
            let path = directory.path().join(name);
            std::fs::write(&path, &bytes).unwrap();
            let mut got = String::new();
            Input::named(&path).open().unwrap().read_to_string(&mut got).unwrap();
            let expect = match name {
                "short" => "{",
                "empty" => "",
                _ => text.as_str(),
            };
            assert!(got == expect, "{name}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_path() {
        let directory = tempfile::tempdir().unwrap();
        let check = |path: PathBuf, part: &str| {
            let text = Input::named(&path).open().err().unwrap().to_string();
            assert!(text.contains(part), "{text}");
        };
        check(directory.path().join("absent"), "cannot read");
        check(directory.path().to_owned(), "is a directory");
    }
}
