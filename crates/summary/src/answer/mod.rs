//! Answers queries from the summaries of days.

mod passing;
mod rows;
mod span;
mod tally;
mod visitors;

use std::sync::Arc;

use crate::day::DaySummary;
use crate::rows::Place;
use crate::{Answer, Query, RowKey};
use rows::{RowKeys, RowsOf};
use span::Slot;
use tally::Tallies;

/// The answer to a query.
///
/// `days` are the summaries of all days that overlap the query's span and of the seven days before, one
/// of each, in any order; others are passed over, and a day that is missing counts as one without
/// events. Each must be able to answer ([`DaySummary::can_answer`]); of one that isn't, the buckets that
/// begin within the span are taken, and values without a number of their own don't pass.
pub fn answer(query: &Query, days: &[Arc<DaySummary>]) -> Answer {
    let mut parts: Vec<DayPart<'_>> = days.iter().map(|day| DayPart::new(day, query)).collect();
    parts.sort_by_key(|part| part.day.day);
    parts.dedup_by_key(|part| part.day.day);
    let rows = RowKeys::new(query, &parts);
    for part in &mut parts {
        part.rows = rows.of_places(part);
    }
    let mut tallies = Tallies::new(query, &rows);
    for part in parts.iter().filter(|part| part.is_in_span) {
        tallies.add(part, &rows, query);
    }
    visitors::count(query, &parts, &rows, &mut tallies);
    let rows = rows.keys.into_iter().zip(tallies.rows).map(|(key, tally)| (key, tally.finish()));
    Answer {
        totals: tallies.totals.finish(),
        series: tallies.series.into_iter().map(|tally| tally.finish()).collect(),
        rows: rows.filter(|(key, numbers)| is_shown(key, numbers, query)).collect(),
    }
}

/// Whether a row has anything to say; those of channels always do.
fn is_shown(_: &RowKey, numbers: &crate::Numbers, query: &Query) -> bool {
    query.by == Some(crate::Dimension::Channel)
        || numbers.events > 0
        || numbers.sessions.all > 0
        || numbers.first_contacts.count() > 0
}

/// A day, as a query sees it.
pub(crate) struct DayPart<'a> {
    day: &'a DaySummary,
    is_in_span: bool,
    /// Channels that count.
    counted: u8,
    /// Of each bucket.
    slots: Vec<Slot>,
    /// Of each place.
    passing: Vec<bool>,
    /// Of each place.
    rows: Vec<RowsOf>,
}

impl<'a> DayPart<'a> {
    fn new(day: &'a DaySummary, query: &Query) -> DayPart<'a> {
        DayPart {
            day,
            is_in_span: span::overlaps(day, query),
            counted: passing::counted(&query.filter.channel),
            slots: span::slots(day, query),
            passing: passing::passing(day, &query.filter),
            rows: Vec::new(),
        }
    }

    fn place(&self, cell: u32) -> &Place {
        &self.day.places[self.day.cells.places[cell as usize] as usize]
    }

    fn slot(&self, cell: u32) -> Slot {
        self.slots[self.day.cells.buckets[cell as usize] as usize]
    }

    fn rows_of(&self, cell: u32) -> RowsOf {
        self.rows[self.day.cells.places[cell as usize] as usize]
    }

    fn passes(&self, cell: u32) -> bool {
        self.passing[self.day.cells.places[cell as usize] as usize]
    }

    /// Whether a cell is in the span and passes.
    fn has(&self, cell: u32) -> bool {
        self.passes(cell) && self.slot(cell) != Slot::Outside
    }
}
