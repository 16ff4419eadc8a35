//! What every kind of log keeps, as one suite over [`Log`]: a new kind is one more `Kind` and
//! one more line of `conforms!`.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use bytes::Bytes;
use journal::{
    AppendError, Journal, Log, LogHealth, MemoryLog, MemoryOptions, MemoryStorage, OpenError, ReadError, Sequence,
};

use crate::faulty::FaultyDisk;
use crate::rig::{append, append_all, expected, options, read_all, record};

/// What a test asks of a log beyond the trait.
#[derive(Clone, Copy)]
struct Limits {
    record_bytes_max: usize,
    queue_bytes_max: usize,
    first_sequence_min: u64,
}

const NO_LIMITS: Limits = Limits { record_bytes_max: 1 << 26, queue_bytes_max: 1 << 26, first_sequence_min: 1 };

/// A kind of log, with storage that outlives it.
trait Kind {
    fn try_open(&self, limits: Limits) -> Result<Arc<dyn Log>, OpenError>;

    fn open(&self) -> Arc<dyn Log> {
        self.try_open(NO_LIMITS).expect("opened")
    }
}

/// Segment files of this size, on the simulated disk.
struct SegmentFiles {
    disk: Arc<FaultyDisk>,
    segment_bytes: u64,
}

impl SegmentFiles {
    fn new(segment_bytes: u64) -> Self {
        SegmentFiles { disk: FaultyDisk::new(), segment_bytes }
    }
}

impl Kind for SegmentFiles {
    fn try_open(&self, limits: Limits) -> Result<Arc<dyn Log>, OpenError> {
        let mut options = options("conformance".as_ref(), self.segment_bytes);
        options.record_bytes_max = limits.record_bytes_max;
        options.queue_bytes_max = limits.queue_bytes_max;
        options.first_sequence_min = limits.first_sequence_min;
        let (journal, _) = Journal::open_on(Arc::clone(&self.disk) as _, options)?;
        Ok(Arc::new(journal))
    }
}

#[derive(Default)]
struct Memory(MemoryStorage);

impl Kind for Memory {
    fn try_open(&self, limits: Limits) -> Result<Arc<dyn Log>, OpenError> {
        let Limits { record_bytes_max, queue_bytes_max, first_sequence_min } = limits;
        let options = MemoryOptions { record_bytes_max, queue_bytes_max, first_sequence_min };
        Ok(Arc::new(MemoryLog::open(&self.0, options)?.0))
    }
}

macro_rules! conforms {
    ($tests:tt of { $($kind:ident: $make:expr;)* }) => { $(conforms!(@ $kind $make; $tests);)* };
    (@ $kind:ident $make:expr; [$($test:ident,)*]) => {
        mod $kind {
            use super::*;
            $(#[test] fn $test() { super::$test(&$make); })*
        }
    };
}

conforms! {
    [
        records_come_back_in_order_after_every_opening,
        a_record_may_be_empty_or_large,
        many_callers_get_numbers_without_gaps_in_the_order_of_confirmation,
        the_tail_is_never_behind_a_confirmation,
        reading_begins_after_any_record_and_readers_are_independent,
        a_reader_at_the_tail_goes_on_with_what_comes,
        a_release_takes_no_record_that_it_was_not_asked_for,
        a_reader_goes_on_while_what_it_has_read_is_released,
        numbers_never_go_back,
        what_can_t_be_taken_is_refused_and_leaves_no_trace,
        a_close_makes_durable_what_is_queued_and_ends_appending,
        one_log_at_a_time_has_the_storage,
        the_status_counts_what_is_durable,
    ] of {
        segment_files: SegmentFiles::new(1 << 20);
        small_segments: SegmentFiles::new(700);
        memory: Memory::default();
    }
}

fn records_come_back_in_order_after_every_opening(kind: &impl Kind) {
    for life in 0..3 {
        let log = kind.open();
        let before = life * 20;
        assert_eq!(log.tail(), Sequence(before));
        assert_eq!(read_all(&*log, 0), expected(1..=before));
        for n in before + 1..=before + 20 {
            assert_eq!(append(&*log, &record(n)), Ok(Sequence(n)));
        }
        assert_eq!(read_all(&*log, 0), expected(1..=before + 20));
    }
}

fn a_record_may_be_empty_or_large(kind: &impl Kind) {
    let large: Vec<u8> = (0..1_000_000_u32).map(|n| n as u8).collect();
    let records = [&b""[..], &large, b"x", &large[..300_000], b""];
    let log = kind.open();
    for (n, record) in (1..).zip(records) {
        assert_eq!(append(&*log, record), Ok(Sequence(n)));
    }
    drop(log);
    let read = read_all(&*kind.open(), 0);
    assert!(read.iter().map(|(_, record)| &record[..]).eq(records));
}

fn many_callers_get_numbers_without_gaps_in_the_order_of_confirmation(kind: &impl Kind) {
    let log = kind.open();
    let confirmed = Arc::new(Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for caller in 0..4 {
            let (log, confirmed) = (&log, &confirmed);
            scope.spawn(move || {
                for n in 0..50 {
                    let record = format!("{caller}/{n}").into_bytes();
                    let (kept, confirmed) = (record.clone(), Arc::clone(confirmed));
                    let done = Box::new(move |outcome: Result<Sequence, _>| {
                        confirmed.lock().expect("sound").push((outcome.expect("durable").0, kept));
                    });
                    log.append(record, Bytes::new(), done).expect("queued");
                }
            });
        }
    });
    log.close();
    let confirmed = confirmed.lock().expect("sound");
    assert!(confirmed.iter().map(|(sequence, _)| *sequence).eq(1..=200));
    assert_eq!(*confirmed, read_all(&*log, 0));
    for caller in 0..4 {
        let of_caller = |record: &&[u8]| record.starts_with(format!("{caller}/").as_bytes());
        let records: Vec<&[u8]> = confirmed.iter().map(|(_, record)| &record[..]).filter(of_caller).collect();
        let expect: Vec<Vec<u8>> = (0..50).map(|n| format!("{caller}/{n}").into_bytes()).collect();
        assert_eq!(records, expect, "a caller's records keep their order");
    }
}

fn the_tail_is_never_behind_a_confirmation(kind: &impl Kind) {
    let log = kind.open();
    let (tell, told) = mpsc::channel();
    for n in 1..=100 {
        let (looking, tell) = (Arc::downgrade(&log), tell.clone());
        let done = Box::new(move |outcome: Result<Sequence, _>| {
            let tail = looking.upgrade().map(|log| log.tail());
            tell.send((outcome.expect("durable"), tail)).expect("the test waits");
        });
        log.append(record(n), Bytes::new(), done).expect("queued");
    }
    for (sequence, tail) in told.iter().take(100) {
        assert!(tail.expect("the test holds it") >= sequence);
    }
    assert_eq!(log.tail(), Sequence(100));
}

fn reading_begins_after_any_record_and_readers_are_independent(kind: &impl Kind) {
    let log = kind.open();
    append_all(&*log, (1..=30).map(record));
    for after in 0..=30 {
        assert_eq!(read_all(&*log, after), expected(after + 1..=30), "after {after}");
    }
    let mut readers: Vec<_> = (0..3).map(|after| log.reader(Sequence(after)).expect("reader")).collect();
    for n in 1..=20 {
        for (after, reader) in (0..).zip(&mut readers) {
            let (sequence, read) = reader.next().expect("readable").expect("there");
            assert_eq!((sequence.0, read), (after + n, &record(after + n)[..]));
        }
    }
}

fn a_reader_at_the_tail_goes_on_with_what_comes(kind: &impl Kind) {
    let log = kind.open();
    let mut reader = log.reader(Sequence(0)).expect("reader");
    for n in 1..=40 {
        assert!(reader.next().expect("readable").is_none(), "nothing yet");
        append_all(&*log, [record(n)]);
        let (sequence, read) = reader.next().expect("readable").expect("there");
        assert_eq!((sequence, read), (Sequence(n), &record(n)[..]));
    }
}

fn a_release_takes_no_record_that_it_was_not_asked_for(kind: &impl Kind) {
    let log = kind.open();
    append_all(&*log, (1..=40).map(record));
    assert_eq!(log.trim_point(), Sequence(0));
    let mut trimmed = Sequence(0);
    for through in [0, 1, 7, 7, 20, 3, 39] {
        let _ = log.release(Sequence(through)).expect("released");
        let trim_point = log.trim_point();
        assert!(trim_point >= trimmed, "it only moves forward");
        assert!(trim_point <= Sequence(through).max(trimmed), "through {through}: {trim_point}");
        trimmed = trim_point;
        assert_eq!(read_all(&*log, trimmed.0), expected(trimmed.0 + 1..=40));
        if trimmed > Sequence(0) {
            let after = Sequence(trimmed.0 - 1);
            match log.reader(after).map(drop) {
                Err(ReadError::Released { after: told, oldest }) => assert_eq!((told, oldest), (after, trimmed)),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(append(&*log, &record(41)), Ok(Sequence(41)));
    drop(log);
    let log = kind.open();
    assert_eq!((log.trim_point(), log.tail()), (trimmed, Sequence(41)));
    assert_eq!(read_all(&*log, trimmed.0), expected(trimmed.0 + 1..=41));
    // All of it, and the numbers go on.
    let _ = log.release(Sequence(41)).expect("released");
    assert_eq!(append(&*log, &record(42)), Ok(Sequence(42)));
    assert_eq!(read_all(&*log, 41), expected([42]));
}

fn a_reader_goes_on_while_what_it_has_read_is_released(kind: &impl Kind) {
    let log = kind.open();
    thread::scope(|scope| {
        scope.spawn(|| append_all(&*log, (1..=300).map(record)));
        let mut reader = log.reader(Sequence(0)).expect("reader");
        let mut read = 0;
        while read < 300 {
            match reader.next().expect("readable") {
                Some((sequence, bytes)) => {
                    read += 1;
                    assert_eq!((sequence.0, bytes), (read, &record(read)[..]));
                }
                None => thread::yield_now(),
            }
            if read % 50 == 0 {
                let _ = log.release(Sequence(read)).expect("released");
            }
        }
    });
}

fn numbers_never_go_back(kind: &impl Kind) {
    let check = |first_sequence_min: u64, next: u64| {
        let log = kind.try_open(Limits { first_sequence_min, ..NO_LIMITS }).expect("opened");
        assert_eq!(log.tail(), Sequence(next - 1));
        assert_eq!(append(&*log, &record(next)), Ok(Sequence(next)));
    };
    check(5, 5);
    check(1, 6);
    check(7, 7);
    check(100, 100);
    check(50, 101);
    // Nothing is appended at 1000, so it is not taken.
    drop(kind.try_open(Limits { first_sequence_min: 1000, ..NO_LIMITS }).expect("opened"));
    check(0, 102);
    let log = kind.open();
    assert_eq!(read_all(&*log, log.trim_point().0), expected([5, 6, 7, 100, 101, 102]));
    assert_eq!(read_all(&*log, 50), expected([100, 101, 102]));
}

fn what_can_t_be_taken_is_refused_and_leaves_no_trace(kind: &impl Kind) {
    let limits = Limits { record_bytes_max: 500, queue_bytes_max: 1000, ..NO_LIMITS };
    let log = kind.try_open(limits).expect("opened");
    // The first confirmation holds the log's thread, so that all others stay queued.
    let (go_on, held) = mpsc::channel::<()>();
    let (started, holding) = mpsc::channel();
    let hold = Box::new(move |outcome: Result<Sequence, _>| {
        started.send(outcome).expect("the test waits");
        held.recv().expect("told to go on");
    });
    log.append(record(1), Bytes::new(), hold).expect("queued");
    assert_eq!(holding.recv().expect("held"), Ok(Sequence(1)));
    assert_eq!(append(&*log, &[0; 501]), Err(AppendError::TooLarge));
    let mut queued = 0;
    while log.append(vec![7; 100], Bytes::new(), Box::new(|_| {})).is_ok() {
        queued += 1;
        assert!(queued < 100, "nothing was refused");
    }
    let refused = log.append(vec![7; 100], Bytes::new(), Box::new(|_| unreachable!("it was refused")));
    assert_eq!(refused, Err(AppendError::Overloaded));
    assert!(log.status().queue_bytes > 0);
    go_on.send(()).expect("held");
    log.close();
    assert_eq!((log.tail(), log.status().queue_bytes), (Sequence(1 + queued), 0));
    assert_eq!(read_all(&*log, 1).len() as u64, queued);
}

fn a_close_makes_durable_what_is_queued_and_ends_appending(kind: &impl Kind) {
    let log = kind.open();
    let (tell, told) = mpsc::channel();
    for n in 1..=200 {
        let tell = tell.clone();
        let done = Box::new(move |outcome: Result<Sequence, _>| tell.send(outcome).expect("the test waits"));
        log.append(record(n), Bytes::new(), done).expect("queued");
    }
    log.close();
    assert!(told.try_iter().eq((1..=200).map(|n| Ok(Sequence(n)))), "all are told when it returns");
    assert_eq!(append(&*log, b"x"), Err(AppendError::Closed));
    assert_eq!(read_all(&*log, 0), expected(1..=200), "it can still be read");
    log.close();
    assert_eq!(read_all(&*kind.open(), 0), expected(1..=200));
}

fn one_log_at_a_time_has_the_storage(kind: &impl Kind) {
    let log = kind.open();
    let second = kind.try_open(NO_LIMITS).map(drop);
    assert!(matches!(second, Err(OpenError::InUse(_))), "{second:?}");
    append_all(&*log, [record(1)]);
    let mut reader = log.reader(Sequence(0)).expect("reader");
    drop(log);
    // Neither a dropped log nor its reader keeps the storage.
    let log = kind.open();
    append_all(&*log, [record(2)]);
    assert_eq!(reader.next().expect("readable").expect("there").1, record(1));
}

fn the_status_counts_what_is_durable(kind: &impl Kind) {
    let log = kind.open();
    append_all(&*log, (1..=10).map(record));
    let status = log.status();
    assert_eq!(status.health, LogHealth::Writable);
    assert_eq!((status.appended, status.queue_bytes), (10, 0));
    assert!((1..=10).contains(&status.syncs) && status.stored_bytes > 0, "{status:?}");
    drop(log);
    assert_eq!(kind.open().status().appended, 0, "since the opening");
}
