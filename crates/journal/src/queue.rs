//! The queue between the callers and the writer: a vector that the writer swaps out
//! whole. While one group is being synced the next one gathers here.
//!
//! Bytes count until their group is answered, so `queue_bytes_max` bounds what waits
//! for the disk, not just what waits for the writer. The writer is woken only when it
//! sleeps, and then by the record that it sleeps for: under load an append is one short
//! lock and no system call. A small record is copied under that lock, so that its sender
//! has its memory back at once and on its own thread; a large one goes as it is.

use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::error::AppendError;
use crate::frame;
use crate::log::Done;

/// A group gathers until it is this large, in records or bytes …
const GATHER_RECORDS: usize = 32;
const GATHER_BYTES: usize = 256 * 1024;
/// … or has had this long for it.
const GATHER_WAIT_MAX: Duration = Duration::from_millis(1);

/// When a group is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    /// With the first record.
    AtOnce,
    /// After a millisecond, or once there are many.
    Gathered,
}

/// Largest record that is copied.
const COPY_BYTES_MAX: usize = 16 * 1024;
/// What a group's copied records may leave allocated for the next one.
const COPIED_BYTES_KEPT: usize = 1024 * 1024;

/// A record on its way to the disk.
pub(crate) struct Pending {
    payload: Payload,
    pub(crate) done: Done,
}

enum Payload {
    /// In the group's bytes.
    Copied(Range<usize>),
    Apart {
        head: Vec<u8>,
        body: Bytes,
    },
}

/// Records that were queued, in order.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) records: Vec<Pending>,
    pub(crate) bytes: Vec<u8>,
}

impl Pending {
    /// What the record takes in a segment, and what it counts for in the queue.
    pub(crate) fn frame_bytes(&self) -> usize {
        let record = match &self.payload {
            Payload::Copied(range) => range.len(),
            Payload::Apart { head, body } => head.len() + body.len(),
        };
        record + frame::OVERHEAD_BYTES
    }

    /// The record in two parts; `bytes` are its group's.
    pub(crate) fn parts<'a>(&'a self, bytes: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        match &self.payload {
            Payload::Copied(range) => (bytes.get(range.clone()).unwrap_or_default(), &[]),
            Payload::Apart { head, body } => (head, body),
        }
    }
}

impl Group {
    fn push(&mut self, head: Vec<u8>, body: Bytes, done: Done) {
        let payload = if head.len() + body.len() <= COPY_BYTES_MAX {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(&head);
            self.bytes.extend_from_slice(&body);
            Payload::Copied(start..self.bytes.len())
        } else {
            Payload::Apart { head, body }
        };
        self.records.push(Pending { payload, done });
    }

    /// Forgets the bytes of records that are gone.
    pub(crate) fn clear(&mut self) {
        self.records.clear();
        self.bytes.clear();
        self.bytes.shrink_to(COPIED_BYTES_KEPT);
    }
}

pub(crate) struct Queue {
    inner: Mutex<Inner>,
    wake: Condvar,
    bytes_max: usize,
    gather_wait_max: Duration,
}

#[derive(Default)]
struct Inner {
    group: Group,
    bytes: usize,
    /// The sleeping writer is woken when there are so many records; 0 = it is awake.
    wake_at: usize,
    refuse: Option<AppendError>,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Queue::gathering(bytes_max, GATHER_WAIT_MAX)
    }

    /// With another wait than a millisecond, which tests set so that no clock decides.
    fn gathering(bytes_max: usize, gather_wait_max: Duration) -> Self {
        Queue { inner: Mutex::default(), wake: Condvar::new(), bytes_max, gather_wait_max }
    }

    pub(crate) fn push(&self, head: Vec<u8>, body: Bytes, done: Done) -> Result<(), AppendError> {
        let bytes = head.len() + body.len() + frame::OVERHEAD_BYTES;
        let mut inner = self.lock();
        if let Some(refusal) = inner.refuse {
            return Err(refusal);
        }
        // A record above the limit must be able to pass at some time: when it is alone.
        if inner.bytes > 0 && inner.bytes + bytes > self.bytes_max {
            return Err(AppendError::Overloaded);
        }
        inner.bytes += bytes;
        inner.group.push(head, body, done);
        let wake = inner.wake_at > 0 && (inner.group.records.len() >= inner.wake_at || inner.bytes >= GATHER_BYTES);
        if wake {
            inner.wake_at = 0;
        }
        drop(inner);
        if wake {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Swaps the queued records into `group`, which must be empty; waits for the first.
    /// False when the queue was closed and nothing is left in it; a poisoned one that is
    /// not closed keeps its writer waiting.
    pub(crate) fn take(&self, group: &mut Group, take: Take) -> bool {
        debug_assert!(group.records.is_empty() && group.bytes.is_empty());
        let mut inner = self.lock();
        if take == Take::Gathered {
            inner = self.gather(inner);
        }
        while inner.group.records.is_empty() {
            if inner.closed {
                return false;
            }
            inner.wake_at = 1;
            inner = self.wake.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        inner.wake_at = 0;
        std::mem::swap(&mut inner.group, group);
        true
    }

    fn gather<'a>(&self, mut inner: MutexGuard<'a, Inner>) -> MutexGuard<'a, Inner> {
        inner.wake_at = GATHER_RECORDS;
        let gathers = |inner: &mut Inner| {
            inner.group.records.len() < GATHER_RECORDS && inner.bytes < GATHER_BYTES && !inner.closed
        };
        let woken = self.wake.wait_timeout_while(inner, self.gather_wait_max, gathers);
        woken.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Gives back the room of answered records.
    pub(crate) fn answered(&self, bytes: usize) {
        self.lock().bytes -= bytes;
    }

    /// Refuses further records; those queued already are still written.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.refuse.get_or_insert(AppendError::Closed);
        inner.closed = true;
        drop(inner);
        self.wake.notify_one();
    }

    /// Refuses further records for good and hands back those queued, to be failed.
    pub(crate) fn poison(&self) -> Vec<Pending> {
        let mut inner = self.lock();
        inner.refuse = Some(AppendError::Poisoned);
        std::mem::take(&mut inner.group).records
    }

    /// Bytes not yet answered.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that runs under this lock can stop half-way.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(queue: &Queue, bytes: usize) -> Result<(), AppendError> {
        queue.push(Vec::new(), Bytes::from(vec![0; bytes]), Box::new(|_| {}))
    }

    #[test]
    fn bytes_count_until_they_are_answered() {
        let queue = Queue::new(200);
        assert_eq!(push(&queue, 500), Ok(()), "alone, a large record passes");
        assert_eq!(push(&queue, 1), Err(AppendError::Overloaded));
        let mut group = Group::default();
        assert!(queue.take(&mut group, Take::AtOnce));
        assert_eq!(push(&queue, 1), Err(AppendError::Overloaded), "taken, not answered");
        queue.answered(group.records.drain(..).map(|record| record.frame_bytes()).sum());
        group.clear();
        assert_eq!(push(&queue, 1), Ok(()));
        assert_eq!(push(&queue, 1), Ok(()));
        assert_eq!(queue.bytes(), 82);
    }

    #[test]
    fn records_come_out_as_they_went_in() {
        let queue = Queue::new(1 << 30);
        let record = |n: usize| (vec![n as u8; 3], Bytes::from(vec![n as u8 + 100; n * COPY_BYTES_MAX / 3]));
        (0..7).map(record).for_each(|(head, body)| assert_eq!(queue.push(head, body, Box::new(|_| {})), Ok(())));
        let mut group = Group::default();
        assert!(queue.take(&mut group, Take::AtOnce));
        for (n, pending) in group.records.iter().enumerate() {
            let (head, body) = record(n);
            let (first, second) = pending.parts(&group.bytes);
            assert_eq!([first, second].concat(), [&head[..], &body].concat(), "{n}");
            assert_eq!(pending.frame_bytes(), head.len() + body.len() + frame::OVERHEAD_BYTES);
            assert_eq!(second.is_empty(), head.len() + body.len() <= COPY_BYTES_MAX, "{n}");
        }
    }

    #[test]
    fn a_closed_queue_is_drained_and_a_poisoned_one_is_not() {
        let queue = Queue::new(1000);
        assert_eq!(push(&queue, 1), Ok(()));
        queue.close();
        assert_eq!(push(&queue, 1), Err(AppendError::Closed));
        let mut group = Group::default();
        assert!(queue.take(&mut group, Take::AtOnce));
        group.clear();
        assert!(!queue.take(&mut group, Take::AtOnce));

        let queue = Queue::new(1000);
        assert_eq!(push(&queue, 1), Ok(()));
        assert_eq!(queue.poison().len(), 1);
        queue.close();
        assert_eq!(push(&queue, 1), Err(AppendError::Poisoned), "poison outlasts closing");
        assert!(!queue.take(&mut group, Take::AtOnce));
    }

    /// Longer than any test runs.
    const FOR_EVER: Duration = Duration::from_secs(3600);

    /// Waits until the writer sleeps for so many records.
    fn await_sleep(queue: &Queue, wake_at: usize) {
        while queue.lock().wake_at != wake_at {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_group_is_taken_when_it_has_gathered_or_its_time_is_over() {
        let check = |records: usize, bytes: usize, wait: Duration| {
            let queue = Queue::gathering(1 << 30, wait);
            (0..records).for_each(|_| assert_eq!(push(&queue, bytes), Ok(())));
            let mut group = Group::default();
            assert!(queue.take(&mut group, Take::Gathered));
            assert_eq!(group.records.len(), records);
        };
        check(GATHER_RECORDS, 1, FOR_EVER);
        check(1, GATHER_BYTES, FOR_EVER);
        check(GATHER_RECORDS - 1, 1, Duration::ZERO);
        check(1, 1, Duration::ZERO);
    }

    /// Runs a writer that gathers; gives the sizes of its groups.
    fn groups(queue: &Queue, feed: impl FnOnce()) -> Vec<usize> {
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let (mut group, mut sizes) = (Group::default(), Vec::new());
                while queue.take(&mut group, Take::Gathered) {
                    sizes.push(group.records.len());
                    group.clear();
                }
                sizes
            });
            feed();
            queue.close();
            writer.join().expect("no panic")
        })
    }

    #[test]
    fn gathering_ends_with_enough_records_or_the_close() {
        let queue = Queue::gathering(1 << 30, FOR_EVER);
        let sizes = groups(&queue, || {
            await_sleep(&queue, GATHER_RECORDS);
            (0..GATHER_RECORDS).for_each(|_| assert_eq!(push(&queue, 1), Ok(())));
            await_sleep(&queue, GATHER_RECORDS);
            assert_eq!(push(&queue, 1), Ok(()));
        });
        assert_eq!(sizes, [GATHER_RECORDS, 1]);
    }

    #[test]
    fn an_idle_writer_is_woken_by_one_record() {
        let queue = Queue::gathering(1 << 30, Duration::ZERO);
        let sizes = groups(&queue, || {
            for _ in 0..3 {
                await_sleep(&queue, 1);
                assert_eq!(push(&queue, 1), Ok(()));
            }
        });
        assert_eq!(sizes, [1, 1, 1]);
    }
}
