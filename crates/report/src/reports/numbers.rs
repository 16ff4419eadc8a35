//! From a metric's value to the number that is sent, and how it changed.

use summary::{Distinct, Numbers};

use super::answer::{MetricAnswer, MetricNumber, PartAnswer, SecondsAnswer};
use super::contents::is_of_now;
use super::named::Named;
use crate::metrics::{Metric, Scope, Share, Unit, Value};

/// A number, or why there is none; and how far it may be off.
pub(super) struct Known {
    pub(super) number: Option<MetricNumber>,
    pub(super) reason: Option<String>,
    pub(super) note: Option<String>,
}

impl Known {
    pub(super) fn of(value: Value) -> Known {
        let known = |number, note| Known { number: Some(number), reason: None, note };
        match value {
            Value::Count(count) => known(MetricNumber::Count(count), None),
            Value::Visitors(distinct) => known(MetricNumber::Count(distinct.value()), estimate(distinct)),
            Value::Share(Share { value, error }) => known(MetricNumber::Share(value), points(error)),
            Value::Seconds(quantiles) => known(
                MetricNumber::Seconds(SecondsAnswer {
                    median: quantiles.median,
                    p90: quantiles.p90,
                    p95: quantiles.p95,
                    max: quantiles.max,
                    count: quantiles.count,
                }),
                None,
            ),
            Value::Unknown(reason) => Known::unknown(reason),
        }
    }

    pub(super) fn count(count: u64) -> Known {
        Known { number: Some(MetricNumber::Count(count)), reason: None, note: None }
    }

    pub(super) fn unknown(reason: &str) -> Known {
        Known { number: None, reason: Some(reason.to_owned()), note: None }
    }

    /// Compared with an earlier one.
    pub(super) fn answer(self, unit: Unit, earlier: Option<Known>) -> MetricAnswer {
        let previous = earlier.and_then(|earlier| earlier.number);
        let (change, from_nothing) = change(self.number, previous);
        let notes: Vec<String> = self.note.into_iter().chain(from_nothing).collect();
        MetricAnswer {
            value: self.number,
            previous,
            change,
            unit: unit_name(unit).to_owned(),
            note: (!notes.is_empty()).then(|| notes.join("; ")),
            reason: self.reason,
        }
    }

    /// The same of a part.
    pub(super) fn part(self, earlier: Option<Known>) -> PartAnswer {
        let previous = earlier.and_then(|earlier| earlier.number);
        PartAnswer { value: self.number, previous, change: change(self.number, previous).0, note: self.note }
    }
}

/// The numbers of some metrics, compared with earlier ones.
pub(super) fn answers(
    metrics: &[&Metric],
    numbers: &dyn Fn(&Metric) -> Known,
    earlier: Option<&dyn Fn(&Metric) -> Known>,
) -> Named<MetricAnswer> {
    let answer = |metric: &&Metric| {
        let earlier = earlier.filter(|_| !is_of_now(metric)).map(|earlier| earlier(metric));
        (metric.name.to_owned(), numbers(metric).answer(metric.unit, earlier))
    };
    metrics.iter().map(answer).collect()
}

/// The same of a part.
pub(super) fn parts(
    metrics: &[&Metric],
    numbers: &dyn Fn(&Metric) -> Known,
    earlier: Option<&dyn Fn(&Metric) -> Known>,
) -> Named<PartAnswer> {
    let part = |metric: &&Metric| {
        let earlier = earlier.filter(|_| !is_of_now(metric)).map(|earlier| earlier(metric));
        (metric.name.to_owned(), numbers(metric).part(earlier))
    };
    metrics.iter().map(part).collect()
}

/// A metric's number among these.
pub(super) fn of(numbers: &Numbers, scope: Scope, metric: &Metric) -> Known {
    Known::of(metric.value_in(scope, numbers))
}

/// By how much a number changed; where it was nothing before, in words.
fn change(value: Option<MetricNumber>, previous: Option<MetricNumber>) -> (Option<f64>, Option<String>) {
    let (Some(value), Some(previous)) = (value, previous) else { return (None, None) };
    match (value.size(), previous.size()) {
        (0.0, 0.0) => (Some(0.0), None),
        (_, 0.0) => (None, Some(format!("from 0 to {}", shown(value)))),
        (now, before) => (Some(rounded((now - before) / before)), None),
    }
}

fn shown(number: MetricNumber) -> String {
    match number {
        MetricNumber::Count(count) => count.to_string(),
        MetricNumber::Share(share) => format!("{:.1} %", 100.0 * share),
        MetricNumber::Seconds(seconds) => format!("{} s", seconds.median),
    }
}

/// To a ten-thousandth of a hundredth, so that it isn't written with seventeen digits.
fn rounded(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

fn estimate(distinct: Distinct) -> Option<String> {
    match distinct {
        exact if exact.is_exact() => None,
        // Nobody of the sample: there may be some all the same.
        none if none.sampled == 0 => Some(format!("estimated from a sample: at most {}", none.at_most())),
        some => Some(format!("estimated from a sample, ± {:.1} % in 95 of 100 cases", 100.0 * some.error())),
    }
}

fn points(error: f64) -> Option<String> {
    (error > 0.0)
        .then(|| format!("estimated from a sample, ± {:.1} points of a hundred in 95 of 100 cases", 100.0 * error))
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "count",
        Unit::Visitors => "visitors",
        Unit::Share => "share",
        Unit::Seconds => "seconds",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_never_infinite() {
        let check = |value: MetricNumber, previous: MetricNumber, expect: Option<f64>, note: Option<&str>| {
            assert_eq!(change(Some(value), Some(previous)), (expect, note.map(str::to_owned)));
        };
        let count = MetricNumber::Count;
        check(count(150), count(100), Some(0.5), None);
        check(count(1), count(3), Some(-0.666_667), None);
        check(count(0), count(3), Some(-1.0), None);
        check(count(0), count(0), Some(0.0), None);
        check(count(7), count(0), None, Some("from 0 to 7"));
        check(MetricNumber::Share(0.25), MetricNumber::Share(0.0), None, Some("from 0 to 25.0 %"));
        check(MetricNumber::Share(0.3), MetricNumber::Share(0.2), Some(0.5), None);
        let seconds = |median| MetricNumber::Seconds(SecondsAnswer { median, p90: 100, p95: 100, max: 100, count: 3 });
        check(seconds(90), seconds(60), Some(0.5), None);
        check(seconds(90), seconds(0), None, Some("from 0 to 90 s"));
        assert_eq!(change(None, Some(count(1))), (None, None));
        assert_eq!(change(Some(count(1)), None), (None, None));
    }

    #[test]
    fn an_estimate_says_how_far_it_may_be_off() {
        let known = Known::of(Value::Visitors(Distinct { sampled: 10_000, share: 0.5 }));
        assert_eq!(known.number, Some(MetricNumber::Count(20_000)));
        // 1.96 · √(0.5 / 10,000)
        assert_eq!(known.note.as_deref(), Some("estimated from a sample, ± 1.4 % in 95 of 100 cases"));
        let answer = known.answer(Unit::Visitors, Some(Known::count(0)));
        let note = "estimated from a sample, ± 1.4 % in 95 of 100 cases; from 0 to 20000";
        assert_eq!((answer.note.as_deref(), answer.change), (Some(note), None));
        assert_eq!(Known::of(Value::Visitors(Distinct { sampled: 7, share: 1.0 })).note, None);
        let none = Known::of(Value::Visitors(Distinct { sampled: 0, share: 0.5 })).note;
        assert_eq!(none.as_deref(), Some("estimated from a sample: at most 6"));
        let known = Known::of(Value::Share(Share { value: 0.5, error: 0.012 }));
        assert_eq!(
            known.note.as_deref(),
            Some("estimated from a sample, ± 1.2 points of a hundred in 95 of 100 cases")
        );
    }

    #[test]
    fn what_is_not_known_says_why() {
        let answer = Known::of(Value::Unknown("no chat was offered")).answer(Unit::Share, Some(Known::count(3)));
        assert_eq!((answer.value, answer.previous), (None, Some(MetricNumber::Count(3))));
        assert_eq!((answer.change, answer.reason.as_deref()), (None, Some("no chat was offered")));
    }
}
