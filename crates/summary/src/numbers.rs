//! What is answered: the numbers of some events.

use std::collections::BTreeMap;

use crate::{Channel, Counter};

/// The answer to a [`Query`](crate::Query).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Of the whole span.
    pub totals: Numbers,
    /// Of each bucket of the timeline.
    pub series: Vec<Numbers>,
    /// Of each value of the dimension that was asked for, in no order, each as often as once. By
    /// channel: of each channel that counts.
    pub rows: Vec<(RowKey, Numbers)>,
}

impl Answer {
    /// The memory that it takes, in bytes, about.
    pub fn bytes(&self) -> usize {
        let rows = self.rows.iter().map(|(key, numbers)| {
            let text = if let RowKey::Value(text) = key { text.len() } else { 0 };
            size_of::<RowKey>() + text + numbers.bytes()
        });
        size_of::<Answer>()
            + self.totals.bytes()
            + self.series.iter().map(Numbers::bytes).sum::<usize>()
            + rows.sum::<usize>()
    }
}

/// What a row of an [`Answer`] stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKey {
    /// Events without a value.
    None,
    /// A value; of a channel its [name](Channel::name).
    Value(String),
    /// Values too many or too rare to have their own numbers. A value may be among them on some days,
    /// and then its own row lacks these.
    Other,
}

/// The numbers of some events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    /// Events.
    pub events: u64,
    /// Sum of each counter, in the order of [`Counter::ALL`]; anomalies left out.
    pub counters: [u64; 8],
    /// What can't be right.
    pub anomalies: Anomalies,
    /// Chat sessions that began in the span.
    pub sessions: Sessions,
    /// Durations of those that ended.
    pub durations: Seconds,
    /// From the beginning of a visit to its first contact request, for visits that began in the span.
    pub first_contacts: Seconds,
    /// Distinct visitors with an event.
    pub visitors: Distinct,
    /// Distinct visitors with a contact request.
    pub contact_visitors: Distinct,
    /// Distinct visitors with a contact request by each channel, in the order of [`Channel::ALL`].
    pub channel_visitors: [Distinct; 5],
    /// Distinct visitors with a contact request from 30 minutes to 7 days after their one before.
    pub repeat_visitors: Distinct,
}

/// What can't be right, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Anomalies {
    /// Events with a counter below 0 or above [`COUNTER_MAX`](crate::COUNTER_MAX).
    pub counter: u64,
    /// Events whose time is more than 24 hours from their receipt.
    pub time: u64,
    /// Events received after their day was closed.
    pub late: u64,
    /// Events of a chat with neither a session's id nor a visitor.
    pub without_session: u64,
    /// Sessions with an end and no start.
    pub end_without_start: u64,
    /// Sessions with a start after an end.
    pub start_after_end: u64,
    /// Sessions that were declined and started.
    pub declined_and_started: u64,
    /// Sessions with more than one start.
    pub two_starts: u64,
}

/// Chat sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sessions {
    /// All.
    pub all: u64,
    /// With an offer.
    pub offered: u64,
    /// With a start at or after the first offer.
    pub accepted: u64,
    /// Invitations that were ignored: of each session, offers less declines less starts after the first offer, at least 0.
    pub ignored: u64,
    /// Starts before any offer of the session.
    pub unprompted: u64,
    /// With a start.
    pub started: u64,
    /// With a start and an end at or after it.
    pub ended: u64,
    /// Started and not ended, the last event less than 24 hours ago.
    pub open: u64,
    /// Started and not ended, the last event longer ago.
    pub unended: u64,
}

/// Lengths of time in whole seconds, rounded down: how often each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seconds(pub BTreeMap<u32, u64>);

impl Seconds {
    /// How many.
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The smallest value that at least `share` of all don't exceed; `None` without any. 0.5 is the median.
    pub fn quantile(&self, share: f64) -> Option<u32> {
        let rank = ((self.count() as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        self.0
            .iter()
            .find(|(_, count)| {
                seen += **count;
                seen >= rank
            })
            .map(|(seconds, _)| *seconds)
    }

    /// The greatest.
    pub fn max(&self) -> Option<u32> {
        self.0.last_key_value().map(|(seconds, _)| *seconds)
    }
}

/// How many distinct visitors: exactly, or estimated from a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distinct {
    /// Those of the sample.
    pub sampled: u64,
    /// The share of all visitors that is in the sample; 1 when all are.
    pub share: f64,
}

impl Default for Distinct {
    fn default() -> Distinct {
        Distinct { sampled: 0, share: 1.0 }
    }
}

impl Distinct {
    /// The number; exact if all visitors are in the sample.
    pub fn value(&self) -> u64 {
        (self.sampled as f64 / self.share).round() as u64
    }

    /// Whether all visitors are in the sample.
    pub fn is_exact(&self) -> bool {
        self.share >= 1.0
    }

    /// Half the width of the interval that holds the true number in 95 of 100 cases, as a share of
    /// [`value`](Self::value): 0 if that is exact. 1 if the sample has nobody, since there may be
    /// somebody all the same: how many at most, [`at_most`](Self::at_most) says.
    pub fn error(&self) -> f64 {
        if self.is_exact() {
            0.0
        } else if self.sampled == 0 {
            1.0
        } else {
            1.96 * ((1.0 - self.share) / self.sampled as f64).sqrt()
        }
    }

    /// The upper end of that interval; of a sample with nobody 3 visitors of the sample's size (the rule
    /// of three).
    pub fn at_most(&self) -> u64 {
        if self.is_exact() {
            self.sampled
        } else if self.sampled == 0 {
            (3.0 / self.share).ceil() as u64
        } else {
            (self.sampled as f64 / self.share * (1.0 + self.error())).ceil() as u64
        }
    }
}

/// Bytes that a length of time takes in a tree, about.
const LENGTH_BYTES: usize = 24;

impl Numbers {
    /// The memory that they take, in bytes, about.
    fn bytes(&self) -> usize {
        size_of::<Numbers>() + (self.durations.0.len() + self.first_contacts.0.len()) * LENGTH_BYTES
    }

    /// The sum of a counter.
    pub fn counter(&self, counter: Counter) -> u64 {
        self.counters[counter as usize]
    }

    /// Contact requests by one channel.
    pub fn requests_by(&self, channel: Channel) -> u64 {
        self.counter(channel.requests())
    }

    /// Contact requests by any channel.
    pub fn requests(&self) -> u64 {
        Channel::ALL.iter().map(|channel| self.requests_by(*channel)).sum()
    }
}

impl Anomalies {
    /// All kinds together.
    pub fn all(&self) -> u64 {
        let Anomalies {
            counter,
            time,
            late,
            without_session,
            end_without_start,
            start_after_end,
            declined_and_started,
            two_starts,
        } = *self;
        counter
            + time
            + late
            + without_session
            + end_without_start
            + start_after_end
            + declined_and_started
            + two_starts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occur() {
        let seconds = Seconds([(1, 5), (7, 4), (30, 1)].into());
        let quantiles = [0.0, 0.5, 0.51, 0.9, 0.91, 1.0].map(|share| seconds.quantile(share));
        assert_eq!(quantiles, [1, 1, 7, 7, 30, 30].map(Some));
        assert_eq!((seconds.count(), seconds.max()), (10, Some(30)));
        assert_eq!((Seconds::default().quantile(0.5), Seconds::default().max()), (None, None));
    }

    #[test]
    fn a_sample_without_anybody_is_not_exact() {
        let exact = Distinct { sampled: 0, share: 1.0 };
        assert_eq!((exact.value(), exact.error(), exact.at_most()), (0, 0.0, 0));
        let nobody = Distinct { sampled: 0, share: 0.01 };
        assert_eq!((nobody.value(), nobody.error(), nobody.at_most()), (0, 1.0, 300));
        // A share of a quarter: 400 ± 1.96 √(0.75 / 100) = 17 %.
        let some = Distinct { sampled: 100, share: 0.25 };
        assert_eq!((some.value(), some.at_most()), (400, 468));
        assert!((some.error() - 0.1697).abs() < 1e-4);
    }
}
