//! How long is waited after a failure: twice as long each time, an hour at most, for about a day.

use std::time::Duration;

/// The first pause.
const PAUSE_MIN: Duration = Duration::from_secs(60);
/// The longest pause.
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(60 * 60);
/// Attempts at one mail: with their pauses they take 25 hours.
pub(super) const ATTEMPTS_MAX: u32 = 30;

/// The pause after so many failures.
pub(super) fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(10);
    (PAUSE_MIN * 2u32.pow(doublings)).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let minutes: Vec<u64> = [0, 1, 2, 3, 6, 7, 8, u32::MAX].map(|failures| pause(failures).as_secs() / 60).to_vec();
        assert_eq!(minutes, [1, 1, 2, 4, 32, 60, 60, 60]);
        let all: Duration = (1..ATTEMPTS_MAX).map(pause).sum();
        assert_eq!(all.as_secs() / 3_600, 24, "a day");
    }
}
