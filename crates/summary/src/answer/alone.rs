//! What each day says by itself.
//!
//! A day's columns are read once each, while they are near. What it says of a number that it alone is about is
//! counted at once; the rest is kept for [`together`](super::together), in the order of the visitors' hashes.

use std::ops::Range;
use std::sync::Arc;

use super::did::Did;
use super::lengths::Counters;
use super::marks::{Counts, Histogram, seen};
use super::repeats::Contact;
use super::samples::Estimates;
use super::span::Slot;
use super::tally::Tallies;
use super::{Asked, DayPart, IS_CONTACT};
use crate::day::{DaySummary, Visitor};
use crate::fold::day_start;

const MINUTE_MICROS: i64 = 60_000_000;

/// All buckets that a day can have.
const WHOLE: Range<u16> = 0..u16::MAX;

/// Of a day in at most so many stretches what visitors did in each is kept: those of a zone's midnight are asked for
/// again, those of hours are too many.
const KNOWN_STRETCHES_MAX: usize = 2;

/// The days that one thread looks at.
pub(crate) struct Alone<'a> {
    asked: &'a Asked<'a>,
    tallies: Tallies,
    counts: Counts,
    counters: Counters,
    did: Did,
    found: Vec<(usize, Found)>,
}

/// What a day knows that other days know something of, too. All in the order of the day's visitors.
#[derive(Default)]
pub(crate) struct Found {
    /// What each visitor that the span's number is estimated from did.
    pub(crate) span: Vec<u8>,
    /// By number of a bucket of the series or of a row, the visitors and what each did.
    pub(crate) numbers: Vec<(u32, Vec<(Visitor, u8)>)>,
    /// Contact requests.
    pub(crate) contacts: Vec<Contact>,
}

/// What all threads found.
pub(crate) fn bring_together(asked: &Asked<'_>, workers: Vec<Alone<'_>>) -> (Tallies, Counts, Vec<Found>) {
    let mut all = Alone::new(asked);
    for worker in workers {
        all.tallies.add_all(worker.tallies, &mut all.counters);
        all.counts.add_all(&worker.counts);
        all.found.extend(worker.found);
    }
    all.found.sort_unstable_by_key(|(part, _)| *part);
    (all.tallies, all.counts, all.found.into_iter().map(|(_, found)| found).collect())
}

impl<'a> Alone<'a> {
    pub(crate) fn new(asked: &'a Asked<'a>) -> Alone<'a> {
        Alone {
            asked,
            tallies: Tallies::new(asked.query, &asked.rows),
            counts: Counts::new(asked.numbers()),
            counters: Counters::new(),
            did: Did::default(),
            found: Vec::new(),
        }
    }

    /// Looks at a day.
    pub(crate) fn add(&mut self, at: usize) {
        let part = &self.asked.parts[at];
        let mut found = Found::default();
        if part.is_in_span {
            self.tallies.add(self.asked, part, &mut self.counters);
            self.add_visitors(part, &mut found);
            self.add_rows(part, &mut found);
        }
        self.add_contacts(at, &mut found);
        self.found.push((at, found));
    }

    /// Adds visitors to the span and to the buckets of the series.
    fn add_visitors(&mut self, part: &DayPart<'_>, found: &mut Found) {
        let Estimates { span, series, is_within_a_day, .. } = &self.asked.estimates;
        let sample = &part.day.sample;
        let (of_span, of_series) = (self.asked.wanted(0), seen::wanted(self.asked.query.wanted.series));
        let in_span = if of_span == 0 { 0 } else { span.visitors.count(&sample.hashes) };
        let whole = part.is_whole.then(|| done_in(part.day, &WHOLE));
        found.span = match &whole {
            Some(whole) => whole[..in_span].iter().map(|seen| seen & of_span).collect(),
            None => vec![0; in_span],
        };
        let only_bucket = part.only_bucket();
        let is_known = part.passes_all && part.stretches.len() <= KNOWN_STRETCHES_MAX;
        for stretch in &part.stretches {
            let in_bucket = match stretch.slot {
                Slot::Outside => continue,
                Slot::InSeries(bucket) if of_series != 0 => series[bucket as usize].visitors.count(&sample.hashes),
                Slot::InSeries(_) | Slot::InSpan => 0,
            };
            let to_span = if whole.is_some() { 0 } else { in_span };
            let count = in_bucket.max(to_span);
            if count == 0 {
                continue;
            }
            let known = match &whole {
                Some(whole) if only_bucket.is_some() => Some(Arc::clone(whole)),
                _ if is_known => Some(done_in(part.day, &stretch.buckets)),
                _ => None,
            };
            match known {
                Some(known) => self.did.copy(&known[..count], of_span | of_series),
                None => {
                    self.did.begin(count);
                    let entries = sample.of_first(count);
                    for at in entries.by_cell.of_buckets(&stretch.buckets) {
                        let seen = part.seen[entries.by_cell.cells()[at] as usize] & (of_span | of_series);
                        if seen != 0 {
                            self.did.add_all(entries.of(at, count), seen);
                        }
                    }
                }
            }
            self.did.add_to(&mut found.span[..to_span], of_span);
            match stretch.slot {
                Slot::InSeries(bucket) if in_bucket > 0 => {
                    let number = Asked::number_of_bucket(bucket);
                    if is_within_a_day[bucket as usize] {
                        let mut histogram = Histogram::new();
                        self.did.each(in_bucket, of_series, |_, seen| histogram.add(seen));
                        self.counts.add_many(number, &histogram);
                    } else {
                        found.numbers.push((number, self.did.taken(in_bucket, of_series)));
                    }
                }
                _ => {}
            }
        }
    }

    /// Adds what visitors did by row.
    fn add_rows(&mut self, part: &DayPart<'_>, found: &mut Found) {
        let Asked { rows, query, estimates, .. } = self.asked;
        let wanted = seen::wanted(query.wanted.rows);
        let sample = &part.day.sample;
        let count = estimates.span.visitors.count(&sample.hashes);
        if rows.keys.is_empty() || wanted == 0 || count == 0 {
            return;
        }
        let entries = sample.of_first(count);
        let by_row = part.cells_by_row(entries, rows, wanted);
        for (row, cells) in by_row.rows() {
            self.did.begin(count);
            for (at, seen) in cells {
                self.did.add_all(entries.of(*at as usize, count), *seen);
            }
            let visitors = self.did.taken(count, wanted);
            if !visitors.is_empty() {
                found.numbers.push((self.asked.first_row() + row, visitors));
            }
        }
    }

    /// Adds the contact requests of those who may have come again.
    fn add_contacts(&mut self, at: usize, found: &mut Found) {
        let part = &self.asked.parts[at];
        let sample = &part.day.sample;
        let count = self.asked.estimates.contacts[at].count(&sample.hashes);
        if count == 0 {
            return;
        }
        let first_minute = day_start(part.kept.day) / MINUTE_MICROS;
        for contact in part.kept.sample.contacts(count) {
            // Cells are all over the memory: they are looked at only where there is a filter.
            if part.passes_all || part.seen[part.cell_of_kept(contact.cell) as usize] & IS_CONTACT != 0 {
                let hash = sample.hashes[usize::from(contact.visitor)];
                let minute = first_minute + i64::from(contact.minute);
                found.contacts.push(Contact { hash, minute, part: at as u32, cell: contact.cell });
            }
        }
    }
}

/// What each visitor did in some buckets of the day, if nothing is filtered.
fn done_in(day: &DaySummary, buckets: &Range<u16>) -> Arc<[u8]> {
    let sample = &day.sample;
    sample.known.get_or_make(buckets, || {
        let mut did = vec![0u8; sample.hashes.len()];
        let entries = sample.of_first(sample.hashes.len());
        for at in entries.by_cell.of_buckets(buckets) {
            let place = day.cells.places[entries.by_cell.cells()[at] as usize];
            let seen = seen::ANY | seen::requests(day.requests[place as usize]);
            for visitor in entries.of(at, usize::MAX) {
                did[usize::from(*visitor)] |= seen;
            }
        }
        did
    })
}
