//! What each visitor did in parts of a day that questions ask for again and again.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Parts that are known at once: all of the day, and what is on both sides of midnight in two other zones.
pub(super) const KNOWN_PARTS_MAX: usize = 5;

/// Found out by the first question that needs it. A copy knows nothing yet.
#[derive(Debug, Default)]
pub(crate) struct KnownParts(Mutex<Vec<(Range<u16>, Arc<[u8]>)>>);

impl KnownParts {
    /// What each visitor did in these buckets of the day.
    pub(crate) fn get_or_make(&self, buckets: &Range<u16>, make: impl FnOnce() -> Vec<u8>) -> Arc<[u8]> {
        if let Some(known) = self.get(buckets) {
            return known;
        }
        // Others may look for other parts meanwhile; whoever looks for the same one finds the same.
        let made: Arc<[u8]> = make().into();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(of, _)| of != buckets);
        known.insert(0, (buckets.clone(), Arc::clone(&made)));
        known.truncate(KNOWN_PARTS_MAX);
        made
    }

    /// What is asked for moves to the front, so that what isn't asked for any more goes.
    fn get(&self, buckets: &Range<u16>) -> Option<Arc<[u8]>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.iter().position(|(of, _)| of == buckets)?;
        known[..=at].rotate_right(1);
        Some(Arc::clone(&known[0].1))
    }
}

impl Clone for KnownParts {
    fn clone(&self) -> KnownParts {
        KnownParts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_out_once_while_it_is_asked_for() {
        let known = KnownParts::default();
        let made = std::cell::Cell::new(0);
        let ask = |hour: u16| {
            let found = known.get_or_make(&(0..hour), || {
                made.set(made.get() + 1);
                vec![hour as u8]
            });
            assert_eq!(*found, [hour as u8]);
            made.get()
        };
        assert_eq!([ask(1), ask(1), ask(2), ask(3), ask(4), ask(5)], [1, 1, 2, 3, 4, 5]);
        assert_eq!([ask(1), ask(6), ask(1)], [5, 6, 6], "it was asked for later than the second");
        assert_eq!(ask(2), 7);
    }
}
