//! A metric's number as the summaries give it: [`Metric::value`].
//!
//! The other way of computing it is the SQL over the rows. That shares nothing with this but the
//! definitions, so that each can be checked by the other.

use summary::{Distinct, Numbers, Seconds};

use super::{
    Condition, Counter, Measure, Metric, Quantity, Relation, Scope, SessionAnomaly, SessionCondition, SessionQuantity,
    Span,
};

/// The number of a metric, in the shape that its [unit](super::Unit) says.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Value {
    /// [`Unit::Count`](super::Unit::Count).
    Count(u64),
    /// [`Unit::Visitors`](super::Unit::Visitors): exact, or estimated with a stated error.
    Visitors(Distinct),
    /// [`Unit::Share`](super::Unit::Share): from 0 to 1, or above 1 where parts aren't of the whole.
    Share(Share),
    /// [`Unit::Seconds`](super::Unit::Seconds).
    Seconds(Quantiles),
    /// It can't be known, and why: half a sentence for people, such as `no chat was offered`.
    Unknown(&'static str),
}

/// A part as a fraction of the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// The fraction.
    pub value: f64,
    /// Half the width of the interval that holds the true fraction in 95 of 100 cases, in the same
    /// unit as `value` (0.01 is one point of a hundred); 0 if it is exact.
    pub error: f64,
}

/// Lengths of time in whole seconds, each rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantiles {
    /// The smallest that at least half of all don't exceed.
    pub median: u32,
    /// The same for 90 of 100.
    pub p90: u32,
    /// The same for 95 of 100.
    pub p95: u32,
    /// The greatest.
    pub max: u32,
    /// How many there are; at least 1.
    pub count: u64,
}

impl Metric {
    /// Its number among these, of all channels together.
    pub fn value(&self, numbers: &Numbers) -> Value {
        self.value_in(Scope::AllChannels, numbers)
    }

    /// Its number of one channel among the numbers of all (not of that channel's row, which
    /// [`value`](Self::value) reads): the channel's requests, its visitors, its share of the mix.
    /// A metric that isn't told by channel is the same for each.
    pub fn value_in(&self, scope: Scope, numbers: &Numbers) -> Value {
        match self.relation {
            Relation::Events | Relation::Rejects => {
                Value::Unknown("it is counted by the time of receipt, from the tables")
            }
            Relation::Activity | Relation::ChatSessions | Relation::Visits | Relation::Requests => {
                self.measure.value(scope, numbers)
            }
        }
    }
}

/// Said where a definition asks for what no summary keeps. A test sees to it that none does.
const NOT_KEPT: Value = Value::Unknown("summaries don't keep it");

impl Measure {
    /// As [`Metric::value_in`].
    pub fn value(&self, scope: Scope, numbers: &Numbers) -> Value {
        match self {
            Measure::Sum(quantity) => Value::Count(quantity.value(scope, numbers)),
            Measure::Rows(condition) => condition.rows(numbers).map_or(NOT_KEPT, Value::Count),
            Measure::Visitors(condition) => condition.visitors(scope, numbers).map_or(NOT_KEPT, Value::Visitors),
            Measure::Sessions(condition) => Value::Count(condition.value(numbers)),
            Measure::SumOfSessions(SessionQuantity::Ignored) => Value::Count(numbers.sessions.ignored),
            Measure::SumOfSessions(SessionQuantity::Unprompted) => Value::Count(numbers.sessions.unprompted),
            Measure::Seconds(span) => match quantiles(span.value(numbers)) {
                Some(quantiles) => Value::Seconds(quantiles),
                None => Value::Unknown(span.absent()),
            },
            Measure::Ratio(part, whole) => match (part.value(scope, numbers), whole.value(scope, numbers)) {
                (Value::Count(_), Value::Count(0)) => Value::Unknown(whole.absent()),
                (Value::Count(part), Value::Count(whole)) => {
                    Value::Share(Share { value: part as f64 / whole as f64, error: 0.0 })
                }
                (Value::Visitors(_), Value::Visitors(Distinct { sampled: 0, .. })) => Value::Unknown(whole.absent()),
                (Value::Visitors(part), Value::Visitors(whole)) => Value::Share(of_visitors(part, whole)),
                _ => NOT_KEPT,
            },
            Measure::Total(metrics) => metrics
                .iter()
                .try_fold(0u64, |sum, metric| match metric.value_in(scope, numbers) {
                    Value::Count(count) => Some(sum.saturating_add(count)),
                    _ => None,
                })
                .map_or(NOT_KEPT, Value::Count),
        }
    }

    /// What to say where a ratio has none of it to divide by.
    const fn absent(&self) -> &'static str {
        match self {
            Measure::Sum(Quantity::Counter(Counter::ChatOffered)) | Measure::Sessions(SessionCondition::Offered) => {
                "no chat was offered"
            }
            Measure::Visitors(Condition::Any) => "no visitor is known",
            Measure::Visitors(Condition::Positive(_)) => "no visitor who asked for contact is known",
            Measure::Sum(Quantity::ContactRequests | Quantity::AllContactRequests) => "nobody asked for contact",
            _ => "there is nothing to divide by",
        }
    }
}

impl Quantity {
    fn value(self, scope: Scope, numbers: &Numbers) -> u64 {
        match (self, scope) {
            (Quantity::Counter(counter), _) => numbers.counter(counter),
            (Quantity::ContactRequests, Scope::Channel(channel)) => numbers.requests_by(channel),
            (Quantity::ContactRequests | Quantity::AllContactRequests, _) => numbers.requests(),
        }
    }
}

impl Condition {
    /// The rows that meet it.
    fn rows(self, numbers: &Numbers) -> Option<u64> {
        Some(match self {
            Condition::Any => numbers.events,
            Condition::CounterAnomaly => numbers.anomalies.counter,
            Condition::TimeAnomaly => numbers.anomalies.time,
            Condition::Late => numbers.anomalies.late,
            Condition::WithoutSession => numbers.anomalies.without_session,
            Condition::Positive(_) | Condition::Repeated | Condition::RejectedAs(_) => return None,
        })
    }

    /// The visitors with a row that meets it.
    fn visitors(self, scope: Scope, numbers: &Numbers) -> Option<Distinct> {
        Some(match (self, scope) {
            (Condition::Any, _) => numbers.visitors,
            (Condition::Positive(Quantity::ContactRequests), Scope::Channel(channel)) => {
                numbers.channel_visitors[channel as usize]
            }
            (Condition::Positive(Quantity::ContactRequests | Quantity::AllContactRequests), _) => {
                numbers.contact_visitors
            }
            (Condition::Repeated, _) => numbers.repeat_visitors,
            _ => return None,
        })
    }
}

impl SessionCondition {
    fn value(self, numbers: &Numbers) -> u64 {
        match self {
            SessionCondition::Offered => numbers.sessions.offered,
            SessionCondition::Accepted => numbers.sessions.accepted,
            SessionCondition::Open => numbers.sessions.open,
            SessionCondition::Unended => numbers.sessions.unended,
            SessionCondition::With(SessionAnomaly::EndWithoutStart) => numbers.anomalies.end_without_start,
            SessionCondition::With(SessionAnomaly::StartAfterEnd) => numbers.anomalies.start_after_end,
            SessionCondition::With(SessionAnomaly::DeclinedAndStarted) => numbers.anomalies.declined_and_started,
            SessionCondition::With(SessionAnomaly::TwoStarts) => numbers.anomalies.two_starts,
        }
    }
}

impl Span {
    const fn value(self, numbers: &Numbers) -> &Seconds {
        match self {
            Span::ChatDuration => &numbers.durations,
            Span::TimeToFirstContact => &numbers.first_contacts,
        }
    }

    /// What to say where there is none.
    const fn absent(self) -> &'static str {
        match self {
            Span::ChatDuration => "no chat has both a start and an end",
            Span::TimeToFirstContact => "no visitor who asked for contact is known",
        }
    }
}

fn quantiles(seconds: &Seconds) -> Option<Quantiles> {
    Some(Quantiles {
        median: seconds.quantile(0.5)?,
        p90: seconds.quantile(0.9)?,
        p95: seconds.quantile(0.95)?,
        max: seconds.max()?,
        count: seconds.count(),
    })
}

/// Some of the visitors as a fraction of all. What both are estimated from is one sample of visitors
/// without replacement; the whole must not be empty.
fn of_visitors(part: Distinct, whole: Distinct) -> Share {
    // Of two estimates with shares of their own the quotient of the estimates is the better one,
    // and the same where the shares are.
    let value = (part.sampled as f64 / part.share) / (whole.sampled as f64 / whole.share);
    let spread = (value * (1.0 - value)).max(0.0) / whole.sampled as f64;
    Share { value, error: 1.96 * (spread * (1.0 - whole.share)).max(0.0).sqrt() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use summary::{Anomalies, Sessions};

    use super::*;
    use crate::metrics::{Channel, METRICS, QUALITY, Unit};

    /// Each number another one, so that a mistaken one is seen.
    fn numbers() -> Numbers {
        let known = |sampled| Distinct { sampled, share: 1.0 };
        Numbers {
            events: 1_000,
            counters: [40, 10, 25, 20, 8, 4, 2, 1],
            anomalies: Anomalies {
                counter: 1,
                time: 2,
                late: 4,
                without_session: 8,
                end_without_start: 16,
                start_after_end: 32,
                declined_and_started: 64,
                two_starts: 128,
            },
            sessions: Sessions {
                all: 90,
                offered: 32,
                accepted: 16,
                ignored: 11,
                unprompted: 12,
                started: 24,
                ended: 19,
                open: 3,
                unended: 2,
            },
            durations: Seconds(BTreeMap::from([(0, 1), (60, 9), (600, 8), (1_200, 1), (3_600, 1)])),
            first_contacts: Seconds(BTreeMap::from([(7, 1)])),
            visitors: known(200),
            contact_visitors: known(50),
            channel_visitors: [30, 10, 5, 4, 1].map(known),
            repeat_visitors: known(5),
        }
    }

    fn metric(name: &str) -> &'static Metric {
        METRICS.iter().find(|metric| metric.name == name).unwrap()
    }

    fn check(name: &str, expect: Value) {
        assert_eq!(metric(name).value(&numbers()), expect, "{name}");
    }

    #[test]
    fn each_metric_reads_its_own_numbers() {
        let share = |value| Value::Share(Share { value, error: 0.0 });
        let known = |sampled| Value::Visitors(Distinct { sampled, share: 1.0 });
        check("visitors", known(200));
        check("contact_visitors", known(50));
        check("contact_rate", share(0.25));
        check("repeat_contact_rate", share(0.1));
        check("contact_requests", Value::Count(40));
        for (name, count) in [("chats_offered", 40), ("chats_declined", 10), ("chats_started", 25), ("chats_ended", 20)]
        {
            check(name, Value::Count(count));
        }
        check("invitation_acceptance_rate", share(0.5));
        check("invitation_decline_rate", share(0.25));
        check("invitations_ignored", Value::Count(11));
        check("unprompted_starts", Value::Count(12));
        check("chats_open", Value::Count(3));
        check("chats_unended", Value::Count(2));
        check("click_to_call", Value::Count(8));
        check("click_to_direct_message", Value::Count(1));
        // 20 chats: the 10th takes 60 s, the 18th 600, the 19th 1,200.
        let quantiles = Quantiles { median: 60, p90: 600, p95: 1_200, max: 3_600, count: 20 };
        check("chat_duration_seconds", Value::Seconds(quantiles));
        let quantiles = Quantiles { median: 7, p90: 7, p95: 7, max: 7, count: 1 };
        check("time_to_first_contact_seconds", Value::Seconds(quantiles));
        check("anomalies", Value::Count(255));
        check("anomalies_counter", Value::Count(1));
        check("anomalies_time", Value::Count(2));
        check("late", Value::Count(4));
        check("anomalies_without_session", Value::Count(8));
        check("anomalies_end_without_start", Value::Count(16));
        check("anomalies_start_after_end", Value::Count(32));
        check("anomalies_declined_and_started", Value::Count(64));
        check("anomalies_two_starts", Value::Count(128));
        assert_eq!(numbers().anomalies.all(), 255);
    }

    #[test]
    fn a_channel_has_its_own_requests_and_visitors() {
        let check = |name: &str, channel, expect: Value| {
            assert_eq!(metric(name).value_in(Scope::Channel(channel), &numbers()), expect, "{name}");
        };
        let share = |value| Value::Share(Share { value, error: 0.0 });
        check("contact_requests", Channel::Call, Value::Count(8));
        check("contact_visitors", Channel::Text, Value::Visitors(Distinct { sampled: 5, share: 1.0 }));
        check("contact_rate", Channel::Chat, share(0.15));
        check("channel_mix", Channel::Email, share(0.05));
        check("chats_offered", Channel::Chat, Value::Count(40));
    }

    #[test]
    fn what_is_not_there_is_unknown_and_says_why() {
        let nothing = Numbers::default();
        for metric in METRICS {
            match (metric.unit, metric.value(&nothing)) {
                (Unit::Count, value) => assert_eq!(value, Value::Count(0), "{}", metric.name),
                (Unit::Visitors, value) => assert_eq!(value, Value::Visitors(Distinct::default()), "{}", metric.name),
                (Unit::Share | Unit::Seconds, Value::Unknown(why)) => assert!(why.starts_with("no"), "{why}"),
                (_, value) => panic!("{}: {value:?}", metric.name),
            }
        }
    }

    #[test]
    fn summaries_keep_what_metrics_ask_for() {
        for metric in METRICS {
            let value = metric.value(&numbers());
            let is_of_its_unit = matches!(
                (metric.unit, &value),
                (Unit::Count, Value::Count(_))
                    | (Unit::Visitors, Value::Visitors(_))
                    | (Unit::Share, Value::Share(_))
                    | (Unit::Seconds, Value::Seconds(_))
            );
            assert!(is_of_its_unit, "{}: {value:?}", metric.name);
        }
        for metric in QUALITY {
            assert!(matches!(metric.value(&numbers()), Value::Unknown(_)), "{}", metric.name);
        }
    }

    #[test]
    fn a_share_of_sampled_visitors_says_its_error() {
        let sampled = |sampled| Distinct { sampled, share: 0.25 };
        let got = of_visitors(sampled(100), sampled(400));
        assert_eq!(got.value, 0.25);
        // 1.96 · √(0.25 · 0.75 / 400 · 0.75)
        assert!((got.error - 0.036_75).abs() < 1e-4, "{got:?}");
        let all = Distinct { sampled: 400, share: 1.0 };
        assert_eq!(of_visitors(all, all), Share { value: 1.0, error: 0.0 });
    }
}
