//! Adds up what cells hold, for the whole span, for the buckets of its series and for its rows.

use std::ops::Range;

use super::lengths::{Counters, Gathered};
use super::marks::seen;
use super::rows::RowKeys;
use super::span::Slot;
use super::sums::Sums;
use super::{Asked, DayPart, Stretch};
use crate::day::{self, Lengths, Measure};
use crate::{Channel, Numbers, Query, SESSION_MICROS_MAX, Want};

/// Numbers on their way.
#[derive(Clone, Default)]
pub(crate) struct Tally {
    /// What isn't added up here.
    numbers: Numbers,
    sums: Sums,
    durations: Gathered,
    first_contacts: Gathered,
}

/// Everything that an answer has numbers of.
pub(crate) struct Tallies {
    pub(crate) totals: Tally,
    pub(crate) series: Vec<Tally>,
    pub(crate) rows: Vec<Tally>,
    /// The presents at which a chat that is open now is, and one that isn't isn't.
    pub(crate) presents: Range<i64>,
    /// Of one stretch, each length of time.
    lengths: Vec<(u32, u64)>,
}

impl Tallies {
    pub(crate) fn new(query: &Query, rows: &RowKeys) -> Tallies {
        Tallies {
            totals: Tally::default(),
            series: vec![Tally::default(); query.timeline.buckets as usize],
            rows: vec![Tally::default(); rows.keys.len()],
            presents: i64::MIN..i64::MAX,
            lengths: Vec::new(),
        }
    }

    /// Those of the span, of the buckets of its series, and of the rows.
    pub(crate) fn numbers(&mut self) -> impl Iterator<Item = &mut Numbers> {
        let Tallies { totals, series, rows, .. } = self;
        std::iter::once(totals).chain(series).chain(rows).map(|tally| &mut tally.numbers)
    }

    /// Adds a day, without its visitors.
    pub(crate) fn add(&mut self, asked: &Asked<'_>, part: &DayPart<'_>, counters: &mut Counters) {
        for (measure, sums) in Measure::ALL.into_iter().zip(&part.day.cells.sums) {
            let channel = match measure {
                Measure::Counter(counter) => Some(counter.channel()),
                _ => None,
            };
            if channel.is_some_and(|channel| part.counted >> channel as u8 & 1 == 0) {
                continue;
            }
            self.add_sums(part, measure.index(), sums);
            if !self.rows.is_empty() {
                self.add_sums_to_rows(&asked.rows, part, measure.index(), channel, sums);
            }
        }
        let kept = part.kept;
        let wants = |want: fn(Want) -> bool| {
            let wanted = asked.query.wanted;
            Wants { totals: want(wanted.totals), series: want(wanted.series), rows: want(wanted.rows) }
        };
        let durations = wants(|want| want.durations);
        self.add_lengths(&asked.rows, part, &kept.durations, durations, counters, |tally| &mut tally.durations);
        let first_contacts = wants(|want| want.first_contacts);
        let rows = &asked.rows;
        self.add_lengths(rows, part, &kept.first_contacts, first_contacts, counters, |tally| &mut tally.first_contacts);
        self.add_unended(asked, part, wants(|want| want.unended));
    }

    fn add_sums(&mut self, part: &DayPart<'_>, measure: usize, sums: &day::Sums) {
        for (stretch, range) in part.within(|buckets| sums.by_bucket.range(buckets)) {
            let sum: u64 = if part.is_whole {
                sums.of_buckets(&stretch.buckets)
            } else {
                let values = &sums.values[range.clone()];
                let passing = sums.cells[range].iter().map(|cell| part.seen[*cell as usize] & seen::ANY);
                passing.zip(values).map(|(passes, value)| u64::from(passes) * u64::from(*value)).sum()
            };
            self.totals.sums.add(measure, sum);
            if let Slot::InSeries(bucket) = stretch.slot {
                self.series[bucket as usize].sums.add(measure, sum);
            }
        }
    }

    /// Of the rows of channels that of `channel` alone, if there is one.
    fn add_sums_to_rows(
        &mut self,
        rows: &RowKeys,
        part: &DayPart<'_>,
        measure: usize,
        channel: Option<Channel>,
        sums: &day::Sums,
    ) {
        let only = channel.map_or(u8::MAX, |channel| 1 << channel as u8);
        for (cell, value) in sums.cells.iter().zip(&sums.values) {
            self.each_row(rows, part, *cell, only, |tally| tally.sums.add(measure, u64::from(*value)));
        }
    }

    /// The rows of a cell that passes and is in the span; of those of channels only these.
    fn each_row(
        &mut self,
        rows: &RowKeys,
        part: &DayPart<'_>,
        cell: u32,
        channels: u8,
        mut add: impl FnMut(&mut Tally),
    ) {
        if part.seen[cell as usize] & seen::ANY == 0 {
            return;
        }
        if rows.by_channel {
            for row in rows.of_channels(part.channels_of(cell) & channels) {
                add(&mut self.rows[row]);
            }
        } else if let Some(tally) = self.rows.get_mut(part.place_rows[part.place_of(cell)] as usize) {
            add(tally);
        }
    }

    fn add_lengths(
        &mut self,
        rows: &RowKeys,
        part: &DayPart<'_>,
        lengths: &Lengths,
        wants: Wants,
        counters: &mut Counters,
        column: impl Fn(&mut Tally) -> &mut Gathered,
    ) {
        let in_series = |slot: Slot| match slot {
            Slot::InSeries(bucket) if wants.series => Some(bucket as usize),
            _ => None,
        };
        // What all of the day says is known.
        let is_known = part.is_whole && (!wants.series || part.stretches.len() <= 1);
        if is_known && (wants.totals || wants.series) {
            let bucket = part.stretches.first().and_then(|stretch| in_series(stretch.slot));
            let to = |tally: &mut Tally| {
                let each = lengths.whole().iter();
                each.for_each(|(seconds, count)| column(tally).add(*seconds, u64::from(*count), counters));
            };
            self.add_to_totals_and(wants, bucket, to);
        } else if part.is_whole && (wants.totals || wants.series) {
            // Everything passes, so each length goes at once where it belongs.
            if wants.totals {
                let totals = column(&mut self.totals);
                let each = lengths.whole().iter();
                each.for_each(|(seconds, count)| totals.add(*seconds, u64::from(*count), counters));
            }
            for (stretch, range) in part.within(|buckets| lengths.by_cell.of_buckets(buckets)) {
                if let Some(bucket) = in_series(stretch.slot) {
                    let of_bucket = column(&mut self.series[bucket]);
                    let each = lengths.of_cells(range).iter();
                    each.for_each(|length| of_bucket.add(length.seconds(), length.count().into(), counters));
                }
            }
        } else if wants.totals || wants.series {
            let mut of_stretch = std::mem::take(&mut self.lengths);
            for (stretch, range) in part.within(|buckets| lengths.by_cell.of_buckets(buckets)) {
                for at in range {
                    if part.seen[part.cell_of_kept(lengths.by_cell.cells()[at]) as usize] & seen::ANY != 0 {
                        let each = lengths.of_cell(at).iter();
                        each.for_each(|length| counters.add(length.seconds(), u64::from(length.count())));
                    }
                }
                of_stretch.clear();
                counters.take(|seconds, count| of_stretch.push((seconds, count)));
                let to = |tally: &mut Tally| {
                    of_stretch.iter().for_each(|(seconds, count)| column(tally).add(*seconds, *count, counters));
                };
                self.add_to_totals_and(wants, in_series(stretch.slot), to);
            }
            self.lengths = of_stretch;
        }
        if wants.rows && !self.rows.is_empty() {
            for (at, cell) in lengths.by_cell.cells().iter().enumerate() {
                let add = |tally: &mut Tally| {
                    let each = lengths.of_cell(at).iter();
                    each.for_each(|length| column(tally).add(length.seconds(), u64::from(length.count()), counters));
                };
                self.each_row(rows, part, part.cell_of_kept(*cell), u8::MAX, add);
            }
        }
    }

    fn add_to_totals_and(&mut self, wants: Wants, bucket: Option<usize>, mut to: impl FnMut(&mut Tally)) {
        if wants.totals {
            to(&mut self.totals);
        }
        if let Some(bucket) = bucket {
            to(&mut self.series[bucket]);
        }
    }

    fn add_unended(&mut self, asked: &Asked<'_>, part: &DayPart<'_>, wants: Wants) {
        if !(wants.totals || wants.series || wants.rows) {
            return;
        }
        let open_after = asked.query.now.saturating_sub(SESSION_MICROS_MAX);
        for (cell, last_at) in part.day.unended.by_cell() {
            // Those outside of the span don't pass.
            if part.seen[cell as usize] & seen::ANY == 0 {
                continue;
            }
            let (over, open) = last_at.split_at(last_at.partition_point(|last_at| *last_at <= open_after));
            if let Some(last) = over.last() {
                self.presents.start = self.presents.start.max(last.saturating_add(SESSION_MICROS_MAX));
            }
            if let Some(first) = open.first() {
                self.presents.end = self.presents.end.min(first.saturating_add(SESSION_MICROS_MAX));
            }
            let (over, open) = (over.len() as u64, open.len() as u64);
            let bucket = match part.slot_of(cell) {
                Slot::InSeries(bucket) if wants.series => Some(bucket as usize),
                _ => None,
            };
            self.add_to_totals_and(wants, bucket, |tally| tally.sums.add_unended(over, open));
            if wants.rows {
                self.each_row(&asked.rows, part, cell, u8::MAX, |tally| tally.sums.add_unended(over, open));
            }
        }
    }

    /// Adds those of other days.
    pub(crate) fn add_all(&mut self, others: Tallies, counters: &mut Counters) {
        let Tallies { totals, series, rows, presents, .. } = others;
        self.presents = self.presents.start.max(presents.start)..self.presents.end.min(presents.end);
        let own = std::iter::once(&mut self.totals).chain(&mut self.series).chain(&mut self.rows);
        for (own, other) in own.zip(std::iter::once(totals).chain(series).chain(rows)) {
            own.sums.add_all(&other.sums);
            own.durations.add_all(other.durations, counters);
            own.first_contacts.add_all(other.first_contacts, counters);
        }
    }
}

/// Where a kind of lengths of time is wanted.
#[derive(Clone, Copy)]
struct Wants {
    totals: bool,
    series: bool,
    rows: bool,
}

impl DayPart<'_> {
    /// The places that each stretch of the span has in a column.
    fn within(&self, places: impl Fn(&Range<u16>) -> Range<usize>) -> impl Iterator<Item = (&Stretch, Range<usize>)> {
        let in_span = self.stretches.iter().filter(|stretch| stretch.slot != Slot::Outside);
        in_span.map(move |stretch| (stretch, places(&stretch.buckets))).filter(|(_, range)| !range.is_empty())
    }
}

impl Tally {
    /// The numbers.
    pub(crate) fn finish(self, counters: &mut Counters) -> Numbers {
        let Tally { mut numbers, sums, durations, first_contacts } = self;
        sums.add_to(&mut numbers);
        numbers.durations = durations.finish(counters);
        numbers.first_contacts = first_contacts.finish(counters);
        numbers
    }
}
