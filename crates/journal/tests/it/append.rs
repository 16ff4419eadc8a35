//! What is true of segment files beyond the promises of every log: rotation, names, releases
//! of whole segments.

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
            assert_eq!(journal.tail(), Sequence(before));
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
fn release_deletes_whole_drained_segments_only() {
    let dir = tempdir().expect("dir");
    let (journal, _) = Journal::open(options(dir.path(), 700)).expect("opened");
    append_all(&journal, (1..=20).map(record));
    let names = segment_names(dir.path());
    let firsts: Vec<u64> = names.iter().map(|name| name[..20].parse().expect("number")).collect();
    assert_eq!(journal.status().stored_bytes, 700 * names.len() as u64);

    // One record short of the second segment's end.
    let released = journal.release(Sequence(firsts[2] - 2)).expect("released");
    assert_eq!((released.pieces, released.bytes), (1, 700));
    assert_eq!(segment_names(dir.path()), names[1..]);
    assert_eq!(read_all(&journal, firsts[1] - 1), expected(firsts[1]..=20));
    match journal.reader(Sequence(0)).map(|_| ()) {
        Err(ReadError::Released { after, oldest }) => {
            assert_eq!((after, oldest), (Sequence(0), Sequence(firsts[1] - 1)));
        }
        other => panic!("{other:?}"),
    }

    // All of it is drained: the newest stays, and carries the sequence on.
    assert_eq!(journal.release(Sequence(20)).expect("released").pieces, names.len() - 2);
    assert_eq!(journal.release(Sequence(20)).expect("released").pieces, 0);
    assert_eq!(segment_names(dir.path()), names[names.len() - 1..]);
    drop(journal);
    let (journal, recovery) = Journal::open(options(dir.path(), 700)).expect("opened");
    assert_eq!((recovery.segments, recovery.next), (1, Sequence(21)));
    assert_eq!(append(&journal, &record(21)), Ok(Sequence(21)));
}

#[test]
fn a_lost_directory_goes_on_where_the_table_was() {
    let dir = tempdir().expect("dir");
    let open = |first_sequence_min: u64| {
        let mut options = options(dir.path(), 700);
        options.first_sequence_min = first_sequence_min;
        Journal::open(options).expect("opened").0
    };
    let journal = open(1);
    append_all(&journal, (1..=9).map(record));
    drop(journal);
    std::fs::remove_dir_all(dir.path()).expect("removed");
    let journal = open(8);
    assert_eq!(journal.tail(), Sequence(7));
    assert_eq!(append(&journal, &record(8)), Ok(Sequence(8)));
    assert_eq!(read_all(&journal, 7), expected([8]));
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
