//! `report contacts`: the metrics by day and channel, the totals, and what became of
//! the events that were sent.
//!
//! The numbers are those of [`CONTACTS`] and its siblings and no others. All queries of one
//! report see the same snapshot. The report can be written as JSON and read back, so that a
//! program that only has the JSON prints the same table.

mod quality;
mod write;

use std::collections::BTreeMap;

use datafusion::arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};
use serde_json::Number;

pub use self::quality::Quality;
pub(crate) use self::write::grouped;
use crate::metrics::statement::{MeasuredNumber, Statement};
use crate::metrics::{CONTACTS, Channel, Dimension, Relation, Scope};
use crate::period::iso;
use crate::{Period, QueryError, QueryLimits, QueryResult, Session, cell};

/// Metric name → number; null where the events carry none (a rate without visitors).
pub type Numbers = BTreeMap<String, Option<Number>>;

/// Channel name → that channel's numbers.
pub type ChannelNumbers = BTreeMap<String, Numbers>;

/// The report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContactsReport {
    /// First instant within the period (RFC 3339, UTC).
    pub since: String,
    /// First instant after it.
    pub until: String,
    /// A line per UTC day with events, oldest first.
    pub days: Vec<Line>,
    /// The whole period. Visitors are counted once, so they are not the days' sum.
    pub totals: Line,
    /// What became of the events received in the period.
    pub quality: Quality,
}

/// The numbers of one day, or of the whole period.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The UTC day (`2026-11-01`); `None` for the whole period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Of all channels together.
    #[serde(flatten)]
    pub numbers: Numbers,
    /// Of each channel.
    pub channels: ChannelNumbers,
}

impl ContactsReport {
    /// Computes the report over one snapshot; `limits` hold for each of its queries.
    ///
    /// # Errors
    /// Those of [`Session::query`].
    pub async fn run(session: &Session, period: &Period, limits: QueryLimits) -> Result<ContactsReport, QueryError> {
        let snapshot = session.snapshot().await?;
        let numbers = &numbers();
        let within = &Relation::Activity.within(period);
        let statement = |by| Statement { relation: Relation::Activity, by, numbers, within }.to_string();
        let days = snapshot.query(&statement(Some(Dimension::Day)), limits).await?;
        let totals = snapshot.query(&statement(None), limits).await?;
        let dated = |(batch, row): (&RecordBatch, usize)| Line {
            date: cell::text(batch.column(0), row).map(String::from),
            ..line(numbers, batch, 1, row)
        };
        Ok(ContactsReport {
            since: iso(period.since()),
            until: iso(period.until()),
            days: rows(&days).map(dated).collect(),
            totals: rows(&totals).next().map(|(batch, row)| line(numbers, batch, 0, row)).unwrap_or_default(),
            quality: Quality::run(&snapshot, period, limits).await?,
        })
    }
}

/// What a line holds: the numbers of all channels together, then those of each.
fn numbers() -> Vec<MeasuredNumber> {
    let of_all = CONTACTS.iter().filter(|metric| metric.is_of_all());
    let of_all = of_all.map(|metric| MeasuredNumber { metric, scope: Scope::AllChannels });
    let of_each = Channel::ALL.into_iter().flat_map(|channel| {
        let metrics = CONTACTS.iter().filter(|metric| metric.on_a_channel().is_some());
        metrics.map(move |metric| MeasuredNumber { metric, scope: Scope::Channel(channel) })
    });
    of_all.chain(of_each).collect()
}

/// The line in a row of a result whose numbers begin at a column.
fn line(numbers: &[MeasuredNumber], batch: &RecordBatch, first: usize, row: usize) -> Line {
    let mut line = Line::default();
    for (MeasuredNumber { metric, scope }, column) in numbers.iter().zip(&batch.columns()[first..]) {
        let place = match scope {
            Scope::Channel(channel) => line.channels.entry(channel.name().to_owned()).or_default(),
            Scope::AllChannels | Scope::AnyChannel => &mut line.numbers,
        };
        place.insert(metric.name.to_owned(), cell::number(column, row));
    }
    line
}

fn rows(result: &QueryResult) -> impl Iterator<Item = (&RecordBatch, usize)> {
    result.batches().iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)))
}
