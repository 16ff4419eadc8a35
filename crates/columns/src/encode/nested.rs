//! Levels of leaves below a list or map, row by row.
//!
//! Every row of the events' space starts a record (repetition level 0); every further
//! item of a list starts at that list's depth. The walk follows the steps from the root
//! to the leaf and stops where something is absent. It is the general method and
//! several times slower than [`levels`](super::levels), so it only goes where a block
//! has such lists at all.

use super::rle::{self, Hybrid};
use crate::block::Block;
use crate::block::bits::Bits;
use crate::shape::{Leaf, Step};

/// A repetition and a definition level, a number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LevelRun {
    rep: u8,
    def: u8,
    count: u32,
}

/// Levels of a page so far.
#[derive(Debug, Default)]
pub(crate) struct Nested {
    runs: Vec<LevelRun>,
    count: usize,
    present: usize,
}

impl Nested {
    /// Number of levels.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn clear(&mut self) {
        self.runs.clear();
        self.count = 0;
        self.present = 0;
    }

    /// Heap bytes held.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.runs.capacity() * size_of::<LevelRun>()
    }

    #[inline]
    fn push(&mut self, rep: u8, def: u8, count: u32) {
        self.count += count as usize;
        match self.runs.last_mut() {
            Some(run) if run.rep == rep && run.def == def => run.count += count,
            _ => self.runs.push(LevelRun { rep, def, count }),
        }
    }

    /// Appends a block's levels; returns how many of them stand for a value. `offsets`
    /// are the lists' item offsets (see [`ListColumn::offsets`](crate::block::list::ListColumn::offsets)).
    pub(crate) fn append(&mut self, block: &Block, leaf: &Leaf, valid: &Bits, offsets: &[Vec<u32>]) -> usize {
        let before = self.present;
        let walk = Walk { block, leaf, valid, offsets, def_max: leaf.def_max() };
        if walk.no_lists() {
            walk.above_lists(self);
        } else {
            (0..block.rows()).for_each(|row| walk.row(0, row, 0, 0, 0, self));
        }
        self.present - before
    }

    /// Appends both kinds of levels as a data page stores them.
    pub(crate) fn encode(&self, leaf: &Leaf, out: &mut Vec<u8>) {
        sized(out, |out| {
            let mut levels = Hybrid::new(rle::width_of(u32::from(leaf.rep_max())), out);
            self.runs.iter().for_each(|run| levels.push(u32::from(run.rep), run.count as usize));
            levels.finish();
        });
        sized(out, |out| {
            let mut levels = Hybrid::new(rle::width_of(u32::from(leaf.def_max())), out);
            self.runs.iter().for_each(|run| levels.push(u32::from(run.def), run.count as usize));
            levels.finish();
        });
    }
}

/// Writes what `body` appends with its length before it, as four little-endian bytes.
pub(crate) fn sized(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out);
    let len = (out.len() - at - 4) as u32;
    out[at..at + 4].copy_from_slice(&len.to_le_bytes());
}

/// One leaf's way through one block.
struct Walk<'a> {
    block: &'a Block,
    leaf: &'a Leaf,
    valid: &'a Bits,
    offsets: &'a [Vec<u32>],
    def_max: u8,
}

impl Walk<'_> {
    /// Whether the outermost list of the path is absent in the whole block.
    fn no_lists(&self) -> bool {
        let list = self.leaf.steps.iter().find_map(|step| if let Step::List(list) = step { Some(list) } else { None });
        list.is_none_or(|list| self.block.lists()[list.index()].ends.is_empty())
    }

    /// The levels if the outermost list is absent everywhere: those of the objects above it.
    fn above_lists(&self, out: &mut Nested) {
        let rows = self.block.rows();
        let above = self.leaf.steps.iter().map_while(|step| match step {
            Step::Struct(slot) => Some(&self.block.structs()[slot.index()].valid),
            Step::List(_) => None,
        });
        let above: Vec<&Bits> = above.collect();
        for at in 0..rows.div_ceil(64) {
            let count = (rows - at * 64).min(64);
            let all = u64::MAX >> (64 - count);
            // Objects lie one in the other: a row's level is the number of planes that have it.
            if above.iter().all(|plane| plane.word(at) == 0) {
                out.push(0, 0, count as u32);
            } else if above.iter().all(|plane| plane.word(at) & all == all) {
                out.push(0, above.len() as u8, count as u32);
            } else {
                for bit in 0..count {
                    let def = above.iter().take_while(|plane| plane.word(at) >> bit & 1 == 1).count();
                    out.push(0, def as u8, 1);
                }
            }
        }
    }

    /// The levels of one row of the space reached by `from` steps and `depth` lists.
    fn row(&self, from: usize, row: usize, rep: u8, mut def: u8, depth: u8, out: &mut Nested) {
        for (at, step) in self.leaf.steps.iter().enumerate().skip(from) {
            match step {
                Step::Struct(slot) => {
                    if !self.block.structs()[slot.index()].valid.get(row) {
                        return out.push(rep, def, 1);
                    }
                    def += 1;
                }
                Step::List(slot) => {
                    let list = &self.block.lists()[slot.index()];
                    if !list.valid.get(row) {
                        return out.push(rep, def, 1);
                    }
                    let offsets = &self.offsets[slot.index()];
                    let items = offsets[row] as usize..offsets[row + 1] as usize;
                    if items.is_empty() {
                        return out.push(rep, def + 1, 1);
                    }
                    for item in items.clone() {
                        let rep = if item == items.start { rep } else { depth + 1 };
                        self.row(at + 1, item, rep, def + 2, depth + 1, out);
                    }
                    return;
                }
            }
        }
        let present = self.leaf.required || self.valid.get(row);
        out.present += usize::from(present);
        out.push(rep, if present { self.def_max } else { def }, 1);
    }
}
