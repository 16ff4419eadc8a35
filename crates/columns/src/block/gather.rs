//! Copies chosen rows of one block into another: without duplicates, or one date's.
//!
//! A choice of events is a choice of items in each list's space, found list by list
//! from the outside in; then every column copies the rows chosen in its space.

use super::Block;

impl Block {
    /// Appends the given rows, in the given order, to another block of the same shape.
    ///
    /// # Panics
    /// If a row does not exist, or personal values are not protected. In debug builds, if `into` has an event in progress.
    pub fn gather(&self, rows: &[u32], into: &mut Block) {
        debug_assert!(into.at_event_boundary(), "commit or roll back before gathering");
        assert!(self.is_protected(), "personal values are protected before rows are copied");
        assert!(rows.iter().all(|&row| (row as usize) < self.rows()), "a chosen row is not in the block");
        let mut ranks = Vec::new();
        let chosen = self.gather_lists(rows, into, &mut ranks);
        for (to, from) in into.structs.iter_mut().zip(&self.structs) {
            let base = into.committed[usize::from(from.space)] as usize;
            for (at, &row) in chosen[usize::from(from.space)].iter().enumerate() {
                if from.valid.get(row as usize) {
                    to.valid.set(base + at);
                }
            }
        }
        for (to, from) in into.columns.iter_mut().zip(&self.columns) {
            let space = usize::from(from.space);
            let base = into.committed[space] as usize;
            to.gather(base, from, self.committed[space] as usize, &chosen[space], &mut ranks);
        }
        into.dates.extend(rows.iter().map(|&row| self.dates[row as usize]));
        for (space, chosen) in chosen.iter().enumerate() {
            into.committed[space] += chosen.len() as u32;
        }
        // An estimate is enough: the sum only says when a block is full.
        into.bytes_committed += self.bytes_committed * rows.len() / self.rows().max(1);
        into.rewind();
    }

    /// Copies the lists' extents; returns the chosen rows of each space.
    fn gather_lists(&self, rows: &[u32], into: &mut Block, ranks: &mut Vec<u32>) -> Vec<Vec<u32>> {
        let mut chosen = vec![Vec::new(); self.lens.len()];
        chosen[0] = rows.to_vec();
        for (to, from) in into.lists.iter_mut().zip(&self.lists) {
            if from.ends.is_empty() {
                continue;
            }
            from.valid.ranks(ranks);
            let outer = std::mem::take(&mut chosen[usize::from(from.space)]);
            let items = &mut chosen[usize::from(from.items)];
            let base = into.committed[usize::from(from.space)] as usize;
            let items_base = into.committed[usize::from(from.items)];
            for (at, &row) in outer.iter().enumerate() {
                let Some(range) = from.range(ranks, row as usize) else { continue };
                items.extend(range);
                to.valid.set(base + at);
                to.ends.push(items_base + items.len() as u32);
            }
            chosen[usize::from(from.space)] = outer;
        }
        chosen
    }
}
