//! A journal cut at every byte, with every byte flipped, with files missing or foreign.

use std::sync::Arc;

use journal::{Disk, Journal, Log, MasterKey, OpenError, Sequence};

use crate::faulty::FaultyDisk;
use crate::rig::{append, append_all, expected, key, open_faulty, options, read_all, record, segment_names};

const SEGMENT_BYTES: u64 = 800;

fn segments(disk: &FaultyDisk) -> Vec<String> {
    disk.names().into_iter().filter(|name| name.ends_with(".seg")).collect()
}

/// Two segments; also the second's first sequence and how many records there are.
fn two_segments() -> (Arc<FaultyDisk>, u64, u64) {
    let disk = FaultyDisk::new();
    let (journal, _) = open_faulty(&disk, SEGMENT_BYTES).expect("opened");
    let count = 8;
    append_all(&journal, (1..=count).map(record));
    drop(journal);
    let names = segments(&disk);
    assert_eq!(names.len(), 2, "the records were sized for two segments");
    (disk, names[1][..20].parse().expect("number"), count)
}

/// How many records a damaged journal still gives, after it proved that it can go on;
/// `Err` when it was refused.
fn survivors(disk: &Arc<FaultyDisk>) -> Result<u64, OpenError> {
    let (journal, recovery) = open_faulty(disk, SEGMENT_BYTES)?;
    let read = read_all(&journal, 0);
    assert_eq!(read, expected(1..=read.len() as u64), "nothing is invented, nothing skipped");
    assert_eq!(recovery.records, read.len() as u64);
    let next = recovery.next.0;
    assert_eq!(append(&journal, &record(next)), Ok(Sequence(next)));
    assert_eq!(read_all(&journal, 0), expected(1..=next));
    drop(journal);
    let (journal, _) = open_faulty(disk, SEGMENT_BYTES).expect("opened again");
    assert_eq!(read_all(&journal, 0), expected(1..=next), "as before");
    Ok(read.len() as u64)
}

#[test]
fn every_cut_of_the_last_segment_keeps_all_records_before_it() {
    let (whole, second_first, count) = two_segments();
    let name = &segments(&whole)[1];
    let bytes = whole.bytes(name);
    let mut seen = vec![0; count as usize + 1];
    for cut in 0..=bytes.len() {
        let disk = whole.copy();
        disk.put(name, &bytes[..cut]);
        let mut frame_end = 128;
        let whole_frames = (second_first..=count)
            .take_while(|&n| {
                frame_end += record(n).len() + 40;
                frame_end <= cut
            })
            .count() as u64;
        match survivors(&disk) {
            Ok(kept) => {
                assert!(cut >= 128);
                assert_eq!(kept, second_first - 1 + whole_frames, "cut at {cut}");
                seen[kept as usize] += 1;
            }
            Err(OpenError::Damaged(damage)) => {
                assert!(cut < 128, "cut at {cut}: {damage}");
                assert_eq!((&damage.file, damage.offset), (name, cut as u64));
            }
            Err(error) => panic!("cut at {cut}: {error}"),
        }
    }
    assert!(seen[second_first as usize - 1..].iter().all(|times| *times > 0), "{seen:?}");
}

#[test]
fn every_cut_of_an_earlier_segment_is_refused_unless_it_costs_nothing() {
    let (whole, second_first, _) = two_segments();
    let name = &segments(&whole)[0];
    let bytes = whole.bytes(name);
    let frames_end = 128 + (1..second_first).map(|n| record(n).len() + 40).sum::<usize>();
    for cut in 0..=bytes.len() {
        let disk = whole.copy();
        disk.put(name, &bytes[..cut]);
        match survivors(&disk) {
            Ok(_) => assert!(cut >= frames_end, "cut at {cut}"),
            Err(OpenError::Damaged(damage)) => {
                assert!(cut < frames_end, "cut at {cut}: {damage}");
                assert_eq!(&damage.file, name);
            }
            Err(error) => panic!("cut at {cut}: {error}"),
        }
    }
}

#[test]
fn every_flipped_byte_is_noticed_and_costs_no_record_before_it() {
    let (whole, second_first, count) = two_segments();
    for (index, name) in segments(&whole).iter().enumerate() {
        let bytes = whole.bytes(name);
        let (first, last) = [(1, second_first - 1), (second_first, count)][index];
        let frames_end = 128 + (first..=last).map(|n| record(n).len() + 40).sum::<usize>();
        let last_frame = frames_end - record(last).len() - 40;
        for at in 0..bytes.len() {
            let disk = whole.copy();
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            disk.put(name, &flipped);
            match survivors(&disk) {
                // Only the last group, and the unused end, look like a torn write.
                Ok(kept) if at >= frames_end => assert_eq!(kept, count, "flip at {at}"),
                Ok(kept) => {
                    assert!(index == 1 && at >= last_frame, "{name}: flip at {at}");
                    assert_eq!(kept, count - 1, "flip at {at}");
                }
                Err(OpenError::Damaged(damage)) => {
                    let refused_below = if index == 1 { last_frame } else { frames_end };
                    assert!(at < refused_below, "{name}: flip at {at}: {damage}");
                    assert_eq!(&damage.file, name);
                    assert!(damage.offset <= at as u64 || at < 128, "{at}: {damage}");
                }
                Err(error) => panic!("{name}: flip at {at}: {error}"),
            }
        }
    }
}

#[test]
fn a_refused_journal_is_not_changed_and_its_advice_works() {
    let (disk, second_first, count) = two_segments();
    let name = &segments(&disk)[1];
    let mut bytes = disk.bytes(name);
    bytes[128 + 30] ^= 1;
    disk.put(name, &bytes);
    let refusal = survivors(&disk).expect_err("refused").to_string();
    assert!(refusal.contains(&format!("record {second_first} of {}", count - 1)), "{refusal}");
    assert!(refusal.contains("truncate it to 128 bytes"), "{refusal}");
    assert_eq!(disk.bytes(name), bytes);
    disk.put(name, &bytes[..128]);
    assert_eq!(survivors(&disk).expect("opened"), second_first - 1);
}

#[test]
fn damage_before_the_last_segment_names_its_place() {
    let name = |n: u64| format!("{n:020}.seg");
    let check = |change: &dyn Fn(&FaultyDisk), file: u64, offset: u64| {
        let disk = FaultyDisk::new();
        let (journal, _) = open_faulty(&disk, 300).expect("opened");
        append_all(&journal, (0..6).map(|_| vec![b'x'; 100]));
        drop(journal);
        assert_eq!(segments(&disk).len(), 6);
        change(&disk);
        let refused = open_faulty(&disk, 300).map(|_| ());
        let Err(OpenError::Damaged(damage)) = refused else { panic!("{refused:?}") };
        assert_eq!((damage.file, damage.offset), (name(file), offset), "{}", damage.what);
    };
    check(&|disk| disk.remove(&name(3)).expect("removed"), 2, 268);
    check(&|disk| disk.put(&name(4), b""), 4, 0);
    check(&|disk| disk.rename(&name(6), &name(9)).expect("renamed"), 9, 16);
    check(&|disk| disk.put(&name(3), &disk.bytes(&name(2))), 3, 16);
}

#[test]
fn the_wrong_key_is_told_from_damage() {
    let (disk, _, count) = two_segments();
    let mut wrong = options("faulty".as_ref(), SEGMENT_BYTES);
    wrong.key = MasterKey::new([1; 32]);
    let refused = Journal::open_on(Arc::clone(&disk) as _, wrong).map(|_| ());
    assert!(matches!(refused, Err(OpenError::WrongKey { .. })), "{refused:?}");
    assert_eq!(survivors(&disk).expect("opened"), count, "and nothing was lost");
}

#[test]
fn leftovers_of_a_crash_are_normal() {
    let (disk, _, count) = two_segments();
    disk.put("spare.tmp", &[0; 100]);
    disk.put("notes.txt", b"not ours");
    assert_eq!(survivors(&disk).expect("opened"), count);
    assert!(disk.names().contains(&"notes.txt".to_owned()));
}

#[test]
fn a_release_that_was_cut_short_is_finished() {
    let disk = FaultyDisk::new();
    let (journal, _) = open_faulty(&disk, 300).expect("opened");
    append_all(&journal, (0..4).map(|_| vec![b'x'; 100]));
    drop(journal);
    // The renaming of the second segment survived, that of the first did not.
    let name = |n: u64, suffix: &str| format!("{n:020}.{suffix}");
    disk.rename(&name(2, "seg"), &name(2, "del")).expect("renamed");
    let (journal, recovery) = open_faulty(&disk, 300).expect("opened");
    assert_eq!((recovery.segments, recovery.records, recovery.next), (2, 2, Sequence(5)));
    assert_eq!(read_all(&journal, 2).len(), 2);
    drop(journal);
    assert_eq!(disk.names(), [name(3, "seg"), name(4, "seg")]);
    let erased = disk.platter().iter().filter(|file| file[48..108] == [0; 60]).count();
    assert!(erased >= 2, "and the keys of both are gone");
}

#[test]
fn a_file_that_is_shorter_than_it_was_made_is_told() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let (journal, _) = Journal::open(options(dir.path(), 8192)).expect("opened");
    append_all(&journal, (1..=5).map(record));
    journal.close();
    let path = dir.path().join(&segment_names(dir.path())[0]);
    assert_eq!(std::fs::metadata(&path).expect("there").len(), 8192);
    let check = |bytes: u64, expect_records: std::ops::RangeInclusive<u64>, expect_cut: u64| {
        std::fs::OpenOptions::new().write(true).open(&path).expect("opened").set_len(bytes).expect("cut");
        let (journal, recovery) = Journal::open(options(dir.path(), 8192)).expect("opened");
        assert!(expect_records.contains(&recovery.records), "{recovery:?}");
        assert_eq!(recovery.cut_bytes, expect_cut);
        journal.close();
    };
    check(8192, 5..=5, 0);
    check(8000, 5..=5, 192);
    check(500, 1..=4, 7692);
}

#[test]
fn a_key_is_tried_without_opening_the_journal() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let other = journal::MasterKey::new([9; 32]);
    assert_eq!(journal::key_opens(dir.path(), &key()), None);
    let (journal, _) = Journal::open(options(dir.path(), 8192)).expect("opened");
    append_all(&journal, [record(1)]);
    journal.close();
    assert_eq!(journal::key_opens(dir.path(), &key()), Some(true));
    assert_eq!(journal::key_opens(dir.path(), &other), Some(false));
    let path = dir.path().join(&segment_names(dir.path())[0]);
    let bytes = std::fs::read(&path).expect("read");
    std::fs::write(&path, &bytes[..50]).expect("cut");
    assert_eq!(journal::key_opens(dir.path(), &other), None, "a damaged header says nothing");
}
