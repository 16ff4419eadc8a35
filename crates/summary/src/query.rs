//! What is asked of the summaries of some days.

use crate::Channel;

/// A question about a span of time. Instants are microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// Which bucket of a series an instant belongs to: each stretch begins at an instant and lasts until
/// the next one begins, the last until the query's end. Ascending; a bucket may have several
/// stretches (the hour 9 of all Mondays).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Beginning and bucket.
    pub stretches: Vec<(i64, u32)>,
    /// Buckets in all.
    pub buckets: u32,
}

/// What events are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// The datastream.
    Datastream,
    /// The channel of a contact request.
    Channel,
    /// The subject.
    Subject,
    /// The page.
    Page,
}

/// Which events count. An event passes if every part lets it pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// By datastream.
    pub datastream: Values,
    /// By channel.
    pub channel: Channels,
    /// By subject.
    pub subject: Values,
    /// By page.
    pub page: Values,
}

/// A choice of texts; the empty text stands for events that have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// One of these, if there are any.
    pub any_of: Vec<String>,
    /// None of these.
    pub none_of: Vec<String>,
}

/// A choice of channels.
///
/// The channels that count are those of `any_of`, or all, without those of `none_of`. Only their
/// counters are summed. An event with a counter above 0 passes if one of its channels counts; one
/// without passes if `any_of` is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels {
    /// One of these, if there are any.
    pub any_of: Vec<Channel>,
    /// None of these.
    pub none_of: Vec<Channel>,
}
