//! What a metric's number is computed from, and the SQL of it.
//!
//! A [`Measure`] is data, so that a query, a page of documentation or a summary kept beside the
//! rows can each be made from it. Its SQL is such that any engine understands it (`count(distinct
//! case when …)` rather than `filter`, no functions of ours): the same definition runs in Spark
//! or ClickHouse over the same tables.

use table::RejectKind;

use super::{Channel, Counter};

/// How a number is computed from rows.
#[derive(Clone, Copy, Debug)]
pub enum Measure {
    /// The sum of an integer; 0 without rows.
    Sum(Quantity),
    /// Rows that meet a condition.
    Rows(Condition),
    /// Distinct visitors with a row that meets a condition.
    Visitors(Condition),
    /// The first as a fraction of the second; null where that is 0.
    Ratio(&'static Measure, &'static Measure),
}

/// An integer of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// One of the eight counters.
    Counter(Counter),
    /// The contact requests in the measure's [`Scope`].
    ContactRequests,
    /// The contact requests of all channels, whatever the scope.
    AllContactRequests,
}

/// Which rows count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Every row.
    Any,
    /// Rows where an integer is above 0.
    Positive(Quantity),
    /// Rows with a counter that is an anomaly.
    Anomaly,
    /// Rows of `rejects` of one kind.
    RejectedAs(RejectKind),
}

/// Whose contact requests a measure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of all channels.
    AllChannels,
    /// Those of one channel.
    Channel(Channel),
    /// Those of any one channel: `{counter}` stands for its counter. For documentation.
    AnyChannel,
}

impl Measure {
    /// The aggregate as an SQL expression over the metric's relation.
    pub fn sql(&self, scope: Scope) -> String {
        match self {
            Measure::Sum(quantity) => format!("coalesce(sum({}), 0)", quantity.sql(scope)),
            Measure::Rows(condition) => match condition.sql(scope) {
                None => "count(*)".to_owned(),
                Some(condition) => format!("coalesce(sum(case when {condition} then 1 else 0 end), 0)"),
            },
            Measure::Visitors(condition) => match condition.sql(scope) {
                None => "count(distinct visitor)".to_owned(),
                Some(condition) => format!("count(distinct case when {condition} then visitor end)"),
            },
            Measure::Ratio(part, whole) => format!("1.0 * {} / {}", part.sql(scope), whole.divisor_sql(scope)),
        }
    }

    /// The same, null instead of 0.
    fn divisor_sql(&self, scope: Scope) -> String {
        match self {
            Measure::Sum(quantity) => format!("nullif(sum({}), 0)", quantity.sql(scope)),
            other => format!("nullif({}, 0)", other.sql(scope)),
        }
    }
}

impl Quantity {
    fn sql(self, scope: Scope) -> &'static str {
        match (self, scope) {
            (Quantity::Counter(counter), _) => counter.column(),
            (Quantity::ContactRequests, Scope::Channel(channel)) => channel.requests().column(),
            (Quantity::ContactRequests, Scope::AnyChannel) => "{counter}",
            (Quantity::ContactRequests, Scope::AllChannels) | (Quantity::AllContactRequests, _) => "contact_requests",
        }
    }
}

impl Condition {
    /// `None` if it holds for every row.
    pub(crate) fn sql(self, scope: Scope) -> Option<String> {
        match self {
            Condition::Any => None,
            Condition::Positive(quantity) => Some(format!("{} > 0", quantity.sql(scope))),
            Condition::Anomaly => Some("anomaly".to_owned()),
            Condition::RejectedAs(kind) => Some(format!("kind = '{}'", kind.as_str())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_written_as_sql() {
        let check = |measure: Measure, scope: Scope, expect: &str| assert_eq!(measure.sql(scope), expect);
        const ENDS: Measure = Measure::Sum(Quantity::Counter(Counter::ChatEnd));
        const REQUESTS: Measure = Measure::Sum(Quantity::ContactRequests);
        const ASKING: Measure = Measure::Visitors(Condition::Positive(Quantity::ContactRequests));
        let of_call = Scope::Channel(Channel::Call);
        check(ENDS, Scope::AllChannels, "coalesce(sum(chat_end), 0)");
        // A counter is the same number whatever the scope.
        check(ENDS, of_call, "coalesce(sum(chat_end), 0)");
        check(REQUESTS, Scope::AllChannels, "coalesce(sum(contact_requests), 0)");
        check(REQUESTS, of_call, "coalesce(sum(click_to_call), 0)");
        check(REQUESTS, Scope::AnyChannel, "coalesce(sum({counter}), 0)");
        check(Measure::Rows(Condition::Any), of_call, "count(*)");
        let anomalies = "coalesce(sum(case when anomaly then 1 else 0 end), 0)";
        check(Measure::Rows(Condition::Anomaly), Scope::AllChannels, anomalies);
        check(Measure::Visitors(Condition::Any), of_call, "count(distinct visitor)");
        check(ASKING, of_call, "count(distinct case when click_to_call > 0 then visitor end)");
        check(
            Measure::Ratio(&REQUESTS, &Measure::Sum(Quantity::AllContactRequests)),
            of_call,
            "1.0 * coalesce(sum(click_to_call), 0) / nullif(sum(contact_requests), 0)",
        );
        check(
            Measure::Ratio(&ASKING, &Measure::Visitors(Condition::Any)),
            Scope::AllChannels,
            "1.0 * count(distinct case when contact_requests > 0 then visitor end) / nullif(count(distinct visitor), 0)",
        );
    }
}
