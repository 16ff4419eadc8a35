//! What events are told apart by, and which of it a summary keeps apart.

use crate::Query;

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
    /// The kind of device, by its [name](crate::Device::name).
    Device,
    /// The host of the page that led here, as [`referrer`](crate::referrer) has it.
    Referrer,
}

/// Dimensions of text: datastream, subject, page, device, referrer, in this order wherever there is one of
/// something for each.
pub(crate) const TEXT_DIMENSIONS: usize = 5;

impl Dimension {
    /// Those of text, in their order.
    pub const TEXTS: [Dimension; TEXT_DIMENSIONS] =
        [Dimension::Datastream, Dimension::Subject, Dimension::Page, Dimension::Device, Dimension::Referrer];

    /// Its place among those of text.
    pub(crate) fn text(self) -> Option<usize> {
        Dimension::TEXTS.iter().position(|dimension| *dimension == self)
    }
}

/// Some dimensions of text: those that a summary keeps apart, or that a query names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dimensions(u8);

impl Dimensions {
    /// All of them.
    pub const ALL: Dimensions = Dimensions((1 << TEXT_DIMENSIONS) - 1);

    /// What a day keeps of pages and subjects.
    pub const BY_PAGE: Dimensions = Dimensions(0b0_1111);

    /// What it keeps of referrers: page and referrer together have more pairs than a summary has room for.
    pub const BY_REFERRER: Dimensions = Dimensions(0b1_1001);

    /// Those that a query divides or filters by.
    pub fn of_query(query: &Query) -> Dimensions {
        let filtered = query.filter.texts().into_iter().filter(|(_, values)| !values.is_empty());
        let named = filtered.map(|(dimension, _)| dimension).chain(query.by);
        Dimensions(named.filter_map(Dimension::text).fold(0, |bits, at| bits | 1 << at))
    }

    /// The fewest that are kept of a day and answer a query; `None` if no stored summary does.
    pub fn kept_for(query: &Query) -> Option<Dimensions> {
        let asked = Dimensions::of_query(query);
        [Dimensions::BY_PAGE, Dimensions::BY_REFERRER].into_iter().find(|kept| kept.contain(asked))
    }

    /// A bit for each.
    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    /// Those of the bits; `None` if one stands for nothing.
    pub(crate) fn of_bits(bits: u8) -> Option<Dimensions> {
        (bits >> TEXT_DIMENSIONS == 0).then_some(Dimensions(bits))
    }

    /// Whether all of others are among them.
    pub fn contain(self, others: Dimensions) -> bool {
        others.0 & !self.0 == 0
    }

    /// Whether the one at a place is among them.
    pub(crate) fn has(self, at: usize) -> bool {
        self.0 >> at & 1 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Filter, Timeline, Values, Wanted};

    #[test]
    fn a_query_is_answered_by_what_keeps_all_that_it_names() {
        let value = || Values { any_of: vec!["x".to_owned()], none_of: Vec::new() };
        let none = || Values { any_of: Vec::new(), none_of: vec![String::new()] };
        let check = |by: Option<Dimension>, filter: Filter, expect: Option<Dimensions>| {
            let timeline = Timeline::default();
            let query = Query { since: 0, until: 1, now: 0, filter, timeline, by, wanted: Wanted::ALL };
            assert_eq!(Dimensions::kept_for(&query), expect, "{query:?}");
        };
        let (by_page, by_referrer) = (Some(Dimensions::BY_PAGE), Some(Dimensions::BY_REFERRER));
        check(None, Filter::default(), by_page);
        check(Some(Dimension::Channel), Filter::default(), by_page);
        check(Some(Dimension::Device), Filter { subject: value(), page: none(), ..Filter::default() }, by_page);
        check(Some(Dimension::Referrer), Filter::default(), by_referrer);
        check(
            None,
            Filter { referrer: none(), datastream: value(), device: value(), ..Filter::default() },
            by_referrer,
        );
        check(Some(Dimension::Page), Filter { referrer: value(), ..Filter::default() }, None);
        check(Some(Dimension::Referrer), Filter { subject: value(), ..Filter::default() }, None);
    }

    #[test]
    fn each_dimension_of_text_has_its_place() {
        for (at, dimension) in Dimension::TEXTS.into_iter().enumerate() {
            assert_eq!(dimension.text(), Some(at));
            assert!(Dimensions::ALL.has(at));
        }
        assert_eq!(Dimension::Channel.text(), None);
    }
}
