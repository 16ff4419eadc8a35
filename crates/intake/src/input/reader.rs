//! The events of an input one after the other, for whoever judges them on one thread or sends
//! them on.

use std::borrow::Cow;

use memchr::memchr;

use super::chunks::{Chunk, Chunks};
use super::error::InputError;
use super::shape::Shape;
use super::source::{InputSource, LoadInput};
use super::split::Span;

/// Where an event is in its input, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventPosition {
    /// Its line.
    Line(u64),
    /// Its position among the events.
    Event(u64),
}

/// Reads an input in batches of events.
pub struct EventReader {
    chunks: Chunks,
    chunk: Chunk,
    /// Lines or events in the batches before.
    before: u64,
}

impl EventReader {
    /// Opens an input and recognises what it is.
    ///
    /// # Errors
    /// It can't be read, or is no JSON text.
    pub fn open(input: &LoadInput) -> Result<EventReader, InputError> {
        let chunks = Chunks::new(InputSource::open(input)?)?;
        Ok(EventReader { chunks, chunk: Chunk::new(), before: 0 })
    }

    /// How the text holds its events.
    pub fn shape(&self) -> Shape {
        self.chunks.shape()
    }

    /// The next events, at most 4 MiB of text; `None` at the end.
    ///
    /// # Errors
    /// It can't be read on.
    pub fn next_batch(&mut self) -> Result<Option<Batch<'_>>, InputError> {
        if !self.chunks.fill(&mut self.chunk)? {
            return Ok(None);
        }
        let before = self.before;
        self.before += match self.chunk.spans() {
            Some(spans) => spans.len() as u64,
            None => memchr::memchr_iter(b'\n', self.chunk.bytes()).count() as u64,
        };
        Ok(Some(Batch { chunk: &self.chunk, before }))
    }
}

/// Some events of an input.
pub struct Batch<'a> {
    chunk: &'a Chunk,
    before: u64,
}

impl<'a> Batch<'a> {
    /// Where it begins in the decompressed text.
    pub fn offset(&self) -> u64 {
        self.chunk.offset
    }

    /// Bytes of the text.
    pub fn len(&self) -> usize {
        self.chunk.bytes().len()
    }

    /// True if it holds no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each event, with its place and where it begins in the text; blank lines are passed over.
    /// A list, so that finding the events is compiled here, with this crate's optimisation.
    pub fn events(&self) -> Vec<(EventPosition, u64, &'a [u8])> {
        let (bytes, offset) = (self.chunk.bytes(), self.chunk.offset);
        let Some(spans) = self.chunk.spans() else { return self.lines() };
        let event = |(span, number): (&Span, u64)| {
            let event = &bytes[span.start as usize..span.end as usize];
            (EventPosition::Event(number), offset + u64::from(span.start), event)
        };
        spans.iter().zip(self.before + 1..).map(event).collect()
    }

    fn lines(&self) -> Vec<(EventPosition, u64, &'a [u8])> {
        let (bytes, offset) = (self.chunk.bytes(), self.chunk.offset);
        let mut lines = Vec::new();
        let (mut at, mut number) = (0, self.before);
        while at < bytes.len() {
            let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length);
            number += 1;
            let line = &bytes[at..end];
            if !line.trim_ascii().is_empty() {
                lines.push((EventPosition::Line(number), offset + at as u64, line));
            }
            at = end + 1;
        }
        lines
    }

    /// The events as the body of a request: lines as they are, others as an array.
    pub fn body(&self) -> Cow<'a, [u8]> {
        if self.chunk.spans().is_none() {
            return Cow::Borrowed(self.chunk.bytes());
        }
        let mut body = Vec::with_capacity(self.len() + 2);
        for (_, _, event) in self.events() {
            body.push(if body.is_empty() { b'[' } else { b',' });
            body.extend_from_slice(event);
        }
        if !body.is_empty() {
            body.push(b']');
        }
        Cow::Owned(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Vec<(EventPosition, u64, String)>, InputError> {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("events");
        std::fs::write(&path, text).expect("written");
        let mut reader = EventReader::open(&LoadInput::File(path))?;
        let mut found = Vec::new();
        while let Some(batch) = reader.next_batch()? {
            found.extend(
                batch
                    .events()
                    .into_iter()
                    .map(|(place, at, event)| (place, at, String::from_utf8_lossy(event).trim().to_owned())),
            );
        }
        Ok(found)
    }

    #[test]
    fn the_same_events_whatever_lies_between_them() {
        let event = "{\"a\": 1}";
        let texts = [
            format!("{event}\n{event}\n"),
            format!("\u{FEFF}{event}\n{event}"),
            format!("{event}\r\n\r\n{event}\r\n"),
            format!("[{event},{event}]"),
            format!("\u{FEFF}[\n  {event},\n  {event}\n]\n"),
            format!("{event}{event}"),
            format!("{event} {event}\n"),
        ];
        for text in texts {
            let found = read(text.as_bytes()).expect("read");
            let events: Vec<&str> = found.iter().map(|(_, _, event)| event.as_str()).collect();
            assert_eq!(events, [event, event], "{text:?}");
            for (_, at, event) in &found {
                let from = super::super::shape::without_mark(&text.as_bytes()[*at as usize..]);
                assert!(from.trim_ascii_start().starts_with(event.as_bytes()), "{text:?}");
            }
        }
    }

    #[test]
    fn places_are_counted_from_one() {
        let places = |text: &[u8]| read(text).expect("read").into_iter().map(|(place, ..)| place).collect::<Vec<_>>();
        assert_eq!(places(b"\n{}\n\n{}"), [EventPosition::Line(2), EventPosition::Line(4)]);
        assert_eq!(places(b"[{},{}]"), [EventPosition::Event(1), EventPosition::Event(2)]);
        assert_eq!(places(b""), []);
    }

    #[test]
    fn other_formats_are_refused_by_name() {
        let check = |text: &[u8], name: &str| {
            let error = read(text).expect_err(name);
            assert_eq!(error.to_string(), format!("it is {name}"));
            assert!(!error.help().is_empty());
        };
        check(b"PK\x03\x04rest of a zip archive", "a zip archive");
        check(b"\xFF\xFE{\x00}\x00", "UTF-16");
        check(b"_id,time\na,b\n", "CSV");
        let gzip = |bytes: &[u8]| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut encoder, bytes).expect("compressed");
            encoder.finish().expect("compressed")
        };
        check(&gzip(&gzip(b"{}")), "gzip");
        check(&gzip(b"PAR1 and so on"), "Parquet");
    }
}
