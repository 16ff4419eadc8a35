//! Tests of the state file.

mod mailings;
mod opening;
mod stores;

use std::path::Path;
use std::sync::Arc;

use ambient::ManualClock;
use state::State;

/// 2026-11-29T04:00:00Z.
pub(crate) const NOW: i64 = 1_795_924_800_000_000;

pub(crate) async fn open(data: &Path) -> State {
    State::open(data, clock()).await.expect("it opens")
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(NOW))
}
