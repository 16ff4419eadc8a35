//! What is asked of the summaries of some days.

use crate::{Channel, Dimension};

/// A question about a span of time. Instants are microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    /// The first instant within.
    pub since: i64,
    /// The first instant after it.
    pub until: i64,
    /// The present, for what is open now.
    pub now: i64,
    /// Which events count.
    pub filter: Filter,
    /// The spans of the series, empty for none.
    pub timeline: Timeline,
    /// Numbers for each value of this, if any.
    pub by: Option<Dimension>,
    /// Which numbers are looked at, beside those that are sums.
    pub wanted: Wanted,
}

/// Which numbers of an answer are wanted. What is a sum is always there; distinct visitors, lengths of time and chats
/// without an end take a look at each, so what isn't wanted is as if there were none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// Of the whole span.
    pub totals: Want,
    /// Of each bucket of the series.
    pub series: Want,
    /// Of each row.
    pub rows: Want,
}

/// Which of some [`Numbers`](crate::Numbers) are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Want {
    /// Their durations of chats.
    pub durations: bool,
    /// Their times to first contact.
    pub first_contacts: bool,
    /// Their chats without an end: those that are open and those that aren't.
    pub unended: bool,
    /// Their visitors.
    pub visitors: bool,
    /// Their visitors with a contact request, by any channel and by each.
    pub contact_visitors: bool,
    /// Their visitors who came again.
    pub repeat_visitors: bool,
}

impl Query {
    /// The memory that it takes, in bytes, about.
    pub fn bytes(&self) -> usize {
        let channel = &self.filter.channel;
        let values = self.filter.texts().into_iter();
        let texts = values.flat_map(|(_, values)| values.any_of.iter().chain(&values.none_of));
        size_of::<Query>()
            + self.timeline.stretches.len() * size_of::<(i64, u32)>()
            + texts.map(|text| size_of::<String>() + text.len()).sum::<usize>()
            + channel.any_of.len()
            + channel.none_of.len()
    }
}

impl Want {
    /// Everything.
    pub const ALL: Want = Want {
        durations: true,
        first_contacts: true,
        unended: true,
        visitors: true,
        contact_visitors: true,
        repeat_visitors: true,
    };

    /// Sums only.
    pub const SUMS: Want = Want {
        durations: false,
        first_contacts: false,
        unended: false,
        visitors: false,
        contact_visitors: false,
        repeat_visitors: false,
    };

    /// What either wants.
    #[must_use]
    pub const fn or(self, other: Want) -> Want {
        Want {
            durations: self.durations || other.durations,
            first_contacts: self.first_contacts || other.first_contacts,
            unended: self.unended || other.unended,
            visitors: self.visitors || other.visitors,
            contact_visitors: self.contact_visitors || other.contact_visitors,
            repeat_visitors: self.repeat_visitors || other.repeat_visitors,
        }
    }
}

impl Wanted {
    /// Everything.
    pub const ALL: Wanted = Wanted { totals: Want::ALL, series: Want::ALL, rows: Want::ALL };

    /// Sums only.
    pub const SUMS: Wanted = Wanted { totals: Want::SUMS, series: Want::SUMS, rows: Want::SUMS };

    /// Whether it is told who came again, which depends on the days before the span.
    pub const fn has_repeats(&self) -> bool {
        self.totals.or(self.series).or(self.rows).repeat_visitors
    }
}

/// Which bucket of a series an instant belongs to: each stretch begins at an instant and lasts until
/// the next one begins, the last until the query's end. Ascending; a bucket may have several
/// stretches (the hour 9 of all Mondays).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Timeline {
    /// Beginning and bucket.
    pub stretches: Vec<(i64, u32)>,
    /// Buckets in all.
    pub buckets: u32,
}

/// Which events count. An event passes if every part lets it pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// By datastream.
    pub datastream: Values,
    /// By channel.
    pub channel: Channels,
    /// By subject.
    pub subject: Values,
    /// By page.
    pub page: Values,
    /// By device.
    pub device: Values,
    /// By referrer.
    pub referrer: Values,
}

impl Filter {
    /// The choices of texts, in the order of [`Dimension::TEXTS`].
    pub fn texts(&self) -> [(Dimension, &Values); Dimension::TEXTS.len()] {
        let Filter { datastream, channel: _, subject, page, device, referrer } = self;
        [
            (Dimension::Datastream, datastream),
            (Dimension::Subject, subject),
            (Dimension::Page, page),
            (Dimension::Device, device),
            (Dimension::Referrer, referrer),
        ]
    }
}

/// A choice of texts; the empty text stands for events that have none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Values {
    /// One of these, if there are any.
    pub any_of: Vec<String>,
    /// None of these.
    pub none_of: Vec<String>,
}

impl Values {
    /// Whether every text passes.
    pub fn is_empty(&self) -> bool {
        self.any_of.is_empty() && self.none_of.is_empty()
    }
}

/// A choice of channels.
///
/// The channels that count are those of `any_of`, or all, without those of `none_of`. Only their
/// counters are summed. An event with a counter above 0 passes if one of its channels counts; one
/// without passes if `any_of` is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Channels {
    /// One of these, if there are any.
    pub any_of: Vec<Channel>,
    /// None of these.
    pub none_of: Vec<Channel>,
}
