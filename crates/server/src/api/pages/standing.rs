//! How the server stands, for the page of quality: what waits, how fresh the numbers are, how much room there is.

use std::time::Duration;

use dashboard::{FilterKind, NewestEvent, Standing, View};
use report::{EventList, EventsRequest};

use crate::api::rows;
use crate::app::backend::Backend;
use crate::app::embedded::metrics::{DISK_FREE, JOURNAL_BYTES, LAG_RECORDS, LAST_COMMIT, SET_ASIDE, UNCOMMITTED};
use crate::app::state::AppState;

/// How long events are looked for: the page isn't held up by it.
const LOOK_MAX: Duration = Duration::from_millis(100);
/// Only the newest event of these days is told.
const NEWEST: [(&str, &str); 2] = [("since", "400d"), ("limit", "1")];
/// Examples of rejected events are looked for among so many of the newest.
const REJECTED: [(&str, &str); 2] = [("show", "rejected"), ("limit", "200")];
const MICROS: f64 = 1e6;

/// What is known of it now.
pub(super) async fn standing<B: Backend>(state: &AppState<B>, view: &View) -> Standing {
    // Reports tell of rejected events only where nothing is filtered.
    let is_all = !view.is_filtered_by(&FilterKind::ALL);
    let period = view.parameters().filter(|(name, _)| ["since", "until", "tz"].contains(name));
    let rejected = async { if is_all { found(state, period.chain(REJECTED)).await } else { None } };
    let (newest, rejected) = tokio::join!(found(state, NEWEST), rejected);
    let newest = newest.map_or(NewestEvent::Unknown, |list| match list.stored.into_iter().next() {
        Some(line) => NewestEvent::At(line.time, line.received_at),
        None => NewestEvent::None,
    });
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
        rejected: rejected.map(|list| list.rejected).unwrap_or_default(),
    }
}

/// A list of events, if it is there soon.
async fn found<'a, B: Backend>(
    state: &AppState<B>,
    parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Option<EventList> {
    let request = EventsRequest::parse(parameters, state.options.time_zone, state.backend.now_micros()).ok()?;
    let _turn = state.sql_slots.try_acquire().ok()?;
    let looking = state.backend.events(&request, rows::limits(state));
    tokio::time::timeout(LOOK_MAX, looking).await.ok()?.ok()
}
