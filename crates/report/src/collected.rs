//! What arrives: how often each column of the events is filled, its commonest values where they may be shown, and what
//! no schema declares.
//!
//! It is counted over events themselves, since no summary knows their columns: over the newest of a period, so that it
//! costs the same however many there are. A worker reads them once and counts; what it says is kept for whoever asks
//! next.
//!
//! **Which values are shown** is decided by whoever asks, column by column ([`ShownValues`]): true and false, small
//! whole numbers, and texts that a schema names. A text that anybody may write is never given out by a worker here,
//! so nothing that is personal, stands for a person or was typed by one can be among them.

mod cache;
mod fold;
mod statement;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use summary::Filter;

pub(crate) use cache::CollectedCache;
pub(crate) use fold::fold;

use crate::reports::{ReportName, ReportPeriod, ReportRequest, RequestError};
use crate::{Period, Zone};

/// Whole numbers from 0 to this one are shown as values.
pub const SMALL_NUMBER_MAX: i64 = 1_000;
/// Values that are told of a column, the commonest first.
pub(crate) const VALUES_TOLD_MAX: usize = 5;
/// Undeclared properties that are told, the commonest first.
pub const UNDECLARED_TOLD_MAX: usize = 200;

/// Which values of a column may be told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShownValues {
    /// None.
    #[default]
    None,
    /// True and false.
    Flags,
    /// Whole numbers up to [`SMALL_NUMBER_MAX`].
    Small,
    /// These texts.
    Listed(Vec<String>),
}

/// A column that is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectedColumn {
    /// Its dotted path in `events`.
    pub path: String,
    /// Which of its values may be told.
    pub values: ShownValues,
}

/// How a column is filled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilledColumn {
    /// Its dotted path.
    pub path: String,
    /// Events that have a value there.
    pub filled: u64,
    /// The commonest values that may be told, each with its events.
    pub values: Vec<(String, u64)>,
    /// Events with other values, of a column whose values may be told.
    pub others: u64,
}

/// What arrived in a span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collected {
    /// Events that were looked at.
    pub events: u64,
    /// The columns that the table has, in the order in which they were asked about.
    pub columns: Vec<FilledColumn>,
    /// Where something undeclared stood, as a JSON pointer with `*` for places in lists, and in how many events.
    pub undeclared: Vec<(String, u64)>,
    /// Whether there were more such places.
    pub has_more_undeclared: bool,
    /// The first instant that was looked at, where not the whole period was; microseconds since 1970.
    pub since_micros: Option<i64>,
}

/// What arrived, as far as that is known now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectedAnswer {
    /// What was counted.
    pub collected: Arc<Collected>,
    /// When that was begun, where it is being counted anew; microseconds since 1970.
    pub older_micros: Option<i64>,
}

impl Collected {
    /// How a column is filled; `None` of one that the table doesn't have.
    pub fn column(&self, path: &str) -> Option<&FilledColumn> {
        self.columns.iter().find(|column| column.path == path)
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct CollectedRequest {
    pub(crate) period: Period,
    now: i64,
    zone: Zone,
    pub(crate) filter: Filter,
    pub(crate) columns: Vec<CollectedColumn>,
}

impl CollectedRequest {
    /// Reads the parameters of reports; `zone` is that of a URL that names none, `now` the present in microseconds
    /// since 1970.
    ///
    /// # Errors
    /// [`RequestError`]: the first thing that is wrong, and what to write instead.
    pub fn parse<'a>(
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
        columns: Vec<CollectedColumn>,
        zone: Zone,
        now: i64,
    ) -> Result<CollectedRequest, RequestError> {
        let report = ReportRequest::parse(ReportName::Overview.name(), parameters, zone, now)?;
        let (period, zone, filter) = (report.period(), report.zone(), report.filter().clone());
        Ok(CollectedRequest { period, now, zone, filter, columns })
    }

    /// The span as reports tell it.
    pub fn report_period(&self) -> ReportPeriod {
        let (since, until) = (self.period.since().timestamp_micros(), self.period.until().timestamp_micros());
        ReportPeriod {
            since: self.zone.write(since),
            until: self.zone.write(until),
            tz: self.zone.name().to_owned(),
            so_far: (since..until).contains(&self.now),
        }
    }

    /// What the zone's clock showed at an instant, RFC 3339.
    pub fn clock(&self, micros: i64) -> String {
        self.zone.write(micros)
    }
}
