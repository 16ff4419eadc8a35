//! Counts distinct visitors, from the samples of all days.

use super::DayPart;
use super::rows::{RowKeys, RowsOf};
use super::span::Slot;
use super::tally::Tallies;
use crate::fold::day_start;
use crate::{Channel, DAY_MICROS, Numbers, Query, REPEAT_MICROS, VISITOR_DAYS_PER_QUESTION_MAX};

/// What a visitor did, a bit for each number of distinct visitors.
mod seen {
    pub(super) const ANY: u8 = 1;
    pub(super) const CONTACT: u8 = 1 << 1;
    pub(super) const REPEAT: u8 = 1 << 7;

    /// Contact requests by these channels.
    pub(super) const fn requests(channels: u8) -> u8 {
        if channels == 0 { 0 } else { CONTACT | channels << 2 }
    }
}

/// Counts the visitors of all parts, which are in the order of their days.
pub(crate) fn count(query: &Query, parts: &[DayPart<'_>], rows: &RowKeys, tallies: &mut Tallies) {
    let matters = |part: &&DayPart<'_>| part.is_in_span || part.precedes(query);
    let parts: Vec<&DayPart<'_>> = parts.iter().filter(matters).collect();
    let threshold = threshold(&parts);
    let mut visitors: Vec<(u64, u32, u32)> = Vec::new();
    for (part, day) in parts.iter().enumerate() {
        let hashes = below(&day.day.sample.hashes, threshold);
        visitors.extend(hashes.iter().enumerate().map(|(at, hash)| (*hash, part as u32, at as u32)));
    }
    visitors.sort_unstable();
    let mut counter = Counter { rows, tallies, marks: Marks { visitor: 0, seen: Vec::new() }, contacts: Vec::new() };
    counter.marks.seen = vec![(0, 0); 1 + counter.tallies.series.len() + counter.tallies.rows.len()];
    for days in visitors.chunk_by(|one, next| one.0 == next.0) {
        counter.marks.visitor += 1;
        for (_, part, at) in days {
            counter.add_day(parts[*part as usize], *part, *at as usize);
        }
        counter.add_repeats(&parts);
    }
    let share = threshold.map_or(1.0, |threshold| threshold as f64 / 2f64.powi(64));
    let Tallies { totals, series, rows } = tallies;
    for tally in std::iter::once(totals).chain(series).chain(rows) {
        set_share(&mut tally.numbers, share);
    }
}

/// Hashes from this one on aren't looked at; `None`: all are.
fn threshold(parts: &[&DayPart<'_>]) -> Option<u64> {
    let threshold = parts.iter().filter_map(|part| part.day.sample.threshold).min();
    let visitor_days =
        |threshold| parts.iter().map(|part| below(&part.day.sample.hashes, threshold).len()).sum::<usize>();
    if visitor_days(threshold) <= VISITOR_DAYS_PER_QUESTION_MAX {
        return threshold;
    }
    // The greatest that lets through no more than are looked at: too many at `high`, few enough at `low`.
    let (mut low, mut high) = (1, threshold.unwrap_or(u64::MAX));
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match visitor_days(Some(middle)) <= VISITOR_DAYS_PER_QUESTION_MAX {
            true => low = middle,
            false => high = middle,
        }
    }
    Some(low)
}

/// Those of ascending hashes that are below the threshold.
fn below(hashes: &[u64], threshold: Option<u64>) -> &[u64] {
    let count = threshold.map_or(hashes.len(), |threshold| hashes.partition_point(|hash| *hash < threshold));
    &hashes[..count]
}

fn set_share(numbers: &mut Numbers, share: f64) {
    let Numbers { visitors, contact_visitors, channel_visitors, repeat_visitors, .. } = numbers;
    for distinct in [visitors, contact_visitors, repeat_visitors].into_iter().chain(channel_visitors) {
        distinct.share = share;
    }
}

/// What the visitor at hand was already counted for.
struct Marks {
    /// Numbered from 1.
    visitor: u32,
    /// For the totals, the buckets of the series and the rows: the last visitor, and his bits.
    seen: Vec<(u32, u8)>,
}

impl Marks {
    /// Counts what is new about the visitor.
    fn count(&mut self, at: usize, bits: u8, numbers: &mut Numbers) {
        let (visitor, seen) = &mut self.seen[at];
        if *visitor != self.visitor {
            (*visitor, *seen) = (self.visitor, 0);
        }
        let new = bits & !*seen;
        if new == 0 {
            return;
        }
        *seen |= new;
        numbers.visitors.sampled += u64::from(new & seen::ANY);
        numbers.contact_visitors.sampled += u64::from(new & seen::CONTACT != 0);
        numbers.repeat_visitors.sampled += u64::from(new & seen::REPEAT != 0);
        for channel in Channel::ALL {
            let bit = seen::requests(1 << channel as u8) & !seen::CONTACT;
            numbers.channel_visitors[channel as usize].sampled += u64::from(new & bit != 0);
        }
    }
}

/// A contact request of the visitor at hand.
struct Contact {
    /// Since 1970.
    minute: i64,
    part: u32,
    cell: u32,
}

struct Counter<'a> {
    rows: &'a RowKeys,
    tallies: &'a mut Tallies,
    marks: Marks,
    contacts: Vec<Contact>,
}

impl Counter<'_> {
    /// Adds one day of the visitor at hand.
    fn add_day(&mut self, part: &DayPart<'_>, number: u32, at: usize) {
        let sample = &part.day.sample;
        let start = if at == 0 { 0 } else { sample.ends[at - 1] as usize };
        for entry in start..sample.ends[at] as usize {
            let cell = sample.cells[entry];
            if !part.passes(cell) {
                continue;
            }
            if part.requests(cell) != 0 {
                let minute = part.minute(cell) + i64::from(sample.minutes[entry]);
                self.contacts.push(Contact { minute, part: number, cell });
            }
            self.mark(part, cell, |requests| seen::ANY | seen::requests(requests));
        }
    }

    /// Adds the contact requests that repeat an earlier one. Those of one minute count as one.
    fn add_repeats(&mut self, parts: &[&DayPart<'_>]) {
        let mut contacts = std::mem::take(&mut self.contacts);
        contacts.sort_unstable_by_key(|contact| contact.minute);
        let mut before = None;
        for at_once in contacts.chunk_by(|one, next| one.minute == next.minute) {
            let minute = at_once[0].minute;
            if before.is_some_and(|before| REPEAT_MICROS.contains(&((minute - before) * 60_000_000))) {
                for contact in at_once {
                    let repeats = |requests| if requests == 0 { 0 } else { seen::REPEAT };
                    self.mark(parts[contact.part as usize], contact.cell, repeats);
                }
            }
            before = Some(minute);
        }
        contacts.clear();
        self.contacts = contacts;
    }

    /// Marks a cell's numbers, if it is in the span; `bits` says how, by the channels of contact requests.
    fn mark(&mut self, part: &DayPart<'_>, cell: u32, bits: impl Fn(u8) -> u8) {
        let slot = part.slot(cell);
        if slot == Slot::Outside {
            return;
        }
        let Tallies { totals, series, rows } = &mut *self.tallies;
        let requests = part.requests(cell);
        self.marks.count(0, bits(requests), &mut totals.numbers);
        if let Slot::InSeries(bucket) = slot {
            let at = bucket as usize;
            self.marks.count(1 + at, bits(requests), &mut series[at].numbers);
        }
        let first = 1 + series.len();
        match part.rows_of(cell) {
            RowsOf::None => {}
            RowsOf::One(row) => self.marks.count(first + row as usize, bits(requests), &mut rows[row as usize].numbers),
            RowsOf::Channels => {
                let channels = part.place(cell).mask.channels() & part.counted;
                for (channel, row) in self.rows.of_channel.iter().enumerate() {
                    if let Some(row) = row.map(|row| row as usize)
                        && channels >> channel & 1 != 0
                    {
                        self.marks.count(first + row, bits(requests & 1 << channel), &mut rows[row].numbers);
                    }
                }
            }
        }
    }
}

impl DayPart<'_> {
    /// Whether the day can have contact requests that one in the span repeats.
    fn precedes(&self, query: &Query) -> bool {
        let start = day_start(self.day.day);
        start < query.since && query.since.saturating_sub(start + DAY_MICROS) <= *REPEAT_MICROS.end()
    }

    /// The channels that count and that a cell's events are contact requests by.
    fn requests(&self, cell: u32) -> u8 {
        self.place(cell).mask.requests() & self.counted
    }

    /// The minute since 1970 that a cell begins with.
    fn minute(&self, cell: u32) -> i64 {
        let bucket = i64::from(self.day.cells.buckets[cell as usize]) * i64::from(self.day.bucket.minutes());
        day_start(self.day.day) / 60_000_000 + bucket
    }
}
