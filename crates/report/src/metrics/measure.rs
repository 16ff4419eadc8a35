//! What a metric's number is computed from, and the SQL of it.
//!
//! A [`Measure`] is data, so that a query, a page of documentation or a summary kept beside the
//! rows can each be made from it. Its SQL is such that any engine understands it (`count(distinct
//! case when …)` rather than `filter`, no functions of ours): the same definition runs in Spark
//! or ClickHouse over the same tables.

use table::RejectKind;

use super::{Channel, Counter, Metric, SessionAnomaly};

/// How a number is computed from rows.
#[derive(Clone, Copy, Debug)]
pub enum Measure {
    /// The sum of an integer; 0 without rows.
    Sum(Quantity),
    /// Rows that meet a condition.
    Rows(Condition),
    /// Distinct visitors with a row that meets a condition.
    Visitors(Condition),
    /// Chat sessions that meet a condition.
    Sessions(SessionCondition),
    /// The sum of an integer over chat sessions.
    SumOfSessions(SessionQuantity),
    /// Lengths of time: their median and the like.
    Seconds(Span),
    /// The first as a fraction of the second; null where that is 0.
    Ratio(&'static Measure, &'static Measure),
    /// The sum of other metrics, each over its own relation.
    Total(&'static [&'static Metric]),
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
    CounterAnomaly,
    /// Rows whose time is far from that of their receipt.
    TimeAnomaly,
    /// Rows that were received after their day was closed.
    Late,
    /// Rows of a chat that belong to no session: neither its id nor a visitor is known.
    WithoutSession,
    /// Contact requests that repeat the visitor's one before.
    Repeated,
    /// Rows of `rejects` of one kind.
    RejectedAs(RejectKind),
}

/// Which chat sessions count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionCondition {
    /// With an offer.
    Offered,
    /// With a start at or after the first offer.
    Accepted,
    /// Started and not ended, the last event less than 24 hours ago.
    Open,
    /// Started and not ended, the last event longer ago.
    Unended,
    /// With an anomaly.
    With(SessionAnomaly),
}

/// An integer of a chat session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionQuantity {
    /// Invitations that were ignored.
    Ignored,
    /// Starts before any offer.
    Unprompted,
}

/// A length of time in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// From a chat session's start to its end.
    ChatDuration,
    /// From a visit's beginning to its first contact request.
    TimeToFirstContact,
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
            Measure::Sessions(condition) => {
                format!("coalesce(sum(case when {} then 1 else 0 end), 0)", condition.sql())
            }
            Measure::SumOfSessions(quantity) => format!("coalesce(sum({}), 0)", quantity.column()),
            Measure::Seconds(span) => span.percentile_sql("0.5"),
            Measure::Ratio(part, whole) => format!("1.0 * {} / {}", part.sql(scope), whole.divisor_sql(scope)),
            Measure::Total(metrics) => total_sql(metrics, scope, |_| None),
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

/// The sum of metrics as scalar queries, each with the condition that `within` gives for the
/// rows of its relation.
pub(super) fn total_sql(
    metrics: &[&Metric],
    scope: Scope,
    within: impl Fn(super::Relation) -> Option<String>,
) -> String {
    let parts = metrics.iter().map(|metric| {
        let (sql, relation) = (metric.measure.sql(scope), metric.relation);
        let condition = within(relation).map(|within| format!(" where {within}")).unwrap_or_default();
        format!("(select {sql} from {}{condition})", relation.name())
    });
    parts.collect::<Vec<_>>().join(" + ")
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
            Condition::CounterAnomaly => Some("anomaly".to_owned()),
            Condition::TimeAnomaly => Some("time_anomaly is not null".to_owned()),
            Condition::Late => Some("late".to_owned()),
            Condition::WithoutSession => Some(format!("session is null and visitor is null and ({})", shows_chat())),
            Condition::Repeated => Some("repeated".to_owned()),
            Condition::RejectedAs(kind) => Some(format!("kind = '{}'", kind.as_str())),
        }
    }
}

/// The condition for an event of `activity` that shows something of a chat.
pub(crate) fn shows_chat() -> String {
    let shown: Vec<String> =
        Channel::Chat.counters().iter().map(|counter| format!("{} > 0", counter.column())).collect();
    shown.join(" or ")
}

impl SessionCondition {
    /// Over the columns of `chat_sessions`.
    fn sql(self) -> String {
        match self {
            SessionCondition::Offered => "offers > 0".to_owned(),
            SessionCondition::Accepted => "accepted".to_owned(),
            SessionCondition::Open => "outcome = 'open'".to_owned(),
            SessionCondition::Unended => "outcome = 'unended'".to_owned(),
            SessionCondition::With(anomaly) => format!("anomalies like '%{}%'", anomaly.name()),
        }
    }
}

impl SessionQuantity {
    /// Of `chat_sessions`.
    const fn column(self) -> &'static str {
        match self {
            SessionQuantity::Ignored => "ignored",
            SessionQuantity::Unprompted => "unprompted",
        }
    }
}

impl Span {
    /// Of `chat_sessions`, of `visits`.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Span::ChatDuration => "duration_seconds",
            Span::TimeToFirstContact => "seconds_to_first_contact",
        }
    }

    /// The smallest length that at least this share of all don't exceed.
    fn percentile_sql(self, share: &str) -> String {
        format!("percentile_disc({share}) within group (order by {})", self.column())
    }

    /// Each of its numbers: the name and the SQL, in the order of [`Quantiles`](super::Quantiles).
    pub fn columns(self) -> [(&'static str, String); 5] {
        [
            ("median", self.percentile_sql("0.5")),
            ("p90", self.percentile_sql("0.9")),
            ("p95", self.percentile_sql("0.95")),
            ("max", format!("max({})", self.column())),
            ("count", format!("count({})", self.column())),
        ]
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
        check(Measure::Rows(Condition::CounterAnomaly), Scope::AllChannels, anomalies);
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
