//! The rows of several sources under one numbering.

use super::names::Names;
use super::window::Window;
use crate::rows::{Flags, Mask, Rows};

/// Rows, and what their numbers are called here.
pub(crate) struct Source<'a> {
    pub(crate) rows: &'a Rows,
    /// For each place of the rows.
    pub(crate) places: Vec<KnownPlace>,
}

/// What is known of a place of some rows.
#[derive(Clone, Copy)]
pub(crate) struct KnownPlace {
    /// By the numbering of [`Names`].
    pub(crate) number: u32,
    /// Likewise.
    pub(crate) datastream: u32,
    pub(crate) mask: Mask,
    /// What is odd about its events.
    pub(crate) flags: Flags,
}

/// All rows that a day is made of.
pub(crate) struct Sources<'a>(Vec<Source<'a>>);

impl<'a> Sources<'a> {
    pub(crate) fn new(window: Window, rows: &[&'a Rows], names: &mut Names) -> Sources<'a> {
        let seen = rows.iter().filter(|rows| rows.span().is_some_and(|(first, last)| window.touches(first, last)));
        Sources(seen.map(|rows| Source { rows, places: names.of_rows(rows) }).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Source<'a>> {
        self.0.iter()
    }

    /// Those that have events of the day itself.
    pub(crate) fn of_day(&self, window: Window) -> impl Iterator<Item = &Source<'a>> {
        self.iter().filter(move |source| source.rows.span().is_some_and(|(first, last)| window.has_part(first, last)))
    }

    /// Those that have events of other days.
    pub(crate) fn of_others(&self, window: Window) -> impl Iterator<Item = &Source<'a>> {
        self.iter().filter(move |source| {
            !source.rows.span().is_some_and(|(first, last)| window.has(first) && window.has(last))
        })
    }
}

impl Source<'_> {
    pub(crate) fn place(&self, row: u32) -> KnownPlace {
        self.places[self.rows.place_of()[row as usize] as usize]
    }
}
