//! What became of the events received in a period.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use datafusion::arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::rows;
use crate::metrics::statement::Statement;
use crate::metrics::{Metric, quality};
use crate::session::Snapshot;
use crate::{Period, QueryError, QueryLimits, QueryResult, cell};

/// Counts by the time of receipt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// Stored events.
    pub accepted: u64,
    /// Invalid events.
    pub rejected: u64,
    /// Invalid events by the keyword of their first violation.
    pub rejected_by_reason: BTreeMap<String, u64>,
    /// Same id, same content.
    pub duplicates: u64,
    /// Same id, other content.
    pub conflicts: u64,
}

impl Quality {
    pub(crate) async fn run(snapshot: &Snapshot, period: &Period, limits: QueryLimits) -> Result<Quality, QueryError> {
        let ask = async |metric: &'static Metric| {
            let statement = Statement::of(metric, |relation| relation.within(period));
            snapshot.query(&statement, limits).await
        };
        let rejected_by_reason = counts(&ask(&quality::REJECTED).await?);
        Ok(Quality {
            accepted: count(&ask(&quality::ACCEPTED).await?),
            rejected: rejected_by_reason.values().sum(),
            rejected_by_reason,
            duplicates: count(&ask(&quality::DUPLICATES).await?),
            conflicts: count(&ask(&quality::CONFLICTS).await?),
        })
    }

    /// The number of a metric; `None` of one that isn't counted by the time of receipt.
    pub(crate) fn of(&self, metric: &Metric) -> Option<u64> {
        let counts = [
            (&quality::ACCEPTED, self.accepted),
            (&quality::REJECTED, self.rejected),
            (&quality::DUPLICATES, self.duplicates),
            (&quality::CONFLICTS, self.conflicts),
        ];
        counts.into_iter().find(|(known, _)| known.name == metric.name).map(|(_, count)| count)
    }
}

/// The one number of a result.
fn count(result: &QueryResult) -> u64 {
    let number = rows(result).next().and_then(|(batch, row)| cell::number(batch.column(0), row));
    number.as_ref().and_then(Number::as_u64).unwrap_or(0)
}

/// A number for each text.
fn counts(result: &QueryResult) -> BTreeMap<String, u64> {
    let named = |(batch, row): (&RecordBatch, usize)| {
        Some((cell::text(batch.column(0), row)?.into_owned(), cell::number(batch.column(1), row)?.as_u64()?))
    };
    rows(result).filter_map(named).collect()
}

impl fmt::Display for Quality {
    /// One line: `accepted 120, rejected 3 (required 2, format 1), duplicates 0, conflicts 0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "received: accepted {}, rejected {}", self.accepted, self.rejected)?;
        let mut reasons: Vec<(&String, &u64)> = self.rejected_by_reason.iter().collect();
        reasons.sort_by_key(|(_, count)| Reverse(**count));
        for (at, (reason, count)) in reasons.iter().enumerate() {
            write!(f, "{}{reason} {count}", if at == 0 { " (" } else { ", " })?;
        }
        let close = if reasons.is_empty() { "" } else { ")" };
        write!(f, "{close}, duplicates {}, conflicts {}", self.duplicates, self.conflicts)
    }
}
