//! When a request was first received, so that one that is sent again is dated alike.
//!
//! An event without a time gets that of its receipt. Sent again under the same request id
//! it must be the same event, and not another one under the same `_id`. This is memory of
//! the process within a named limit: after a restart, or much later, the second sending
//! is kept apart as a conflict, and counts no more than before.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// Requests that are remembered, the latest ones.
const REQUESTS_MAX: usize = 4_096;

/// The latest requests of which an event was dated.
#[derive(Debug, Default)]
pub(crate) struct FirstReceipts {
    keys: RandomState,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    times: HashMap<u64, i64>,
    /// The keys, the oldest first.
    order: VecDeque<u64>,
}

impl FirstReceipts {
    /// The time at which this request was received first.
    pub(crate) fn first(&self, datastream: &str, request_id: &str, now_micros: i64) -> i64 {
        let key = self.keys.hash_one((datastream, request_id));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = seen.times.get(&key) {
            return *first;
        }
        if seen.order.len() >= REQUESTS_MAX {
            let Seen { times, order } = &mut *seen;
            order.pop_front().map(|oldest| times.remove(&oldest));
        }
        seen.order.push_back(key);
        seen.times.insert(key, now_micros);
        now_micros
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_time_stays_until_it_is_forgotten() {
        let receipts = FirstReceipts::default();
        assert_eq!(receipts.first("web", "a", 1), 1);
        assert_eq!(receipts.first("web", "a", 2), 1);
        assert_eq!(receipts.first("app", "a", 3), 3);
        for number in 0..REQUESTS_MAX {
            receipts.first("web", &format!("n{number}"), 4);
        }
        assert_eq!(receipts.first("web", "a", 5), 5);
        let seen = receipts.seen.lock().expect("not poisoned");
        assert_eq!((seen.order.len(), seen.times.len()), (REQUESTS_MAX, REQUESTS_MAX));
    }
}
