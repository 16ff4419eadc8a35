//! What became of the events received in a period.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::rows;
use crate::metrics::statement::{Dimension, MeasuredNumber, Relation, Statement};
use crate::metrics::{Metric, Scope, quality};
use crate::session::Snapshot;
use crate::{Period, QueryError, QueryLimits, QueryResult, cell};

/// What is counted of the rows of `rejects`.
const REJECTS: [&Metric; 3] = [&quality::REJECTED, &quality::DUPLICATES, &quality::CONFLICTS];

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
    /// Two statements, one for each table: somebody waits for what they tell.
    pub(crate) async fn run(snapshot: &Snapshot, period: &Period, limits: QueryLimits) -> Result<Quality, QueryError> {
        let accepted = Statement::of(&quality::ACCEPTED, |relation| relation.within(period));
        let accepted = count(&snapshot.query(&accepted, limits).await?);
        Ok(Quality { accepted, ..Quality::of_rejects(snapshot, period, limits).await? })
    }

    /// What the table of events that were not stored tells.
    pub(crate) async fn of_rejects(
        snapshot: &Snapshot,
        period: &Period,
        limits: QueryLimits,
    ) -> Result<Quality, QueryError> {
        let numbers = REJECTS.map(|metric| MeasuredNumber { metric, scope: Scope::AllChannels });
        let relation = Relation::Rejects;
        let within = relation.within(period);
        let rejects = Statement { relation, by: Some(Dimension::Keyword), numbers: &numbers, within: &within };
        let rejects = snapshot.query(&rejects.to_string(), limits).await?;
        let mut quality = Quality::default();
        for (batch, row) in rows(&rejects) {
            let number = |place: usize| {
                let number = batch.columns().get(place + 1).and_then(|column| cell::number(column, row));
                number.as_ref().and_then(Number::as_u64).unwrap_or(0)
            };
            let [rejected, duplicates, conflicts] = std::array::from_fn(number);
            quality.rejected += rejected;
            quality.duplicates += duplicates;
            quality.conflicts += conflicts;
            // Duplicates and conflicts break no rule.
            if let Some(reason) = cell::text(batch.column(0), row).filter(|_| rejected > 0) {
                *quality.rejected_by_reason.entry(reason.into_owned()).or_default() += rejected;
            }
        }
        Ok(quality)
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
