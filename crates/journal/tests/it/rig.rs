//! What the tests share: small journals, and appends that wait for their answer.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;

use bytes::Bytes;
use journal::{AppendError, Journal, Log, MasterKey, OpenError, Options, Recovery, Sequence};

use crate::faulty::FaultyDisk;

pub(crate) fn key() -> MasterKey {
    MasterKey::new([0x42; 32])
}

/// A journal with tiny segments, so that a few records rotate.
pub(crate) fn options(dir: &Path, segment_bytes: u64) -> Options {
    let mut options = Options::new(dir, key());
    options.segment_bytes = segment_bytes;
    options.disk_free_bytes_min = 0;
    options
}

pub(crate) fn open_faulty(disk: &Arc<FaultyDisk>, segment_bytes: u64) -> Result<(Journal, Recovery), OpenError> {
    let disk = Arc::clone(disk);
    Journal::open_on(disk, options(Path::new("faulty"), segment_bytes))
}

pub(crate) fn append(log: &dyn Log, record: &[u8]) -> Result<Sequence, AppendError> {
    let (answer, answered) = mpsc::channel();
    // Split, so that both parts are exercised.
    let (head, body) = record.split_at(record.len() / 2);
    let done = Box::new(move |outcome| answer.send(outcome).expect("the test waits"));
    log.append(head.to_vec(), Bytes::copy_from_slice(body), done)?;
    answered.recv().expect("an accepted append is answered")
}

pub(crate) fn append_all(log: &dyn Log, records: impl IntoIterator<Item = Vec<u8>>) {
    for record in records {
        append(log, &record).expect("appended");
    }
}

/// Record number `n` of a test: recognisable, and of varying length.
pub(crate) fn record(n: u64) -> Vec<u8> {
    let mut record = format!("record {n};").into_bytes();
    record.resize(record.len() + (n as usize * 37) % 150, b'.');
    record
}

pub(crate) fn read_all(log: &dyn Log, after: u64) -> Vec<(u64, Vec<u8>)> {
    let mut reader = log.reader(Sequence(after)).expect("readable");
    let mut records = Vec::new();
    while let Some((sequence, record)) = reader.next().expect("readable") {
        records.push((sequence.0, record.to_vec()));
    }
    records
}

pub(crate) fn expected(sequences: impl IntoIterator<Item = u64>) -> Vec<(u64, Vec<u8>)> {
    sequences.into_iter().map(|n| (n, record(n))).collect()
}

/// Names of the segment files in order.
pub(crate) fn segment_names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .expect("listed")
        .map(|entry| entry.expect("entry").file_name().into_string().expect("UTF-8"))
        .filter(|name| name.ends_with(".seg"))
        .collect();
    names.sort();
    names
}
