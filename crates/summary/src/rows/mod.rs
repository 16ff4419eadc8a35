//! Events as columns: what folding needs of one data file, or of rows that are in none yet.

mod builder;
mod marks;
mod numbering;
mod selection;
mod texts;

pub(crate) use builder::Added;
pub use builder::RowsBuilder;
pub(crate) use marks::{Flags, Mark, Mask};
pub(crate) use numbering::Numbering;
pub(crate) use selection::Selection;
pub(crate) use texts::{Interner, NO_TEXT, Texts};

use crate::dimensions::TEXT_DIMENSIONS;

/// Where an event belongs, without its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Numbers of texts.
    pub(crate) texts: [u32; TEXT_DIMENSIONS],
    pub(crate) mask: Mask,
}

impl Place {
    /// The place as numbers.
    pub(crate) fn key(&self) -> PlaceKey {
        let [datastream, subject, page, device, referrer] = self.texts;
        let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        PlaceKey(pair(datastream, subject), pair(page, referrer), u64::from(device) << 8 | u64::from(self.mask.0))
    }
}

/// A [`Place`], in the order of its texts; in numbers that leave no gap in a table of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PlaceKey(u64, u64, u64);

impl PlaceKey {
    /// The same with a byte more.
    pub(crate) fn with(self, byte: u8) -> PlaceKey {
        PlaceKey(self.0, self.1, self.2 << 8 | u64::from(byte))
    }
}

/// Some events, compact, in any order.
///
/// About 20 bytes an event, 32 more for one with a counter above 0. Immutable, and good for the fold of
/// each day that its events touch, so it can be kept with the file it was made from.
#[derive(Debug, Default)]
pub struct Rows {
    texts: [Texts; TEXT_DIMENSIONS],
    places: Vec<(Place, Flags)>,
    micros: Vec<i64>,
    place_of: Vec<u32>,
    /// Hashes; 0 for events without a visitor.
    visitors: Vec<u64>,
    /// In the order of their rows.
    marks: Vec<Mark>,
    first: i64,
    last: i64,
}

impl Rows {
    /// How many events.
    pub fn len(&self) -> usize {
        self.micros.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.micros.is_empty()
    }

    /// The times of the first and the last event, in microseconds; `None` without any.
    pub fn span(&self) -> Option<(i64, i64)> {
        (!self.is_empty()).then_some((self.first, self.last))
    }

    /// The memory that it takes, in bytes.
    pub fn bytes(&self) -> usize {
        size_of::<Rows>()
            + self.texts.iter().map(Texts::bytes).sum::<usize>()
            + self.places.capacity() * size_of::<(Place, Flags)>()
            + self.micros.capacity() * size_of::<i64>()
            + self.place_of.capacity() * size_of::<u32>()
            + self.visitors.capacity() * size_of::<u64>()
            + self.marks.capacity() * size_of::<Mark>()
    }

    pub(crate) fn texts(&self) -> &[Texts; TEXT_DIMENSIONS] {
        &self.texts
    }

    pub(crate) fn places(&self) -> &[(Place, Flags)] {
        &self.places
    }

    pub(crate) fn micros(&self) -> &[i64] {
        &self.micros
    }

    pub(crate) fn place_of(&self) -> &[u32] {
        &self.place_of
    }

    pub(crate) fn visitors(&self) -> &[u64] {
        &self.visitors
    }

    pub(crate) fn marks(&self) -> &[Mark] {
        &self.marks
    }
}
