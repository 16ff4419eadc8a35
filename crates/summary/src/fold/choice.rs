//! Chooses the values that get numbers of their own.

use std::cmp::Reverse;

use hashbrown::HashSet;

use super::additions::{Additions, Length, Spot};
use super::names::Names;
use super::{Bucket, Keep};
use crate::day::{Measure, OTHER};
use crate::dimensions::TEXT_DIMENSIONS;
use crate::rows::{NO_TEXT, Place, PlaceKey, Texts};
use crate::{CELLS_PER_DAY_MAX, Dimensions};

/// What the numbers of [`Names`] are called in the summary.
pub(crate) struct Choice {
    pub(crate) dimensions: Dimensions,
    pub(crate) values: [Texts; TEXT_DIMENSIONS],
    pub(crate) has_other: [bool; TEXT_DIMENSIONS],
    /// Ascending.
    pub(crate) places: Vec<Place>,
    /// The summary's number of each place.
    pub(crate) place_ids: Vec<u32>,
    /// Ascending, each once.
    pub(crate) cells: Vec<Spot>,
    /// The cell of each bucket and place, if there are few enough.
    cell_ids: Vec<u32>,
}

/// Bytes that it may take to find spots and cells without searching.
const FOUND_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What there is to choose from.
pub(crate) struct Offer<'a> {
    bucket: Bucket,
    names: &'a Names,
    /// All spots of the additions, ascending, each once.
    spots: Vec<Spot>,
    /// By place, how often it counts for the values that it has.
    counts: Vec<u64>,
}

impl<'a> Offer<'a> {
    pub(crate) fn new(bucket: Bucket, names: &'a Names, additions: &Additions) -> Offer<'a> {
        let places = names.places.len();
        let (mut spots, mut counts) = (SpotSet::new(bucket, places), vec![0; places]);
        let values =
            [Measure::Events, Measure::Sessions].into_iter().flat_map(|measure| additions.sums(measure).iter());
        let contacts = additions.lengths(Length::FirstContact).map(|(spot, _, count)| (spot, count));
        for (spot, count) in values.chain(contacts) {
            spots.insert(spot);
            counts[spot.place() as usize] += count;
        }
        additions.lengths(Length::Duration).for_each(|(spot, ..)| spots.insert(spot));
        additions.unended().for_each(|(spot, ..)| spots.insert(spot));
        Offer { bucket, names, spots: spots.ascending(), counts }
    }
}

/// Spots, each once.
enum SpotSet {
    /// A mark for each bucket and place, where that takes little memory.
    Marks { places: usize, marks: Vec<bool> },
    /// With repetitions.
    List(Vec<Spot>),
}

impl SpotSet {
    fn new(bucket: Bucket, places: usize) -> SpotSet {
        match places.saturating_mul(bucket.per_day() as usize) {
            count @ ..=FOUND_BYTES_MAX => SpotSet::Marks { places, marks: vec![false; count] },
            _ => SpotSet::List(Vec::new()),
        }
    }

    fn insert(&mut self, spot: Spot) {
        match self {
            SpotSet::Marks { places, marks } => marks[spot.index(*places)] = true,
            SpotSet::List(spots) => spots.push(spot),
        }
    }

    fn ascending(self) -> Vec<Spot> {
        match self {
            SpotSet::Marks { places, marks } => {
                let marked = marks.into_iter().enumerate().filter(|(_, is_there)| *is_there);
                marked.map(|(at, _)| Spot::new((at / places) as u16, (at % places) as u32)).collect()
            }
            SpotSet::List(mut spots) => {
                spots.sort_unstable();
                spots.dedup();
                spots
            }
        }
    }
}

/// In the order in which values give up their own numbers where there are too many cells.
const FIRST_TO_GO: [usize; TEXT_DIMENSIONS] = [PAGE, REFERRER, SUBJECT, DEVICE, DATASTREAM];
const DATASTREAM: usize = 0;
const SUBJECT: usize = 1;
const PAGE: usize = 2;
const DEVICE: usize = 3;
const REFERRER: usize = 4;

/// Of each step of giving up, the share that stays.
const STEP: usize = 4;

impl Choice {
    pub(crate) fn new(keep: &Keep<'_>, offer: &Offer<'_>) -> Choice {
        let named = keep.named_values();
        let ranked = (0..TEXT_DIMENSIONS).map(|at| match keep.dimensions.has(at) {
            true => Ranked { kept: keep.values_max, ..Ranked::new(at, offer, &named[at]) },
            false => Ranked::default(),
        });
        let mut ranked: Vec<Ranked<'_>> = ranked.collect();
        let cells_max = CELLS_PER_DAY_MAX * (offer.bucket.per_day() / 24) as usize;
        let mut choice = Choice::of(keep.dimensions, offer, &ranked);
        for at in FIRST_TO_GO.into_iter().filter(|at| keep.dimensions.has(*at)) {
            let first = ranked[at].kept.min(ranked[at].ids.len());
            if choice.cells.len() <= cells_max {
                break;
            }
            // Without any first: where that isn't enough there is no use in steps.
            ranked[at].kept = 0;
            let least = Choice::of(keep.dimensions, offer, &ranked);
            if least.cells.len() > cells_max {
                choice = least;
                continue;
            }
            let mut kept = first;
            while choice.cells.len() > cells_max && kept > 0 {
                kept /= STEP;
                ranked[at].kept = kept;
                choice = Choice::of(keep.dimensions, offer, &ranked);
            }
        }
        choice.find_cells(offer.bucket);
        choice
    }

    /// Finds all cells beforehand.
    fn find_cells(&mut self, bucket: Bucket) {
        let places = self.places.len();
        let count = places.saturating_mul(bucket.per_day() as usize);
        if count <= FOUND_BYTES_MAX / size_of::<u32>() {
            let mut cell_ids = vec![0; count];
            (0..).zip(&self.cells).for_each(|(id, cell)| cell_ids[cell.index(places)] = id);
            self.cell_ids = cell_ids;
        }
    }

    fn of(dimensions: Dimensions, offer: &Offer<'_>, ranked: &[Ranked<'_>]) -> Choice {
        let Offer { bucket, names, spots, .. } = offer;
        let mut choice = Choice {
            dimensions,
            values: Default::default(),
            has_other: [false; TEXT_DIMENSIONS],
            places: Vec::new(),
            place_ids: Vec::new(),
            cells: Vec::new(),
            cell_ids: Vec::new(),
        };
        let text_ids: [Vec<u32>; TEXT_DIMENSIONS] = std::array::from_fn(|at| match dimensions.has(at) {
            true => ranked[at].number(at, names, &mut choice.values[at]),
            false => vec![NO_TEXT; names.texts(at).len() + 1],
        });
        let mut used = vec![false; names.places.len()];
        spots.iter().for_each(|spot| used[spot.place() as usize] = true);
        let renamed = |place: &Place| Place {
            texts: std::array::from_fn(|at| text_ids[at][place.texts[at] as usize]),
            mask: place.mask,
        };
        let places = || names.places.iter().zip(&used).enumerate().filter(|(_, (_, used))| **used);
        // In an order that depends on nothing but the events.
        let mut keys: Vec<(PlaceKey, u32)> =
            places().map(|(at, (place, _))| (renamed(place).key(), at as u32)).collect();
        keys.sort_unstable();
        choice.place_ids = vec![u32::MAX; names.places.len()];
        for same in keys.chunk_by(|one, next| one.0 == next.0) {
            let number = choice.places.len() as u32;
            same.iter().for_each(|(_, at)| choice.place_ids[*at as usize] = number);
            choice.places.extend(same.first().map(|(_, at)| renamed(&names.places[*at as usize])));
        }
        for (at, has_other) in choice.has_other.iter_mut().enumerate() {
            *has_other = choice.places.iter().any(|place| place.texts[at] == OTHER);
        }
        let mut cells = SpotSet::new(*bucket, choice.places.len());
        spots.iter().for_each(|spot| cells.insert(choice.spot(*spot)));
        choice.cells = cells.ascending();
        choice
    }

    fn spot(&self, spot: Spot) -> Spot {
        Spot::new(spot.bucket(), self.place_ids[spot.place() as usize])
    }

    /// The number of a spot's cell. Every spot has one that is among the additions.
    pub(crate) fn cell(&self, spot: Spot) -> u32 {
        let cell = self.spot(spot);
        match self.cell_ids.get(cell.index(self.places.len())) {
            Some(id) => *id,
            None => self.cells.binary_search(&cell).unwrap_or_else(|at| at) as u32,
        }
    }
}

/// The values of a dimension, the most frequent first.
#[derive(Default)]
struct Ranked<'a> {
    ids: Vec<u32>,
    /// How many of the most frequent get a number.
    kept: usize,
    /// Those that get one however rare.
    named: HashSet<u32>,
    /// Those that are named and that nothing has get one, too: so it is known that nothing has them.
    unknown: Vec<&'a str>,
}

impl<'a> Ranked<'a> {
    fn new(at: usize, offer: &Offer<'_>, named: &[&'a str]) -> Ranked<'a> {
        let names = offer.names;
        let texts = names.texts(at);
        let mut counts = vec![0u64; texts.len() + 1];
        for (place, count) in names.places.iter().zip(&offer.counts) {
            counts[place.texts[at] as usize] += count;
        }
        let mut ids: Vec<u32> = (1..counts.len() as u32).collect();
        ids.retain(|id| counts[*id as usize] > 0);
        ids.sort_unstable_by_key(|id| (Reverse(counts[*id as usize]), texts.get(*id)));
        let has = |id: &u32| counts[*id as usize] > 0;
        let found = |text: &&&str| names.find(at, text).filter(has).is_some();
        let (known, unknown): (Vec<&&str>, Vec<&&str>) = named.iter().partition(found);
        let named = known.into_iter().filter_map(|text| names.find(at, text)).collect();
        Ranked { ids, kept: 0, named, unknown: unknown.into_iter().copied().collect() }
    }

    fn kept(&self) -> impl Iterator<Item = u32> + '_ {
        self.ids
            .iter()
            .enumerate()
            .filter(|(rank, id)| *rank < self.kept || self.named.contains(*id))
            .map(|(_, id)| *id)
    }

    /// Gives the values that are kept their numbers in the summary; those of all.
    fn number(&self, at: usize, names: &Names, values: &mut Texts) -> Vec<u32> {
        let texts = names.texts(at);
        let mut kept: Vec<(&str, Option<u32>)> = self.kept().map(|id| (texts.get(id), Some(id))).collect();
        kept.extend(self.unknown.iter().map(|text| (*text, None)));
        kept.sort_unstable();
        kept.dedup_by_key(|(text, _)| *text);
        let mut numbers = vec![OTHER; texts.len() + 1];
        numbers[NO_TEXT as usize] = NO_TEXT;
        for (text, id) in kept {
            let number = values.push(text);
            if let Some(id) = id {
                numbers[id as usize] = number;
            }
        }
        values.shrink();
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_places_take_no_more_memory_than_their_spots() {
        let many = FOUND_BYTES_MAX / 24 + 1;
        let sets = [SpotSet::new(Bucket::Hour, many - 1), SpotSet::new(Bucket::Hour, many)];
        assert!(matches!(&sets, [SpotSet::Marks { .. }, SpotSet::List(_)]));
        let spots =
            [(23, 5), (0, 7), (0, many as u32 - 2), (23, 5), (7, 0)].map(|(bucket, place)| Spot::new(bucket, place));
        for mut set in sets {
            spots.into_iter().for_each(|spot| set.insert(spot));
            let ascending: Vec<(u16, u32)> = set.ascending().iter().map(|spot| (spot.bucket(), spot.place())).collect();
            assert_eq!(ascending, [(0, 7), (0, many as u32 - 2), (7, 0), (23, 5)]);
        }
    }
}
