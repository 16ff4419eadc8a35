//! Power cuts at any moment of a busy journal, over many seeds and several lives each.
//! After each the test asks: is everything there that was acknowledged, in order and
//! once; and is nothing there that was not appended?

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread;

use bytes::Bytes;
use journal::{Journal, Log, OpenError, ReadError, Sequence};

use crate::faulty::{Draw, FaultyDisk};
use crate::rig::open_faulty;

const SEEDS: u64 = 300;
const LIVES: u64 = 4;
const SEGMENT_BYTES: u64 = 1500;

/// What is known about a disk, across its lives.
#[derive(Default)]
struct Known {
    acknowledged: BTreeMap<u64, Vec<u8>>,
    /// Through here a release was asked for; older records may be gone.
    drained: u64,
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_invented() {
    let mut acknowledged = 0;
    let mut refused_opens = 0;
    for seed in 0..SEEDS {
        let mut draw = Draw::new(seed);
        let disk = FaultyDisk::new();
        let mut known = Known::default();
        for life in 0..LIVES {
            disk.cut_power_after(draw.below(120));
            match open_faulty(&disk, SEGMENT_BYTES) {
                Ok((journal, _)) => {
                    check(&journal, &known, &format!("seed {seed}, life {life}, busy disk"));
                    work(&journal, &mut known, &mut draw, life);
                }
                // The power went while it was being opened.
                Err(OpenError::Io { .. }) => refused_opens += 1,
                Err(error) => panic!("seed {seed}, life {life}: {error}"),
            }
            disk.cut_power(draw.below(u64::MAX));
            let (journal, _) =
                open_faulty(&disk, SEGMENT_BYTES).unwrap_or_else(|error| panic!("seed {seed}, life {life}: {error}"));
            check(&journal, &known, &format!("seed {seed}, life {life}"));
        }
        acknowledged += known.acknowledged.len();
    }
    assert!(acknowledged > 5_000, "the power stays long enough to do work: {acknowledged}");
    assert!(refused_opens > 20, "and goes early enough to hit opening: {refused_opens}");
}

/// Three callers, one of which drains and releases, until the power goes.
fn work(journal: &Journal, known: &mut Known, draw: &mut Draw, life: u64) {
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let callers: Vec<_> = (0..3_u64)
        .map(|caller| {
            let (journal, acknowledged) = (journal.clone(), Arc::clone(&acknowledged));
            let mut draw = Draw::new(draw.below(u64::MAX));
            thread::spawn(move || {
                for n in 0..40 {
                    let mut record = format!("{life}/{caller}/{n};").into_bytes();
                    record.resize(record.len() + draw.below(300) as usize, b'.');
                    let kept = record.clone();
                    let acknowledged = Arc::clone(&acknowledged);
                    let done = Box::new(move |outcome: Result<Sequence, _>| {
                        if let Ok(sequence) = outcome {
                            acknowledged.lock().expect("lock").push((sequence.0, kept));
                        }
                    });
                    if journal.append(record, Bytes::new(), done).is_err() {
                        return;
                    }
                    if draw.below(3) == 0 {
                        await_more(&journal);
                    }
                }
            })
        })
        .collect();
    for _ in 0..draw.below(6) {
        let tail = await_more(journal);
        known.drained = known.drained.max(draw.below(tail.0 + 1));
        // It may fail, with the power.
        let _ = journal.release(Sequence(known.drained)).map(|_| ());
    }
    for caller in callers {
        caller.join().expect("joined");
    }
    journal.close();
    known.acknowledged.extend(acknowledged.lock().expect("lock").drain(..));
}

/// Lets the disk get on, for a while: nobody says whether another record will be durable.
fn await_more(journal: &Journal) -> Sequence {
    let before = journal.tail();
    (0..200).take_while(|_| journal.tail() == before).for_each(|_| thread::yield_now());
    journal.tail()
}

fn check(journal: &Journal, known: &Known, context: &str) {
    // A drain goes on where the table is.
    let mut reader = match journal.reader(Sequence(known.drained)) {
        Ok(reader) => reader,
        // The disk may be dying under this check.
        Err(ReadError::Io { .. }) => return,
        Err(error) => panic!("{context}: {error}"),
    };
    let mut read = BTreeMap::new();
    let mut last = known.drained;
    loop {
        match reader.next() {
            Ok(Some((sequence, record))) => {
                assert_eq!(sequence.0, last + 1, "{context}: in order, without a gap, once");
                last = sequence.0;
                read.insert(last, record.to_vec());
            }
            Ok(None) => break,
            Err(ReadError::Io { .. }) => return,
            Err(error) => panic!("{context}: {error}"),
        }
    }
    for (sequence, record) in known.acknowledged.range(known.drained + 1..) {
        assert_eq!(read.get(sequence), Some(record), "{context}: record {sequence}");
    }
    // Not acknowledged, but appended: its answer was lost with the power.
    for record in read.values() {
        let text = std::str::from_utf8(record).expect("ours are text");
        let fields: Vec<_> = text.split([';', '/']).collect();
        assert!(fields.len() == 4 && fields[3].bytes().all(|byte| byte == b'.'), "{context}: {text}");
    }
}
