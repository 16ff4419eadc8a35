//! One budget of bytes for everything that senders make the server hold.
//!
//! Memory grows by bodies, so bodies are what is counted: while they arrive, while they
//! are decompressed, until their answer is written. A claim never waits; a sender that
//! finds no room is told to come back, which keeps the wait where it costs nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that may be held at once, and how many are.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    used: Arc<AtomicUsize>,
    bytes_max: usize,
}

impl Budget {
    pub(crate) fn new(bytes_max: usize) -> Budget {
        Budget { used: Arc::new(AtomicUsize::new(0)), bytes_max }
    }

    /// Takes `bytes`, or nothing when they don't fit.
    pub(crate) fn claim(&self, bytes: usize) -> Option<Claim> {
        let mut claim = Claim { budget: self.clone(), bytes: 0 };
        claim.grow_to(bytes).then_some(claim)
    }

    /// Bytes held now.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: usize) -> bool {
        // Relaxed: the number guards memory use, not memory contents.
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|sum| *sum <= self.bytes_max)
            })
            .is_ok()
    }
}

/// Answers of queries count as they come.
impl report::Hold for Claim {
    fn grow_to(&mut self, bytes: usize) -> bool {
        Claim::grow_to(self, bytes)
    }
}

/// Bytes taken from a [`Budget`]; given back when dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    budget: Budget,
    bytes: usize,
}

impl Claim {
    /// Takes what is missing up to `bytes` in all; false when it doesn't fit.
    #[must_use]
    pub(crate) fn grow_to(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let fits = more == 0 || self.budget.take(more);
        if fits {
            self.bytes = self.bytes.max(bytes);
        }
        fits
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
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
        assert!(!first.grow_to(61));
        drop(second);
        assert!(first.grow_to(100));
        assert!(first.grow_to(10), "shrinking is no claim");
        assert_eq!(budget.used(), 100);
        drop(first);
        assert_eq!(budget.used(), 0);
        assert!(budget.claim(usize::MAX).is_none());
        assert_eq!(budget.used(), 0);
    }
}
