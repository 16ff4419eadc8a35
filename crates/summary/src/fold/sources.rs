//! The rows of several sources under one numbering.

use super::names::Names;
use super::window::Window;
use crate::rows::{Flags, Rows};

/// Rows, and what their numbers are called here.
pub(crate) struct Source<'a> {
    pub(crate) rows: &'a Rows,
    /// The number here of each place of the rows, and what is odd about its events.
    pub(crate) places: Vec<(u32, Flags)>,
}

/// All rows that a day is made of.
pub(crate) struct Sources<'a> {
    pub(crate) sources: Vec<Source<'a>>,
    pub(crate) names: Names,
}

impl<'a> Sources<'a> {
    pub(crate) fn new(window: Window, rows: &[&'a Rows]) -> Sources<'a> {
        let mut names = Names::default();
        let seen = rows.iter().filter(|rows| rows.span().is_some_and(|(first, last)| window.touches(first, last)));
        let sources = seen.map(|rows| Source { rows, places: names.of_rows(rows) }).collect();
        Sources { sources, names }
    }

    /// Those that have events of the day itself.
    pub(crate) fn of_day(&self, window: Window) -> impl Iterator<Item = &Source<'a>> {
        self.sources
            .iter()
            .filter(move |source| source.rows.span().is_some_and(|(first, last)| window.has_part(first, last)))
    }
}

impl Source<'_> {
    /// The number here of a row's place, and what is odd about its event.
    pub(crate) fn place(&self, row: u32) -> (u32, Flags) {
        self.places[self.rows.place_of()[row as usize] as usize]
    }
}
