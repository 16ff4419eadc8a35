//! How often each length of time, cell by cell.
//!
//! A busy day has a hundred thousand of them, mostly of different lengths in cells of one or two each, so an entry
//! takes four bytes. What all cells say together is a few hundred lengths, and is made with the column: most
//! questions are about all of a day.

use std::ops::Range;

use super::CellColumn;
use super::columns::{Reader, Writer};
use crate::SESSION_SECONDS_MAX;

/// A length of time and how often it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Length(u32);

const SECONDS_BITS: u32 = 17;
const _: () = assert!(SESSION_SECONDS_MAX <= 1 << SECONDS_BITS);

impl Length {
    /// More often is in several entries.
    pub(crate) const COUNT_MAX: u32 = u32::MAX >> SECONDS_BITS;

    /// `None` if it is longer than any session, or there more often than an entry tells.
    pub(crate) fn new(seconds: u32, count: u32) -> Option<Length> {
        (seconds < SESSION_SECONDS_MAX && count <= Length::COUNT_MAX).then_some(Length(count << SECONDS_BITS | seconds))
    }

    pub(crate) fn seconds(self) -> u32 {
        self.0 & ((1 << SECONDS_BITS) - 1)
    }

    pub(crate) fn count(self) -> u32 {
        self.0 >> SECONDS_BITS
    }
}

/// How often each length of time in each cell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lengths {
    pub(crate) by_cell: CellColumn,
    /// Ascending within a cell.
    entries: Vec<Length>,
    /// Those of all cells, ascending; one above `u32::MAX` times is in parts.
    whole: Vec<(u32, u32)>,
}

impl Lengths {
    /// Of cells, seconds and how often; ascending, each length of a cell once.
    pub(crate) fn new(each: impl Iterator<Item = (u32, u32, u64)>) -> Lengths {
        let (mut by_cell, mut entries) = (CellColumn::default(), Vec::new());
        for (cell, seconds, mut count) in each {
            while count > 0 {
                let part = count.min(Length::COUNT_MAX.into());
                count -= part;
                let Some(entry) = Length::new(seconds, part as u32) else { continue };
                entries.push(entry);
                by_cell.push(cell);
            }
        }
        by_cell.shrink_to_fit();
        Lengths::of(by_cell, entries)
    }

    fn of(by_cell: CellColumn, mut entries: Vec<Length>) -> Lengths {
        entries.shrink_to_fit();
        let longest = entries.iter().map(|entry| entry.seconds() as usize + 1).max().unwrap_or(0);
        let mut counts = vec![0u64; longest];
        entries.iter().for_each(|entry| counts[entry.seconds() as usize] += u64::from(entry.count()));
        let mut whole: Vec<(u32, u32)> = (0..).zip(counts).flat_map(super::in_parts).collect();
        whole.shrink_to_fit();
        Lengths { by_cell, entries, whole }
    }

    /// The entries of the cell at a place among those that have any.
    pub(crate) fn of_cell(&self, at: usize) -> &[Length] {
        &self.entries[self.by_cell.entries(at)]
    }

    /// The entries of the cells at places among those that have any, one after the other.
    pub(crate) fn of_cells(&self, places: Range<usize>) -> &[Length] {
        if places.is_empty() {
            return &[];
        }
        let (first, last) = (self.by_cell.entries(places.start), self.by_cell.entries(places.end - 1));
        &self.entries[first.start..last.end]
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Those of all cells, ascending.
    pub(crate) fn whole(&self) -> &[(u32, u32)] {
        &self.whole
    }

    /// Writes all but what the rest says: the cells, how many entries each has, then the entries' seconds as steps
    /// within their cell, and how often each.
    pub(super) fn write(&self, to: &mut Writer) {
        let cells = self.by_cell.cells();
        let of_cells = || (0..cells.len()).map(|at| self.of_cell(at));
        to.count(cells.len());
        to.steps(cells);
        of_cells().for_each(|entries| to.count(entries.len()));
        to.count(self.entries.len());
        for entries in of_cells() {
            let mut last = 0;
            for entry in entries {
                to.number((entry.seconds() - last).into());
                last = entry.seconds();
            }
        }
        self.entries.iter().for_each(|entry| to.number(entry.count().into()));
    }

    /// What was written of a day with so many cells.
    pub(super) fn read(from: &mut Reader<'_>, cells_max: usize) -> Option<Lengths> {
        let count = from.count()?;
        let cells = from.steps(count)?;
        // Each stands once, and with entries.
        let is_known = cells.last().is_none_or(|last| (*last as usize) < cells_max);
        if !is_known || !cells.is_sorted_by(|one, next| one < next) {
            return None;
        }
        let mut ends = from.numbers(count)?;
        let mut end = 0u32;
        for entries in &mut ends {
            end = end.checked_add(Some(*entries).filter(|entries| *entries > 0)?)?;
            *entries = end;
        }
        let count = from.count().filter(|entries| *entries == end as usize)?;
        let mut seconds = Vec::with_capacity(count);
        for end in &ends {
            let mut last = 0u32;
            while seconds.len() < *end as usize {
                last = last.checked_add(from.small()?)?;
                seconds.push(last);
            }
        }
        let entries = seconds.into_iter().map(|seconds| Length::new(seconds, from.small()?));
        let entries = entries.collect::<Option<_>>()?;
        Some(Lengths::of(CellColumn::new(cells, ends), entries))
    }

    /// The memory that they take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.by_cell.bytes()
            + self.entries.capacity() * size_of::<Length>()
            + self.whole.capacity() * size_of::<(u32, u32)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_found_by_cell_and_all_together() {
        let often = u64::from(u32::MAX) + 5;
        let each = [(2, 7, 1), (2, 9, 3), (5, 7, often), (8, 86_399, 2)];
        let lengths = Lengths::new(each.into_iter());
        assert_eq!(lengths.by_cell.cells(), [2, 5, 8]);
        for (at, cell) in lengths.by_cell.cells().iter().enumerate() {
            let mut found = std::collections::BTreeMap::new();
            lengths
                .of_cell(at)
                .iter()
                .for_each(|one| *found.entry(one.seconds()).or_insert(0) += u64::from(one.count()));
            let expect = each.iter().filter(|one| one.0 == *cell).map(|one| (one.1, one.2)).collect();
            assert_eq!(found, expect, "{cell}");
        }
        assert_eq!(lengths.whole(), [(7, u32::MAX), (7, 6), (9, 3), (86_399, 2)]);
        assert!(lengths.len() > 131_000, "they are in parts");
    }

    #[test]
    fn what_no_session_takes_is_no_length() {
        assert_eq!(Length::new(86_399, 1).map(|length| (length.seconds(), length.count())), Some((86_399, 1)));
        assert_eq!(Length::new(SESSION_SECONDS_MAX, 1), None);
        assert_eq!(Length::new(1, Length::COUNT_MAX + 1), None);
    }
}
