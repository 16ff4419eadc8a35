//! Counts distinct visitors, from the samples of all days.
//!
//! Each day is looked at by itself first, since its cells are near then. What it says of a number that
//! it alone is about is counted at once; the rest is brought together by visitor. That is done for one
//! range of hashes after the other, so that it takes little memory, and by several threads.

use super::marks::{Mark, Marks, seen};
use super::rows::RowKeys;
use super::samples::{Below, Estimates};
use super::tally::Tallies;
use super::{DayPart, IS_CONTACT};
use crate::REPEAT_MICROS;
use crate::fold::day_start;

/// Visitors of all days together that are looked at before the next range of hashes.
const VISITOR_DAYS_AT_ONCE: usize = 131_072;

/// Ranges from which on another thread is worth its start.
const RANGES_PER_THREAD_MIN: usize = 2;

/// Of a day's hashes, one of so many is looked at to learn how they are spread.
const LOOKED_AT: usize = 1_024;

/// Threads that look at the visitors of one answer.
const THREADS_MAX: usize = 2;

/// Counts the visitors of all parts, which are in the order of their days.
pub(crate) fn count(parts: &[DayPart<'_>], rows: &RowKeys, tallies: &mut Tallies) {
    let looking = Looking::new(parts, rows, tallies);
    let ranges = looking.ranges();
    let threads = (ranges.len() / RANGES_PER_THREAD_MIN).clamp(1, THREADS_MAX);
    let look = |first: usize| {
        let mut counting = Counting::new(&looking);
        ranges.iter().skip(first).step_by(threads).for_each(|range| counting.look(*range));
        counting.marks.counts
    };
    let counts = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|first| (first, scope.spawn(move || look(first)))).collect();
        let mut all = vec![look(0)];
        // A thread that ended without an answer ended by a defect: then here, too, and it is told.
        all.extend(others.into_iter().map(|(first, other)| other.join().unwrap_or_else(|_| look(first))));
        all
    });
    let Estimates { span, series: of_series, .. } = &looking.estimates;
    let Tallies { totals, series, rows } = tallies;
    let estimates = std::iter::once(span).chain(of_series).chain(std::iter::repeat(span));
    for (at, (tally, estimate)) in std::iter::once(totals).chain(series).chain(rows).zip(estimates).enumerate() {
        counts.iter().for_each(|counts| counts.add_to(at, &mut tally.numbers));
        estimate.set_shares(&mut tally.numbers);
    }
}

/// What is looked at, and for which numbers: that of the span is 0, then come the buckets of the
/// series, then the rows.
struct Looking<'a> {
    parts: &'a [DayPart<'a>],
    rows: &'a RowKeys,
    estimates: Estimates,
    /// Of each part, which visitors matter.
    below: Vec<Below>,
    first_row: u32,
    numbers: usize,
    has_rows: bool,
}

impl<'a> Looking<'a> {
    fn new(parts: &'a [DayPart<'a>], rows: &'a RowKeys, tallies: &Tallies) -> Looking<'a> {
        let buckets = tallies.series.len();
        let estimates = Estimates::new(parts, buckets);
        let below = parts.iter().zip(&estimates.contacts).map(|(part, contacts)| {
            let in_span = if part.is_in_span { estimates.span.visitors } else { Below::NONE };
            let own = part.series().filter_map(|bucket| estimates.series.get(bucket as usize));
            own.map(|estimate| estimate.visitors).fold(in_span.max(*contacts), Below::max)
        });
        Looking {
            parts,
            rows,
            below: below.collect(),
            estimates,
            first_row: 1 + buckets as u32,
            numbers: 1 + buckets + tallies.rows.len(),
            has_rows: !tallies.rows.is_empty() && !rows.by_channel,
        }
    }

    /// Ranges of hashes, both ends included, that have about as many visitors each: days with few visitors
    /// have hashes of all sizes, days with many small ones only.
    fn ranges(&self) -> Vec<(u64, u64)> {
        let mut some: Vec<u64> = Vec::new();
        for (part, below) in self.parts.iter().zip(&self.below) {
            some.extend(part.day.sample.hashes.iter().step_by(LOOKED_AT).filter(|hash| below.has(**hash)));
        }
        some.sort_unstable();
        let mut ends: Vec<u64> = some.chunks_exact(VISITOR_DAYS_AT_ONCE / LOOKED_AT).map(|range| range[0]).collect();
        ends.retain(|end| *end > 0);
        ends.dedup();
        let firsts = std::iter::once(0).chain(ends.iter().copied());
        firsts.zip(ends.iter().map(|end| end - 1).chain([u64::MAX])).collect()
    }
}

/// A contact request.
#[derive(Clone, Copy)]
struct Contact {
    hash: u64,
    /// Since 1970.
    minute: i64,
    /// Of the answer's days.
    part: u32,
    cell: u32,
}

struct Counting<'a> {
    looking: &'a Looking<'a>,
    marks: Marks,
    /// What is to be brought together by visitor.
    found: Vec<Mark>,
    contacts: Vec<Contact>,
}

impl<'a> Counting<'a> {
    fn new(looking: &'a Looking<'a>) -> Counting<'a> {
        Counting { looking, marks: Marks::new(looking.numbers), found: Vec::new(), contacts: Vec::new() }
    }

    /// Looks at the visitors whose hashes are in a range, both ends included.
    fn look(&mut self, range: (u64, u64)) {
        for at in 0..self.looking.parts.len() {
            self.look_at_day(at, range);
        }
        self.add_repeats();
        self.marks.count_all(&mut self.found, range);
    }

    fn look_at_day(&mut self, at: usize, (first, last): (u64, u64)) {
        let looking = self.looking;
        let Estimates { span, contacts, .. } = &looking.estimates;
        let part = &looking.parts[at];
        let sample = &part.day.sample;
        let last = last.min(looking.below[at].last());
        let from = sample.hashes.partition_point(|hash| *hash < first);
        let to = sample.hashes.partition_point(|hash| *hash <= last).max(from);
        let mut start = from.checked_sub(1).map_or(0, |before| sample.ends[before] as usize);
        for (hash, end) in sample.hashes[from..to].iter().zip(&sample.ends[from..to]) {
            let cells = &sample.cells[start..*end as usize];
            let seen = self.look_at_trail(part, *hash, cells);
            if seen & !IS_CONTACT != 0 && span.visitors.has(*hash) {
                self.found.push(Mark { hash: *hash, number: 0, seen: seen & !IS_CONTACT });
                if looking.has_rows || looking.rows.by_channel {
                    self.add_to_rows(part, *hash, cells);
                }
            }
            if seen & IS_CONTACT != 0 && contacts[at].has(*hash) {
                let minutes = &sample.minutes[start..*end as usize];
                let requests =
                    cells.iter().zip(minutes).filter(|(cell, _)| part.seen[**cell as usize] & IS_CONTACT != 0);
                for (cell, minute) in requests {
                    let minute = part.minute(*cell) + i64::from(*minute);
                    self.contacts.push(Contact { hash: *hash, minute, part: at as u32, cell: *cell });
                }
            }
            start = *end as usize;
        }
    }

    /// Adds a visitor's day to the buckets of the series, and answers what he did in all of it.
    fn look_at_trail(&mut self, part: &DayPart<'_>, hash: u64, cells: &[u32]) -> u8 {
        let (mut of_all, mut of_bucket) = (0, 0);
        let mut stretches = part.stretches.iter();
        let (mut end, mut bucket) = stretches.next().copied().unwrap_or((u32::MAX, u32::MAX));
        for cell in cells {
            if *cell >= end {
                self.add_to_bucket(hash, bucket, of_bucket & !IS_CONTACT);
                of_all |= of_bucket;
                of_bucket = 0;
                let next = stretches.find(|(end, _)| cell < end);
                (end, bucket) = next.copied().unwrap_or((u32::MAX, u32::MAX));
            }
            of_bucket |= part.seen[*cell as usize];
        }
        self.add_to_bucket(hash, bucket, of_bucket & !IS_CONTACT);
        of_all | of_bucket
    }

    fn add_to_bucket(&mut self, hash: u64, bucket: u32, seen: u8) {
        let Estimates { series, is_within_a_day, .. } = &self.looking.estimates;
        let Some(estimate) = series.get(bucket as usize) else { return };
        if seen == 0 || !estimate.visitors.has(hash) {
            return;
        }
        match is_within_a_day[bucket as usize] {
            true => self.marks.counts.add(1 + bucket as usize, seen),
            false => self.found.push(Mark { hash, number: 1 + bucket, seen }),
        }
    }

    fn add_to_rows(&mut self, part: &DayPart<'_>, hash: u64, cells: &[u32]) {
        let Looking { rows, first_row, .. } = self.looking;
        for cell in cells.iter().map(|number| &part.cells[*number as usize]).filter(|cell| cell.seen != 0) {
            if !rows.by_channel {
                if cell.row != u32::MAX {
                    self.found.push(Mark { hash, number: first_row + cell.row, seen: cell.seen });
                }
                continue;
            }
            for channel in (0..5).filter(|channel| cell.channels >> channel & 1 != 0) {
                let bit = 1 << channel;
                let seen = seen::ANY | seen::requests(cell.requests & bit);
                let rows = rows.of_channels(bit);
                self.found.extend(rows.map(|row| Mark { hash, number: first_row + row as u32, seen }));
            }
        }
    }

    /// Adds the contact requests that repeat an earlier one. Those of one minute count as one.
    fn add_repeats(&mut self) {
        let mut contacts = std::mem::take(&mut self.contacts);
        contacts.sort_unstable_by_key(|contact| (contact.hash, contact.minute));
        for of_visitor in contacts.chunk_by(|one, next| one.hash == next.hash) {
            let mut before = None;
            for at_once in of_visitor.chunk_by(|one, next| one.minute == next.minute) {
                let minute = at_once[0].minute;
                if before.is_some_and(|before| REPEAT_MICROS.contains(&((minute - before) * 60_000_000))) {
                    at_once.iter().for_each(|contact| self.add_repeat(contact));
                }
                before = Some(minute);
            }
        }
        contacts.clear();
        self.contacts = contacts;
    }

    fn add_repeat(&mut self, contact: &Contact) {
        let Looking { parts, rows, estimates, first_row, .. } = self.looking;
        let cell = &parts[contact.part as usize].cells[contact.cell as usize];
        if cell.seen == 0 {
            return;
        }
        let mut mark = |number: u32| self.found.push(Mark { hash: contact.hash, number, seen: seen::REPEAT });
        let of_bucket = estimates.series.get(cell.series as usize);
        if of_bucket.is_some_and(|estimate| estimate.repeats.has(contact.hash)) {
            mark(1 + cell.series);
        }
        if !estimates.span.repeats.has(contact.hash) {
            return;
        }
        mark(0);
        if rows.by_channel {
            rows.of_channels(cell.requests).for_each(|row| mark(first_row + row as u32));
        } else if cell.row != u32::MAX {
            mark(first_row + cell.row);
        }
    }
}

impl DayPart<'_> {
    /// The minute since 1970 that a cell begins with.
    fn minute(&self, cell: u32) -> i64 {
        let bucket = i64::from(self.day.cells.buckets[cell as usize]) * i64::from(self.day.bucket.minutes());
        day_start(self.day.day) / 60_000_000 + bucket
    }
}
