//! The visitors of a day that are kept one by one, by the cells of their events.
//!
//! They are written visitor by visitor ([`Trails`]), and kept in memory cell by cell: a question takes whole
//! cells, so it reads the entries of those that pass its filter, one after the other, and no others.

use std::sync::Arc;

use super::column::range;
use super::known::{KNOWN_PARTS_MAX, KnownParts};
use super::{ByBucket, CellColumn};
use crate::VISITORS_PER_DAY_MAX;

/// A visitor's place among the day's, which are at most [`VISITORS_PER_DAY_MAX`].
pub(crate) type Visitor = u16;

const _: () = assert!(VISITORS_PER_DAY_MAX <= 1 << Visitor::BITS);

/// Visitors of a cell that are counted rather than searched.
const COUNTED_MAX: usize = 64;

/// The first visitors of a day whose entries are kept a second time, without those of the others: what is estimated of
/// many busy days takes no more of each, and would look through all entries for them.
const FEW_VISITORS: usize = 2_048;

/// The visitors whose hashes are below the threshold, with the cells of their events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// `None`: all visitors.
    pub(crate) threshold: Option<u64>,
    /// Ascending; summaries of one day have them together.
    pub(crate) hashes: Arc<[u64]>,
    all: Entries,
    /// Of the first [`FEW_VISITORS`], if there are many more.
    few: Option<Entries>,
    /// Visitor by visitor, and of each in the order of time.
    contacts: Vec<Contact>,
    /// What each visitor did.
    pub(crate) known: KnownParts,
}

/// Which visitors each cell has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries {
    /// Of a busy day's sample most cells have no entries.
    pub(crate) by_cell: CellColumn,
    /// Of each entry; ascending within a cell.
    visitors: Vec<Visitor>,
}

/// The entries of a sample, visitor by visitor.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Trails {
    /// Where the entries of each visitor end.
    pub(crate) ends: Vec<u32>,
    /// Of each entry; ascending within a visitor.
    pub(crate) cells: Vec<u32>,
    /// Of each entry: of a contact request, the minute of its bucket; else 0.
    pub(crate) minutes: Vec<u8>,
}

/// An entry of a contact request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contact {
    pub(crate) cell: u32,
    pub(crate) visitor: Visitor,
    /// Of the day.
    pub(crate) minute: u16,
}

impl Sample {
    /// Of at most [`VISITORS_PER_DAY_MAX`] visitors, whose trails know no cell but the first `cells`.
    /// `request_from` tells those of contact requests, and with which minute of the day each begins: of others no minute
    /// is kept.
    pub(crate) fn new(
        (threshold, hashes): (Option<u64>, Arc<[u64]>),
        cells: usize,
        request_from: impl Fn(u32) -> Option<u16>,
        trails: &Trails,
    ) -> Sample {
        let mut contacts = Vec::new();
        for visitor in 0..trails.ends.len() {
            for entry in range(&trails.ends, visitor) {
                let cell = trails.cells[entry];
                if let Some(from) = request_from(cell) {
                    let minute = from + u16::from(trails.minutes[entry]);
                    contacts.push(Contact { cell, visitor: visitor as Visitor, minute });
                }
            }
        }
        contacts.shrink_to_fit();
        let has_few = trails.ends.len() >= 2 * FEW_VISITORS;
        Sample {
            threshold,
            hashes,
            all: Entries::new(trails, trails.ends.len(), cells),
            few: has_few.then(|| Entries::new(trails, FEW_VISITORS, cells)),
            contacts,
            known: KnownParts::default(),
        }
    }

    /// Finds the buckets of the entries.
    pub(super) fn find_buckets(&mut self, of_day: &ByBucket) {
        self.all.by_cell.find_buckets(of_day);
        if let Some(few) = &mut self.few {
            few.by_cell.find_buckets(of_day);
        }
    }

    /// Entries that have all those of the first `count` visitors.
    pub(crate) fn of_first(&self, count: usize) -> &Entries {
        self.few.as_ref().filter(|_| count <= FEW_VISITORS).unwrap_or(&self.all)
    }

    /// The same visitor by visitor, of a day whose buckets have so many minutes.
    pub(crate) fn trails(&self, bucket_minutes: u16) -> Trails {
        let Entries { by_cell, visitors } = &self.all;
        let mut order = Order::of(self.hashes.len(), visitors.iter().map(|visitor| u32::from(*visitor)));
        let mut cells = vec![0; visitors.len()];
        for (at, cell) in by_cell.cells().iter().enumerate() {
            for visitor in self.all.of(at, usize::MAX) {
                cells[order.next(u32::from(*visitor))] = *cell;
            }
        }
        let ends = order.ends();
        let mut minutes = vec![0; cells.len()];
        let mut contacts = self.contacts.iter().peekable();
        for visitor in 0..ends.len() {
            for entry in range(&ends, visitor) {
                let is_it =
                    |contact: &&Contact| (usize::from(contact.visitor), contact.cell) == (visitor, cells[entry]);
                minutes[entry] = contacts.next_if(is_it).map_or(0, |contact| (contact.minute % bucket_minutes) as u8);
            }
        }
        Trails { ends, cells, minutes }
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.all.visitors.len()
    }

    /// The contact requests of the first `count` visitors.
    pub(crate) fn contacts(&self, count: usize) -> &[Contact] {
        &self.contacts[..self.contacts.partition_point(|contact| usize::from(contact.visitor) < count)]
    }

    /// The memory that it takes beside the hashes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.all.bytes()
            + self.few.as_ref().map_or(0, Entries::bytes)
            + self.contacts.capacity() * size_of::<Contact>()
            // Of what is found out later.
            + KNOWN_PARTS_MAX * self.hashes.len()
    }
}

impl Entries {
    /// Those of the first `count` visitors, whose trails know no cell but the first `cells`.
    fn new(trails: &Trails, count: usize, cells: usize) -> Entries {
        let entries = count.checked_sub(1).map_or(0, |last| trails.ends[last] as usize);
        let mut order = Order::of(cells, trails.cells[..entries].iter().copied());
        let mut visitors = vec![0; entries];
        for visitor in 0..count {
            for cell in &trails.cells[range(&trails.ends, visitor)] {
                visitors[order.next(*cell)] = visitor as Visitor;
            }
        }
        let (mut cells, mut ends) = (Vec::new(), Vec::new());
        for (cell, end) in (0..).zip(order.ends()) {
            if end > ends.last().copied().unwrap_or(0) {
                cells.push(cell);
                ends.push(end);
            }
        }
        Entries { by_cell: CellColumn::new(cells, ends), visitors }
    }

    /// Of the cell at a place among those that have entries the visitors who are among the first `count`. Ascending; one
    /// with contact requests in several minutes is there as often.
    pub(crate) fn of(&self, at: usize, count: usize) -> &[Visitor] {
        let visitors = &self.visitors[self.by_cell.entries(at)];
        if visitors.last().is_none_or(|last| usize::from(*last) < count) {
            return visitors;
        }
        // No more than a visitor's number, since the last one's isn't less.
        let count = count as Visitor;
        let cut = match visitors.len() {
            // Most cells have a few, and several of them are looked at together.
            ..=COUNTED_MAX => visitors.iter().filter(|visitor| **visitor < count).count(),
            _ => visitors.partition_point(|visitor| *visitor < count),
        };
        &visitors[..cut]
    }

    /// The memory that they take, in bytes.
    fn bytes(&self) -> usize {
        self.by_cell.bytes() + self.visitors.capacity() * size_of::<Visitor>()
    }
}

/// Where each of some things goes that are put in another order: by a number, and those of one number as
/// they come.
struct Order(Vec<u32>);

impl Order {
    /// Of things with these numbers, all below `numbers`.
    fn of(numbers: usize, all: impl Iterator<Item = u32>) -> Order {
        let mut next = vec![0u32; numbers + 1];
        all.for_each(|number| next[number as usize + 1] += 1);
        let mut sum = 0;
        for place in &mut next {
            sum += *place;
            *place = sum;
        }
        Order(next)
    }

    /// The place of the next one of a number.
    fn next(&mut self, number: u32) -> usize {
        let next = &mut self.0[number as usize];
        *next += 1;
        *next as usize - 1
    }

    /// Where those of each number end, after all have got their places.
    fn ends(mut self) -> Vec<u32> {
        self.0.pop();
        self.0.shrink_to_fit();
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_put_by_cell_is_put_back_by_visitor(
            trails in prop::collection::vec(prop::collection::btree_set((0u32..9, 0u8..3), 0..6), 0..20),
            count in 0usize..25,
        ) {
            // Of cells that are no contact request's there are no minutes.
            let is_request = |cell: u32| cell > 5;
            let request_from = |cell: u32| is_request(cell).then_some(cell as u16 * 60);
            let trails: Vec<Vec<(u32, u8)>> = trails
                .iter()
                .map(|trail| {
                    let of_request = |(cell, minute): &(u32, u8)| (*cell, if is_request(*cell) { *minute } else { 0 });
                    let mut trail: Vec<(u32, u8)> = trail.iter().map(of_request).collect();
                    trail.dedup();
                    trail
                })
                .collect();
            let mut by_visitor = Trails::default();
            for trail in &trails {
                by_visitor.cells.extend(trail.iter().map(|entry| entry.0));
                by_visitor.minutes.extend(trail.iter().map(|entry| entry.1));
                by_visitor.ends.push(by_visitor.cells.len() as u32);
            }
            let hashes: Vec<u64> = (1..=trails.len() as u64).collect();
            let sample = Sample::new((None, hashes.into()), 9, request_from, &by_visitor);
            let entries = || trails.iter().take(count).enumerate().flat_map(|(visitor, trail)| {
                trail.iter().map(move |(cell, minute)| {
                    let minute = request_from(*cell).unwrap_or(0) + u16::from(*minute);
                    Contact { cell: *cell, visitor: visitor as Visitor, minute }
                })
            });
            let all = &sample.all;
            prop_assert!(all.by_cell.cells().is_sorted_by(|one, next| one < next));
            for cell in 0..9 {
                let of_cell = entries().filter(|entry| entry.cell == cell).map(|entry| entry.visitor);
                let found = all.by_cell.cells().iter().position(|known| *known == cell).map_or(&[][..], |at| all.of(at, count));
                prop_assert!(found.iter().copied().eq(of_cell));
            }
            prop_assert!(sample.contacts(count).iter().copied().eq(entries().filter(|entry| is_request(entry.cell))));
            prop_assert_eq!(sample.len(), by_visitor.cells.len());
            prop_assert_eq!(sample.trails(60), by_visitor);
        }
    }

    #[test]
    fn the_first_of_many_visitors_are_found_among_few() {
        let mut trails = Trails::default();
        let visitors = 3 * FEW_VISITORS as u32;
        for visitor in 0..visitors {
            trails.cells.extend((0..100).filter(|cell| (visitor * 31 + cell * 7) % 97 < 2));
            trails.ends.push(trails.cells.len() as u32);
        }
        trails.minutes = vec![0; trails.cells.len()];
        let hashes: Vec<u64> = (1..=u64::from(visitors)).collect();
        let sample = Sample::new((None, hashes.into()), 100, |_| None, &trails);
        let found = |entries: &Entries, count: usize| {
            let cells = entries.by_cell.cells().iter().enumerate();
            let found = cells.map(|(at, cell)| (*cell, entries.of(at, count).to_vec()));
            found.filter(|(_, visitors)| !visitors.is_empty()).collect::<Vec<_>>()
        };
        for count in [0, 1, 700, FEW_VISITORS - 1, FEW_VISITORS, FEW_VISITORS + 1, 3 * FEW_VISITORS] {
            let entries = sample.of_first(count);
            assert_eq!(entries.visitors.len() < sample.len(), count <= FEW_VISITORS, "{count}");
            assert_eq!(found(entries, count), found(&sample.all, count), "{count}");
        }
    }
}
