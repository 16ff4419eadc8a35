//! Texts and places under numbers that hold for several sources.

use hashbrown::HashMap;

use super::sources::KnownPlace;
use crate::dimensions::TEXT_DIMENSIONS;
use crate::rows::{Flags, Interner, NO_TEXT, Place, PlaceKey, Rows, Texts};

/// Places and texts, each under a number of its own.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) places: Vec<Place>,
    numbers: HashMap<PlaceKey, u32>,
    interners: [Interner; TEXT_DIMENSIONS],
}

impl Names {
    /// The number of a place, a new one if no event has it.
    pub(crate) fn number(&mut self, place: Place) -> u32 {
        let Names { places, numbers, .. } = self;
        *numbers.entry(place.key()).or_insert_with(|| {
            places.push(place);
            places.len() as u32 - 1
        })
    }

    /// What each place of the rows is called here.
    pub(crate) fn of_rows(&mut self, rows: &Rows) -> Vec<KnownPlace> {
        let texts = self.texts_of(std::array::from_fn(|at| &rows.texts()[at]));
        let known = |(place, flags): &(Place, Flags)| {
            let place = renamed(place, &texts);
            KnownPlace { number: self.number(place), datastream: place.texts[0], mask: place.mask, flags: *flags }
        };
        rows.places().iter().map(known).collect()
    }

    /// The number here of each place that others have.
    pub(crate) fn of_others(&mut self, other: &Names) -> Vec<u32> {
        let texts = self.texts_of(std::array::from_fn(|at| other.texts(at)));
        other.places.iter().map(|place| self.number(renamed(place, &texts))).collect()
    }

    /// The texts of a dimension.
    pub(crate) fn texts(&self, dimension: usize) -> &Texts {
        self.interners[dimension].texts()
    }

    /// The number of a text that some event has.
    pub(crate) fn find(&self, dimension: usize, text: &str) -> Option<u32> {
        self.interners[dimension].find(text)
    }

    /// The memory that they take, in bytes, about.
    pub(crate) fn bytes(&self) -> usize {
        let places = self.places.capacity() * size_of::<Place>();
        let numbers = self.numbers.capacity() * size_of::<(PlaceKey, u32)>();
        places + numbers + self.interners.iter().map(Interner::bytes).sum::<usize>()
    }

    fn texts_of(&mut self, texts: [&Texts; TEXT_DIMENSIONS]) -> [Vec<u32>; TEXT_DIMENSIONS] {
        std::array::from_fn(|at| {
            let interner = &mut self.interners[at];
            std::iter::once(NO_TEXT).chain(texts[at].iter().map(|text| interner.intern(Some(text)))).collect()
        })
    }
}

fn renamed(place: &Place, texts: &[Vec<u32>; TEXT_DIMENSIONS]) -> Place {
    Place { texts: std::array::from_fn(|at| texts[at][place.texts[at] as usize]), mask: place.mask }
}
