//! Answers queries from the summaries of days.
//!
//! What an answer costs depends on its days and on what is kept of each, which is limited: not on how many
//! events there were. Each day is looked at by itself first ([`tally`], [`alone`]), by several threads, and
//! each of its columns is read once, in order. What several days say together (visitors of a span, of a week,
//! of a day of another zone) is brought together afterwards ([`together`]). Numbers that the query doesn't
//! want aren't looked for.

mod alone;
mod did;
mod lengths;
mod marks;
mod passing;
mod repeats;
mod rows;
mod samples;
mod span;
mod sums;
mod tally;
mod threads;
mod together;

use std::ops::Range;
use std::sync::Arc;

use crate::day::DaySummary;
use crate::{Answer, Dimension, Numbers, Query, Want};
use alone::Alone;
use lengths::Counters;
use marks::{Counts, seen};
use rows::RowKeys;
use samples::{Estimate, Estimates};
use span::Slot;
use tally::Tallies;

/// The answer to a query.
///
/// `days` are the summaries of all days that overlap the query's span and, if it is wanted who came again, of
/// the seven days before, one of each, in any order; others are passed over, and a day that is missing counts
/// as one without events. Each must be able to answer ([`DaySummary::can_answer`]); of one that isn't, the
/// buckets that begin within the span are taken, and values without a number of their own don't pass.
pub fn answer(query: &Query, days: &[Arc<DaySummary>]) -> Answer {
    lasting_answer(query, days).answer
}

/// An answer that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Lasting {
    /// The answer.
    pub answer: Answer,
    /// The presents ([`Query::now`]) at which it is the answer, as long as the days are the same: whether a
    /// chat is still open depends on it.
    pub presents: Range<i64>,
}

/// As [`answer`], with what is needed to give the same one again.
pub fn lasting_answer(query: &Query, days: &[Arc<DaySummary>]) -> Lasting {
    lasting_answers(&[(query, days)]).pop().unwrap_or_else(|| Lasting { answer: Answer::default(), presents: 0..0 })
}

/// The answers to several queries, each about days of its own, in their order. Threads share the work on all of them.
pub fn lasting_answers(asked: &[(&Query, &[Arc<DaySummary>])]) -> Vec<Lasting> {
    let asked: Vec<(&Query, Vec<&DaySummary>)> =
        asked.iter().map(|(query, days)| (*query, needed(query, days))).collect();
    let cells = |(_, days): &(&Query, Vec<&DaySummary>)| days.iter().map(|day| day.cells.places.len()).sum::<usize>();
    let mut answers = Vec::with_capacity(asked.len());
    let mut rest = asked.as_slice();
    while !rest.is_empty() {
        let mut sum = 0;
        let fits = rest.iter().take_while(|asked| {
            sum += cells(asked);
            sum <= CELLS_AT_ONCE_MAX
        });
        let (now, later) = rest.split_at(fits.count().max(1));
        answers.extend(answer_together(now));
        rest = later;
    }
    answers
}

/// The days that a query needs, in their order.
fn needed<'a>(query: &Query, days: &'a [Arc<DaySummary>]) -> Vec<&'a DaySummary> {
    let has_repeats = query.wanted.has_repeats();
    let is_needed = |day: &&DaySummary| span::overlaps(day, query) || has_repeats && span::precedes(day, query);
    let mut days: Vec<&DaySummary> = days.iter().map(Arc::as_ref).filter(is_needed).collect();
    days.sort_by_key(|day| day.day);
    days.dedup_by_key(|day| day.day);
    days
}

fn answer_together(asked: &[(&Query, Vec<&DaySummary>)]) -> Vec<Lasting> {
    let days = || asked.iter().flat_map(|(query, days)| days.iter().map(move |day| (*query, *day)));
    let threads = threads(days().map(|(_, day)| day));
    let mut parts = threads::map(threads, days(), |(query, day)| DayPart::new(day, query)).into_iter();
    let of_queries = asked.iter().map(|(query, days)| (*query, parts.by_ref().take(days.len()).collect()));
    let of_queries: Vec<(&Query, Vec<DayPart<'_>>)> = of_queries.collect();
    let asked = threads::map(threads, of_queries, |(query, parts)| Asked::new(query, parts));
    let days = asked.iter().enumerate().flat_map(|(query, asked)| (0..asked.parts.len()).map(move |day| (query, day)));
    let new = || asked.iter().map(|_| None).collect();
    let workers = threads::share(threads, days, new, |of_queries: &mut Vec<Option<Alone<'_>>>, (query, day)| {
        of_queries[query].get_or_insert_with(|| Alone::new(&asked[query])).add(day);
    });
    let mut of_queries: Vec<(&Asked<'_>, Vec<Alone<'_>>)> = asked.iter().map(|asked| (asked, Vec::new())).collect();
    for (query, alone) in workers.into_iter().flat_map(|worker| worker.into_iter().enumerate()) {
        of_queries[query].1.extend(alone);
    }
    let alone = threads::map(threads, of_queries, |(asked, workers)| alone::bring_together(asked, workers));
    let (counted, found): (Vec<_>, Vec<_>) =
        alone.into_iter().map(|(tallies, counts, found)| ((tallies, counts), found)).unzip();
    let together: Vec<together::Question<'_>> =
        std::iter::zip(&asked, &found).map(|(asked, found)| together::Question::new(asked, found)).collect();
    let counts = together::count(&together, threads);
    drop(together);
    let all = std::iter::zip(asked, std::iter::zip(counted, counts));
    threads::map(threads, all, |(asked, ((tallies, alone), together))| {
        asked.finish(tallies, std::iter::once(alone).chain(together))
    })
}

/// Whether anything of a row's value is in the span.
fn has_any(numbers: &Numbers) -> bool {
    numbers.events > 0 || numbers.sessions.all > 0 || numbers.first_contacts.count() > 0
}

/// Kept visitors' entries and cells from which on another thread is worth its start.
const WORK_PER_THREAD_MIN: usize = 100_000;

/// Threads that work on answers.
const THREADS_MAX: usize = 2;

/// Cells of days that are looked at at once for several queries: each takes a byte meanwhile for each of them.
const CELLS_AT_ONCE_MAX: usize = 32 << 20;

/// How many threads are worth their start for questions about some days.
fn threads<'a>(days: impl Iterator<Item = &'a DaySummary>) -> usize {
    let work = |day: &DaySummary| day.sample.len() + day.first_contacts.len() + day.cells.places.len();
    (days.map(work).sum::<usize>() / WORK_PER_THREAD_MIN).clamp(1, THREADS_MAX)
}

/// What is asked, of which days.
pub(crate) struct Asked<'a> {
    query: &'a Query,
    /// In the order of their days.
    parts: Vec<DayPart<'a>>,
    rows: RowKeys,
    estimates: Estimates,
}

impl<'a> Asked<'a> {
    fn new(query: &'a Query, mut parts: Vec<DayPart<'a>>) -> Asked<'a> {
        let rows = RowKeys::new(query, &parts);
        for part in &mut parts {
            part.place_rows = rows.of_places(part.day);
        }
        let estimates = Estimates::new(query, &parts);
        Asked { query, parts, rows, estimates }
    }

    /// The answer, from what was added up and what was counted.
    fn finish(self, mut tallies: Tallies, counts: impl Iterator<Item = Counts>) -> Lasting {
        let mut all = Counts::new(self.numbers());
        counts.for_each(|counts| all.add_all(&counts));
        for (at, numbers) in tallies.numbers().enumerate() {
            let (estimate, want) = self.estimate(at);
            all.add_to(at, numbers);
            estimate.set_shares(numbers, want);
        }
        let counters = &mut Counters::new();
        let Tallies { totals, series, rows, presents, .. } = tallies;
        let rows = self.rows.keys.into_iter().zip(rows).map(|(key, tally)| (key, tally.finish(counters)));
        let is_by_channel = self.query.by == Some(Dimension::Channel);
        let rows = rows.filter(|(_, numbers)| is_by_channel || has_any(numbers)).collect();
        let series = series.into_iter().map(|tally| tally.finish(counters)).collect();
        Lasting { answer: Answer { totals: totals.finish(counters), series, rows }, presents }
    }

    /// The number of a bucket of the series among all numbers: that of the span is 0, then come the buckets of
    /// the series, then the rows.
    fn number_of_bucket(bucket: u32) -> u32 {
        1 + bucket
    }

    fn first_row(&self) -> u32 {
        1 + self.query.timeline.buckets
    }

    fn numbers(&self) -> usize {
        1 + self.query.timeline.buckets as usize + self.rows.keys.len()
    }

    /// What is wanted of what visitors of a number did.
    fn wanted(&self, number: usize) -> u8 {
        seen::wanted(self.estimate(number).1)
    }

    /// Whom a number is estimated from, and what is wanted of it.
    fn estimate(&self, number: usize) -> (&Estimate, Want) {
        let Estimates { span, series, .. } = &self.estimates;
        match number.checked_sub(1) {
            None => (span, self.query.wanted.totals),
            Some(bucket) => match series.get(bucket) {
                Some(estimate) => (estimate, self.query.wanted.series),
                None => (span, self.query.wanted.rows),
            },
        }
    }
}

/// Marks cells of contact requests that pass, also outside of the span.
const IS_CONTACT: u8 = seen::REPEAT;

/// A day, as a query sees it.
pub(crate) struct DayPart<'a> {
    /// Condensed, if the query has all of the day in one place.
    day: &'a DaySummary,
    /// As it is kept.
    kept: &'a DaySummary,
    is_in_span: bool,
    /// Channels that count, a bit each.
    counted: u8,
    /// Whether everything passes.
    passes_all: bool,
    /// Whether all of the day is in the span, and everything passes.
    is_whole: bool,
    /// The cells of the day, by where they belong.
    stretches: Vec<Stretch>,
    /// The bucket of the series of each stretch of time that is in one, also where it has no cells.
    buckets: Vec<u32>,
    /// Of each cell what its visitors did if it passes and is in the span; and [`IS_CONTACT`]. What is looked
    /// at most often, so it is near.
    seen: Vec<u8>,
    /// The row of each place; a number that no row has where it has none.
    place_rows: Vec<u32>,
}

/// Cells of a day one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    /// The first one after it.
    end: u32,
    /// Of the day as it is kept.
    buckets: Range<u16>,
    slot: Slot,
}

/// Adds for each cell what visitors of its place did, of it what is taken. By itself, so that it is a short loop.
#[inline(never)]
fn add_seen(seen: &mut Vec<u8>, of_places: &[u8], cells: &[u32], taken: u8) {
    seen.extend(cells.iter().map(|place| of_places[*place as usize] & taken));
}

impl<'a> DayPart<'a> {
    fn new(kept: &'a DaySummary, query: &Query) -> DayPart<'a> {
        let slots = span::slots(kept, query);
        let is_in_one = slots.iter().all(|slot| *slot == slots[0]);
        let day = kept.condensed.as_deref().filter(|_| is_in_one).unwrap_or(kept);
        let counted = passing::counted(&query.filter.channel);
        let passing = passing::passing(day, &query.filter);
        let of_places: Vec<u8> = std::iter::zip(day.requests.iter(), &passing)
            .map(|(requests, passes)| match requests & counted {
                _ if !passes => 0,
                0 => seen::ANY,
                requests => seen::ANY | seen::requests(requests) | IS_CONTACT,
            })
            .collect();
        // Each place is a cell then.
        let is_by_place = !std::ptr::eq(day, kept);
        let mut seen = Vec::with_capacity(day.cells.places.len());
        let (mut stretches, mut buckets) = (Vec::new(), Vec::new());
        let cells = &day.cells;
        let mut after = 0;
        for slots in slots.chunk_by(|one, next| one == next) {
            let first = after;
            after += slots.len() as u16;
            let slot = slots[0];
            let Range { start, end } = cells.by_bucket.range(&(first..after));
            let taken = if slot == Slot::Outside { IS_CONTACT } else { u8::MAX };
            match of_places.get(start..end).filter(|_| is_by_place) {
                Some(of_places) => seen.extend(of_places.iter().map(|seen| seen & taken)),
                None => add_seen(&mut seen, &of_places, &cells.places[start..end], taken),
            }
            if let Slot::InSeries(bucket) = slot {
                buckets.push(bucket);
            }
            if start < end {
                stretches.push(Stretch { end: end as u32, buckets: first..after, slot });
            }
        }
        let is_in_span = span::overlaps(day, query);
        let passes_all = counted == passing::EVERY && !passing.contains(&false);
        let is_whole = passes_all && !slots.contains(&Slot::Outside);
        DayPart {
            day,
            kept,
            is_in_span,
            counted,
            passes_all,
            is_whole,
            stretches,
            buckets,
            seen,
            place_rows: Vec::new(),
        }
    }

    /// The only bucket of the series that all of the day is in.
    fn only_bucket(&self) -> Option<u32> {
        match self.stretches.as_slice() {
            [Stretch { slot: Slot::InSeries(bucket), .. }] => Some(*bucket),
            _ => None,
        }
    }

    /// What stands for a cell of the day as it is kept.
    fn cell_of_kept(&self, cell: u32) -> u32 {
        if std::ptr::eq(self.day, self.kept) { cell } else { self.kept.cells.places[cell as usize] }
    }

    fn place_of(&self, cell: u32) -> usize {
        self.day.cells.places[cell as usize] as usize
    }

    /// The channels that count and that a cell's events belong to, a bit each.
    fn channels_of(&self, cell: u32) -> u8 {
        self.day.places[self.place_of(cell)].mask.channels() & self.counted
    }
}
