//! How far the journal had come, written down outside of it.
//!
//! A journal that was cut or deleted can't say what it lost. So the drain notes the last
//! record that it has read in `journal.mark`, beside the journal's directory: each such
//! record was durable and acknowledged. At the next start a journal that ends before the
//! mark, or before the tables' watermark, has lost records, and how many is known.
//!
//! The note is one small write without a sync: it has to outlive the process, not a power
//! cut. After a power cut an older mark is found, which counts fewer records and never
//! of records that weren't there.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

const MARK_FILE: &str = "journal.mark";
const PREFIX: &str = "last record ";
const DIGITS: usize = 20;
/// Prefix, digits, a space, eight digits of the checksum, a line feed.
const LINE_BYTES: usize = PREFIX.len() + DIGITS + 1 + 8 + 1;

/// The file, open for the next note.
#[derive(Debug)]
pub(crate) struct Mark {
    file: File,
}

impl Mark {
    /// Opens the mark and reads it; 0 when there is none, or none that can be read.
    pub(crate) fn open(data: &Path) -> io::Result<(Mark, u64)> {
        let path = data.join(MARK_FILE);
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut line = [0; LINE_BYTES];
        let last = match file.read_exact_at(&mut line, 0) {
            Ok(()) => parse(&line).unwrap_or(0),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(error),
        };
        Ok((Mark { file }, last))
    }

    /// Notes that records up to `last` were durable. A mark that can't be written is
    /// evidence that is missing one day, and no reason to stop.
    pub(crate) fn note(&self, last: u64) {
        if let Err(error) = self.file.write_all_at(line(last).as_bytes(), 0) {
            tracing::debug!(%error, "the journal's mark could not be written");
        }
    }
}

fn line(last: u64) -> String {
    let text = format!("{PREFIX}{last:020}");
    let checksum = xxh3_64(text.as_bytes()) as u32;
    format!("{text} {checksum:08x}\n")
}

fn parse(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.get(PREFIX.len()..PREFIX.len() + DIGITS)?;
    let last = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (line(last).as_bytes() == bytes).then_some(last)
}

/// What a journal that ends too early has lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Records that were acknowledged and are neither in the tables nor in the journal.
    pub(crate) records: u64,
    /// The sentence for the operator.
    pub(crate) said: String,
}

/// Compares where the journal ends with what is known from outside of it: the mark, the
/// tables' watermark, and the size that its last file was made with.
pub(crate) fn lost(held: u64, marked: u64, watermark: u64, cut_bytes: u64) -> Option<Lost> {
    let kept = held.max(watermark);
    if marked > kept {
        let records = marked - kept;
        let said = format!(
            "the journal ends at record {held} and had come to record {marked}: {records} acknowledged requests \
             ({} to {marked}) are missing; restore the journal from a copy to have them",
            kept + 1
        );
        return Some(Lost { records, said });
    }
    if held < watermark {
        let said = format!(
            "the journal ends at record {held} and the tables hold records up to {watermark}: it was cut or deleted; \
             requests that were acknowledged after record {watermark} are lost if there were any, none are known of"
        );
        return Some(Lost { records: 0, said });
    }
    (cut_bytes > 0).then(|| Lost {
        records: 0,
        said: format!(
            "the journal's last file is {cut_bytes} bytes shorter than it was made: it was cut behind record {held}; \
             requests that were acknowledged after it are lost if there were any, none are known of"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_and_a_damaged_one_is_none() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let (mark, last) = Mark::open(dir.path()).expect("opened");
        assert_eq!(last, 0);
        mark.note(7);
        mark.note(4711);
        assert_eq!(Mark::open(dir.path()).expect("opened").1, 4711);
        let path = dir.path().join(MARK_FILE);
        let whole = std::fs::read(&path).expect("read");
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            std::fs::write(&path, flipped).expect("written");
            assert_eq!(Mark::open(dir.path()).expect("opened").1, 0, "flip at {at}");
            std::fs::write(&path, &whole[..at]).expect("written");
            assert_eq!(Mark::open(dir.path()).expect("opened").1, 0, "cut at {at}");
        }
    }

    #[test]
    fn what_is_lost_is_counted_as_far_as_it_is_known() {
        let check = |held, marked, watermark, cut, expect: Option<u64>| {
            let lost = lost(held, marked, watermark, cut);
            assert_eq!(lost.map(|lost| lost.records), expect, "{held} {marked} {watermark} {cut}");
        };
        check(0, 0, 0, 0, None);
        check(9, 9, 4, 0, None);
        // An older mark, after a power cut or from a version that wrote none.
        check(9, 5, 4, 0, None);
        check(9, 0, 4, 0, None);
        check(6, 9, 4, 0, Some(3));
        check(0, 9, 4, 0, Some(5));
        // All of it is in the tables.
        check(0, 9, 9, 0, Some(0));
        check(0, 0, 9, 0, Some(0));
        check(9, 9, 9, 4096, Some(0));
        check(6, 9, 4, 4096, Some(3));
    }
}
