//! Chooses the values that get numbers of their own.

use std::cmp::Reverse;

use hashbrown::{HashMap, HashSet};

use super::additions::{Additions, Spot};
use super::sources::{Sources, number};
use super::{Bucket, Keep};
use crate::CELLS_PER_DAY_MAX;
use crate::day::{Measure, OTHER};
use crate::rows::{NO_TEXT, Place, Texts};

/// What the numbers of [`Sources`] are called in the summary.
pub(crate) struct Choice {
    pub(crate) values: [Texts; 3],
    pub(crate) has_other: [bool; 3],
    pub(crate) places: Vec<Place>,
    /// The summary's number of each place.
    pub(crate) place_ids: Vec<u32>,
    /// Ascending, each once.
    pub(crate) cells: Vec<Spot>,
    /// The cell of each bucket and place of [`Sources`], if there are few enough.
    cell_ids: Vec<u32>,
}

/// Bytes that it may take to find cells without searching.
const CELL_IDS_BYTES_MAX: usize = 16 * 1024 * 1024;

/// In the order in which values give up their own numbers where there are too many cells.
const FIRST_TO_GO: [usize; 3] = [PAGE, SUBJECT, DATASTREAM];
const DATASTREAM: usize = 0;
const SUBJECT: usize = 1;
const PAGE: usize = 2;

/// Of each step of giving up, the share that stays.
const STEP: usize = 4;

impl Choice {
    pub(crate) fn new(keep: &Keep<'_>, sources: &mut Sources<'_>, additions: &Additions) -> Choice {
        let spots = spots(additions);
        let named = sources.intern(keep.named_values());
        let mut ranked: Vec<Ranked> = (0..3).map(|at| Ranked::new(at, sources, additions, &named[at])).collect();
        for ranked in &mut ranked {
            ranked.kept = keep.values_max;
        }
        let cells_max = CELLS_PER_DAY_MAX * (keep.bucket.per_day() / 24) as usize;
        let mut choice = Choice::of(sources, &ranked, &spots);
        for at in FIRST_TO_GO {
            let first = ranked[at].kept.min(ranked[at].ids.len());
            if choice.cells.len() <= cells_max {
                break;
            }
            // Without any first: where that isn't enough there is no use in steps.
            ranked[at].kept = 0;
            let least = Choice::of(sources, &ranked, &spots);
            if least.cells.len() > cells_max {
                choice = least;
                continue;
            }
            let mut kept = first;
            while choice.cells.len() > cells_max && kept > 0 {
                kept /= STEP;
                ranked[at].kept = kept;
                choice = Choice::of(sources, &ranked, &spots);
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

    fn of(sources: &Sources<'_>, ranked: &[Ranked], spots: &[Spot]) -> Choice {
        let mut choice = Choice {
            values: Default::default(),
            has_other: [false; 3],
            places: Vec::new(),
            place_ids: Vec::with_capacity(sources.places.len()),
            cells: Vec::new(),
            cell_ids: Vec::new(),
        };
        let mut text_ids: [Vec<u32>; 3] = Default::default();
        for (at, ranked) in ranked.iter().enumerate() {
            let texts = sources.texts(at);
            let mut kept: Vec<u32> = ranked.kept().collect();
            kept.sort_unstable_by_key(|id| texts.get(*id));
            text_ids[at] = vec![OTHER; texts.len() + 1];
            text_ids[at][NO_TEXT as usize] = NO_TEXT;
            for id in kept {
                text_ids[at][id as usize] = choice.values[at].push(texts.get(id));
            }
            choice.values[at].shrink();
        }
        let mut numbers = HashMap::new();
        let mut used = vec![false; sources.places.len()];
        spots.iter().for_each(|spot| used[spot.place() as usize] = true);
        for (place, used) in sources.places.iter().zip(used) {
            let texts = std::array::from_fn(|at| text_ids[at][place.texts[at] as usize]);
            choice.place_ids.push(match used {
                true => number(&mut choice.places, &mut numbers, Place { texts, mask: place.mask }),
                false => u32::MAX,
            });
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
    let Additions { durations, first_contacts, unended, .. } = additions;
    let sums = additions.sums().filter(|sum| matches!(sum.0, Measure::Events | Measure::Sessions)).map(|sum| sum.1);
    let lengths = durations.iter().chain(first_contacts).map(|length| length.0);
    let mut spots: Vec<Spot> = sums.chain(lengths).chain(unended.iter().map(|session| session.0)).collect();
    spots.sort_unstable();
    spots.dedup();
    spots
}

/// The values of a dimension, the most frequent first.
struct Ranked {
    ids: Vec<u32>,
    /// How many of the most frequent get a number.
    kept: usize,
    /// Those that get one however rare.
    named: HashSet<u32>,
}

impl Ranked {
    fn new(at: usize, sources: &Sources<'_>, additions: &Additions, named: &[u32]) -> Ranked {
        let texts = sources.texts(at);
        let mut counts = vec![0u64; texts.len() + 1];
        for (measure, spot, value) in additions.sums() {
            if matches!(measure, Measure::Events | Measure::Sessions) {
                counts[sources.places[spot.place() as usize].texts[at] as usize] += value;
            }
        }
        for (spot, _) in &additions.first_contacts {
            counts[sources.places[spot.place() as usize].texts[at] as usize] += 1;
        }
        let named: HashSet<u32> = named.iter().copied().collect();
        let mut ids: Vec<u32> = (1..counts.len() as u32).collect();
        // A named value that nothing has is kept, too: so it is known that nothing has it.
        ids.retain(|id| counts[*id as usize] > 0 || named.contains(id));
        ids.sort_unstable_by_key(|id| (Reverse(counts[*id as usize]), texts.get(*id)));
        Ranked { ids, kept: 0, named }
    }

    fn kept(&self) -> impl Iterator<Item = u32> + '_ {
        self.ids
            .iter()
            .enumerate()
            .filter(|(rank, id)| *rank < self.kept || self.named.contains(*id))
            .map(|(_, id)| *id)
    }
}
