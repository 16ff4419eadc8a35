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
    /// The cell of each bucket and place of [`Names`], if there are few enough.
    cell_ids: Vec<u32>,
}

/// Bytes that it may take to find cells without searching.
const CELL_IDS_BYTES_MAX: usize = 16 * 1024 * 1024;

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
    pub(crate) fn new(keep: &Keep<'_>, names: &Names, additions: &Additions) -> Choice {
        let spots = spots(additions);
        let named = keep.named_values();
        let ranked = (0..TEXT_DIMENSIONS).map(|at| match keep.dimensions.has(at) {
            true => Ranked { kept: keep.values_max, ..Ranked::new(at, names, additions, &named[at]) },
            false => Ranked::default(),
        });
        let mut ranked: Vec<Ranked<'_>> = ranked.collect();
        let cells_max = CELLS_PER_DAY_MAX * (keep.bucket.per_day() / 24) as usize;
        let mut choice = Choice::of(keep.dimensions, names, &ranked, &spots);
        for at in FIRST_TO_GO.into_iter().filter(|at| keep.dimensions.has(*at)) {
            let first = ranked[at].kept.min(ranked[at].ids.len());
            if choice.cells.len() <= cells_max {
                break;
            }
            // Without any first: where that isn't enough there is no use in steps.
            ranked[at].kept = 0;
            let least = Choice::of(keep.dimensions, names, &ranked, &spots);
            if least.cells.len() > cells_max {
                choice = least;
                continue;
            }
            let mut kept = first;
            while choice.cells.len() > cells_max && kept > 0 {
                kept /= STEP;
                ranked[at].kept = kept;
                choice = Choice::of(keep.dimensions, names, &ranked, &spots);
            }
        }
        choice.find_cells(keep.bucket, &spots);
        choice
    }

    /// Finds the cells of all spots beforehand.
    fn find_cells(&mut self, bucket: Bucket, spots: &[Spot]) {
        let places = self.place_ids.len();
        let count = places.saturating_mul(bucket.per_day() as usize);
        if count <= CELL_IDS_BYTES_MAX / size_of::<u32>() {
            let mut cell_ids = vec![0; count];
            for spot in spots {
                cell_ids[usize::from(spot.bucket()) * places + spot.place() as usize] = self.cell(*spot);
            }
            self.cell_ids = cell_ids;
        }
    }

    fn of(dimensions: Dimensions, names: &Names, ranked: &[Ranked<'_>], spots: &[Spot]) -> Choice {
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
        choice.cells = spots.iter().map(|spot| choice.spot(*spot)).collect();
        choice.cells.sort_unstable();
        choice.cells.dedup();
        choice
    }

    fn spot(&self, spot: Spot) -> Spot {
        Spot::new(spot.bucket(), self.place_ids[spot.place() as usize])
    }

    /// The number of a spot's cell. Every spot has one that is among the additions.
    pub(crate) fn cell(&self, spot: Spot) -> u32 {
        let at = usize::from(spot.bucket()) * self.place_ids.len() + spot.place() as usize;
        match self.cell_ids.get(at) {
            Some(cell) => *cell,
            None => self.cells.binary_search(&self.spot(spot)).unwrap_or_else(|at| at) as u32,
        }
    }
}

/// All spots of the additions, each once.
fn spots(additions: &Additions) -> Vec<Spot> {
    let sums = additions.sums().filter(|sum| matches!(sum.0, Measure::Events | Measure::Sessions)).map(|sum| sum.1);
    let lengths = [Length::Duration, Length::FirstContact].into_iter().flat_map(|length| additions.lengths(length));
    let unended = additions.unended().map(|session| session.0);
    let mut spots: Vec<Spot> = sums.chain(lengths.map(|length| length.0)).chain(unended).collect();
    spots.sort_unstable();
    spots.dedup();
    spots
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
    fn new(at: usize, names: &Names, additions: &Additions, named: &[&'a str]) -> Ranked<'a> {
        let texts = names.texts(at);
        let mut counts = vec![0u64; texts.len() + 1];
        let mut add = |spot: Spot, count: u64| counts[names.places[spot.place() as usize].texts[at] as usize] += count;
        for (measure, spot, value) in additions.sums() {
            if matches!(measure, Measure::Events | Measure::Sessions) {
                add(spot, value);
            }
        }
        additions.lengths(Length::FirstContact).for_each(|(spot, _, count)| add(spot, count));
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
