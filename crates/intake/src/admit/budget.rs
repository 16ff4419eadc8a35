//! One budget of bytes for everything that senders make the process hold.
//!
//! Bodies count while they arrive, are decompressed and wait for their answer; answers
//! count until their reader has taken them. A claim never waits: a sender that finds no
//! room is asked to come back, which keeps the wait where it costs nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of bytes that may be held at once. Clones share it.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bytes_max: usize,
    used: AtomicUsize,
    /// What is taken here is taken there, too.
    whole: Option<Budget>,
}

impl Budget {
    /// A budget of its own.
    pub fn new(bytes_max: usize) -> Budget {
        Budget(Arc::new(Inner { bytes_max, used: AtomicUsize::new(0), whole: None }))
    }

    /// A part of this budget that may use so much of it, so that one kind of bytes leaves
    /// room for the others.
    pub fn share(&self, bytes_max: usize) -> Budget {
        Budget(Arc::new(Inner { bytes_max, used: AtomicUsize::new(0), whole: Some(self.clone()) }))
    }

    /// Takes bytes; `None` when they don't fit.
    pub fn claim(&self, bytes: usize) -> Option<Claim> {
        let mut claim = self.empty();
        claim.grow_to(bytes).then_some(claim)
    }

    /// A claim of nothing, to be grown.
    pub fn empty(&self) -> Claim {
        Claim { budget: Some(self.clone()), bytes: 0 }
    }

    /// Counts bytes that are held already, whether they fit or not.
    pub fn count(&self, bytes: usize) -> Claim {
        self.add(bytes);
        Claim { budget: Some(self.clone()), bytes }
    }

    /// The most that may be held.
    pub fn bytes_max(&self) -> usize {
        self.0.bytes_max
    }

    /// Bytes held now.
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Whether nothing more fits.
    pub fn is_full(&self) -> bool {
        self.used() >= self.0.bytes_max || self.0.whole.as_ref().is_some_and(Budget::is_full)
    }

    fn take(&self, bytes: usize) -> bool {
        let Inner { bytes_max, used, whole } = &*self.0;
        // Relaxed: the number guards memory use, not memory contents.
        let fits = used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|sum| *sum <= *bytes_max)
            })
            .is_ok();
        if fits && whole.as_ref().is_some_and(|whole| !whole.take(bytes)) {
            used.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        fits
    }

    fn add(&self, bytes: usize) {
        self.0.used.fetch_add(bytes, Ordering::Relaxed);
        if let Some(whole) = &self.0.whole {
            whole.add(bytes);
        }
    }

    fn give_back(&self, bytes: usize) {
        self.0.used.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(whole) = &self.0.whole {
            whole.give_back(bytes);
        }
    }
}

/// Bytes taken from a [`Budget`]; given back when dropped. The default one is of no budget
/// and takes whatever it is asked for.
#[derive(Debug, Default)]
pub struct Claim {
    budget: Option<Budget>,
    bytes: usize,
}

impl Claim {
    /// Takes what is missing up to `bytes` in all; false when it doesn't fit.
    #[must_use]
    pub fn grow_to(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let fits = more == 0 || self.budget.as_ref().is_none_or(|budget| budget.take(more));
        if fits {
            self.bytes = self.bytes.max(bytes);
        }
        fits
    }

    /// Gives back what is over `bytes`.
    pub fn shrink_to(&mut self, bytes: usize) {
        let over = self.bytes.saturating_sub(bytes);
        if over > 0 {
            self.bytes = bytes;
            if let Some(budget) = &self.budget {
                budget.give_back(over);
            }
        }
    }

    /// What it holds.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// A claim of nothing on the same budget.
    pub fn beside(&self) -> Claim {
        Claim { budget: self.budget.clone(), bytes: 0 }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_fit_or_are_refused_and_come_back() {
        let budget = Budget::new(100);
        let mut first = budget.claim(60).expect("fits");
        assert!(budget.claim(41).is_none());
        assert_eq!(budget.used(), 60, "a refused claim leaves nothing behind");
        let second = budget.claim(40).expect("fits exactly");
        assert!(!first.grow_to(61) && budget.is_full());
        drop(second);
        assert!(first.grow_to(100));
        assert!(first.grow_to(10), "shrinking is no claim");
        assert_eq!(budget.used(), 100);
        first.shrink_to(30);
        assert_eq!((budget.used(), first.bytes()), (30, 30));
        drop(first);
        assert_eq!(budget.used(), 0);
        assert!(budget.claim(usize::MAX).is_none());
        assert_eq!(budget.used(), 0);
        assert!(Claim::default().grow_to(usize::MAX), "of no budget");
    }

    #[test]
    fn a_share_leaves_room_for_others_and_counts_in_the_whole() {
        let whole = Budget::new(100);
        let share = whole.share(50);
        let half = share.claim(50).expect("fits");
        assert!(share.claim(1).is_none() && share.is_full());
        assert_eq!((share.used(), whole.used()), (50, 50));
        let rest = whole.claim(50).expect("the other half");
        drop(half);
        let mut part = share.claim(40).expect("fits");
        assert!(!part.grow_to(50) || whole.used() <= 100);
        drop((part, rest));
        assert_eq!((share.used(), whole.used()), (0, 0));
        let full = whole.claim(90).expect("fits");
        assert!(share.claim(20).is_none());
        assert_eq!(share.used(), 0, "what the whole refuses is given back");
        drop(full);
        let over = share.count(70);
        assert_eq!((share.used(), whole.used()), (70, 70));
        drop(over);
        assert_eq!((share.used(), whole.used()), (0, 0));
    }
}
