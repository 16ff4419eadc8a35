//! The queue between the callers and the writer: a vector that the writer swaps out
//! whole. While one group is being synced the next one gathers here.
//!
//! Bytes count until their group is answered, so `queue_bytes_max` bounds what waits
//! for the disk, not just what waits for the writer. The writer is woken only when it
//! sleeps, and then by the record that it sleeps for: under load an append is one short
//! lock and no system call.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::error::AppendError;
use crate::frame;
use crate::log::Done;

/// A crowd is waited for until it is this large, in records or bytes …
const CROWD_RECORDS: usize = 64;
const CROWD_BYTES: usize = 256 * 1024;
/// … or has had this long to gather.
const CROWD_WAIT_MAX: Duration = Duration::from_millis(1);

/// When a group is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    /// With the first record.
    AtOnce,
    /// After a millisecond, or once there are many.
    Crowd,
}

/// A record on its way to the disk.
pub(crate) struct Pending {
    pub(crate) head: Vec<u8>,
    pub(crate) body: Bytes,
    pub(crate) done: Done,
}

impl Pending {
    /// What the record takes in a segment, and what it counts for in the queue.
    pub(crate) fn frame_bytes(&self) -> usize {
        self.head.len() + self.body.len() + frame::OVERHEAD_BYTES
    }
}

pub(crate) struct Queue {
    inner: Mutex<Inner>,
    wake: Condvar,
    bytes_max: usize,
}

#[derive(Default)]
struct Inner {
    records: Vec<Pending>,
    bytes: usize,
    /// The sleeping writer is woken when there are so many records; 0 = it is awake.
    wake_at: usize,
    refuse: Option<AppendError>,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Queue { inner: Mutex::default(), wake: Condvar::new(), bytes_max }
    }

    pub(crate) fn push(&self, pending: Pending) -> Result<(), AppendError> {
        let bytes = pending.frame_bytes();
        let mut inner = self.lock();
        if let Some(refusal) = inner.refuse {
            return Err(refusal);
        }
        // A record above the limit must be able to pass at some time: when it is alone.
        if inner.bytes > 0 && inner.bytes + bytes > self.bytes_max {
            return Err(AppendError::Overloaded);
        }
        inner.bytes += bytes;
        inner.records.push(pending);
        let wake = inner.wake_at > 0 && (inner.records.len() >= inner.wake_at || inner.bytes >= CROWD_BYTES);
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
    pub(crate) fn take(&self, group: &mut Vec<Pending>, take: Take) -> bool {
        debug_assert!(group.is_empty());
        let mut inner = self.lock();
        if take == Take::Crowd {
            inner = self.wait_for_crowd(inner);
        }
        while inner.records.is_empty() {
            if inner.closed {
                return false;
            }
            inner.wake_at = 1;
            inner = self.wake.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        inner.wake_at = 0;
        std::mem::swap(&mut inner.records, group);
        true
    }

    fn wait_for_crowd<'a>(&self, mut inner: MutexGuard<'a, Inner>) -> MutexGuard<'a, Inner> {
        inner.wake_at = CROWD_RECORDS;
        let gathers =
            |inner: &mut Inner| inner.records.len() < CROWD_RECORDS && inner.bytes < CROWD_BYTES && !inner.closed;
        let (inner, _) =
            self.wake.wait_timeout_while(inner, CROWD_WAIT_MAX, gathers).unwrap_or_else(PoisonError::into_inner);
        inner
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
        std::mem::take(&mut inner.records)
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

    fn pending(bytes: usize) -> Pending {
        Pending { head: Vec::new(), body: Bytes::from(vec![0; bytes]), done: Box::new(|_| {}) }
    }

    #[test]
    fn bytes_count_until_they_are_answered() {
        let queue = Queue::new(200);
        assert_eq!(queue.push(pending(500)), Ok(()), "alone, a large record passes");
        assert_eq!(queue.push(pending(1)), Err(AppendError::Overloaded));
        let mut group = Vec::new();
        assert!(queue.take(&mut group, Take::AtOnce));
        assert_eq!(queue.push(pending(1)), Err(AppendError::Overloaded), "taken, not answered");
        queue.answered(group.drain(..).map(|record| record.frame_bytes()).sum());
        assert_eq!(queue.push(pending(1)), Ok(()));
        assert_eq!(queue.push(pending(1)), Ok(()));
        assert_eq!(queue.bytes(), 82);
    }

    #[test]
    fn a_closed_queue_is_drained_and_a_poisoned_one_is_not() {
        let queue = Queue::new(1000);
        assert_eq!(queue.push(pending(1)), Ok(()));
        queue.close();
        assert_eq!(queue.push(pending(1)), Err(AppendError::Closed));
        let mut group = Vec::new();
        assert!(queue.take(&mut group, Take::AtOnce));
        group.clear();
        assert!(!queue.take(&mut group, Take::AtOnce));

        let queue = Queue::new(1000);
        assert_eq!(queue.push(pending(1)), Ok(()));
        assert_eq!(queue.poison().len(), 1);
        queue.close();
        assert_eq!(queue.push(pending(1)), Err(AppendError::Poisoned), "poison outlasts closing");
        assert!(!queue.take(&mut group, Take::AtOnce));
    }

    #[test]
    fn a_crowd_is_taken_when_it_is_there_or_its_time_is_over() {
        let check = |records: usize, bytes: usize| {
            let queue = Queue::new(1 << 30);
            (0..records).for_each(|_| assert_eq!(queue.push(pending(bytes)), Ok(())));
            let mut group = Vec::new();
            assert!(queue.take(&mut group, Take::Crowd));
            assert_eq!(group.len(), records);
        };
        check(CROWD_RECORDS, 1);
        check(CROWD_RECORDS - 1, 1);
        check(1, CROWD_BYTES);
        check(1, 1);
    }

    #[test]
    fn waiting_for_a_crowd_ends_with_the_first_record_or_the_close() {
        let queue = Queue::new(1 << 30);
        let (taken, heard) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut group = Vec::new();
                while queue.take(&mut group, Take::Crowd) {
                    taken.send(group.drain(..).len()).expect("heard");
                }
            });
            for _ in 0..3 {
                // Longer than a crowd is waited for, so that the writer sleeps for one record.
                std::thread::sleep(CROWD_WAIT_MAX * 4);
                assert_eq!(queue.push(pending(1)), Ok(()));
                let heard = heard.recv_timeout(Duration::from_secs(10));
                if heard.is_err() {
                    // Without this the scope would wait for a writer that sleeps.
                    queue.close();
                }
                assert_eq!(heard, Ok(1));
            }
            queue.close();
            assert!(writer.join().is_ok());
        });
    }
}
