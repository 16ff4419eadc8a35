//! A text in chunks of whole events.
//!
//! Whoever has an empty chunk fills it himself, under a lock: with two workers one reads
//! (or decompresses) while the other decodes, and there is no queue to bound. Chunks are
//! recycled; what follows the last whole event is carried to the next one.
//!
//! A chunk of lines is cut behind its last line feed, and its reader looks for the others.
//! Other shapes are cut into their values here, one chunk after the other.

use std::io::{self, Read};
use std::sync::atomic::Ordering;

use memchr::{memchr, memrchr};

use super::error::InputError;
use super::format::foreign_format;
use super::shape::{BYTE_ORDER_MARK, Brackets, Shape};
use super::source::InputSource;
use super::split::{Misplaced, Span, Splitter};

/// Size of a chunk. No event is longer: `xdm` refuses those above 1 MiB.
pub(crate) const CHUNK_BYTES: usize = 4 * 1024 * 1024;
/// How much of the text shows its shape: the first event is no longer, or is refused.
const SHAPE_BYTES: u64 = 2 * 1024 * 1024;
/// Read at a time while the rest of an event is passed over.
const SKIP_BYTES: usize = 64 * 1024;

/// Some whole events of the input.
pub(crate) struct Chunk {
    buffer: Vec<u8>,
    filled: usize,
    /// Where its events lie, if it isn't made of lines.
    spans: Option<Vec<Span>>,
    /// Position in the input, from 0.
    pub(crate) number: u64,
    /// Where it begins in the decompressed text.
    pub(crate) offset: u64,
    /// Bytes of the file that were read for it.
    pub(crate) source_bytes: u64,
    /// Its last event is cut: it is longer than a chunk, and the rest is passed over.
    pub(crate) overlong: bool,
}

impl Chunk {
    pub(crate) fn new() -> Self {
        let buffer = vec![0; CHUNK_BYTES];
        Chunk { buffer, filled: 0, spans: None, number: 0, offset: 0, source_bytes: 0, overlong: false }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// Where the events lie; `None` if they are lines.
    pub(crate) fn spans(&self) -> Option<&[Span]> {
        self.spans.as_deref()
    }
}

/// What is left of an event that was too long.
enum Skipping {
    Line,
    Value(Brackets),
}

/// Cuts a source into chunks.
pub(crate) struct Chunks {
    source: InputSource,
    carry: Vec<u8>,
    next: u64,
    /// Where the next chunk begins.
    offset: u64,
    /// No chunk begins at or after this offset, until it is moved.
    pub(crate) stop_at: u64,
    skipping: Option<Skipping>,
    exhausted: bool,
    shape: Shape,
    /// `None` for lines.
    splitter: Option<Splitter>,
}

impl Chunks {
    /// Tells what the text is and how it holds events.
    pub(crate) fn new(mut source: InputSource) -> Result<Self, InputError> {
        let mut carry = Vec::new();
        (&mut source.reader).take(SHAPE_BYTES).read_to_end(&mut carry)?;
        if let Some(foreign) = foreign_format(&carry) {
            return Err(InputError::Foreign(foreign));
        }
        let shape = Shape::of(&carry);
        if carry.starts_with(BYTE_ORDER_MARK) {
            // Blank, so that offsets stay those of the file.
            carry[..BYTE_ORDER_MARK.len()].fill(b' ');
        }
        let splitter = Splitter::new(shape);
        let (offset, stop_at) = (0, u64::MAX);
        Ok(Chunks { source, carry, next: 0, offset, stop_at, skipping: None, exhausted: false, shape, splitter })
    }

    /// Passes over the first `offset` bytes of the text, which were loaded before.
    pub(crate) fn pass_over(&mut self, offset: u64) -> Result<(), InputError> {
        if offset == 0 {
            return Ok(());
        }
        let known = usize::try_from(offset).unwrap_or(usize::MAX).min(self.carry.len());
        self.carry.drain(..known);
        io::copy(&mut (&mut self.source.reader).take(offset - known as u64), &mut io::sink())?;
        self.offset = offset;
        if let Some(splitter) = &mut self.splitter {
            splitter.resume();
        }
        Ok(())
    }

    /// How the text holds its events.
    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// Where the next chunk begins: everything before was handed out.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// True when there is no chunk after those handed out.
    pub(crate) fn is_at_end(&self) -> bool {
        self.exhausted && self.carry.is_empty()
    }

    /// Fills the chunk with the next events; false when there are none.
    pub(crate) fn fill(&mut self, chunk: &mut Chunk) -> Result<bool, InputError> {
        if self.offset >= self.stop_at {
            return Ok(false);
        }
        let taken_before = self.source.taken.load(Ordering::Relaxed);
        if !self.skip()? {
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
                Err(error) => return Err(error.into()),
            }
        }
        chunk.overlong = false;
        let end = match self.splitter {
            None => {
                chunk.spans = None;
                self.cut_lines(chunk, filled)
            }
            Some(splitter) => self.cut_values(chunk, filled, splitter)?,
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

    /// The end of the last whole line.
    fn cut_lines(&mut self, chunk: &mut Chunk, filled: usize) -> usize {
        match memrchr(b'\n', &chunk.buffer[..filled]) {
            _ if self.exhausted => filled,
            Some(at) => at + 1,
            None => {
                chunk.overlong = true;
                self.skipping = Some(Skipping::Line);
                filled
            }
        }
    }

    /// Finds the values, and the end of the last whole one.
    fn cut_values(&mut self, chunk: &mut Chunk, filled: usize, mut splitter: Splitter) -> Result<usize, InputError> {
        let mut spans = chunk.spans.take().unwrap_or_default();
        spans.clear();
        let bytes = &chunk.buffer[..filled];
        let place = |at: usize| self.offset + at as u64;
        let done = splitter.split(bytes, self.exhausted, &mut spans);
        let mut done = done.map_err(|Misplaced { at, expected }| InputError::misplaced(place(at), expected))?;
        if self.exhausted && done < filled {
            return Err(InputError::Unfinished { offset: place(done) });
        }
        if self.exhausted
            && let Some(expected) = splitter.missing_at_end()
        {
            return Err(InputError::misplaced(place(filled), expected));
        }
        if done == 0 && filled == CHUNK_BYTES {
            let mut value = Brackets::default();
            for byte in bytes {
                let _ends = value.ends_with(*byte);
            }
            self.skipping = Some(Skipping::Value(value));
            chunk.overlong = true;
            spans.push(Span { start: 0, end: filled as u32 });
            splitter.behind_value();
            done = filled;
        }
        self.splitter = Some(splitter);
        chunk.spans = Some(spans);
        Ok(done)
    }

    /// Passes over the rest of an event that was too long. False at the end of the input.
    fn skip(&mut self) -> Result<bool, InputError> {
        let Some(mut skipping) = self.skipping.take() else { return Ok(true) };
        let mut buffer = vec![0; SKIP_BYTES];
        loop {
            let count = self.source.reader.read(&mut buffer)?;
            if count == 0 {
                self.exhausted = true;
                return match skipping {
                    Skipping::Line => Ok(false),
                    Skipping::Value(_) => Err(InputError::Unfinished { offset: self.offset }),
                };
            }
            let end = match &mut skipping {
                Skipping::Line => memchr(b'\n', &buffer[..count]).map(|at| at + 1),
                Skipping::Value(value) => {
                    buffer[..count].iter().position(|byte| value.ends_with(*byte)).map(|at| at + 1)
                }
            };
            self.offset += end.unwrap_or(count) as u64;
            if let Some(end) = end {
                self.carry.extend_from_slice(&buffer[end..count]);
                return Ok(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::super::shape::Shape;
    use super::*;

    fn from(source: InputSource, offset: u64) -> Result<Chunks, InputError> {
        let mut chunks = Chunks::new(source)?;
        chunks.pass_over(offset)?;
        Ok(chunks)
    }

    fn lines(source: InputSource, offset: u64) -> Vec<(u64, String)> {
        let mut chunks = from(source, offset).expect("passed over");
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

    fn stream(bytes: Vec<u8>) -> InputSource {
        InputSource::stream(Box::new(Cursor::new(bytes))).expect("opened")
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

    /// Each event with its offset, or why the text can't be read.
    fn events(text: &[u8], offset: u64) -> Result<Vec<(u64, String)>, String> {
        let mut chunks = from(stream(text.to_vec()), offset).map_err(|error| error.to_string())?;
        let mut chunk = Chunk::new();
        let mut found = Vec::new();
        while chunks.fill(&mut chunk).map_err(|error| error.to_string())? {
            let Some(spans) = chunk.spans() else { return Err("lines".to_owned()) };
            found.extend(spans.iter().map(|span| {
                let event = &chunk.bytes()[span.start as usize..span.end as usize];
                (
                    chunk.offset + u64::from(span.start),
                    String::from_utf8_lossy(&event[..event.len().min(60)]).into_owned(),
                )
            }));
        }
        assert!(chunks.is_at_end());
        Ok(found)
    }

    #[test]
    fn arrays_and_values_are_cut_into_events_with_their_offsets() {
        let check = |text: &str, expect: &[(u64, &str)]| {
            let found = events(text.as_bytes(), 0).expect(text);
            let found: Vec<(u64, &str)> = found.iter().map(|(at, event)| (*at, event.as_str())).collect();
            assert_eq!(found, expect, "{text}");
            // A load that was interrupted goes on behind an event.
            if let Some((at, event)) = expect.first() {
                let rest = events(text.as_bytes(), at + event.len() as u64).expect(text);
                assert_eq!(rest.len(), expect.len() - 1, "{text}");
            }
        };
        check("[{},\n {\"a\":1}]", &[(1, "{}"), (6, "{\"a\":1}")]);
        check("\u{FEFF}[\r\n{}]", &[(6, "{}")]);
        check("[ ]", &[]);
        check("{\n\"a\":1\n}\n{\n}", &[(0, "{\n\"a\":1\n}"), (10, "{\n}")]);
        check("{}{} {}", &[(0, "{}"), (2, "{}"), (5, "{}")]);
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        let check = |text: &str, expect: &str| assert_eq!(events(text.as_bytes(), 0), Err(expect.to_owned()), "{text}");
        check("[{},]", "it is not JSON at byte 4: expected an event");
        check("[{}\n{}]", "it is not JSON at byte 4: expected a comma or ] after an event");
        check("[{}] x", "it is not JSON at byte 5: expected the end of the text");
        check("[{}", "it is not JSON at byte 3: expected a comma or ] after an event");
        check("[{},{\"a\":", "the event from byte 4 doesn't end: the text is cut short");
        check("{\n\"a\":1\n}\n,{}", "it is not JSON at byte 10: expected an event");
    }

    #[test]
    fn a_large_array_is_cut_wherever_chunks_end() {
        let each = |n: usize| format!("{{\"n\": {n}, \"x\": [\"{}\"]}}", "]".repeat(n % 90));
        let expect: Vec<String> = (0..200_000).map(each).collect();
        let text = format!("[\n{}\n]\n", expect.join(",\n"));
        assert!(text.len() > 2 * CHUNK_BYTES);
        let found = events(text.as_bytes(), 0).expect("an array");
        assert_eq!(found.len(), expect.len());
        assert!(found.iter().zip(&expect).all(|((_, found), expect)| expect.starts_with(found.as_str())));
    }

    #[test]
    fn a_value_longer_than_a_chunk_is_cut_and_passed_over() {
        let long = format!("\"{}\"", "x".repeat(2 * CHUNK_BYTES));
        let text = format!("[{{}},{{\"long\":{long}}},{{\"after\":1}}]");
        let mut chunks = Chunks::new(stream(text.into_bytes())).expect("opened");
        let mut chunk = Chunk::new();
        let mut seen = Vec::new();
        while chunks.fill(&mut chunk).expect("filled") {
            let spans = chunk.spans().expect("no lines").to_vec();
            seen.extend(spans.iter().map(|span| (span.end - span.start, chunk.overlong)));
        }
        assert_eq!(seen, [(2, false), (CHUNK_BYTES as u32, true), (11, false)]);
        assert!(chunks.is_at_end());
    }

    #[test]
    fn the_shape_is_recognised_by_the_start() {
        let shape = |text: &str| Chunks::new(stream(text.into())).expect("opened").shape();
        assert_eq!(shape("{}\n{}"), Shape::Lines);
        assert_eq!(shape("[{}]"), Shape::Array);
        assert_eq!(shape("{\n}"), Shape::Values);
    }

    #[test]
    fn a_line_longer_than_a_chunk_is_cut_and_passed_over() {
        let mut text = b"{}\n".to_vec();
        text.extend(std::iter::repeat_n(b'x', 3 * CHUNK_BYTES));
        text.extend_from_slice(b"\n{\"after\":1}\n");
        let mut chunks = Chunks::new(stream(text.clone())).expect("opened");
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
