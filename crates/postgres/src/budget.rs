//! The bytes of all answers that are held at once, and those of one connection: a client with many cursors leaves room for others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use report::MemoryReservation;

/// So many bytes for all connections together, or for one of them.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bytes_max: usize,
    held: AtomicUsize,
    /// What this is a share of.
    whole: Option<Budget>,
}

/// The room of one answer; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    budget: Budget,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(bytes_max: usize) -> Budget {
        Budget(Arc::new(Inner { bytes_max, held: AtomicUsize::new(0), whole: None }))
    }

    /// What one connection may hold of it: half, or one answer where that is more.
    pub(crate) fn share(&self, answer_bytes_max: usize) -> Budget {
        let bytes_max = answer_bytes_max.max(self.0.bytes_max / 2);
        Budget(Arc::new(Inner { bytes_max, held: AtomicUsize::new(0), whole: Some(self.clone()) }))
    }

    fn take(&self, more: usize) -> bool {
        let Inner { bytes_max, held, whole } = &*self.0;
        let taken = |held: usize| held.checked_add(more).filter(|held| held <= bytes_max);
        if held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_err() {
            return false;
        }
        let is_there = whole.as_ref().is_none_or(|whole| whole.take(more));
        if !is_there {
            held.fetch_sub(more, Ordering::Relaxed);
        }
        is_there
    }

    fn give_back(&self, bytes: usize) {
        self.0.held.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(whole) = &self.0.whole {
            whole.give_back(bytes);
        }
    }

    pub(crate) fn room(&self) -> Room {
        Room { budget: self.clone(), bytes: 0 }
    }
}

impl MemoryReservation for Room {
    fn grow_to(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let has_room = self.budget.take(more);
        if has_room {
            self.bytes += more;
        }
        has_room
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_share_so_many_bytes() {
        let budget = Budget::new(10);
        let (mut one, mut other) = (budget.room(), budget.room());
        assert!(one.grow_to(6) && one.grow_to(6) && one.grow_to(3));
        assert!(!other.grow_to(5) && other.grow_to(4));
        drop(one);
        assert!(other.grow_to(10));
        drop(other);
        assert_eq!(budget.0.held.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn one_connection_leaves_room_for_others() {
        let budget = Budget::new(10);
        let (one, other) = (budget.share(3), budget.share(3));
        let (mut first, mut second, mut third) = (one.room(), one.room(), other.room());
        assert!(first.grow_to(3) && second.grow_to(2));
        assert!(!second.grow_to(3), "half of it is taken");
        assert!(third.grow_to(5));
        drop(first);
        assert!(!third.grow_to(6) && second.grow_to(5));
        assert_eq!((one.0.held.load(Ordering::Relaxed), budget.0.held.load(Ordering::Relaxed)), (5, 10));
        drop((second, third));
        assert_eq!((one.0.held.load(Ordering::Relaxed), budget.0.held.load(Ordering::Relaxed)), (0, 0));
        // One answer fits, however small the half is.
        assert!(budget.share(8).room().grow_to(8));
    }
}
