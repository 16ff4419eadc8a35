//! Answers queries from the summaries of days.

mod lengths;
mod marks;
mod passing;
mod rows;
mod samples;
mod span;
mod tally;
mod visitors;

use std::sync::Arc;

use crate::day::DaySummary;
use crate::{Answer, Dimension, Numbers, Query};
use lengths::Counters;
use marks::seen;
use rows::RowKeys;
use span::Slot;
use tally::Tallies;

/// The answer to a query.
///
/// `days` are the summaries of all days that overlap the query's span and of the seven days before, one
/// of each, in any order; others are passed over, and a day that is missing counts as one without
/// events. Each must be able to answer ([`DaySummary::can_answer`]); of one that isn't, the buckets that
/// begin within the span are taken, and values without a number of their own don't pass.
pub fn answer(query: &Query, days: &[Arc<DaySummary>]) -> Answer {
    let mut days: Vec<&DaySummary> =
        days.iter().map(Arc::as_ref).filter(|day| span::overlaps(day, query) || span::precedes(day, query)).collect();
    days.sort_by_key(|day| day.day);
    days.dedup_by_key(|day| day.day);
    let mut parts: Vec<DayPart<'_>> = days.into_iter().map(|day| DayPart::new(day, query)).collect();
    let rows = RowKeys::new(query, &parts);
    for part in &mut parts {
        part.set_rows(&rows.of_places(part.day));
    }
    let counters = &mut Counters::new();
    let mut tallies = Tallies::new(query, &rows);
    for part in parts.iter().filter(|part| part.is_in_span) {
        tallies.add(part, &rows, query, counters);
    }
    visitors::count(&parts, &rows, &mut tallies);
    let rows = rows.keys.into_iter().zip(tallies.rows).map(|(key, tally)| (key, tally.finish(counters)));
    let rows = rows.filter(|(_, numbers)| query.by == Some(Dimension::Channel) || has_any(numbers)).collect();
    Answer {
        totals: tallies.totals.finish(counters),
        series: tallies.series.into_iter().map(|tally| tally.finish(counters)).collect(),
        rows,
    }
}

/// Whether anything of a row's value is in the span.
fn has_any(numbers: &Numbers) -> bool {
    numbers.events > 0 || numbers.sessions.all > 0 || numbers.first_contacts.count() > 0
}

/// Marks cells of contact requests that pass, also outside of the span.
const IS_CONTACT: u8 = seen::REPEAT;

/// A day, as a query sees it.
pub(crate) struct DayPart<'a> {
    day: &'a DaySummary,
    is_in_span: bool,
    /// Channels that count.
    counted: u8,
    /// Of each bucket of the day.
    slots: Vec<Slot>,
    /// The cells of each stretch of the day that is in one bucket of the series, or in none: the first cell
    /// after it, and the bucket.
    stretches: Vec<(u32, u32)>,
    /// Of each cell [`CellPart::seen`], and [`IS_CONTACT`]: what is looked at most often, so it is near.
    seen: Vec<u8>,
    cells: Vec<CellPart>,
}

/// A cell, as a query sees it.
#[derive(Clone, Copy)]
pub(crate) struct CellPart {
    /// Whether it passes and is in the span.
    is_in_span: bool,
    /// The channels that count and that its events belong to, a bit each.
    channels: u8,
    /// Those of them that its events are contact requests by, if it passes.
    requests: u8,
    /// What its visitors did, if it passes and is in the span.
    seen: u8,
    /// Its bucket of the series; a number that none has where it is in none.
    series: u32,
    /// Its row; likewise.
    row: u32,
}

impl<'a> DayPart<'a> {
    fn new(day: &'a DaySummary, query: &Query) -> DayPart<'a> {
        let slots = span::slots(day, query);
        let passing = passing::passing(day, &query.filter);
        let counted = passing::counted(&query.filter.channel);
        let cells = day.cells.buckets.iter().zip(&day.cells.places).map(|(bucket, place)| {
            let (slot, passes) = (slots[usize::from(*bucket)], passing[*place as usize]);
            let mask = day.places[*place as usize].mask;
            let is_in_span = passes && slot != Slot::Outside;
            let requests = if passes { mask.requests() & counted } else { 0 };
            CellPart {
                is_in_span,
                channels: mask.channels() & counted,
                requests,
                seen: if is_in_span { seen::ANY | seen::requests(requests) } else { 0 },
                series: if let Slot::InSeries(bucket) = slot { bucket } else { u32::MAX },
                row: u32::MAX,
            }
        });
        let cells: Vec<CellPart> = cells.collect();
        let is_contact = |cell: &CellPart| if cell.requests != 0 { IS_CONTACT } else { 0 };
        let seen = cells.iter().map(|cell| cell.seen | is_contact(cell)).collect();
        let mut stretches = Vec::new();
        let mut start = 0;
        for of_bucket in cells.chunk_by(|one, next| one.series == next.series) {
            start += of_bucket.len() as u32;
            stretches.extend(of_bucket.first().map(|cell| (start, cell.series)));
        }
        DayPart { day, is_in_span: span::overlaps(day, query), counted, slots, stretches, seen, cells }
    }

    /// The bucket of the series of each of the day's buckets that is in one.
    fn series(&self) -> impl Iterator<Item = u32> + '_ {
        self.slots.iter().filter_map(|slot| if let Slot::InSeries(bucket) = slot { Some(*bucket) } else { None })
    }

    fn set_rows(&mut self, of_places: &[u32]) {
        for (cell, place) in self.cells.iter_mut().zip(&self.day.cells.places) {
            cell.row = of_places[*place as usize];
        }
    }
}
