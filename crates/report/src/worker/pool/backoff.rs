//! When the next worker may be started, so that none is started in a loop.

use std::time::Duration;

use tokio::time::Instant;

/// Longest pause after failures to start a worker, and after queries that ended one.
const START_PAUSE_MAX: Duration = Duration::from_secs(30);
const CRASH_PAUSE_MAX: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(50);

/// When the next worker may be started.
#[derive(Default)]
pub(super) struct StartBackoff {
    failures: u32,
    crashes: u32,
    pub(super) until: Option<Instant>,
}

impl StartBackoff {
    pub(super) fn start_failed(&mut self, now: Instant) {
        self.failures += 1;
        self.until = Some(now + doubled(self.failures).min(START_PAUSE_MAX));
    }

    /// The first of several crashes costs nothing: people make mistakes.
    pub(super) fn crashed(&mut self, now: Instant) {
        self.crashes += 1;
        if self.crashes > 1 {
            self.until = Some(now + doubled(self.crashes - 1).min(CRASH_PAUSE_MAX));
        }
    }

    pub(super) fn went_well(&mut self) {
        *self = StartBackoff::default();
    }
}

fn doubled(times: u32) -> Duration {
    PAUSE.saturating_mul(1 << times.min(16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_end_with_success() {
        let now = Instant::now();
        let mut backoff = StartBackoff::default();
        let pause = |backoff: &StartBackoff| backoff.until.map(|until| until.saturating_duration_since(now));
        backoff.crashed(now);
        assert_eq!(pause(&backoff), None, "one crash is a mistake");
        backoff.crashed(now);
        assert_eq!(pause(&backoff), Some(PAUSE * 2));
        for _ in 0..40 {
            backoff.crashed(now);
        }
        assert_eq!(pause(&backoff), Some(CRASH_PAUSE_MAX));
        backoff.went_well();
        assert_eq!(pause(&backoff), None);
        for _ in 0..40 {
            backoff.start_failed(now);
        }
        assert_eq!(pause(&backoff), Some(START_PAUSE_MAX));
    }
}
