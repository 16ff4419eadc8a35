//! The rows of several sources under one numbering.

use hashbrown::HashMap;

use super::window::Window;
use crate::rows::{Flags, Interner, NO_TEXT, Place, Rows, Texts};

/// Rows, and what their numbers are called here.
pub(crate) struct Source<'a> {
    pub(crate) rows: &'a Rows,
    /// The number here of each place of the rows, and what is odd about its events.
    pub(crate) places: Vec<(u32, Flags)>,
}

/// All rows that a day is made of.
pub(crate) struct Sources<'a> {
    pub(crate) sources: Vec<Source<'a>>,
    pub(crate) places: Vec<Place>,
    numbers: HashMap<u128, u32>,
    interners: [Interner; 3],
}

impl<'a> Sources<'a> {
    pub(crate) fn new(window: Window, rows: &[&'a Rows]) -> Sources<'a> {
        let mut all =
            Sources { sources: Vec::new(), places: Vec::new(), numbers: HashMap::new(), interners: Default::default() };
        for rows in rows {
            let touches = rows.span().is_some_and(|(first, last)| window.touches(first, last));
            if touches {
                all.add(rows);
            }
        }
        all
    }

    fn add(&mut self, rows: &'a Rows) {
        let mut texts: [Vec<u32>; 3] = Default::default();
        for (dimension, texts) in texts.iter_mut().enumerate() {
            texts.push(NO_TEXT);
            texts.extend(rows.texts()[dimension].iter().map(|text| self.interners[dimension].intern(Some(text))));
        }
        let places = rows.places().iter().map(|(place, flags)| {
            let texts = std::array::from_fn(|at| texts[at][place.texts[at] as usize]);
            (number(&mut self.places, &mut self.numbers, Place { texts, mask: place.mask }), *flags)
        });
        let places = places.collect();
        self.sources.push(Source { rows, places });
    }

    /// The number of a place, a new one if no event has it.
    pub(crate) fn number(&mut self, place: Place) -> u32 {
        number(&mut self.places, &mut self.numbers, place)
    }

    /// Those that have events of the day itself.
    pub(crate) fn of_day(&self, window: Window) -> impl Iterator<Item = &Source<'a>> {
        self.sources
            .iter()
            .filter(move |source| source.rows.span().is_some_and(|(first, last)| window.has_part(first, last)))
    }

    /// The numbers of texts of datastream, subject, page.
    pub(crate) fn intern(&mut self, texts: [Vec<&str>; 3]) -> [Vec<u32>; 3] {
        std::array::from_fn(|at| texts[at].iter().map(|text| self.interners[at].intern(Some(text))).collect())
    }

    /// The texts of datastream, subject, page.
    pub(crate) fn texts(&self, dimension: usize) -> &Texts {
        self.interners[dimension].texts()
    }
}

/// The number of a place, a new one if it has none.
pub(crate) fn number(places: &mut Vec<Place>, numbers: &mut HashMap<u128, u32>, place: Place) -> u32 {
    *numbers.entry(place.key()).or_insert_with(|| {
        places.push(place);
        places.len() as u32 - 1
    })
}

impl Source<'_> {
    /// The number here of a row's place, and what is odd about its event.
    pub(crate) fn place(&self, row: u32) -> (u32, Flags) {
        self.places[self.rows.place_of()[row as usize] as usize]
    }
}
