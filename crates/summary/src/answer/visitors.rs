//! Counts distinct visitors, from the samples of all days.

use super::rows::RowKeys;
use super::tally::Tallies;
use super::{CellPart, DayPart};
use crate::fold::day_start;
use crate::{Channel, Numbers, REPEAT_MICROS, VISITOR_DAYS_PER_QUESTION_MAX};

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
pub(crate) fn count(parts: &[DayPart<'_>], rows: &RowKeys, tallies: &mut Tallies) {
    let in_span = threshold(parts.iter().filter(|part| part.is_in_span));
    // Days before the span say whom a request in it repeats, and nothing else: one of them with very many
    // visitors makes only that less exact.
    let of_repeats = threshold(parts.iter());
    let mut counter = Counter { rows, tallies, marks: Marks { visitor: 0, seen: Vec::new() }, contacts: Vec::new() };
    counter.marks.seen = vec![(0, 0); 1 + counter.tallies.series.len() + counter.tallies.rows.len()];
    for_each_visitor(parts, in_span, |days| {
        counter.marks.visitor += 1;
        for day in days {
            counter.add_day(&parts[day.part as usize], day);
        }
        if of_repeats.is_none_or(|threshold| days[0].hash < threshold) {
            counter.add_repeats();
        } else {
            counter.contacts.clear();
        }
    });
    let Tallies { totals, series, rows } = tallies;
    for tally in std::iter::once(totals).chain(series).chain(rows) {
        set_shares(&mut tally.numbers, share(in_span), share(of_repeats));
    }
}

/// The share of all visitors whose hashes are below a threshold.
fn share(threshold: Option<u64>) -> f64 {
    threshold.map_or(1.0, |threshold| threshold as f64 / 2f64.powi(64))
}

/// Hashes from this one on aren't looked at; `None`: all are.
fn threshold<'a>(parts: impl Iterator<Item = &'a DayPart<'a>> + Clone) -> Option<u64> {
    let threshold = parts.clone().filter_map(|part| part.day.sample.threshold).min();
    let visitor_days =
        |threshold| parts.clone().map(|part| below(&part.day.sample.hashes, threshold).len()).sum::<usize>();
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

/// A visitor on a day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct VisitorDay {
    hash: u64,
    /// Of the answer's days.
    part: u32,
    /// Of the day's visitors.
    at: u32,
}

/// Visitors of all days together that are sorted at once: as many as the processor keeps near.
const SORTED_AT_ONCE: usize = 4_096;

/// Looks at each visitor with the days of his, ascending.
fn for_each_visitor(parts: &[DayPart<'_>], threshold: Option<u64>, mut look: impl FnMut(&[VisitorDay])) {
    let hashes: Vec<&[u64]> = parts.iter().map(|part| below(&part.day.sample.hashes, threshold)).collect();
    let count: usize = hashes.iter().map(|hashes| hashes.len()).sum();
    // Hashes are spread evenly, so each step has about as many.
    let steps = (count / SORTED_AT_ONCE + 1) as u64;
    let step = (threshold.unwrap_or(u64::MAX) / steps).saturating_add(1);
    let mut at = vec![0; parts.len()];
    let mut visitors: Vec<VisitorDay> = Vec::new();
    for number in 1..=steps {
        let end = step.saturating_mul(number);
        visitors.clear();
        for (part, hashes) in hashes.iter().enumerate() {
            let start = at[part];
            let is_last = number == steps;
            let next = hashes[start..].iter().take_while(|hash| is_last || **hash < end);
            for (next, hash) in (start..).zip(next) {
                visitors.push(VisitorDay { hash: *hash, part: part as u32, at: next as u32 });
                at[part] = next + 1;
            }
        }
        visitors.sort_unstable();
        visitors.chunk_by(|one, next| one.hash == next.hash).for_each(&mut look);
    }
}

/// Those of ascending hashes that are below the threshold.
fn below(hashes: &[u64], threshold: Option<u64>) -> &[u64] {
    let count = threshold.map_or(hashes.len(), |threshold| hashes.partition_point(|hash| *hash < threshold));
    &hashes[..count]
}

fn set_shares(numbers: &mut Numbers, share: f64, of_repeats: f64) {
    let Numbers { visitors, contact_visitors, channel_visitors, repeat_visitors, .. } = numbers;
    for distinct in [visitors, contact_visitors].into_iter().chain(channel_visitors) {
        distinct.share = share;
    }
    repeat_visitors.share = of_repeats;
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
#[derive(Clone, Copy)]
struct Contact {
    /// Since 1970.
    minute: i64,
    cell: CellPart,
}

struct Counter<'a> {
    rows: &'a RowKeys,
    tallies: &'a mut Tallies,
    marks: Marks,
    contacts: Vec<Contact>,
}

impl Counter<'_> {
    /// Adds one day of the visitor at hand.
    fn add_day(&mut self, part: &DayPart<'_>, day: &VisitorDay) {
        let sample = &part.day.sample;
        let at = day.at as usize;
        let start = if at == 0 { 0 } else { sample.ends[at - 1] as usize };
        for entry in start..sample.ends[at] as usize {
            let number = sample.cells[entry];
            let cell = part.cells[number as usize];
            if !cell.passes {
                continue;
            }
            if cell.requests != 0 {
                let minute = part.minute(number) + i64::from(sample.minutes[entry]);
                self.contacts.push(Contact { minute, cell });
            }
            self.mark(cell, |requests| seen::ANY | seen::requests(requests));
        }
    }

    /// Adds the contact requests that repeat an earlier one. Those of one minute count as one.
    fn add_repeats(&mut self) {
        let mut contacts = std::mem::take(&mut self.contacts);
        contacts.sort_unstable_by_key(|contact| contact.minute);
        let mut before = None;
        for at_once in contacts.chunk_by(|one, next| one.minute == next.minute) {
            let minute = at_once[0].minute;
            if before.is_some_and(|before| REPEAT_MICROS.contains(&((minute - before) * 60_000_000))) {
                for contact in at_once {
                    self.mark(contact.cell, |requests| if requests == 0 { 0 } else { seen::REPEAT });
                }
            }
            before = Some(minute);
        }
        contacts.clear();
        self.contacts = contacts;
    }

    /// Marks a cell's numbers, if it is in the span; `bits` says how, by the channels of contact requests.
    fn mark(&mut self, cell: CellPart, bits: impl Fn(u8) -> u8) {
        if !cell.is_in_span {
            return;
        }
        let Tallies { totals, series, rows } = &mut *self.tallies;
        let of_all = bits(cell.requests);
        self.marks.count(0, of_all, &mut totals.numbers);
        if let Some(tally) = series.get_mut(cell.series as usize) {
            self.marks.count(1 + cell.series as usize, of_all, &mut tally.numbers);
        }
        let first = 1 + series.len();
        if let Some(tally) = rows.get_mut(cell.row as usize) {
            self.marks.count(first + cell.row as usize, of_all, &mut tally.numbers);
        }
        if self.rows.by_channel {
            for channel in (0..5).filter(|channel| cell.channels >> channel & 1 != 0) {
                let bit = 1 << channel;
                for row in self.rows.of_channels(bit) {
                    self.marks.count(first + row, bits(cell.requests & bit), &mut rows[row].numbers);
                }
            }
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
