//! The rows of an answer, and which of them each place of a day belongs to.

use std::cmp::Reverse;

use hashbrown::HashMap;

use super::marks::seen;
use super::passing::counted;
use super::{DayPart, IS_CONTACT};
use crate::day::{DaySummary, Entries, Measure, OTHER};
use crate::rows::NO_TEXT;
use crate::{Channel, Dimension, Query, ROWS_PER_ANSWER_MAX, RowKey};

/// The rows of an answer.
pub(crate) struct RowKeys {
    pub(crate) keys: Vec<RowKey>,
    /// Whether there is one for each channel that counts.
    pub(crate) by_channel: bool,
    of_channel: [Option<usize>; 5],
    by: Option<Dimension>,
    of_value: HashMap<String, u32>,
}

/// The rows for events without a value and for other values.
const NONE_ROW: u32 = 0;
const OTHER_ROW: u32 = 1;

impl RowKeys {
    pub(crate) fn new(query: &Query, days: &[DayPart<'_>]) -> RowKeys {
        let mut rows = RowKeys {
            keys: Vec::new(),
            by_channel: query.by == Some(Dimension::Channel),
            of_channel: [None; 5],
            by: query.by,
            of_value: HashMap::new(),
        };
        match query.by {
            None => {}
            Some(Dimension::Channel) => {
                let counted = counted(&query.filter.channel);
                for channel in Channel::ALL.into_iter().filter(|channel| counted >> *channel as u8 & 1 != 0) {
                    rows.of_channel[channel as usize] = Some(rows.keys.len());
                    rows.keys.push(RowKey::Value(channel.name().to_owned()));
                }
            }
            Some(dimension) => {
                rows.keys.extend([RowKey::None, RowKey::Other]);
                for value in dimension.text().map(|at| most_frequent(query, at, days)).unwrap_or_default() {
                    rows.of_value.insert(value.to_owned(), rows.keys.len() as u32);
                    rows.keys.push(RowKey::Value(value.to_owned()));
                }
            }
        }
        rows
    }

    /// The rows of the channels whose bits are given.
    pub(crate) fn of_channels(&self, channels: u8) -> impl Iterator<Item = usize> + '_ {
        let rows = self.of_channel.iter().enumerate();
        rows.filter(move |(channel, _)| channels >> channel & 1 != 0).filter_map(|(_, row)| *row)
    }

    /// The row of each place of a day; a number that no row has where there are none, or those of channels.
    pub(crate) fn of_places(&self, day: &DaySummary) -> Vec<u32> {
        let Some(dimension) = self.by.and_then(Dimension::text) else { return vec![u32::MAX; day.places.len()] };
        let row_of = |text: &str| self.of_value.get(text).copied().unwrap_or(OTHER_ROW);
        let mut rows = vec![NONE_ROW];
        rows.extend(day.values[dimension].iter().map(row_of));
        let row = |text: u32| rows.get(text as usize).copied().unwrap_or(OTHER_ROW);
        day.places.iter().map(|place| row(place.texts[dimension])).collect()
    }
}

/// A day's cells that pass and have visitors, by their places among those that have any, with what these did there, by
/// row.
pub(crate) struct CellsByRow {
    /// Where those of each row end.
    ends: Vec<u32>,
    cells: Vec<(u32, u8)>,
}

impl CellsByRow {
    /// The rows that have any, each with its cells in their order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u32, &[(u32, u8)])> + '_ {
        let mut start = 0;
        let rows = (0..).zip(&self.ends).map(move |(row, end)| {
            let cells = &self.cells[start..*end as usize];
            start = *end as usize;
            (row, cells)
        });
        rows.filter(|(_, cells)| !cells.is_empty())
    }
}

impl DayPart<'_> {
    /// The cells of rows whose visitors did something that is wanted, of some of the day's entries.
    pub(crate) fn cells_by_row(&self, entries: &Entries, rows: &RowKeys, wanted: u8) -> CellsByRow {
        let each = |each: &mut dyn FnMut(u32, u32, u8)| {
            for (at, cell) in (0u32..).zip(entries.by_cell.cells().iter().copied()) {
                let seen = self.seen[cell as usize] & !IS_CONTACT;
                if seen == 0 {
                    continue;
                }
                if !rows.by_channel {
                    let row = self.place_rows[self.place_of(cell)];
                    if (row as usize) < rows.keys.len() && seen & wanted != 0 {
                        each(row, at, seen & wanted);
                    }
                    continue;
                }
                let channels = self.channels_of(cell);
                for channel in (0..Channel::ALL.len()).map(|channel| 1 << channel) {
                    let seen = (seen::ANY | seen::requests(seen::channels(seen) & channel)) & wanted;
                    if channels & channel != 0 && seen != 0 {
                        rows.of_channels(channel).for_each(|row| each(row as u32, at, seen));
                    }
                }
            }
        };
        let mut ends = vec![0u32; rows.keys.len() + 1];
        each(&mut |row, _, _| ends[row as usize + 1] += 1);
        let mut sum = 0;
        ends.iter_mut().for_each(|end| {
            sum += *end;
            *end = sum;
        });
        let mut cells = vec![(0, 0); sum as usize];
        each(&mut |row, cell, seen| {
            let next = &mut ends[row as usize];
            cells[*next as usize] = (cell, seen);
            *next += 1;
        });
        ends.pop();
        CellsByRow { ends, cells }
    }
}

/// The values with the most events and sessions of the span that pass (and first contacts, if these are wanted),
/// as many as there is room for.
fn most_frequent<'a>(query: &Query, dimension: usize, days: &'a [DayPart<'_>]) -> Vec<&'a str> {
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for part in days.iter().filter(|part| part.is_in_span) {
        let values = &part.day.values[dimension];
        let mut of_day = vec![0u64; values.len() + 1];
        let mut add = |cell: u32, count: u32| {
            let place = part.day.cells.places[cell as usize];
            let text = part.day.places[place as usize].texts[dimension];
            if text != OTHER && part.seen[cell as usize] & seen::ANY != 0 {
                of_day[text as usize] += u64::from(count);
            }
        };
        for measure in [Measure::Events, Measure::Sessions] {
            let sums = &part.day.cells.sums[measure.index()];
            sums.cells.iter().zip(&sums.values).for_each(|(cell, value)| add(*cell, *value));
        }
        if query.wanted.rows.first_contacts {
            let lengths = &part.kept.first_contacts;
            for (at, cell) in lengths.by_cell.cells().iter().enumerate() {
                let cell = part.cell_of_kept(*cell);
                lengths.of_cell(at).iter().for_each(|length| add(cell, length.count()));
            }
        }
        for (at, count) in of_day.iter().enumerate().filter(|(at, count)| *at != NO_TEXT as usize && **count > 0) {
            *counts.entry(values.get(at as u32)).or_default() += count;
        }
    }
    let mut values: Vec<(&str, u64)> = counts.into_iter().collect();
    values.sort_unstable_by_key(|(value, count)| (Reverse(*count), *value));
    values.truncate(ROWS_PER_ANSWER_MAX - 1);
    values.into_iter().map(|(value, _)| value).collect()
}
