//! What time it is, and how much of it has passed.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Microseconds since 1970-01-01T00:00:00Z. It may step back: somebody sets the clock.
    fn now_micros(&self) -> i64;

    /// Time since a moment that stays the same. It never steps back, so pauses and
    /// measurements use it.
    fn monotonic(&self) -> Duration {
        static BEGIN: OnceLock<Instant> = OnceLock::new();
        BEGIN.get_or_init(Instant::now).elapsed()
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_micros(&self) -> i64 {
        // A clock before 1970 is broken; 0 shows that plainly in `received_at`.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }
}

/// Stands still until it is moved.
#[derive(Debug, Default)]
pub struct ManualClock {
    micros: AtomicI64,
    passed_micros: AtomicI64,
}

impl ManualClock {
    /// A clock that says this, in microseconds since 1970-01-01T00:00:00Z.
    pub fn at(micros: i64) -> ManualClock {
        ManualClock { micros: AtomicI64::new(micros), passed_micros: AtomicI64::new(0) }
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        self.micros.fetch_add(micros, Ordering::SeqCst);
        self.passed_micros.fetch_add(micros, Ordering::SeqCst);
    }

    /// Sets the time of day, as somebody sets a clock: no time passes.
    pub fn set(&self, micros: i64) {
        self.micros.store(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_micros(&self) -> i64 {
        self.micros.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.passed_micros.load(Ordering::SeqCst).cast_unsigned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_clock_goes_on() {
        let (now, passed) = (SystemClock.now_micros(), SystemClock.monotonic());
        assert!(now > 1_700_000_000_000_000, "after 2023");
        assert!(SystemClock.monotonic() >= passed);
    }

    #[test]
    fn a_manual_clock_moves_when_it_is_moved() {
        let clock = ManualClock::at(1_000);
        assert_eq!((clock.now_micros(), clock.monotonic()), (1_000, Duration::ZERO));
        clock.advance(Duration::from_micros(5));
        assert_eq!((clock.now_micros(), clock.monotonic()), (1_005, Duration::from_micros(5)));
        clock.set(7);
        assert_eq!((clock.now_micros(), clock.monotonic()), (7, Duration::from_micros(5)), "set back, not passed");
    }
}
