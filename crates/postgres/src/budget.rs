//! The bytes of all answers that are held at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use report::MemoryReservation;

/// So many bytes for all connections together.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bytes_max: usize,
    held: AtomicUsize,
}

/// The room of one answer; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    budget: Budget,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(bytes_max: usize) -> Budget {
        Budget(Arc::new(Inner { bytes_max, held: AtomicUsize::new(0) }))
    }

    pub(crate) fn room(&self) -> Room {
        Room { budget: self.clone(), bytes: 0 }
    }
}

impl MemoryReservation for Room {
    fn grow_to(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let Inner { bytes_max, held } = &*self.budget.0;
        let take = |held: usize| held.checked_add(more).filter(|held| held <= bytes_max);
        let has_room = held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
        if has_room {
            self.bytes += more;
        }
        has_room
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.budget.0.held.fetch_sub(self.bytes, Ordering::Relaxed);
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
}
