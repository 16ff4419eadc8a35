//! What each day says by itself.
//!
//! A day's columns are read once each, while they are near. What it says of a number that it alone is about is
//! counted at once; the rest is kept for [`together`](super::together), in the order of the visitors' hashes.

use super::lengths::Counters;
use super::marks::{Counts, Histogram, Mark, seen};
use super::repeats::Contact;
use super::samples::Estimates;
use super::span::Slot;
use super::tally::Tallies;
use super::{Asked, DayPart, IS_CONTACT, Stretch};
use crate::day::{DaySummary, Sample};

/// The days that one thread looks at.
pub(crate) struct Alone<'a> {
    asked: &'a Asked<'a>,
    tallies: Tallies,
    counts: Counts,
    counters: Counters,
    found: Vec<(usize, Found)>,
}

/// What a day knows that other days know something of, too. All in the order of the day's visitors.
#[derive(Default)]
pub(crate) struct Found {
    /// What each visitor that the span's number is estimated from did.
    pub(crate) span: Vec<u8>,
    /// By bucket of the series, the visitors, by their place among the day's, and what each did.
    pub(crate) buckets: Vec<(u32, Vec<(u32, u8)>)>,
    /// What visitors did by row.
    pub(crate) rows: Vec<Mark>,
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
            tallies: Tallies::new(asked.query, asked.rows),
            counts: Counts::new(asked.numbers()),
            counters: Counters::new(),
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
        let Estimates { span, series, is_within_a_day, .. } = self.asked.estimates;
        let hashes = &part.day.sample.hashes;
        let (of_span, of_series) = (self.asked.wanted(0), seen::wanted(self.asked.query.wanted.series));
        let in_span = if of_span == 0 { 0 } else { span.visitors.count(hashes) };
        let only_bucket = part.only_bucket().filter(|_| of_series != 0);
        let in_bucket = only_bucket.map_or(0, |bucket| series[bucket as usize].visitors.count(hashes));
        let mut trails = Vec::new();
        let trails = if part.is_whole {
            whole(part.day)
        } else {
            trails.extend((0..in_span.max(in_bucket)).map(|visitor| trail(&part.day.sample, visitor, &part.seen)));
            trails.as_slice()
        };
        found.span = trails[..in_span].iter().map(|seen| seen & of_span).collect();
        match only_bucket {
            Some(bucket) if is_within_a_day[bucket as usize] => {
                let mut histogram = Histogram::new();
                trails[..in_bucket].iter().for_each(|seen| histogram.add(seen & of_series));
                self.counts.add_many(Asked::number_of_bucket(bucket), &histogram);
            }
            Some(bucket) => {
                let visitors = (0u32..).zip(&trails[..in_bucket]).map(|(visitor, seen)| (visitor, seen & of_series));
                found.buckets.push((bucket, visitors.filter(|(_, seen)| *seen != 0).collect()));
            }
            None if of_series != 0 => self.add_stretches(part, of_series, found),
            None => {}
        }
    }

    /// Adds visitors to the buckets of the series, of a day that is in several.
    fn add_stretches(&mut self, part: &DayPart<'_>, wanted: u8, found: &mut Found) {
        let Estimates { series, is_within_a_day, .. } = self.asked.estimates;
        let sample = &part.day.sample;
        let in_bucket = |stretch: &Stretch| match stretch.slot {
            Slot::InSeries(bucket) => series[bucket as usize].visitors.count(&sample.hashes),
            Slot::Outside | Slot::InSpan => 0,
        };
        let counts: Vec<usize> = part.stretches.iter().map(in_bucket).collect();
        let mut visitors = vec![Visitors::None; part.stretches.len()];
        for (visitors, stretch) in visitors.iter_mut().zip(&part.stretches) {
            if let Slot::InSeries(bucket) = stretch.slot {
                let is_alone = is_within_a_day[bucket as usize];
                *visitors = if is_alone { Visitors::Alone(Histogram::new()) } else { Visitors::Shared(Vec::new()) };
            }
        }
        let stretch_of = part.stretches_of_buckets();
        for visitor in 0..counts.iter().copied().max().unwrap_or(0) {
            let mut rest = entries(sample, visitor);
            while let Some(first) = rest.first() {
                let at = stretch_of[usize::from(part.day.cells.buckets[*first as usize])];
                let end = part.stretches[at].end;
                let (mut did, mut taken) = (0, 0);
                while let Some(cell) = rest.get(taken).filter(|cell| **cell < end) {
                    did |= part.seen[*cell as usize];
                    taken += 1;
                }
                rest = &rest[taken..];
                if did & wanted != 0 && visitor < counts[at] {
                    visitors[at].add(visitor as u32, did & wanted);
                }
            }
        }
        for (visitors, stretch) in visitors.into_iter().zip(&part.stretches) {
            match (visitors, stretch.slot) {
                (Visitors::Alone(visitors), Slot::InSeries(bucket)) => {
                    self.counts.add_many(Asked::number_of_bucket(bucket), &visitors);
                }
                (Visitors::Shared(visitors), Slot::InSeries(bucket)) => found.buckets.push((bucket, visitors)),
                _ => {}
            }
        }
    }

    /// Adds what visitors did by row.
    fn add_rows(&mut self, part: &DayPart<'_>, found: &mut Found) {
        let Asked { rows, query, estimates, .. } = self.asked;
        let wanted = seen::wanted(query.wanted.rows);
        if rows.keys.is_empty() || wanted == 0 {
            return;
        }
        let sample = &part.day.sample;
        let may_count = |visitor: &usize| whole(part.day)[*visitor] & wanted != 0;
        for visitor in (0..estimates.span.visitors.count(&sample.hashes)).filter(may_count) {
            let hash = sample.hashes[visitor];
            let mut add = |row: u32, seen: u8| {
                let number = self.asked.first_row() + row;
                match found.rows.last_mut() {
                    _ if seen == 0 => {}
                    Some(last) if (last.hash, last.number) == (hash, number) => last.seen |= seen,
                    _ => found.rows.push(Mark { hash, number, seen }),
                }
            };
            for cell in entries(sample, visitor) {
                let seen = part.seen[*cell as usize] & !IS_CONTACT;
                if seen == 0 {
                    continue;
                }
                if !rows.by_channel {
                    let row = part.place_rows[part.place_of(*cell)];
                    if (row as usize) < rows.keys.len() {
                        add(row, seen & wanted);
                    }
                    continue;
                }
                let channels = part.channels_of(*cell);
                for channel in (0..5).map(|channel| 1 << channel).filter(|channel| channels & channel != 0) {
                    let seen = seen::ANY | seen::requests(seen::channels(seen) & channel);
                    rows.of_channels(channel).for_each(|row| add(row as u32, seen & wanted));
                }
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
        // Most have none.
        let has_any = |visitor: &usize| whole(part.day)[*visitor] & seen::CONTACT != 0;
        for visitor in (0..count).filter(has_any) {
            let minutes = &sample.minutes[range(sample, visitor)];
            for (cell, minute) in entries(sample, visitor).iter().zip(minutes) {
                if part.seen[*cell as usize] & IS_CONTACT != 0 {
                    let minute = part.minute(*cell) + i64::from(*minute);
                    found.contacts.push(Contact { hash: sample.hashes[visitor], minute, part: at as u32, cell: *cell });
                }
            }
        }
    }
}

/// The visitors of a stretch.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "there are a few of them, and each is looked at for every visitor")]
enum Visitors {
    /// They are wanted nowhere.
    None,
    /// Of a bucket that nothing else is in.
    Alone(Histogram),
    /// Of a bucket that is brought together.
    Shared(Vec<(u32, u8)>),
}

impl Visitors {
    fn add(&mut self, visitor: u32, did: u8) {
        match self {
            Visitors::None => {}
            Visitors::Alone(visitors) => visitors.add(did),
            Visitors::Shared(visitors) => visitors.push((visitor, did)),
        }
    }
}

fn range(sample: &Sample, visitor: usize) -> std::ops::Range<usize> {
    let start = visitor.checked_sub(1).map_or(0, |before| sample.ends[before]);
    start as usize..sample.ends[visitor] as usize
}

/// The cells of a visitor, ascending.
fn entries(sample: &Sample, visitor: usize) -> &[u32] {
    &sample.cells[range(sample, visitor)]
}

/// What a visitor did in all of a day, by what was done in each cell.
fn trail(sample: &Sample, visitor: usize, seen: &[u8]) -> u8 {
    entries(sample, visitor).iter().fold(0, |did, cell| did | seen[*cell as usize])
}

/// What each visitor did in all of the day, if nothing is filtered. Found out once.
fn whole(day: &DaySummary) -> &[u8] {
    let seen_at = |place: &u32| {
        let requests = day.places[*place as usize].mask.requests();
        seen::ANY | seen::requests(requests)
    };
    day.sample.whole.get_or_init(|| {
        let seen: Vec<u8> = day.cells.places.iter().map(seen_at).collect();
        (0..day.sample.hashes.len()).map(|visitor| trail(&day.sample, visitor, &seen)).collect()
    })
}
