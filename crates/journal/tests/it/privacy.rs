//! What a thief of the disk finds: never a record in clear, and after a release not even
//! the key.

use std::fs;

use journal::{Journal, Log, Sequence};
use tempfile::tempdir;

use crate::faulty::FaultyDisk;
use crate::rig::{append_all, open_faulty, options, read_all, segment_names};

const MARKER: &[u8] = b"+1-555-0100 made up, caller@example.org";

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn no_record_is_on_disk_in_clear() {
    let dir = tempdir().expect("dir");
    let (journal, _) = Journal::open(options(dir.path(), 1000)).expect("opened");
    append_all(&journal, (0..20).map(|_| MARKER.to_vec()));
    assert!(holds(&read_all(&journal, 19)[0].1, MARKER));
    drop(journal);
    for name in segment_names(dir.path()) {
        let bytes = fs::read(dir.path().join(&name)).expect("read");
        assert!(!holds(&bytes, &MARKER[..8]), "{name}");
    }
}

#[test]
fn a_released_segment_loses_its_key_before_its_name() {
    let disk = FaultyDisk::new();
    let (journal, _) = open_faulty(&disk, 1000).expect("opened");
    append_all(&journal, (0..20).map(|_| MARKER.to_vec()));
    let headers: Vec<_> = disk.platter().into_iter().filter(|file| file.starts_with(b"FDJRNL")).collect();
    let kept_segments = 1;
    let released = journal.release(Sequence(20)).expect("released").pieces;
    assert_eq!(released, headers.len() - kept_segments);
    // The platter still holds the unlinked files; their keys are zeros there.
    let keys: Vec<_> = disk
        .platter()
        .into_iter()
        .filter(|file| file.starts_with(b"FDJRNL"))
        .map(|file| file[48..108].to_vec())
        .collect();
    let erased = keys.iter().filter(|key| key.iter().all(|byte| *byte == 0)).count();
    assert_eq!((keys.len(), erased), (headers.len(), released));
}

#[test]
fn equal_records_are_not_equal_on_disk() {
    let disk = FaultyDisk::new();
    let (journal, _) = open_faulty(&disk, 1 << 16).expect("opened");
    append_all(&journal, [MARKER.to_vec(), MARKER.to_vec()]);
    let file = disk.platter().into_iter().find(|file| file.starts_with(b"FDJRNL")).expect("one segment");
    let frame = MARKER.len() + 40;
    assert_ne!(file[128 + 24..128 + frame], file[128 + frame + 24..128 + 2 * frame]);
}
