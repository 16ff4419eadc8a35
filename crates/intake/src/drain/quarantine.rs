//! Records of the journal that can't become rows: set aside, so that the rest goes on.
//!
//! What was acknowledged is neither dropped nor allowed to stop what comes after it. So a
//! record that can't be decoded, or whose rows can't be committed, is kept whole in
//! `journal/quarantine/`, a file each, named by its sequence:
//!
//! ```text
//! magic     "FDQ1"
//! sequence  u64   place in the journal
//! at        i64   when it was set aside, microseconds since 1970-01-01T00:00:00Z
//! reason    u8    1 version, 2 form, 3 panic, 4 rows
//! sealed          the record, sealed; bound to the bytes above
//! ```
//!
//! A file is durable, its name included, before the drain goes on; from then on it decides:
//! a replay doesn't decode the record again, and the tables' watermark passes it. So each
//! record is in the tables or here, and never in both. It comes back only when somebody
//! asks for it ([`Intake::quarantine_retry`](crate::Intake::quarantine_retry)).
//!
//! Its size is bounded. When it is full the drain stops instead of dropping anything:
//! requests are refused, and the message says what to do.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use keys::{OpenError, Sealer};
use thiserror::Error;

/// Below the data directory.
pub(crate) const DIRECTORY: [&str; 2] = ["journal", "quarantine"];
const MAGIC: &[u8; 4] = b"FDQ1";
const HEAD_BYTES: usize = 4 + 8 + 8 + 1;
const SUFFIX: &str = ".rec";

/// Why a record was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QuarantineReason {
    /// It was written by a newer version.
    Version,
    /// Its form is not known, although its checksum holds.
    Form,
    /// Decoding it ended in a panic.
    Panic,
    /// Its rows can't be written to the tables.
    Rows,
    /// Written by a newer version of this program, which knows why.
    Other,
}

impl QuarantineReason {
    const CODES: [(u8, QuarantineReason); 4] = [
        (1, QuarantineReason::Version),
        (2, QuarantineReason::Form),
        (3, QuarantineReason::Panic),
        (4, QuarantineReason::Rows),
    ];

    fn code(self) -> u8 {
        Self::CODES.iter().find(|(_, reason)| *reason == self).map_or(0, |(code, _)| *code)
    }

    fn of_code(code: u8) -> QuarantineReason {
        Self::CODES.iter().find(|(known, _)| *known == code).map_or(QuarantineReason::Other, |(_, reason)| *reason)
    }

    /// A stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            QuarantineReason::Version => "version",
            QuarantineReason::Form => "form",
            QuarantineReason::Panic => "panic",
            QuarantineReason::Rows => "rows",
            QuarantineReason::Other => "other",
        }
    }
}

impl fmt::Display for QuarantineReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            QuarantineReason::Version => "it was written by a newer version",
            QuarantineReason::Form => "its form is not known, although its checksum holds",
            QuarantineReason::Panic => "decoding it failed by a defect of this program",
            QuarantineReason::Rows => "its rows can't be written to the tables",
            QuarantineReason::Other => "a newer version set it aside",
        })
    }
}

/// A record that is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedRecord {
    /// Its place in the journal.
    pub sequence: u64,
    /// When it was set aside, in microseconds since 1970-01-01T00:00:00Z.
    pub at_micros: i64,
    /// Why.
    pub reason: QuarantineReason,
    /// Size of its file.
    pub bytes: u64,
}

/// Why a record could not be set aside or taken back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum QuarantineError {
    /// The limit is reached.
    #[error(
        "{} holds {held_bytes} bytes of records that can't be stored, and {bytes_max} is the most; \
         move files from it to another place to be looked at, or raise quarantine_bytes_max, then restart",
        dir.display()
    )]
    Full {
        /// The directory.
        dir: PathBuf,
        /// What it holds.
        held_bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// No such record.
    #[error("no record {0} is set aside")]
    Unknown(u64),
    /// The file is not what was written.
    #[error("{} is no record that was set aside, or is cut short", .0.display())]
    Form(PathBuf),
    /// The record does not open.
    #[error("record {sequence}: {source}")]
    Sealed {
        /// Which.
        sequence: u64,
        /// Why.
        source: OpenError,
    },
}

/// The records of one data directory that are set aside.
pub(crate) struct Quarantine {
    dir: PathBuf,
    sealer: Sealer,
    bytes_max: u64,
    records: Mutex<BTreeMap<u64, QuarantinedRecord>>,
}

impl Quarantine {
    pub(crate) fn open(data: &Path, sealer: Sealer, bytes_max: u64) -> Result<Quarantine, QuarantineError> {
        let dir = directory(data);
        let records = list(&dir)?.into_iter().map(|record| (record.sequence, record)).collect();
        Ok(Quarantine { dir, sealer, bytes_max, records: Mutex::new(records) })
    }

    /// Is this record set aside?
    pub(crate) fn holds(&self, sequence: u64) -> bool {
        self.lock().contains_key(&sequence)
    }

    /// Sets a record aside. When this returns `Ok`, it survives a power cut.
    pub(crate) fn put(
        &self,
        sequence: u64,
        reason: QuarantineReason,
        at_micros: i64,
        record: &[u8],
    ) -> Result<(), QuarantineError> {
        let bytes = (HEAD_BYTES + record.len() + keys::SEALED_OVERHEAD_BYTES) as u64;
        let held_bytes = self.totals().1;
        if held_bytes.saturating_add(bytes) > self.bytes_max {
            return Err(QuarantineError::Full { dir: self.dir.clone(), held_bytes, bytes_max: self.bytes_max });
        }
        let about = QuarantinedRecord { sequence, at_micros, reason, bytes };
        let mut whole = head(&about).to_vec();
        self.sealer.seal(&head(&about), record, &mut whole);
        self.make_dir()?;
        let path = self.dir.join(name(sequence));
        let temp = path.with_extension("tmp");
        let written = File::create(&temp).and_then(|mut file| file.write_all(&whole).and_then(|()| file.sync_all()));
        written.and_then(|()| fs::rename(&temp, &path)).map_err(io_error("write", &path))?;
        self.sync(&self.dir)?;
        self.lock().insert(sequence, about);
        Ok(())
    }

    /// The records, in the journal's order.
    pub(crate) fn all(&self) -> Vec<QuarantinedRecord> {
        self.lock().values().cloned().collect()
    }

    /// How many there are, and their bytes.
    pub(crate) fn totals(&self) -> (u64, u64) {
        let records = self.lock();
        (records.len() as u64, records.values().map(|record| record.bytes).sum())
    }

    /// A record as it was in the journal.
    pub(crate) fn read(&self, sequence: u64) -> Result<Vec<u8>, QuarantineError> {
        if !self.holds(sequence) {
            return Err(QuarantineError::Unknown(sequence));
        }
        let path = self.dir.join(name(sequence));
        let whole = fs::read(&path).map_err(io_error("read", &path))?;
        let (head, sealed) = whole.split_at_checked(HEAD_BYTES).ok_or(QuarantineError::Form(path))?;
        self.sealer.open(head, sealed).map_err(|source| QuarantineError::Sealed { sequence, source })
    }

    /// Forgets a record that came back.
    pub(crate) fn remove(&self, sequence: u64) -> Result<(), QuarantineError> {
        let path = self.dir.join(name(sequence));
        fs::remove_file(&path).map_err(io_error("remove", &path))?;
        self.lock().remove(&sequence);
        self.sync(&self.dir)
    }

    fn make_dir(&self) -> Result<(), QuarantineError> {
        if self.dir.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(&self.dir).map_err(io_error("create", &self.dir))?;
        self.dir.parent().map_or(Ok(()), |parent| self.sync(parent))
    }

    fn sync(&self, dir: &Path) -> Result<(), QuarantineError> {
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(io_error("sync", dir))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, QuarantinedRecord>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn directory(data: &Path) -> PathBuf {
    DIRECTORY.iter().fold(data.to_owned(), |dir, step| dir.join(step))
}

/// What is set aside in a data directory, whether or not a server works on it.
///
/// # Errors
/// The directory can't be read.
pub fn quarantine_list(data: &Path) -> Result<Vec<QuarantinedRecord>, QuarantineError> {
    list(&directory(data))
}

/// Files that are no records (a write that was cut short) are passed over.
fn list(dir: &Path) -> Result<Vec<QuarantinedRecord>, QuarantineError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(io_error("list", dir))?,
    };
    let mut records = Vec::new();
    for entry in entries {
        let path = entry.map_err(io_error("list", dir))?.path();
        if path.to_string_lossy().ends_with(SUFFIX) {
            match about(&path).map_err(io_error("read", &path))? {
                Some(record) => records.push(record),
                None => tracing::warn!(file = %path.display(), "no record that was set aside; it is passed over"),
            }
        }
    }
    records.sort_by_key(|record| record.sequence);
    Ok(records)
}

/// What the clear part of a file says, if it is one of ours under its own name.
fn about(path: &Path) -> io::Result<Option<QuarantinedRecord>> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut head = Vec::with_capacity(HEAD_BYTES);
    (&mut file).take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let Some((magic, rest)) = head.split_first_chunk::<4>() else { return Ok(None) };
    let Some((sequence, rest)) = rest.split_first_chunk::<8>() else { return Ok(None) };
    let Some((at, rest)) = rest.split_first_chunk::<8>() else { return Ok(None) };
    let [reason] = rest else { return Ok(None) };
    let sequence = u64::from_le_bytes(*sequence);
    let is_ours = magic == MAGIC && path.file_name().is_some_and(|file| file.to_string_lossy() == name(sequence));
    let (at_micros, reason) = (i64::from_le_bytes(*at), QuarantineReason::of_code(*reason));
    Ok(is_ours.then_some(QuarantinedRecord { sequence, at_micros, reason, bytes }))
}

fn head(record: &QuarantinedRecord) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[..4].copy_from_slice(MAGIC);
    head[4..12].copy_from_slice(&record.sequence.to_le_bytes());
    head[12..20].copy_from_slice(&record.at_micros.to_le_bytes());
    head[20] = record.reason.code();
    head
}

fn name(sequence: u64) -> String {
    format!("{sequence:020}{SUFFIX}")
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> QuarantineError {
    let path = path.to_owned();
    move |source| QuarantineError::Io { action, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quarantine(data: &Path, bytes_max: u64) -> Quarantine {
        let key = keys::MasterKey::load_or_create(&data.join("key")).unwrap();
        Quarantine::open(data, Sealer::new(&key, "quarantine"), bytes_max).unwrap()
    }

    #[test]
    fn what_is_set_aside_is_there_after_a_restart_sealed() {
        let dir = tempfile::tempdir().unwrap();
        let first = quarantine(dir.path(), 1 << 20);
        assert_eq!(first.all(), []);
        first.put(7, QuarantineReason::Panic, 5, b"jo@shop.example").unwrap();
        first.put(3, QuarantineReason::Version, 6, b"").unwrap();
        fs::write(directory(dir.path()).join("00000000000000000009.rec"), b"FDQ1").unwrap();
        fs::write(directory(dir.path()).join("00000000000000000004.tmp"), b"FDQ1").unwrap();
        let second = quarantine(dir.path(), 1 << 20);
        let all = second.all();
        assert_eq!(all, first.all());
        assert_eq!(all, quarantine_list(dir.path()).unwrap());
        let about: Vec<_> = all.iter().map(|record| (record.sequence, record.at_micros, record.reason)).collect();
        assert_eq!(about, [(3, 6, QuarantineReason::Version), (7, 5, QuarantineReason::Panic)]);
        assert_eq!(second.read(7).unwrap(), b"jo@shop.example");
        assert!(matches!(second.read(4), Err(QuarantineError::Unknown(4))));
        for entry in fs::read_dir(directory(dir.path())).unwrap() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(4).any(|part| part == b"shop"));
        }
        second.remove(7).unwrap();
        assert!(!second.holds(7) && second.holds(3));
        assert_eq!(quarantine_list(dir.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_record_opens_only_under_its_own_name() {
        let dir = tempfile::tempdir().unwrap();
        let first = quarantine(dir.path(), 1 << 20);
        first.put(7, QuarantineReason::Rows, 5, b"{}").unwrap();
        let at = directory(dir.path());
        fs::copy(at.join(name(7)), at.join(name(8))).unwrap();
        assert!(!quarantine(dir.path(), 1 << 20).holds(8));
        let mut bytes = fs::read(at.join(name(7))).unwrap();
        bytes[4] = 8;
        fs::write(at.join(name(8)), bytes).unwrap();
        let moved = quarantine(dir.path(), 1 << 20);
        assert!(matches!(moved.read(8), Err(QuarantineError::Sealed { sequence: 8, .. })));
    }

    #[test]
    fn when_it_is_full_it_says_so_and_takes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let small = quarantine(dir.path(), 200);
        small.put(1, QuarantineReason::Form, 0, &[7; 100]).unwrap();
        let error = small.put(2, QuarantineReason::Form, 0, &[7; 100]).unwrap_err();
        assert!(error.to_string().contains("200 is the most"), "{error}");
        assert!(!small.holds(2));
        small.remove(1).unwrap();
        small.put(2, QuarantineReason::Form, 0, &[7; 100]).unwrap();
    }
}
