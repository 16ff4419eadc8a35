//! The summaries' files: a directory of settled days, which can be deleted at any time.
//!
//! `<date>.summary` is `FDSF`, a byte for the version, the fingerprint of what it was made of (16 bytes,
//! little-endian), then the day's summaries as `summary` encodes them. A file that isn't whole, is of another
//! version or has another fingerprint is no summary, and the next one takes its place. Files are
//! written beside their place and renamed, without a sync: what a power cut tears is found torn.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::{NaiveDate, TimeDelta};
use summary::DaySummaries;

use super::key::Key;

const MAGIC: &[u8; 4] = b"FDSF";
/// 2: what was loaded from a file is not late.
const VERSION: u8 = 2;
const FINGERPRINT: std::ops::Range<usize> = 5..21;
const HEADER_BYTES: usize = FINGERPRINT.end;

const SUFFIX: &str = ".summary";
const DRAFT_SUFFIX: &str = ".summary.tmp";

/// Bytes of a file that are read at most: more than any summary takes.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// The directory.
pub(super) struct Files {
    dir: PathBuf,
    known: Mutex<BTreeMap<i32, Written>>,
    /// One file is written at a time.
    writing: Mutex<()>,
    failures: AtomicU64,
    warned: AtomicBool,
}

/// What is known of a day's file.
#[derive(Clone, Copy)]
struct Written {
    /// That it says it has.
    fingerprint: u128,
    /// The table's version when it was made; 0 for one of an earlier process.
    version: u64,
}

impl Files {
    /// The directory, made where it is missing, and its key. Leftovers of writing are deleted.
    pub(super) fn open(dir: PathBuf) -> io::Result<(Files, Key)> {
        match DirBuilder::new().mode(0o700).create(&dir) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => {}
            outcome => outcome?,
        }
        let key = Key::open(&dir)?;
        let mut known = BTreeMap::new();
        for entry in fs::read_dir(&dir)? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if name.starts_with('.') && name.ends_with(DRAFT_SUFFIX) {
                let _ = fs::remove_file(&path);
            } else if let Some(day) = day_of(name)
                && let Ok(Some(fingerprint)) = read_header(&path)
            {
                known.insert(day, Written { fingerprint, version: 0 });
            }
        }
        let (failures, warned) = (AtomicU64::new(0), AtomicBool::new(false));
        Ok((Files { dir, known: Mutex::new(known), writing: Mutex::default(), failures, warned }, key))
    }

    /// Whether a day has a file that says it was made of this.
    pub(super) fn has(&self, day: i32, fingerprint: u128) -> bool {
        self.known().get(&day).is_some_and(|written| written.fingerprint == fingerprint)
    }

    /// The day's summaries that were made of this, if their file is whole.
    pub(super) fn read(&self, day: i32, fingerprint: u128) -> Option<DaySummaries> {
        if !self.has(day, fingerprint) {
            return None;
        }
        let summaries = read_summaries(&self.dir.join(name_of(day)?), fingerprint);
        let summaries = summaries.filter(|summaries| summaries.day() == day);
        if summaries.is_none() {
            self.known().remove(&day);
        }
        summaries
    }

    /// Keeps a day's summaries, unless those of a later version of the table are there: rows that were
    /// deleted must not come back. That it can't be kept costs time and is said once.
    pub(super) fn write(&self, fingerprint: u128, version: u64, summaries: &DaySummaries) {
        let Some(name) = name_of(summaries.day()) else { return };
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.known().get(&summaries.day()).is_some_and(|newer| newer.version > version) {
            return;
        }
        let mut bytes = Vec::from(MAGIC);
        bytes.push(VERSION);
        bytes.extend(fingerprint.to_le_bytes());
        bytes.extend(summaries.encode());
        match self.replace(&name, &bytes) {
            Ok(()) => {
                self.known().insert(summaries.day(), Written { fingerprint, version });
            }
            Err(error) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                if !self.warned.swap(true, Ordering::Relaxed) {
                    let directory = self.dir.display();
                    tracing::warn!(%directory, %error, "summaries can't be kept; numbers stay right, and take longer after a restart");
                }
            }
        }
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let draft = self.dir.join(format!(".{}{DRAFT_SUFFIX}", name.trim_end_matches(SUFFIX)));
        let written = || {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
            file.write_all(bytes)?;
            fs::rename(&draft, self.dir.join(name))
        };
        written().inspect_err(|_| drop(fs::remove_file(&draft)))
    }

    /// Deletes the files of days that aren't wanted.
    pub(super) fn retain(&self, is_wanted: impl Fn(i32) -> bool) {
        let unwanted: Vec<i32> = self.known().keys().copied().filter(|day| !is_wanted(*day)).collect();
        for day in unwanted {
            self.known().remove(&day);
            if let Some(name) = name_of(day) {
                let _ = fs::remove_file(self.dir.join(name));
            }
        }
    }

    /// How often one couldn't be written.
    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<i32, Written>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("1970-01-01 is a day");

/// `None` for days beyond the calendar, which have no file.
fn name_of(day: i32) -> Option<String> {
    let date = EPOCH.checked_add_signed(TimeDelta::try_days(i64::from(day))?)?;
    Some(format!("{}{SUFFIX}", date.format("%Y-%m-%d")))
}

fn day_of(name: &str) -> Option<i32> {
    let date: NaiveDate = name.strip_suffix(SUFFIX)?.parse().ok()?;
    i32::try_from((date - EPOCH).num_days()).ok()
}

fn read_header(path: &Path) -> io::Result<Option<u128>> {
    let mut header = Vec::with_capacity(HEADER_BYTES);
    File::open(path)?.take(HEADER_BYTES as u64).read_to_end(&mut header)?;
    Ok(fingerprint_of(&header))
}

fn fingerprint_of(bytes: &[u8]) -> Option<u128> {
    let header = bytes.get(..HEADER_BYTES)?;
    let is_ours = header.starts_with(MAGIC) && header[MAGIC.len()] == VERSION;
    is_ours.then(|| u128::from_le_bytes(header[FINGERPRINT].try_into().unwrap_or_default()))
}

fn read_summaries(path: &Path, fingerprint: u128) -> Option<DaySummaries> {
    let file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    if length > FILE_BYTES_MAX {
        return None;
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    if fingerprint_of(&bytes) != Some(fingerprint) {
        return None;
    }
    DaySummaries::decode(&bytes[HEADER_BYTES..]).ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use summary::{Bucket, Event, Part, RowsBuilder, Shard};

    use super::*;

    fn summary(key: &Key, day: i32) -> DaySummaries {
        let mut rows = RowsBuilder::new(&key.hash);
        rows.push(&Event { micros: i64::from(day) * summary::DAY_MICROS, datastream: "web", ..Event::default() });
        Part::new(day, Bucket::Hour, &[&rows.finish()], Shard::WHOLE).summaries()
    }

    #[test]
    fn what_is_not_whole_is_no_summary() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("summaries");
        let (files, key) = Files::open(dir.clone()).unwrap();
        let made = summary(&key, 20_779);
        files.write(7, 1, &made);
        let path = dir.join("2026-11-22.summary");
        let whole = fs::read(&path).unwrap();
        let reads = |day: i32, fingerprint: u128| {
            let (files, _) = Files::open(dir.clone()).unwrap();
            files.read(day, fingerprint).is_some()
        };
        assert!(reads(20_779, 7));
        assert!(!reads(20_779, 8), "made of something else");
        for bytes in [Vec::new(), whole[..12].to_vec(), whole[..whole.len() - 1].to_vec(), vec![b'x'; 300]] {
            fs::write(&path, &bytes).unwrap();
            assert!(!reads(20_779, 7), "{} bytes", bytes.len());
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert!(!reads(20_779, 7), "changed at {at}");
        }
        // Another day's, under this name.
        files.write(7, 1, &summary(&key, 20_780));
        fs::copy(dir.join("2026-11-23.summary"), &path).unwrap();
        assert!(!reads(20_779, 7));
        files.write(7, 1, &made);
        assert!(reads(20_779, 7));
        // A question that was asked before a later version was there.
        let (files, _) = Files::open(dir.clone()).unwrap();
        files.write(9, 5, &made);
        files.write(8, 4, &made);
        assert!(files.has(20_779, 9));
    }

    #[test]
    fn the_directory_is_its_owners_and_keeps_no_leftovers() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("summaries");
        let (files, key) = Files::open(dir.clone()).unwrap();
        files.write(1, 1, &summary(&key, 20_779));
        files.write(2, 1, &summary(&key, 20_780));
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        assert_eq!((mode(&dir.join("key")), mode(&dir.join("2026-11-22.summary"))), (0o600, 0o600));
        fs::write(dir.join(".2026-11-22.summary.tmp"), "half").unwrap();
        fs::write(dir.join("letter"), "mine").unwrap();
        let (files, again) = Files::open(dir.clone()).unwrap();
        assert_eq!(key.name, again.name);
        assert!(!dir.join(".2026-11-22.summary.tmp").exists());
        assert!(dir.join("letter").exists());
        files.retain(|day| day == 20_780);
        assert!(!dir.join("2026-11-22.summary").exists());
        assert!(files.has(20_780, 2) && !files.has(20_779, 1));
        // A key that is cut is none.
        fs::write(dir.join("key"), "short").unwrap();
        let (_, other) = Files::open(dir.clone()).unwrap();
        assert_ne!(key.name, other.name);
    }

    #[test]
    fn a_directory_that_takes_nothing_costs_only_time() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("summaries");
        let (files, key) = Files::open(dir.clone()).unwrap();
        // A directory in the file's place can't be replaced by one.
        fs::create_dir(dir.join("2026-11-22.summary")).unwrap();
        files.write(1, 1, &summary(&key, 20_779));
        assert_eq!(files.failures(), 1);
        assert!(!files.has(20_779, 1));
        assert!(!dir.join(".2026-11-22.summary.tmp").exists());
    }
}
