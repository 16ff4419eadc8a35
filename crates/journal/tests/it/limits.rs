//! Limits, failures and what the sender hears.

use std::io;
use std::sync::{Arc, mpsc};

use bytes::Bytes;
use journal::{AppendError, DirLock, Disk, DiskFile, Journal, Log, LogHealth, Sequence};

use crate::faulty::FaultyDisk;
use crate::rig::{append, append_all, expected, open_faulty, options, read_all, record};

#[test]
fn a_full_queue_and_a_large_record_are_refused_before_they_are_queued() {
    let disk = FaultyDisk::new();
    let mut options = options("faulty".as_ref(), 4096);
    options.queue_bytes_max = 1000;
    options.record_bytes_max = 500;
    let (journal, _) = Journal::open_on(disk, options).expect("opened");
    // The first answer holds the writer up until the queue was overfilled behind it.
    let (go_on, held) = mpsc::channel::<()>();
    let (started, holding) = mpsc::channel();
    let hold = Box::new(move |outcome: Result<_, _>| {
        started.send(outcome).expect("the test waits");
        held.recv().expect("told to go on");
    });
    journal.append(b"first".to_vec(), Bytes::new(), hold).expect("queued");
    assert_eq!(holding.recv().expect("held"), Ok(Sequence(1)));
    let mut outcomes = Vec::new();
    for _ in 0..12 {
        outcomes.push(journal.append(vec![0; 60], Bytes::new(), Box::new(|_| {})));
    }
    let queued = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(queued, 10, "ten frames of 100 bytes");
    assert!(outcomes[10..].iter().all(|outcome| *outcome == Err(AppendError::Overloaded)));
    assert_eq!(journal.status().queue_bytes, 1000);
    assert_eq!(append(&journal, &[0; 501]), Err(AppendError::TooLarge));
    go_on.send(()).expect("held");
    journal.close();
    assert_eq!((journal.tail(), journal.status().queue_bytes), (Sequence(11), 0));
    assert!(AppendError::Overloaded.is_retryable() && !AppendError::TooLarge.is_retryable());
}

#[test]
fn a_failed_write_or_sync_poisons() {
    let check = |fault: fn(&FaultyDisk), named: &str| {
        let disk = FaultyDisk::new();
        let (journal, _) = open_faulty(&disk, 1 << 20).expect("opened");
        append_all(&journal, (1..=3).map(record));
        fault(&disk);
        assert_eq!(append(&journal, &record(4)), Err(AppendError::Poisoned));
        // The fault has passed; the journal does not trust that.
        assert_eq!(append(&journal, &record(5)), Err(AppendError::Poisoned));
        let health = journal.status().health;
        assert!(matches!(&health, LogHealth::Poisoned { cause } if cause.contains(named)), "{health:?}");
        // What was durable can still be drained.
        assert_eq!(journal.tail(), Sequence(3));
        assert_eq!(read_all(&journal, 0), expected(1..=3));
        drop(journal);
        let (journal, recovery) = open_faulty(&disk, 1 << 20).expect("opened");
        assert!(read_all(&journal, 0).starts_with(&expected(1..=3)));
        assert_eq!(journal.status().health, LogHealth::Writable);
        assert_eq!(append(&journal, b"x"), Ok(recovery.next));
    };
    check(|disk| disk.fail_sync_after(0), "cannot sync 00000000000000000001.seg");
    check(|disk| disk.fail_write_after(0), "cannot write 00000000000000000001.seg");
}

#[test]
fn what_a_failed_sync_left_in_the_cache_is_durable_before_it_is_built_upon() {
    for seed in 0..50 {
        let disk = FaultyDisk::new();
        let (journal, _) = open_faulty(&disk, 1 << 20).expect("opened");
        append_all(&journal, (1..=3).map(record));
        disk.fail_sync_after(0);
        assert_eq!(append(&journal, &record(4)), Err(AppendError::Poisoned));
        drop(journal);
        // The restarted process sees record 4, which the platter does not hold.
        let (journal, recovery) = open_faulty(&disk, 1 << 20).expect("opened");
        assert_eq!(recovery.last, Sequence(4));
        assert_eq!(append(&journal, &record(5)), Ok(Sequence(5)));
        drop(journal);
        disk.cut_power(seed);
        let (journal, _) = open_faulty(&disk, 1 << 20).expect("opened");
        assert_eq!(read_all(&journal, 0), expected(1..=5));
    }
}

#[test]
fn a_group_of_a_poisoned_journal_fails_as_a_whole() {
    let disk = FaultyDisk::new();
    let (journal, _) = open_faulty(&disk, 1 << 20).expect("opened");
    append_all(&journal, [record(1)]);
    disk.fail_sync_after(0);
    let (answer, answered) = mpsc::channel();
    let queued = (0..100)
        .filter(|_| {
            let answer = answer.clone();
            let done = Box::new(move |outcome| answer.send(outcome).expect("the test waits"));
            journal.append(b"x".to_vec(), Bytes::new(), done).is_ok()
        })
        .count();
    drop(answer);
    let answers: Vec<_> = answered.iter().collect();
    assert_eq!(answers.len(), queued, "everyone who was queued hears of it");
    assert!(queued > 0 && answers.iter().all(|a| *a == Err(AppendError::Poisoned)), "{answers:?}");
}

#[test]
fn an_answer_that_panics_poisons() {
    let disk = FaultyDisk::new();
    let (journal, _) = open_faulty(&disk, 4096).expect("opened");
    let done = Box::new(|_| panic!("this message belongs to a test"));
    journal.append(record(1), Bytes::new(), done).expect("queued");
    // Whoever asks next may still be queued, but is never left without an outcome.
    let (answer, answered) = mpsc::channel::<Result<Sequence, AppendError>>();
    let done = Box::new(move |outcome| answer.send(outcome).expect("the test waits"));
    let _ = journal.append(record(2), Bytes::new(), done);
    assert!(!matches!(answered.recv(), Ok(Err(_))), "durable or dropped");
    journal.close();
    assert_eq!(append(&journal, b"x"), Err(AppendError::Poisoned));
    assert!(matches!(journal.status().health, LogHealth::Poisoned { .. }));
    assert!(open_faulty(&disk, 4096).is_ok(), "the directory was given up");
}

#[test]
fn little_free_space_refuses_until_there_is_more() {
    let disk = FaultyDisk::new();
    let open = |disk: &Arc<FaultyDisk>| {
        let mut options = options("faulty".as_ref(), 1 << 16);
        options.disk_free_bytes_min = 1 << 20;
        Journal::open_on(Arc::clone(disk) as _, options).expect("opened").0
    };
    disk.set_free_bytes(Some(1 << 19));
    let journal = open(&disk);
    assert_eq!(append(&journal, b"x"), Err(AppendError::Full));
    disk.set_free_bytes(None);
    assert_eq!(append(&journal, &record(1)), Ok(Sequence(1)));
    // Noticed with the group that is being written, told to the next.
    disk.set_free_bytes(Some(1 << 19));
    assert_eq!(append(&journal, &record(2)), Ok(Sequence(2)));
    assert_eq!(append(&journal, b"x"), Err(AppendError::Full));
    assert!(AppendError::Full.is_retryable());
    assert_eq!(journal.status().health, LogHealth::Full);
    disk.set_free_bytes(Some(1 << 22));
    assert_eq!(append(&journal, &record(3)), Ok(Sequence(3)));
    assert_eq!(read_all(&journal, 0), expected(1..=3));
}

#[test]
fn a_disk_without_room_for_a_segment_lets_the_active_one_go_on() {
    let disk = FaultyDisk::new();
    let (journal, _) = open_faulty(&disk, 1000).expect("opened");
    assert_eq!(append(&journal, &[b'x'; 60]), Ok(Sequence(1)));
    // At most the spare that may be made already is used; then there is no room.
    disk.set_no_space(true);
    let mut last = 1;
    while append(&journal, &[b'x'; 60]).is_ok() {
        last += 1;
    }
    assert!((8..=16).contains(&last), "eight frames of 100 bytes fit a segment: {last}");
    assert_eq!(append(&journal, &[b'x'; 60]), Err(AppendError::Full));
    assert!(!matches!(journal.status().health, LogHealth::Poisoned { .. }));
    assert_eq!(journal.tail(), Sequence(last));
    // Less than the rest of the segment still passes.
    assert_eq!(append(&journal, &[b'x'; 10]), Ok(Sequence(last + 1)));
    assert!(!disk.names().iter().any(|name| name == "spare.tmp"), "half a spare takes no room");
    disk.set_no_space(false);
    assert_eq!(append(&journal, &[b'x'; 60]), Ok(Sequence(last + 2)));
    drop(journal);
    let (journal, _) = open_faulty(&disk, 1000).expect("opened");
    assert_eq!(read_all(&journal, 0).len() as u64, last + 2);
}

#[test]
fn too_many_open_files_poison_nothing() {
    let disk = FaultyDisk::new();
    let (journal, _) = open_faulty(&disk, 1000).expect("opened");
    assert_eq!(append(&journal, &[b'x'; 60]), Ok(Sequence(1)));
    disk.set_no_descriptors(true);
    // The spare that may be made already is used up first.
    let mut last = 1;
    let refused = loop {
        match append(&journal, &[b'x'; 60]) {
            Ok(_) => last += 1,
            Err(error) => break error,
        }
        assert!(last < 100, "nothing was refused");
    };
    assert_eq!(refused, AppendError::Overloaded);
    assert_eq!(append(&journal, &[b'x'; 60]), Err(AppendError::Overloaded));
    let health = journal.status().health;
    assert!(matches!(&health, LogHealth::Blocked { cause } if cause.contains("spare.tmp")), "{health:?}");
    assert_eq!(append(&journal, &[b'x'; 10]), Ok(Sequence(last + 1)), "what fits the segment still passes");
    // A reader that needs a file is told that it may come back.
    let unread = journal.reader(Sequence(0)).map(drop).expect_err("no descriptor");
    assert!(unread.is_transient(), "{unread}");
    disk.set_no_descriptors(false);
    // Looking is enough to find that it has passed: nobody sends where nothing is taken.
    while journal.status().health != LogHealth::Writable {
        std::thread::yield_now();
    }
    assert_eq!(append(&journal, &[b'x'; 60]), Ok(Sequence(last + 2)));
    assert_eq!(journal.status().queue_bytes, 0);
    assert_eq!(read_all(&journal, 0).len() as u64, last + 2);
    drop(journal);
    let (journal, _) = open_faulty(&disk, 1000).expect("opened");
    assert_eq!(read_all(&journal, 0).len() as u64, last + 2);
}

/// A disk on which making a file is a defect.
struct NoFiles(Arc<FaultyDisk>);

impl Disk for NoFiles {
    fn lock(&self) -> io::Result<Box<dyn DirLock>> {
        self.0.lock()
    }
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        panic!("a made-up defect while {name} is made")
    }
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.0.open(name)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }
    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }
    fn sync_dir(&self) -> io::Result<()> {
        self.0.sync_dir()
    }
    fn free_bytes(&self) -> io::Result<u64> {
        self.0.free_bytes()
    }
}

/// The thread that prepares segments has died: a record is refused, and nobody waits.
#[test]
fn a_dead_preallocating_thread_holds_up_nobody() {
    let disk = Arc::new(NoFiles(FaultyDisk::new()));
    let (journal, _) = Journal::open_on(disk, options("faulty".as_ref(), 4096)).expect("opened");
    for n in 1..=3 {
        assert!(append(&journal, &record(n)).is_err(), "record {n}");
    }
    journal.close();
}
