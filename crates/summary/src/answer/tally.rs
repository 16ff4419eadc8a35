//! Adds up what cells hold, for the whole span, for the buckets of its series and for its rows.

use super::DayPart;
use super::lengths::{Counters, Gathered};
use super::rows::RowKeys;
use crate::day::{Lengths, Measure};
use crate::{Channel, Numbers, Query, SESSION_MICROS_MAX};

/// Numbers on their way.
#[derive(Clone, Default)]
pub(crate) struct Tally {
    pub(crate) numbers: Numbers,
    durations: Gathered,
    first_contacts: Gathered,
}

/// Everything that an answer has numbers of.
pub(crate) struct Tallies {
    pub(crate) totals: Tally,
    pub(crate) series: Vec<Tally>,
    pub(crate) rows: Vec<Tally>,
}

impl Tallies {
    pub(crate) fn new(query: &Query, rows: &RowKeys) -> Tallies {
        Tallies {
            totals: Tally::default(),
            series: vec![Tally::default(); query.timeline.buckets as usize],
            rows: vec![Tally::default(); rows.keys.len()],
        }
    }

    /// Adds a day, without its visitors.
    pub(crate) fn add(&mut self, part: &DayPart<'_>, rows: &RowKeys, query: &Query, counters: &mut Counters) {
        let cells = &part.day.cells;
        for (measure, sums) in Measure::ALL.into_iter().zip(&cells.sums) {
            let channel = match measure {
                Measure::Counter(counter) => Some(counter.channel()),
                _ => None,
            };
            if channel.is_some_and(|channel| part.counted >> channel as u8 & 1 == 0) {
                continue;
            }
            for (cell, value) in sums.cells.iter().zip(&sums.values) {
                self.each(part, rows, *cell, channel, |tally| *measure.of(&mut tally.numbers) += u64::from(*value));
            }
        }
        self.add_lengths(part, rows, &part.day.durations, counters, |tally| &mut tally.durations);
        self.add_lengths(part, rows, &part.day.first_contacts, counters, |tally| &mut tally.first_contacts);
        let open_after = query.now.saturating_sub(SESSION_MICROS_MAX);
        for (cell, last_at) in part.day.unended.cells.iter().zip(&part.day.unended.last_at) {
            self.each(part, rows, *cell, None, |tally| {
                let sessions = &mut tally.numbers.sessions;
                let number = if *last_at > open_after { &mut sessions.open } else { &mut sessions.unended };
                *number += 1;
            });
        }
    }

    fn add_lengths(
        &mut self,
        part: &DayPart<'_>,
        rows: &RowKeys,
        lengths: &Lengths,
        counters: &mut Counters,
        column: impl Fn(&mut Tally) -> &mut Gathered,
    ) {
        for ((cell, seconds), count) in lengths.cells.iter().zip(&lengths.seconds).zip(&lengths.counts) {
            self.each(part, rows, *cell, None, |tally| column(tally).add(*seconds, *count, counters));
        }
    }

    /// Whatever a cell belongs to; of the rows of channels that of `channel` alone, if there is one.
    fn each(
        &mut self,
        part: &DayPart<'_>,
        rows: &RowKeys,
        cell: u32,
        channel: Option<Channel>,
        mut add: impl FnMut(&mut Tally),
    ) {
        let cell = part.cells[cell as usize];
        if !cell.is_in_span {
            return;
        }
        add(&mut self.totals);
        if let Some(tally) = self.series.get_mut(cell.series as usize) {
            add(tally);
        }
        match rows.by_channel {
            false => {
                if let Some(tally) = self.rows.get_mut(cell.row as usize) {
                    add(tally);
                }
            }
            true => {
                let only = channel.map_or(u8::MAX, |channel| 1 << channel as u8);
                for row in rows.of_channels(cell.channels & only) {
                    add(&mut self.rows[row]);
                }
            }
        }
    }
}

impl Tally {
    /// The numbers.
    pub(crate) fn finish(self, counters: &mut Counters) -> Numbers {
        let Tally { mut numbers, durations, first_contacts } = self;
        numbers.durations = durations.finish(counters);
        numbers.first_contacts = first_contacts.finish(counters);
        numbers
    }
}
