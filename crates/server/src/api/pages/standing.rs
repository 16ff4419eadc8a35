//! How the server stands, for the page of quality: what waits, how fresh the numbers are, how much room there is.

use std::time::Duration;

use dashboard::Standing;
use report::EventsRequest;

use crate::api::rows;
use crate::app::backend::Backend;
use crate::app::embedded::metrics::{DISK_FREE, JOURNAL_BYTES, LAG_RECORDS, LAST_COMMIT, SET_ASIDE, UNCOMMITTED};
use crate::app::state::AppState;

/// How long the newest event is looked for: the page isn't held up by it.
const NEWEST_WAIT_MAX: Duration = Duration::from_millis(100);
/// Only the newest event of these days is told.
const NEWEST: [(&str, &str); 2] = [("since", "400d"), ("limit", "1")];
const MICROS: f64 = 1e6;

/// What is known of it now.
pub(super) async fn standing<B: Backend>(state: &AppState<B>) -> Standing {
    let newest = newest(state).await;
    let report = state.backend.health();
    let number = |name: &str| {
        let sample = report.samples.iter().find(|sample| sample.name == name)?;
        sample.values.first().map(|(_, value)| *value)
    };
    let count = |name: &str| number(name).map(|value| value as u64);
    Standing {
        newest,
        last_commit: number(LAST_COMMIT).filter(|at| *at > 0.0).map(|at| (at * MICROS) as i64),
        waiting: count(LAG_RECORDS),
        uncommitted: count(UNCOMMITTED),
        set_aside: count(SET_ASIDE),
        journal_bytes: count(JOURNAL_BYTES),
        free_bytes: count(DISK_FREE),
        remarks: report.trouble.into_iter().chain(report.remarks).collect(),
    }
}

async fn newest<B: Backend>(state: &AppState<B>) -> Option<(String, String)> {
    let request = EventsRequest::parse(NEWEST, state.options.time_zone, state.backend.now_micros()).ok()?;
    let _turn = state.sql_slots.try_acquire().ok()?;
    let looking = state.backend.events(&request, rows::limits(state));
    let list = tokio::time::timeout(NEWEST_WAIT_MAX, looking).await.ok()?.ok()?;
    list.stored.into_iter().next().map(|line| (line.time, line.received_at))
}
