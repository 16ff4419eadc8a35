//! Chat sessions that started and have no end: whether they are open depends on the present.

use super::CellColumn;

/// When the last event of each was, by the cells of their beginnings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unended {
    by_cell: CellColumn,
    /// Microseconds since 1970; ascending within a cell.
    last_at: Vec<i64>,
}

impl Unended {
    /// Of the cell and the last event of each.
    pub(crate) fn new(mut sessions: Vec<(u32, i64)>) -> Unended {
        sessions.sort_unstable();
        let mut by_cell = CellColumn::default();
        sessions.iter().for_each(|(cell, _)| by_cell.push(*cell));
        by_cell.shrink_to_fit();
        // Not in the memory of the pairs, which is twice as much.
        let last_at = sessions.iter().map(|(_, last_at)| *last_at).collect();
        Unended { by_cell, last_at }
    }

    pub(super) fn len(&self) -> usize {
        self.last_at.len()
    }

    /// Each cell that has any, ascending, with the last events of its sessions in the order of time.
    pub(crate) fn by_cell(&self) -> impl Iterator<Item = (u32, &[i64])> + '_ {
        let cells = self.by_cell.cells().iter().enumerate();
        cells.map(|(at, cell)| (*cell, &self.last_at[self.by_cell.entries(at)]))
    }

    /// The same one by one.
    pub(super) fn each(&self) -> impl Iterator<Item = (u32, i64)> + '_ {
        self.by_cell().flat_map(|(cell, last_at)| last_at.iter().map(move |at| (cell, *at)))
    }

    /// The memory that they take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.by_cell.bytes() + self.last_at.capacity() * size_of::<i64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_by_cell_and_by_time() {
        let check = |sessions: &[(u32, i64)], expect: &[(u32, &[i64])]| {
            let unended = Unended::new(sessions.to_vec());
            assert!(unended.by_cell().eq(expect.iter().copied()), "{sessions:?}");
            let mut sorted = sessions.to_vec();
            sorted.sort_unstable();
            assert!(unended.each().eq(sorted));
            assert_eq!(unended.len(), sessions.len());
        };
        check(&[], &[]);
        check(&[(0, 5)], &[(0, &[5])]);
        check(&[(7, 3), (0, -5), (7, 1), (2, 9), (7, 3)], &[(0, &[-5]), (2, &[9]), (7, &[1, 3, 3])]);
    }
}
