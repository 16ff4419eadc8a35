//! Counts of connections, kept where they are made and read by whoever tells them.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// One server's connections in numbers.
#[derive(Debug, Default)]
pub(crate) struct ConnectionCounters {
    /// Open now.
    open: AtomicU64,
    /// Refused since the start.
    pub(crate) refused: AtomicU64,
    /// TLS handshakes that failed since the start.
    pub(crate) tls_handshake_failures: AtomicU64,
    /// Last second of the certificate in use, since 1970; 0 without TLS.
    pub(crate) tls_certificate_ends_s: AtomicI64,
}

impl ConnectionCounters {
    /// How many are open now.
    pub(crate) fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Counts one more in, unless there are `max`.
    #[must_use]
    pub(crate) fn try_open(&self, max: u64) -> bool {
        let one_more = |open| (open < max).then_some(open + 1);
        self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
    }

    /// Counts one out.
    pub(crate) fn close(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_are_open_than_the_limit() {
        let counters = ConnectionCounters::default();
        assert!(counters.try_open(2) && counters.try_open(2));
        assert!(!counters.try_open(2));
        assert_eq!(counters.open(), 2);
        counters.close();
        assert!(counters.try_open(2));
        assert!(!ConnectionCounters::default().try_open(0));
    }
}
