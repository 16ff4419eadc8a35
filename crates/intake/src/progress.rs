//! Between the drain and those who wait for it: how far it is, and what it is asked to do.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How far the drain is.
#[derive(Clone, Debug, Default)]
pub(crate) struct DrainProgress {
    /// Records up to this one are rows, visible as soon as a query asks.
    pub(crate) drained: u64,
    /// Records up to this one are visible to queries.
    pub(crate) shown: u64,
    /// Records up to this one are committed.
    pub(crate) committed: u64,
    /// Failed commits so far, and why the last one failed, while it isn't repeated.
    pub(crate) failures: u64,
    pub(crate) trouble: Option<String>,
    /// Nothing more can be shown before a commit succeeds.
    pub(crate) stuck: bool,
    /// How often the drain has gone over to another context.
    pub(crate) switches: u64,
    /// Set once, at the end.
    pub(crate) ended: Option<DrainEnd>,
}

/// How the drain ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DrainEnd {
    /// As asked for.
    Closed,
    /// It can't go on.
    Stopped(String),
}

/// What the drain is asked to do.
#[derive(Default)]
pub(crate) struct DrainControl {
    wanted: Mutex<Wanted>,
    wake: Condvar,
}

/// Requests to the drain that it has not taken yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Look at the journal now, and show what is in it.
    pub(crate) show: bool,
    /// Commit what is drained, even if it is little.
    pub(crate) commit: bool,
    /// End without another commit.
    pub(crate) stop: bool,
}

impl DrainControl {
    pub(crate) fn ask(&self, ask: impl FnOnce(&mut Wanted)) {
        ask(&mut self.wanted.lock().unwrap_or_else(PoisonError::into_inner));
        self.wake.notify_one();
    }

    /// Waits for a request or the timeout; takes the requests.
    pub(crate) fn wait(&self, timeout: Duration) -> Wanted {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let quiet = |wanted: &mut Wanted| !(wanted.show || wanted.commit || wanted.stop);
        let (mut wanted, _) =
            self.wake.wait_timeout_while(wanted, timeout, quiet).unwrap_or_else(PoisonError::into_inner);
        let taken = *wanted;
        // A stop stays asked for.
        *wanted = Wanted { stop: taken.stop, ..Wanted::default() };
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_taken_once_and_a_stop_stays() {
        let control = DrainControl::default();
        let for_ever = Duration::from_secs(3600);
        assert_eq!(control.wait(Duration::ZERO), Wanted::default(), "nobody asked");
        control.ask(|wanted| wanted.show = true);
        control.ask(|wanted| wanted.commit = true);
        assert_eq!(control.wait(for_ever), Wanted { show: true, commit: true, stop: false });
        assert_eq!(control.wait(Duration::ZERO), Wanted::default(), "taken");
        control.ask(|wanted| wanted.stop = true);
        control.ask(|wanted| wanted.show = true);
        assert_eq!(control.wait(for_ever), Wanted { show: true, commit: false, stop: true });
        assert_eq!(control.wait(for_ever), Wanted { show: false, commit: false, stop: true });
    }

    #[test]
    fn a_request_ends_the_wait() {
        let control = DrainControl::default();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| control.wait(Duration::from_secs(3600)));
            control.ask(|wanted| wanted.commit = true);
            assert!(waiting.join().expect("no panic").commit);
        });
    }
}
