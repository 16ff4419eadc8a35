//! Some rows of others.

use hashbrown::HashMap;

use super::builder::numbered;
use super::{Interner, Mark, Place, PlaceKey, Rows};
use crate::dimensions::TEXT_DIMENSIONS;

/// Rows that are taken from others, with only the texts that they have.
pub(crate) struct Selection {
    rows: Rows,
    interners: [Interner; TEXT_DIMENSIONS],
    place_ids: HashMap<PlaceKey, u32>,
}

/// Takes rows from one piece.
pub(crate) struct From<'a> {
    selection: &'a mut Selection,
    rows: &'a Rows,
    /// The number here of each place of which a row was taken.
    places: HashMap<u32, u32>,
}

impl Default for Selection {
    fn default() -> Selection {
        Selection {
            rows: Rows { first: i64::MAX, last: i64::MIN, ..Rows::default() },
            interners: Default::default(),
            place_ids: HashMap::new(),
        }
    }
}

impl Selection {
    pub(crate) fn from<'a>(&'a mut self, rows: &'a Rows) -> From<'a> {
        From { selection: self, rows, places: HashMap::new() }
    }

    pub(crate) fn finish(self) -> Rows {
        let Selection { mut rows, interners, .. } = self;
        rows.texts = interners.map(Interner::finish);
        rows
    }
}

impl From<'_> {
    /// Takes a row, with its mark if it has one.
    pub(crate) fn take(&mut self, row: u32, mark: Option<&Mark>) {
        let From { selection: Selection { rows, interners, place_ids }, rows: source, places } = self;
        let at = row as usize;
        let of_source = source.place_of[at];
        let place = *places.entry(of_source).or_insert_with(|| {
            let (place, flags) = source.places[of_source as usize];
            let text = |at: usize| source.texts[at].get(place.texts[at]);
            let texts = std::array::from_fn(|at| interners[at].intern(Some(text(at))));
            numbered(&mut rows.places, place_ids, Place { texts, mask: place.mask }, flags)
        });
        if let Some(mark) = mark {
            rows.marks.push(Mark { row: rows.micros.len() as u32, ..*mark });
        }
        let micros = source.micros[at];
        rows.first = rows.first.min(micros);
        rows.last = rows.last.max(micros);
        rows.micros.push(micros);
        rows.place_of.push(place);
        rows.visitors.push(source.visitors[at]);
    }
}
