//! One SQL statement that computes numbers over the rows of a period.
//!
//! The only place where a report's SQL is put together: what is selected, from which rows, by
//! which dimension. Numbers are read from the result by their place, in the order of
//! [`Statement::numbers`].

use std::fmt;

use super::measure::total_sql;
use super::{Condition, Lines, Measure, Metric, Scope};
use crate::Period;

/// The rows that a metric is computed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// A row per event, by the event's own time.
    Activity,
    /// A row per chat session, by the time of its beginning.
    ChatSessions,
    /// A row per visit, by the time of its beginning.
    Visits,
    /// A row per event with a contact request of a known visitor, by the event's own time.
    Requests,
    /// A row per event, by the time of its receipt.
    Events,
    /// A row per event that was not stored, by the time of its receipt.
    Rejects,
}

impl Relation {
    /// Its name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Relation::Activity => "activity",
            Relation::ChatSessions => "chat_sessions",
            Relation::Visits => "visits",
            Relation::Requests => "requests",
            Relation::Events => "events",
            Relation::Rejects => "rejects",
        }
    }

    /// The condition for rows of a period. Where the table is partitioned by the same time,
    /// bounds on the partition column let whole days be skipped.
    pub(crate) fn within(self, period: &Period) -> String {
        match self {
            Relation::Activity => period.sql("time", Some("event_date")),
            Relation::ChatSessions | Relation::Visits => period.sql("began_at", None),
            // A request's repetition is told by those before the period too.
            Relation::Requests => period.sql("time", None),
            // Partitioned by the event's own time.
            Relation::Events => period.sql("received_at", None),
            Relation::Rejects => period.sql("received_at", Some("received_date")),
        }
    }
}

/// What numbers are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// The UTC day of the event's own time.
    Day,
    /// The rule that a rejected event broke first.
    Keyword,
}

impl Dimension {
    /// The column that rows are grouped by.
    const fn column(self) -> &'static str {
        match self {
            Dimension::Day => "event_date",
            Dimension::Keyword => "keyword",
        }
    }

    /// The same as a text, and its name in the result.
    const fn text(self) -> (&'static str, &'static str) {
        match self {
            Dimension::Day => ("cast(event_date as varchar)", "date"),
            Dimension::Keyword => ("coalesce(keyword, 'unknown')", "reason"),
        }
    }
}

/// A number of a statement: what is measured, for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MeasuredNumber {
    pub(crate) metric: &'static Metric,
    pub(crate) scope: Scope,
}

impl fmt::Display for MeasuredNumber {
    /// Its column's name; only people read it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scope {
            Scope::Channel(channel) => write!(f, "{}.{}", channel.name(), self.metric.name),
            Scope::AllChannels | Scope::AnyChannel => f.write_str(self.metric.name),
        }
    }
}

/// A statement that reads one relation once.
pub(crate) struct Statement<'a> {
    pub(crate) relation: Relation,
    /// The first column of the result, if there is one; a row for each value, in its order.
    pub(crate) by: Option<Dimension>,
    /// The columns behind it.
    pub(crate) numbers: &'a [MeasuredNumber],
    /// The condition for the rows' times.
    pub(crate) within: &'a str,
}

impl Statement<'_> {
    /// The statement of a metric that is shown by itself, on its own lines; `within` is the condition
    /// for the times of the rows, of each relation that it reads.
    pub(crate) fn of(metric: &'static Metric, within: impl Fn(Relation) -> String) -> String {
        if let Measure::Total(metrics) = metric.measure {
            let sum = total_sql(metrics, Scope::AllChannels, |relation| Some(within(relation)));
            return format!("select {sum} as \"{}\"", metric.name);
        }
        let by = match metric.lines {
            Lines::By(dimension) => Some(dimension),
            _ => None,
        };
        let numbers = &[MeasuredNumber { metric, scope: Scope::AllChannels }];
        Statement { relation: metric.relation, by, numbers, within: &within(metric.relation) }.to_string()
    }

    /// What all of its numbers count, if it is rows of one kind: such rows are found by a
    /// `where`, so that the others aren't read.
    fn condition(&self) -> Condition {
        match self.numbers {
            [MeasuredNumber { metric: Metric { measure: Measure::Rows(condition), .. }, .. }] => *condition,
            _ => Condition::Any,
        }
    }
}

impl fmt::Display for Statement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let condition = self.condition();
        f.write_str("select ")?;
        if let Some((text, name)) = self.by.map(Dimension::text) {
            write!(f, "{text} as \"{name}\", ")?;
        }
        for (at, number) in self.numbers.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            let measure = match condition {
                Condition::Any => number.metric.measure,
                _ => Measure::Rows(Condition::Any),
            };
            write!(f, "{separator}{} as \"{number}\"", measure.sql(number.scope))?;
        }
        write!(f, " from {} where ", self.relation.name())?;
        if let Some(condition) = condition.sql(Scope::AllChannels) {
            write!(f, "{condition} and ")?;
        }
        f.write_str(self.within)?;
        match self.by.map(Dimension::column) {
            Some(column) => write!(f, " group by {column} order by {column}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{CONTACT_REQUESTS, Channel, quality};

    #[test]
    fn a_metric_alone_is_a_statement() {
        let check = |metric, expect: &str| assert_eq!(Statement::of(metric, |_| "{period}".to_owned()), expect);
        check(&quality::ACCEPTED, "select count(*) as \"accepted\" from events where {period}");
        check(
            &quality::DUPLICATES,
            "select count(*) as \"duplicates\" from rejects where kind = 'duplicate' and {period}",
        );
        check(
            &quality::REJECTED,
            "select coalesce(keyword, 'unknown') as \"reason\", count(*) as \"rejected\" from rejects where kind = 'invalid' and {period} group by keyword order by keyword",
        );
    }

    #[test]
    fn several_share_their_rows() {
        let numbers = [
            MeasuredNumber { metric: &CONTACT_REQUESTS, scope: Scope::AllChannels },
            MeasuredNumber { metric: &CONTACT_REQUESTS, scope: Scope::Channel(Channel::Call) },
        ];
        let statement =
            Statement { relation: Relation::Activity, by: Some(Dimension::Day), numbers: &numbers, within: "true" };
        assert_eq!(
            statement.to_string(),
            "select cast(event_date as varchar) as \"date\", coalesce(sum(contact_requests), 0) as \"contact_requests\", \
             coalesce(sum(click_to_call), 0) as \"call.contact_requests\" from activity where true \
             group by event_date order by event_date"
        );
    }
}
