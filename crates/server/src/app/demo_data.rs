//! Made-up events that a button loads: whether they are being loaded, and what came of it.
//!
//! There is one load at a time. What came of it is told for a while and kept nowhere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long it is told that they were loaded.
const TOLD_FOR: Duration = Duration::from_secs(15 * 60);

/// The load of one server.
#[derive(Clone, Debug, Default)]
pub(crate) struct DemoLoad(Arc<Mutex<DemoNow>>);

/// How it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum DemoNow {
    /// Nobody has asked for them, or that was long ago.
    #[default]
    Nothing,
    /// They are being loaded.
    Loading(Loaded),
    /// They were.
    Over(Loaded, Instant),
    /// It was given up: why, in words for people.
    GivenUp(Loaded, String),
}

/// How many events there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Loaded {
    pub(crate) accepted: u64,
    pub(crate) rejected: u64,
    /// All that are to be loaded.
    pub(crate) of: u64,
}

/// The one load that runs. Where it is dropped without a word, it was given up.
#[derive(Debug)]
pub(crate) struct DemoTurn(DemoLoad);

impl DemoLoad {
    /// Begins to load so many; `None` while they are being loaded.
    pub(crate) fn begin(&self, of: u64) -> Option<DemoTurn> {
        let mut now = self.held();
        if matches!(*now, DemoNow::Loading(_)) {
            return None;
        }
        *now = DemoNow::Loading(Loaded { of, ..Loaded::default() });
        Some(DemoTurn(self.clone()))
    }

    /// How it stands.
    pub(crate) fn now(&self) -> DemoNow {
        match &*self.held() {
            DemoNow::Over(_, at) if at.elapsed() > TOLD_FOR => DemoNow::Nothing,
            now => now.clone(),
        }
    }

    fn held(&self) -> MutexGuard<'_, DemoNow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DemoTurn {
    /// Counts what became of some more.
    pub(crate) fn add(&self, accepted: u64, rejected: u64) {
        if let DemoNow::Loading(loaded) = &mut *self.0.held() {
            loaded.accepted += accepted;
            loaded.rejected += rejected;
        }
    }

    /// All are loaded.
    pub(crate) fn finish(self) {
        self.end(|loaded| DemoNow::Over(loaded, Instant::now()));
    }

    /// No more will be loaded.
    pub(crate) fn give_up(self, why: String) {
        self.end(|loaded| DemoNow::GivenUp(loaded, why));
    }

    /// It was begun in vain.
    pub(crate) fn forget(self) {
        self.end(|_| DemoNow::Nothing);
    }

    fn end(&self, next: impl FnOnce(Loaded) -> DemoNow) {
        let mut now = self.0.held();
        if let DemoNow::Loading(loaded) = *now {
            *now = next(loaded);
        }
    }
}

impl Drop for DemoTurn {
    fn drop(&mut self) {
        self.end(|loaded| DemoNow::GivenUp(loaded, "loading them was broken off".to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_load_at_a_time_and_each_comes_to_an_end() {
        let load = DemoLoad::default();
        assert_eq!(load.now(), DemoNow::Nothing);
        let turn = load.begin(10).expect("nobody loads");
        assert!(load.begin(10).is_none());
        turn.add(3, 1);
        let loaded = Loaded { accepted: 3, rejected: 1, of: 10 };
        assert_eq!(load.now(), DemoNow::Loading(loaded));
        turn.give_up("the disk is full".to_owned());
        assert_eq!(load.now(), DemoNow::GivenUp(loaded, "the disk is full".to_owned()));
        drop(load.begin(10).expect("it is over"));
        assert!(matches!(load.now(), DemoNow::GivenUp(Loaded { of: 10, accepted: 0, .. }, _)));
        load.begin(10).expect("it is over").forget();
        assert_eq!(load.now(), DemoNow::Nothing);
        load.begin(10).expect("it is over").finish();
        assert!(matches!(load.now(), DemoNow::Over(..)));
    }
}
