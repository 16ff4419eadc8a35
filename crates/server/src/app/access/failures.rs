//! Tries that failed, counted over everybody: logins with wrong keys, and links that aren't ones.
//!
//! Neither can be guessed. The limit bounds what is made for whoever tries, and never holds up a good try.

use std::sync::{Mutex, PoisonError};

/// Tries that may fail within [`STRETCH_SECONDS`], by everybody together.
pub(super) const FAILURES_MAX: u32 = 60;
/// What they are counted by, in seconds.
const STRETCH_SECONDS: i64 = 60;

/// Tries that failed in one stretch of time.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    /// Which stretch.
    stretch: i64,
    count: u32,
}

impl Failures {
    /// Counts one more; `what` is said of in the log when they become too many.
    ///
    /// # Errors
    /// There were too many; after so many seconds there can be more.
    pub(super) fn count(&self, what: &'static str, now_s: i64) -> Result<(), u64> {
        let stretch = now_s.div_euclid(STRETCH_SECONDS);
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.stretch != stretch {
            *counted = Counted { stretch, count: 0 };
        }
        counted.count = counted.count.saturating_add(1);
        if counted.count == FAILURES_MAX + 1 {
            tracing::warn!(
                what,
                failures = FAILURES_MAX,
                "many tries failed; those that fail are answered with 429 for up to a minute"
            );
        }
        match counted.count > FAILURES_MAX {
            true => Err((STRETCH_SECONDS - now_s.rem_euclid(STRETCH_SECONDS)).unsigned_abs()),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_for_everybody() {
        let failures = Failures::default();
        let failed = |now_s| failures.count("tests", now_s);
        assert!((0..FAILURES_MAX).all(|_| failed(125).is_ok()));
        assert_eq!(failed(125), Err(55));
        assert_eq!(failed(179), Err(1));
        assert_eq!(failed(180), Ok(()));
        // A clock that is set back gives no endless wait.
        assert_eq!(failed(7), Ok(()));
    }
}
