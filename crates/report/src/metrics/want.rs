//! Which numbers a metric is read from: what is asked of summaries.

use summary::Want;

use super::{Condition, Measure, Metric, SessionCondition, Span};

impl Metric {
    /// What [`value`](Metric::value) reads, beside sums.
    pub(crate) fn want(&self) -> Want {
        self.measure.want()
    }
}

impl Measure {
    fn want(&self) -> Want {
        match self {
            Measure::Sessions(SessionCondition::Open | SessionCondition::Unended) => {
                Want { unended: true, ..Want::SUMS }
            }
            Measure::Sum(_) | Measure::Rows(_) | Measure::Sessions(_) | Measure::SumOfSessions(_) => Want::SUMS,
            Measure::Visitors(Condition::Any) => Want { visitors: true, ..Want::SUMS },
            Measure::Visitors(Condition::Repeated) => Want { repeat_visitors: true, ..Want::SUMS },
            Measure::Visitors(_) => Want { contact_visitors: true, ..Want::SUMS },
            Measure::Seconds(Span::ChatDuration) => Want { durations: true, ..Want::SUMS },
            Measure::Seconds(Span::TimeToFirstContact) => Want { first_contacts: true, ..Want::SUMS },
            Measure::Ratio(part, whole) => part.want().or(whole.want()),
            Measure::Total(metrics) => of(metrics),
        }
    }
}

/// What the values of these metrics read.
pub(crate) fn of(metrics: &[&Metric]) -> Want {
    metrics.iter().fold(Want::SUMS, |want, metric| want.or(metric.want()))
}

#[cfg(test)]
mod tests {
    use summary::{Distinct, Numbers, Seconds, Sessions};

    use super::super::METRICS;
    use super::*;

    /// Numbers that have all there is, each another value.
    fn numbers() -> Numbers {
        let distinct = |sampled: u64| Distinct { sampled, share: 1.0 };
        Numbers {
            events: 1_000,
            counters: [60, 20, 30, 25, 9, 8, 7, 6],
            visitors: distinct(500),
            contact_visitors: distinct(40),
            channel_visitors: [15, 14, 13, 12, 11].map(distinct),
            repeat_visitors: distinct(5),
            durations: Seconds([(60, 3)].into()),
            first_contacts: Seconds([(7, 2)].into()),
            sessions: Sessions { all: 9, open: 3, unended: 2, ..Sessions::default() },
            ..Numbers::default()
        }
    }

    #[test]
    fn a_metric_reads_nothing_that_it_does_not_want() {
        let all = numbers();
        for metric in METRICS {
            let Want { durations, first_contacts, unended, visitors, contact_visitors, repeat_visitors } =
                metric.want();
            let mut wanted = Numbers {
                events: all.events,
                counters: all.counters,
                sessions: Sessions { open: 0, unended: 0, ..all.sessions },
                ..Numbers::default()
            };
            if unended {
                wanted.sessions = all.sessions;
            }
            if durations {
                wanted.durations = all.durations.clone();
            }
            if first_contacts {
                wanted.first_contacts = all.first_contacts.clone();
            }
            if visitors {
                wanted.visitors = all.visitors;
            }
            if contact_visitors {
                wanted.contact_visitors = all.contact_visitors;
                wanted.channel_visitors = all.channel_visitors;
            }
            if repeat_visitors {
                wanted.repeat_visitors = all.repeat_visitors;
            }
            assert_eq!(metric.value(&wanted), metric.value(&all), "{}", metric.name);
        }
    }
}
