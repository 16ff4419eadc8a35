//! Walks the frames of one segment: the only decoder of them. Recovery, draining and
//! replay all read through it, so they agree on what a record is.
//!
//! It trusts nothing: a length is believed only within `end`, a frame only with its
//! sequence, checksum and tag. It stops at the first fault and says which; whether
//! that is a torn tail or damage is for the caller to judge.

use std::io;
use std::sync::Arc;

use crate::disk::DiskFile;
use crate::frame::{self, FrameHeader};
use crate::seal::DataKey;
use crate::segment;

/// Bytes fetched at once; more only for a larger frame.
const READ_AHEAD_BYTES: u64 = 256 * 1024;
/// A window that a large record blew up is given back above this.
const WINDOW_KEEP_BYTES: usize = 4 * 1024 * 1024;

/// What lies at the cursor.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// The expected record; the cursor stands behind it.
    Record(&'a [u8]),
    /// The readable range is used up.
    End,
    /// Not the expected record; the cursor has not moved.
    Fault(&'static str),
}

pub(crate) struct Cursor {
    file: Arc<dyn DiskFile>,
    offset: u64,
    end: u64,
    window: Vec<u8>,
    window_start: u64,
    window_bytes: usize,
}

impl Cursor {
    /// Stands at the first frame. Nothing at or behind `end` is read.
    pub(crate) fn new(file: Arc<dyn DiskFile>, end: u64) -> Self {
        let offset = segment::HEADER_BYTES;
        Cursor { file, offset, end, window: Vec::new(), window_start: 0, window_bytes: 0 }
    }

    /// Offset of the next frame.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Moves the end of what may be read forward.
    pub(crate) fn extend(&mut self, end: u64) {
        self.end = self.end.max(end);
    }

    /// Reads the next frame, which must be `sequence`.
    pub(crate) fn next(&mut self, key: &DataKey, sequence: u64) -> io::Result<Found<'_>> {
        if self.offset >= self.end {
            return Ok(Found::End);
        }
        let Some(start) = self.fetch(frame::HEADER_BYTES as u64)? else {
            return Ok(Found::Fault("the frame is cut off"));
        };
        let header_bytes =
            self.window[start..start + frame::HEADER_BYTES].try_into().expect("the range has that length");
        let header = FrameHeader::parse(header_bytes);
        if header.sequence != sequence {
            return Ok(Found::Fault("the next record is not here"));
        }
        let Some(start) = self.fetch(header.frame_bytes())? else {
            return Ok(Found::Fault("the frame is cut off"));
        };
        let frame_end = start + header.frame_bytes() as usize;
        if !header.matches(&self.window[start..frame_end]) {
            return Ok(Found::Fault("the record's checksum is wrong"));
        }
        let sealed = &mut self.window[start + frame::HEADER_BYTES..frame_end];
        match key.open(sequence, header.durable, sealed) {
            Ok(record) => {
                self.offset += header.frame_bytes();
                Ok(Found::Record(record))
            }
            Err(_) => {
                // The window was overwritten by the failed opening.
                self.window_bytes = 0;
                Ok(Found::Fault("the record was not sealed for this place"))
            }
        }
    }

    /// Brings `bytes` bytes from the cursor into the window and returns where they
    /// start in it; `None` when the range or the file ends before.
    fn fetch(&mut self, bytes: u64) -> io::Result<Option<usize>> {
        let available = self.end - self.offset;
        if bytes > available {
            return Ok(None);
        }
        let window_end = self.window_start + self.window_bytes as u64;
        if self.offset < self.window_start || self.offset + bytes > window_end {
            let want = bytes.max(READ_AHEAD_BYTES).min(available) as usize;
            if self.window.len() > WINDOW_KEEP_BYTES && want <= READ_AHEAD_BYTES as usize {
                self.window = Vec::new();
            }
            if self.window.len() < want {
                self.window.resize(want, 0);
            }
            self.window_bytes = 0;
            self.window_bytes = self.file.read_at(self.offset, &mut self.window[..want])?;
            self.window_start = self.offset;
            if (self.window_bytes as u64) < bytes {
                return Ok(None);
            }
        }
        Ok(Some((self.offset - self.window_start) as usize))
    }
}
