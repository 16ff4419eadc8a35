//! Appending, reading back, reopening, releasing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use journal::{AppendError, Journal, Log, OpenError, ReadError, Sequence};
use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::tempdir;

use crate::faulty::FaultyDisk;
use crate::rig::{append, append_all, expected, open_faulty, options, read_all, record, segment_names};

#[test]
fn records_come_back_across_rotations_and_reopening() {
    let check = |segment_bytes: u64, count: u64, segments_min: usize| {
        let dir = tempdir().expect("dir");
        for life in 0..3 {
            let (journal, recovery) = Journal::open(options(dir.path(), segment_bytes)).expect("opened");
            let before = life * count;
            assert_eq!((recovery.records, recovery.last), (before, Sequence(before)));
            assert_eq!((recovery.next, recovery.torn_bytes), (Sequence(before + 1), 0));
            assert_eq!(journal.durable(), Sequence(before));
            for n in before + 1..=before + count {
                assert_eq!(append(&journal, &record(n)), Ok(Sequence(n)));
            }
            assert_eq!(read_all(&journal, 0), expected(1..=before + count));
            assert_eq!(read_all(&journal, before), expected(before + 1..=before + count));
            assert_eq!(read_all(&journal, before + count), []);
        }
        assert!(segment_names(dir.path()).len() >= segments_min);
    };
    check(1 << 20, 10, 1);
    check(700, 20, 10);
    // Every record is larger than a segment.
    check(169, 5, 10);
}

#[test]
fn empty_and_large_records_are_records_too() {
    let dir = tempdir().expect("dir");
    let (journal, _) = Journal::open(options(dir.path(), 4096)).expect("opened");
    let large: Vec<u8> = (0..5_000_000_u32).map(|n| n as u8).collect();
    for record in [&b""[..], &large, b"x", &large[..300_000], b""] {
        append(&journal, record).expect("appended");
    }
    drop(journal);
    let (journal, _) = Journal::open(options(dir.path(), 4096)).expect("opened");
    let lengths: Vec<_> = read_all(&journal, 0).into_iter().map(|(_, read)| read.len()).collect();
    assert_eq!(lengths, [0, 5_000_000, 1, 300_000, 0]);
    assert_eq!(read_all(&journal, 1)[0].1, large);
}

#[test]
fn concurrent_appenders_get_contiguous_sequences() {
    let dir = tempdir().expect("dir");
    let (journal, _) = Journal::open(options(dir.path(), 16 * 1024)).expect("opened");
    let threads: Vec<_> = (0..8_u64)
        .map(|thread| {
            let journal = journal.clone();
            thread::spawn(move || {
                let answer = |n| {
                    let record = format!("{thread}/{n}").into_bytes();
                    (append(&journal, &record).expect("appended").0, record)
                };
                (0..200).map(answer).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut answered: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().expect("joined")).collect();
    answered.sort();
    assert!(answered.iter().map(|(sequence, _)| *sequence).eq(1..=1600));
    assert_eq!(read_all(&journal, 0), answered);
    assert!(journal.stats().fsyncs <= 1600 && journal.stats().appended == 1600);
}

#[test]
fn a_reader_follows_the_writer() {
    let dir = tempdir().expect("dir");
    let (journal, _) = Journal::open(options(dir.path(), 2048)).expect("opened");
    let follower = {
        let log: Arc<dyn Log> = Arc::new(journal.clone());
        thread::spawn(move || {
            let mut reader = log.reader(Sequence(0)).expect("reader");
            let mut read = Vec::new();
            while read.len() < 500 {
                log.wait_past(Sequence(read.len() as u64), Duration::from_secs(10));
                while let Some((sequence, record)) = reader.next().expect("readable") {
                    read.push((sequence.0, record.to_vec()));
                    if read.len().is_multiple_of(50) {
                        // Under its own feet as well.
                        let _ = log.release(sequence).expect("released");
                    }
                }
            }
            read
        })
    };
    append_all(&journal, (1..=500).map(record));
    assert_eq!(follower.join().expect("joined"), expected(1..=500));
}

#[test]
fn release_deletes_whole_drained_segments_only() {
    let dir = tempdir().expect("dir");
    let (journal, _) = Journal::open(options(dir.path(), 700)).expect("opened");
    append_all(&journal, (1..=20).map(record));
    let names = segment_names(dir.path());
    let firsts: Vec<u64> = names.iter().map(|name| name[..20].parse().expect("number")).collect();
    let stats = journal.stats();
    assert_eq!((stats.segments, stats.disk_bytes), (names.len(), 700 * names.len() as u64));

    // One record short of the second segment's end.
    let released = journal.release(Sequence(firsts[2] - 2)).expect("released");
    assert_eq!((released.segments, released.bytes), (1, 700));
    assert_eq!(segment_names(dir.path()), names[1..]);
    assert_eq!(read_all(&journal, firsts[1] - 1), expected(firsts[1]..=20));
    match journal.reader(Sequence(0)).map(|_| ()) {
        Err(ReadError::Released { after, oldest }) => {
            assert_eq!((after, oldest), (Sequence(0), Sequence(firsts[1] - 1)));
        }
        other => panic!("{other:?}"),
    }

    // All of it is drained: the newest stays, and carries the sequence on.
    assert_eq!(journal.release(Sequence(20)).expect("released").segments, names.len() - 2);
    assert_eq!(journal.release(Sequence(20)).expect("released").segments, 0);
    assert_eq!(segment_names(dir.path()), names[names.len() - 1..]);
    drop(journal);
    let (journal, recovery) = Journal::open(options(dir.path(), 700)).expect("opened");
    assert_eq!((recovery.segments, recovery.next), (1, Sequence(21)));
    assert_eq!(append(&journal, &record(21)), Ok(Sequence(21)));
}

#[test]
fn sequences_never_go_back() {
    let dir = tempdir().expect("dir");
    let open = |first_sequence_min: u64| {
        let mut options = options(dir.path(), 700);
        options.first_sequence_min = first_sequence_min;
        Journal::open(options).expect("opened").0
    };
    let check = |first_sequence_min: u64, next: u64| {
        let journal = open(first_sequence_min);
        assert_eq!(journal.durable(), Sequence(next - 1));
        assert_eq!(append(&journal, &record(next)), Ok(Sequence(next)));
    };
    check(5, 5);
    check(1, 6);
    check(7, 7);
    check(100, 100);
    check(50, 101);
    drop(open(1000));
    // Nothing was appended at 1000.
    check(0, 102);
    let journal = open(0);
    assert_eq!(read_all(&journal, 0), expected([5, 6, 7, 100, 101, 102]));
    assert_eq!(read_all(&journal, 50), expected([100, 101, 102]));
    // The directory is lost; the table knows how far it was.
    let _ = journal.release(Sequence(102)).expect("released");
    drop(journal);
    std::fs::remove_dir_all(dir.path()).expect("removed");
    check(103, 103);
}

#[test]
fn one_directory_has_one_journal() {
    let dir = tempdir().expect("dir");
    let (journal, _) = Journal::open(options(dir.path(), 700)).expect("opened");
    let second = Journal::open(options(dir.path(), 700)).map(|_| ());
    assert!(matches!(second, Err(OpenError::InUse(_))), "{second:?}");
    append(&journal, b"x").expect("appended");
    let reader = journal.reader(Sequence(0)).expect("reader");
    journal.close();
    assert_eq!(append(&journal, b"y"), Err(AppendError::Closed));
    // Neither a closed journal nor a reader keeps the directory.
    assert!(Journal::open(options(dir.path(), 700)).is_ok());
    drop((journal, reader));
}

#[test]
fn closing_makes_durable_what_is_queued_and_wakes_those_who_wait() {
    let dir = tempdir().expect("dir");
    let (journal, _) = Journal::open(options(dir.path(), 1 << 20)).expect("opened");
    let waiter = {
        let journal = journal.clone();
        thread::spawn(move || journal.wait_past(Sequence(1_000_000), Duration::MAX))
    };
    let answered = Arc::new(AtomicU64::new(0));
    for n in 1..=1000 {
        let answered = Arc::clone(&answered);
        let done = Box::new(move |outcome: Result<Sequence, AppendError>| {
            assert_eq!(outcome, Ok(Sequence(n)));
            answered.fetch_add(1, Ordering::SeqCst);
        });
        journal.append(record(n), bytes::Bytes::new(), done).expect("queued");
    }
    journal.close();
    assert_eq!(answered.load(Ordering::SeqCst), 1000);
    assert_eq!(waiter.join().expect("joined"), Sequence(1000));
    assert_eq!(journal.stats().queue_bytes, 0);
}

#[test]
fn the_last_clone_may_be_dropped_in_an_answer() {
    let dir = tempdir().expect("dir");
    let (journal, _) = Journal::open(options(dir.path(), 1 << 20)).expect("opened");
    let (answer, answered) = std::sync::mpsc::channel();
    let inner = journal.clone();
    let done = Box::new(move |outcome: Result<Sequence, AppendError>| {
        inner.close();
        drop(inner);
        answer.send(outcome).expect("the test waits");
    });
    journal.append(b"x".to_vec(), bytes::Bytes::new(), done).expect("queued");
    drop(journal);
    assert_eq!(answered.recv().expect("answered"), Ok(Sequence(1)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_records_come_back_from_segments_of_any_size(
        records in vec(vec(any::<u8>(), 0..600), 0..40),
        segment_bytes in 169_u64..4000,
        reopen_at in 0_usize..40,
    ) {
        let disk = FaultyDisk::new();
        let (mut journal, _) = open_faulty(&disk, segment_bytes).expect("opened");
        for (index, record) in records.iter().enumerate() {
            if index == reopen_at {
                drop(journal);
                journal = open_faulty(&disk, segment_bytes).expect("opened again").0;
            }
            prop_assert_eq!(append(&journal, record), Ok(Sequence(index as u64 + 1)));
        }
        let read = read_all(&journal, 0);
        prop_assert!(read.iter().map(|(sequence, _)| *sequence).eq(1..=records.len() as u64));
        prop_assert!(read.iter().map(|(_, record)| record).eq(&records));
    }
}

#[test]
fn a_wait_ends_with_its_timeout() {
    let dir = tempdir().expect("dir");
    let (journal, _) = Journal::open(options(dir.path(), 1 << 20)).expect("opened");
    append(&journal, b"x").expect("appended");
    assert_eq!(journal.wait_past(Sequence(0), Duration::ZERO), Sequence(1));
    assert_eq!(journal.wait_past(Sequence(1), Duration::from_millis(1)), Sequence(1));
}
