//! Which event dates get files of their own: their number is bounded, whatever dates are sent.

use std::collections::{HashMap, HashSet};

use table::Block;

/// Dates of one commit of the drain that get files of their own.
const COMMIT_DATES_MAX: usize = 64;
/// Further from now than this an event of the drain gets no date of its own: anybody may
/// send any date, and each costs a directory and a file.
const NEAR_DAYS: std::ops::RangeInclusive<i32> = -400..=40;
/// Dates of one load, and thread, that get files of their own: eleven years.
pub(crate) const LOAD_DATES_MAX: usize = 4096;

/// Which dates get files of their own.
pub(crate) enum Dates {
    /// The first so many that come.
    First { count: usize, seen: HashSet<i32> },
    /// These.
    These(HashSet<i32>),
}

impl Dates {
    /// The first so many that come.
    pub(crate) fn first(count: usize) -> Dates {
        Dates::First { count, seen: HashSet::new() }
    }

    /// Of a commit whose rows are all there: dates near `today`, those with the most rows.
    pub(crate) fn of<'b>(blocks: impl Iterator<Item = &'b Block>, today: i32) -> Dates {
        let mut rows: HashMap<i32, u32> = HashMap::new();
        for block in blocks {
            for run in block.dates().chunk_by(|left, right| left == right) {
                *rows.entry(run[0]).or_default() += run.len() as u32;
            }
        }
        let mut near: Vec<(i32, u32)> =
            rows.into_iter().filter(|(day, _)| NEAR_DAYS.contains(&day.saturating_sub(today))).collect();
        near.sort_unstable_by_key(|(day, rows)| (std::cmp::Reverse(*rows), (day - today).abs(), *day));
        Dates::These(near.into_iter().take(COMMIT_DATES_MAX).map(|(day, _)| day).collect())
    }

    pub(crate) fn holds(&mut self, day: i32) -> bool {
        match self {
            Dates::These(days) => days.contains(&day),
            Dates::First { count, seen } => seen.contains(&day) || (seen.len() < *count && seen.insert(day)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_dates_get_files_and_keep_them() {
        let mut dates = Dates::first(2);
        let held: Vec<bool> = [7, 3, 7, 5, 3, 5].into_iter().map(|day| dates.holds(day)).collect();
        assert_eq!(held, [true, true, true, false, true, false]);
        assert!(!Dates::first(0).holds(7));
    }
}
