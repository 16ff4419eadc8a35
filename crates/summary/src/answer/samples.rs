//! Which visitors each number is estimated from.
//!
//! The days of a span have samples of different shares. A number is estimated from the visitors that are
//! in the samples of all days that it is about: a day of a series from its own sample, the whole span
//! from the smallest share. So each bucket of a series says the same as if it were asked alone.

use super::DayPart;
use crate::day::DaySummary;
use crate::fold::day_start;
use crate::{
    DAY_MICROS, Numbers, Query, REPEAT_MICROS, VISITOR_DAYS_PER_ESTIMATE_MAX, VISITOR_DAYS_PER_NUMBER_MAX,
    VISITOR_DAYS_PER_RECURRING_BUCKET_MAX, Want,
};

/// A share of all visitors: those with the smallest hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Below {
    /// Visitors have hashes up to this one.
    last: u64,
}

impl Below {
    /// Everybody.
    const ALL: Below = Below { last: u64::MAX };

    /// Nobody.
    pub(crate) const NONE: Below = Below { last: 0 };

    /// Those whose hashes are below a threshold, if there is one.
    fn threshold(threshold: Option<u64>) -> Below {
        threshold.map_or(Below::ALL, |threshold| Below { last: threshold.saturating_sub(1) })
    }

    pub(crate) fn has(self, hash: u64) -> bool {
        hash <= self.last
    }

    pub(crate) fn last(self) -> u64 {
        self.last
    }

    /// How many of these ascending hashes it has.
    pub(crate) fn count(self, hashes: &[u64]) -> usize {
        hashes.partition_point(|hash| self.has(*hash))
    }

    fn share(self) -> f64 {
        if self == Below::ALL { 1.0 } else { (self.last as f64 + 1.0) / 2f64.powi(64) }
    }

    /// The visitors that all of these days know, and no more than `estimate_max` where they aren't all there are.
    fn of<'a>(days: impl Iterator<Item = &'a DaySummary> + Clone, estimate_max: usize) -> Below {
        let all = Below::threshold(days.clone().filter_map(|day| day.sample.threshold).min());
        let visitor_days = |below: Below| {
            let count = |day: &DaySummary| below.count(&day.sample.hashes);
            days.clone().map(count).sum::<usize>()
        };
        let known = visitor_days(all);
        if known <= estimate_max || all == Below::ALL && known <= VISITOR_DAYS_PER_NUMBER_MAX {
            return all;
        }
        // The most that are no more than are looked at: too many at `high`, few enough at `low`.
        let (mut low, mut high) = (0, all.last);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match visitor_days(Below { last: middle }) <= estimate_max {
                true => low = middle,
                false => high = middle,
            }
        }
        Below { last: low }
    }
}

/// Whom a number of distinct visitors is estimated from, and whom one of those who came again is, which
/// depends on the days before too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Estimate {
    pub(crate) visitors: Below,
    pub(crate) repeats: Below,
}

impl Estimate {
    /// Of nobody.
    const NONE: Estimate = Estimate { visitors: Below::NONE, repeats: Below::NONE };

    pub(crate) fn set_shares(&self, numbers: &mut Numbers, want: Want) {
        if want.visitors {
            numbers.visitors.share = self.visitors.share();
        }
        if want.contact_visitors {
            let Numbers { contact_visitors, channel_visitors, .. } = numbers;
            for distinct in std::iter::once(contact_visitors).chain(channel_visitors) {
                distinct.share = self.visitors.share();
            }
        }
        if want.repeat_visitors {
            numbers.repeat_visitors.share = self.repeats.share();
        }
    }
}

/// The estimates of an answer.
pub(crate) struct Estimates {
    /// Of the whole span, and of its rows.
    pub(crate) span: Estimate,
    /// Of each bucket of the series.
    pub(crate) series: Vec<Estimate>,
    /// Of each day, which visitors' contact requests matter.
    pub(crate) contacts: Vec<Below>,
    /// Of each bucket of the series, whether all of it is one stretch of one day.
    pub(crate) is_within_a_day: Vec<bool>,
}

impl Estimates {
    /// Of parts in the order of their days.
    pub(crate) fn new(query: &Query, parts: &[DayPart<'_>]) -> Estimates {
        let day = |at: usize| parts[at].day;
        let in_span: Vec<usize> = (0..parts.len()).filter(|at| parts[*at].is_in_span).collect();
        // Days before the span say whom a request in it repeats, and nothing else: one of them with very
        // many visitors makes only that less exact.
        let estimate = |want: Want, estimate_max: usize, of: &[usize], with_before: &[usize]| {
            let has_visitors = want.visitors || want.contact_visitors;
            let below = |of: &[usize]| Below::of(of.iter().map(|at| day(*at)), estimate_max);
            Estimate {
                visitors: if has_visitors { below(of) } else { Below::NONE },
                repeats: if want.repeat_visitors { below(with_before) } else { Below::NONE },
            }
        };
        let all: Vec<usize> = (0..parts.len()).collect();
        let of_span = query.wanted.totals.or(query.wanted.rows);
        let span = estimate(of_span, VISITOR_DAYS_PER_ESTIMATE_MAX, &in_span, &all);
        let mut contacts = vec![span.repeats; parts.len()];
        let buckets = query.timeline.buckets as usize;
        let mut parts_of: Vec<Vec<usize>> = vec![Vec::new(); buckets];
        let mut stretches = vec![0u32; buckets];
        for at in in_span {
            for bucket in &parts[at].buckets {
                stretches[*bucket as usize] += 1;
                let parts = &mut parts_of[*bucket as usize];
                if parts.last() != Some(&at) {
                    parts.push(at);
                }
            }
        }
        let want = query.wanted.series;
        // A bucket that is one span says the same as if that were asked for alone.
        let mut times = vec![0u32; buckets];
        for (_, bucket) in &query.timeline.stretches {
            if let Some(times) = times.get_mut(*bucket as usize) {
                *times += 1;
            }
        }
        let of_bucket = |(of, times): (&Vec<usize>, u32)| {
            if want == (Want { visitors: false, contact_visitors: false, repeat_visitors: false, ..want }) {
                return Estimate::NONE;
            }
            let mut with_before: Vec<usize> = Vec::new();
            for at in of {
                let from = with_before.last().map_or(0, |last| last + 1);
                with_before.extend((from..=*at).filter(|before| *before == *at || reaches(day(*before), day(*at))));
            }
            let estimate_max =
                if times > 1 { VISITOR_DAYS_PER_RECURRING_BUCKET_MAX } else { VISITOR_DAYS_PER_ESTIMATE_MAX };
            let estimate = estimate(want, estimate_max, of, &with_before);
            with_before.iter().for_each(|at| contacts[*at] = contacts[*at].max(estimate.repeats));
            estimate
        };
        let series = std::iter::zip(&parts_of, times).map(of_bucket).collect();
        Estimates { span, series, contacts, is_within_a_day: stretches.iter().map(|count| *count <= 1).collect() }
    }
}

/// Whether a contact request of the earlier day can be one that another of the later day repeats.
fn reaches(earlier: &DaySummary, later: &DaySummary) -> bool {
    day_start(later.day) - (day_start(earlier.day) + DAY_MICROS) < *REPEAT_MICROS.end()
}
